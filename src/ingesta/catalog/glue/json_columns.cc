// JsonColumns (see hive_types.h). Trino and Hive read a scalar column by the JSON token's text: an integer
// must come as a number, a decimal may come as a string too, and an object or an array in a scalar column
// ends the query. So a column is typed only where the transform accepts nothing else.
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "ingesta/base/arrow_field.h"
#include "ingesta/catalog/glue/hive_types.h"

namespace ingesta::catalog {
namespace {

/// Fields of a record by their lower-case names, in order of appearance.
struct Tree {
  std::string name;
  std::string type;  ///< of a leaf
  std::string comment;
  std::vector<std::unique_ptr<Tree>> children;

  Tree& Child(const std::string& child) {
    for (const auto& there : children) {
      if (there->name == child) return *there;
    }
    children.push_back(std::make_unique<Tree>());
    children.back()->name = child;
    return *children.back();
  }
};

/// "" where the column's values have no fixed shape in the source.
std::string JsonType(const arrow::Field& field) {
  const arrow::DataType& type = *field.type();
  if (field.metadata() != nullptr && field.metadata()->Contains("join")) return "array<string>";
  if (FieldMetadata(field, "type") == "json") return "";
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "boolean";
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
      return "bigint";
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return "double";
    case arrow::Type::UINT64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const Result<std::string> decimal = HiveType(type);
      return decimal.ok() ? *decimal : "string";
    }
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIMESTAMP:
      return "string";
    default:
      return "";
  }
}

/// The path's fields in lower case; empty where one of them has a name that cannot be a column.
std::vector<std::string> PathNames(const std::string& path) {
  std::vector<std::string> names;
  for (size_t at = 0; at <= path.size();) {
    const size_t dot = std::min(path.find('.', at), path.size());
    const std::string name = HiveName(path.substr(at, dot - at));
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    // `_col3` is the third column to Hive's reader, whatever the field is called; HiveName changes `-` and
    // the like, and then the field is not found.
    const bool same =
        std::equal(name.begin(), name.end(), path.begin() + static_cast<ptrdiff_t>(at),
                   [](char a, char b) { return a == b || (b >= 'A' && b <= 'Z' && a == b + 32); });
    if (!plain || !same || name.starts_with("_col")) return {};
    names.push_back(name);
    at = dot + 1;
  }
  return names;
}

std::string TypeOf(const Tree& tree) {
  if (tree.children.empty()) return tree.type;
  std::string members;
  for (const auto& child : tree.children) {
    members += fmt::format("{}{}:{}", members.empty() ? "" : ",", child->name, TypeOf(*child));
  }
  return fmt::format("struct<{}>", members);
}

void Insert(const std::vector<std::string>& names, const std::string& type, const std::string& comment,
            Tree* root) {
  Tree* tree = root;
  for (const std::string& name : names) tree = &tree->Child(name);
  if (!tree->type.empty() && tree->type != type) {
    // Two columns out of one field: as text it can be both.
    if (tree->type.find('<') == std::string::npos) tree->type = "string";
    return;
  }
  tree->type = type;
  if (tree->comment.empty()) tree->comment = comment;
}

}  // namespace

std::vector<aws::GlueColumn> JsonColumns(const arrow::Schema& schema) {
  Tree root;
  for (const auto& field : schema.fields()) {
    const std::string path = FieldMetadata(*field, "path");
    const std::vector<std::string> names = PathNames(path.empty() ? field->name() : path);
    const std::string type = JsonType(*field);
    if (names.empty() || type.empty()) continue;
    Insert(names, type, ColumnComment(*field), &root);
  }
  std::vector<aws::GlueColumn> columns;
  for (const auto& tree : root.children) {
    columns.push_back({.name = tree->name,
                       .type = TypeOf(*tree),
                       .comment = tree->children.empty() ? tree->comment : "",
                       .parameters = {}});
  }
  return columns;
}

}  // namespace ingesta::catalog
