#include "ingesta/catalog/glue/presto_view.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "ingesta/aws/digest.h"

namespace ingesta::catalog {
namespace {

constexpr std::string_view kPrefix = "/* Presto View: ";
constexpr std::string_view kSuffix = " */";
/// Athena's name for Glue, whatever the account.
constexpr const char* kCatalog = "awsdatacatalog";

}  // namespace

aws::GlueTable PrestoView(const PrestoViewSpec& spec) {
  // In the order in which the engines write it: the text is compared to know whether a view has changed.
  nlohmann::ordered_json columns = nlohmann::ordered_json::array();
  aws::GlueTable table;
  for (const PrestoViewColumn& column : spec.columns) {
    columns.push_back({{"name", column.name}, {"type", column.trino_type}});
    table.storage.columns.push_back(
        {.name = column.name, .type = column.hive_type, .comment = "", .parameters = {}});
  }
  const nlohmann::ordered_json view = {{"originalSql", spec.sql}, {"catalog", kCatalog},
                                       {"schema", spec.database}, {"columns", columns},
                                       {"comment", spec.comment}, {"runAsInvoker", true}};
  const std::string text = view.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  table.name = spec.name;
  table.table_type = "VIRTUAL_VIEW";
  table.view_original_text = std::string(kPrefix) + aws::Base64(text) + std::string(kSuffix);
  table.view_expanded_text = "/* Presto View */";
  // The engines know their views by both of these. No Description: Trino takes it for the latter.
  table.parameters = {{"presto_view", "true"}, {"comment", "Presto View"}};
  return table;
}

}  // namespace ingesta::catalog
