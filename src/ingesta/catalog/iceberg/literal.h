// One value of a primitive type: bounds, partition values. Its single-value binary form, cutting of long
// bounds, order, text. Pure functions.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/types.h"

namespace ingesta::iceberg {

/// Null; a boolean; int, long, date (days), time and timestamps (microseconds); float and double; string,
/// binary, fixed, uuid as bytes, and a decimal's unscaled value as big-endian two's complement of as few
/// bytes as do.
using Literal = std::variant<std::monostate, bool, int64_t, double, std::string>;

inline bool IsNull(const Literal& literal) {
  return std::holds_alternative<std::monostate>(literal);
}

/// Whether a literal that is not null is of the kind that values of `type` are.
bool IsOfType(const Type& type, const Literal& literal);

/// The value of an Arrow scalar as a column of `type` holds it: a narrower scalar is widened, times become
/// microseconds. Null for a null scalar. kInternal where the scalar is of another type.
Result<Literal> LiteralFromScalar(const Type& type, const arrow::Scalar& scalar);

/// The single-value binary form. REQUIRES: `literal` is not null and of `type`.
std::string SerializeLiteral(const Type& type, const Literal& literal);
/// The value of a bound; also one that was written before the column was widened. kCorrupt.
Result<Literal> ParseLiteral(const Type& type, std::string_view bytes);

/// Negative, 0 or positive. REQUIRES: neither is null, both of `type`. NaN is above all numbers, -0.0 below
/// 0.0.
int CompareLiterals(const Type& type, const Literal& left, const Literal& right);

/// At most 16 characters of a string, 16 bytes of a binary: at or below the value.
Literal TruncateLower(const Type& type, Literal literal);
/// The same, at or above the value; nullopt where there is none.
std::optional<Literal> TruncateUpper(const Type& type, Literal literal);

/// Text for people and for paths: `2026-11-24`, `12.50`, `null`.
std::string LiteralToText(const Type& type, const Literal& literal);

}  // namespace ingesta::iceberg
