#include "ingesta/expect/batch_view.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "ingesta/expect/row_condition.h"

namespace ingesta::expect {
namespace {

constexpr int64_t kMillisPerDay = 86'400'000;

template <typename ArrayType>
void CopyInts(const arrow::Array& array, int64_t factor, std::vector<int64_t>& out) {
  const auto& typed = static_cast<const ArrayType&>(array);
  const auto* values = typed.raw_values();
  out.resize(static_cast<size_t>(array.length()));
  for (size_t i = 0; i < out.size(); ++i) {
    // An undefined value at a null row must not overflow.
    out[i] = static_cast<int64_t>(static_cast<uint64_t>(values[i]) * static_cast<uint64_t>(factor));
  }
}

int64_t MicrosFactor(const arrow::DataType& type) {
  switch (static_cast<const arrow::TimestampType&>(type).unit()) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    default:
      return 1;
  }
}

void CopyAsInts(const arrow::Array& array, std::vector<int64_t>& out) {
  switch (array.type_id()) {
    case arrow::Type::BOOL: {
      const auto& bools = static_cast<const arrow::BooleanArray&>(array);
      out.resize(static_cast<size_t>(array.length()));
      for (int64_t i = 0; i < array.length(); ++i) out[static_cast<size_t>(i)] = bools.Value(i) ? 1 : 0;
      return;
    }
    case arrow::Type::INT8:
      return CopyInts<arrow::Int8Array>(array, 1, out);
    case arrow::Type::INT16:
      return CopyInts<arrow::Int16Array>(array, 1, out);
    case arrow::Type::INT32:
      return CopyInts<arrow::Int32Array>(array, 1, out);
    case arrow::Type::UINT8:
      return CopyInts<arrow::UInt8Array>(array, 1, out);
    case arrow::Type::UINT16:
      return CopyInts<arrow::UInt16Array>(array, 1, out);
    case arrow::Type::UINT32:
      return CopyInts<arrow::UInt32Array>(array, 1, out);
    case arrow::Type::DATE32:
      return CopyInts<arrow::Date32Array>(array, 1, out);
    case arrow::Type::DATE64:
      CopyInts<arrow::Date64Array>(array, 1, out);
      for (int64_t& value : out) value /= kMillisPerDay;
      return;
    default:
      return CopyInts<arrow::TimestampArray>(array, MicrosFactor(*array.type()), out);
  }
}

template <typename ArrayType>
void CopyTexts(const arrow::Array& array, std::vector<std::string_view>& out) {
  const auto& typed = static_cast<const ArrayType&>(array);
  const auto* offsets = typed.raw_value_offsets();
  const char* data = reinterpret_cast<const char*>(typed.value_data() ? typed.value_data()->data() : nullptr);
  out.resize(static_cast<size_t>(array.length()));
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = std::string_view(data == nullptr ? "" : data + offsets[i],
                              static_cast<size_t>(offsets[i + 1] - offsets[i]));
  }
}

}  // namespace

ValueKind KindOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return ValueKind::kBool;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
      return ValueKind::kInt;
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return ValueKind::kFloat;
    case arrow::Type::DECIMAL128:
      return ValueKind::kDecimal;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return ValueKind::kString;
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return ValueKind::kDate;
    case arrow::Type::TIMESTAMP:
      return ValueKind::kTimestamp;
    default:
      return ValueKind::kOther;
  }
}

std::string_view KindName(ValueKind kind) {
  static constexpr std::string_view kNames[] = {
      "true or false", "whole numbers", "numbers", "decimals",
      "text",          "dates",         "times",   "values of a type that is not checked"};
  return kNames[static_cast<size_t>(kind)];
}

ColumnView::ColumnView(std::shared_ptr<arrow::Array> array)
    : array_(std::move(array)), kind_(KindOf(*array_->type())), size_(array_->length()) {
  FindMissing();
}

void ColumnView::FindMissing() {
  missing_ = array_->null_count();
  if (missing_ > 0) {
    present_.resize(static_cast<size_t>(size_));
    for (int64_t i = 0; i < size_; ++i) present_[static_cast<size_t>(i)] = array_->IsValid(i) ? 1 : 0;
  }
  if (kind_ != ValueKind::kFloat) return;
  const double* values = doubles();
  int64_t nans = 0;
  for (int64_t i = 0; i < size_; ++i) nans += std::isnan(values[i]) ? 1 : 0;
  if (nans == 0) return;
  if (missing_ == 0) present_.assign(static_cast<size_t>(size_), 1);
  for (int64_t i = 0; i < size_; ++i) present_[static_cast<size_t>(i)] &= std::isnan(values[i]) ? 0 : 1;
  missing_ = size_ - CountSet(present_.data(), size_);
}

const int64_t* ColumnView::ints() const {
  const arrow::Type::type id = array_->type_id();
  if (id == arrow::Type::INT64) return static_cast<const arrow::Int64Array&>(*array_).raw_values();
  if (id == arrow::Type::TIMESTAMP && MicrosFactor(*array_->type()) == 1) {
    return static_cast<const arrow::TimestampArray&>(*array_).raw_values();
  }
  if (ints_.empty()) CopyAsInts(*array_, ints_);
  return ints_.data();
}

const double* ColumnView::doubles() const {
  if (array_->type_id() == arrow::Type::DOUBLE) {
    return static_cast<const arrow::DoubleArray&>(*array_).raw_values();
  }
  if (doubles_.empty() && size_ > 0) {
    const float* values = static_cast<const arrow::FloatArray&>(*array_).raw_values();
    doubles_.assign(values, values + size_);
  }
  return doubles_.data();
}

const std::string_view* ColumnView::texts() const {
  if (texts_.empty() && size_ > 0) {
    if (array_->type_id() == arrow::Type::STRING) {
      CopyTexts<arrow::StringArray>(*array_, texts_);
    } else {
      CopyTexts<arrow::LargeStringArray>(*array_, texts_);
    }
  }
  return texts_.data();
}

const Int128* ColumnView::decimals() const {
  if (decimals_.empty() && size_ > 0) {
    decimals_.resize(static_cast<size_t>(size_));
    const auto& typed = static_cast<const arrow::Decimal128Array&>(*array_);
    // Arrow's layout: 16 bytes, little-endian, two's complement.
    std::memcpy(decimals_.data(), typed.GetValue(0), static_cast<size_t>(size_) * sizeof(Int128));
  }
  return decimals_.data();
}

int ColumnView::scale() const {
  return static_cast<const arrow::Decimal128Type&>(*array_->type()).scale();
}

BatchView::BatchView(const arrow::RecordBatch& rows, int64_t first_row, const ConditionSet& conditions,
                     const std::vector<int>& columns)
    : batch_(rows), rows_(rows.num_rows()), first_row_(first_row), conditions_(conditions) {
  if (columns.empty()) {
    for (int i = 0; i < rows.num_columns(); ++i) positions_.push_back(i);
  } else {
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto index = static_cast<size_t>(columns[i]);
      if (positions_.size() <= index) positions_.resize(index + 1, -1);
      positions_[index] = static_cast<int>(i);
    }
  }
  views_.resize(positions_.size());
  masks_.resize(conditions.size());
}

BatchView::~BatchView() = default;

const ColumnView& BatchView::column(int index) const {
  auto& view = views_[static_cast<size_t>(index)];
  if (view == nullptr) {
    view = std::make_unique<ColumnView>(batch_.column(positions_[static_cast<size_t>(index)]));
  }
  return *view;
}

Result<RowSet> BatchView::condition(int id) const {
  if (id < 0) return RowSet{nullptr, rows_};
  auto& mask = masks_[static_cast<size_t>(id)];
  if (mask == nullptr) {
    auto computed = std::make_unique<std::vector<uint8_t>>(static_cast<size_t>(rows_));
    RETURN_NOT_OK(conditions_.Judge(id, *this, computed->data()));
    mask = std::move(computed);
  }
  return RowSet{mask->data(), CountSet(mask->data(), rows_)};
}

int64_t CountSet(const uint8_t* bytes, int64_t rows) {
  int64_t count = 0;
  for (int64_t i = 0; i < rows; ++i) count += bytes[i] != 0 ? 1 : 0;
  return count;
}

}  // namespace ingesta::expect
