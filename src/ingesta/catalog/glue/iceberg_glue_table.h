// An Iceberg table as Glue lists it: the parameters that name its metadata, and the columns for people and
// engines that only look. Pure.
#pragma once

#include <string>

#include "ingesta/aws/glue.h"
#include "ingesta/catalog/iceberg/metadata.h"

namespace ingesta::catalog {

inline constexpr const char* kMetadataLocation = "metadata_location";
inline constexpr const char* kPreviousMetadataLocation = "previous_metadata_location";

/// `decimal(18,2)`, `struct<a:int>`, ...: what Iceberg's own Glue catalogs write for a type.
std::string GlueTypeOf(const iceberg::Type& type);

/// `existing` (a new table where it is empty) pointed at the metadata file `location`, which holds
/// `metadata`; other members and parameters stay. `previous`: the location before; empty for a new table.
aws::GlueTable PointAt(aws::GlueTable existing, const std::string& name,
                       const iceberg::TableMetadata& metadata, const std::string& location,
                       const std::string& previous);

/// The parameter, or "".
std::string MetadataLocationOf(const aws::GlueTable& table);

}  // namespace ingesta::catalog
