// Merging changed rows into an Iceberg table of productos, a phase a process, so that each has its own peak
// of memory.
//   merge_bench make FOLDER ROWS [MIB]        the table, in files of MIB (64)
//   merge_bench changes FOLDER COUNT [STEP]   each STEP-th row changed, as FOLDER/changes.parquet; spread
//   evenly
//                                             over the table where STEP is not given
//   merge_bench merge FOLDER [THREADS]
//   merge_bench metadata FOLDER               the location of the table's metadata.json
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "bench/productos_data.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/fs.h"
#include "ingesta/catalog/iceberg/filesystem_catalog.h"
#include "ingesta/catalog/iceberg/merge.h"
#include "ingesta/columnar/parquet_writer.h"
#include "ingesta/store/local_store.h"

namespace ingesta::bench {
namespace {

constexpr char kTable[] = "productos";

std::shared_ptr<arrow::Schema> Columns() {
  const auto moment = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return arrow::schema({arrow::field("id", arrow::int64(), /*nullable=*/false),
                        arrow::field("nombre", arrow::utf8()), arrow::field("descripcion", arrow::utf8()),
                        arrow::field("precio", arrow::decimal128(18, 2)),
                        arrow::field("stock", arrow::int32()), arrow::field("categoria", arrow::utf8()),
                        arrow::field("proveedor", arrow::utf8()), arrow::field("sku", arrow::utf8()),
                        arrow::field("fecha_creacion", moment), arrow::field("fecha_actualizacion", moment)});
}

/// Rows `first`, `first` + `step`, ...; `raise` is added to the price.
Result<std::shared_ptr<arrow::RecordBatch>> Rows(const std::shared_ptr<arrow::Schema>& schema, int64_t first,
                                                 int64_t step, int64_t count, int64_t raise) {
  arrow::Int64Builder id;
  arrow::StringBuilder texts[5];
  arrow::Decimal128Builder precio(schema->field(3)->type());
  arrow::Int32Builder stock;
  arrow::TimestampBuilder created(schema->field(8)->type(), arrow::default_memory_pool());
  arrow::TimestampBuilder updated(schema->field(9)->type(), arrow::default_memory_pool());
  for (int64_t i = 0; i < count; ++i) {
    const Producto row = MakeProducto(first + i * step);
    RETURN_NOT_OK(id.Append(row.id));
    const std::string_view values[5] = {row.nombre, row.descripcion, row.categoria, row.proveedor, row.sku};
    for (size_t t = 0; t < 5; ++t) RETURN_NOT_OK(texts[t].Append(values[t]));
    RETURN_NOT_OK(precio.Append(arrow::Decimal128(row.centimos + raise)));
    RETURN_NOT_OK(stock.Append(static_cast<int32_t>(row.stock)));
    RETURN_NOT_OK(created.Append(row.segundos * 1'000'000));
    RETURN_NOT_OK(updated.Append((row.segundos + raise) * 1'000'000));
  }
  arrow::ArrayVector columns(10);
  arrow::ArrayBuilder* const builders[10] = {&id,       &texts[0], &texts[1], &precio,  &stock,
                                             &texts[2], &texts[3], &texts[4], &created, &updated};
  for (size_t c = 0; c < columns.size(); ++c) RETURN_NOT_OK(builders[c]->Finish(&columns[c]));
  return arrow::RecordBatch::Make(schema, count, std::move(columns));
}

struct Lake {
  explicit Lake(const std::string& where)
      : folder(where), store(store::MakeLocalStore(where + "/lake")), catalog(*store, RealClock()) {}

  std::string folder;
  std::unique_ptr<ObjectStore> store;
  iceberg::FilesystemCatalog catalog;
};

Status Make(Lake& lake, int64_t rows, int64_t file_mib) {
  ARROW_ASSIGN_OR_RAISE(const auto schema, iceberg::AssignFieldIds(std::nullopt, *Columns()));
  const std::string spool = lake.folder + "/spool";
  RETURN_NOT_OK(MakeDirs(spool));
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        columnar::ParquetWriter::Create(spool + "/base.parquet", schema,
                                                        {.target_file_bytes = file_mib << 20}));
  constexpr int64_t kBatch = 16 << 10;
  for (int64_t first = 0; first < rows; first += kBatch) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, Rows(schema, first, 1, std::min(kBatch, rows - first), 0));
    RETURN_NOT_OK(writer->Write(batch));
  }
  ARROW_ASSIGN_OR_RAISE(const auto files, writer->Close());
  iceberg::TableOperation operation{.table = kTable, .schema = schema, .identifier_columns = {"id"}};
  int64_t bytes = 0;
  for (const columnar::ParquetFile& file : files) {
    const std::string key =
        fmt::format("iceberg/{}/data/{}", kTable, file.path.substr(file.path.rfind('/') + 1));
    RETURN_NOT_OK(lake.store->PublishFile(file.path, key, "", file.crc32));
    operation.files.push_back({.key = key, .local_path = file.path});
    bytes += file.bytes;
  }
  iceberg::TableWriter tables(lake.catalog, *lake.store, RealClock(), SystemRandom());
  RETURN_NOT_OK(tables.Commit(operation).status());
  fmt::print("{{\"rows\": {}, \"files\": {}, \"bytes\": {}}}\n", rows, files.size(), bytes);
  return Status::OK();
}

Status MakeChanges(Lake& lake, int64_t count, int64_t step) {
  ARROW_ASSIGN_OR_RAISE(const auto table, lake.catalog.Load(kTable));
  if (!table) return MakeError(ErrorCode::kNotFound, "make the table first");
  const int64_t rows = std::atoll(table->metadata.current_snapshot()->summary.at("total-records").c_str());
  ARROW_ASSIGN_OR_RAISE(const auto schema, iceberg::AssignFieldIds(table->metadata, *Columns()));
  if (step < 1) step = std::max<int64_t>(1, rows / count);
  const std::string path = lake.folder + "/changes.parquet";
  RETURN_NOT_OK(RemoveFile(path));
  ARROW_ASSIGN_OR_RAISE(const auto writer, columnar::ParquetWriter::Create(path, schema, {}));
  ARROW_ASSIGN_OR_RAISE(const auto batch, Rows(schema, 0, step, count, 60));
  RETURN_NOT_OK(writer->Write(batch));
  return writer->Close().status();
}

double CpuSeconds(const rusage& usage) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Status Merge(Lake& lake, int threads) {
  const auto start = std::chrono::steady_clock::now();
  iceberg::TableMerger merger(lake.catalog, *lake.store, RealClock(), SystemRandom(), {.threads = threads});
  ARROW_ASSIGN_OR_RAISE(const auto merged, merger.Merge({.table = kTable,
                                                         .files = {lake.folder + "/changes.parquet"},
                                                         .key_columns = {"id"},
                                                         .scratch = lake.folder + "/scratch"}));
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{{\"wall_s\": {:.2f}, \"cpu_s\": {:.2f}, \"rss_mib\": {}, \"bytes_written\": {}, \"updated\": {}, "
      "\"inserted\": {}, \"unchanged\": {}, \"rewritten_files\": {}}}\n",
      wall.count(), CpuSeconds(usage), usage.ru_maxrss / 1024, merged.counts.bytes_written,
      merged.counts.updated, merged.counts.inserted, merged.counts.unchanged, merged.counts.rewritten_files);
  return Status::OK();
}

Status PrintMetadata(Lake& lake) {
  ARROW_ASSIGN_OR_RAISE(const auto table, lake.catalog.Load(kTable));
  if (!table) return MakeError(ErrorCode::kNotFound, "make the table first");
  fmt::print("{}\n", table->metadata_location);
  return Status::OK();
}

Status Run(int argc, char** argv) {
  const std::string command = argc > 2 ? argv[1] : "";
  const int64_t number = argc > 3 ? std::atoll(argv[3]) : 0;
  if (command.empty() || (number < 1 && (command == "make" || command == "changes"))) {
    return MakeError(ErrorCode::kUsage, "merge_bench make|changes|merge|metadata FOLDER [NUMBER]");
  }
  const int64_t detail = argc > 4 ? std::atoll(argv[4]) : 0;
  Lake lake(argv[2]);
  if (command == "make") return Make(lake, number, detail > 0 ? detail : 64);
  if (command == "changes") return MakeChanges(lake, number, detail);
  if (command == "merge") return Merge(lake, number > 0 ? static_cast<int>(number) : 2);
  return PrintMetadata(lake);
}

}  // namespace
}  // namespace ingesta::bench

int main(int argc, char** argv) {
  const ingesta::Status status = ingesta::bench::Run(argc, argv);
  if (!status.ok()) fmt::print(stderr, "merge_bench: {}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
