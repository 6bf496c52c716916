// The kinds of `store`, and which one a pipeline gets: what it names, else by S3_BUCKET.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/builtin/aws_access.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/toolbox.h"

namespace ingesta::builtin {

/// `local`, `s3`.
std::vector<config::KindSpec> StoreKinds();

/// Where a pipeline publishes.
struct StoreChoice {
  std::string bucket;  ///< empty = the local root
  std::string Uri(const std::string& root) const { return bucket.empty() ? root : "s3://" + bucket; }
};

/// S3_BUCKET unset means `inventario-datalake`, set but empty means no S3; a `store` in the pipeline goes
/// before.
StoreChoice ChooseStore(const config::ComponentSpec& spec, const pipeline::Environment& environment);

/// On S3: resolves credentials and asks for the bucket.
Result<std::unique_ptr<ObjectStore>> MakeStore(const config::ComponentSpec& spec,
                                               const pipeline::FactoryContext& context,
                                               AwsConnector& connector);

}  // namespace ingesta::builtin
