// An Avro value of any schema as a small tree, and its binary form. Values only; a record points to its type,
// which lives as long as the schema.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/avro_schema.h"

namespace ingesta::iceberg {

class AvroValue;
using AvroArray = std::vector<AvroValue>;

struct AvroRecord {
  const AvroNode* type = nullptr;
  std::vector<AvroValue> values;  ///< in the order of the type's fields
};

/// A union's value is that of its branch. An int, a long and an enum's index are int64_t; a float and a
/// double are double; bytes, strings and fixed are bytes; a map is an array of arrays {key, value}.
class AvroValue {
 public:
  using Variant = std::variant<std::monostate, bool, int64_t, double, std::string, AvroArray, AvroRecord>;

  AvroValue() = default;
  AvroValue(bool value) : value_(value) {}                       // NOLINT(google-explicit-constructor)
  AvroValue(int value) : value_(static_cast<int64_t>(value)) {}  // NOLINT(google-explicit-constructor)
  AvroValue(int64_t value) : value_(value) {}                    // NOLINT(google-explicit-constructor)
  AvroValue(double value) : value_(value) {}                     // NOLINT(google-explicit-constructor)
  AvroValue(std::string value) : value_(std::move(value)) {}     // NOLINT(google-explicit-constructor)
  AvroValue(const char* value) : value_(std::string(value)) {}   // NOLINT(google-explicit-constructor)
  AvroValue(AvroArray value) : value_(std::move(value)) {}       // NOLINT(google-explicit-constructor)
  AvroValue(AvroRecord value) : value_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  /// A record of `values` in the order of `type`'s fields.
  static AvroValue Record(const AvroNode& type, std::vector<AvroValue> values) {
    return AvroRecord{&type, std::move(values)};
  }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  const Variant& variant() const { return value_; }
  /// nullptr where the value is of another kind.
  template <typename T>
  const T* As() const {
    return std::get_if<T>(&value_);
  }
  /// The field of a record by its `field-id`; nullptr where this is no record or it has no such field.
  const AvroValue* Field(int id) const;

 private:
  Variant value_;
};

/// Append the binary form of `value`. kInternal where it does not fit `type`. Of a union's branches the first
/// that fits is taken.
Status EncodeAvro(const AvroNode& type, const AvroValue& value, std::string& out);

void AppendAvroLong(int64_t value, std::string& out);
/// Cut a long, or a length and its bytes, off the front of `data`; kCorrupt where it ends early.
Result<int64_t> TakeAvroLong(std::string_view& data);
Result<std::string_view> TakeAvroBytes(std::string_view& data);
/// Cut one value of `type` off the front of `data`. kCorrupt for bytes that are no such value.
Result<AvroValue> DecodeAvro(const AvroNode& type, std::string_view& data);

}  // namespace ingesta::iceberg
