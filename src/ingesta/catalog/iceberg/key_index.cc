#include "ingesta/catalog/iceberg/key_index.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

bool Within(const KeyValues& values, size_t i, const KeyBounds& bounds) {
  return (!bounds.lower || values.CompareWith(i, *bounds.lower) >= 0) &&
         (!bounds.upper || values.CompareWith(i, *bounds.upper) <= 0);
}

}  // namespace

Result<KeyIndex> KeyIndex::Make(std::vector<Field> key_fields) {
  if (key_fields.empty()) return Unsupported("a merge needs a key", "name the columns that identify a row");
  KeyIndex index(std::move(key_fields));
  for (const Field& field : index.fields_) {
    ARROW_ASSIGN_OR_RAISE(KeyValues values, KeyValues::Make(field));
    index.columns_.push_back(std::move(values));
  }
  return index;
}

std::string KeyIndex::KeyText(size_t i) const {
  std::string text;
  for (size_t c = 0; c < columns_.size(); ++c) {
    text += fmt::format("{}{} = {}", c == 0 ? "" : ", ", fields_[c].name, columns_[c].ToText(i));
  }
  return text;
}

Status KeyIndex::Add(const arrow::RecordBatch& keys, const char* what) {
  for (int c = 0; c < keys.num_columns(); ++c) {
    const arrow::Array& column = *keys.column(c);
    for (int64_t row = 0; column.null_count() > 0 && row < column.length(); ++row) {
      if (column.IsValid(row)) continue;
      return Unsupported(
          fmt::format("{} {} has no key: its '{}' is null", what, size() + static_cast<size_t>(row) + 1,
                      fields_[static_cast<size_t>(c)].name),
          "rows are merged by their key: mend the source, or choose other key columns");
    }
  }
  if (size() + static_cast<size_t>(keys.num_rows()) >= kNone) return Unsupported("too many keys to merge");
  for (size_t c = 0; c < columns_.size(); ++c) columns_[c].Append(*keys.column(static_cast<int>(c)));
  return Status::OK();
}

Status KeyIndex::AddRows(const arrow::RecordBatch& keys) {
  RETURN_NOT_OK(Add(keys, "row"));
  rows_ = static_cast<uint32_t>(size());
  return Status::OK();
}

Status KeyIndex::AddDeletes(const arrow::RecordBatch& keys) {
  return Add(keys, "key to delete, entry");
}

std::vector<uint64_t> KeyIndex::Hashes(const std::vector<KeyValues>& columns) {
  std::vector<uint64_t> hashes(columns[0].size());
  for (const KeyValues& column : columns) column.AddTo(hashes);
  return hashes;
}

bool KeyIndex::SameKey(size_t i, const std::vector<KeyValues>& others, size_t j) const {
  for (size_t c = 0; c < columns_.size(); ++c) {
    if (!columns_[c].Same(i, others[c], j)) return false;
  }
  return true;
}

Status KeyIndex::Seal(bool last_wins) {
  slots_.assign(std::bit_ceil(std::max<size_t>(size(), 4) * 2), kNone);
  const size_t mask = slots_.size() - 1;
  const std::vector<uint64_t> hashes = Hashes(columns_);
  for (uint32_t i = 0; i < size(); ++i) {
    size_t slot = hashes[i] & mask;
    while (slots_[slot] != kNone && !SameKey(slots_[slot], columns_, i)) slot = (slot + 1) & mask;
    if (slots_[slot] == kNone) {
      slots_[slot] = i;
      continue;
    }
    if (slots_[slot] >= rows_) continue;  // to delete twice is to delete
    if (i >= rows_) {
      return Unsupported(fmt::format("the key {} comes with a new row and is to be deleted", KeyText(i)),
                         "a merge takes the last state of each key");
    }
    if (last_wins) {
      superseded_.push_back(std::exchange(slots_[slot], i));
      continue;
    }
    return Unsupported(
        fmt::format("the key {} comes twice, in the rows {} and {}", KeyText(i), slots_[slot] + 1, i + 1),
        "a merge takes each key once: choose key columns that identify a row, or drop what is double");
  }
  sorted_.resize(size());
  std::iota(sorted_.begin(), sorted_.end(), 0);
  std::sort(sorted_.begin(), sorted_.end(),
            [this](uint32_t left, uint32_t right) { return columns_[0].Less(left, right); });
  return Status::OK();
}

std::vector<uint32_t> KeyIndex::Find(const arrow::RecordBatch& keys) const {
  std::vector<KeyValues> wanted;
  for (size_t c = 0; c < columns_.size(); ++c) {
    wanted.push_back(columns_[c].EmptyLike());
    wanted[c].Append(*keys.column(static_cast<int>(c)));
  }
  const std::vector<uint64_t> hashes = Hashes(wanted);
  const size_t mask = slots_.size() - 1;
  std::vector<uint32_t> found(hashes.size(), kNone);
  for (size_t i = 0; i < hashes.size(); ++i) {
    size_t slot = hashes[i] & mask;
    while (slots_[slot] != kNone && !SameKey(slots_[slot], wanted, i)) slot = (slot + 1) & mask;
    found[i] = slots_[slot];
  }
  for (int c = 0; c < keys.num_columns(); ++c) {
    const arrow::Array& column = *keys.column(c);
    for (int64_t row = 0; column.null_count() > 0 && row < column.length(); ++row) {
      if (column.IsNull(row)) found[static_cast<size_t>(row)] = kNone;
    }
  }
  return found;
}

bool KeyIndex::MayBeIn(const std::vector<KeyBounds>& bounds) const {
  constexpr int kMostTries = 10'000;  // a file more is read rather than to look longer
  for (const KeyBounds& column : bounds) {
    if (column.only_nulls) return false;
  }
  auto at = sorted_.begin();
  if (bounds[0].lower) {
    at = std::partition_point(sorted_.begin(), sorted_.end(),
                              [&](uint32_t i) { return columns_[0].CompareWith(i, *bounds[0].lower) < 0; });
  }
  for (int tries = 0; at != sorted_.end(); ++at, ++tries) {
    if (bounds[0].upper && columns_[0].CompareWith(*at, *bounds[0].upper) > 0) return false;
    bool within = true;
    for (size_t c = 1; within && c < columns_.size(); ++c) within = Within(columns_[c], *at, bounds[c]);
    if (within || tries == kMostTries) return true;
  }
  return false;
}

}  // namespace ingesta::iceberg
