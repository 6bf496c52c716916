#include "ingesta/transform/column.h"

#include <arrow/array/array_base.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "ingesta/config/arrow_schema.h"

namespace ingesta::transform {
namespace {

using Kind = config::ColumnType::Kind;

Result<TimeFormat> ParseTimeFormat(const config::ColumnSpec& spec) {
  if (spec.format.empty() || spec.format == "iso8601") return TimeFormat::kIso8601;
  if (spec.format == "epoch_s") return TimeFormat::kEpochSeconds;
  if (spec.format == "epoch_ms") return TimeFormat::kEpochMillis;
  return MakeError({.code = ErrorCode::kInvalidConfig,
                    .stage = Stage::kTransform,
                    .hint = "use iso8601, epoch_s or epoch_ms"},
                   fmt::format("column `{}`: no time format is called `{}`", spec.name, spec.format));
}

template <typename Builder>
Builder& As(arrow::ArrayBuilder& builder) {
  return static_cast<Builder&>(builder);
}

}  // namespace

Column::Column(config::ColumnSpec spec)
    : spec_(std::move(spec)),
      kind_(spec_.type.kind),
      type_(config::ArrowType(spec_.type)),
      scratch_(std::make_unique<std::string>()) {}

Column::Column(Column&&) noexcept = default;
Column& Column::operator=(Column&&) noexcept = default;
Column::~Column() = default;

Result<Column> Column::Make(const config::ColumnSpec& spec) {
  if (spec.type.kind == Kind::kDecimal) {
    const bool valid = spec.type.precision >= 1 && spec.type.precision <= 38 && spec.type.scale >= 0 &&
                       spec.type.scale <= spec.type.precision;
    if (!valid) {
      return MakeError(
          {.code = ErrorCode::kInvalidConfig, .stage = Stage::kTransform, .hint = ""},
          fmt::format("column `{}`: decimal({},{}) needs a precision of 1 to 38 and a scale of 0 to it",
                      spec.name, spec.type.precision, spec.type.scale));
    }
  }
  ARROW_ASSIGN_OR_RAISE(const TimeFormat format, ParseTimeFormat(spec));
  Column column(spec);
  column.time_format_ = format;
  ARROW_ASSIGN_OR_RAISE(column.builder_, arrow::MakeBuilder(column.type_));
  return column;
}

std::shared_ptr<arrow::Field> Column::field() const {
  return config::ArrowField(spec_);
}

bool Column::ConvertPresent(const Scalar& scalar) {
  switch (kind_) {
    case Kind::kString:
      if (scalar.kind() != Scalar::Kind::kString) return ConvertString(scalar, &value_, &complaint_);
      value_.text = scalar.text();
      return true;
    case Kind::kInt32:
      return ConvertInteger(scalar, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(),
                            &value_, &complaint_);
    case Kind::kInt64:
      return ConvertInteger(scalar, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
                            &value_, &complaint_);
    case Kind::kDouble:
      return ConvertDouble(scalar, &value_, &complaint_);
    case Kind::kBool:
      return ConvertBool(scalar, &value_, &complaint_);
    case Kind::kDate:
      return ConvertDate(scalar, time_format_, &value_, &complaint_);
    case Kind::kTimestamp:
      return ConvertTimestamp(scalar, time_format_, &value_, &complaint_);
    case Kind::kDecimal:
      if (!ConvertDecimal(scalar, spec_.type.precision, spec_.type.scale, &value_, &complaint_)) return false;
      complaint_ = "it has more decimals, and on_rounding is reject";
      return !value_.rounded || spec_.on_rounding == config::OnRounding::kRound;
    case Kind::kJson:
      return ConvertJson(scalar, scratch_.get(), &value_, &complaint_);
  }
  return false;
}

std::string Column::Reason(const Scalar& scalar) const {
  if (scalar.kind() == Scalar::Kind::kInvalid) return std::string(scalar.text());
  if (scalar.kind() == Scalar::Kind::kNull) {
    return fmt::format("expected {}, got null or nothing; the column is not nullable", spec_.type.ToString());
  }
  const std::string_view complaint = complaint_;
  return fmt::format("expected {}, got {}{}{}", spec_.type.ToString(), DescribeScalar(scalar),
                     complaint.empty() ? "" : ": ", complaint);
}

void Column::Append() {
  if (value_.is_null) return AppendNull();
  switch (kind_) {
    case Kind::kString:
    case Kind::kJson:
      AppendText();
      break;
    case Kind::kInt32:
      As<arrow::Int32Builder>(*builder_).UnsafeAppend(static_cast<int32_t>(value_.integer));
      break;
    case Kind::kInt64:
      As<arrow::Int64Builder>(*builder_).UnsafeAppend(value_.integer);
      break;
    case Kind::kDouble:
      As<arrow::DoubleBuilder>(*builder_).UnsafeAppend(value_.real);
      break;
    case Kind::kBool:
      As<arrow::BooleanBuilder>(*builder_).UnsafeAppend(value_.integer != 0);
      break;
    case Kind::kDate:
      As<arrow::Date32Builder>(*builder_).UnsafeAppend(static_cast<int32_t>(value_.integer));
      break;
    case Kind::kTimestamp:
      As<arrow::TimestampBuilder>(*builder_).UnsafeAppend(value_.integer);
      break;
    case Kind::kDecimal:
      // A decimal128 is 16 bytes in two's complement; its own UnsafeAppend is a call into the library.
      static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
      As<arrow::FixedSizeBinaryBuilder>(*builder_).UnsafeAppend(
          reinterpret_cast<const uint8_t*>(&value_.decimal));
      break;
  }
}

void Column::AppendNull() {
  const Status status = builder_->AppendNull();
  if (!status.ok() && failure_.ok()) failure_ = status;
}

void Column::AppendText() {
  auto& builder = As<arrow::StringBuilder>(*builder_);
  const auto size = static_cast<int64_t>(value_.text.size());
  if (builder.value_data_capacity() - builder.value_data_length() < size) [[unlikely]] {
    Status status;
    if (builder.value_data_length() + size > arrow::StringBuilder::memory_limit()) {
      status = MakeError(
          {.code = ErrorCode::kBodyTooLarge, .stage = Stage::kTransform, .hint = "ask for smaller pages"},
          fmt::format("column `{}`: the texts of one page have more than 2 GiB", spec_.name));
    } else {
      status = builder.ReserveData(size);
    }
    if (!status.ok()) {
      if (failure_.ok()) failure_ = status;
      return builder.UnsafeAppendNull();  // the columns stay equally long until Finish tells
    }
  }
  builder.UnsafeAppend(value_.text);
}

Status Column::Reserve(int64_t rows) {
  ARROW_RETURN_NOT_OK(builder_->Reserve(rows));
  const bool is_text = kind_ == Kind::kString || kind_ == Kind::kJson;
  if (!is_text || builder_->length() > 0) return Status::OK();
  return As<arrow::StringBuilder>(*builder_).ReserveData(text_bytes_ + text_bytes_ / 16);
}

Result<std::shared_ptr<arrow::Array>> Column::Finish() {
  ARROW_RETURN_NOT_OK(failure_);
  if (kind_ == Kind::kString || kind_ == Kind::kJson) {
    text_bytes_ = As<arrow::StringBuilder>(*builder_).value_data_length();
  }
  return builder_->Finish();
}

void Column::Reset() {
  builder_->Reset();
}

}  // namespace ingesta::transform
