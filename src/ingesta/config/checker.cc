#include "ingesta/config/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "ingesta/config/nearest.h"
#include "ingesta/config/scalar.h"

namespace ingesta::config {
namespace {

/// Whether what is called so is likely to be a secret.
bool IsSecretName(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kParts = {
      "authorization", "token",  "secret",     "password",  "passwd",    "apikey",
      "accesskey",     "cookie", "credential", "signature", "privatekey"};
  std::string folded;
  for (const char c : name) {
    if (c != '-' && c != '_') folded += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return folded.find(part) != std::string::npos; });
}

Value DefaultOf(const Schema& schema, const Position& at) {
  Value value;
  value.schema = &schema;
  value.at = at;
  value.ok = true;
  value.scalar = *schema.default_value;
  return value;
}

std::string NotSupported(std::string_view what) {
  return fmt::format("{}: not supported by this version", ShowText(what));
}

}  // namespace

Value Checker::Check(Node& node, const Schema& schema, bool partial) {
  Value value;
  value.schema = &schema;
  value.node = &node;
  value.at = node.at;
  if (node.broken) return value;
  switch (schema.type) {
    case SchemaType::kMap:
      CheckMap(node, schema, partial, value);
      break;
    case SchemaType::kComponent:
      CheckComponent(node, schema, partial, value);
      break;
    case SchemaType::kList:
      CheckList(node, schema, partial, value);
      break;
    case SchemaType::kStringList:
    case SchemaType::kIntList:
      CheckScalars(node, schema, value);
      break;
    case SchemaType::kTextMap:
    case SchemaType::kParams:
      CheckTextMap(node, schema);
      break;
    case SchemaType::kJson:
      if (node.is_map() || node.is_list()) {
        CheckJson(node, "");
      } else {
        WrongType(node, schema);
      }
      break;
    default:
      CheckScalar(node, schema, value);
      break;
  }
  return value;
}

void Checker::WrongType(const Node& node, const Schema& schema) {
  std::string hint;
  if (schema.type == SchemaType::kList) hint = "put `- ` before each element, or write [a, b]";
  diagnostics_.Add(node.at, fmt::format("expected {}, but {} came", ExpectedText(schema), ShowNode(node)),
                   hint);
}

void Checker::CheckMap(Node& node, const Schema& schema, bool partial, Value& value) {
  if (!node.is_map()) {
    WrongType(node, schema);
    return;
  }
  CheckFields(node, schema, partial, /*component=*/false, value);
}

void Checker::CheckFields(Node& node, const Schema& schema, bool partial, bool component, Value& value) {
  for (NodeEntry& entry : node.entries) {
    if (component && entry.key == "type") continue;
    const Schema* child = schema.Child(entry.key);
    if (child == nullptr && diagnostics_.full()) {
      diagnostics_.Add(entry.key_at, "unknown key");
    } else if (child == nullptr) {
      std::vector<std::string> keys = schema.Keys();
      if (component) keys.insert(keys.begin(), "type");
      diagnostics_.Add(entry.key_at, fmt::format("unknown key {}", ShowText(entry.key)),
                       SuggestFrom(entry.key, "valid keys", keys));
    } else if (child->type == SchemaType::kLater) {
      diagnostics_.Add(entry.key_at, NotSupported(entry.key));
    } else {
      value.fields.emplace(entry.key, Check(entry.value, *child, partial));
    }
  }
  if (partial) return;
  for (const Schema& child : schema.children) {
    if (child.required && node.Find(child.key) == nullptr) {
      diagnostics_.Add(node.at, fmt::format("the key `{}` is missing", child.key), child.summary);
    }
  }
  FillDefaults(schema, value);
}

void Checker::FillDefaults(const Schema& schema, Value& value) {
  for (const Schema& child : schema.children) {
    if (value.fields.count(child.key) != 0) continue;
    if (child.default_value.has_value()) {
      value.fields.emplace(child.key, DefaultOf(child, value.at));
    } else if (child.type == SchemaType::kMap && !child.required &&
               std::none_of(child.children.begin(), child.children.end(),
                            [](const Schema& key) { return key.required; })) {
      // Nothing in it must be given, so the map may be absent and still has its defaults.
      Value absent;
      absent.schema = &child;
      absent.at = value.at;
      FillDefaults(child, absent);
      value.fields.emplace(child.key, std::move(absent));
    } else if (const Schema* kind = child.Child(child.default_kind);
               child.type == SchemaType::kComponent && kind != nullptr) {
      Value component;
      component.schema = &child;
      component.at = value.at;
      component.kind = kind->key;
      FillDefaults(*kind, component);
      value.fields.emplace(child.key, std::move(component));
    }
  }
}

void Checker::CheckComponent(Node& node, const Schema& schema, bool partial, Value& value) {
  if (!node.is_map() && !node.is_scalar()) {
    WrongType(node, schema);
    return;
  }
  const Node* type = node.is_scalar() ? &node : node.Find("type");
  if (type == nullptr) {
    if (!partial) {
      diagnostics_.Add(node.at, "the key `type` is missing", SuggestFrom("", "types", schema.Keys()));
    }
    return;
  }
  if (type->broken) return;
  if (!type->is_scalar()) {
    diagnostics_.Add(type->at, fmt::format("expected a type's name, but {} came", ShowNode(*type)),
                     SuggestFrom("", "types", schema.Keys()));
    return;
  }
  const Schema* kind = schema.Child(type->text);
  if (kind == nullptr) {
    const bool later = std::find(schema.later.begin(), schema.later.end(), type->text) != schema.later.end();
    diagnostics_.Add(type->at,
                     later ? NotSupported(type->text) : fmt::format("{} is no known type", ShowNode(*type)),
                     SuggestFrom(later || !type->raw.empty() ? "" : type->text, "types", schema.Keys()));
    return;
  }
  value.kind = kind->key;
  value.ok = true;
  if (node.is_map()) {
    CheckFields(node, *kind, partial, /*component=*/true, value);
  } else if (!partial) {
    for (const Schema& option : kind->children) {
      if (option.required) {
        diagnostics_.Add(node.at, fmt::format("{} needs the key `{}`", ShowNode(node), option.key),
                         fmt::format("write it as a map with `type: {}` and `{}`: {}", kind->key, option.key,
                                     option.summary));
      }
    }
    FillDefaults(*kind, value);
  }
}

void Checker::CheckList(Node& node, const Schema& schema, bool partial, Value& value) {
  if (!node.is_list()) {
    WrongType(node, schema);
    return;
  }
  if (schema.required && !partial && node.items.empty()) {
    diagnostics_.Add(node.at, fmt::format("`{}` is empty: at least one is needed", schema.key));
  }
  if (schema.max && node.items.size() > static_cast<size_t>(*schema.max)) {
    diagnostics_.Add(
        node.at, fmt::format("`{}` has {} elements: at most {}", schema.key, node.items.size(), *schema.max));
    return;
  }
  // A list replaces another whole, so its elements are complete wherever they stand.
  for (Node& item : node.items) value.items.push_back(Check(item, schema.children.front()));
  value.ok = true;
}

void Checker::CheckScalars(Node& node, const Schema& schema, Value& value) {
  std::vector<std::string> texts;
  bool good = true;
  const auto take = [&](Node& item) {
    Complaint complaint;
    if (item.broken) {
      good = false;
    } else if (!item.is_scalar()) {
      WrongType(item, schema);
      good = false;
    } else if (const auto scalar = ReadScalar(item, schema, &complaint)) {
      if (const auto* number = std::get_if<int64_t>(&*scalar)) {
        value.ints.push_back(static_cast<int>(*number));
      } else {
        texts.push_back(item.text);
      }
      KeepSecret(item, false);
    } else {
      diagnostics_.Add(item.at, complaint.message, complaint.hint);
      good = false;
    }
  };
  if (node.is_list()) {
    for (Node& item : node.items) take(item);
  } else {
    take(node);
  }
  value.ok = good;
  value.scalar = std::move(texts);
}

void Checker::CheckTextMap(Node& node, const Schema& schema) {
  if (!node.is_map()) {
    WrongType(node, schema);
    return;
  }
  for (NodeEntry& entry : node.entries) CheckTextEntry(entry, schema);
}

void Checker::CheckTextEntry(NodeEntry& entry, const Schema& schema) {
  const bool lists = schema.type == SchemaType::kParams;
  const bool secret = schema.secret_names && IsSecretName(entry.key);
  if (entry.key.empty()) diagnostics_.Add(entry.key_at, "the name is empty");
  const auto take = [&](Node& item, bool list_allowed) {
    if (!item.is_scalar()) {
      diagnostics_.Add(item.at,
                       fmt::format("expected {}, but {} came",
                                   list_allowed ? "a value or a list of values" : "a text", ShowNode(item)));
      return;
    }
    // A parameter's literal value may be any common word; a header of such a name is a secret as it stands.
    KeepSecret(item, secret && (!lists || !item.substituted.empty()));
    // `Bearer abc`: the part that counts may turn up without its scheme.
    const size_t space = item.text.find(' ');
    if (secret && !lists && space != std::string::npos && space + 1 < item.text.size()) {
      secrets_.insert(item.text.substr(space + 1));
    }
  };
  if (!lists || !entry.value.is_list()) {
    take(entry.value, lists);
    return;
  }
  if (entry.value.items.empty()) {
    diagnostics_.Add(entry.value.at, fmt::format("the list of {} is empty", ShowText(entry.key)),
                     "name at least one value, or remove the parameter");
  }
  for (Node& item : entry.value.items) take(item, false);
}

void Checker::CheckJson(Node& node, std::string_view name) {
  for (Node& item : node.items) CheckJson(item, name);
  for (NodeEntry& entry : node.entries) CheckJson(entry.value, entry.key);
  if (node.is_scalar()) KeepSecret(node, IsSecretName(name) && !node.substituted.empty());
}

void Checker::CheckScalar(Node& node, const Schema& schema, Value& value) {
  if (schema.type == SchemaType::kEnum && node.is_map() && !schema.later.empty()) {
    diagnostics_.Add(node.at, "a map here: not supported by this version",
                     SuggestFrom("", "valid values", schema.choices));
    return;
  }
  if (!node.is_scalar()) {
    WrongType(node, schema);
    return;
  }
  Complaint complaint;
  const auto scalar = ReadScalar(node, schema, &complaint);
  if (!scalar) {
    diagnostics_.Add(node.at, complaint.message, complaint.hint);
    return;
  }
  value.scalar = *scalar;
  value.ok = true;
  const bool secret = schema.type == SchemaType::kSecret;
  if (secret && node.text.empty())
    diagnostics_.Add(node.at, fmt::format("the secret `{}` is empty", schema.key));
  KeepSecret(node, secret);
}

void Checker::KeepSecret(Node& node, bool whole) {
  std::vector<std::string> texts = node.secret_parts;
  if (whole) {
    texts.push_back(node.text);
    texts.insert(texts.end(), node.substituted.begin(), node.substituted.end());
  }
  node.secret = whole || !node.secret_parts.empty();
  for (std::string& text : texts) {
    if (!text.empty()) secrets_.insert(std::move(text));
  }
}

}  // namespace ingesta::config
