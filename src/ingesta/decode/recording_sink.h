// For tests: a RecordSink that keeps what it is told as text. A value is written as `null`, `true`, `#12.5`
// (number), the string itself in quotes, `json:...`, or `invalid:...`.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/scalar.h"

namespace ingesta::decode {

class RecordingSink final : public RecordSink {
 public:
  struct Record {
    std::map<int, std::string> values;
    std::string_view source;
    std::vector<std::string> invalid;
  };

  void OnValue(int slot, Scalar value) override { current_.values[slot] = Text(value); }
  void OnUnknownField(std::string_view path) override { unknown.emplace_back(path); }
  void OnInvalid(std::string_view path, std::string_view reason) override {
    current_.invalid.push_back(std::string(path) + ": " + std::string(reason));
  }
  void EndRecord(std::string_view source) override {
    current_.source = source;
    records.push_back(std::move(current_));
    current_ = {};
  }
  RecordSink& Child(int child) override {
    auto& sink = children[child];
    if (sink == nullptr) sink = std::make_unique<RecordingSink>();
    return *sink;
  }

  std::vector<Record> records;
  std::vector<std::string> unknown;
  std::map<int, std::unique_ptr<RecordingSink>> children;

 private:
  static std::string Text(const Scalar& value) {
    const std::string text(value.text());
    switch (value.kind()) {
      case Scalar::Kind::kNull:
        return "null";
      case Scalar::Kind::kTrue:
        return "true";
      case Scalar::Kind::kFalse:
        return "false";
      case Scalar::Kind::kNumber:
        return "#" + text;
      case Scalar::Kind::kString:
        return '"' + text + '"';
      case Scalar::Kind::kJson:
        return "json:" + text;
      case Scalar::Kind::kInvalid:
        return "invalid:" + text;
    }
    return "?";
  }

  Record current_;
};

// Short ways to write a FieldTree.

inline FieldTree Value(std::string key, int slot) {
  FieldTree tree;
  tree.key = std::move(key);
  tree.kind = FieldTree::Kind::kValue;
  tree.slots = {slot};
  return tree;
}

inline FieldTree Join(std::string key, int slot, std::string separator) {
  FieldTree tree = Value(std::move(key), slot);
  tree.kind = FieldTree::Kind::kJoin;
  tree.separator = std::move(separator);
  return tree;
}

inline FieldTree Ignored(std::string key) {
  FieldTree tree;
  tree.key = std::move(key);
  tree.kind = FieldTree::Kind::kIgnored;
  return tree;
}

template <typename... Fields>
FieldTree Object(std::string key, Fields... fields) {
  FieldTree tree;
  tree.key = std::move(key);
  (tree.children.push_back(std::move(fields)), ...);
  return tree;
}

template <typename... Fields>
FieldTree Explode(std::string key, int child, Fields... fields) {
  FieldTree tree;
  tree.key = std::move(key);
  tree.kind = FieldTree::Kind::kExplode;
  tree.child = child;
  tree.child_fields = std::make_unique<FieldTree>(Object("", std::move(fields)...));
  return tree;
}

}  // namespace ingesta::decode
