// From what the pipeline says of an endpoint to HTTP requests: URL, parameters, headers, body. Lists of
// values among the parameters make combinations, each scanned on its own. Immutable, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/http/message.h"
#include "ingesta/source/paginator.h"

namespace ingesta::source {

class RequestBuilder {
 public:
  /// kInvalidConfig where `base_url` is no absolute http(s) URL.
  static Result<RequestBuilder> Make(const config::ClientSpec& client, const config::EndpointSpec& endpoint);

  /// The product of the lists of values, at least 1.
  size_t combinations() const;
  /// The request of `page` in `combination`. kPagination for a link to an origin that is neither the
  /// service's own nor allowed; a link to an allowed one goes without credentials and without the pipeline's
  /// headers.
  Result<http::Request> Build(size_t combination, const PageRequest& page) const;

  bool has_record_path() const { return !endpoint_.record_path.empty(); }
  /// The request of the record of `key`. REQUIRES: has_record_path().
  http::Request BuildRecord(const std::string& key) const;

 private:
  RequestBuilder() = default;
  using Params = std::vector<std::pair<std::string, std::string>>;

  Params CombinationParams(size_t combination) const;
  std::string WithParams(const Params& params) const;
  http::Request Prepare(std::string url) const;

  std::string base_url_;
  std::string origin_;
  std::vector<std::string> allowed_origins_;
  std::vector<std::pair<std::string, std::string>> headers_;
  config::EndpointSpec endpoint_;
};

}  // namespace ingesta::source
