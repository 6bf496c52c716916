#include "ingesta/catalog/iceberg/json.h"

#include <fmt/format.h>

#include <limits>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

// Copies of a document recurse, so that its depth is a matter of the stack.
constexpr int kMaxJsonDepth = 200;

bool TooDeep(const std::string& text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

Status Wrong(const Json& object, const char* key, const char* expected) {
  const Json* member = Member(object, key);
  return Corrupt(fmt::format("'{}' must be {}, not {}", key, expected,
                             member == nullptr ? "absent" : member->type_name()));
}

}  // namespace

Result<Json> ParseJson(const std::string& text, const std::string& what) {
  if (TooDeep(text)) return Corrupt(fmt::format("{}: nested deeper than {} levels", what, kMaxJsonDepth));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() && !json.is_array()) return Corrupt(what + ": not a JSON document");
  return json;
}

std::string DumpJson(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* Member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<int64_t> GetInt(const Json& object, const char* key) {
  const Json* member = Member(object, key);
  if (member == nullptr || !member->is_number_integer() ||
      (member->is_number_unsigned() &&
       member->get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))) {
    return Wrong(object, key, "an integer");
  }
  return member->get<int64_t>();
}

Result<int> GetInt32(const Json& object, const char* key) {
  ARROW_ASSIGN_OR_RAISE(const int64_t value, GetInt(object, key));
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
    return Wrong(object, key, "an integer of 32 bits");
  }
  return static_cast<int>(value);
}

Result<std::string> GetString(const Json& object, const char* key) {
  const Json* member = Member(object, key);
  if (member == nullptr || !member->is_string()) return Wrong(object, key, "a string");
  return member->get<std::string>();
}

Result<bool> GetBool(const Json& object, const char* key) {
  const Json* member = Member(object, key);
  if (member == nullptr || !member->is_boolean()) return Wrong(object, key, "a boolean");
  return member->get<bool>();
}

Result<const Json*> GetArray(const Json& object, const char* key) {
  const Json* member = Member(object, key);
  if (member == nullptr || !member->is_array()) return Wrong(object, key, "an array");
  return member;
}

Result<std::optional<int64_t>> FindInt(const Json& object, const char* key) {
  if (Member(object, key) == nullptr) return std::optional<int64_t>();
  ARROW_ASSIGN_OR_RAISE(const int64_t value, GetInt(object, key));
  return std::optional<int64_t>(value);
}

Result<std::optional<std::string>> FindString(const Json& object, const char* key) {
  if (Member(object, key) == nullptr) return std::optional<std::string>();
  ARROW_ASSIGN_OR_RAISE(std::string value, GetString(object, key));
  return std::optional<std::string>(std::move(value));
}

}  // namespace ingesta::iceberg
