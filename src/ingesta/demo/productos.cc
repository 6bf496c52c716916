#include "ingesta/demo/productos.h"

#include <array>
#include <cmath>

#include "ingesta/demo/texts.h"

namespace ingesta::demo {
namespace {

enum Stream : uint64_t { kNombre = 101, kDescripcion, kPrecio, kRest, kUpdated };

constexpr int64_t kFirstSecond = 1'756'713'600;  // 2025-09-01T08:00:00
constexpr int64_t kLongAgo = -2'209'032'000;     // 1899-12-31T12:00:00
constexpr int64_t kUpdatesFrom = 1'761'955'200;  // 2025-11-01T00:00:00
constexpr int64_t kRowsPerSecond = 4096;         // how fast the service's own seeding inserted them

void TimeOrNull(int64_t seconds, JsonOut& json) {
  if (seconds == Productos::kNoTime) {
    json.Null();
  } else {
    json.Time(seconds, 0, 0, "");
  }
}

void WriteProveedor(Draw& draw, JsonOut& json) {
  const Texts& texts = AllTexts();
  if (draw.Chance(200)) {
    json.Null();
  } else {
    json.BeginText();
    json.Add(Pick(texts.company_heads, draw));
    json.AddPlain(" ");
    json.Add(Pick(texts.company_places, draw));
    json.AddPlain(" ");
    json.Add(Pick(texts.company_forms, draw));
    json.EndText();
  }
}

void WriteStock(uint32_t version, Draw& draw, JsonOut& json) {
  const uint64_t stock = draw.Below(10'000);
  if (stock < 100 && version == 0) {
    json.Null();
  } else if (stock < 120 && version == 0) {
    json.Int(-static_cast<int64_t>(stock));
  } else {
    json.Int(static_cast<int64_t>(stock % 500) + version);
  }
}

}  // namespace

int64_t Productos::CreatedAt(int64_t serial) {
  if (serial == 0) return kNoTime;
  if (serial == 1) return kLongAgo;
  return kFirstSecond + serial / kRowsPerSecond;
}

void Productos::WriteNombre(int64_t serial, JsonOut& json) const {
  const Texts& texts = AllTexts();
  Draw draw(shape_.seed, kNombre, static_cast<uint64_t>(serial));
  json.BeginText();
  if (draw.Chance(200)) {
    json.Add(Pick(texts.odd_names, draw));
  } else {
    json.Add(Pick(texts.product_nouns, draw));
    json.AddPlain(" ");
    json.Add(Pick(texts.product_adjectives, draw));
    json.AddPlain(" ");
    json.Add(Pick(texts.product_extras, draw));
  }
  json.EndText();
}

void Productos::WriteDescripcion(int64_t serial, JsonOut& json) const {
  const Texts& texts = AllTexts();
  Draw draw(shape_.seed, kDescripcion, static_cast<uint64_t>(serial));
  const uint64_t kind = draw.Below(1000);
  if (kind < 30) return json.Null();
  json.BeginText();
  // A few long ones, as people paste whole data sheets.
  const uint64_t sentences = kind < 40 ? 0 : kind == 40 ? 120 : 2 + draw.Below(3);
  for (uint64_t i = 0; i < sentences; ++i) {
    if (i > 0) json.AddPlain(draw.Chance(1500) ? "\\n" : " ");
    json.Add(Pick(draw.Chance(150) ? texts.odd_sentences : texts.sentences, draw));
  }
  json.EndText();
}

void Productos::WritePrecio(int64_t serial, JsonOut& json) const {
  if (Spoilt::Hits(shape_.spoilt.bad_values_every, serial)) return json.Double(3.4e+38);
  Draw draw(shape_.seed, kPrecio, static_cast<uint64_t>(serial));
  const uint64_t kind = draw.Below(1000);
  const double precio = static_cast<double>(1 + draw.Below(500'000)) / 100;
  if (Spoilt::Hits(shape_.spoilt.extra_decimals_every, serial))
    return json.Double(std::floor(precio) + 0.125);
  if (kind < 4) return json.Null();
  if (kind < 8) return json.Double(0);
  if (kind < 28) return json.Double(std::nextafter(precio, 0));  // the noise of a double's last digit
  if (kind < 30) return json.Double(std::floor(precio) * 1'000'003 + 0.25);
  json.Double(kind < 60 ? std::floor(precio) : precio);
}

void Productos::WriteUpdated(int64_t serial, uint32_t version, JsonOut& json) const {
  if (version > 0) return json.Time(kUpdatesFrom + version, 0, 0, "");
  Draw draw(shape_.seed, kUpdated, static_cast<uint64_t>(serial));
  const uint64_t kind = draw.Below(10'000);
  if (kind < 60) return json.Null();
  if (kind < 65) return json.Time(kLongAgo, 0, 0, "");
  const int64_t created = CreatedAt(serial);
  if (kind < 7000 || created == kNoTime || created == kLongAgo) return TimeOrNull(created, json);
  json.Time(created + static_cast<int64_t>(draw.Below(60 * 86'400)), 0, 0, "");
}

void Productos::Write(int64_t serial, uint32_t version, JsonOut& json) const {
  const Texts& texts = AllTexts();
  Draw draw(shape_.seed, kRest, static_cast<uint64_t>(serial));
  const int64_t id = IdOf(serial);
  json.BeginObject();
  json.Key("categoria");
  if (draw.Chance(100)) {
    json.Null();
  } else {
    json.Text(texts.categorias[draw.Below(texts.categorias.size())].nombre);
  }
  json.Key("descripcion");
  WriteDescripcion(serial, json);
  json.Key("fecha_actualizacion");
  WriteUpdated(serial, version, json);
  json.Key("fecha_creacion");
  TimeOrNull(CreatedAt(serial), json);
  json.Key("id");
  json.Int(id);
  json.Key("nombre");
  WriteNombre(serial, json);
  json.Key("precio");
  WritePrecio(serial, json);
  json.Key("proveedor");
  WriteProveedor(draw, json);
  json.Key("sku");
  json.BeginText();
  json.AddPlain("SKU-");
  for (int64_t unit = 100'000; unit > id && unit > 1; unit /= 10) json.AddPlain("0");
  json.AddInt(id);
  json.EndText();
  json.Key("stock");
  WriteStock(version, draw, json);
  json.EndObject();
}

void WriteCategoria(int64_t serial, JsonOut& json) {
  const Texts::Categoria& categoria = AllTexts().categorias[static_cast<size_t>(serial)];
  json.BeginObject();
  json.Key("descripcion");
  if (categoria.descripcion == nullptr) {
    json.Null();
  } else {
    json.String(categoria.descripcion);
  }
  json.Key("id");
  json.Int(categoria.id);
  json.Key("nombre");
  json.Text(categoria.nombre);
  json.EndObject();
}

}  // namespace ingesta::demo
