#include "ingesta/demo/endpoints.h"

#include <charconv>
#include <initializer_list>

namespace ingesta::demo {

std::optional<Route> FindRoute(Framework framework, std::string_view path) {
  constexpr std::string_view kApi = "/api/";
  if (!path.starts_with(kApi)) return std::nullopt;
  path.remove_prefix(kApi.size());
  const size_t slash = path.find('/');
  const std::optional<Dataset> dataset = FindDataset(path.substr(0, slash));
  if (!dataset.has_value()) return std::nullopt;
  const Framework owner = *dataset == Dataset::kProveedores ? Framework::kExpress
                          : *dataset == Dataset::kOrdenes || *dataset == Dataset::kClientes
                              ? Framework::kSpring
                              : Framework::kFlask;
  if (owner != framework) return std::nullopt;
  Route route{.dataset = *dataset, .key = {}};
  if (slash == std::string_view::npos) return route;
  route.key = std::string(path.substr(slash + 1));
  if (route.key->empty() || route.key->find('/') != std::string::npos) return std::nullopt;
  return route;
}

std::string_view HealthPath(Framework framework) {
  return framework == Framework::kSpring ? "/api/health" : "/health";
}

std::string HealthBody(Framework framework) {
  switch (framework) {
    case Framework::kFlask:
      return "{\n  \"service\": \"productos-service\",\n  \"status\": \"healthy\"\n}\n";
    case Framework::kSpring:
      return R"({"status":"UP","service":"ordenes-service"})";
    case Framework::kExpress:
      return R"({"status":"OK","service":"proveedores-service"})";
  }
  return {};
}

int64_t ReportedTotal(const RequestContext& context, Dataset dataset, const LiveState& live) {
  const Fault* wrong = context.faults.Find(FaultKind::kWrongTotal, dataset);
  return context.world.Total(dataset, live) + (wrong != nullptr ? wrong->rows : 0);
}

std::optional<int64_t> QueryInt(const HttpRequest& request, const std::string& name) {
  const auto found = request.params.find(name);
  if (found == request.params.end()) return std::nullopt;
  const std::string& text = found->second;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int64_t PageCount(int64_t total, int64_t size) {
  const int64_t whole = total / size;
  return total % size != 0 && (total > 0) == (size > 0) ? whole + 1 : whole;
}

}  // namespace ingesta::demo
