#include "ingesta/columnar/nan_counts.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

namespace ingesta::columnar {
namespace {

std::string KeyOf(const std::string& column) {
  return "ingesta.nan_count:" + column;
}

template <typename ArrayType>
int64_t CountIn(const arrow::Array& column) {
  const auto& array = static_cast<const ArrayType&>(column);
  int64_t nans = 0;
  for (int64_t i = 0; i < array.length(); ++i) nans += !array.IsNull(i) && std::isnan(array.Value(i)) ? 1 : 0;
  return nans;
}

}  // namespace

void NanCounter::Add(const arrow::RecordBatch& rows) {
  for (int i = 0; i < rows.num_columns(); ++i) {
    const arrow::Array& column = *rows.column(i);
    if (column.type_id() == arrow::Type::DOUBLE) {
      counts_[rows.column_name(i)] += CountIn<arrow::DoubleArray>(column);
    } else if (column.type_id() == arrow::Type::FLOAT) {
      counts_[rows.column_name(i)] += CountIn<arrow::FloatArray>(column);
    }
  }
}

std::shared_ptr<const arrow::KeyValueMetadata> NanCounter::ToMetadata() const {
  if (counts_.empty()) return nullptr;
  std::vector<std::string> keys;
  std::vector<std::string> values;
  for (const auto& [column, count] : counts_) {
    keys.push_back(KeyOf(column));
    values.push_back(std::to_string(count));
  }
  return arrow::key_value_metadata(std::move(keys), std::move(values));
}

std::optional<int64_t> NanCountOf(const arrow::KeyValueMetadata* metadata, const std::string& column) {
  if (metadata == nullptr) return std::nullopt;
  const arrow::Result<std::string> found = metadata->Get(KeyOf(column));
  if (!found.ok()) return std::nullopt;
  int64_t count = 0;
  const char* const end = found->data() + found->size();
  const auto [at, error] = std::from_chars(found->data(), end, count);
  if (error != std::errc() || at != end || count < 0) return std::nullopt;
  return count;
}

}  // namespace ingesta::columnar
