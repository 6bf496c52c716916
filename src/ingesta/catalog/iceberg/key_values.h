// The values of one key column, out of Arrow arrays: hashed, compared with each other and with bounds. Not
// thread-safe. Below the index of a merge's keys.
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/decimal.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/literal.h"
#include "ingesta/catalog/iceberg/types.h"

namespace ingesta::iceberg {

class KeyValues {
 public:
  /// kInvalidConfig for a type whose equality identifies no row: float, double, nested ones.
  static Result<KeyValues> Make(const Field& field);

  /// REQUIRES: `values` are of the field's Arrow type. A null is taken for some value: callers look for nulls
  /// themselves.
  void Append(const arrow::Array& values);
  size_t size() const;
  /// Of the same field, without values.
  KeyValues EmptyLike() const { return KeyValues(kind_, type_); }

  /// Mix each value into its hash. REQUIRES: size() hashes.
  void AddTo(std::vector<uint64_t>& hashes) const;
  /// Whether value `i` here is value `j` there. REQUIRES: of the same field.
  bool Same(size_t i, const KeyValues& other, size_t j) const;
  bool Less(size_t i, size_t j) const;
  /// Negative, 0 or positive. REQUIRES: `literal` is not null and of the field's type.
  int CompareWith(size_t i, const Literal& literal) const;
  std::string ToText(size_t i) const;

 private:
  enum class Kind { kNumber, kDecimal, kBytes };
  KeyValues(Kind kind, TypePtr type) : kind_(kind), type_(std::move(type)) {}
  std::string_view Bytes(size_t i) const;

  Kind kind_;
  TypePtr type_;
  std::vector<int64_t> numbers_;
  std::vector<arrow::Decimal128> decimals_;
  std::string bytes_;
  std::vector<int64_t> ends_;
};

}  // namespace ingesta::iceberg
