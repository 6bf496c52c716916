#include "ingesta/decode/field_index.h"

#include <utility>

namespace ingesta::decode {

FieldIndex::FieldIndex(const FieldTree& tree, std::string path)
    : tree_(tree),
      name_size_(tree.key.size()),
      name_(std::make_unique<char[]>(name_size_ + 8)),
      name_data_(name_.get()),
      path_(std::move(path)) {
  std::memcpy(name_.get(), tree.key.data(), name_size_);
  if (tree.kind == FieldTree::Kind::kValue && tree.slots.size() == 1) only_slot_ = tree.slots.front();
  all_slots_ = tree.slots;
  all_slots_.insert(all_slots_.end(), tree.raw_slots.begin(), tree.raw_slots.end());
  explodes_ = tree.kind == FieldTree::Kind::kExplode;
  fields_.reserve(tree.children.size());
  for (const FieldTree& field : tree.children) {
    fields_.emplace_back(field, path_.empty() ? field.key : path_ + "." + field.key);
    const std::vector<int>& below = fields_.back().all_slots_;
    all_slots_.insert(all_slots_.end(), below.begin(), below.end());
    explodes_ = explodes_ || fields_.back().explodes_;
  }
  // The declared order is the first guess.
  for (size_t i = 0; i < fields_.size(); ++i) {
    (i == 0 ? first_ : fields_[i - 1].follower_) = &fields_[i];
  }
  if (tree.child_fields != nullptr) child_ = std::make_unique<FieldIndex>(*tree.child_fields);
}

FieldIndex* FieldIndex::Search(std::string_view key, FieldIndex** previous) {
  for (FieldIndex& field : fields_) {
    if (std::string_view(field.name_data_, field.name_size_) != key) continue;
    (*previous != nullptr ? (*previous)->follower_ : first_) = &field;
    *previous = &field;
    return &field;
  }
  return nullptr;
}

}  // namespace ingesta::decode
