// Values as keys of 128 bits: equal keys = equal values of the column, and, but for texts, the keys' order is
// the values'. A text's key is its XXH3 hash; that two texts share one is less likely than a wrong bit in
// memory. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ingesta/expect/batch_view.h"
#include "ingesta/expect/comparison.h"
#include "ingesta/expect/json.h"

namespace ingesta::expect {

struct ValueKey {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const ValueKey& other) const { return high == other.high && low == other.low; }
  bool operator<(const ValueKey& other) const {
    return high != other.high ? high < other.high : low < other.low;
  }
};

/// Whether 8 bytes hold the key (`low` is 0): of all but texts and decimals of more than 18 digits.
bool IsNarrow(const arrow::DataType& type);

/// The keys of all rows; undefined where a value is missing.
void ColumnKeys(const ColumnView& column, std::vector<ValueKey>& keys);
ValueKey TextKey(std::string_view text);
ValueKey IntKey(int64_t value);
ValueKey DoubleKey(double value);

/// The value that a key stands for, as a result shows it. REQUIRES: no text.
Json KeyJson(const arrow::DataType& type, ValueKey key, bool numpy_times = false);
/// The same as a number. REQUIRES: a number (true and false are 1 and 0), a time or a date (its ticks).
double KeyNumber(const arrow::DataType& type, ValueKey key);
/// REQUIRES: kBool, kInt, kDate, kTimestamp.
int64_t KeyInt(ValueKey key);
Int128 KeyDecimal(const arrow::DataType& type, ValueKey key);

/// The key that a value of a suite has in a column of `type`; nullopt where no value of it can be equal.
/// Texts are read as dates and times where the column has those.
std::optional<ValueKey> JsonKey(const arrow::DataType& type, const Json& value);

/// `value op literal` of one value. REQUIRES: Comparison::Make takes `type` and `literal`.
bool KeyHolds(const arrow::DataType& type, ValueKey key, CompareOp op, const Literal& literal);

/// The values of a suite's `value_set` that a column of `type` can have.
class ValueSet {
 public:
  ValueSet() = default;
  ValueSet(const arrow::DataType& type, const Json& values);
  bool Contains(ValueKey key) const;
  /// Index of the first of the values with this key, or -1.
  int IndexOf(ValueKey key) const;
  /// The values without repeats in Python's sense (1, 1.0 and true are one).
  const std::vector<Json>& distinct() const { return distinct_; }

 private:
  std::vector<std::pair<ValueKey, int>> keys_;  ///< sorted; index in distinct_
  std::vector<Json> distinct_;
};

}  // namespace ingesta::expect
