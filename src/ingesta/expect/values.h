// Single values as GX's results show them, and as Python's str() writes them. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/json.h"

namespace arrow {
class DataType;
}

namespace ingesta::expect {

/// How a result writes times: as Python's isoformat() does, or as numpy does, always with a fraction.
enum class TimeStyle { kIso, kNumpy };

/// One value; a missing one is null (`NaT` in a column of times, as pandas has it).
Json ValueJson(const ColumnView& column, int64_t row, TimeStyle style = TimeStyle::kIso);

/// Of an integer in the form of ColumnView::ints().
Json IntJson(const arrow::DataType& type, int64_t value, TimeStyle style = TimeStyle::kIso);
Json DecimalJson(Int128 unscaled, int scale);
double DecimalToDouble(Int128 unscaled, int scale);

/// What str() of the value is: `1.5`, `True`, `2025-01-01`; of a text the text itself. `scratch` holds it
/// where needed. REQUIRES: present.
std::string_view PythonText(const ColumnView& column, int64_t row, std::string& scratch);
/// Python's repr of a float: `1e+22`, `inf`.
std::string PythonFloat(double value);
std::string DecimalText(Int128 unscaled, int scale);

/// Days since 1970 as `YYYY-MM-DD`.
std::string IsoDate(int64_t days);
/// `per_second` ticks a second (10^6 or 10^9) since 1970. `zone`: with `+00:00`.
std::string IsoTime(int64_t ticks, int64_t per_second, bool zone, TimeStyle style);

/// Ticks a second of ColumnView::ints() of a timestamp type.
int64_t TicksPerSecond(const arrow::DataType& type);
bool HasZone(const arrow::DataType& type);

/// Characters (code points) of UTF-8 text.
int64_t CountCharacters(std::string_view text);

}  // namespace ingesta::expect
