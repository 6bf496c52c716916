// Rows and parts for the tests of the columnar formats.
#pragma once

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/table.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/format/format_test_util.h"
#include "ingesta/format/part_rows.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::format {

inline std::shared_ptr<arrow::Table> ReadTable(const std::string& path) {
  const auto rows = OpenParquetRows(path, {}).ValueOrDie();
  arrow::RecordBatchVector batches;
  while (true) {
    auto batch = rows->Next().ValueOrDie();
    if (batch == nullptr) break;
    batches.push_back(std::move(batch));
  }
  return arrow::Table::FromRecordBatches(rows->schema(), batches).ValueOrDie();
}

/// Rows `id`, `ciudad` (some null), `dia`, `texto`, in no order.
inline std::shared_ptr<arrow::RecordBatch> RandomRows(std::mt19937& random, int64_t rows, int days) {
  arrow::Int64Builder ids;
  arrow::StringBuilder cities;
  arrow::Date32Builder dates;
  arrow::StringBuilder texts;
  for (int64_t row = 0; row < rows; ++row) {
    EXPECT_OK(ids.Append(static_cast<int64_t>(random())));
    EXPECT_OK(random() % 9 == 0 ? cities.AppendNull()
                                : cities.Append("ciudad " + std::to_string(random() % 5)));
    EXPECT_OK(dates.Append(static_cast<int32_t>(random() % static_cast<unsigned>(days))));
    EXPECT_OK(texts.Append(std::string(random() % 60, 'x')));
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("ciudad", arrow::utf8()),
                     arrow::field("dia", arrow::date32()), arrow::field("texto", arrow::utf8())}),
      rows,
      {ids.Finish().ValueOrDie(), cities.Finish().ValueOrDie(), dates.Finish().ValueOrDie(),
       texts.Finish().ValueOrDie()});
}

struct Parts {
  std::vector<PartSelection> selections;
  arrow::RecordBatchVector kept;  ///< row by row
  std::shared_ptr<arrow::Schema> schema;
};

/// Parts written by `format`, and what a selection keeps of them.
inline Parts RandomParts(const Format& format, const std::string& base, uint32_t seed, int days) {
  std::mt19937 random(seed);
  Parts parts;
  for (int i = 0; i < 3; ++i) {
    const auto rows = RandomRows(random, random() % 3'000, days);
    parts.schema = rows->schema();
    Batch batch = MakeBatch(rows);
    for (int64_t row = 0; row < rows->num_rows(); ++row) batch.dropped.push_back(random() % 7 == 0 ? 1 : 0);
    const std::string path = base + ".part" + std::to_string(i) + ".parquet";
    EXPECT_OK(WriteFile(format, path, {batch}).status());
    auto keep = std::make_shared<std::vector<bool>>();
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      if (batch.IsDropped(row)) continue;
      keep->push_back(i == 1 || random() % 5 != 0);
      if (keep->back()) parts.kept.push_back(rows->Slice(row, 1));
    }
    parts.selections.push_back({path, nullptr});
    if (i != 1) {
      parts.selections.back().keep = [keep](int64_t row) { return keep->at(static_cast<size_t>(row)); };
    }
  }
  return parts;
}

}  // namespace ingesta::format
