// The `parquet` format (typed files for Hive tables) and the `iceberg` format (data files of an Iceberg
// table): one writer, told apart by the unit of timestamps, field ids and layout. A Writer is not
// thread-safe; the formats are.
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ingesta/columnar/arrow_file.h"
#include "ingesta/columnar/file_rows.h"
#include "ingesta/columnar/parquet_writer.h"
#include "ingesta/columnar/row_gatherer.h"
#include "ingesta/format/format.h"
#include "ingesta/format/format_options.h"
#include "ingesta/format/part_rows.h"
#include "ingesta/format/partition_files.h"

namespace ingesta::format {
namespace {

std::vector<WrittenFile> ToWritten(const std::vector<columnar::ClosedFile>& files) {
  std::vector<WrittenFile> written;
  for (const columnar::ClosedFile& file : files) {
    written.push_back({.path = file.path, .rows = file.rows, .bytes = file.bytes, .crc32 = file.crc32});
  }
  return written;
}

/// Writes final files.
class ParquetFileWriter final : public Writer {
 public:
  explicit ParquetFileWriter(std::unique_ptr<columnar::ParquetWriter> writer) : writer_(std::move(writer)) {}

  Status Write(const Batch& batch) override {
    return WithStage(writer_->Write(batch.rows, batch.dropped), Stage::kFormat);
  }
  Result<std::vector<WrittenFile>> Close() override {
    ARROW_ASSIGN_OR_RAISE(const auto files, InFormatStage(writer_->Close()));
    return ToWritten(files);
  }

 private:
  const std::unique_ptr<columnar::ParquetWriter> writer_;
};

/// Puts rows by until it is known which of them stay and which partitions there are.
class RowPartWriter final : public Writer {
 public:
  RowPartWriter(std::unique_ptr<columnar::ArrowFileWriter> file, std::shared_ptr<arrow::Schema> schema)
      : file_(std::move(file)), schema_(std::move(schema)) {}

  Status Write(const Batch& batch) override { return WithStage(Gather(batch), Stage::kFormat); }
  Result<std::vector<WrittenFile>> Close() override { return InFormatStage(Finish()); }

 private:
  Status Gather(const Batch& batch) {
    ARROW_ASSIGN_OR_RAISE(const auto kept, columnar::KeptRows(batch.rows, batch.dropped));
    ARROW_ASSIGN_OR_RAISE(auto rows, columnar::ToFileSchema(*kept, schema_));
    ARROW_ASSIGN_OR_RAISE(const auto chunk, gatherer_.Add(std::move(rows)));
    return chunk.rows == nullptr ? Status::OK() : file_->Write(*chunk.rows);
  }

  Result<std::vector<WrittenFile>> Finish() {
    ARROW_ASSIGN_OR_RAISE(const auto chunk, gatherer_.Flush());
    if (chunk.rows != nullptr) ARROW_RETURN_NOT_OK(file_->Write(*chunk.rows));
    ARROW_ASSIGN_OR_RAISE(const columnar::ClosedFile file, file_->Close(/*sync=*/true));
    return ToWritten({file});
  }

  const std::unique_ptr<columnar::ArrowFileWriter> file_;
  const std::shared_ptr<arrow::Schema> schema_;
  columnar::RowGatherer gatherer_;
};

struct Plan {
  std::string name;
  std::string key_prefix;
  columnar::ParquetOptions parquet;
  std::optional<config::PartitionSpec> partition_by;  ///< a column's
  EmptyText empty_text = EmptyText::kIsNull;
};

class ColumnarFormat final : public Format {
 public:
  explicit ColumnarFormat(Plan plan) : plan_(std::move(plan)) {}

  const std::string& name() const override { return plan_.name; }
  const std::string& extension() const override { return extension_; }
  const std::string& key_prefix() const override { return plan_.key_prefix; }
  const std::string& content_type() const override { return content_type_; }
  bool writes_final_files() const override { return !plan_.partition_by.has_value(); }
  // Parquet for Hive keeps milliseconds; what waits for its partition is kept as it came.
  bool parts_hold_rows() const override {
    return !writes_final_files() || plan_.parquet.timestamp_unit == columnar::TimestampUnit::kMicros;
  }
  Result<std::unique_ptr<columnar::RowSource>> OpenPart(const std::string& path) const override {
    return InFormatStage(writes_final_files() ? OpenParquetRows(path, {}) : columnar::OpenArrowFile(path));
  }

  Result<std::unique_ptr<Writer>> NewWriter(const std::string& path,
                                            const std::shared_ptr<arrow::Schema>& schema) const override {
    return InFormatStage(plan_.partition_by.has_value() ? NewPart(path, schema) : NewFinal(path, schema));
  }

  Result<std::vector<WrittenFile>> Combine(const std::vector<PartSelection>& parts, const std::string& path,
                                           const std::shared_ptr<arrow::Schema>& schema) const override {
    const bool partitioned = plan_.partition_by.has_value() && !parts.empty();
    return InFormatStage(partitioned ? CombinePartitions(parts, path, schema)
                                     : CombineFinal(parts, path, schema));
  }

 private:
  Result<std::unique_ptr<Writer>> NewFinal(const std::string& path,
                                           const std::shared_ptr<arrow::Schema>& schema) const {
    ARROW_ASSIGN_OR_RAISE(auto writer, columnar::ParquetWriter::Create(path, schema, plan_.parquet));
    return std::make_unique<ParquetFileWriter>(std::move(writer));
  }

  Result<std::unique_ptr<Writer>> NewPart(const std::string& path,
                                          const std::shared_ptr<arrow::Schema>& schema) const {
    // What the final files would refuse is refused before anything is extracted.
    ARROW_RETURN_NOT_OK(columnar::FileSchema(schema, plan_.parquet).status());
    ARROW_RETURN_NOT_OK(Partitioner::Make(*plan_.partition_by, *schema, plan_.empty_text).status());
    ARROW_ASSIGN_OR_RAISE(auto file, columnar::ArrowFileWriter::Create(path, schema));
    return std::make_unique<RowPartWriter>(std::move(file), schema);
  }

  Result<std::vector<WrittenFile>> CombineFinal(const std::vector<PartSelection>& parts,
                                                const std::string& path,
                                                const std::shared_ptr<arrow::Schema>& schema) const {
    ARROW_ASSIGN_OR_RAISE(const auto writer, columnar::ParquetWriter::Create(path, schema, plan_.parquet));
    PartRows rows(parts, OpenParquetRows);
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
      if (batch == nullptr) break;
      ARROW_RETURN_NOT_OK(writer->Write(batch));
    }
    ARROW_ASSIGN_OR_RAISE(const auto files, writer->Close());
    return ToWritten(files);
  }

  Result<std::vector<WrittenFile>> CombinePartitions(const std::vector<PartSelection>& parts,
                                                     const std::string& path,
                                                     const std::shared_ptr<arrow::Schema>& schema) const {
    ARROW_ASSIGN_OR_RAISE(auto partitioner,
                          Partitioner::Make(*plan_.partition_by, *schema, plan_.empty_text));
    return WritePartitions(parts, path, schema, std::move(partitioner), {.parquet = plan_.parquet});
  }

  const Plan plan_;
  const std::string extension_ = ".parquet";
  const std::string content_type_ = "application/vnd.apache.parquet";
};

columnar::Compression ToCompression(const std::string& name) {
  if (name == "none") return columnar::Compression::kNone;
  if (name == "snappy") return columnar::Compression::kSnappy;
  return name == "gzip" ? columnar::Compression::kGzip : columnar::Compression::kZstd;
}

Result<Plan> MakePlan(std::string name, const config::Options& options, const FormatContext& context) {
  Plan plan;
  plan.key_prefix = name + "/";
  plan.name = std::move(name);
  plan.parquet.compression = ToCompression(options.StringOr("compression", "zstd"));
  if (options.Has("row_group_size")) plan.parquet.row_group_bytes = options.GetInt("row_group_size");
  if (options.Has("target_file_size")) plan.parquet.target_file_bytes = options.GetInt("target_file_size");
  if (!context.partition_by.by_run_date()) plan.partition_by = context.partition_by;
  ARROW_RETURN_NOT_OK(plan.parquet.Validate());
  return plan;
}

Result<std::unique_ptr<Format>> MakeParquet(const config::Options& options, const FormatContext& context) {
  ARROW_ASSIGN_OR_RAISE(Plan plan, MakePlan("parquet", options, context));
  plan.parquet.timestamp_unit = columnar::TimestampUnit::kMillis;
  if (context.single_file) plan.parquet.target_file_bytes = 0;
  if (plan.partition_by.has_value()) {
    ARROW_RETURN_NOT_OK(LocalDays::Make(plan.partition_by->timezone).status());
  }
  return std::make_unique<ColumnarFormat>(std::move(plan));
}

Result<std::unique_ptr<Format>> MakeIceberg(const config::Options& options, const FormatContext& context) {
  ARROW_ASSIGN_OR_RAISE(Plan plan, MakePlan("iceberg", options, context));
  plan.parquet.timestamp_unit = columnar::TimestampUnit::kMicros;
  plan.parquet.require_field_ids = true;
  plan.empty_text = EmptyText::kIsValue;
  // Iceberg's transforms know no zone but UTC.
  if (plan.partition_by.has_value()) plan.partition_by->timezone = "UTC";
  return std::make_unique<ColumnarFormat>(std::move(plan));
}

config::OptionSpec SizeOption(std::string name, int64_t value, int64_t min, std::string summary,
                              std::string summary_es) {
  config::OptionSpec option = DefaultedOption(std::move(name), config::OptionType::kSize, value,
                                              std::move(summary), std::move(summary_es));
  option.min = min;
  return option;
}

std::vector<config::OptionSpec> FileOptions() {
  return {
      DefaultedOption("compression", config::OptionType::kEnum, std::string("zstd"),
                      "Compression of the pages inside the file",
                      "Compresión de las páginas dentro del archivo", {"zstd", "snappy", "gzip", "none"}),
      SizeOption(
          "target_file_size", 256LL << 20, 1 << 20,
          "About how large a file gets before another one is begun; without a catalog a partition is one "
          "file whatever its size",
          "Tamaño aproximado al que se empieza otro archivo; sin catálogo, una partición es un solo archivo "
          "sea cual sea su tamaño"),
      SizeOption("row_group_size", 128LL << 20, 1 << 20,
                 "Values of a row group at most, before compression; memory may end one earlier",
                 "Valores de un grupo de filas como máximo, sin comprimir; la memoria puede cerrarlo antes"),
  };
}

}  // namespace

FormatKind ParquetFormat() {
  FormatKind kind;
  kind.spec.name = "parquet";
  kind.spec.summary = "Parquet with decimals, dates and times as such, for Hive tables";
  kind.spec.summary_es = "Parquet con decimales, fechas y horas como tales, para tablas de Hive";
  kind.spec.options = FileOptions();
  kind.make = MakeParquet;
  return kind;
}

FormatKind IcebergFormat() {
  FormatKind kind;
  kind.spec.name = "iceberg";
  kind.spec.summary = "Data files of an Iceberg table: the dataset's current state, each row once";
  kind.spec.summary_es = "Archivos de datos de una tabla Iceberg: el estado actual, cada fila una vez";
  kind.spec.options = FileOptions();
  kind.make = MakeIceberg;
  return kind;
}

}  // namespace ingesta::format
