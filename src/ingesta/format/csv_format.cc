// The `csv` format: RFC 4180 as Athena's serdes and ordinary readers take it, header line first. A Writer is
// not thread-safe; the format itself is.
#include <arrow/type.h>

#include <memory>
#include <string>
#include <utility>

#include "ingesta/format/compression.h"
#include "ingesta/format/csv_dialect.h"
#include "ingesta/format/encoded_writer.h"
#include "ingesta/format/file_writer.h"
#include "ingesta/format/format.h"
#include "ingesta/format/format_options.h"
#include "ingesta/format/line_combiner.h"
#include "ingesta/format/row_encoder.h"

namespace ingesta::format {
namespace {

std::string HeaderLine(const arrow::Schema& schema) {
  const CsvDialect dialect(/*formula_guard=*/false);
  std::string header;
  for (const auto& field : schema.fields()) {
    const std::string& name = field->name();
    std::string cell(CsvDialect::kExpansion * name.size() + FileWriter::kSlackBytes, '\0');
    char* const end = dialect.String(cell.data(), name, name.data() + name.size());
    header.append(cell.data(), end).push_back(',');
  }
  if (!header.empty()) header.back() = '\n';
  return header;
}

class Csv final : public Format {
 public:
  Csv(bool formula_guard, TextCompression compression)
      : formula_guard_(formula_guard),
        compression_(compression),
        extension_(".csv" + CompressionSuffix(compression)),
        content_type_(CompressedContentType(compression, "text/csv; charset=utf-8")) {}

  const std::string& name() const override { return name_; }
  const std::string& extension() const override { return extension_; }
  const std::string& key_prefix() const override { return key_prefix_; }
  const std::string& content_type() const override { return content_type_; }

  Result<std::unique_ptr<Writer>> NewWriter(const std::string& path,
                                            const std::shared_ptr<arrow::Schema>& schema) const override {
    return InFormatStage<std::unique_ptr<Writer>>(Open(path, *schema));
  }

  Result<std::vector<WrittenFile>> Combine(const std::vector<PartSelection>& parts, const std::string& path,
                                           const std::shared_ptr<arrow::Schema>& schema) const override {
    ARROW_ASSIGN_OR_RAISE(WrittenFile file,
                          InFormatStage(CombineLines(parts, path, HeaderLine(*schema), compression_)));
    return std::vector<WrittenFile>{std::move(file)};
  }

 private:
  Result<std::unique_ptr<Writer>> Open(const std::string& path, const arrow::Schema& schema) const {
    ARROW_ASSIGN_OR_RAISE(auto encoder, RowEncoder<CsvDialect>::Make(schema, CsvDialect(formula_guard_)));
    ARROW_ASSIGN_OR_RAISE(auto file, FileWriter::Create(path, compression_));
    file->Append(HeaderLine(schema));
    return std::make_unique<EncodedWriter<RowEncoder<CsvDialect>>>(std::move(encoder), std::move(file));
  }

  const bool formula_guard_;
  const std::string name_ = "csv";
  const TextCompression compression_;
  const std::string extension_;
  const std::string key_prefix_;
  const std::string content_type_;
};

Result<std::unique_ptr<Format>> MakeCsv(const config::Options& options, const FormatContext& /*context*/) {
  return std::make_unique<Csv>(options.Has("formula_guard") && options.GetBool("formula_guard"),
                               TextCompressionOf(options.StringOr("compression", "none")));
}

}  // namespace

FormatKind CsvFormat() {
  FormatKind kind;
  kind.spec.name = "csv";
  kind.spec.summary = "CSV with a header line, quoted as in RFC 4180";
  kind.spec.summary_es = "CSV con línea de cabecera, comillas según RFC 4180";
  kind.spec.options = {
      CompressionOption(),
      DefaultedOption("formula_guard", config::OptionType::kBool, false,
                      "Put ' before strings that a spreadsheet would take for a formula",
                      "Antepone ' a los textos que una hoja de cálculo tomaría por fórmula"),
  };
  kind.make = MakeCsv;
  return kind;
}

}  // namespace ingesta::format
