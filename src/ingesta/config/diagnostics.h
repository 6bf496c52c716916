// Collects the mistakes of one pipeline.yaml. Not thread-safe; lives for one parse.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/config/node.h"
#include "ingesta/config/parse.h"

namespace ingesta::config {

class Diagnostics {
 public:
  /// `override_keys`: how messages name the entries of ParseOptions::overrides.
  Diagnostics(std::string file, std::vector<std::string> override_keys)
      : file_(std::move(file)), override_keys_(std::move(override_keys)) {}

  /// Note a mistake; the same one at the same place counts once.
  void Add(const Position& at, std::string message, std::string hint = "");
  bool empty() const { return list_.empty(); }
  /// So many that no more are kept, only counted: no hint need be worked out.
  bool full() const { return list_.size() >= kMaxKept; }
  /// In the order of the file, mistakes in overrides last; at most kMaxShown and a line that counts the
  /// others.
  std::vector<Diagnostic> Sorted() const;

  static constexpr size_t kMaxShown = 100;
  static constexpr size_t kMaxKept = 1000;

 private:
  const std::string file_;
  const std::vector<std::string> override_keys_;
  std::vector<std::pair<Position, Diagnostic>> list_;
  std::set<std::tuple<int, int, int, std::string>> seen_;
  size_t not_kept_ = 0;
};

/// kInvalidConfig whose message has every diagnostic, one a line. REQUIRES: `list` is not empty.
Status InvalidConfig(const std::vector<Diagnostic>& list);

}  // namespace ingesta::config
