// The kinds of `catalog`, and which one a pipeline gets: what it names, else by GLUE_DATABASE.
#pragma once

#include <memory>
#include <vector>

#include "ingesta/builtin/aws_access.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/toolbox.h"

namespace ingesta::builtin {

/// `filesystem`, `glue`.
std::vector<config::KindSpec> CatalogKinds();

/// What the pipeline names; else `glue` where GLUE_DATABASE is set and the store is S3; else `filesystem`.
std::string ChooseCatalog(const config::PipelineSpec& pipeline, const pipeline::Environment& environment);

/// `store` and what `context` refers to outlive the catalog.
Result<std::unique_ptr<catalog::Catalog>> MakeCatalog(const config::PipelineSpec& pipeline,
                                                      const pipeline::FactoryContext& context,
                                                      ObjectStore& store, AwsConnector& connector);

}  // namespace ingesta::builtin
