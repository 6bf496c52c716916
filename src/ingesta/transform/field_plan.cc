#include "ingesta/transform/field_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>

namespace ingesta::transform {
namespace {

/// All that is wanted of one field, before it is known which kind of FieldTree that makes.
struct Wish {
  std::string key;
  std::vector<int> slots;       ///< want the value itself
  std::vector<int> join_slots;  ///< want the array joined
  std::optional<std::string> separator;
  int child = -1;
  bool ignored = false;
  std::deque<Wish> fields;         ///< below it, when it is an object
  std::vector<Wish> child_record;  ///< of an exploded array: the record's root

  Wish& Field(std::string_view name) {
    for (Wish& field : fields) {
      if (field.key == name) return field;
    }
    return fields.emplace_back(Wish{std::string(name), {}, {}, {}, -1, false, {}, {}});
  }

  /// The field at the dotted `path`; goes through exploded arrays into their records.
  Wish& At(std::string_view path) {
    const size_t dot = path.find('.');
    Wish& field = Field(path.substr(0, dot));
    if (dot == std::string_view::npos) return field;
    const std::string_view rest = path.substr(dot + 1);
    return field.child >= 0 ? field.child_record.front().At(rest) : field.At(rest);
  }
};

Status Invalid(const config::ResourceSpec& resource, std::string what, std::string hint) {
  return MakeError({.code = ErrorCode::kInvalidConfig, .stage = Stage::kTransform, .hint = std::move(hint)},
                   fmt::format("resource `{}`: {}", resource.name, what));
}

Status CheckPath(const config::ResourceSpec& resource, const std::string& path) {
  const bool bad =
      path.empty() || path.front() == '.' || path.back() == '.' || path.find("..") != std::string::npos;
  return bad ? Invalid(resource, fmt::format("`{}` is no path of a field", path),
                       "write it as `direccion.calle`")
             : Status::OK();
}

Status AddColumn(const config::ResourceSpec& resource, const config::ColumnSpec& column, int slot,
                 Wish* root) {
  ARROW_RETURN_NOT_OK(CheckPath(resource, column.path));
  Wish& wish = root->At(column.path);
  if (!column.join.has_value()) {
    wish.slots.push_back(slot);
    return Status::OK();
  }
  if (wish.separator.has_value() && wish.separator != column.join) {
    return Invalid(resource, fmt::format("`{}` is joined in two ways", column.path), "use one separator");
  }
  wish.separator = column.join;
  wish.join_slots.push_back(slot);
  return Status::OK();
}

/// The parent's field behind a child's column, or nullopt where it is the child's own.
std::optional<std::string> ParentField(const config::ExplodeSpec& explode, const std::string& path) {
  for (const std::string& field : explode.include_from_parent) {
    if (path == fmt::format("_{}_{}", explode.resource, field)) return field;
  }
  return std::nullopt;
}

Result<ChildPlan> AddChild(const config::ResourceSpec& child, int index, Wish* root, int* slot_count) {
  const config::ExplodeSpec& explode = *child.explode;
  ARROW_RETURN_NOT_OK(CheckPath(child, explode.path));
  Wish& array = root->At(explode.path);
  if (array.child >= 0) {
    return Invalid(child, fmt::format("`{}` is exploded into another resource already", explode.path),
                   "declare all columns in one of the two");
  }
  array.child = index;
  array.child_record.emplace_back();
  ChildPlan plan;
  for (size_t i = 0; i < child.columns.size(); ++i) {
    const config::ColumnSpec& column = child.columns[i];
    const std::optional<std::string> parent_field = ParentField(explode, column.path);
    plan.parent_slots.push_back(parent_field.has_value() ? *slot_count : -1);
    if (parent_field.has_value()) {
      config::ColumnSpec of_parent = column;
      of_parent.path = *parent_field;
      ARROW_RETURN_NOT_OK(AddColumn(child, of_parent, (*slot_count)++, root));
    } else {
      ARROW_RETURN_NOT_OK(AddColumn(child, column, static_cast<int>(i), &array.child_record.front()));
    }
  }
  return plan;
}

Result<FieldTree> ToTree(const config::ResourceSpec& resource, Wish&& wish, const std::string& path) {
  FieldTree tree;
  tree.key = wish.key;
  const int uses =
      (wish.child >= 0 ? 1 : 0) + (wish.join_slots.empty() ? 0 : 1) + (wish.fields.empty() ? 0 : 1);
  if (uses > 1) {
    return Invalid(resource,
                   fmt::format("`{}` is wanted as an array and as an object, or exploded and joined", path),
                   "take the one that the service sends");
  }
  if (wish.child >= 0) {
    tree.kind = FieldTree::Kind::kExplode;
    tree.child = wish.child;
    ARROW_ASSIGN_OR_RAISE(FieldTree record, ToTree(resource, std::move(wish.child_record.front()), path));
    record.kind = FieldTree::Kind::kObject;
    tree.child_fields = std::make_unique<FieldTree>(std::move(record));
  } else if (!wish.join_slots.empty()) {
    tree.kind = FieldTree::Kind::kJoin;
    tree.slots = std::move(wish.join_slots);
    tree.separator = *wish.separator;
  } else if (!wish.fields.empty()) {
    tree.kind = FieldTree::Kind::kObject;
    for (Wish& field : wish.fields) {
      const std::string below = path.empty() ? field.key : path + "." + field.key;
      ARROW_ASSIGN_OR_RAISE(FieldTree child, ToTree(resource, std::move(field), below));
      tree.children.push_back(std::move(child));
    }
  } else if (!wish.slots.empty()) {
    tree.kind = FieldTree::Kind::kValue;
    tree.slots = std::move(wish.slots);
    return tree;
  } else {
    tree.kind = FieldTree::Kind::kIgnored;
  }
  tree.raw_slots = std::move(wish.slots);
  return tree;
}

}  // namespace

Result<FieldPlan> MakeFieldPlan(const config::ResourceSpec& resource,
                                const std::vector<const config::ResourceSpec*>& children) {
  FieldPlan plan;
  Wish root;
  plan.slot_count = static_cast<int>(resource.columns.size());
  // Arrays first: paths that lead through them then end up in their records.
  for (size_t i = 0; i < children.size(); ++i) {
    const config::ResourceSpec& child = *children[i];
    if (!child.explode.has_value() || child.explode->resource != resource.name) {
      return Invalid(child, fmt::format("it does not explode out of `{}`", resource.name),
                     "a resource explodes out of one that has an endpoint of its own");
    }
    ARROW_ASSIGN_OR_RAISE(plan.children.emplace_back(),
                          AddChild(child, static_cast<int>(i), &root, &plan.slot_count));
  }
  for (size_t i = 0; i < resource.columns.size(); ++i) {
    ARROW_RETURN_NOT_OK(AddColumn(resource, resource.columns[i], static_cast<int>(i), &root));
  }
  for (const std::string& path : resource.endpoint.ignore_fields) {
    ARROW_RETURN_NOT_OK(CheckPath(resource, path));
    root.At(path).ignored = true;
  }
  ARROW_ASSIGN_OR_RAISE(plan.fields, ToTree(resource, std::move(root), ""));
  plan.fields.kind = FieldTree::Kind::kObject;
  return plan;
}

}  // namespace ingesta::transform
