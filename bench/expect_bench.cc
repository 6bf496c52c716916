// A suite of 20 expectations over a million productos, in batches of a page (1000 rows) and of a large one.
// The figure to read is `cpu_s_per_1M`, CPU seconds for a million rows with Finish; the goal is 0.5. `alone`
// are the expectations one by one.
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/productos_data.h"
#include "ingesta/expect/expect.h"
#include "ingesta/expect/registry.h"

namespace {

using namespace ingesta::expect;  // NOLINT: a program of one file

constexpr int64_t kRows = 1'000'000;

const std::vector<std::string>& Expectations() {
  static const std::vector<std::string> kExpectations = {
      R"({"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}})",
      R"({"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": ["id"], "exact_match": false}})",
      R"({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}})",
      R"({"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}})",
      R"({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "nombre"}})",
      R"({"type": "expect_column_value_lengths_to_be_between", "kwargs": {"column": "nombre", "min_value": 1, "max_value": 255}})",
      R"({"type": "expect_column_values_to_be_between", "kwargs": {"column": "precio", "min_value": 0, "max_value": 1000000}})",
      R"({"type": "expect_column_mean_to_be_between", "kwargs": {"column": "precio", "min_value": 1, "max_value": 10000}})",
      R"({"type": "expect_column_median_to_be_between", "kwargs": {"column": "precio", "min_value": 1, "max_value": 10000}})",
      R"({"type": "expect_column_values_to_be_between", "kwargs": {"column": "stock", "min_value": 0}})",
      R"({"type": "expect_column_max_to_be_between", "kwargs": {"column": "stock", "max_value": 1000}})",
      R"({"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "categoria", "value_set": ["Libros", "Ropa", "Electrónica", "Hogar", "日本食品 🍣"]}})",
      R"({"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "stock", "max_value": 1000}})",
      R"({"type": "expect_column_proportion_of_non_null_values_to_be_between", "kwargs": {"column": "proveedor", "min_value": 0.9}})",
      R"({"type": "expect_column_values_to_match_regex", "kwargs": {"column": "sku", "regex": "^SKU-\\d+$"}})",
      R"({"type": "expect_column_values_to_be_unique", "kwargs": {"column": "sku"}})",
      R"({"type": "expect_column_values_to_be_between", "kwargs": {"column": "fecha_creacion", "min_value": "2000-01-01T00:00:00", "max_value": "2100-01-01T00:00:00"}})",
      R"({"type": "expect_column_pair_values_a_to_be_greater_than_b", "kwargs": {"column_A": "fecha_actualizacion", "column_B": "fecha_creacion", "or_equal": true}})",
      R"({"type": "expect_column_values_to_be_between", "kwargs": {"column": "precio", "max_value": 1000, "row_condition": "categoria == \"Libros\"", "condition_parser": "pandas", "mostly": 0.1}})",
      R"({"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "nombre", "type_": "str"}})"};
  return kExpectations;
}

std::shared_ptr<arrow::Schema> Schema() {
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO);
  return arrow::schema({arrow::field("id", arrow::int64()), arrow::field("nombre", arrow::utf8()),
                        arrow::field("descripcion", arrow::utf8()),
                        arrow::field("precio", arrow::decimal128(18, 2)),
                        arrow::field("stock", arrow::int64()), arrow::field("categoria", arrow::utf8()),
                        arrow::field("proveedor", arrow::utf8()), arrow::field("sku", arrow::utf8()),
                        arrow::field("fecha_creacion", time), arrow::field("fecha_actualizacion", time)});
}

void Check(const arrow::Status& status) {
  if (!status.ok()) {
    fmt::print(stderr, "{}\n", status.ToString());
    std::abort();
  }
}

std::shared_ptr<arrow::RecordBatch> MakeBatch(int64_t first, int64_t rows) {
  const auto schema = Schema();
  auto builder = arrow::RecordBatchBuilder::Make(schema, arrow::default_memory_pool(), rows).ValueOrDie();
  for (int64_t i = first; i < first + rows; ++i) {
    const ingesta::bench::Producto row = ingesta::bench::MakeProducto(i);
    Check(builder->GetFieldAs<arrow::Int64Builder>(0)->Append(row.id));
    Check(builder->GetFieldAs<arrow::StringBuilder>(1)->Append(row.nombre));
    Check(builder->GetFieldAs<arrow::StringBuilder>(2)->Append(row.descripcion));
    Check(builder->GetFieldAs<arrow::Decimal128Builder>(3)->Append(arrow::Decimal128(row.centimos)));
    Check(builder->GetFieldAs<arrow::Int64Builder>(4)->Append(row.stock));
    Check(builder->GetFieldAs<arrow::StringBuilder>(5)->Append(row.categoria));
    Check(builder->GetFieldAs<arrow::StringBuilder>(6)->Append(row.proveedor));
    Check(builder->GetFieldAs<arrow::StringBuilder>(7)->Append(row.sku));
    for (const int column : {8, 9}) {
      Check(builder->GetFieldAs<arrow::TimestampBuilder>(column)->Append(row.segundos * 1'000'000));
    }
  }
  return builder->Flush().ValueOrDie();
}

const std::vector<std::shared_ptr<arrow::RecordBatch>>& Batches(int64_t rows) {
  static std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  static int64_t made = 0;
  if (made != rows) {
    batches.clear();
    for (int64_t first = 0; first < kRows; first += rows) batches.push_back(MakeBatch(first, rows));
    made = rows;
  }
  return batches;
}

void Evaluate(benchmark::State& state, const std::string& expectations, int64_t batch_rows) {
  const auto& batches = Batches(batch_rows);
  const Registry registry = CoreExpectations();
  const Suite suite =
      ParseSuite(R"({"name": "s", "expectations": [)" + expectations + "]}", "s.json", registry).ValueOrDie();
  for (auto _ : state) {
    const auto evaluator = Evaluator::Make(suite, Schema(), registry).ValueOrDie();
    for (const auto& batch : batches) Check(evaluator->Update(*batch));
    const SuiteResult result = evaluator->Finish().ValueOrDie();
    for (const ExpectationResult& one : result.results) {
      if (!one.success)
        fmt::print(stderr, "{} failed: {} {}\n", one.expectation.type, one.result.dump(), one.exception);
    }
    if (!result.success) std::abort();
  }
  state.counters["cpu_s_per_1M"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kRows / 1e6,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_Suite20(benchmark::State& state) {
  Evaluate(state, fmt::format("{}", fmt::join(Expectations(), ",")), state.range(0));
}
void BM_Alone(benchmark::State& state) {
  const std::string& text = Expectations()[static_cast<size_t>(state.range(0))];
  state.SetLabel(text.substr(10, text.find('"', 10) - 10));
  Evaluate(state, text, 1000);
}

BENCHMARK(BM_Suite20)->Arg(64'000)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Alone)->DenseRange(0, 19)->Unit(benchmark::kMillisecond);

}  // namespace
