#include "ingesta/source/page_fetcher.h"

#include <fmt/format.h>

namespace ingesta::source {

Status DescribeBody(const http::Request& request, const http::Response& response, const Status& cause) {
  const ErrorDetail* detail = DetailOf(cause);
  ErrorDetail::Fields fields = detail != nullptr ? detail->fields() : ErrorDetail::Fields{};
  fields.http_status = response.status;
  if (fields.hint.empty()) {
    fields.hint =
        "ask for that URL by hand; if the answer is right, correct the endpoint's `path` or `data_selector`";
  }
  return MakeError(std::move(fields),
                   fmt::format("{} {}: {}; {}", request.method, http::RedactUrl(request.url), cause.message(),
                               ShowBody(response.body)));
}

Result<Pending> PageFetcher::Send(int64_t index, Recipe recipe) {
  Pending pending;
  pending.index = index;
  ARROW_ASSIGN_OR_RAISE(pending.request, context_.requests.Build(recipe.combination, recipe.request));
  pending.recipe = std::move(recipe);
  pending.answer = context_.client.Send(pending.request);
  return pending;
}

void PageFetcher::Count(const http::Response& response) {
  context_.stats.requests += response.attempts;
  context_.stats.retries += response.attempts - 1;
  context_.stats.wire_bytes += response.wire_bytes;
}

Result<FetchedPage> PageFetcher::Complete(Pending& pending, const FactPaths* paths) {
  FetchedPage fetched;
  fetched.page.index = pending.index;
  fetched.page.url = http::RedactUrl(pending.request.url);
  fetched.page.attempts = 0;
  Tries tries;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(http::Response response, pending.answer.get());
    Count(response);
    fetched.page.attempts += response.attempts;
    Status broken;
    if (response.ignored) {
      // The pipeline says that this answer stands for no records.
      response.body = "[]";
      fetched.page.is_slice = true;
    } else if (paths != nullptr) {
      auto probe = ProbePage(response.body, context_.data_selector, *paths);
      if (!probe.ok()) broken = DescribeBody(pending.request, response, probe.status());
      if (probe.ok()) fetched.probe = std::move(*probe);
    }
    if (broken.ok()) {
      fetched.page.body = std::move(response.body);
      fetched.headers = std::move(response.headers);
      fetched.url = std::move(response.url);
      return fetched;
    }
    ARROW_RETURN_NOT_OK(context_.retrier.Wait(tries, fetched.page.url, broken));
    ++context_.stats.retries;
    pending.answer = context_.client.Send(pending.request);
  }
}

}  // namespace ingesta::source
