#include "ingesta/source/paginators/cursor.h"

#include <fmt/format.h>

#include "ingesta/source/paginators/common.h"

namespace ingesta::source {
namespace {

using config::OptionType;

class Cursor final : public Paginator {
 public:
  static Result<std::unique_ptr<Paginator>> Make(const config::Options& options, int pass) {
    auto paginator = std::make_unique<Cursor>();
    ARROW_ASSIGN_OR_RAISE(paginator->size_, PageSize::Make(options, "page_size_param", pass));
    paginator->cursor_path_ = options.StringOr("cursor_path", "");
    paginator->cursor_param_ = options.StringOr("cursor_param", "cursor");
    paginator->stop_after_empty_page_ =
        options.Has("stop_after_empty_page") && options.GetBool("stop_after_empty_page");
    paginator->maximum_page_ = OptionalInt(options, "maximum_page");
    if (paginator->cursor_path_.empty()) {
      return MakeError(ErrorCode::kInvalidConfig, "paginator cursor: `cursor_path` is missing",
                       "name the path of the next cursor in a page, such as `meta.next_cursor`");
    }
    return paginator;
  }

  FactPaths fact_paths() const override { return {.total = "", .total_pages = "", .next = cursor_path_}; }
  int64_t page_size() const override { return size_.value(); }
  PageRequest First() const override { return With(size_.value()); }
  PageRequest Smallest() const override { return With(1); }

  Result<std::optional<PageRequest>> After(const SeenPage& page) override {
    const auto& next = page.facts.next;
    if (!next.has_value() || next->empty() || (page.records == 0 && stop_after_empty_page_))
      return std::nullopt;
    if (maximum_page_.has_value() && page.index + 1 >= size_.ScalePages(*maximum_page_)) {
      return MaximumPageError(*maximum_page_);
    }
    ARROW_RETURN_NOT_OK(trail_.Note(*next, fmt::format("{}={}", cursor_param_, next->substr(0, 100))));
    PageRequest request = With(size_.value());
    request.params.emplace_back(cursor_param_, *next);
    return request;
  }

 private:
  PageRequest With(int64_t size) const {
    PageRequest request;
    size_.AddTo(request.params, size);
    return request;
  }

  PageSize size_;
  std::string cursor_path_;
  std::string cursor_param_;
  bool stop_after_empty_page_ = false;
  std::optional<int64_t> maximum_page_;
  LinkTrail trail_;
};

}  // namespace

PaginatorKind CursorPaginator() {
  config::KindSpec spec{
      .name = "cursor",
      .summary = "Each page gives the cursor of the next, sent as a query parameter",
      .summary_es = "Cada página da el cursor de la siguiente, que se envía como parámetro"};
  spec.options = {
      {.name = "cursor_path",
       .type = OptionType::kString,
       .summary = "Dotted path of the next page's cursor in a page; absent, null or empty on the last one",
       .summary_es = "Ruta con puntos del cursor de la página siguiente; ausente, nulo o vacío en la última",
       .required = true},
      {.name = "cursor_param",
       .type = OptionType::kString,
       .summary = "Query parameter that carries the cursor",
       .summary_es = "Parámetro de la consulta que lleva el cursor",
       .default_value = std::string("cursor")},
      PageSizeOption(),
      PageSizeParamOption(),
      StopAfterEmptyPageOption(false),
      MaximumPageOption(),
  };
  return {std::move(spec), Cursor::Make};
}

}  // namespace ingesta::source
