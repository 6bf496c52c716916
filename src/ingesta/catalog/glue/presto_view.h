// A view as Athena (and Trino's Hive connector) stores it in Glue: a JSON document in base64, in a comment.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "ingesta/aws/glue.h"

namespace ingesta::catalog {

struct PrestoViewColumn {
  std::string name;
  std::string trino_type;  ///< `timestamp(3)`, as the engine would describe the query
  std::string hive_type;
};

struct PrestoViewSpec {
  std::string name;
  std::string database;
  std::string sql;
  std::vector<PrestoViewColumn> columns;
  std::string comment;
};

aws::GlueTable PrestoView(const PrestoViewSpec& spec);

}  // namespace ingesta::catalog
