#include "ingesta/source/paginators/json_link.h"

#include "ingesta/source/paginators/common.h"
#include "ingesta/source/paginators/linked.h"

namespace ingesta::source {
namespace {

class JsonLink final : public LinkedPaginator {
 public:
  static Result<std::unique_ptr<Paginator>> Make(const config::Options& options, int pass) {
    auto paginator = std::make_unique<JsonLink>();
    ARROW_RETURN_NOT_OK(paginator->Init(options, pass));
    paginator->next_url_path_ = options.StringOr("next_url_path", "next");
    return paginator;
  }

  FactPaths fact_paths() const override { return {.total = "", .total_pages = "", .next = next_url_path_}; }

 protected:
  std::optional<std::string> NextLink(const SeenPage& page) const override { return page.facts.next; }

 private:
  std::string next_url_path_;
};

}  // namespace

PaginatorKind JsonLinkPaginator() {
  config::KindSpec spec{
      .name = "json_link",
      .summary = "Each page's body has the URL of the next, absolute or relative, of the same origin",
      .summary_es =
          "El cuerpo de cada página trae la URL de la siguiente, absoluta o relativa, del mismo origen"};
  spec.options = {
      {.name = "next_url_path",
       .type = config::OptionType::kString,
       .summary = "Dotted path of the next page's URL in a page; absent, null or empty on the last one",
       .summary_es = "Ruta con puntos de la URL de la página siguiente; ausente, nula o vacía en la última",
       .default_value = std::string("next")},
      PageSizeOption(),
      PageSizeParamOption(),
      MaximumPageOption(),
  };
  return {std::move(spec), JsonLink::Make};
}

}  // namespace ingesta::source
