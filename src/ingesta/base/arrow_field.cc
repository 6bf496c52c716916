#include "ingesta/base/arrow_field.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

namespace ingesta {

std::string FieldMetadata(const arrow::Field& field, const std::string& key) {
  if (field.metadata() == nullptr) return "";
  const int index = field.metadata()->FindKey(key);
  return index < 0 ? "" : field.metadata()->value(index);
}

}  // namespace ingesta
