// The Spring Boot service: ordenes, and clientes with all their ordenes.
#include <fmt/format.h>

#include <limits>

#include "ingesta/demo/endpoints.h"

namespace ingesta::demo {
namespace {

constexpr size_t kStreamPart = 64 * 1024;

Answer Json(Body body, SystemTime now) {
  return MakeAnswer(Framework::kSpring, 200, kJsonType, std::move(body), now);
}

Answer Error(int status, const HttpRequest& request, const RequestContext& context) {
  return MakeErrorAnswer(Framework::kSpring, status, request.path, context.now);
}

bool IsNoNumber(const HttpRequest& request, const std::string& name) {
  const auto found = request.params.find(name);
  return found != request.params.end() && !found->second.empty() && !QueryInt(request, name).has_value();
}

Answer OrdenesPage(const HttpRequest& request, const RequestContext& context) {
  if (IsNoNumber(request, "page") || IsNoNumber(request, "size")) return Error(400, request, context);
  const int64_t page = QueryInt(request, "page").value_or(0);
  const int64_t size = QueryInt(request, "size").value_or(10);
  constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();
  if (page > kMaxInt || size > kMaxInt) return Error(400, request, context);
  // PageRequest.of throws below 0 and 1; beyond 2^31 the database's driver does.
  if (page < 0 || size < 1 || page * size > kMaxInt) return Error(500, request, context);
  const Live live = context.world.Now(Dataset::kOrdenes);
  const int64_t total = ReportedTotal(context, Dataset::kOrdenes, *live);
  const auto render = [&] {
    std::string body;
    JsonOut json(kSpringDialect, &body);
    json.BeginObject();
    json.Key("totalItems");
    json.Int(total);
    json.Key("ordenes");
    json.BeginArray();
    for (const int64_t serial : context.world.Page(Dataset::kOrdenes, *live, page * size, size)) {
      context.world.WriteRow(Dataset::kOrdenes, *live, serial, json);
    }
    json.EndArray();
    json.Key("totalPages");
    json.Int(PageCount(total, size));
    json.Key("currentPage");
    json.Int(page);
    json.EndObject();
    return body;
  };
  const std::string key = fmt::format("ordenes {} {} {} {}", page, size, total, live->revision);
  return Json(context.cache.Get(key, render), context.now);
}

Answer AllClientes(const RequestContext& context) {
  const World& world = context.world;
  return MakeStream(
      [&world](const Sink& sink) {
        const Live clientes = world.Now(Dataset::kClientes);
        const Live ordenes = world.Now(Dataset::kOrdenes);
        const int64_t total = world.Total(Dataset::kClientes, *clientes);
        std::string part;
        JsonOut json(kSpringDialect, &part);
        json.BeginArray();
        for (int64_t serial = 0; serial < total; ++serial) {
          world.WriteCliente(*ordenes, serial, json);
          if (part.size() < kStreamPart) continue;
          if (!sink(part)) return;
          part.clear();
        }
        json.EndArray();
        sink(part);
      },
      context.now);
}

}  // namespace

Answer AnswerOrdenes(const Route& route, const HttpRequest& request, const RequestContext& context) {
  if (!route.key.has_value()) {
    return route.dataset == Dataset::kClientes ? AllClientes(context) : OrdenesPage(request, context);
  }
  if (route.key->find_first_not_of("0123456789", (*route.key)[0] == '-' ? 1 : 0) != std::string::npos) {
    return Error(400, request, context);
  }
  const Live live = context.world.Now(route.dataset);
  const Result<int64_t> serial = context.world.Find(route.dataset, *live, *route.key);
  if (!serial.ok()) {
    return MakeAnswer(Framework::kSpring, 404, kJsonType, std::make_shared<const std::string>(), context.now);
  }
  auto body = std::make_shared<std::string>();
  JsonOut json(kSpringDialect, body.get());
  if (route.dataset == Dataset::kClientes) {
    context.world.WriteCliente(*context.world.Now(Dataset::kOrdenes), *serial, json);
  } else {
    context.world.WriteRow(route.dataset, *live, *serial, json);
  }
  return Json(std::move(body), context.now);
}

}  // namespace ingesta::demo
