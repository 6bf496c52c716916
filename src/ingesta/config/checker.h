// Holds the Node tree against the Schema: unknown keys, wrong types, missing keys, values out of range. Notes
// every mistake and goes on. Pure but for Node::secret, which it sets.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ingesta/config/diagnostics.h"
#include "ingesta/config/value.h"

namespace ingesta::config {

class Checker {
 public:
  explicit Checker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// The values of `node`. What is wrong is left out of them. `partial`: nothing is required and no default
  /// filled in.
  Value Check(Node& node, const Schema& schema, bool partial = false);
  /// Texts that must not be shown, as met so far; never empty ones.
  std::vector<std::string> secrets() const { return {secrets_.begin(), secrets_.end()}; }

 private:
  void CheckMap(Node& node, const Schema& schema, bool partial, Value& value);
  void CheckFields(Node& node, const Schema& schema, bool partial, bool component, Value& value);
  void CheckComponent(Node& node, const Schema& schema, bool partial, Value& value);
  void CheckList(Node& node, const Schema& schema, bool partial, Value& value);
  void CheckScalars(Node& node, const Schema& schema, Value& value);
  void CheckTextMap(Node& node, const Schema& schema);
  void CheckTextEntry(NodeEntry& entry, const Schema& schema);
  void CheckJson(Node& node, std::string_view name);
  void CheckScalar(Node& node, const Schema& schema, Value& value);
  void FillDefaults(const Schema& schema, Value& value);
  void WrongType(const Node& node, const Schema& schema);
  void KeepSecret(Node& node, bool whole);

  Diagnostics& diagnostics_;
  std::set<std::string> secrets_;
};

}  // namespace ingesta::config
