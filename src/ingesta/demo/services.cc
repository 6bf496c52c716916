#include "ingesta/demo/services.h"

#include <fmt/format.h>

#include <thread>
#include <utility>

namespace ingesta::demo {
namespace {

Shape ShapeOf(const DemoOptions& options) {
  Shape shape = Shape::Of(options.rows, options.seed);
  for (const Fault& fault : options.faults) {
    if (fault.kind == FaultKind::kBadValues) shape.spoilt.bad_values_every = fault.rows;
    if (fault.kind == FaultKind::kExtraDecimals) shape.spoilt.extra_decimals_every = fault.rows;
    if (fault.kind == FaultKind::kNowDates) shape.spoilt.now_dates_every = fault.rows;
  }
  return shape;
}

constexpr std::string_view kLogInPage =
    "<!DOCTYPE html>\n<html><head><title>Iniciar sesión</title></head>\n"
    "<body><form method=\"post\"><input name=\"usuario\"></form></body></html>\n";

/// Answer in place of the data; false where `fault` is none of those.
bool SendInstead(Framework framework, const Fault& fault, const HttpRequest& request, SystemTime now,
                 Connection& connection) {
  Answer answer;
  switch (fault.kind) {
    case FaultKind::kStatus:
      answer = MakeErrorAnswer(framework, fault.code, request.path, now);
      break;
    case FaultKind::kSlow500:
      if (!connection.Wait(fault.delay)) return true;
      answer = MakeErrorAnswer(framework, 500, request.path, now);
      break;
    case FaultKind::kRetryAfter: {
      answer = MakeErrorAnswer(framework, 429, request.path, now);
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(fault.delay);
      AddHeader("Retry-After", fault.date ? HttpDate(now + seconds) : std::to_string(seconds.count()),
                &answer);
      break;
    }
    case FaultKind::kHtml200:
      answer = MakeAnswer(framework, 200, kHtmlType, std::make_shared<const std::string>(kLogInPage), now);
      break;
    case FaultKind::kHang:
      (void)connection.Wait(fault.delay);
      connection.CloseAfter();
      return true;
    default:
      return false;
  }
  SendAnswer(answer, nullptr, connection);
  return true;
}

Answer Ask(Framework framework, const Route& route, const HttpRequest& request,
           const RequestContext& context) {
  switch (framework) {
    case Framework::kFlask:
      return AnswerProductos(route, request, context);
    case Framework::kSpring:
      return AnswerOrdenes(route, request, context);
    case Framework::kExpress:
      return AnswerProveedores(route, request, context);
  }
  return {};
}

}  // namespace

Status DemoOptions::Validate() const {
  constexpr int64_t kMaxRows = 1'000'000'000;
  if (rows < 0 || rows > kMaxRows) {
    return MakeError(ErrorCode::kUsage, fmt::format("demo: rows is {}, not from 0 to {}", rows, kMaxRows));
  }
  if (latency.count() < 0) return MakeError(ErrorCode::kUsage, "demo: latency is negative");
  for (const int port : {productos_port, ordenes_port, proveedores_port}) {
    if (port < 0 || port > 65'535) {
      return MakeError(ErrorCode::kUsage, fmt::format("demo: port {} is not from 0 to 65535", port));
    }
  }
  return Status::OK();
}

DemoServices::DemoServices(const DemoOptions& options)
    : options_(options),
      world_(ShapeOf(options), options.paging_ties, RealClock()),
      cache_(options.page_cache_bytes),
      faults_(std::make_shared<FaultInjector>(options.faults)) {}

DemoServices::~DemoServices() {
  Stop();
}

Result<std::unique_ptr<DemoServices>> DemoServices::Start(const DemoOptions& options) {
  ARROW_RETURN_NOT_OK(options.Validate());
  std::unique_ptr<DemoServices> services(new DemoServices(options));
  ARROW_RETURN_NOT_OK(services->Listen(Framework::kFlask, options.productos_port));
  ARROW_RETURN_NOT_OK(services->Listen(Framework::kSpring, options.ordenes_port));
  ARROW_RETURN_NOT_OK(services->Listen(Framework::kExpress, options.proveedores_port));
  return services;
}

Status DemoServices::Listen(Framework framework, int port) {
  HttpServerOptions server_options;
  server_options.host = options_.host;
  server_options.port = port;
  // Express says 5 s in its headers; Tomcat waits 20 s.
  server_options.keep_alive = framework == Framework::kSpring ? Millis(20'000) : Millis(5000);
  ARROW_ASSIGN_OR_RAISE(
      auto server, HttpServer::Start(server_options,
                                     [this, framework](const HttpRequest& request, Connection& connection) {
                                       Handle(framework, request, connection);
                                     }));
  const std::string_view host = options_.host == "0.0.0.0" ? "127.0.0.1" : std::string_view(options_.host);
  urls_[static_cast<size_t>(framework)] = fmt::format("http://{}:{}", host, server->port());
  servers_.push_back(std::move(server));
  return Status::OK();
}

void DemoServices::Stop() {
  for (const auto& server : servers_) server->Stop();
}

std::shared_ptr<FaultInjector> DemoServices::Faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

void DemoServices::SetFaults(std::vector<Fault> faults) {
  auto next = std::make_shared<FaultInjector>(std::move(faults));
  const std::lock_guard lock(mutex_);
  faults_ = std::move(next);
}

void DemoServices::Handle(Framework framework, const HttpRequest& request, Connection& connection) {
  const SystemTime now = RealClock().Now();
  if (request.method != "GET") {
    connection.CloseAfter();
    return SendAnswer(MakeErrorAnswer(framework, 405, request.path, now), nullptr, connection);
  }
  if (request.path == HealthPath(framework)) {
    ++health_requests_;
    auto body = std::make_shared<const std::string>(HealthBody(framework));
    return SendAnswer(MakeAnswer(framework, 200, kJsonType, std::move(body), now), nullptr, connection);
  }
  const std::optional<Route> route = FindRoute(framework, request.path);
  if (!route.has_value())
    return SendAnswer(MakeUnknownPath(framework, request.path, now), nullptr, connection);
  HandleData(framework, *route, request, connection);
}

void DemoServices::HandleData(Framework framework, const Route& route, const HttpRequest& request,
                              Connection& connection) {
  const auto dataset = static_cast<size_t>(route.dataset);
  ++(route.key.has_value() ? record_requests_ : list_requests_)[dataset];
  if (options_.latency.count() > 0 && !connection.Wait(options_.latency)) return;
  const std::shared_ptr<FaultInjector> faults = Faults();
  const Fault* fault = faults->Next(route.dataset);
  const SystemTime now = RealClock().Now();
  if (fault != nullptr && SendInstead(framework, *fault, request, now, connection)) return;
  const Answer answer =
      Ask(framework, route, request, {.world = world_, .faults = *faults, .cache = cache_, .now = now});
  // Before the answer is out, so that the client's next request sees the change.
  if (!route.key.has_value()) Drift(*faults, route.dataset);
  SendAnswer(answer, fault, connection);
}

void DemoServices::Drift(FaultInjector& faults, Dataset dataset) {
  const bool changes =
      dataset == Dataset::kProductos || dataset == Dataset::kOrdenes || dataset == Dataset::kProveedores;
  if (!changes || !faults.Due(FaultKind::kDrift, dataset)) return;
  const uint64_t step = ++drift_steps_;
  (void)world_.Insert(dataset, 1);
  world_.DeleteSome(dataset, step);
}

std::vector<std::string> DemoServices::ExpectedKeys(Dataset dataset) const {
  return world_.Keys(dataset);
}

std::string DemoServices::Summary() const {
  const Shape& shape = world_.shape();
  return fmt::format(
      "The demo services are listening; their data is the same for every seed and number of rows.\n\n"
      "  productos    {0}/api/productos?page=1&per_page=3  ({3} rows)\n"
      "  ordenes      {1}/api/ordenes?page=0&size=3  ({4} rows)\n"
      "  clientes     {1}/api/clientes  ({5} rows, each with its ordenes)\n"
      "  proveedores  {2}/api/proveedores?page=1&limit=3  ({6} rows)\n\n"
      "Try in another shell:\n\n"
      "  export PRODUCTOS_SERVICE_URL={0} ORDENES_SERVICE_URL={1} PROVEEDORES_SERVICE_URL={2}\n"
      "  export S3_BUCKET= INGESTA_DATA_DIR=./data\n"
      "  ingesta check ingesta-productos/pipeline.yaml\n"
      "  ingesta run ingesta-productos/pipeline.yaml\n",
      productos_url(), ordenes_url(), proveedores_url(), shape.productos, shape.ordenes, shape.clientes,
      shape.proveedores);
}

void RunUntilStopped(DemoServices& services, const std::atomic<bool>& stop) {
  while (!stop) std::this_thread::sleep_for(Millis(50));
  services.Stop();
}

}  // namespace ingesta::demo
