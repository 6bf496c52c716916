// A FieldTree made ready for walking records: keys padded for quick comparison, and for each key the one that
// followed it last time, since a service writes the keys of all its records in one order. Not thread-safe;
// lives for one page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/scalar.h"
#include "ingesta/decode/json_text.h"

namespace ingesta::decode {

class FieldIndex {
 public:
  /// `tree` outlives the index. `path` is the dotted path of the tree's root in its record; "" for a record.
  explicit FieldIndex(const FieldTree& tree, std::string path = "");

  /// The field named `key` (its raw text), or nullptr. `previous` is the field that came before it in this
  /// object, nullptr at first; moves on to the found one. REQUIRES: 8 readable bytes behind `key`.
  FieldIndex* Find(std::string_view key, FieldIndex** previous) {
    FieldIndex* guess = *previous != nullptr ? (*previous)->follower_ : first_;
    if (guess != nullptr && guess->name_size_ == key.size() &&
        EqualPadded(guess->name_data_, key.data(), key.size())) {
      *previous = guess;
      return guess;
    }
    return Search(key, previous);
  }

  const FieldTree& tree() const { return tree_; }
  const std::string& path() const { return path_; }
  /// Every slot at or below this field, raw ones included.
  const std::vector<int>& all_slots() const { return all_slots_; }
  /// The slot of a kValue field that has just one, else -1.
  int only_slot() const { return only_slot_; }
  /// Whether this field or one below it is a kExplode.
  bool explodes() const { return explodes_; }
  /// Of kExplode: the fields of a child record.
  FieldIndex& child() { return *child_; }
  /// Note that record number `record` has this field; true where it had it already.
  bool MarkSeen(int64_t record) {
    const bool again = seen_in_ == record;
    seen_in_ = record;
    return again;
  }

 private:
  FieldIndex* Search(std::string_view key, FieldIndex** previous);

  const FieldTree& tree_;
  size_t name_size_;
  std::unique_ptr<char[]> name_;  ///< padded, without its quotes
  const char* name_data_;
  int only_slot_ = -1;
  FieldIndex* follower_ = nullptr;  ///< the field that came after this one last time
  FieldIndex* first_ = nullptr;     ///< the field below that came first
  std::vector<FieldIndex> fields_;
  std::string path_;
  std::unique_ptr<FieldIndex> child_;
  std::vector<int> all_slots_;
  bool explodes_ = false;
  int64_t seen_in_ = -1;
};

}  // namespace ingesta::decode
