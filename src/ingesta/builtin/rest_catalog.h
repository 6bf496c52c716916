// The catalog kind `rest`: its options, and how it is reached.
#pragma once

#include <memory>

#include "ingesta/builtin/aws_access.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/config/options.h"

namespace ingesta::builtin {

config::KindSpec RestCatalogKind();

/// kInvalidConfig for options that do not fit together. `context` and `store` outlive the catalog; the AWS
/// credentials are looked for only where requests are to be signed.
Result<std::unique_ptr<iceberg::TableCatalog>> MakeRestCatalog(const config::Options& options,
                                                               const pipeline::FactoryContext& context,
                                                               ObjectStore& store, AwsConnector& connector);

}  // namespace ingesta::builtin
