#include "ingesta/expect/spill_sorter.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <queue>
#include <string_view>
#include <utility>

#include "ingesta/base/fs.h"

namespace ingesta::expect {
namespace {

constexpr size_t kReadBytes = 256 << 10;

/// One sorted run on disk, read in pieces.
template <typename Entry>
class RunReader {
 public:
  static Result<std::unique_ptr<RunReader>> Open(const std::string& path) {
    auto reader = std::make_unique<RunReader>();
    reader->path_ = path;
    ARROW_ASSIGN_OR_RAISE(reader->file_, OpenFile(path, O_RDONLY));
    return reader;
  }
  /// False at the end.
  Result<bool> Next(Entry& entry) {
    if (at_ == buffer_.size()) {
      RETURN_NOT_OK(Fill());
      if (buffer_.empty()) return false;
    }
    entry = buffer_[at_++];
    return true;
  }

 private:
  Status Fill() {
    buffer_.resize(kReadBytes / sizeof(Entry));
    at_ = 0;
    char* out = reinterpret_cast<char*>(buffer_.data());
    const size_t wanted = buffer_.size() * sizeof(Entry);
    size_t have = 0;
    while (have < wanted) {
      ARROW_ASSIGN_OR_RAISE(const size_t got, ReadSome(file_.get(), out + have, wanted - have, path_));
      if (got == 0) break;
      have += got;
    }
    if (have % sizeof(Entry) != 0)
      return MakeError(ErrorCode::kCorrupt, path_ + ": a scratch file ends early");
    buffer_.resize(have / sizeof(Entry));
    return Status::OK();
  }

  std::string path_;
  UniqueFd file_;
  std::vector<Entry> buffer_;
  size_t at_ = 0;
};

/// Counting sort by one byte of the key's upper word.
template <typename Entry>
void SortByByte(std::vector<Entry>& from, std::vector<Entry>& to, int shift) {
  std::array<size_t, 257> starts{};
  for (const Entry& entry : from) ++starts[((entry.top() >> shift) & 0xFF) + 1];
  for (size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
  for (const Entry& entry : from) to[starts[(entry.top() >> shift) & 0xFF]++] = entry;
  from.swap(to);
}

}  // namespace

// Rows come ascending, so a stable sort by the keys' three highest bytes that differ at all leaves only small
// groups to sort in full; often none.
template <typename Entry>
void SpillSorter<Entry>::SortEntries() {
  if (sorted_) return;
  sorted_ = true;
  if (entries_.size() < 256) {
    std::sort(entries_.begin(), entries_.end());
    return;
  }
  uint64_t differs = 0;
  for (const Entry& entry : entries_) differs |= entry.top() ^ entries_.front().top();
  std::vector<int> shifts;
  for (int shift = 56; shift >= 0 && shifts.size() < 3; shift -= 8) {
    if (((differs >> shift) & 0xFF) != 0) shifts.push_back(shift);
  }
  std::vector<Entry> other(entries_.size());
  for (auto shift = shifts.rbegin(); shift != shifts.rend(); ++shift) SortByByte(entries_, other, *shift);
  const uint64_t mask = shifts.empty() ? 0 : ~uint64_t{0} << shifts.back();
  for (size_t begin = 0; begin < entries_.size();) {
    size_t end = begin + 1;
    while (end < entries_.size() && (entries_[end].top() & mask) == (entries_[begin].top() & mask)) ++end;
    const auto first = entries_.begin() + static_cast<int64_t>(begin);
    const auto last = entries_.begin() + static_cast<int64_t>(end);
    if (end - begin > 1 && !std::is_sorted(first, last)) std::sort(first, last);
    begin = end;
  }
}

template <typename Entry>
Status SpillSorter<Entry>::Spill() {
  if (entries_.empty()) return Status::OK();
  SortEntries();
  ARROW_ASSIGN_OR_RAISE(const std::string path, memory_.NewFile());
  ARROW_ASSIGN_OR_RAISE(UniqueFd file, OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
  const std::string_view bytes(reinterpret_cast<const char*>(entries_.data()),
                               entries_.size() * sizeof(Entry));
  RETURN_NOT_OK(WriteAll(file.get(), bytes, path));
  RETURN_NOT_OK(CloseFile(file, path));
  runs_.push_back(path);
  spilled_ += static_cast<int64_t>(entries_.size());
  std::vector<Entry>().swap(entries_);
  sorted_ = false;
  return Status::OK();
}

template <typename Entry>
Status SpillSorter<Entry>::ForEach(const std::function<bool(const Entry&)>& visit) {
  SortEntries();
  if (runs_.empty()) {
    for (const Entry& entry : entries_) {
      if (!visit(entry)) break;
    }
    return Status::OK();
  }
  // Runs were made one after the other, so equal keys keep the rows' order by comparing rows too.
  using Head = std::pair<Entry, size_t>;
  const auto later = [](const Head& a, const Head& b) { return b.first < a.first; };
  std::priority_queue<Head, std::vector<Head>, decltype(later)> heads(later);
  std::vector<std::unique_ptr<RunReader<Entry>>> readers;
  Entry entry;
  for (const std::string& run : runs_) {
    ARROW_ASSIGN_OR_RAISE(auto reader, RunReader<Entry>::Open(run));
    ARROW_ASSIGN_OR_RAISE(const bool any, reader->Next(entry));
    if (any) heads.emplace(entry, readers.size());
    readers.push_back(std::move(reader));
  }
  size_t in_memory = 0;
  const size_t memory_source = readers.size();
  if (!entries_.empty()) heads.emplace(entries_[in_memory++], memory_source);
  while (!heads.empty()) {
    const auto [head, source] = heads.top();
    heads.pop();
    if (!visit(head)) break;
    if (source == memory_source) {
      if (in_memory < entries_.size()) heads.emplace(entries_[in_memory++], source);
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const bool any, readers[source]->Next(entry));
    if (any) heads.emplace(entry, source);
  }
  return Status::OK();
}

template class SpillSorter<NarrowEntry>;
template class SpillSorter<WideEntry>;

}  // namespace ingesta::expect
