#include "ingesta/expect/distinct.h"

#include <arrow/type.h>

#include <optional>

namespace ingesta::expect {
namespace {

ValueKey KeyOf(const NarrowEntry& entry) {
  return {entry.key, 0};
}
ValueKey KeyOf(const WideEntry& entry) {
  return {entry.high, entry.low};
}

template <typename Entry>
Status Groups(SpillSorter<Entry>& sorter, const std::function<bool(const KeyGroup&)>& visit) {
  std::optional<KeyGroup> group;
  bool more = true;
  RETURN_NOT_OK(sorter.ForEach([&](const Entry& entry) {
    const ValueKey key = KeyOf(entry);
    if (group && group->key == key) {
      ++group->count;
      return true;
    }
    if (group) more = visit(*group);
    group = KeyGroup{key, 1, static_cast<int64_t>(entry.row)};
    return more;
  }));
  if (group && more) visit(*group);
  return Status::OK();
}

}  // namespace

DistinctKeys::DistinctKeys(int column, const arrow::DataType& type, MemoryBudget& memory)
    : column_(column), is_narrow_(IsNarrow(type)), narrow_(memory), wide_(memory) {}

void DistinctKeys::Add(ValueKey key, int64_t row) {
  if (is_narrow_) {
    narrow_.Add({key.high, static_cast<uint64_t>(row)});
  } else {
    wide_.Add({key.high, key.low, static_cast<uint64_t>(row)});
  }
}

void DistinctKeys::Add(const BatchView& batch, const RowSet& rows) {
  ColumnKeys(batch.column(column_), keys_);
  for (int64_t i = 0; i < batch.rows(); ++i) {
    if (rows.Has(i)) Add(keys_[static_cast<size_t>(i)], batch.first_row() + i);
  }
}

Status DistinctKeys::ForEachGroup(const std::function<bool(const KeyGroup&)>& visit) {
  return is_narrow_ ? Groups(narrow_, visit) : Groups(wide_, visit);
}

}  // namespace ingesta::expect
