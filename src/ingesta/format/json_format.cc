// The `json` format: JSON Lines, either each record's own text as the service sent it or the declared
// columns. A Writer is not thread-safe; the format itself is.
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "ingesta/format/compression.h"
#include "ingesta/format/encoded_writer.h"
#include "ingesta/format/file_writer.h"
#include "ingesta/format/format.h"
#include "ingesta/format/format_options.h"
#include "ingesta/format/json_dialect.h"
#include "ingesta/format/line_combiner.h"
#include "ingesta/format/row_encoder.h"

namespace ingesta::format {
namespace {

/// Copies the records' source text.
class SourceEncoder {
 public:
  Result<int64_t> Write(const Batch& batch, FileWriter* out) {
    const int64_t rows = batch.rows->num_rows();
    if (static_cast<int64_t>(batch.sources.size()) != rows) {
      return MakeError(ErrorCode::kInternal,
                       fmt::format("a batch of {} rows with {} source texts", rows, batch.sources.size()));
    }
    int64_t written = 0;
    for (int64_t row = 0; row < rows; ++row) {
      if (batch.IsDropped(row)) continue;
      WriteLine(batch.sources[static_cast<size_t>(row)], out);
      ++written;
    }
    ARROW_RETURN_NOT_OK(out->status());
    return written;
  }

 private:
  static void WriteLine(std::string_view text, FileWriter* out) {
    // Minified JSON has no line break; should one get here, a space keeps a line a row, inside a string and
    // outside.
    while (const void* found = std::memchr(text.data(), '\n', text.size())) {
      const auto size = static_cast<size_t>(static_cast<const char*>(found) - text.data());
      out->Append(text.substr(0, size));
      out->Append(" ");
      text.remove_prefix(size + 1);
    }
    out->Append(text);
    out->Append("\n");
  }
};

class Json final : public Format {
 public:
  Json(bool columns, TextCompression compression)
      : columns_(columns),
        compression_(compression),
        extension_(".json" + CompressionSuffix(compression)),
        content_type_(CompressedContentType(compression, "application/x-ndjson")) {}

  const std::string& name() const override { return name_; }
  const std::string& extension() const override { return extension_; }
  const std::string& key_prefix() const override { return key_prefix_; }
  const std::string& content_type() const override { return content_type_; }

  Result<std::unique_ptr<Writer>> NewWriter(const std::string& path,
                                            const std::shared_ptr<arrow::Schema>& schema) const override {
    return InFormatStage<std::unique_ptr<Writer>>(columns_ ? OpenColumns(path, *schema) : OpenSource(path));
  }

  Result<std::vector<WrittenFile>> Combine(const std::vector<PartSelection>& parts, const std::string& path,
                                           const std::shared_ptr<arrow::Schema>& /*schema*/) const override {
    ARROW_ASSIGN_OR_RAISE(WrittenFile file,
                          InFormatStage(CombineLines(parts, path, /*header=*/"", compression_)));
    return std::vector<WrittenFile>{std::move(file)};
  }

 private:
  Result<std::unique_ptr<Writer>> OpenColumns(const std::string& path, const arrow::Schema& schema) const {
    ARROW_ASSIGN_OR_RAISE(auto encoder,
                          RowEncoder<JsonDialect>::Make(schema, JsonDialect(schema.field_names())));
    ARROW_ASSIGN_OR_RAISE(auto file, FileWriter::Create(path, compression_));
    return std::make_unique<EncodedWriter<RowEncoder<JsonDialect>>>(std::move(encoder), std::move(file));
  }

  Result<std::unique_ptr<Writer>> OpenSource(const std::string& path) const {
    ARROW_ASSIGN_OR_RAISE(auto file, FileWriter::Create(path, compression_));
    return std::make_unique<EncodedWriter<SourceEncoder>>(SourceEncoder(), std::move(file));
  }

  const bool columns_;
  const std::string name_ = "json";
  const TextCompression compression_;
  const std::string extension_;
  const std::string key_prefix_ = "json/";
  const std::string content_type_;
};

Result<std::unique_ptr<Format>> MakeJson(const config::Options& options, const FormatContext& /*context*/) {
  return std::make_unique<Json>(options.StringOr("records", "source") == "columns",
                                TextCompressionOf(options.StringOr("compression", "none")));
}

}  // namespace

FormatKind JsonFormat() {
  FormatKind kind;
  kind.spec.name = "json";
  kind.spec.summary = "JSON Lines: one record a line";
  kind.spec.summary_es = "JSON Lines: un registro por línea";
  kind.spec.options = {
      CompressionOption(),
      DefaultedOption("records", config::OptionType::kEnum, std::string("source"),
                      "Write each record whole, as the service sent it, or the declared columns",
                      "Escribe cada registro entero, como lo envió el servicio, o las columnas declaradas",
                      {"source", "columns"}),
  };
  kind.make = MakeJson;
  return kind;
}

}  // namespace ingesta::format
