#include "ingesta/source/paginators/offset.h"

#include <fmt/format.h>

#include <algorithm>

#include "ingesta/source/paginators/common.h"

namespace ingesta::source {
namespace {

using config::OptionType;

class Offset final : public Paginator {
 public:
  static Result<std::unique_ptr<Paginator>> Make(const config::Options& options, int pass) {
    auto paginator = std::make_unique<Offset>();
    ARROW_ASSIGN_OR_RAISE(paginator->size_, PageSize::Make(options, "limit_param", pass));
    if (paginator->size_.value() <= 0) {
      return MakeError(ErrorCode::kInvalidConfig, "paginator offset: `page_size` is missing",
                       "add it, such as 100");
    }
    paginator->step_ = paginator->size_.value();
    paginator->offset_param_ = options.StringOr("offset_param", "offset");
    paginator->paths_.total = options.StringOr("total_path", "");
    paginator->stop_after_empty_page_ =
        !options.Has("stop_after_empty_page") || options.GetBool("stop_after_empty_page");
    paginator->maximum_page_ = OptionalInt(options, "maximum_page");
    if (!paginator->stop_after_empty_page_ && paginator->paths_.total.empty()) {
      return MakeError(
          ErrorCode::kInvalidConfig,
          "paginator offset: with `stop_after_empty_page: false` nothing says where the pages end",
          "name `total_path`, or leave `stop_after_empty_page` out");
    }
    return paginator;
  }

  FactPaths fact_paths() const override { return paths_; }
  int64_t page_size() const override { return step_; }
  PageRequest First() const override { return From(0, size_.value()); }
  PageRequest Smallest() const override { return From(0, 1); }

  Result<std::optional<int64_t>> KnownPages(const SeenPage& page) override {
    if (!page.facts.total.has_value()) {
      if (stop_after_empty_page_) return std::nullopt;
      return MakeError(
          ErrorCode::kPagination,
          fmt::format("the page does not say how many records there are at `{}`", paths_.total),
          "correct `total_path`, or leave `stop_after_empty_page` out to walk until an empty page");
    }
    // A service that caps the limit gives less than asked: go on by what it gives, or rows would be stepped
    // over.
    const bool capped = page.records > 0 && page.records<step_&& * page.facts.total> page.records;
    if (page.index == 0 && capped) step_ = page.records;
    const int64_t pages = std::max<int64_t>((*page.facts.total + step_ - 1) / step_, 1);
    ARROW_RETURN_NOT_OK(CheckMaximum(pages - 1));
    return pages;
  }

  Result<PageRequest> At(int64_t index) const override {
    ARROW_RETURN_NOT_OK(CheckMaximum(index));
    return From(index * step_, step_);
  }

  Result<std::optional<PageRequest>> After(const SeenPage& page) override {
    if (page.records == 0) return std::nullopt;
    ARROW_RETURN_NOT_OK(CheckMaximum(page.index + 1));
    walked_ += page.records;
    return From(walked_, size_.value());
  }

 private:
  PageRequest From(int64_t offset, int64_t limit) const {
    PageRequest request;
    request.params.emplace_back(offset_param_, std::to_string(offset));
    size_.AddTo(request.params, limit);
    return request;
  }

  Status CheckMaximum(int64_t index) const {
    // Pages of the configured size: a cap on the limit makes more of them, another pass others.
    const bool beyond =
        maximum_page_.has_value() && index * step_ >= size_.ScalePages(*maximum_page_) * size_.value();
    return beyond ? MaximumPageError(*maximum_page_) : Status::OK();
  }

  PageSize size_;
  std::string offset_param_;
  FactPaths paths_;
  bool stop_after_empty_page_ = true;
  std::optional<int64_t> maximum_page_;
  int64_t step_ = 0;    ///< records from one page's start to the next one's
  int64_t walked_ = 0;  ///< records so far, where there is no total
};

}  // namespace

PaginatorKind OffsetPaginator() {
  config::KindSpec spec{
      .name = "offset",
      .summary = "Pages by the number of records before them, such as `?offset=200&limit=100`",
      .summary_es = "Páginas por la cantidad de registros anteriores, como `?offset=200&limit=100`"};
  spec.options = {
      {.name = "offset_param",
       .type = OptionType::kString,
       .summary = "Query parameter that carries the offset",
       .summary_es = "Parámetro de la consulta que lleva el desplazamiento",
       .default_value = std::string("offset")},
      {.name = "limit_param",
       .type = OptionType::kString,
       .summary = "Query parameter that carries the page size",
       .summary_es = "Parámetro de la consulta que lleva el tamaño de página",
       .default_value = std::string("limit")},
      PageSizeOption(100),
      TotalPathOption(),
      StopAfterEmptyPageOption(true),
      MaximumPageOption(),
  };
  return {std::move(spec), Offset::Make};
}

}  // namespace ingesta::source
