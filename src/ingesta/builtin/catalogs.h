// The kinds of `catalog`, and which one a pipeline gets: what it names, else by GLUE_DATABASE.
#pragma once

#include <memory>
#include <vector>

#include "ingesta/catalog/catalog.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/toolbox.h"

namespace ingesta::builtin {

/// `filesystem`, `glue`, `rest`.
std::vector<config::KindSpec> CatalogKinds();

/// `glue` where the pipeline or GLUE_DATABASE says so, else what the pipeline names, else `filesystem`.
std::string ChooseCatalog(const config::ComponentSpec& spec, const pipeline::Environment& environment);

/// `store` and what `context` refers to outlive the catalog.
Result<std::unique_ptr<catalog::Catalog>> MakeCatalog(const config::ComponentSpec& spec,
                                                      const pipeline::FactoryContext& context,
                                                      ObjectStore& store);

}  // namespace ingesta::builtin
