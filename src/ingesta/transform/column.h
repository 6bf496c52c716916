// One declared column: how a Scalar becomes its value, and the Arrow builder that gathers the values. A row
// is converted whole before anything of it is appended, so that a row is in all columns or in none. Not
// thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/transform/convert.h"

namespace ingesta::transform {

class Column {
 public:
  static Result<Column> Make(const config::ColumnSpec& spec);
  Column(Column&&) noexcept;
  Column& operator=(Column&&) noexcept;
  ~Column();

  const std::string& name() const { return spec_.name; }
  const config::ColumnSpec& spec() const { return spec_; }
  std::shared_ptr<arrow::Field> field() const;

  /// The scalar as this column's value; false where it has none. REQUIRES: the scalar lives until Append.
  bool Convert(const Scalar& scalar) {
    value_.is_null = scalar.kind() == Scalar::Kind::kNull;
    value_.rounded = false;
    if (value_.is_null) return spec_.nullable;
    return ConvertPresent(scalar);
  }
  /// Why the last Convert gave false.
  std::string Reason(const Scalar& scalar) const;
  const ColumnValue& value() const { return value_; }

  /// Append the last converted value. REQUIRES: room for a row (Reserve). What fails is told by Finish.
  void Append();
  /// Make room for `rows` more rows.
  Status Reserve(int64_t rows);
  /// The values since the last Finish, or why one could not be appended.
  Result<std::shared_ptr<arrow::Array>> Finish();
  /// Drop all values.
  void Reset();

 private:
  explicit Column(config::ColumnSpec spec);
  bool ConvertPresent(const Scalar& scalar);
  void AppendNull();
  void AppendText();

  config::ColumnSpec spec_;
  config::ColumnType::Kind kind_;
  TimeFormat time_format_ = TimeFormat::kIso8601;
  std::shared_ptr<arrow::DataType> type_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
  int64_t text_bytes_ = 0;  ///< of the last finished array: a guess for the next
  ColumnValue value_;
  Complaint complaint_ = "";
  Status failure_;
  std::unique_ptr<std::string> scratch_;  ///< on the heap: a move keeps views alive
};

/// A key value as text: what KeyText joins.
void AppendKeyText(config::ColumnType::Kind kind, int scale, const ColumnValue& value, std::string* out);

}  // namespace ingesta::transform
