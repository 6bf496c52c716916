#include "ingesta/builtin/catalogs.h"

#include <utility>

#include "ingesta/catalog/iceberg/filesystem_catalog.h"
#include "ingesta/catalog/lake_catalog.h"

namespace ingesta::builtin {

using config::KindSpec;

std::vector<KindSpec> CatalogKinds() {
  return {
      KindSpec{.name = "filesystem",
               .summary = "The store itself: each Iceberg table's metadata files say which is current",
               .summary_es =
                   "El propio almacén: los metadatos de cada tabla Iceberg dicen cuál es la versión actual",
               .options = {}},
  };
}

std::string ChooseCatalog(const config::ComponentSpec& spec, const pipeline::Environment& /*environment*/) {
  return spec.type.empty() ? "filesystem" : spec.type;
}

Result<std::unique_ptr<catalog::Catalog>> MakeCatalog(const config::ComponentSpec& spec,
                                                      const pipeline::FactoryContext& context,
                                                      ObjectStore& store) {
  const std::string kind = ChooseCatalog(spec, context.environment);
  catalog::LakeParts parts{.kind = kind, .description = kind, .tables = nullptr};
  parts.tables = std::make_unique<iceberg::FilesystemCatalog>(store, context.clock);
  return catalog::MakeLakeCatalog(std::move(parts), {store, context.clock, context.random, context.log});
}

}  // namespace ingesta::builtin
