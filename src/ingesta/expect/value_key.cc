#include "ingesta/expect/value_key.h"

#include <arrow/array/array_base.h>
#include <arrow/type.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>

#include "ingesta/expect/values.h"

namespace ingesta::expect {
namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;
// Above this many values a search beats looking at each.
constexpr size_t kScanned = 12;

bool SameValue(const Json& a, const Json& b) {
  const auto numeric = [](const Json& v) { return v.is_number() || v.is_boolean(); };
  if (numeric(a) && numeric(b)) {
    const auto number = [](const Json& v) { return v.is_boolean() ? Json(v.get<bool>() ? 1 : 0) : v; };
    return number(a) == number(b);
  }
  return a == b;
}

/// 18 digits fit into 64 bits.
bool IsSmallDecimal(const arrow::DataType& type) {
  return static_cast<const arrow::Decimal128Type&>(type).precision() <= 18;
}

ValueKey WideKey(Int128 unscaled) {
  return {static_cast<uint64_t>(unscaled >> 64) ^ kSign, static_cast<uint64_t>(unscaled)};
}

std::optional<Literal> TimeOf(const std::string& text, const arrow::DataType& type) {
  auto time = Literal::ParseTime(text);
  if (!time) time = Literal::ParseTime(text + "T00:00:00" + (HasZone(type) ? "Z" : ""));
  if (time && time->has_zone() != HasZone(type)) return std::nullopt;
  return time;
}

std::optional<ValueKey> NumberKey(const arrow::DataType& type, const Literal& literal) {
  switch (KindOf(type)) {
    case ValueKind::kBool:
    case ValueKind::kInt: {
      if (literal.whole()) return IntKey(literal.integer());
      const double number = literal.number();
      if (!(number >= -9.3e18 && number <= 9.3e18)) return std::nullopt;
      const auto whole = static_cast<int64_t>(number);
      if (static_cast<double>(whole) != number) return std::nullopt;
      return IntKey(whole);
    }
    case ValueKind::kFloat:
      return DoubleKey(literal.number());
    default: {
      const auto scaled =
          FloorScaled(literal.number(), static_cast<const arrow::Decimal128Type&>(type).scale());
      if (!scaled || !scaled->exact) return std::nullopt;
      if (!IsSmallDecimal(type)) return WideKey(scaled->floor);
      if (scaled->floor < INT64_MIN || scaled->floor > INT64_MAX) return std::nullopt;
      return IntKey(static_cast<int64_t>(scaled->floor));
    }
  }
}

}  // namespace

bool IsNarrow(const arrow::DataType& type) {
  const ValueKind kind = KindOf(type);
  return kind != ValueKind::kString && (kind != ValueKind::kDecimal || IsSmallDecimal(type));
}

ValueKey TextKey(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.high64, hash.low64};
}

ValueKey IntKey(int64_t value) {
  return {static_cast<uint64_t>(value) ^ kSign, 0};
}

ValueKey DoubleKey(double value) {
  if (value == 0) value = 0;  // -0.0 and 0.0 are equal
  const auto bits = std::bit_cast<uint64_t>(value);
  return {(bits & kSign) != 0 ? ~bits : bits ^ kSign, 0};
}

void ColumnKeys(const ColumnView& column, std::vector<ValueKey>& keys) {
  const auto rows = static_cast<size_t>(column.size());
  keys.resize(rows);
  switch (column.kind()) {
    case ValueKind::kString: {
      const std::string_view* texts = column.texts();
      for (size_t i = 0; i < rows; ++i) keys[i] = TextKey(texts[i]);
      return;
    }
    case ValueKind::kDecimal: {
      const Int128* values = column.decimals();
      const bool is_small = IsSmallDecimal(*column.array().type());
      for (size_t i = 0; i < rows; ++i) {
        keys[i] = is_small ? IntKey(static_cast<int64_t>(values[i])) : WideKey(values[i]);
      }
      return;
    }
    case ValueKind::kFloat: {
      const double* values = column.doubles();
      for (size_t i = 0; i < rows; ++i) keys[i] = DoubleKey(values[i]);
      return;
    }
    case ValueKind::kOther:
      std::fill(keys.begin(), keys.end(), ValueKey{});
      return;
    default: {
      const int64_t* values = column.ints();
      for (size_t i = 0; i < rows; ++i) keys[i] = IntKey(values[i]);
    }
  }
}

int64_t KeyInt(ValueKey key) {
  return static_cast<int64_t>(key.high ^ kSign);
}

Int128 KeyDecimal(const arrow::DataType& type, ValueKey key) {
  if (IsSmallDecimal(type)) return KeyInt(key);
  __extension__ typedef unsigned __int128 Unsigned;
  return static_cast<Int128>((Unsigned{key.high ^ kSign} << 64) | key.low);
}

namespace {

double KeyDouble(ValueKey key) {
  return std::bit_cast<double>((key.high & kSign) != 0 ? key.high ^ kSign : ~key.high);
}

int ScaleOf(const arrow::DataType& type) {
  return static_cast<const arrow::Decimal128Type&>(type).scale();
}

}  // namespace

Json KeyJson(const arrow::DataType& type, ValueKey key, bool numpy_times) {
  switch (KindOf(type)) {
    case ValueKind::kFloat:
      return KeyDouble(key);
    case ValueKind::kDecimal:
      return DecimalJson(KeyDecimal(type, key), ScaleOf(type));
    default:
      return IntJson(type, KeyInt(key), numpy_times ? TimeStyle::kNumpy : TimeStyle::kIso);
  }
}

double KeyNumber(const arrow::DataType& type, ValueKey key) {
  switch (KindOf(type)) {
    case ValueKind::kFloat:
      return KeyDouble(key);
    case ValueKind::kDecimal:
      return DecimalToDouble(KeyDecimal(type, key), ScaleOf(type));
    default:
      return static_cast<double>(KeyInt(key));
  }
}

std::optional<ValueKey> JsonKey(const arrow::DataType& type, const Json& value) {
  const Literal literal = Literal::FromJson(value);
  const ValueKind kind = KindOf(type);
  if (literal.kind() == Literal::Kind::kNumber) {
    if (kind == ValueKind::kString || kind == ValueKind::kDate || kind == ValueKind::kTimestamp)
      return std::nullopt;
    if (kind == ValueKind::kOther) return std::nullopt;
    return NumberKey(type, literal);
  }
  if (literal.kind() != Literal::Kind::kText) return std::nullopt;
  if (kind == ValueKind::kString) return TextKey(literal.text());
  if (kind == ValueKind::kDate) {
    const auto date = Literal::ParseDate(literal.text());
    return date ? std::optional(IntKey(date->days())) : std::nullopt;
  }
  if (kind != ValueKind::kTimestamp) return std::nullopt;
  const auto time = TimeOf(literal.text(), type);
  if (!time) return std::nullopt;
  int64_t ticks = time->micros();
  if (TicksPerSecond(type) == 1'000'000'000 && __builtin_mul_overflow(ticks, int64_t{1000}, &ticks))
    return std::nullopt;
  return IntKey(ticks);
}

namespace {

bool OrderHolds(int order, CompareOp op) {
  switch (op) {
    case CompareOp::kEqual:
      return order == 0;
    case CompareOp::kNotEqual:
      return order != 0;
    case CompareOp::kLess:
      return order < 0;
    case CompareOp::kLessEqual:
      return order <= 0;
    case CompareOp::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

template <typename T>
int OrderOf(T a, T b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

}  // namespace

bool KeyHolds(const arrow::DataType& type, ValueKey key, CompareOp op, const Literal& literal) {
  switch (KindOf(type)) {
    case ValueKind::kDecimal: {
      const auto scaled = FloorScaled(literal.number(), ScaleOf(type));
      if (!scaled) return OrderHolds(literal.number() > 0 ? -1 : 1, op);
      const int order = OrderOf(KeyDecimal(type, key), scaled->floor);
      return OrderHolds(order == 0 && !scaled->exact ? -1 : order, op);
    }
    case ValueKind::kDate:
      return OrderHolds(OrderOf(KeyInt(key), literal.days()), op);
    case ValueKind::kTimestamp:
      return OrderHolds(
          OrderOf(Int128{KeyInt(key)} * 1'000'000, Int128{literal.micros()} * TicksPerSecond(type)), op);
    default:
      return OrderHolds(OrderOf(KeyNumber(type, key), literal.number()), op);
  }
}

ValueSet::ValueSet(const arrow::DataType& type, const Json& values) {
  for (const Json& value : values) {
    const bool known = std::any_of(distinct_.begin(), distinct_.end(),
                                   [&](const Json& have) { return SameValue(have, value); });
    if (known) continue;
    distinct_.push_back(value);
    if (const auto key = JsonKey(type, value))
      keys_.emplace_back(*key, static_cast<int>(distinct_.size()) - 1);
  }
  std::sort(keys_.begin(), keys_.end());
}

int ValueSet::IndexOf(ValueKey key) const {
  if (keys_.size() <= kScanned) {
    for (const auto& [have, index] : keys_) {
      if (have == key) return index;
    }
    return -1;
  }
  const auto found = std::lower_bound(keys_.begin(), keys_.end(), std::pair(key, -1));
  return found != keys_.end() && found->first == key ? found->second : -1;
}

bool ValueSet::Contains(ValueKey key) const {
  return IndexOf(key) >= 0;
}

}  // namespace ingesta::expect
