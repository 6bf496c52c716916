#include "ingesta/builtin/catalogs.h"

#include <fmt/format.h>

#include <utility>

#include "ingesta/builtin/rest_catalog.h"
#include "ingesta/builtin/stores.h"
#include "ingesta/catalog/glue/glue_table_catalog.h"
#include "ingesta/catalog/iceberg/filesystem_catalog.h"
#include "ingesta/catalog/lake_catalog.h"

namespace ingesta::builtin {

using config::KindSpec;
using config::OptionSpec;
using config::OptionType;

namespace {

constexpr const char* kDefaultDatabase = "inventario_db";

std::string DatabaseVariable(const pipeline::Environment& environment) {
  const auto found = environment.find("GLUE_DATABASE");
  return found == environment.end() ? "" : found->second;
}

Result<std::shared_ptr<aws::GlueClient>> ConnectGlue(const config::Options& options, Clock& clock,
                                                     AwsConnector& connector) {
  ARROW_ASSIGN_OR_RAISE(auto access, connector.Connect());
  aws::JsonServiceOptions service = aws::GlueOptions(access->settings);
  service.region = options.StringOr("region", service.region);
  service.endpoint = options.StringOr("endpoint_url", service.endpoint);
  auto client =
      std::make_unique<aws::GlueClient>(std::move(service), access->credentials, *access->http, clock);
  return AwsService<aws::GlueClient>::Share(std::move(access), std::move(client));
}

Result<catalog::LakeParts> GlueParts(const config::PipelineSpec& pipeline,
                                     const pipeline::FactoryContext& context, ObjectStore& store,
                                     AwsConnector& connector) {
  if (store.kind() != "s3") {
    return MakeError(ErrorCode::kInvalidConfig, "catalog: glue needs S3: Athena reads no local files",
                     "set S3_BUCKET, or use catalog: filesystem");
  }
  catalog::LakeParts parts;
  const std::string variable = DatabaseVariable(context.environment);
  parts.database =
      pipeline.catalog.options.StringOr("database", variable.empty() ? kDefaultDatabase : variable);
  parts.description = fmt::format("glue database {}", parts.database);
  ARROW_ASSIGN_OR_RAISE(parts.glue, ConnectGlue(pipeline.catalog.options, context.clock, connector));
  parts.tables = std::make_unique<catalog::GlueTableCatalog>(*parts.glue, parts.database, store,
                                                             context.clock, context.random);
  return parts;
}

}  // namespace

std::vector<KindSpec> CatalogKinds() {
  const auto text = [](std::string name, std::string summary, std::string summary_es) {
    return OptionSpec{.name = std::move(name),
                      .type = OptionType::kString,
                      .summary = std::move(summary),
                      .summary_es = std::move(summary_es)};
  };
  return {
      KindSpec{.name = "filesystem",
               .summary = "The store itself: each Iceberg table's metadata files say which is current",
               .summary_es = "El propio almacén: los metadatos de cada tabla Iceberg dicen cuál es la actual",
               .options = {}},
      KindSpec{.name = "glue",
               .summary = "AWS Glue: Hive and Iceberg tables, views and partitions, as Athena reads them",
               .summary_es = "AWS Glue: tablas Hive e Iceberg, vistas y particiones, como las lee Athena",
               .options = {text("database", "Database; GLUE_DATABASE where absent, else inventario_db",
                                "Base de datos; si falta, GLUE_DATABASE, y si no, inventario_db"),
                           text("region", "Region; AWS_REGION or the profile's where absent",
                                "Región; si falta, AWS_REGION o la del perfil"),
                           text("endpoint_url", "Server other than AWS; AWS_ENDPOINT_URL_GLUE where absent",
                                "Servidor distinto de AWS; si falta, AWS_ENDPOINT_URL_GLUE")}},
      RestCatalogKind(),
  };
}

std::string ChooseCatalog(const config::PipelineSpec& pipeline, const pipeline::Environment& environment) {
  if (!pipeline.catalog.type.empty()) return pipeline.catalog.type;
  const bool on_s3 = !ChooseStore(pipeline.store, environment).bucket.empty();
  return on_s3 && !DatabaseVariable(environment).empty() ? "glue" : "filesystem";
}

Result<std::unique_ptr<catalog::Catalog>> MakeCatalog(const config::PipelineSpec& pipeline,
                                                      const pipeline::FactoryContext& context,
                                                      ObjectStore& store, AwsConnector& connector) {
  catalog::LakeParts parts{.description = "filesystem",
                           .glue = nullptr,
                           .database = DatabaseVariable(context.environment),
                           .tables = nullptr};
  const std::string kind = ChooseCatalog(pipeline, context.environment);
  if (kind == "glue") {
    ARROW_ASSIGN_OR_RAISE(parts, GlueParts(pipeline, context, store, connector));
  } else if (kind == "rest") {
    const config::Options& options = pipeline.catalog.options;
    parts.description = fmt::format("rest catalog {}", http::RedactUrl(options.GetString("uri")));
    ARROW_ASSIGN_OR_RAISE(parts.tables, MakeRestCatalog(options, context, store, connector));
  } else {
    if (store.kind() == "s3" && pipeline.catalog.type.empty()) {
      context.log.Info(
          "the tables are in the bucket alone: set GLUE_DATABASE to have them in Glue and Athena",
          {{"stage", "catalog"}});
    }
    parts.tables = std::make_unique<iceberg::FilesystemCatalog>(store, context.clock);
  }
  return catalog::MakeLakeCatalog(std::move(parts), {store, context.clock, context.random, context.log});
}

}  // namespace ingesta::builtin
