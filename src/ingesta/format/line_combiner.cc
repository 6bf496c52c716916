#include "ingesta/format/line_combiner.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <string_view>

#include "ingesta/base/fs.h"
#include "ingesta/format/file_writer.h"

namespace ingesta::format {
namespace {

constexpr size_t kReadBytes = 256 << 10;

Status CutError(const std::string& path) {
  return MakeError(ErrorCode::kCorrupt, fmt::format("{}: its last line has no end", path),
                   "the file was changed or cut after it was written; extract again");
}

/// Takes a part's bytes as they come and hands on those of kept rows; a line may span any number of reads.
class LineSelector {
 public:
  LineSelector(const PartSelection& part, FileWriter* out) : part_(part), out_(out) {}

  void Take(std::string_view piece) {
    // Neighbouring kept lines go out in one copy.
    const char* run = piece.data();
    const char* at = piece.data();
    const char* const end = at + piece.size();
    while (at != end) {
      if (!in_line_) {
        const bool keep = !part_.keep || part_.keep(row_);
        if (keep != keeping_) {
          HandOn(run, at);
          run = at;
          keeping_ = keep;
        }
        in_line_ = true;
      }
      const auto* const line_end =
          static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
      if (line_end == nullptr) break;
      at = line_end + 1;
      in_line_ = false;
      ++row_;
      kept_ += keeping_ ? 1 : 0;
    }
    HandOn(run, end);
  }

  bool in_line() const { return in_line_; }
  int64_t kept() const { return kept_; }

 private:
  void HandOn(const char* begin, const char* end) {
    if (keeping_) out_->Append({begin, static_cast<size_t>(end - begin)});
  }

  const PartSelection& part_;
  FileWriter* out_;
  bool in_line_ = false;
  bool keeping_ = false;
  int64_t row_ = 0;
  int64_t kept_ = 0;
};

Status SkipHeader(int fd, const std::string& path, const std::string& header) {
  std::string found(header.size(), '\0');
  size_t size = 0;
  while (size < found.size()) {
    ARROW_ASSIGN_OR_RAISE(const size_t count, ReadSome(fd, found.data() + size, found.size() - size, path));
    if (count == 0) break;
    size += count;
  }
  found.resize(size);
  if (found == header) return Status::OK();
  return MakeError(ErrorCode::kCorrupt,
                   fmt::format("{}: its header is `{}` where `{}` was written", path,
                               found.substr(0, found.find('\n')), header.substr(0, header.find('\n'))),
                   "the file was changed after it was written; extract again");
}

Result<int64_t> CopyPart(const PartSelection& part, const std::string& header, char* buffer,
                         FileWriter* out) {
  ARROW_ASSIGN_OR_RAISE(const UniqueFd fd, OpenFile(part.path, O_RDONLY));
  ARROW_RETURN_NOT_OK(SkipHeader(fd.get(), part.path, header));
  LineSelector selector(part, out);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const size_t count, ReadSome(fd.get(), buffer, kReadBytes, part.path));
    if (count == 0) break;
    selector.Take({buffer, count});
    ARROW_RETURN_NOT_OK(out->status());
  }
  if (selector.in_line()) return CutError(part.path);
  return selector.kept();
}

}  // namespace

Result<WrittenFile> CombineLines(const std::vector<PartSelection>& parts, const std::string& path,
                                 const std::string& header) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<FileWriter> out, FileWriter::Create(path));
  const auto buffer = std::make_unique_for_overwrite<char[]>(kReadBytes);
  out->Append(header);
  int64_t rows = 0;
  for (const PartSelection& part : parts) {
    ARROW_ASSIGN_OR_RAISE(const int64_t kept, CopyPart(part, header, buffer.get(), out.get()));
    rows += kept;
  }
  return out->Close(rows);
}

}  // namespace ingesta::format
