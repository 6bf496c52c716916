// CPU seconds of the format stage for 1 M productos in batches of a page (1000 rows), the write to a file in
// TMPDIR included. Compare with the limits in the documentation, measured on the same machine.
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/productos_data.h"
#include "bench/productos_json.h"
#include "ingesta/base/fs.h"
#include "ingesta/format/format.h"

namespace ingesta {
namespace {

constexpr int64_t kRows = 1'000'000;
constexpr int64_t kPageRows = 1'000;
/// Distinct batches; enough that the values do not stay in the innermost caches.
constexpr int64_t kDistinctPages = 50;

void Check(const Status& status) {
  if (!status.ok()) status.Abort("format_bench");
}

std::shared_ptr<arrow::RecordBatch> MakeRows(int64_t first) {
  const auto timestamp = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto money = arrow::decimal128(18, 2);
  const auto schema = arrow::schema(
      {arrow::field("id", arrow::int64()), arrow::field("nombre", arrow::utf8()),
       arrow::field("descripcion", arrow::utf8()), arrow::field("precio", money),
       arrow::field("stock", arrow::int64()), arrow::field("categoria", arrow::utf8()),
       arrow::field("proveedor", arrow::utf8()), arrow::field("sku", arrow::utf8()),
       arrow::field("fecha_creacion", timestamp), arrow::field("fecha_actualizacion", timestamp)});
  const auto builder = arrow::RecordBatchBuilder::Make(schema, arrow::default_memory_pool()).ValueOrDie();
  for (int64_t index = first; index < first + kPageRows; ++index) {
    const bench::Producto row = bench::MakeProducto(index);
    Check(builder->GetFieldAs<arrow::Int64Builder>(0)->Append(row.id));
    Check(builder->GetFieldAs<arrow::StringBuilder>(1)->Append(row.nombre));
    Check(builder->GetFieldAs<arrow::StringBuilder>(2)->Append(row.descripcion));
    Check(builder->GetFieldAs<arrow::Decimal128Builder>(3)->Append(arrow::Decimal128(row.centimos)));
    Check(builder->GetFieldAs<arrow::Int64Builder>(4)->Append(row.stock));
    Check(builder->GetFieldAs<arrow::StringBuilder>(5)->Append(row.categoria));
    Check(builder->GetFieldAs<arrow::StringBuilder>(6)->Append(row.proveedor));
    Check(builder->GetFieldAs<arrow::StringBuilder>(7)->Append(row.sku));
    Check(builder->GetFieldAs<arrow::TimestampBuilder>(8)->Append(row.segundos * 1'000'000));
    Check(builder->GetFieldAs<arrow::TimestampBuilder>(9)->Append(row.segundos * 1'000'000));
  }
  return builder->Flush().ValueOrDie();
}

Batch MakeBatch(int64_t first) {
  Batch batch;
  batch.rows = MakeRows(first);
  auto buffer = std::make_shared<std::string>();
  std::vector<size_t> ends;
  for (int64_t index = first; index < first + kPageRows; ++index) {
    bench::AppendJson(bench::MakeProducto(index), buffer.get());
    ends.push_back(buffer->size());
  }
  size_t begin = 0;
  for (const size_t end : ends) {
    batch.sources.push_back(std::string_view(*buffer).substr(begin, end - begin));
    begin = end;
  }
  batch.source_buffer = buffer;
  return batch;
}

const std::vector<Batch>& Batches() {
  static const auto* const batches = [] {
    auto* made = new std::vector<Batch>();
    for (int64_t page = 0; page < kDistinctPages; ++page) made->push_back(MakeBatch(page * kPageRows));
    return made;
  }();
  return *batches;
}

/// The million rows themselves, without source texts: what a columnar file costs depends on how often values
/// come again.
const std::vector<Batch>& DistinctBatches() {
  static const auto* const batches = [] {
    auto* made = new std::vector<Batch>(static_cast<size_t>(kRows / kPageRows));
    for (int64_t page = 0; page < kRows / kPageRows; ++page) {
      (*made)[static_cast<size_t>(page)].rows = MakeRows(page * kPageRows);
    }
    return made;
  }();
  return *batches;
}

/// A file name of this process in TMPDIR; removed with it.
class ScratchFile {
 public:
  ScratchFile()
      : path_(std::filesystem::temp_directory_path() / fmt::format("ingesta_format_bench_{}", ::getpid())) {}
  ~ScratchFile() { Check(RemoveFile(path_)); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// CPU time of this process, split into our own and the kernel's (copying into the page cache, write-back at
/// fsync).
class CpuCounters {
 public:
  CpuCounters() { ::getrusage(RUSAGE_SELF, &start_); }
  void Report(benchmark::State& state) const {
    rusage end = {};
    ::getrusage(RUSAGE_SELF, &end);
    const auto per_run = static_cast<double>(state.iterations());
    state.counters["user_ms"] = (Millis(end.ru_utime) - Millis(start_.ru_utime)) / per_run;
    state.counters["sys_ms"] = (Millis(end.ru_stime) - Millis(start_.ru_stime)) / per_run;
  }

 private:
  static double Millis(const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  }
  rusage start_ = {};
};

using GivenOptions = std::vector<std::pair<std::string, config::OptionValue>>;

std::unique_ptr<format::Format> Make(const format::FormatKind& kind, const GivenOptions& given,
                                     const format::FormatContext& context = {}) {
  config::Options options;
  for (const auto& [name, value] : given) options.Set(name, value);
  return kind.make(options, context).ValueOrDie();
}

std::vector<format::WrittenFile> WriteFile(const format::Format& format, const std::string& path,
                                           const std::vector<Batch>& batches) {
  const auto writer = format.NewWriter(path, batches.front().rows->schema()).ValueOrDie();
  for (size_t page = 0; page < kRows / kPageRows; ++page)
    Check(writer->Write(batches[page % batches.size()]));
  return writer->Close().ValueOrDie();
}

void WriteMillion(benchmark::State& state, const format::Format& format, const std::vector<Batch>& batches) {
  int64_t bytes = 0;
  const CpuCounters cpu;
  for (auto _ : state) {
    const ScratchFile file;
    bytes = WriteFile(format, file.path(), batches).front().bytes;
  }
  cpu.Report(state);
  state.SetItemsProcessed(state.iterations() * kRows);
  state.counters["MB"] = static_cast<double>(bytes) / 1e6;
}

/// From a part of which one row in a thousand goes.
void CombineMillion(benchmark::State& state, const format::Format& format,
                    const std::vector<Batch>& batches) {
  const ScratchFile part;
  WriteFile(format, part.path(), batches);
  const std::string target = part.path() + ".combined";
  const CpuCounters cpu;
  for (auto _ : state) {
    const auto keep = [](int64_t row) { return row % 1'000 != 0; };
    const auto files =
        format.Combine({{part.path(), keep}}, target, batches.front().rows->schema()).ValueOrDie();
    state.counters["files"] = static_cast<double>(files.size());
    for (const format::WrittenFile& file : files) Check(RemoveFile(file.path));
  }
  cpu.Report(state);
  state.SetItemsProcessed(state.iterations() * kRows);
}

void Csv(benchmark::State& state, const std::string& compression) {
  WriteMillion(state, *Make(format::CsvFormat(), {{"compression", compression}}), Batches());
}
void Json(benchmark::State& state, const std::string& records) {
  WriteMillion(state, *Make(format::JsonFormat(), {{"records", records}}), Batches());
}
void Parquet(benchmark::State& state, const std::string& compression) {
  WriteMillion(state, *Make(format::ParquetFormat(), {{"compression", compression}}), DistinctBatches());
}
void CombineCsv(benchmark::State& state, const std::string& compression) {
  CombineMillion(state, *Make(format::CsvFormat(), {{"compression", compression}}), Batches());
}
void CombineJson(benchmark::State& state) {
  CombineMillion(state, *Make(format::JsonFormat(), {}), Batches());
}
void CombineParquet(benchmark::State& state) {
  CombineMillion(state, *Make(format::ParquetFormat(), {}), DistinctBatches());
}
/// Into 500 partitions whose rows come in no order.
void CombineParquetByValue(benchmark::State& state) {
  const format::FormatContext by_stock{
      .partition_by = {.column = "stock", .transform = "identity", .name = "stock_valor"}};
  CombineMillion(state, *Make(format::ParquetFormat(), {}, by_stock), DistinctBatches());
}

#define FORMAT_BENCHMARK(...) \
  BENCHMARK_CAPTURE(__VA_ARGS__)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond)

FORMAT_BENCHMARK(Csv, none, "none");
FORMAT_BENCHMARK(Csv, gzip, "gzip");
FORMAT_BENCHMARK(Csv, zstd, "zstd");
FORMAT_BENCHMARK(Json, source, "source");
FORMAT_BENCHMARK(Json, columns, "columns");
FORMAT_BENCHMARK(Parquet, zstd, "zstd");
FORMAT_BENCHMARK(Parquet, snappy, "snappy");
FORMAT_BENCHMARK(Parquet, none, "none");
FORMAT_BENCHMARK(CombineCsv, none, "none");
FORMAT_BENCHMARK(CombineCsv, gzip, "gzip");
BENCHMARK(CombineJson)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(CombineParquet)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(CombineParquetByValue)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ingesta
