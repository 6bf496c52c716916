#include "ingesta/source/paginators/common.h"

#include <fmt/format.h>

#include "ingesta/source/paginator.h"

namespace ingesta::source {

using config::OptionSpec;
using config::OptionType;

std::optional<int64_t> OptionalInt(const config::Options& options, const std::string& name) {
  return options.Has(name) ? std::optional(options.GetInt(name)) : std::nullopt;
}

Result<PageSize> PageSize::Make(const config::Options& options, const std::string& size_param, int pass) {
  PageSize size;
  size.param_ = options.StringOr(size_param, "");
  size.configured_ = OptionalInt(options, "page_size").value_or(0);
  if (size.can_ask() && size.configured_ <= 0) {
    return MakeError(
        ErrorCode::kInvalidConfig,
        fmt::format("paginator: `{}: {}` says how the page size is sent, but there is no `page_size`",
                    size_param, size.param_),
        "add `page_size`, such as 500");
  }
  size.value_ = size.can_ask() ? PassPageSize(size.configured_, pass) : size.configured_;
  return size;
}

void PageSize::AddTo(std::vector<std::pair<std::string, std::string>>& params,
                     std::optional<int64_t> size) const {
  if (can_ask()) params.emplace_back(param_, std::to_string(size.value_or(value_)));
}

int64_t PageSize::ScalePages(int64_t pages) const {
  if (value_ == configured_ || value_ <= 0) return pages;
  return (pages * configured_ + value_ - 1) / value_;
}

OptionSpec PageSizeOption(std::optional<int64_t> default_value) {
  OptionSpec spec{.name = "page_size",
                  .type = OptionType::kInt,
                  .summary = "Records asked for a page",
                  .summary_es = "Registros que se piden por página"};
  if (default_value.has_value()) spec.default_value = *default_value;
  spec.min = 1;
  spec.max = 1'000'000;
  return spec;
}

OptionSpec PageSizeParamOption() {
  return {.name = "page_size_param",
          .type = OptionType::kString,
          .summary = "Query parameter that carries the page size; without it the size is not sent",
          .summary_es = "Parámetro de la consulta que lleva el tamaño de página; sin él no se envía"};
}

OptionSpec TotalPathOption() {
  return {
      .name = "total_path",
      .type = OptionType::kString,
      .summary = "Dotted path of the source's total of records in a page; lets pages be fetched in parallel",
      .summary_es =
          "Ruta con puntos del total de registros en una página; permite pedir páginas en paralelo"};
}

OptionSpec StopAfterEmptyPageOption(bool default_value) {
  return {.name = "stop_after_empty_page",
          .type = OptionType::kBool,
          .summary = "A page without records is the last one, where no total says how many there are",
          .summary_es = "Una página sin registros es la última, cuando ningún total dice cuántas hay",
          .default_value = default_value};
}

OptionSpec MaximumPageOption() {
  return {.name = "maximum_page",
          .type = OptionType::kInt,
          .summary = "Most pages of one scan; a source that has more is an error, never cut short",
          .summary_es = "Máximo de páginas por recorrido; si la fuente tiene más es un error, nunca un corte",
          .min = 1};
}

}  // namespace ingesta::source
