#include "ingesta/builtin/catalogs.h"

#include <utility>

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
  return catalog::MakeLakeCatalog({.kind = kind, .description = kind}, store, context.log);
}

}  // namespace ingesta::builtin
