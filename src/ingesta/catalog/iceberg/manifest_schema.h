// The Avro schemas of manifests and manifest lists, with the ids that the format gives their fields.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/avro_value.h"
#include "ingesta/catalog/iceberg/partition.h"

namespace ingesta::iceberg {

/// Field ids of a manifest's entry, in the order that entries are written in.
struct EntryIds {
  static constexpr int kStatus = 0, kSnapshotId = 1, kSequence = 3, kFileSequence = 4, kDataFile = 2;
};
struct FileIds {
  static constexpr int kContent = 134, kPath = 100, kFormat = 101, kPartition = 102, kRows = 103,
                       kBytes = 104, kColumnBytes = 108, kValues = 109, kNulls = 110, kNans = 137,
                       kLower = 125, kUpper = 128, kKeyMetadata = 131, kSplitOffsets = 132,
                       kEqualityIds = 135, kSortOrder = 140, kReferencedFile = 143;
};
/// Of a manifest list's lines.
struct ListIds {
  static constexpr int kPath = 500, kLength = 501, kSpec = 502, kContent = 517, kSequence = 515,
                       kMinSequence = 516, kSnapshot = 503, kAddedFiles = 504, kExistingFiles = 505,
                       kDeletedFiles = 506, kAddedRows = 512, kExistingRows = 513, kDeletedRows = 514,
                       kPartitions = 507, kKeyMetadata = 519;
};
struct SummaryIds {
  static constexpr int kContainsNull = 509, kContainsNan = 518, kLower = 510, kUpper = 511;
};

std::string ManifestEntrySchema(const PartitionSpec& spec, const std::vector<TypePtr>& partition_types);
std::string ManifestListSchema();

/// A partition value as its Avro field holds it, and back. kCorrupt where the value is none of `type`.
AvroValue PartitionToAvro(const Type& type, const Literal& value);
Result<Literal> PartitionFromAvro(const Type& type, const AvroValue* value);

}  // namespace ingesta::iceberg
