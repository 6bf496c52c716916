// Batches and files for the tests of the format stage.
#pragma once

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/base/fs.h"
#include "ingesta/format/compression.h"
#include "ingesta/format/format.h"

namespace ingesta::format {

/// A test with a folder of its own.
class FormatTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta_format_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string Path(const std::string& name) const { return dir_ + "/" + name; }

  std::string dir_;
};

struct TestColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string json;  ///< values as Arrow's JSON notation has them
};

inline std::shared_ptr<arrow::RecordBatch> MakeRows(const std::vector<TestColumn>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const TestColumn& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(arrow::json::ArrayFromJSONString(column.type, column.json).ValueOrDie());
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(), arrays);
}

inline Batch MakeBatch(std::shared_ptr<arrow::RecordBatch> rows) {
  Batch batch;
  batch.rows = std::move(rows);
  return batch;
}

/// A batch whose rows are only source texts.
inline Batch MakeSourceBatch(const std::vector<std::string>& sources) {
  auto buffer = std::make_shared<std::string>();
  for (const std::string& source : sources) *buffer += source;
  Batch batch;
  size_t at = 0;
  for (const std::string& source : sources) {
    batch.sources.push_back(std::string_view(*buffer).substr(at, source.size()));
    at += source.size();
  }
  batch.source_buffer = buffer;
  batch.rows =
      arrow::RecordBatch::Make(arrow::schema({}), static_cast<int64_t>(sources.size()), arrow::ArrayVector{});
  return batch;
}

inline std::unique_ptr<Format> MakeFormat(
    const FormatKind& kind, const std::vector<std::pair<std::string, config::OptionValue>>& given = {},
    const FormatContext& context = {}) {
  config::Options options;
  for (const config::OptionSpec& option : kind.spec.options) {
    if (option.default_value.has_value()) options.Set(option.name, *option.default_value);
  }
  for (const auto& [name, value] : given) options.Set(name, value);
  return kind.make(options, context).ValueOrDie();
}

/// The text in `bytes`, asked for in pieces of `piece`.
inline Result<std::string> Decompressed(std::string_view bytes, TextCompression compression,
                                        size_t piece = 1000) {
  const auto input = [&bytes](char* buffer, size_t size) -> Result<size_t> {
    const size_t count = bytes.copy(buffer, std::min<size_t>(size, 777));
    bytes.remove_prefix(count);
    return count;
  };
  ARROW_ASSIGN_OR_RAISE(const auto decompressor, Decompressor::Make(compression, input));
  std::string text;
  std::string buffer(piece, '\0');
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const size_t count, decompressor->Read(buffer.data(), buffer.size()));
    if (count == 0) return text;
    text.append(buffer, 0, count);
  }
}

inline Result<WrittenFile> OneFile(Result<std::vector<WrittenFile>> files) {
  ARROW_RETURN_NOT_OK(files.status());
  if (files->size() != 1) return MakeError(ErrorCode::kInternal, "not one file");
  return std::move(files->front());
}

inline Result<WrittenFile> WriteFile(const Format& format, const std::string& path,
                                     const std::vector<Batch>& batches) {
  ARROW_ASSIGN_OR_RAISE(const auto writer, format.NewWriter(path, batches.front().rows->schema()));
  for (const Batch& batch : batches) ARROW_RETURN_NOT_OK(writer->Write(batch));
  return OneFile(writer->Close());
}

inline Result<WrittenFile> CombineFile(const Format& format, const std::vector<PartSelection>& parts,
                                       const std::string& path,
                                       const std::shared_ptr<arrow::Schema>& schema) {
  return OneFile(format.Combine(parts, path, schema));
}

}  // namespace ingesta::format
