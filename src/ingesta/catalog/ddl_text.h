// What the files of ddl.h share: quoting, column lists, and the engines that have a file of their own. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingesta/catalog/ddl.h"

namespace ingesta::catalog {

/// 'text' as Hive and Spark read it: quotes and backslashes escaped, control characters as \uXXXX.
std::string HiveText(std::string_view text);
/// 'text' of standard SQL (DuckDB).
std::string SqlText(std::string_view text);
/// "name" of standard SQL.
std::string SqlName(std::string_view name);

/// One line a column: `name` type COMMENT '...'.
std::string HiveColumnList(const std::vector<aws::GlueColumn>& columns);

Result<std::string> DuckdbDdl(const DdlDataset& dataset, const std::string& schema);
Result<std::string> SparkDdl(const DdlDataset& dataset, const std::string& database);

}  // namespace ingesta::catalog
