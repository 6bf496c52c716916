#include "ingesta/columnar/parquet_metrics.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/columnar/footer.h"
#include "ingesta/columnar/memory.h"
#include "ingesta/columnar/nan_counts.h"
#include "ingesta/columnar/parquet_errors.h"

namespace ingesta::columnar {
namespace {

constexpr int64_t kStreamBytes = 128 << 10;  // a column

template <typename ScalarType>
bool ValueLess(const arrow::Scalar& a, const arrow::Scalar& b) {
  return static_cast<const ScalarType&>(a).value < static_cast<const ScalarType&>(b).value;
}

/// In the order of Parquet's statistics; nullopt for a type without one here.
std::optional<bool> Less(const arrow::Scalar& a, const arrow::Scalar& b) {
  switch (a.type->id()) {
    case arrow::Type::BOOL:
      return ValueLess<arrow::BooleanScalar>(a, b);
    case arrow::Type::INT32:
      return ValueLess<arrow::Int32Scalar>(a, b);
    case arrow::Type::INT64:
      return ValueLess<arrow::Int64Scalar>(a, b);
    case arrow::Type::FLOAT:
      return ValueLess<arrow::FloatScalar>(a, b);
    case arrow::Type::DOUBLE:
      return ValueLess<arrow::DoubleScalar>(a, b);
    case arrow::Type::DATE32:
      return ValueLess<arrow::Date32Scalar>(a, b);
    case arrow::Type::TIMESTAMP:
      return ValueLess<arrow::TimestampScalar>(a, b);
    case arrow::Type::DECIMAL128:
      return ValueLess<arrow::Decimal128Scalar>(a, b);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
      return static_cast<const arrow::BaseBinaryScalar&>(a).view() <
             static_cast<const arrow::BaseBinaryScalar&>(b).view();
    default:
      return std::nullopt;
  }
}

/// The metrics of one column, gathered row group by row group.
class ColumnGatherer {
 public:
  explicit ColumnGatherer(ColumnMetrics* metrics) : metrics_(metrics) { metrics_->nulls = 0; }

  Status Add(const parquet::ColumnChunkMetaData& chunk) {
    metrics_->compressed_bytes += chunk.total_compressed_size();
    metrics_->values += chunk.num_values();
    const auto statistics = chunk.is_stats_set() ? chunk.statistics() : nullptr;
    if (statistics == nullptr) {
      if (chunk.num_values() == 0) return Status::OK();
      metrics_->nulls.reset();
      bounded_ = false;
      return Status::OK();
    }
    const bool null_count = statistics->HasNullCount();
    if (!null_count) metrics_->nulls.reset();
    if (metrics_->nulls.has_value()) *metrics_->nulls += statistics->null_count();
    const bool only_nulls = null_count && statistics->null_count() == chunk.num_values();
    if (!bounded_ || only_nulls) return Status::OK();
    bounded_ = statistics->HasMinMax() && statistics->is_min_value_exact().value_or(true) &&
               statistics->is_max_value_exact().value_or(true);
    return bounded_ ? AddBounds(*statistics) : Status::OK();
  }

  void Finish() {
    if (!bounded_) metrics_->min = metrics_->max = nullptr;
  }

 private:
  Status AddBounds(const parquet::Statistics& statistics) {
    std::shared_ptr<arrow::Scalar> min;
    std::shared_ptr<arrow::Scalar> max;
    // A type that has no scalar has no bounds either.
    bounded_ = parquet::arrow::StatisticsAsScalars(statistics, &min, &max).ok() && min->is_valid &&
               max->is_valid && min->type->Equals(*metrics_->type) && Less(*min, *max).has_value();
    if (!bounded_) return Status::OK();
    if (metrics_->min == nullptr || *Less(*min, *metrics_->min)) metrics_->min = std::move(min);
    if (metrics_->max == nullptr || *Less(*metrics_->max, *max)) metrics_->max = std::move(max);
    return Status::OK();
  }

  ColumnMetrics* metrics_;
  bool bounded_ = true;
};

}  // namespace

Result<std::unique_ptr<parquet::ParquetFileReader>> OpenParquet(const std::string& path) {
  ARROW_RETURN_NOT_OK(FileSize(path).status());  // names a missing file as such
  auto opened = CatchParquet([&]() -> Result<std::unique_ptr<parquet::ParquetFileReader>> {
    parquet::ReaderProperties properties(BufferPool());
    properties.enable_buffered_stream();
    properties.set_buffer_size(kStreamBytes);
    properties.set_page_checksum_verification(true);  // where pages carry one
    return parquet::ParquetFileReader::OpenFile(path, /*memory_map=*/false, properties);
  });
  if (!opened.ok()) return ReadError(opened.status(), path);
  return opened;
}

Result<std::vector<ColumnMetrics>> CollectMetrics(const parquet::FileMetaData& footer,
                                                  const std::vector<int>& row_groups) {
  parquet::arrow::SchemaManifest manifest;
  ARROW_RETURN_NOT_OK(parquet::arrow::SchemaManifest::Make(
      footer.schema(), nullptr, parquet::default_arrow_reader_properties(), &manifest));
  std::vector<std::unique_ptr<parquet::RowGroupMetaData>> groups;
  for (const int row_group : row_groups) groups.push_back(footer.RowGroup(row_group));
  const bool whole = static_cast<int>(row_groups.size()) == footer.num_row_groups();
  std::vector<ColumnMetrics> columns;
  for (int i = 0; i < footer.num_columns(); ++i) {
    const parquet::ColumnDescriptor& descriptor = *footer.schema()->Column(i);
    const parquet::arrow::SchemaField* field = nullptr;
    ARROW_RETURN_NOT_OK(manifest.GetColumnField(i, &field));
    ColumnMetrics metrics;
    metrics.field_id = descriptor.schema_node()->field_id();
    metrics.path = descriptor.path()->ToDotString();
    metrics.type = field->field->type();
    metrics.repeated = descriptor.max_repetition_level() > 0;
    ColumnGatherer gatherer(&metrics);
    for (const auto& group : groups) ARROW_RETURN_NOT_OK(gatherer.Add(*group->ColumnChunk(i)));
    gatherer.Finish();
    if (whole) metrics.nans = NanCountOf(footer.key_value_metadata().get(), metrics.path);
    columns.push_back(std::move(metrics));
  }
  return columns;
}

Result<FileMetrics> ReadMetrics(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenParquet(path));
  FileMetrics metrics;
  ARROW_ASSIGN_OR_RAISE(metrics.bytes, FileSize(path));
  const Status status = CatchParquet([&]() -> Status {
    const parquet::FileMetaData& footer = *reader->metadata();
    metrics.rows = footer.num_rows();
    std::vector<int> row_groups(static_cast<size_t>(footer.num_row_groups()));
    std::iota(row_groups.begin(), row_groups.end(), 0);
    ARROW_ASSIGN_OR_RAISE(metrics.columns, CollectMetrics(footer, row_groups));
    for (const int row_group : row_groups) {
      const auto first = footer.RowGroup(row_group)->ColumnChunk(0);
      const int64_t pages = first->data_page_offset();
      const bool dictionary = first->has_dictionary_page() && first->dictionary_page_offset() > 0;
      metrics.split_offsets.push_back(dictionary ? std::min(pages, first->dictionary_page_offset()) : pages);
    }
    std::sort(metrics.split_offsets.begin(), metrics.split_offsets.end());
    return Status::OK();
  });
  ARROW_RETURN_NOT_OK(ReadError(status, path));
  return metrics;
}

}  // namespace ingesta::columnar
