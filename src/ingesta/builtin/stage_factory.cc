#include "ingesta/builtin/stage_factory.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "ingesta/builtin/backoff.h"
#include "ingesta/builtin/catalogs.h"
#include "ingesta/builtin/stores.h"
#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/http/response_filters.h"
#include "ingesta/source/rest_source.h"

namespace ingesta::builtin {
namespace {

template <typename Kind>
Result<const Kind*> FindKind(const std::vector<Kind>& kinds, const std::string& name, const char* role) {
  std::string names;
  for (const Kind& kind : kinds) {
    if (kind.spec.name == name) return &kind;
    names += (names.empty() ? "" : ", ") + kind.spec.name;
  }
  return MakeError(ErrorCode::kInvalidConfig, fmt::format("'{}' is no {}", name, role),
                   "there are: " + names);
}

class Factory final : public pipeline::StageFactory {
 public:
  Factory(const Kinds& kinds, pipeline::FactoryContext context)
      : kinds_(kinds), context_(std::move(context)) {}

  Result<std::unique_ptr<http::Client>> MakeClient(const config::PipelineSpec& pipeline,
                                                   OnRetry on_retry) override;
  Result<pipeline::ResourceStages> MakeStages(const config::PipelineSpec& pipeline,
                                              const pipeline::ResourceTree& tree,
                                              http::Client& client) override;
  Result<std::unique_ptr<ObjectStore>> MakeStore(const config::PipelineSpec& pipeline) override {
    return builtin::MakeStore(pipeline.store, context_, aws_);
  }
  Result<std::unique_ptr<catalog::Catalog>> MakeCatalog(const config::PipelineSpec& pipeline,
                                                        ObjectStore& store) override {
    return builtin::MakeCatalog(pipeline, context_, store, aws_);
  }
  std::string StoreUri(const config::PipelineSpec& pipeline) const override {
    return ChooseStore(pipeline.store, context_.environment).Uri(context_.root);
  }

 private:
  Result<std::vector<std::unique_ptr<format::Format>>> MakeFormats(
      const config::PipelineSpec& pipeline, const config::ResourceSpec& resource) const;

  const Kinds& kinds_;
  const pipeline::FactoryContext context_;
  AwsConnector aws_{context_};
  std::shared_ptr<http::RetryBudget> budget_;  ///< of the client made last, shared with its sources
  OnRetry on_retry_;
};

Result<std::unique_ptr<http::Client>> Factory::MakeClient(const config::PipelineSpec& pipeline,
                                                          OnRetry on_retry) {
  const config::ClientSpec& spec = pipeline.client;
  http::ClientOptions options;
  options.timeouts = {spec.connect_timeout, spec.idle_timeout, spec.total_timeout};
  options.retry = MakeRetryPolicy(spec);
  options.concurrency = spec.concurrency;
  options.max_body = spec.max_body;
  options.max_decompressed_ratio = spec.max_decompressed_ratio;
  options.allowed_origins = spec.allowed_origins;
  options.rate_limit = spec.rate_limit;
  options.rate_interval = spec.rate_interval;
  options.user_agent = "ingesta/" + context_.version;
  options.redact = pipeline.secrets;
  ARROW_ASSIGN_OR_RAISE(options.classify, http::MakeClassifier(spec.response_filters));
  options.retry_budget = budget_ = std::make_shared<http::RetryBudget>(spec.retry_budget);
  options.on_retry = on_retry_ = std::move(on_retry);
  if (spec.auth.has_value()) {
    ARROW_ASSIGN_OR_RAISE(const http::AuthKind* kind, FindKind(kinds_.auths, spec.auth->type, "auth type"));
    ARROW_ASSIGN_OR_RAISE(options.authenticator, kind->make(spec.auth->options, context_.clock));
  }
  return http::Client::Make(std::move(options), context_.clock, context_.random);
}

Result<std::vector<std::unique_ptr<format::Format>>> Factory::MakeFormats(
    const config::PipelineSpec& pipeline, const config::ResourceSpec& resource) const {
  const format::FormatContext format_context{
      .partition_by = resource.partition_by,
      .primary_key = resource.primary_key,
      .single_file = ChooseCatalog(pipeline, context_.environment) != "glue"};
  // Rows to merge stay in the order in which they came; the merge finds their partitions.
  format::FormatContext merge_context = format_context;
  merge_context.partition_by = {};
  std::vector<std::unique_ptr<format::Format>> formats;
  for (const config::ComponentSpec& spec : resource.formats) {
    ARROW_ASSIGN_OR_RAISE(const format::FormatKind* kind, FindKind(kinds_.formats, spec.type, "format"));
    const bool merged = resource.merges() && spec.type == "iceberg";
    ARROW_ASSIGN_OR_RAISE(auto made, kind->make(spec.options, merged ? merge_context : format_context));
    formats.push_back(std::move(made));
  }
  return formats;
}

Result<pipeline::ResourceStages> Factory::MakeStages(const config::PipelineSpec& pipeline,
                                                     const pipeline::ResourceTree& tree,
                                                     http::Client& client) {
  const config::ResourceSpec& resource = *tree.resource;
  pipeline::ResourceStages stages;
  stages.tree = tree;
  const source::RestSourceOptions source_options{.retry = {.policy = MakeRetryPolicy(pipeline.client),
                                                           .budget = budget_,
                                                           .stop = &context_.stop,
                                                           .on_retry = on_retry_}};
  ARROW_ASSIGN_OR_RAISE(stages.source,
                        source::MakeRestSource(pipeline.client, resource, kinds_.paginators, client,
                                               context_.clock, context_.random, source_options));
  ARROW_ASSIGN_OR_RAISE(stages.decoder,
                        decode::MakeJsonDecoder({.data_selector = resource.endpoint.data_selector,
                                                 .total_path = resource.completeness.total_path}));
  ARROW_ASSIGN_OR_RAISE(stages.rows, transform::RowBuilder::Make(resource, tree.children));
  for (size_t i = 0; i < tree.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto formats, MakeFormats(pipeline, tree.dataset(i)));
    stages.formats.push_back(std::move(formats));
    // Field ids of a new table; a run that publishes asks the table for its own.
    ARROW_ASSIGN_OR_RAISE(auto schema,
                          iceberg::AssignFieldIds(std::nullopt, *stages.rows->schema(static_cast<int>(i))));
    stages.schemas.push_back(std::move(schema));
  }
  return stages;
}

}  // namespace

std::unique_ptr<pipeline::StageFactory> MakeStageFactory(const Kinds& kinds,
                                                         pipeline::FactoryContext context) {
  return std::make_unique<Factory>(kinds, std::move(context));
}

}  // namespace ingesta::builtin
