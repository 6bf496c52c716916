// The Express service: proveedores.
#include <fmt/format.h>

#include <cstdlib>

#include "ingesta/demo/endpoints.h"

namespace ingesta::demo {
namespace {

Answer Json(int status, Body body, const HttpRequest& request, SystemTime now) {
  const std::string etag = EntityTag(*body);
  if (status == 200 && request.if_none_match == etag) return MakeNotModified(etag, now);
  return MakeAnswer(Framework::kExpress, status, kJsonType, std::move(body), now);
}

Answer Error(int status, std::string_view message, const HttpRequest& request, SystemTime now) {
  std::string body;
  JsonOut json(kExpressDialect, &body);
  json.BeginObject();
  json.Key("error");
  json.String(message);
  json.EndObject();
  return Json(status, std::make_shared<const std::string>(std::move(body)), request, now);
}

Answer ProveedoresPage(const HttpRequest& request, const RequestContext& context) {
  // `parseInt(x) || fallback`: 0 counts as absent.
  const auto or_default = [&](const char* name, int64_t fallback) {
    const int64_t value = QueryInt(request, name).value_or(0);
    return value == 0 ? fallback : value;
  };
  const int64_t page = or_default("page", 1);
  const int64_t limit = or_default("limit", 50);
  constexpr int64_t kFar = int64_t{1} << 31;
  if (page > kFar || std::abs(limit) > kFar) return Error(500, "value out of range", request, context.now);
  const int64_t skip = (page - 1) * limit;
  if (skip < 0) {
    return Error(500, fmt::format("BSON field 'skip' value must be >= 0, actual value '{}'", skip), request,
                 context.now);
  }
  const Live live = context.world.Now(Dataset::kProveedores);
  const int64_t total = ReportedTotal(context, Dataset::kProveedores, *live);
  const auto render = [&] {
    std::string body;
    JsonOut json(kExpressDialect, &body);
    json.BeginObject();
    json.Key("proveedores");
    json.BeginArray();
    // MongoDB takes a negative limit as its absolute value.
    for (const int64_t serial : context.world.Page(Dataset::kProveedores, *live, skip, std::abs(limit))) {
      context.world.WriteRow(Dataset::kProveedores, *live, serial, json);
    }
    json.EndArray();
    json.Key("currentPage");
    json.Int(page);
    json.Key("totalPages");
    json.Int(PageCount(total, limit));
    json.Key("totalItems");
    json.Int(total);
    json.EndObject();
    return body;
  };
  const std::string key = fmt::format("proveedores {} {} {} {}", page, limit, total, live->revision);
  return Json(200, context.cache.Get(key, render), request, context.now);
}

}  // namespace

Answer AnswerProveedores(const Route& route, const HttpRequest& request, const RequestContext& context) {
  if (!route.key.has_value()) return ProveedoresPage(request, context);
  const std::string& key = *route.key;
  if (key.size() != 24 || key.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    return Error(500,
                 fmt::format("Cast to ObjectId failed for value \"{}\" (type string) at path \"_id\"", key),
                 request, context.now);
  }
  const Live live = context.world.Now(Dataset::kProveedores);
  const Result<int64_t> serial = context.world.Find(Dataset::kProveedores, *live, key);
  if (!serial.ok()) return Error(404, "Proveedor no encontrado", request, context.now);
  auto body = std::make_shared<std::string>();
  JsonOut json(kExpressDialect, body.get());
  context.world.WriteRow(Dataset::kProveedores, *live, *serial, json);
  return Json(200, std::move(body), request, context.now);
}

}  // namespace ingesta::demo
