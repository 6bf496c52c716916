#include "ingesta/source/rest_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>

#include "ingesta/source/page_fetcher.h"
#include "ingesta/source/page_probe.h"
#include "ingesta/source/paged_scan.h"
#include "ingesta/source/request_builder.h"
#include "ingesta/source/unpaged_scan.h"

namespace ingesta::source {
namespace {

/// Pages whose requests are remembered for Refetch, from the newest back: far more than any reader works on
/// at once.
constexpr size_t kRemembered = 1024;

template <typename T>
Result<T> AtSource(Result<T> result) {
  if (result.ok()) return result;
  return WithStage(result.status(), Stage::kSource);
}

class RestSource final : public Source {
 public:
  RestSource(config::ResourceSpec resource, const PaginatorKind& kind, RequestBuilder requests,
             http::Client& client, Clock& clock, Random& random, const RestSourceOptions& options,
             int concurrency)
      : resource_(std::move(resource)),
        kind_(kind),
        requests_(std::move(requests)),
        retrier_(options.retry, clock, random),
        context_{client,
                 requests_,
                 retrier_,
                 stats_,
                 resource_.endpoint.data_selector,
                 concurrency,
                 options.buffer_bytes,
                 options.slice_bytes},
        fetcher_(context_) {}

  /// REQUIRES: called once, before anything else.
  Status Init() {
    ARROW_ASSIGN_OR_RAISE(const auto paginator, MakePaginator(1));
    unpaged_ = paginator->unpaged();
    total_paths_.total = resource_.completeness.total_path;
    if (total_paths_.total.empty()) total_paths_.total = paginator->fact_paths().total;
    return Status::OK();
  }

  Status Start(const ScanOptions& options) override {
    scan_.reset();
    scan_options_ = options;
    combination_ = 0;
    pages_ = expected_ = 0;
    history_.clear();
    stats_ = {};
    return WithStage(BeginCombination(), Stage::kSource);
  }

  Result<std::optional<Page>> Next() override { return AtSource(NextPage()); }
  Result<Page> Refetch(const Page& page, const Status& cause) override {
    return AtSource(FetchAgain(page, cause));
  }
  Result<std::optional<int64_t>> AskTotal() override { return AtSource(SumTotals()); }
  Result<std::optional<Page>> FetchRecord(const std::string& key) override { return AtSource(FetchOne(key)); }

  bool CanFetchRecord() const override { return requests_.has_record_path(); }
  bool IsUnpaged() const override { return unpaged_; }
  std::optional<int64_t> ExpectedPages() const override {
    if (scan_ == nullptr || combination_ + 1 < requests_.combinations()) return std::nullopt;
    const auto last = scan_->ExpectedPages();
    return last.has_value() ? std::optional(expected_ + *last) : std::nullopt;
  }
  ScanStats stats() const override { return stats_; }

 private:
  /// A page that was handed on: what asked for it, and how often it came broken.
  struct Handed {
    Recipe recipe;
    Tries tries;
  };

  Result<std::unique_ptr<Paginator>> MakePaginator(int pass) const {
    return kind_.make(resource_.endpoint.paginator.options, pass);
  }

  Status BeginCombination() {
    if (unpaged_) {
      scan_ = std::make_unique<UnpagedScan>(context_, combination_);
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(auto paginator, MakePaginator(scan_options_.pass));
    const int64_t left = scan_options_.max_pages > 0 ? scan_options_.max_pages - pages_ : 0;
    scan_ = std::make_unique<PagedScan>(context_, combination_, std::move(paginator), left);
    return Status::OK();
  }

  Result<std::optional<Page>> NextPage() {
    while (scan_ != nullptr) {
      const bool enough = scan_options_.max_pages > 0 && pages_ >= scan_options_.max_pages;
      std::optional<ScannedPage> scanned;
      if (!enough) {
        auto next = scan_->Next();
        if (!next.ok()) scan_.reset();  // an error ends the scan
        ARROW_ASSIGN_OR_RAISE(scanned, std::move(next));
      }
      if (scanned.has_value()) return Remember(*std::move(scanned));
      expected_ = pages_;
      if (enough || combination_ + 1 == requests_.combinations()) {
        scan_.reset();
        break;
      }
      ++combination_;
      ARROW_RETURN_NOT_OK(BeginCombination());
    }
    return std::nullopt;
  }

  Page Remember(ScannedPage scanned) {
    scanned.page.index = pages_++;
    ++stats_.pages;
    history_.push_back({std::move(scanned.recipe), {}});
    if (history_.size() > kRemembered) history_.pop_front();
    return std::move(scanned.page);
  }

  Result<Page> FetchAgain(const Page& page, const Status& cause) {
    const int64_t first = pages_ - static_cast<int64_t>(history_.size());
    // What was cut out of a stream can't be asked for by itself.
    if (page.is_slice || page.index < first || page.index >= pages_) return cause;
    Handed& handed = history_[static_cast<size_t>(page.index - first)];
    ARROW_RETURN_NOT_OK(retrier_.Wait(handed.tries, page.url, cause));
    ++stats_.retries;
    ARROW_ASSIGN_OR_RAISE(Pending pending, fetcher_.Send(page.index, handed.recipe));
    ARROW_ASSIGN_OR_RAISE(FetchedPage fetched, fetcher_.Complete(pending, nullptr));
    fetched.page.attempts += page.attempts;
    return std::move(fetched.page);
  }

  Result<std::optional<int64_t>> SumTotals() {
    if (unpaged_ || total_paths_.total.empty()) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const auto paginator, MakePaginator(1));
    int64_t sum = 0;
    for (size_t combination = 0; combination < requests_.combinations(); ++combination) {
      ARROW_ASSIGN_OR_RAISE(Pending pending, fetcher_.Send(0, {combination, paginator->Smallest()}));
      ARROW_ASSIGN_OR_RAISE(const FetchedPage fetched, fetcher_.Complete(pending, &total_paths_));
      const auto& total = fetched.probe.facts.total;
      if (!total.has_value()) return std::nullopt;
      sum += *total;
    }
    return sum;
  }

  Result<std::optional<Page>> FetchOne(const std::string& key) {
    if (!CanFetchRecord()) {
      return MakeError(ErrorCode::kInternal,
                       "a record was asked for by key, and the resource has no record_path");
    }
    const http::Request request = requests_.BuildRecord(key);
    Page page;
    page.url = http::RedactUrl(request.url);
    page.attempts = 0;
    Tries tries;
    while (true) {
      auto response = context_.client.Fetch(request);
      if (!response.ok()) {
        const ErrorDetail* detail = DetailOf(response.status());
        if (detail != nullptr && detail->fields().http_status == 404) return std::nullopt;
        return response.status();
      }
      fetcher_.Count(*response);
      page.attempts += response->attempts;
      if (response->status == 404) return std::nullopt;
      const Status whole = CheckRecord(response->body);
      if (whole.ok()) {
        page.body = std::move(response->body);
        return page;
      }
      ARROW_RETURN_NOT_OK(retrier_.Wait(tries, page.url, DescribeBody(request, *response, whole)));
      ++stats_.retries;
    }
  }

  const config::ResourceSpec resource_;
  const PaginatorKind kind_;
  const RequestBuilder requests_;
  Retrier retrier_;
  ScanStats stats_;
  ScanContext context_;
  PageFetcher fetcher_;
  bool unpaged_ = false;
  FactPaths total_paths_;
  ScanOptions scan_options_;
  size_t combination_ = 0;
  int64_t pages_ = 0;           ///< handed on, all combinations
  int64_t expected_ = 0;        ///< pages of the combinations that are done
  std::deque<Handed> history_;  ///< of the newest pages; the last is page pages_ - 1
  std::unique_ptr<Scan> scan_;  ///< null before Start and after the end
};

}  // namespace

Result<std::unique_ptr<Source>> MakeRestSource(const config::ClientSpec& client_spec,
                                               const config::ResourceSpec& resource,
                                               const std::vector<PaginatorKind>& kinds, http::Client& client,
                                               Clock& clock, Random& random, RestSourceOptions options) {
  std::string type = resource.endpoint.paginator.type;
  if (type.empty()) type = "single_page";
  const auto kind =
      std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.spec.name == type; });
  if (kind == kinds.end()) {
    std::vector<std::string> names;
    for (const auto& known : kinds) names.push_back(known.spec.name);
    return MakeError(ErrorCode::kInvalidConfig,
                     fmt::format("{}: there is no paginator `{}`", resource.name, type),
                     fmt::format("valid: {}", fmt::join(names, ", ")));
  }
  ARROW_ASSIGN_OR_RAISE(RequestBuilder requests, RequestBuilder::Make(client_spec, resource.endpoint));
  auto source = std::make_unique<RestSource>(resource, *kind, std::move(requests), client, clock, random,
                                             options, client_spec.concurrency);
  ARROW_RETURN_NOT_OK(WithPrefix(source->Init(), resource.name));
  return source;
}

}  // namespace ingesta::source
