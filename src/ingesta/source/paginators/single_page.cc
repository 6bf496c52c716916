#include "ingesta/source/paginators/single_page.h"

namespace ingesta::source {
namespace {

class SinglePage final : public Paginator {
 public:
  static Result<std::unique_ptr<Paginator>> Make(const config::Options&, int) {
    return std::make_unique<SinglePage>();
  }
  bool unpaged() const override { return true; }
  PageRequest First() const override { return {}; }
  Result<std::optional<PageRequest>> After(const SeenPage&) override { return std::nullopt; }
};

}  // namespace

PaginatorKind SinglePagePaginator() {
  return {
      {.name = "single_page",
       .summary = "The whole dataset in one answer of any size; it is split into records as it arrives",
       .summary_es =
           "Todo el conjunto de datos en una respuesta de cualquier tamaño; se separa en registros al llegar",
       .options = {}},
      SinglePage::Make};
}

}  // namespace ingesta::source
