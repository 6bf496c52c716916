// Decode and transform, measured: pages of 1000 productos in the two ways a service may print them. The
// figure to read is `cpu_s_per_1M`, CPU seconds for a million rows; toolbox figures are about 0.11 for
// decoding and 0.25 with builders.
#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bench/productos_data.h"
#include "ingesta/decode/decoder.h"
#include "ingesta/transform/row_builder.h"

namespace {

using ingesta::FieldTree;
using ingesta::Page;
using ingesta::RecordSink;
using ingesta::Scalar;
using ingesta::config::ColumnSpec;
using ingesta::config::ColumnType;
using Kind = ColumnType::Kind;

constexpr int kRowsPerPage = 1000;

enum class Style { kMinified, kFlask };

/// The UTF-8 character at `i` as its code point; `i` moves behind it.
uint32_t NextCodePoint(std::string_view text, size_t* i) {
  const auto first = static_cast<unsigned char>(text[(*i)++]);
  const int more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  uint32_t point = more == 0 ? first : first & (0x3FU >> more);
  for (int k = 0; k < more; ++k) point = (point << 6) | (static_cast<unsigned char>(text[(*i)++]) & 0x3FU);
  return point;
}

/// Flask writes what is not ASCII as escapes, the others as it is.
std::string Quoted(std::string_view text, Style style) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    const uint32_t point = NextCodePoint(text, &i);
    if (point == '\n') {
      out += "\\n";
    } else if (point == '"' || point == '\\') {
      out += {'\\', static_cast<char>(point)};
    } else if (point < 0x80 || style == Style::kMinified) {
      out += text.substr(begin, i - begin);
    } else if (point < 0x10000) {
      out += fmt::format("\\u{:04x}", point);
    } else {
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xD7C0 + (point >> 10), 0xDC00 + (point & 0x3FF));
    }
  }
  return out + '"';
}

std::string Time(int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}\"", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

/// Keys in the service's order.
void AppendRow(const ingesta::bench::Producto& row, Style style, std::string* out) {
  const std::pair<std::string_view, std::string> fields[] = {
      {"categoria", Quoted(row.categoria, style)},
      {"descripcion", Quoted(row.descripcion, style)},
      {"fecha_actualizacion", Time(row.segundos)},
      {"fecha_creacion", Time(row.segundos)},
      {"id", std::to_string(row.id)},
      {"nombre", Quoted(row.nombre, style)},
      {"precio", fmt::format("{}", static_cast<double>(row.centimos) / 100)},
      {"proveedor", Quoted(row.proveedor, style)},
      {"sku", Quoted(row.sku, style)},
      {"stock", std::to_string(row.stock)},
  };
  const bool flask = style == Style::kFlask;
  *out += flask ? "    {" : "{";
  for (size_t i = 0; i < std::size(fields); ++i) {
    *out += i == 0 ? "" : ",";
    *out += fmt::format("{}\"{}\":{}{}", flask ? "\n      " : "", fields[i].first, flask ? " " : "",
                        fields[i].second);
  }
  *out += flask ? "\n    }" : "}";
}

std::string MakePage(Style style) {
  std::string body = style == Style::kFlask
                         ? "{\n  \"current_page\": 1,\n  \"pages\": 1000,\n  \"productos\": [\n"
                         : "{\"current_page\":1,\"pages\":1000,\"productos\":[";
  for (int row = 0; row < kRowsPerPage; ++row) {
    if (row > 0) body += style == Style::kFlask ? ",\n" : ",";
    AppendRow(ingesta::bench::MakeProducto(row * 997), style, &body);
  }
  body += style == Style::kFlask ? "\n  ],\n  \"total\": 1000000\n}\n" : "],\"total\":1000000}";
  return body;
}

ColumnSpec Column(std::string name, Kind kind) {
  ColumnSpec column;
  column.path = column.name = std::move(name);
  column.type.kind = kind;
  if (kind == Kind::kDecimal) {
    column.type.precision = 18;
    column.type.scale = 2;
  }
  return column;
}

ingesta::config::ResourceSpec Productos() {
  ingesta::config::ResourceSpec resource;
  resource.name = "productos";
  resource.primary_key = {"id"};
  resource.columns = {Column("id", Kind::kInt64),
                      Column("nombre", Kind::kString),
                      Column("descripcion", Kind::kString),
                      Column("precio", Kind::kDecimal),
                      Column("stock", Kind::kInt64),
                      Column("categoria", Kind::kString),
                      Column("proveedor", Kind::kString),
                      Column("sku", Kind::kString),
                      Column("fecha_creacion", Kind::kTimestamp),
                      Column("fecha_actualizacion", Kind::kTimestamp)};
  return resource;
}

/// Takes the values and does nothing with them.
class NullSink final : public RecordSink {
 public:
  void OnValue(int, Scalar value) override { bytes_ += value.text().size(); }
  void OnUnknownField(std::string_view) override { ++unknown_; }
  void OnInvalid(std::string_view, std::string_view) override { ++unknown_; }
  void EndRecord(std::string_view source) override { bytes_ += source.size(); }
  RecordSink& Child(int) override { return *this; }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
  size_t unknown_ = 0;
};

std::unique_ptr<ingesta::decode::Decoder> NewDecoder() {
  ingesta::decode::DecoderOptions options;
  options.data_selector = "productos";
  options.total_path = "total";
  options.total_pages_path = "pages";
  return ingesta::decode::MakeJsonDecoder(std::move(options)).ValueOrDie();
}

void Report(benchmark::State& state, const std::string& body) {
  const auto rows = static_cast<double>(state.iterations()) * kRowsPerPage;
  // Inverted rate: (1M rows / rows) * CPU seconds.
  state.counters["cpu_s_per_1M"] =
      benchmark::Counter(rows / 1e6, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes_per_row"] = static_cast<double>(body.size()) / kRowsPerPage;
}

/// The body as the source hands it over: a string of its own, with room behind it.
Page CopyPage(const std::string& body) {
  Page page;
  page.body.reserve(body.size() + 4096);
  page.body = body;
  return page;
}

void BM_CopyPage(benchmark::State& state) {
  const std::string body = MakePage(static_cast<Style>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(CopyPage(body));
  Report(state, body);
}

void BM_Decode(benchmark::State& state) {
  const std::string body = MakePage(static_cast<Style>(state.range(0)));
  const auto builder = ingesta::transform::RowBuilder::Make(Productos(), {}).ValueOrDie();
  const auto decoder = NewDecoder();
  NullSink sink;
  for (auto _ : state) {
    Page page = CopyPage(body);
    const auto decoded = decoder->Decode(page, builder->fields(), sink);
    if (!decoded.ok() || decoded->records != kRowsPerPage) std::abort();
  }
  benchmark::DoNotOptimize(sink.bytes());
  Report(state, body);
}

void BM_DecodeTransform(benchmark::State& state) {
  const std::string body = MakePage(static_cast<Style>(state.range(0)));
  const auto builder = ingesta::transform::RowBuilder::Make(Productos(), {}).ValueOrDie();
  const auto decoder = NewDecoder();
  for (auto _ : state) {
    Page page = CopyPage(body);
    builder->BeginPage(0);
    auto decoded = decoder->Decode(page, builder->fields(), *builder);
    if (!decoded.ok()) std::abort();
    const auto batches = builder->Finish(decoded->buffer);
    if (!batches.ok() || batches->front().rows->num_rows() != kRowsPerPage) std::abort();
  }
  Report(state, body);
}

void BM_Identify(benchmark::State& state) {
  const std::string body = MakePage(static_cast<Style>(state.range(0)));
  const auto builder = ingesta::transform::RowBuilder::Make(Productos(), {}).ValueOrDie();
  Page page = CopyPage(body);
  builder->BeginPage(0);
  auto decoded = NewDecoder()->Decode(page, builder->fields(), *builder).ValueOrDie();
  const auto batches = builder->Finish(decoded.buffer).ValueOrDie();
  for (auto _ : state) benchmark::DoNotOptimize(ingesta::transform::IdentifyRows(batches.front(), {0}));
  Report(state, body);
}

// Argument: 0 = minified, 1 = indented with escapes, as Flask writes it.
BENCHMARK(BM_CopyPage)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Decode)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_DecodeTransform)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Identify)->Arg(0)->Unit(benchmark::kMicrosecond);

}  // namespace
