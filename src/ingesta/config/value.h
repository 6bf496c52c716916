// The checked pipeline: a tree of values by key, defaults filled in, each with its place. Made by checker.h,
// read by the binder and the cross checks. Refers to the Schema and the Node tree it was made from, which
// must outlive it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/config/node.h"
#include "ingesta/config/schema.h"

namespace ingesta::config {

struct Value {
  const Schema* schema = nullptr;
  const Node* node = nullptr;  ///< nullptr: the default
  Position at;
  bool ok = false;        ///< the scalar below is good
  OptionValue scalar;     ///< of scalars, and of kStringList
  std::vector<int> ints;  ///< of kIntList
  std::string kind;       ///< of kComponent
  std::map<std::string, Value, std::less<>>
      fields;                ///< of kMap and kComponent: what is given or has a default
  std::vector<Value> items;  ///< of kList

  bool given() const { return node != nullptr; }
  /// The field, or nullptr where it is absent or was refused.
  const Value* Find(std::string_view key) const {
    const auto found = fields.find(key);
    return found == fields.end() ? nullptr : &found->second;
  }
  /// The field's scalar, or `fallback` where it has none.
  template <typename T>
  T Get(std::string_view key, T fallback = T()) const {
    const Value* field = Find(key);
    return field != nullptr && field->ok ? std::get<T>(field->scalar) : fallback;
  }
  std::string Text(std::string_view key) const { return Get<std::string>(key); }
  int64_t Int(std::string_view key) const { return Get<int64_t>(key); }
  std::vector<std::string> Texts(std::string_view key) const { return Get<std::vector<std::string>>(key); }
};

}  // namespace ingesta::config
