#include "ingesta/catalog/iceberg/avro_schema.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/json.h"

namespace ingesta::iceberg {
namespace {

constexpr size_t kMaxNodes = 100'000;
constexpr int kMaxSchemaDepth = 64;
constexpr int64_t kMaxFixed = 1 << 20;

std::optional<AvroKind> PrimitiveOf(const std::string& name) {
  static const std::map<std::string, AvroKind> kKinds = {
      {"null", AvroKind::kNull},   {"boolean", AvroKind::kBoolean}, {"int", AvroKind::kInt},
      {"long", AvroKind::kLong},   {"float", AvroKind::kFloat},     {"double", AvroKind::kDouble},
      {"bytes", AvroKind::kBytes}, {"string", AvroKind::kString},
  };
  const auto found = kKinds.find(name);
  return found == kKinds.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

class AvroSchemaParser {
 public:
  explicit AvroSchemaParser(AvroSchema& schema) : schema_(schema) {}

  Result<const AvroNode*> Type(const Json& json, const std::string& space, int depth) {
    if (depth > kMaxSchemaDepth) return Corrupt("Avro schema: nested too deep");
    if (json.is_string()) return Named(json.get<std::string>(), space);
    if (json.is_array()) return Union(json, space, depth);
    if (!json.is_object()) return Corrupt("Avro schema: a type is a name, an object or a list");
    const Json* type = Member(json, "type");
    if (type == nullptr) return Corrupt("Avro schema: a type without 'type'");
    if (!type->is_string()) return Type(*type, space, depth + 1);
    return Object(json, type->get<std::string>(), space, depth);
  }

 private:
  Result<AvroNode*> New(AvroKind kind) {
    if (schema_.nodes_.size() >= kMaxNodes) return Corrupt("Avro schema: too many types");
    schema_.nodes_.push_back(std::make_unique<AvroNode>());
    schema_.nodes_.back()->kind = kind;
    return schema_.nodes_.back().get();
  }

  Result<const AvroNode*> Named(const std::string& name, const std::string& space) {
    if (const auto primitive = PrimitiveOf(name)) return New(*primitive);
    auto found =
        names_.find(name.find('.') == std::string::npos && !space.empty() ? space + "." + name : name);
    if (found == names_.end()) found = names_.find(name);
    if (found == names_.end()) return Corrupt(fmt::format("Avro schema: unknown type '{}'", name));
    return found->second;
  }

  Result<const AvroNode*> Union(const Json& json, const std::string& space, int depth) {
    ARROW_ASSIGN_OR_RAISE(AvroNode * node, New(AvroKind::kUnion));
    for (const Json& branch : json) {
      ARROW_ASSIGN_OR_RAISE(const AvroNode* type, Type(branch, space, depth + 1));
      node->branches.push_back(type);
    }
    if (node->branches.empty()) return Corrupt("Avro schema: a union without types");
    return node;
  }

  Result<const AvroNode*> Object(const Json& json, const std::string& type, const std::string& space,
                                 int depth) {
    if (type == "record" || type == "error") return Record(json, space, depth);
    AvroNode* node = nullptr;
    if (type == "array" || type == "map") {
      ARROW_ASSIGN_OR_RAISE(node, New(type == "array" ? AvroKind::kArray : AvroKind::kMap));
      const Json* items = Member(json, type == "array" ? "items" : "values");
      if (items == nullptr) return Corrupt("Avro schema: a list or map without its items");
      ARROW_ASSIGN_OR_RAISE(const AvroNode* item, Type(*items, space, depth + 1));
      node->branches.push_back(item);
    } else if (type == "fixed") {
      ARROW_ASSIGN_OR_RAISE(node, New(AvroKind::kFixed));
      ARROW_ASSIGN_OR_RAISE(node->size, GetInt(json, "size"));
      if (node->size < 0 || node->size > kMaxFixed) return Corrupt("Avro schema: a fixed of an absurd size");
      RETURN_NOT_OK(Register(json, space, node).status());
    } else if (type == "enum") {
      ARROW_ASSIGN_OR_RAISE(node, New(AvroKind::kEnum));
      ARROW_ASSIGN_OR_RAISE(const Json* symbols, GetArray(json, "symbols"));
      node->size = static_cast<int64_t>(symbols->size());
      RETURN_NOT_OK(Register(json, space, node).status());
    } else if (const auto primitive = PrimitiveOf(type)) {
      ARROW_ASSIGN_OR_RAISE(node, New(*primitive));
    } else {
      return Named(type, space);
    }
    ARROW_ASSIGN_OR_RAISE(const auto logical, FindString(json, "logicalType"));
    node->logical_type = logical.value_or("");
    return node;
  }

  Result<const AvroNode*> Record(const Json& json, const std::string& space, int depth) {
    ARROW_ASSIGN_OR_RAISE(AvroNode * node, New(AvroKind::kRecord));
    // Before the fields: a record may hold itself.
    ARROW_ASSIGN_OR_RAISE(const std::string inner, Register(json, space, node));
    ARROW_ASSIGN_OR_RAISE(const Json* fields, GetArray(json, "fields"));
    for (const Json& member : *fields) {
      AvroField field;
      ARROW_ASSIGN_OR_RAISE(field.name, GetString(member, "name"));
      const Json* type = Member(member, "type");
      if (type == nullptr) return Corrupt("Avro schema: a field without a type");
      if (Member(member, "field-id") != nullptr) {
        ARROW_ASSIGN_OR_RAISE(field.id, GetInt32(member, "field-id"));
        node->by_id.emplace(field.id, node->fields.size());
      }
      ARROW_ASSIGN_OR_RAISE(field.type, Type(*type, inner, depth + 1));
      node->fields.push_back(std::move(field));
    }
    return node;
  }

  /// Make the type known by its full name; returns the namespace of what is inside of it.
  Result<std::string> Register(const Json& json, const std::string& space, AvroNode* node) {
    ARROW_ASSIGN_OR_RAISE(const std::string name, GetString(json, "name"));
    ARROW_ASSIGN_OR_RAISE(const auto own_space, FindString(json, "namespace"));
    std::string full = name;
    if (name.find('.') == std::string::npos) {
      const std::string& outer = own_space ? *own_space : space;
      if (!outer.empty()) full = outer + "." + name;
    }
    if (!names_.emplace(full, node).second)
      return Corrupt(fmt::format("Avro schema: type '{}' stands in it twice", full));
    const size_t dot = full.rfind('.');
    return dot == std::string::npos ? std::string() : full.substr(0, dot);
  }

  AvroSchema& schema_;
  std::map<std::string, const AvroNode*> names_;
};

Result<std::shared_ptr<const AvroSchema>> AvroSchema::Parse(const std::string& text) {
  // A schema may be a bare name, which is no JSON document of ours.
  ARROW_ASSIGN_OR_RAISE(const Json json, ParseJson("[" + text + "]", "Avro schema"));
  if (json.size() != 1) return Corrupt("Avro schema: not one JSON value");
  auto schema = std::make_shared<AvroSchema>();
  ARROW_ASSIGN_OR_RAISE(schema->root_, AvroSchemaParser(*schema).Type(json[0], "", 0));
  return schema;
}

}  // namespace ingesta::iceberg
