// The Flask service: productos and categorias.
#include <fmt/format.h>

#include <algorithm>

#include "ingesta/demo/endpoints.h"

namespace ingesta::demo {
namespace {

Answer Json(Body body, SystemTime now) {
  return MakeAnswer(Framework::kFlask, 200, kJsonType, std::move(body), now);
}

/// The row that the fault bad-row-500 spoils; -1 for none.
int64_t BadSerial(const RequestContext& context) {
  const bool armed = context.faults.Find(FaultKind::kBadRow500, Dataset::kProductos) != nullptr;
  return armed ? context.world.shape().productos / 2 : -1;
}

Answer ProductosPage(const HttpRequest& request, const RequestContext& context) {
  // Flask's type=int ignores what is no number; the paginator then takes 1 and 20 for what is not positive.
  const int64_t page = std::max<int64_t>(1, QueryInt(request, "page").value_or(1));
  const int64_t asked = QueryInt(request, "per_page").value_or(20);
  const int64_t per_page = asked > 0 ? asked : 20;
  const Live live = context.world.Now(Dataset::kProductos);
  const bool beyond = page > (int64_t{1} << 40) / per_page;
  const std::vector<int64_t> serials =
      beyond ? std::vector<int64_t>{}
             : context.world.Page(Dataset::kProductos, *live, (page - 1) * per_page, per_page);
  if (std::find(serials.begin(), serials.end(), BadSerial(context)) != serials.end()) {
    return MakeErrorAnswer(Framework::kFlask, 500, request.path, context.now);
  }
  const int64_t total = ReportedTotal(context, Dataset::kProductos, *live);
  const auto render = [&] {
    std::string body;
    body.reserve(serials.size() * 520 + 128);
    JsonOut json(kFlaskDialect, &body);
    json.BeginObject();
    json.Key("current_page");
    json.Int(page);
    json.Key("pages");
    json.Int(PageCount(total, per_page));
    json.Key("productos");
    json.BeginArray();
    for (const int64_t serial : serials) context.world.WriteRow(Dataset::kProductos, *live, serial, json);
    json.EndArray();
    json.Key("total");
    json.Int(total);
    json.EndObject();
    body.push_back('\n');
    return body;
  };
  const std::string key = fmt::format("productos {} {} {} {}", page, per_page, total, live->revision);
  return Json(context.cache.Get(key, render), context.now);
}

Answer Categorias(const RequestContext& context) {
  const Live live = context.world.Now(Dataset::kCategorias);
  auto body = std::make_shared<std::string>();
  JsonOut json(kFlaskDialect, body.get());
  json.BeginArray();
  for (int64_t serial = 0; serial < context.world.Total(Dataset::kCategorias, *live); ++serial) {
    context.world.WriteRow(Dataset::kCategorias, *live, serial, json);
  }
  json.EndArray();
  body->push_back('\n');
  return Json(std::move(body), context.now);
}

}  // namespace

Answer AnswerProductos(const Route& route, const HttpRequest& request, const RequestContext& context) {
  if (!route.key.has_value()) {
    return route.dataset == Dataset::kCategorias ? Categorias(context) : ProductosPage(request, context);
  }
  const Live live = context.world.Now(route.dataset);
  const Result<int64_t> serial = context.world.Find(route.dataset, *live, *route.key);
  if (!serial.ok()) return MakeUnknownPath(Framework::kFlask, request.path, context.now);
  if (route.dataset == Dataset::kProductos && *serial == BadSerial(context)) {
    return MakeErrorAnswer(Framework::kFlask, 500, request.path, context.now);
  }
  auto body = std::make_shared<std::string>();
  JsonOut json(kFlaskDialect, body.get());
  context.world.WriteRow(route.dataset, *live, *serial, json);
  body->push_back('\n');
  return Json(std::move(body), context.now);
}

}  // namespace ingesta::demo
