// What each of the three services answers to a request for data, quirks included. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingesta/demo/answer.h"
#include "ingesta/demo/faults.h"
#include "ingesta/demo/http_server.h"
#include "ingesta/demo/page_cache.h"
#include "ingesta/demo/world.h"

namespace ingesta::demo {

/// What a request asks for.
struct Route {
  Dataset dataset = Dataset::kProductos;
  std::optional<std::string> key;  ///< one record
};

/// Borrowed for one request.
struct RequestContext {
  const World& world;
  const FaultInjector& faults;
  PageCache& cache;
  SystemTime now;
};

/// The route of a path below /api, of those that the framework's service has.
std::optional<Route> FindRoute(Framework framework, std::string_view path);
std::string_view HealthPath(Framework framework);
std::string HealthBody(Framework framework);

Answer AnswerProductos(const Route& route, const HttpRequest& request, const RequestContext& context);
Answer AnswerOrdenes(const Route& route, const HttpRequest& request, const RequestContext& context);
Answer AnswerProveedores(const Route& route, const HttpRequest& request, const RequestContext& context);

/// The total that a page reports, off where the fault wrong-total says so.
int64_t ReportedTotal(const RequestContext& context, Dataset dataset, const LiveState& live);
/// A whole number out of a query, as lenient as the frameworks: nothing where it is absent or no number.
std::optional<int64_t> QueryInt(const HttpRequest& request, const std::string& name);
/// total / size, rounded up. REQUIRES: size != 0.
int64_t PageCount(int64_t total, int64_t size);

}  // namespace ingesta::demo
