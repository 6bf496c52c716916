#include "ingesta/format/file_writer.h"

#include <fcntl.h>

#include <utility>

namespace ingesta::format {

Result<std::unique_ptr<FileWriter>> FileWriter::Create(const std::string& path, TextCompression compression) {
  std::unique_ptr<Compressor> compressor;
  if (compression != TextCompression::kNone) {
    ARROW_ASSIGN_OR_RAISE(compressor, Compressor::Make(compression));
  }
  ARROW_ASSIGN_OR_RAISE(UniqueFd fd, OpenFile(path, O_WRONLY | O_CREAT | O_EXCL));
  return std::make_unique<FileWriter>(std::move(fd), path, std::move(compressor));
}

FileWriter::FileWriter(UniqueFd fd, std::string path, std::unique_ptr<Compressor> compressor)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      compressor_(std::move(compressor)),
      buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes + kSlackBytes)),
      cursor_(buffer_.get()),
      end_(buffer_.get() + kBufferBytes) {}

Status FileWriter::WriteOut(std::string_view bytes) {
  crc32_ = Crc32(bytes, crc32_);
  bytes_ += static_cast<int64_t>(bytes.size());
  return WriteAll(fd_.get(), bytes, path_);
}

void FileWriter::Output(std::string_view text) {
  if (!status_.ok()) return;
  status_ = compressor_ == nullptr
                ? WriteOut(text)
                : compressor_->Compress(text, /*last=*/false, [this](auto bytes) { return WriteOut(bytes); });
}

void FileWriter::FlushBuffer() {
  Output({buffer_.get(), static_cast<size_t>(cursor_ - buffer_.get())});
  cursor_ = buffer_.get();
}

void FileWriter::AppendLarge(std::string_view text) {
  FlushBuffer();
  // What would fill the buffer anyway goes out from where it is.
  if (text.size() >= kBufferBytes) return Output(text);
  cursor_ = std::copy(text.begin(), text.end(), cursor_);
}

Result<WrittenFile> FileWriter::Close(int64_t rows) {
  FlushBuffer();
  ARROW_RETURN_NOT_OK(status_);
  if (compressor_ != nullptr) {
    ARROW_RETURN_NOT_OK(
        compressor_->Compress("", /*last=*/true, [this](auto bytes) { return WriteOut(bytes); }));
  }
  ARROW_RETURN_NOT_OK(CloseSynced(fd_, path_));
  return WrittenFile{.path = path_, .rows = rows, .bytes = bytes_, .crc32 = crc32_};
}

}  // namespace ingesta::format
