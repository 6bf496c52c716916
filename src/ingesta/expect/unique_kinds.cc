// Whether no value, and no combination of values, occurs twice. All rows of a value that does break the rule,
// so rows are judged when all have passed.
#include <arrow/type.h>
#include <xxhash.h>

#include <memory>

#include "ingesta/expect/families.h"
#include "ingesta/expect/map_check.h"
#include "ingesta/expect/spill_sorter.h"
#include "ingesta/expect/value_key.h"

namespace ingesta::expect {
namespace {

class UniqueRule final : public RowRule {
 public:
  UniqueRule(std::vector<int> columns, bool narrow, MemoryBudget& memory)
      : columns_(std::move(columns)), narrow_(memory), wide_(memory), is_narrow_(narrow) {}

  bool NeedsWholeColumn() const override { return true; }

  Status Observe(const BatchView& batch, const RowSet& rows) override {
    ReadKeys(batch);
    for (int64_t i = 0; i < batch.rows(); ++i) {
      if (!rows.Has(i)) continue;
      const ValueKey key = keys_[static_cast<size_t>(i)];
      const auto row = static_cast<uint64_t>(batch.first_row() + i);
      if (is_narrow_) {
        narrow_.Add({key.high, row});
      } else {
        wide_.Add({key.high, key.low, row});
      }
    }
    return Status::OK();
  }

  Result<bool> EndObserve() override {
    RETURN_NOT_OK(is_narrow_ ? FindRepeats(narrow_) : FindRepeats(wide_));
    return !repeated_.empty();
  }

  Status Judge(const BatchView& batch, const RowSet& rows, uint8_t* failed) override {
    for (int64_t i = 0; i < batch.rows(); ++i) {
      const auto row = static_cast<size_t>(batch.first_row() + i);
      failed[i] = row < repeated_.size() && repeated_[row] && rows.Has(i) ? 1 : 0;
    }
    return Status::OK();
  }

 private:
  void ReadKeys(const BatchView& batch) {
    if (columns_.size() == 1) return ColumnKeys(batch.column(columns_.front()), keys_);
    keys_.assign(static_cast<size_t>(batch.rows()), ValueKey{});
    for (const int index : columns_) {
      const ColumnView& column = batch.column(index);
      ColumnKeys(column, part_);
      for (size_t i = 0; i < keys_.size(); ++i) {
        const bool present = column.IsPresent(static_cast<int64_t>(i));
        // Missing values are equal to each other here, and to nothing else.
        const uint64_t parts[5] = {keys_[i].high, keys_[i].low, present ? part_[i].high : 0,
                                   present ? part_[i].low : 0, present ? 1U : 0U};
        const XXH128_hash_t hash = XXH3_128bits(parts, sizeof parts);
        keys_[i] = {hash.high64, hash.low64};
      }
    }
  }

  template <typename Entry>
  Status FindRepeats(SpillSorter<Entry>& sorter) {
    Entry before;
    bool first = true;
    return sorter.ForEach([&](const Entry& entry) {
      if (!first && entry.SameKey(before)) {
        Mark(before.row);
        Mark(entry.row);
      }
      first = false;
      before = entry;
      return true;
    });
  }
  void Mark(uint64_t row) {
    if (row >= repeated_.size()) repeated_.resize(row + 1);
    repeated_[row] = true;
  }

  const std::vector<int> columns_;
  SpillSorter<NarrowEntry> narrow_;
  SpillSorter<WideEntry> wide_;
  const bool is_narrow_;
  std::vector<bool> repeated_;  ///< by row; as long as the last repeated row
  std::vector<ValueKey> keys_;
  std::vector<ValueKey> part_;
};

Status CheckKinds(const CheckContext& context, const std::vector<int>& columns) {
  for (const int column : columns) {
    const arrow::DataType& type = *context.schema.field(column)->type();
    if (KindOf(type) == ValueKind::kOther)
      return BadExpectation("columns of type " + type.ToString() + " are not checked");
  }
  return Status::OK();
}

Result<std::unique_ptr<Check>> MakeColumn(const CheckContext& context) {
  ARROW_ASSIGN_OR_RAISE(const int column, context.ColumnIndex());
  RETURN_NOT_OK(CheckKinds(context, {column}));
  const bool narrow = IsNarrow(*context.schema.field(column)->type());
  return MakeColumnMapCheck(context,
                            std::make_unique<UniqueRule>(std::vector<int>{column}, narrow, context.memory));
}

Result<std::unique_ptr<Check>> MakeCompound(const CheckContext& context) {
  MapDomain domain;
  domain.shape = MapDomain::Shape::kRecord;
  ARROW_ASSIGN_OR_RAISE(domain.columns, context.ColumnIndexes("column_list"));
  RETURN_NOT_OK(CheckKinds(context, domain.columns));
  ARROW_ASSIGN_OR_RAISE(domain.missing, ReadIgnoreRowIf(context));
  auto rule = std::make_unique<UniqueRule>(domain.columns, false, context.memory);
  return MakeMapCheck(context, std::move(domain), std::move(rule));
}

}  // namespace

std::vector<ExpectationKind> UniqueKinds() {
  return {{.type = "expect_column_values_to_be_unique",
           .summary = "No value occurs twice",
           .summary_es = "Ningún valor se repite",
           .make = MakeColumn},
          {.type = "expect_compound_columns_to_be_unique",
           .summary = "No combination of the columns' values occurs twice",
           .summary_es = "Ninguna combinación de los valores de las columnas se repite",
           .domain = Domain::kColumnSet,
           .make = MakeCompound}};
}

}  // namespace ingesta::expect
