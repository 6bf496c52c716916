// Scalars as the decoder gives them -> values of a column's type. Pure functions; each type has its own file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ingesta/base/scalar.h"

namespace ingesta::transform {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

/// A converted value on its way into an Arrow builder. Which member counts follows from the column's type.
struct ColumnValue {
  bool is_null = false;
  bool rounded = false;  ///< of a decimal: digits were lost that are no noise of a double
  int64_t integer =
      0;  ///< int32, int64, bool (0 or 1), date (days since 1970), timestamp (microseconds since 1970, UTC)
  double real = 0;
  Int128 decimal = 0;     ///< scaled by 10^scale
  std::string_view text;  ///< string, json; lives as long as the scalar or the scratch text
};

/// How numbers and texts stand for times.
enum class TimeFormat { kIso8601, kEpochSeconds, kEpochMillis };

/// What a conversion found wrong beyond the wrong kind of value, such as `out of range`; may be empty.
using Complaint = const char*;

// Each gives true and the value, or false and a complaint. None takes kNull: that is the caller's business.

/// JSON numbers that are whole, in any notation (`5.0`, `1.2E3`), within [min, max].
bool ConvertInteger(const Scalar& scalar, int64_t min, int64_t max, ColumnValue* value, Complaint* complaint);
/// JSON numbers, and strings that hold a plain decimal number. From the digits themselves, half-even.
bool ConvertDecimal(const Scalar& scalar, int precision, int scale, ColumnValue* value, Complaint* complaint);
bool ConvertDouble(const Scalar& scalar, ColumnValue* value, Complaint* complaint);
bool ConvertBool(const Scalar& scalar, ColumnValue* value, Complaint* complaint);
/// Strings; numbers and booleans as their own text.
bool ConvertString(const Scalar& scalar, ColumnValue* value, Complaint* complaint);
/// Any value as minified JSON. `scratch` may hold the text afterwards.
bool ConvertJson(const Scalar& scalar, std::string* scratch, ColumnValue* value, Complaint* complaint);
/// ISO 8601 text with or without a zone (without means UTC), or a number of seconds or milliseconds since
/// 1970. Digits beyond microseconds are cut. Years 1 to 9999.
bool ConvertTimestamp(const Scalar& scalar, TimeFormat format, ColumnValue* value, Complaint* complaint);
/// The same; the day in UTC.
bool ConvertDate(const Scalar& scalar, TimeFormat format, ColumnValue* value, Complaint* complaint);

}  // namespace ingesta::transform
