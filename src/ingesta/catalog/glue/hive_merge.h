// Wanted state over what Glue has: which members are ours, and whether anything differs. Pure.
#pragma once

#include "ingesta/aws/glue.h"

namespace ingesta::catalog {

/// `existing` with all that `wanted` says; members and parameters that `wanted` does not name stay.
aws::GlueTable MergeTable(const aws::GlueTable& existing, const aws::GlueTable& wanted);
aws::GluePartition MergePartition(const aws::GluePartition& existing, const aws::GluePartition& wanted);

/// Equal but for what Glue and other writers spell differently: case and blanks of types, a location's last
/// slash.
bool SameTable(const aws::GlueTable& a, const aws::GlueTable& b);
bool SamePartition(const aws::GluePartition& a, const aws::GluePartition& b);
bool SameColumns(const std::vector<aws::GlueColumn>& a, const std::vector<aws::GlueColumn>& b);

/// Its metadata is Iceberg's affair.
bool IsIceberg(const aws::GlueTable& table);

}  // namespace ingesta::catalog
