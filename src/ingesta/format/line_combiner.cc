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

/// A part's text, decompressed where it has to be.
class PartText {
 public:
  static Result<std::unique_ptr<PartText>> Open(const std::string& path, TextCompression compression) {
    auto text = std::make_unique<PartText>();
    text->path_ = path;
    ARROW_ASSIGN_OR_RAISE(text->fd_, OpenFile(path, O_RDONLY));
    if (compression != TextCompression::kNone) {
      const auto read = [part = text.get()](char* buffer, size_t size) {
        return ReadSome(part->fd_.get(), buffer, size, part->path_);
      };
      ARROW_ASSIGN_OR_RAISE(text->decompressor_, Decompressor::Make(compression, read));
    }
    return text;
  }

  /// Up to `size` bytes; 0 = the end.
  Result<size_t> Read(char* buffer, size_t size) {
    if (decompressor_ == nullptr) return ReadSome(fd_.get(), buffer, size, path_);
    const Result<size_t> count = decompressor_->Read(buffer, size);
    if (count.ok()) return count;
    return CodeOf(count.status()) == ErrorCode::kCorrupt ? WithPrefix(count.status(), path_) : count.status();
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  UniqueFd fd_;
  std::unique_ptr<Decompressor> decompressor_;
};

Status SkipHeader(PartText* text, const std::string& header) {
  std::string found(header.size(), '\0');
  size_t size = 0;
  while (size < found.size()) {
    ARROW_ASSIGN_OR_RAISE(const size_t count, text->Read(found.data() + size, found.size() - size));
    if (count == 0) break;
    size += count;
  }
  found.resize(size);
  if (found == header) return Status::OK();
  return MakeError(ErrorCode::kCorrupt,
                   fmt::format("{}: its header is `{}` where `{}` was written", text->path(),
                               found.substr(0, found.find('\n')), header.substr(0, header.find('\n'))),
                   "the file was changed after it was written; extract again");
}

Result<int64_t> CopyPart(const PartSelection& part, const std::string& header, TextCompression compression,
                         char* buffer, FileWriter* out) {
  ARROW_ASSIGN_OR_RAISE(const auto text, PartText::Open(part.path, compression));
  ARROW_RETURN_NOT_OK(SkipHeader(text.get(), header));
  LineSelector selector(part, out);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const size_t count, text->Read(buffer, kReadBytes));
    if (count == 0) break;
    selector.Take({buffer, count});
    ARROW_RETURN_NOT_OK(out->status());
  }
  if (selector.in_line()) return CutError(part.path);
  return selector.kept();
}

}  // namespace

Result<WrittenFile> CombineLines(const std::vector<PartSelection>& parts, const std::string& path,
                                 const std::string& header, TextCompression compression) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<FileWriter> out, FileWriter::Create(path, compression));
  const auto buffer = std::make_unique_for_overwrite<char[]>(kReadBytes);
  out->Append(header);
  int64_t rows = 0;
  for (const PartSelection& part : parts) {
    ARROW_ASSIGN_OR_RAISE(const int64_t kept, CopyPart(part, header, compression, buffer.get(), out.get()));
    rows += kept;
  }
  return out->Close(rows);
}

}  // namespace ingesta::format
