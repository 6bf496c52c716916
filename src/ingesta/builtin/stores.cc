#include "ingesta/builtin/stores.h"

#include <utility>

#include "ingesta/aws/s3.h"
#include "ingesta/store/local_store.h"
#include "ingesta/store/s3_store.h"

namespace ingesta::builtin {

using config::KindSpec;
using config::OptionSpec;
using config::OptionType;

namespace {

constexpr const char* kDefaultBucket = "inventario-datalake";
constexpr std::chrono::hours kStaleUpload{24};

OptionSpec StringOption(std::string name, std::string summary, std::string summary_es) {
  return OptionSpec{.name = std::move(name),
                    .type = OptionType::kString,
                    .summary = std::move(summary),
                    .summary_es = std::move(summary_es)};
}

aws::S3Options S3OptionsOf(const config::ComponentSpec& spec, const std::string& bucket,
                           const aws::AwsSettings& settings) {
  aws::S3Options options;
  options.bucket = bucket;
  options.region = spec.options.StringOr("region", settings.region);
  options.endpoint = spec.options.StringOr("endpoint_url", settings.EndpointFor("s3"));
  options.path_style =
      settings.s3_path_style || (spec.options.Has("path_style") && spec.options.GetBool("path_style"));
  return options;
}

// Parts that a torn upload left cost money and are seen by nobody. It needs more than the seed's three
// permissions.
void ClearStaleUploads(aws::S3Client& client, const pipeline::FactoryContext& context) {
  const Result<int> aborted = client.AbortStaleUploads("", context.clock.Now() - kStaleUpload);
  if (!aborted.ok()) {
    context.log.Warning("stale multipart uploads were not cleared: " + aborted.status().message(),
                        {{"stage", "store"}, {"hint", HintOf(aborted.status())}});
  } else if (*aborted > 0) {
    context.log.Info("cleared " + std::to_string(*aborted) + " stale multipart uploads",
                     {{"stage", "store"}});
  }
}

}  // namespace

std::vector<KindSpec> StoreKinds() {
  return {
      KindSpec{.name = "local",
               .summary = "The local root, INGESTA_DATA_DIR, laid out as the bucket",
               .summary_es = "La raíz local, INGESTA_DATA_DIR, con la misma estructura que el bucket",
               .options = {}},
      KindSpec{
          .name = "s3",
          .summary = "An S3 bucket, with the credentials that the AWS SDKs would find",
          .summary_es = "Un bucket de S3, con las credenciales que encontrarían los SDK de AWS",
          .options = {StringOption("bucket", "Name of the bucket; S3_BUCKET where absent",
                                   "Nombre del bucket; si falta, S3_BUCKET"),
                      StringOption("region", "Region; AWS_REGION or the profile's where absent",
                                   "Región; si falta, AWS_REGION o la del perfil"),
                      StringOption("endpoint_url", "Server other than AWS; AWS_ENDPOINT_URL_S3 where absent",
                                   "Servidor distinto de AWS; si falta, AWS_ENDPOINT_URL_S3"),
                      OptionSpec{
                          .name = "path_style",
                          .type = OptionType::kBool,
                          .summary = "Put the bucket into the path, as servers other than AWS may need",
                          .summary_es = "Pone el bucket en la ruta, como piden algunos servidores",
                          .default_value = false}}},
  };
}

StoreChoice ChooseStore(const config::ComponentSpec& spec, const pipeline::Environment& environment) {
  if (spec.type == "local") return {};
  const auto variable = environment.find("S3_BUCKET");
  const std::string by_environment = variable == environment.end() ? kDefaultBucket : variable->second;
  return {spec.options.StringOr("bucket", by_environment)};
}

Result<std::unique_ptr<ObjectStore>> MakeStore(const config::ComponentSpec& spec,
                                               const pipeline::FactoryContext& context,
                                               AwsConnector& connector) {
  const StoreChoice choice = ChooseStore(spec, context.environment);
  if (choice.bucket.empty()) {
    if (spec.type != "s3") return store::MakeLocalStore(context.root);
    return MakeError(ErrorCode::kInvalidConfig, "store: s3 names no bucket, and S3_BUCKET is empty",
                     "set S3_BUCKET or store.bucket");
  }
  ARROW_ASSIGN_OR_RAISE(auto access, connector.Connect());
  const aws::S3Options options = S3OptionsOf(spec, choice.bucket, access->settings);
  ARROW_ASSIGN_OR_RAISE(auto client,
                        aws::S3Client::Make(options, access->credentials, *access->http, context.clock));
  ClearStaleUploads(*client, context);
  return store::MakeS3Store(AwsService<aws::S3Client>::Share(std::move(access), std::move(client)));
}

}  // namespace ingesta::builtin
