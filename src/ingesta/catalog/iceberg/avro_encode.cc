// The binary form of Avro values, writing half.
#include <fmt/format.h>

#include <bit>
#include <limits>

#include "ingesta/catalog/iceberg/avro_value.h"

namespace ingesta::iceberg {
namespace {

template <typename Bits>
void AppendLittleEndian(Bits bits, std::string& out) {
  for (size_t i = 0; i < sizeof(Bits); ++i) out.push_back(static_cast<char>((bits >> (8 * i)) & 0xff));
}

void AppendBytes(const std::string& bytes, std::string& out) {
  AppendAvroLong(static_cast<int64_t>(bytes.size()), out);
  out += bytes;
}

bool Fits(const AvroNode& type, const AvroValue& value) {
  switch (type.kind) {
    case AvroKind::kNull:
      return value.is_null();
    case AvroKind::kBoolean:
      return value.As<bool>() != nullptr;
    case AvroKind::kInt:
    case AvroKind::kEnum: {
      const int64_t* number = value.As<int64_t>();
      return number != nullptr && *number >= std::numeric_limits<int32_t>::min() &&
             *number <= std::numeric_limits<int32_t>::max();
    }
    case AvroKind::kLong:
      return value.As<int64_t>() != nullptr;
    case AvroKind::kFloat:
    case AvroKind::kDouble:
      return value.As<double>() != nullptr;
    case AvroKind::kBytes:
    case AvroKind::kString:
      return value.As<std::string>() != nullptr;
    case AvroKind::kFixed:
      return value.As<std::string>() != nullptr &&
             static_cast<int64_t>(value.As<std::string>()->size()) == type.size;
    case AvroKind::kRecord:
      return value.As<AvroRecord>() != nullptr && value.As<AvroRecord>()->values.size() == type.fields.size();
    case AvroKind::kArray:
      return value.As<AvroArray>() != nullptr;
    case AvroKind::kMap:
    case AvroKind::kUnion:
      return false;
  }
  return false;
}

Status EncodeUnion(const AvroNode& type, const AvroValue& value, std::string& out) {
  for (size_t i = 0; i < type.branches.size(); ++i) {
    if (Fits(*type.branches[i], value)) {
      AppendAvroLong(static_cast<int64_t>(i), out);
      return EncodeAvro(*type.branches[i], value, out);
    }
  }
  return MakeError(ErrorCode::kInternal, "Avro: a value that fits no type of its union");
}

Status EncodeArray(const AvroNode& type, const AvroArray& items, std::string& out) {
  if (!items.empty()) {
    AppendAvroLong(static_cast<int64_t>(items.size()), out);
    for (const AvroValue& item : items) RETURN_NOT_OK(EncodeAvro(*type.branches[0], item, out));
  }
  AppendAvroLong(0, out);
  return Status::OK();
}

Status EncodeRecord(const AvroNode& type, const AvroRecord& record, std::string& out) {
  for (size_t i = 0; i < type.fields.size(); ++i) {
    const Status encoded = EncodeAvro(*type.fields[i].type, record.values[i], out);
    if (!encoded.ok()) return WithPrefix(encoded, type.fields[i].name);
  }
  return Status::OK();
}

}  // namespace

void AppendAvroLong(int64_t value, std::string& out) {
  auto bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (bits >= 0x80) {
    out.push_back(static_cast<char>((bits & 0x7f) | 0x80));
    bits >>= 7;
  }
  out.push_back(static_cast<char>(bits));
}

Status EncodeAvro(const AvroNode& type, const AvroValue& value, std::string& out) {
  if (type.kind == AvroKind::kUnion) return EncodeUnion(type, value, out);
  if (!Fits(type, value)) {
    return MakeError(ErrorCode::kInternal,
                     fmt::format("Avro: a value of kind {} where the schema has kind {}",
                                 value.variant().index(), static_cast<int>(type.kind)));
  }
  switch (type.kind) {
    case AvroKind::kBoolean:
      out.push_back(*value.As<bool>() ? 1 : 0);
      break;
    case AvroKind::kInt:
    case AvroKind::kEnum:
    case AvroKind::kLong:
      AppendAvroLong(*value.As<int64_t>(), out);
      break;
    case AvroKind::kFloat:
      AppendLittleEndian(std::bit_cast<uint32_t>(static_cast<float>(*value.As<double>())), out);
      break;
    case AvroKind::kDouble:
      AppendLittleEndian(std::bit_cast<uint64_t>(*value.As<double>()), out);
      break;
    case AvroKind::kBytes:
    case AvroKind::kString:
      AppendBytes(*value.As<std::string>(), out);
      break;
    case AvroKind::kFixed:
      out += *value.As<std::string>();
      break;
    case AvroKind::kRecord:
      return EncodeRecord(type, *value.As<AvroRecord>(), out);
    case AvroKind::kArray:
      return EncodeArray(type, *value.As<AvroArray>(), out);
    case AvroKind::kNull:
    case AvroKind::kMap:
    case AvroKind::kUnion:
      break;
  }
  return Status::OK();
}

}  // namespace ingesta::iceberg
