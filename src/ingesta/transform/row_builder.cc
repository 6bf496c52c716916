// RowBuilder: gathers the scalars of one record in slots and, when the record ends, makes the rows of it: its
// own, and those of the child records, which may need values that stood behind them in the parent.
#include "ingesta/transform/row_builder.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "ingesta/transform/dataset_rows.h"
#include "ingesta/transform/field_plan.h"

namespace ingesta::transform {
namespace {

using Refusal = DatasetRows::Refusal;

/// The records of one child dataset that belong to the parent at hand. They become rows when the parent has.
class ChildRows final : public RecordSink {
 public:
  ChildRows(std::unique_ptr<DatasetRows> rows, ChildPlan plan)
      : rows_(std::move(rows)), plan_(std::move(plan)), current_(rows_->column_count()) {}

  void OnValue(int slot, Scalar value) override { current_[static_cast<size_t>(slot)] = value; }
  void OnUnknownField(std::string_view path) override { rows_->CountUnknown(path); }
  void OnInvalid(std::string_view path, std::string_view reason) override {
    if (!refusal_.has_value()) refusal_ = Refusal{std::string(path), std::string(reason)};
  }
  void EndRecord(std::string_view source) override {
    values_.insert(values_.end(), current_.begin(), current_.end());
    pending_.push_back({source, std::exchange(refusal_, std::nullopt)});
    std::fill(current_.begin(), current_.end(), Scalar{});
  }
  RecordSink& Child(int) override { return *this; }  // MakeFieldPlan gives a child no children

  /// Make rows of the pending records, now that the parent's values are known and it is row `parent`.
  void Complete(const std::vector<Scalar>& parent_values, int32_t parent) {
    const size_t width = current_.size();
    for (size_t i = 0; i < pending_.size(); ++i) {
      Scalar* values = values_.data() + i * width;
      for (size_t column = 0; column < width; ++column) {
        const int slot = plan_.parent_slots[column];
        if (slot >= 0) values[column] = parent_values[static_cast<size_t>(slot)];
      }
      const auto& refusal = pending_[i].refusal;
      rows_->Add(values, pending_[i].source, parent, refusal.has_value() ? &*refusal : nullptr);
    }
    Drop();
  }
  /// Forget the pending records.
  void Drop() {
    values_.clear();
    pending_.clear();
  }
  /// Forget the record at hand, too.
  void Discard() {
    Drop();
    refusal_.reset();
    std::fill(current_.begin(), current_.end(), Scalar{});
    rows_->Discard();
  }

  DatasetRows& rows() { return *rows_; }
  const DatasetRows& rows() const { return *rows_; }

 private:
  struct Pending {
    std::string_view source;
    std::optional<Refusal> refusal;
  };

  std::unique_ptr<DatasetRows> rows_;
  ChildPlan plan_;
  std::vector<Scalar> current_;
  std::vector<Scalar> values_;  ///< column_count() scalars a pending record
  std::vector<Pending> pending_;
  std::optional<Refusal> refusal_;
};

class TreeRowBuilder final : public RowBuilder {
 public:
  TreeRowBuilder(FieldPlan plan, std::unique_ptr<DatasetRows> rows, std::vector<ChildRows> children)
      : fields_(std::move(plan.fields)),
        slots_(static_cast<size_t>(plan.slot_count)),
        rows_(std::move(rows)),
        children_(std::move(children)) {}

  void OnValue(int slot, Scalar value) override { slots_[static_cast<size_t>(slot)] = value; }
  void OnUnknownField(std::string_view path) override { rows_->CountUnknown(path); }
  void OnInvalid(std::string_view path, std::string_view reason) override {
    if (!refusal_.has_value()) refusal_ = Refusal{std::string(path), std::string(reason)};
  }
  void EndRecord(std::string_view source) override {
    const bool added = rows_->Add(slots_.data(), source, -1, refusal_.has_value() ? &*refusal_ : nullptr);
    for (ChildRows& child : children_) {
      if (added) {
        child.Complete(slots_, static_cast<int32_t>(rows_->rows() - 1));
      } else {
        child.Drop();
      }
    }
    ForgetRecord();
  }
  RecordSink& Child(int child) override { return children_[static_cast<size_t>(child)]; }

  const FieldTree& fields() const override { return fields_; }
  std::shared_ptr<arrow::Schema> schema(int index) const override { return Dataset(index).schema(); }
  const TransformNotes& notes(int index) const override { return Dataset(index).notes(); }

  void BeginPage(int64_t page_index) override {
    rows_->BeginPage(page_index);
    for (ChildRows& child : children_) child.rows().BeginPage(page_index);
  }

  Result<std::vector<Batch>> Finish(std::shared_ptr<const std::string> source_buffer) override {
    std::vector<Batch> batches;
    ARROW_ASSIGN_OR_RAISE(batches.emplace_back(), rows_->Finish(source_buffer));
    for (ChildRows& child : children_) {
      ARROW_ASSIGN_OR_RAISE(batches.emplace_back(), child.rows().Finish(source_buffer));
    }
    return batches;
  }

  void Discard() override {
    rows_->Discard();
    for (ChildRows& child : children_) child.Discard();
    ForgetRecord();
  }

  void ResetNotes() override {
    rows_->ResetNotes();
    for (ChildRows& child : children_) child.rows().ResetNotes();
  }

 private:
  const DatasetRows& Dataset(int index) const {
    return index == 0 ? *rows_ : children_[static_cast<size_t>(index - 1)].rows();
  }
  void ForgetRecord() {
    std::fill(slots_.begin(), slots_.end(), Scalar{});
    refusal_.reset();
  }

  const FieldTree fields_;
  std::vector<Scalar> slots_;
  std::unique_ptr<DatasetRows> rows_;
  std::vector<ChildRows> children_;
  std::optional<Refusal> refusal_;
};

}  // namespace

Result<std::unique_ptr<RowBuilder>> RowBuilder::Make(
    const config::ResourceSpec& resource, const std::vector<const config::ResourceSpec*>& children) {
  ARROW_ASSIGN_OR_RAISE(FieldPlan plan, MakeFieldPlan(resource, children));
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<DatasetRows> rows, DatasetRows::Make(resource));
  std::vector<ChildRows> child_rows;
  for (size_t i = 0; i < children.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(std::unique_ptr<DatasetRows> child, DatasetRows::Make(*children[i]));
    child_rows.emplace_back(std::move(child), std::move(plan.children[i]));
  }
  return std::make_unique<TreeRowBuilder>(std::move(plan), std::move(rows), std::move(child_rows));
}

}  // namespace ingesta::transform
