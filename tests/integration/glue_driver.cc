// Publishes one dataset's Hive tables as ingesta does, for glue_test.py: reads a description as JSON on
// standard input, prints what changed, or the error, as JSON.
//   glue_driver publish               HiveRegistry::Publish
//   glue_driver update TABLE VERSION  glue:UpdateTable of the table as it is, over VERSION
//   glue_driver ddl ENGINE            catalog::DdlPrologue and DdlOf
//   glue_driver iceberg FOLDER WRITER COUNT   COUNT commits to the Iceberg table, below FOLDER; each sets a
//   property
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ingesta/aws/glue.h"
#include "ingesta/catalog/ddl.h"
#include "ingesta/catalog/glue/glue_table_catalog.h"
#include "ingesta/catalog/glue/hive_registry.h"
#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/store/local_store.h"

namespace ingesta {
namespace {

using Json = nlohmann::json;

std::shared_ptr<arrow::DataType> TypeOf(const std::string& name) {
  if (name == "int64") return arrow::int64();
  if (name == "double") return arrow::float64();
  if (name == "bool") return arrow::boolean();
  if (name == "date") return arrow::date32();
  if (name == "timestamp") return arrow::timestamp(arrow::TimeUnit::MICRO);
  if (name == "money") return arrow::decimal128(18, 2);
  return arrow::utf8();
}

catalog::DdlDataset Read(const Json& json) {
  catalog::DdlDataset dataset;
  dataset.hive.name = json.at("dataset");
  arrow::FieldVector fields;
  for (const Json& column : json.at("columns")) {  // [name, type, path, comment]
    const std::string name = column.at(0);
    fields.push_back(arrow::field(
        name, TypeOf(column.at(1)), true,
        arrow::key_value_metadata({{"path", column.size() > 2 ? column.at(2).get<std::string>() : name},
                                   {"comment", column.size() > 3 ? column.at(3).get<std::string>() : ""}})));
  }
  dataset.hive.schema = arrow::schema(fields);
  for (const auto& [format, location] : json.at("formats").items()) {
    dataset.hive.formats.push_back({format, location, json.value("compression", "none")});
  }
  dataset.hive.symlink_location = json.value("symlink", "");
  dataset.hive.partition_key = json.value("partition_key", "");
  const Json partitions = json.value("partitions", Json::object());
  for (const auto& [value, location] : partitions.items()) {
    dataset.hive.partitions.push_back({value, location});
  }
  const Json gone = json.value("gone", Json::array());
  for (const Json& value : gone) dataset.hive.gone_partitions.push_back(value);
  dataset.iceberg_location = json.value("iceberg", "");
  return dataset;
}

Result<Json> Publish(aws::GlueClient& glue, const std::string& database,
                     const catalog::HiveDataset& dataset) {
  catalog::HiveRegistry registry(glue, database);
  ARROW_RETURN_NOT_OK(registry.EnsureDatabase("the lake of the tests"));
  ARROW_ASSIGN_OR_RAISE(const auto changes, registry.Publish(dataset));
  Json list = Json::object();
  for (const catalog::HiveChange& change : changes) {
    list[change.table] = {{"kind", catalog::HiveChangeName(change.kind)},
                          {"created", change.partitions_created},
                          {"updated", change.partitions_updated},
                          {"dropped", change.partitions_dropped}};
  }
  return list;
}

Result<Json> Update(aws::GlueClient& glue, const std::string& database, const std::string& table,
                    const std::string& version) {
  ARROW_ASSIGN_OR_RAISE(const auto there, glue.GetTable(database, table));
  if (!there.has_value()) return MakeError(ErrorCode::kNotFound, "no such table");
  ARROW_RETURN_NOT_OK(glue.UpdateTable(database, *there, {.version_id = version, .skip_archive = true}));
  return Json::object();
}

Result<Json> Iceberg(aws::GlueClient& glue, const std::string& database, const catalog::HiveDataset& dataset,
                     const std::vector<std::string>& arguments) {
  ARROW_RETURN_NOT_OK(catalog::HiveRegistry(glue, database).EnsureDatabase("the lake of the tests"));
  const auto store = store::MakeLocalStore(arguments.at(1));
  catalog::GlueTableCatalog tables(glue, database, *store, RealClock(), SystemRandom());
  iceberg::TableWriter writer(tables, *store, RealClock(), SystemRandom(),
                              {.attempts = 200, .base = Millis{1}});
  iceberg::TableOperation operation;
  operation.table = dataset.name;
  ARROW_ASSIGN_OR_RAISE(operation.schema, iceberg::AssignFieldIds(std::nullopt, *dataset.schema));
  int attempts = 0;
  for (int i = 0; i < std::stoi(arguments.at(3)); ++i) {
    operation.properties = {{fmt::format("{}-{}", arguments.at(2), i), "1"}};
    ARROW_ASSIGN_OR_RAISE(const auto result, writer.Commit(operation));
    attempts += result.attempts;
  }
  return Json{{"attempts", attempts}};
}

Result<Json> Run(const std::vector<std::string>& arguments) {
  const Json input = Json::parse(std::cin);
  const std::string database = input.at("database");
  const catalog::DdlDataset dataset = Read(input);
  if (arguments.at(0) == "ddl") {
    const catalog::DdlEngine engine = *catalog::ParseDdlEngine(arguments.at(1));
    ARROW_ASSIGN_OR_RAISE(const std::string sql, DdlOf(engine, dataset, database));
    return Json(catalog::DdlPrologue(engine, database, /*on_s3=*/false) + sql);
  }
  const aws::Environment environment = aws::ProcessEnvironment();
  ARROW_ASSIGN_OR_RAISE(const aws::AwsSettings settings, aws::LoadSettings(environment));
  http::ClientOptions options;
  // One call in five is throttled in the tests: enough tries that none runs out of them by chance.
  options.retry = {.max_retries = 10, .base = Millis{1}, .cap = Millis{5}};
  ARROW_ASSIGN_OR_RAISE(const auto client, http::Client::Make(options, RealClock(), SystemRandom()));
  ARROW_ASSIGN_OR_RAISE(const auto credentials,
                        aws::MakeDefaultCredentials(environment, *client, RealClock()));
  aws::GlueClient glue(aws::GlueOptions(settings), credentials, *client, RealClock());
  if (arguments.at(0) == "update") return Update(glue, database, arguments.at(1), arguments.at(2));
  if (arguments.at(0) == "iceberg") return Iceberg(glue, database, dataset.hive, arguments);
  return Publish(glue, database, dataset.hive);
}

}  // namespace
}  // namespace ingesta

int main(int argc, char** argv) {
  const auto result = ingesta::Run({argv + 1, argv + argc});
  if (result.ok()) {
    std::cout << *result << "\n";
    return 0;
  }
  std::cout << nlohmann::json{{"code", ingesta::ErrorCodeName(ingesta::CodeOf(result.status()))},
                              {"message", result.status().message()},
                              {"hint", ingesta::HintOf(result.status())}}
            << "\n";
  return 1;
}
