// The transform stage: the values of records -> rows of the declared columns. One RowBuilder a resource tree:
// the dataset of a resource and the child datasets that explode out of it. Not thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/base/scalar.h"
#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"

namespace ingesta::transform {

/// What was noticed on the way, to be named once in the summary.
struct TransformNotes {
  std::map<std::string, int64_t> unknown_fields;   ///< dotted path -> records
  std::map<std::string, int64_t> rounded_columns;  ///< column -> values that rounding changed
};

/// 64-bit hashes of one row, for the completeness proof and for duplicates.
struct RowIdentity {
  uint64_t key = 0;      ///< of the primary key's values; a bijection for a single integer key
  uint64_t content = 0;  ///< of the record's source text
};

class RowBuilder : public RecordSink {
 public:
  /// `resource` and, in `children`, the resources that explode out of it. `ignore_fields` of the endpoint
  /// count.
  static Result<std::unique_ptr<RowBuilder>> Make(const config::ResourceSpec& resource,
                                                  const std::vector<const config::ResourceSpec*>& children);

  /// What the decoder should look for.
  virtual const FieldTree& fields() const = 0;
  /// Arrow schema of dataset `index`: 0 the resource's own, then the children in order.
  virtual std::shared_ptr<arrow::Schema> schema(int index) const = 0;
  /// Name the page that the next rows come from.
  virtual void BeginPage(int64_t page_index) = 0;
  /// Take what was built since the last call: a batch for each dataset, index 0 first. `source_buffer` is
  /// what the records' source views point into. A child of a rejected record is neither a row nor rejected:
  /// it is in the record's quarantined text.
  virtual Result<std::vector<Batch>> Finish(std::shared_ptr<const std::string> source_buffer) = 0;
  /// Drop what was built since the last Finish (the page was malformed).
  virtual void Discard() = 0;
  /// Notes of dataset `index` since the last ResetNotes.
  virtual const TransformNotes& notes(int index) const = 0;
  virtual void ResetNotes() = 0;
};

/// Key and content hashes for the rows of `batch`; `key_columns` index into the batch's schema (empty: key =
/// content). Key text of a row is KeyText's.
Result<std::vector<RowIdentity>> IdentifyRows(const Batch& batch, const std::vector<int>& key_columns);
/// RowIdentity::key of each row. REQUIRES: key columns.
Result<std::vector<uint64_t>> HashKeys(const arrow::RecordBatch& rows, const std::vector<int>& key_columns);
/// The key hash that IdentifyRows gives for key text as RejectedRow::key holds it.
uint64_t HashKeyText(const std::string& key_text, bool single_integer_key);
/// Key values of `row` as text: the value itself for a single column, else joined by U+001F.
Result<std::string> KeyText(const Batch& batch, const std::vector<int>& key_columns, int64_t row);
/// KeyText of each row of `batch` that is not dropped, in order; the first error of `visit` ends it. The text
/// lives for the call.
Status ForEachKeyText(const Batch& batch, const std::vector<int>& key_columns,
                      const std::function<Status(std::string_view text)>& visit);

}  // namespace ingesta::transform
