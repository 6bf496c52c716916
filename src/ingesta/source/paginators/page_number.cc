#include "ingesta/source/paginators/page_number.h"

#include <fmt/format.h>

#include <algorithm>

#include "ingesta/source/paginators/common.h"

namespace ingesta::source {
namespace {

using config::OptionType;

class PageNumber final : public Paginator {
 public:
  static Result<std::unique_ptr<Paginator>> Make(const config::Options& options, int pass) {
    auto paginator = std::make_unique<PageNumber>();
    ARROW_ASSIGN_OR_RAISE(paginator->size_, PageSize::Make(options, "page_size_param", pass));
    paginator->base_page_ = OptionalInt(options, "base_page").value_or(1);
    paginator->page_param_ = options.StringOr("page_param", "page");
    paginator->paths_.total = options.StringOr("total_path", "");
    paginator->paths_.total_pages = options.StringOr("total_pages_path", "");
    paginator->stop_after_empty_page_ =
        !options.Has("stop_after_empty_page") || options.GetBool("stop_after_empty_page");
    paginator->maximum_page_ = OptionalInt(options, "maximum_page");
    if (!paginator->stop_after_empty_page_ && paginator->paths_.total.empty() &&
        paginator->paths_.total_pages.empty()) {
      return MakeError(
          ErrorCode::kInvalidConfig,
          "paginator page_number: with `stop_after_empty_page: false` nothing says where the pages end",
          "name `total_pages_path` or `total_path`, or leave `stop_after_empty_page` out");
    }
    return paginator;
  }

  FactPaths fact_paths() const override { return paths_; }
  int64_t page_size() const override { return size_.value(); }
  PageRequest First() const override { return Numbered(0, size_.value()); }
  PageRequest Smallest() const override { return Numbered(0, 1); }

  Result<std::optional<int64_t>> KnownPages(const SeenPage& page) override {
    if (page.index == 0) per_page_ = EffectiveSize(page);
    std::optional<int64_t> pages = page.facts.total_pages;
    if (!pages.has_value() && page.facts.total.has_value() && per_page_ > 0) {
      pages = (*page.facts.total + per_page_ - 1) / per_page_;
    }
    if (!pages.has_value()) {
      if (stop_after_empty_page_) return std::nullopt;
      return MakeError(
          ErrorCode::kPagination,
          fmt::format("the page says neither how many pages (`{}`) nor how many records (`{}`) there are",
                      paths_.total_pages, paths_.total),
          "correct the paths, or leave `stop_after_empty_page` out to walk until an empty page");
    }
    pages = std::max<int64_t>(*pages, 1);
    ARROW_RETURN_NOT_OK(CheckMaximum(*pages - 1));
    return pages;
  }

  Result<PageRequest> At(int64_t index) const override {
    ARROW_RETURN_NOT_OK(CheckMaximum(index));
    return Numbered(index, size_.value());
  }

  Result<std::optional<PageRequest>> After(const SeenPage& page) override {
    if (page.records == 0) return std::nullopt;
    return At(page.index + 1);
  }

 private:
  PageRequest Numbered(int64_t index, int64_t size) const {
    PageRequest request;
    request.params.emplace_back(page_param_, std::to_string(base_page_ + index));
    size_.AddTo(request.params, size);
    return request;
  }

  /// A service may cap the size: what the first page holds, where it holds less than asked and there is more.
  int64_t EffectiveSize(const SeenPage& first) const {
    const bool capped =
        first.records > 0 && first.facts.total.has_value() && *first.facts.total > first.records;
    if (size_.value() == 0) return first.records;
    return capped ? std::min(size_.value(), first.records) : size_.value();
  }

  Status CheckMaximum(int64_t index) const {
    // maximum_page is a page's number; its pages are of the configured size.
    if (!maximum_page_.has_value() || index < size_.ScalePages(*maximum_page_ - base_page_ + 1))
      return Status::OK();
    return MaximumPageError(*maximum_page_);
  }

  PageSize size_;
  int64_t base_page_ = 1;
  std::string page_param_;
  FactPaths paths_;
  bool stop_after_empty_page_ = true;
  std::optional<int64_t> maximum_page_;
  int64_t per_page_ = 0;
};

}  // namespace

PaginatorKind PageNumberPaginator() {
  config::KindSpec spec{.name = "page_number",
                        .summary = "Pages by number, such as `?page=3&per_page=100`",
                        .summary_es = "Páginas por número, como `?page=3&per_page=100`"};
  spec.options = {
      {.name = "base_page",
       .type = OptionType::kInt,
       .summary = "Number of the first page",
       .summary_es = "Número de la primera página",
       .default_value = int64_t{1},
       .min = 0},
      {.name = "page_param",
       .type = OptionType::kString,
       .summary = "Query parameter that carries the page's number",
       .summary_es = "Parámetro de la consulta que lleva el número de página",
       .default_value = std::string("page")},
      PageSizeOption(),
      PageSizeParamOption(),
      TotalPathOption(),
      {.name = "total_pages_path",
       .type = OptionType::kString,
       .summary = "Dotted path of the number of pages in a page; lets pages be fetched in parallel",
       .summary_es = "Ruta con puntos del número de páginas en una página; permite pedirlas en paralelo"},
      StopAfterEmptyPageOption(true),
      {.name = "maximum_page",
       .type = OptionType::kInt,
       .summary =
           "Highest page number that may be asked for; a source that has more is an error, never cut short",
       .summary_es =
           "Número de página más alto que se puede pedir; si la fuente tiene más es un error, nunca un corte",
       .min = 0},
  };
  return {std::move(spec), PageNumber::Make};
}

}  // namespace ingesta::source
