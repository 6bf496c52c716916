#include "ingesta/source/request_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "ingesta/http/client.h"

namespace ingesta::source {
namespace {

std::string Join(std::string base, std::string_view path) {
  while (!base.empty() && base.back() == '/') base.pop_back();
  if (path.empty()) return base;
  return path.front() == '/' ? base + std::string(path) : base + "/" + std::string(path);
}

}  // namespace

Result<RequestBuilder> RequestBuilder::Make(const config::ClientSpec& client,
                                            const config::EndpointSpec& endpoint) {
  RequestBuilder builder;
  auto origin = http::OriginOf(client.base_url);
  if (!origin.ok()) {
    return MakeError(ErrorCode::kInvalidConfig,
                     fmt::format("client.base_url `{}` is no absolute http or https URL",
                                 http::RedactUrl(client.base_url)),
                     "write it as http://host:port");
  }
  builder.base_url_ = client.base_url;
  builder.origin_ = *origin;
  for (const std::string& allowed : client.allowed_origins) {
    auto normal = http::OriginOf(allowed);
    if (!normal.ok()) {
      return MakeError(ErrorCode::kInvalidConfig,
                       fmt::format("client.allowed_origins: `{}` is no origin", allowed),
                       "write it as https://host:port");
    }
    builder.allowed_origins_.push_back(*normal);
  }
  builder.headers_ = client.headers;
  builder.endpoint_ = endpoint;
  return builder;
}

size_t RequestBuilder::combinations() const {
  size_t count = 1;
  for (const auto& param : endpoint_.params) count *= std::max<size_t>(param.values.size(), 1);
  return count;
}

RequestBuilder::Params RequestBuilder::CombinationParams(size_t combination) const {
  Params params;
  // The last list moves fastest, as nested loops in the order of the file would.
  for (auto it = endpoint_.params.rbegin(); it != endpoint_.params.rend(); ++it) {
    if (it->values.empty()) continue;
    params.emplace_back(it->name, it->values[combination % it->values.size()]);
    combination /= it->values.size();
  }
  std::reverse(params.begin(), params.end());
  return params;
}

std::string RequestBuilder::WithParams(const Params& params) const {
  std::string url = Join(base_url_, endpoint_.path);
  char separator = url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : params) {
    url += fmt::format("{}{}={}", separator, http::PercentEncode(name), http::PercentEncode(value));
    separator = '&';
  }
  return url;
}

http::Request RequestBuilder::Prepare(std::string url) const {
  http::Request request;
  request.url = std::move(url);
  request.headers.Set("Accept", "application/json");
  for (const auto& [name, value] : headers_) request.headers.Set(name, value);
  for (const auto& [name, value] : endpoint_.headers) request.headers.Set(name, value);
  return request;
}

Result<http::Request> RequestBuilder::Build(size_t combination, const PageRequest& page) const {
  http::Request request;
  if (page.link.empty()) {
    Params params = CombinationParams(combination);
    for (const auto& param : page.params) {
      const auto same =
          std::find_if(params.begin(), params.end(), [&](const auto& p) { return p.first == param.first; });
      if (same != params.end()) {
        same->second = param.second;
      } else {
        params.push_back(param);
      }
    }
    request = Prepare(WithParams(params));
  } else {
    ARROW_ASSIGN_OR_RAISE(const std::string origin, http::OriginOf(page.link));
    request = Prepare(page.link);
    if (origin != origin_) {
      if (std::find(allowed_origins_.begin(), allowed_origins_.end(), origin) == allowed_origins_.end()) {
        return MakeError(
            ErrorCode::kPagination,
            fmt::format("the next link {} leaves the service ({})", http::RedactUrl(page.link), origin_),
            fmt::format("if it is right to go there, add {} to client.allowed_origins", origin));
      }
      request.headers = http::Headers{{"Accept", "application/json"}};
      request.authenticate = false;
    }
  }
  request.method = endpoint_.method.empty() ? "GET" : endpoint_.method;
  // What an endpoint of a pipeline asks for is a read, whatever its method.
  request.idempotent = true;
  if (!endpoint_.json.empty()) {
    request.body.bytes = endpoint_.json;
    if (request.headers.Find("Content-Type") == nullptr)
      request.headers.Set("Content-Type", "application/json");
  }
  return request;
}

http::Request RequestBuilder::BuildRecord(const std::string& key) const {
  std::string path = endpoint_.record_path;
  const size_t open = path.find('{');
  const size_t close = path.find('}', open == std::string::npos ? 0 : open);
  if (open != std::string::npos && close != std::string::npos) {
    path.replace(open, close - open + 1, http::PercentEncode(key));
  }
  return Prepare(Join(base_url_, path));
}

}  // namespace ingesta::source
