// Cuts the records out of a JSON document that arrives in pieces, and hands them on in slices
// `[record,record,...]`. Memory: one slice and one record, whatever the document's size. The slices depend on
// the document alone, never on where its pieces end. Not thread-safe. Used by unpaged_scan.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/source/json_scanner.h"

namespace ingesta::source {

struct SplitterOptions {
  std::string data_selector;     ///< dotted path of the records' array; "" = the document itself
  size_t slice_bytes = 1 << 20;  ///< a slice ends with the record that reaches it
  size_t max_record_bytes = 32 << 20;
};

class ArraySplitter final : private JsonHandler {
 public:
  using Emit = std::function<Status(std::string slice)>;

  ArraySplitter(SplitterOptions options, Emit emit);

  /// Errors are final: kMalformedBody (retryable), kBodyTooLarge for a record above the limit, or what `emit`
  /// returned.
  Status Feed(std::string_view chunk);
  /// The document ends here. OK only where it is complete; emits the last slice then (`[]` for no records at
  /// all).
  Status Finish();

  int64_t records() const { return records_; }
  int64_t slices() const { return slices_; }
  /// The document's first bytes, for messages.
  const std::string& head() const { return head_; }

 private:
  void OnKey(int depth, std::string_view raw) override;
  Result<Next> OnBegin(int depth, char first, size_t position) override;
  Status OnEnd(int depth, size_t position) override;
  Status CheckRecordSize(size_t bytes) const;
  Status Flush();
  std::string ShowSelector() const;

  static constexpr int kNone = -2;

  const SplitterOptions options_;
  const Emit emit_;
  const std::vector<std::string> path_;
  JsonScanner scanner_;
  std::vector<std::string> keys_;  ///< the path of the value being reported
  std::string_view chunk_;         ///< the piece being fed
  bool in_record_ = false;
  size_t record_begin_ = 0;  ///< in `chunk_`; 0 where it began in an earlier one
  size_t record_start_ = 0;  ///< in `slice_`
  int array_depth_ = kNone;  ///< of the records' array while inside it
  bool found_ = false;
  std::string slice_;
  std::string head_;
  int64_t records_ = 0;
  int64_t slices_ = 0;
};

}  // namespace ingesta::source
