// The binary form of Avro values, reading half. The bytes may be anything: every length is held against what
// is left, and depth is bounded.
#include <algorithm>
#include <bit>

#include "ingesta/catalog/iceberg/avro_value.h"
#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

constexpr int kMaxValueDepth = 64;
// Values without bytes (nulls, empty records) could come in any number: bounded by the bytes that are there,
// and by far more than an entry with statistics of thousands of columns has.
constexpr int64_t kValuesPerByte = 16;
constexpr int64_t kMaxValues = 4'000'000;

Status EndsEarly() {
  return Corrupt("Avro: a value goes on beyond the end of its block");
}

Result<std::string_view> Take(size_t size, std::string_view& data) {
  if (size > data.size()) return EndsEarly();
  const std::string_view taken = data.substr(0, size);
  data.remove_prefix(size);
  return taken;
}

template <typename Bits>
Result<Bits> TakeLittleEndian(std::string_view& data) {
  ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, Take(sizeof(Bits), data));
  Bits bits = 0;
  for (size_t i = 0; i < sizeof(Bits); ++i) {
    bits |= static_cast<Bits>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return bits;
}

class Decoder {
 public:
  explicit Decoder(std::string_view& data)
      : data_(data),
        budget_(std::min(kMaxValues, static_cast<int64_t>(data.size()) * kValuesPerByte + 4096)) {}

  Result<AvroValue> Value(const AvroNode& type, int depth) {
    if (depth > kMaxValueDepth) return Corrupt("Avro: values nested too deep");
    if (--budget_ < 0) return Corrupt("Avro: more values than the bytes can hold");
    switch (type.kind) {
      case AvroKind::kNull:
        return AvroValue();
      case AvroKind::kBoolean:
        return Boolean();
      case AvroKind::kInt:
      case AvroKind::kLong:
        return Integer(type);
      case AvroKind::kEnum: {
        ARROW_ASSIGN_OR_RAISE(const int64_t index, TakeAvroLong(data_));
        if (index < 0 || index >= type.size) return Corrupt("Avro: an enum's symbol that it does not have");
        return AvroValue(index);
      }
      case AvroKind::kFloat: {
        ARROW_ASSIGN_OR_RAISE(const auto bits, TakeLittleEndian<uint32_t>(data_));
        return AvroValue(static_cast<double>(std::bit_cast<float>(bits)));
      }
      case AvroKind::kDouble: {
        ARROW_ASSIGN_OR_RAISE(const auto bits, TakeLittleEndian<uint64_t>(data_));
        return AvroValue(std::bit_cast<double>(bits));
      }
      case AvroKind::kBytes:
      case AvroKind::kString: {
        ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, TakeAvroBytes(data_));
        return AvroValue(std::string(bytes));
      }
      case AvroKind::kFixed: {
        ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, Take(static_cast<size_t>(type.size), data_));
        return AvroValue(std::string(bytes));
      }
      case AvroKind::kUnion: {
        ARROW_ASSIGN_OR_RAISE(const int64_t branch, TakeAvroLong(data_));
        if (branch < 0 || branch >= static_cast<int64_t>(type.branches.size())) {
          return Corrupt("Avro: a union's branch that it does not have");
        }
        return Value(*type.branches[static_cast<size_t>(branch)], depth + 1);
      }
      case AvroKind::kRecord:
        return Record(type, depth);
      case AvroKind::kArray:
      case AvroKind::kMap:
        return Items(type, depth);
    }
    return Corrupt("Avro: unknown type");
  }

 private:
  Result<AvroValue> Boolean() {
    ARROW_ASSIGN_OR_RAISE(const std::string_view byte, Take(1, data_));
    if (byte[0] != 0 && byte[0] != 1) return Corrupt("Avro: a boolean that is neither true nor false");
    return AvroValue(byte[0] == 1);
  }

  Result<AvroValue> Integer(const AvroNode& type) {
    ARROW_ASSIGN_OR_RAISE(const int64_t value, TakeAvroLong(data_));
    if (type.kind == AvroKind::kInt && value != static_cast<int32_t>(value)) {
      return Corrupt("Avro: an int of more than 32 bits");
    }
    return AvroValue(value);
  }

  Result<AvroValue> Record(const AvroNode& type, int depth) {
    AvroRecord record{&type, {}};
    record.values.reserve(type.fields.size());
    for (const AvroField& field : type.fields) {
      ARROW_ASSIGN_OR_RAISE(AvroValue value, Value(*field.type, depth + 1));
      record.values.push_back(std::move(value));
    }
    return AvroValue(std::move(record));
  }

  Result<AvroValue> Items(const AvroNode& type, int depth) {
    AvroArray items;
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(int64_t count, TakeAvroLong(data_));
      if (count == 0) return AvroValue(std::move(items));
      if (count < 0) {
        if (count == INT64_MIN) return EndsEarly();
        count = -count;
        RETURN_NOT_OK(TakeAvroLong(data_).status());  // the block's size in bytes, for those who skip it
      }
      for (; count > 0; --count) {
        if (type.kind == AvroKind::kMap) {
          ARROW_ASSIGN_OR_RAISE(const std::string_view key, TakeAvroBytes(data_));
          ARROW_ASSIGN_OR_RAISE(AvroValue value, Value(*type.branches[0], depth + 1));
          items.emplace_back(AvroArray{AvroValue(std::string(key)), std::move(value)});
        } else {
          ARROW_ASSIGN_OR_RAISE(AvroValue value, Value(*type.branches[0], depth + 1));
          items.push_back(std::move(value));
        }
      }
    }
  }

  std::string_view& data_;
  int64_t budget_;
};

}  // namespace

const AvroValue* AvroValue::Field(int id) const {
  const AvroRecord* record = As<AvroRecord>();
  if (record == nullptr) return nullptr;
  const auto found = record->type->by_id.find(id);
  return found == record->type->by_id.end() ? nullptr : &record->values[found->second];
}

Result<int64_t> TakeAvroLong(std::string_view& data) {
  uint64_t bits = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (data.empty()) return EndsEarly();
    const auto byte = static_cast<uint8_t>(data.front());
    data.remove_prefix(1);
    if (shift == 63 && byte > 1) break;
    bits |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return static_cast<int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
  }
  return Corrupt("Avro: a long of more than 64 bits");
}

Result<std::string_view> TakeAvroBytes(std::string_view& data) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, TakeAvroLong(data));
  if (size < 0) return Corrupt("Avro: a negative length");
  return Take(static_cast<size_t>(size), data);
}

Result<AvroValue> DecodeAvro(const AvroNode& type, std::string_view& data) {
  return Decoder(data).Value(type, 0);
}

}  // namespace ingesta::iceberg
