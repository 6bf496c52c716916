// A plain model of a table for property tests: rows as maps of numbers by field id, which stand for values of
// any type, so that they survive every change of the columns.
#pragma once

#include <arrow/array/builder_base.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/catalog/iceberg/metadata.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::iceberg {

/// Values by field id; absent = null.
using ModelRow = std::map<int, int64_t>;
/// Rows by their keys' numbers.
using ModelRows = std::map<std::vector<int64_t>, ModelRow>;

/// The value that a number stands for, in a column's type.
inline void AppendModelValue(const std::optional<int64_t>& value, arrow::ArrayBuilder& builder) {
  if (!value) {
    EXPECT_OK(builder.AppendNull());
    return;
  }
  const std::string text = "t" + std::to_string(*value);
  switch (builder.type()->id()) {
    case arrow::Type::INT32:
      EXPECT_OK(static_cast<arrow::Int32Builder&>(builder).Append(static_cast<int32_t>(*value)));
      break;
    case arrow::Type::INT64:
      EXPECT_OK(static_cast<arrow::Int64Builder&>(builder).Append(*value));
      break;
    case arrow::Type::DATE32:
      EXPECT_OK(static_cast<arrow::Date32Builder&>(builder).Append(static_cast<int32_t>(*value)));
      break;
    case arrow::Type::DOUBLE:
      EXPECT_OK(
          static_cast<arrow::DoubleBuilder&>(builder).Append(*value == 0 ? -0.0 : 0.5 * double(*value)));
      break;
    case arrow::Type::DECIMAL128:
      EXPECT_OK(static_cast<arrow::Decimal128Builder&>(builder).Append(arrow::Decimal128(*value)));
      break;
    case arrow::Type::LIST: {
      auto& list = static_cast<arrow::ListBuilder&>(builder);
      EXPECT_OK(list.Append());
      for (int64_t i = 0; i < *value % 3; ++i) AppendModelValue(*value + i, *list.value_builder());
      break;
    }
    default:
      EXPECT_OK(static_cast<arrow::StringBuilder&>(builder).Append(text));
      break;
  }
}

/// Rows in the columns `fields`, whose Arrow types are those of `schema`.
inline std::shared_ptr<arrow::RecordBatch> ModelBatch(const std::vector<const ModelRow*>& rows,
                                                      const std::vector<Field>& fields,
                                                      const std::shared_ptr<arrow::Schema>& schema) {
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < fields.size(); ++i) {
    auto builder = arrow::MakeBuilder(schema->field(static_cast<int>(i))->type()).ValueOrDie();
    for (const ModelRow* row : rows) {
      const auto found = row->find(fields[i].id);
      AppendModelValue(found == row->end() ? std::nullopt : std::optional(found->second), *builder);
    }
    arrays.push_back(builder->Finish().ValueOrDie());
  }
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows.size()), arrays);
}

inline std::vector<const ModelRow*> Pointers(const ModelRows& rows) {
  std::vector<const ModelRow*> pointers;
  for (const auto& [key, row] : rows) pointers.push_back(&row);
  return pointers;
}

/// What varies from sequence to sequence.
struct ModelShape {
  std::vector<std::string> keys = {"a"};
  std::optional<std::vector<PartitionColumn>> partition_by;
};

inline ModelShape RandomShape(Random& random) {
  ModelShape shape;
  if (random.Below(2) == 0) shape.keys = {"a", "b"};
  switch (random.Below(5)) {
    case 0:
      shape.partition_by = {{{.column = "dia", .transform = "day"}}};
      break;
    case 1:
      shape.partition_by = {{{.column = "dia", .transform = "month"}}};
      break;
    case 2:
      shape.partition_by = {{{.column = "zona", .transform = "identity"}}};
      break;
    case 3:
      shape.partition_by = {{{.column = "zona"}, {.column = "dia", .transform = "year"}}};
      break;
    default:
      break;
  }
  return shape;
}

}  // namespace ingesta::iceberg
