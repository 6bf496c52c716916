#include "ingesta/expect/aggregate.h"

#include <arrow/type.h>

namespace ingesta::expect {

AggregateCheck::AggregateCheck(const CheckContext& context, int column, int condition)
    : conditions_(context.conditions), type_(context.schema.field(column)->type()), format_(context.format) {
  domain_.columns = {column};
  domain_.condition = condition;
}

std::vector<int> AggregateCheck::DomainColumns() const {
  std::vector<int> columns = conditions_.columns(domain_.condition);
  columns.push_back(column());
  return columns;
}

}  // namespace ingesta::expect
