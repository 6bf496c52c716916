// A Writer made of an encoder (batch -> text) and a file. Not thread-safe.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "ingesta/format/file_writer.h"
#include "ingesta/format/format.h"
#include "ingesta/format/format_options.h"

namespace ingesta::format {

/// REQUIRES: Encoder has `Result<int64_t> Write(const Batch&, FileWriter*)`, which returns the rows written.
template <typename Encoder>
class EncodedWriter final : public Writer {
 public:
  EncodedWriter(Encoder encoder, std::unique_ptr<FileWriter> file)
      : encoder_(std::move(encoder)), file_(std::move(file)) {}

  Status Write(const Batch& batch) override {
    const Result<int64_t> written = encoder_.Write(batch, file_.get());
    if (!written.ok()) return WithStage(written.status(), Stage::kFormat);
    rows_ += *written;
    return Status::OK();
  }

  Result<std::vector<WrittenFile>> Close() override {
    ARROW_ASSIGN_OR_RAISE(WrittenFile file, InFormatStage(file_->Close(rows_)));
    return std::vector<WrittenFile>{std::move(file)};
  }

 private:
  Encoder encoder_;
  std::unique_ptr<FileWriter> file_;
  int64_t rows_ = 0;
};

}  // namespace ingesta::format
