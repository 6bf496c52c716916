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

std::unique_ptr<format::Format> Make(const format::FormatKind& kind, const std::string& records) {
  config::Options options;
  if (!records.empty()) options.Set("records", records);
  return kind.make(options, {}).ValueOrDie();
}

void WriteMillion(benchmark::State& state, const format::FormatKind& kind, const std::string& records) {
  const std::vector<Batch>& batches = Batches();
  const auto format = Make(kind, records);
  int64_t bytes = 0;
  const CpuCounters cpu;
  for (auto _ : state) {
    const ScratchFile file;
    const auto writer = format->NewWriter(file.path(), batches.front().rows->schema()).ValueOrDie();
    for (int64_t page = 0; page < kRows / kPageRows; ++page) {
      Check(writer->Write(batches[static_cast<size_t>(page % kDistinctPages)]));
    }
    bytes = writer->Close().ValueOrDie().bytes;
  }
  cpu.Report(state);
  state.SetItemsProcessed(state.iterations() * kRows);
  state.counters["MB"] = static_cast<double>(bytes) / 1e6;
}

void CombineMillion(benchmark::State& state, const format::FormatKind& kind, const std::string& records) {
  const std::vector<Batch>& batches = Batches();
  const auto format = Make(kind, records);
  const auto schema = batches.front().rows->schema();
  const ScratchFile part;
  const auto writer = format->NewWriter(part.path(), schema).ValueOrDie();
  for (int64_t page = 0; page < kRows / kPageRows; ++page) {
    Check(writer->Write(batches[static_cast<size_t>(page % kDistinctPages)]));
  }
  Check(writer->Close().status());
  const std::string target = part.path() + ".combined";
  const CpuCounters cpu;
  for (auto _ : state) {
    const auto keep = [](int64_t row) { return row % 1'000 != 0; };
    Check(format->Combine({{part.path(), keep}}, target, schema).status());
    Check(RemoveFile(target));
  }
  cpu.Report(state);
  state.SetItemsProcessed(state.iterations() * kRows);
}

void Csv(benchmark::State& state) {
  WriteMillion(state, format::CsvFormat(), "");
}
void JsonSource(benchmark::State& state) {
  WriteMillion(state, format::JsonFormat(), "source");
}
void JsonColumns(benchmark::State& state) {
  WriteMillion(state, format::JsonFormat(), "columns");
}
void CombineCsv(benchmark::State& state) {
  CombineMillion(state, format::CsvFormat(), "");
}
void CombineJson(benchmark::State& state) {
  CombineMillion(state, format::JsonFormat(), "source");
}

BENCHMARK(Csv)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(JsonSource)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(JsonColumns)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(CombineCsv)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(CombineJson)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ingesta
