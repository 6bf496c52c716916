// Partition specs and their transforms: what divides a table's rows into files. Values only. Written are
// identity, day, month and year; the others are read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/json.h"
#include "ingesta/catalog/iceberg/literal.h"
#include "ingesta/catalog/iceberg/types.h"

namespace ingesta::iceberg {

enum class TransformId { kIdentity, kYear, kMonth, kDay, kHour, kBucket, kTruncate, kVoid, kUnknown };

/// `identity`, `day`, `bucket[16]`, ...
TransformId TransformFromText(const std::string& text);
/// The type of a transform's values. kInvalidConfig where it takes no values of `source`.
Result<TypePtr> TransformResult(const std::string& transform, const TypePtr& source);
/// The partition value of one column value; null for null. kInvalidConfig for transforms that are only read.
Result<Literal> ApplyTransform(const std::string& transform, const Type& source, const Literal& value);

struct PartitionField {
  int source_id = 0;
  int field_id = 0;  ///< from 1000
  std::string name;
  std::string transform;
  bool operator==(const PartitionField&) const = default;
};

struct PartitionSpec {
  int id = 0;
  std::vector<PartitionField> fields;
  bool unpartitioned() const { return fields.empty(); }
};

/// The values of a file's partition, in the order of its spec's fields.
using PartitionValues = std::vector<Literal>;

/// A column to divide by, as a user names it.
struct PartitionColumn {
  std::string column;
  std::string transform = "identity";
};

/// The spec of `columns` over `schema`, fields numbered above `last_partition_id`. kInvalidConfig where a
/// column is absent or a transform is not written.
Result<PartitionSpec> MakePartitionSpec(const std::vector<PartitionColumn>& columns, const Schema& schema,
                                        int spec_id, int last_partition_id);

/// The types of a spec's values. A column that was dropped since has type string.
Result<std::vector<TypePtr>> PartitionTypes(const PartitionSpec& spec, const std::vector<Schema>& schemas);

/// The value that all rows of a file share, whose column has these bounds. kInvalidConfig where rows of two
/// partitions may be in it.
Result<Literal> CommonPartitionValue(const PartitionField& field, const Type& source,
                                     const std::optional<Literal>& min, const std::optional<Literal>& max,
                                     std::optional<int64_t> nulls, int64_t rows);

/// `fecha_day=2026-11-24/almacen=7`: for paths and messages; values percent-encoded.
Result<std::string> PartitionPath(const PartitionSpec& spec, const std::vector<TypePtr>& types,
                                  const PartitionValues& values);

Result<PartitionSpec> PartitionSpecFromJson(const Json& json);
/// The list of fields alone, as format version 1 and manifests have it.
Result<std::vector<PartitionField>> PartitionFieldsFromJson(const Json& json);
Json PartitionSpecToJson(const PartitionSpec& spec);
Json PartitionFieldsToJson(const PartitionSpec& spec);

}  // namespace ingesta::iceberg
