// A column against a value of the suite, with Python's rules: numbers by value whatever their type, decimals
// against the double's exact value, dates only with dates. Immutable once made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingesta/base/status.h"
#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/json.h"

namespace ingesta::expect {

enum class CompareOp { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

/// A value of the suite, ready to be held against a column.
class Literal {
 public:
  enum class Kind { kNumber, kText, kDate, kTime, kOther };

  /// As a JSON value stands: texts stay texts, true and false are 1 and 0.
  static Literal FromJson(const Json& value);
  /// As GX reads a bound: numbers also out of text, else a date or a time. kInvalidConfig.
  static Result<Literal> FromBound(const Json& value);

  Kind kind() const { return kind_; }
  double number() const { return number_; }
  const std::string& text() const { return text_; }
  int64_t days() const { return value_; }    ///< of kDate
  int64_t micros() const { return value_; }  ///< of kTime
  bool has_zone() const { return has_zone_; }
  bool whole() const { return whole_; }       ///< kNumber out of a JSON integer
  int64_t integer() const { return value_; }  ///< of whole()
  /// `the number 5`, `the date 2025-01-01`: for messages.
  std::string Describe() const;

  /// Times that text says, by ISO 8601 (`2025-01-01T10:00:00.5Z`, `2025-01-01 10:00`); nullopt if it isn't.
  static std::optional<Literal> ParseTime(std::string_view text);
  /// `2025-01-31`.
  static std::optional<Literal> ParseDate(std::string_view text);

 private:
  Kind kind_ = Kind::kOther;
  double number_ = 0;
  std::string text_;
  int64_t value_ = 0;
  bool has_zone_ = false;
  bool whole_ = false;
};

class Comparison {
 public:
  /// kInvalidConfig where values of `type` have no order against `literal`.
  static Result<Comparison> Make(const arrow::DataType& type, CompareOp op, const Literal& literal);
  /// out[row] = 1 where `value op literal` holds, else 0, at rows that are present; elsewhere undefined.
  void Judge(const ColumnView& column, uint8_t* out) const;

 private:
  void TakeDecimal(double literal, int scale);
  template <typename T>
  void JudgeAll(const T* values, int64_t rows, T literal, uint8_t* out) const;

  ValueKind kind_ = ValueKind::kOther;
  CompareOp op_ = CompareOp::kEqual;
  std::optional<bool> always_;  ///< the same at every row
  bool as_integers_ = false;
  double number_ = 0;
  int64_t integer_ = 0;
  Int128 decimal_ = 0;
  std::string text_;
};

/// floor(value * 10^scale) and whether that is exact; nullopt where it is beyond 128 bits.
struct ScaledFloor {
  Int128 floor = 0;
  bool exact = false;
};
std::optional<ScaledFloor> FloorScaled(double value, int scale);

}  // namespace ingesta::expect
