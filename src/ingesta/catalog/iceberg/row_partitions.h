// Which partition each row of a batch belongs to. Not thread-safe. What routes rows into data files.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/partition.h"
#include "ingesta/catalog/iceberg/types.h"

namespace ingesta::iceberg {

class RowPartitions {
 public:
  /// For rows with the columns of `schema`. kInvalidConfig where the spec's column was dropped.
  static Result<RowPartitions> Make(const PartitionSpec& spec, const Schema& schema);

  /// The number of each row's partition: 0, 1, 2, ... as they come up. kInvalidConfig for a transform that is
  /// only read.
  Result<std::vector<uint32_t>> Of(const arrow::RecordBatch& rows);
  /// The number of a partition by its values.
  uint32_t NumberOf(const PartitionValues& values);
  /// REQUIRES: the number came from here.
  const PartitionValues& values(uint32_t number) const { return partitions_[number]; }
  bool unpartitioned() const { return fields_.empty(); }

 private:
  struct Source {
    int column = 0;
    TypePtr type;
    TypePtr result;
    std::string transform;
  };

  std::vector<Source> fields_;
  std::vector<PartitionValues> partitions_;
  std::unordered_map<std::string, uint32_t> numbers_;
};

}  // namespace ingesta::iceberg
