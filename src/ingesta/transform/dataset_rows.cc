#include "ingesta/transform/dataset_rows.h"

#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

namespace ingesta::transform {
namespace {

/// A service that uses ids as keys must not fill the memory with "unknown fields".
constexpr size_t kMaxUnknownPaths = 200;
constexpr std::string_view kOtherPaths = "(more)";

}  // namespace

Result<std::unique_ptr<DatasetRows>> DatasetRows::Make(const config::ResourceSpec& resource) {
  const auto invalid = [&](std::string what, std::string hint) {
    return MakeError({.code = ErrorCode::kInvalidConfig, .stage = Stage::kTransform, .hint = std::move(hint)},
                     fmt::format("resource `{}`: {}", resource.name, what));
  };
  if (resource.columns.empty()) return invalid("it has no columns", "list them below `columns`");
  std::unique_ptr<DatasetRows> rows(new DatasetRows);
  rows->name_ = resource.name;
  rows->is_child_ = resource.explode.has_value();
  arrow::FieldVector fields;
  for (const config::ColumnSpec& spec : resource.columns) {
    ARROW_ASSIGN_OR_RAISE(Column column, Column::Make(spec));
    fields.push_back(column.field());
    rows->columns_.push_back(std::move(column));
  }
  for (const std::string& key : resource.primary_key) {
    const auto found = std::find_if(resource.columns.begin(), resource.columns.end(),
                                    [&](const auto& spec) { return spec.name == key; });
    if (found == resource.columns.end()) {
      return invalid(fmt::format("primary_key names `{}`, which is no column", key),
                     "name columns of the resource");
    }
    rows->key_columns_.push_back(static_cast<int>(found - resource.columns.begin()));
  }
  rows->schema_ = arrow::schema(std::move(fields));
  rows->rounded_.resize(rows->columns_.size());
  return rows;
}

bool DatasetRows::Add(const Scalar* values, std::string_view source, int32_t parent, const Refusal* refusal) {
  if (refusal != nullptr) {
    Reject(values, source, refusal->column, refusal->reason);
    return false;
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].Convert(values[i])) [[unlikely]] {
      Reject(values, source, columns_[i].name(), columns_[i].Reason(values[i]));
      return false;
    }
  }
  if (rows_ == capacity_ && !Grow()) return false;
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].Append();
    if (columns_[i].value().rounded) ++rounded_[i];
  }
  ++rows_;
  sources_.push_back(source);
  if (is_child_) parents_.push_back(parent);
  return true;
}

bool DatasetRows::Grow() {
  if (!failure_.ok()) return false;
  // The pages of a scan are alike: the last one's size is the first guess.
  const int64_t more = capacity_ == 0 ? expected_rows_ : capacity_;
  for (Column& column : columns_) {
    failure_ = column.Reserve(more);
    if (!failure_.ok()) return false;
  }
  capacity_ += more;
  sources_.reserve(static_cast<size_t>(capacity_));
  return true;
}

void DatasetRows::Reject(const Scalar* values, std::string_view source, std::string column,
                         std::string reason) {
  rejected_.push_back(
      {name_, page_index_, std::move(column), std::move(reason), std::string(source), KeyOf(values)});
}

std::string DatasetRows::KeyOf(const Scalar* values) {
  std::string text;
  for (size_t i = 0; i < key_columns_.size(); ++i) {
    const auto index = static_cast<size_t>(key_columns_[i]);
    Column& column = columns_[index];
    if (!column.Convert(values[index]) || column.value().is_null) return "";
    if (i > 0) text += '\x1f';
    AppendKeyText(column.spec().type.kind, column.spec().type.scale, column.value(), &text);
  }
  return text;
}

void DatasetRows::CountUnknown(std::string_view path) {
  // Unknown fields come in the same order in every record.
  if (unknown_guess_ >= unknown_.size()) unknown_guess_ = 0;
  if (unknown_.empty() || unknown_[unknown_guess_].first != path) {
    auto found = std::find_if(unknown_.begin(), unknown_.end(),
                              [&](const auto& known) { return known.first == path; });
    if (found == unknown_.end()) {
      if (unknown_.size() >= kMaxUnknownPaths) {
        path = kOtherPaths;
        found = std::find_if(unknown_.begin(), unknown_.end(),
                             [&](const auto& known) { return known.first == path; });
      }
      if (found == unknown_.end()) found = unknown_.insert(unknown_.end(), {std::string(path), 0});
    }
    unknown_guess_ = static_cast<size_t>(found - unknown_.begin());
  }
  ++unknown_[unknown_guess_++].second;
}

Result<Batch> DatasetRows::Finish(std::shared_ptr<const std::string> source_buffer) {
  arrow::ArrayVector arrays;
  arrays.reserve(columns_.size());
  Status failure = failure_;
  for (size_t i = 0; i < columns_.size() && failure.ok(); ++i) {
    Result<std::shared_ptr<arrow::Array>> array = columns_[i].Finish();
    failure = array.status();
    if (failure.ok()) arrays.push_back(std::move(array).ValueUnsafe());
  }
  if (!failure.ok()) {
    failure = WithPrefix(failure, fmt::format("dataset `{}`, page {}", name_, page_index_));
    Discard();
    return failure;
  }
  Batch batch;
  batch.rows = arrow::RecordBatch::Make(schema_, rows_, std::move(arrays));
  batch.sources = std::move(sources_);
  batch.source_buffer = std::move(source_buffer);
  batch.parents = std::move(parents_);
  batch.rejected = std::move(rejected_);
  if (rows_ > 0) expected_rows_ = rows_;
  MergeNotes();
  ForgetPage();
  return batch;
}

void DatasetRows::MergeNotes() {
  for (const auto& [path, count] : unknown_) {
    const bool full =
        notes_.unknown_fields.size() >= kMaxUnknownPaths && notes_.unknown_fields.count(path) == 0;
    notes_.unknown_fields[full ? std::string(kOtherPaths) : path] += count;
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (rounded_[i] > 0) notes_.rounded_columns[columns_[i].name()] += rounded_[i];
  }
}

void DatasetRows::Discard() {
  for (Column& column : columns_) column.Reset();
  ForgetPage();
}

void DatasetRows::ForgetPage() {
  rows_ = 0;
  capacity_ = 0;
  sources_.clear();
  parents_.clear();
  rejected_.clear();
  failure_ = Status::OK();
  unknown_.clear();
  unknown_guess_ = 0;
  std::fill(rounded_.begin(), rounded_.end(), 0);
}

}  // namespace ingesta::transform
