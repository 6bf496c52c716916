#include "ingesta/catalog/iceberg/row_equality.h"

#include <arrow/array.h>
#include <arrow/compare.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <cstring>

namespace ingesta::iceberg {
namespace {

const uint8_t* FixedValue(const arrow::ArrayData& data, int64_t row, int width) {
  return data.buffers[1]->data() + (data.offset + row) * width;
}

bool SameValue(const arrow::RecordBatch& left, int64_t i, const arrow::RecordBatch& right, int64_t j,
               int column) {
  const std::shared_ptr<arrow::ArrayData>& a = left.column_data(column);
  const std::shared_ptr<arrow::ArrayData>& b = right.column_data(column);
  const bool null = a->IsNull(i);
  if (null != b->IsNull(j)) return false;
  if (null) return true;
  const arrow::DataType& type = *a->type;
  if (arrow::is_fixed_width(type.id()) && type.id() != arrow::Type::BOOL) {
    const int width = type.byte_width();
    return std::memcmp(FixedValue(*a, i, width), FixedValue(*b, j, width), static_cast<size_t>(width)) == 0;
  }
  if (type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY) {
    return static_cast<const arrow::BinaryArray&>(*left.column(column)).GetView(i) ==
           static_cast<const arrow::BinaryArray&>(*right.column(column)).GetView(j);
  }
  return left.column(column)->RangeEquals(
      *right.column(column), i, i + 1, j,
      arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false));
}

}  // namespace

bool SameRow(const arrow::RecordBatch& left, int64_t i, const arrow::RecordBatch& right, int64_t j) {
  for (int column = 0; column < left.num_columns(); ++column) {
    if (!SameValue(left, i, right, j, column)) return false;
  }
  return true;
}

}  // namespace ingesta::iceberg
