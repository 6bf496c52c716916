#include "ingesta/builtin/register_all.h"

#include "ingesta/builtin/backoff.h"
#include "ingesta/builtin/catalogs.h"
#include "ingesta/builtin/stage_factory.h"
#include "ingesta/builtin/stores.h"
#include "ingesta/source/paginators/cursor.h"
#include "ingesta/source/paginators/header_link.h"
#include "ingesta/source/paginators/json_link.h"
#include "ingesta/source/paginators/offset.h"
#include "ingesta/source/paginators/page_number.h"
#include "ingesta/source/paginators/single_page.h"

namespace ingesta::builtin {
namespace {

// A new kind is one line here.
const Kinds& AllKinds() {
  static const Kinds kinds{
      .paginators = {source::PageNumberPaginator(), source::OffsetPaginator(), source::CursorPaginator(),
                     source::JsonLinkPaginator(), source::HeaderLinkPaginator(),
                     source::SinglePagePaginator()},
      .auths = http::AuthKinds(),
      .formats = {format::CsvFormat(), format::JsonFormat(), format::ParquetFormat(),
                  format::IcebergFormat()},
  };
  return kinds;
}

template <typename Kind>
std::vector<config::KindSpec> Specs(const std::vector<Kind>& kinds) {
  std::vector<config::KindSpec> specs;
  for (const Kind& kind : kinds) specs.push_back(kind.spec);
  return specs;
}

std::unique_ptr<pipeline::StageFactory> MakeFactory(pipeline::FactoryContext context) {
  return MakeStageFactory(AllKinds(), std::move(context));
}

}  // namespace

const pipeline::Toolbox& RegisterAll() {
  static const pipeline::Toolbox toolbox{.kinds = {.paginators = Specs(AllKinds().paginators),
                                                   .auths = Specs(AllKinds().auths),
                                                   .backoffs = BackoffKinds(),
                                                   .formats = Specs(AllKinds().formats),
                                                   .stores = StoreKinds(),
                                                   .catalogs = CatalogKinds()},
                                         .make_factory = MakeFactory};
  return toolbox;
}

}  // namespace ingesta::builtin
