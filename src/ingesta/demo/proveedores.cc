#include "ingesta/demo/proveedores.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "ingesta/demo/texts.h"

namespace ingesta::demo {
namespace {

enum Stream : uint64_t { kRow = 301, kDireccion, kContacto, kCondiciones, kEstadisticas, kFecha };

constexpr std::string_view kIdPrefix = "68e7a0";
constexpr int64_t kIdStep = 7;  // ObjectIds leave gaps
constexpr int64_t kRowsPerName = 3;
constexpr int64_t kOddNames = 3;                     // `""`, `'` and `,` sort before every letter
constexpr int64_t kFirstUpdate = 1'759'968'000;      // 2025-10-09T00:00:00
constexpr int64_t kFirstRegistered = 1'672'531'200;  // 2023-01-01T00:00:00

/// What becomes of a sub-document.
enum class Part { kWhole, kPartial, kNull, kAbsent, kEmpty };

Part PartOf(Draw& draw) {
  const uint64_t kind = draw.Below(1000);
  if (kind < 965) return Part::kWhole;
  if (kind < 975) return Part::kPartial;
  if (kind < 978) return Part::kNull;
  return kind < 990 ? Part::kAbsent : Part::kEmpty;
}

void WriteMillis(int64_t millis, JsonOut& json) {
  const int64_t seconds = millis >= 0 ? millis / 1000 : (millis - 999) / 1000;
  json.Time(seconds, static_cast<uint32_t>(millis - seconds * 1000) * 1'000'000, 3, "Z");
}

/// Begin a sub-document under `key`; false where it has no fields to come.
bool BeginPart(std::string_view key, Part part, JsonOut& json) {
  if (part == Part::kAbsent) return false;
  json.Key(key);
  if (part == Part::kNull) {
    json.Null();
    return false;
  }
  json.BeginObject();
  if (part == Part::kEmpty) {
    json.EndObject();
    return false;
  }
  return true;
}

/// Of a partial sub-document, whether this field is there.
bool Keeps(Part part, Draw& draw) {
  return part == Part::kWhole || draw.Chance(5000);
}

void WriteDireccion(Draw draw, JsonOut& json) {
  const Texts& texts = AllTexts();
  const Part part = PartOf(draw);
  if (!BeginPart("direccion", part, json)) return;
  if (Keeps(part, draw)) {
    json.Key("calle");
    json.BeginText();
    json.Add(Pick(texts.streets, draw));
    json.AddPlain(" ");
    json.AddInt(static_cast<int64_t>(1 + draw.Below(400)));
    json.AddPlain(draw.Chance(400) ? "\\nNave 3, \\\"izq.\\\"" : "");
    json.EndText();
  }
  if (Keeps(part, draw)) {
    json.Key("ciudad");
    json.Text(Pick(texts.cities, draw));
  }
  if (Keeps(part, draw)) {
    json.Key("estado");
    if (draw.Chance(100)) {
      json.Null();
    } else {
      json.Text(Pick(texts.provinces, draw));
    }
  }
  if (Keeps(part, draw)) {
    json.Key("pais");
    json.Text(Pick(texts.countries, draw));
  }
  if (Keeps(part, draw)) {
    json.Key("codigoPostal");
    json.BeginText();
    json.AddPlain(fmt::format("{:05}", draw.Below(52'999)));
    json.EndText();
  }
  json.EndObject();
}

void WriteContacto(Draw draw, int64_t serial, JsonOut& json) {
  const Texts& texts = AllTexts();
  const Part part = PartOf(draw);
  if (!BeginPart("contacto", part, json)) return;
  if (Keeps(part, draw)) {
    json.Key("nombre");
    json.BeginText();
    json.Add(Pick(texts.first_names, draw));
    json.AddPlain(" ");
    json.Add(Pick(texts.surnames, draw));
    json.EndText();
  }
  if (Keeps(part, draw)) {
    json.Key("cargo");
    if (draw.Chance(100)) {
      json.Null();
    } else {
      json.Text(Pick(texts.jobs, draw));
    }
  }
  if (Keeps(part, draw)) {
    json.Key("telefono");
    json.BeginText();
    json.AddPlain(fmt::format("+34 8{:08}", draw.Below(100'000'000)));
    json.EndText();
  }
  if (Keeps(part, draw)) {
    json.Key("email");
    json.BeginText();
    json.AddPlain(fmt::format("contacto{}", serial));
    json.Add(Pick(texts.mail_hosts, draw));
    json.EndText();
  }
  json.EndObject();
}

void WriteCondiciones(Draw draw, JsonOut& json) {
  const Part part = PartOf(draw);
  if (!BeginPart("condicionesPago", part, json)) return;
  if (Keeps(part, draw)) {
    json.Key("diasCredito");
    json.Int(static_cast<int64_t>(draw.Below(91)));
  }
  if (Keeps(part, draw)) {
    json.Key("metodoPago");
    constexpr std::array<std::string_view, 4> kMetodos = {"CREDITO", "CONTADO", "CHEQUE", "TRANSFERENCIA"};
    json.String(kMetodos[draw.Below(kMetodos.size())]);
  }
  json.EndObject();
}

void WriteEstadisticas(Draw draw, bool bad, bool decimals, JsonOut& json) {
  const Part part = bad || decimals ? Part::kWhole : PartOf(draw);
  if (!BeginPart("estadisticas", part, json)) return;
  for (const char* key : {"totalOrdenes", "ordenesCompletadas", "ordenesPendientes"}) {
    if (!Keeps(part, draw)) continue;
    json.Key(key);
    json.Int(static_cast<int64_t>(draw.Below(900)));
  }
  if (Keeps(part, draw)) {
    json.Key("montoTotal");
    const uint64_t cents = draw.Below(500'000'000);
    if (bad) {
      json.Double(1e+21);
    } else if (draw.Chance(100)) {
      json.Null();
    } else {
      // Summed up by the service in steps, hence the noise of some.
      const double monto = static_cast<double>(cents) / 100;
      json.Double(decimals ? monto + 0.005 : draw.Chance(1000) ? monto + 0.1 + 0.2 : monto);
    }
  }
  json.EndObject();
}

void WriteCategoriasOf(Draw& draw, JsonOut& json) {
  const auto& categorias = AllTexts().categorias;
  const uint64_t kind = draw.Below(1000);
  if (kind < 4) return;
  json.Key("categorias");
  if (kind < 20) return json.Null();
  json.BeginArray();
  const uint64_t count = kind < 35 ? 0 : 1 + draw.Below(3);
  const uint64_t first = draw.Below(categorias.size());
  for (uint64_t i = 0; i < count; ++i) json.Text(categorias[(first + i * 5) % categorias.size()].nombre);
  json.EndArray();
}

void WriteIdentity(int64_t serial, Draw& draw, JsonOut& json) {
  const Texts& texts = AllTexts();
  const uint64_t ruc = draw.Below(10'000);
  if (ruc >= 30) {
    json.Key("ruc");
    if (ruc < 60) {
      json.Null();
    } else {
      json.String(fmt::format("{:011}", draw.Below(4'000'000'000) * 2));  // leading zeros: not a number
    }
  }
  json.Key("email");
  json.BeginText();
  json.AddPlain(fmt::format("ventas{}", serial));
  json.Add(Pick(texts.mail_hosts, draw));
  json.EndText();
  json.Key("telefono");
  if (draw.Chance(100)) {
    json.Null();
  } else {
    json.String(fmt::format("+34 925 {:06}", draw.Below(1'000'000)));
  }
}

void WriteEstado(uint32_t version, Draw& draw, JsonOut& json) {
  json.Key("calificacion");
  if (draw.Chance(50)) {
    json.Null();
  } else {
    json.Double(static_cast<double>(draw.Below(51)) / 10);
  }
  json.Key("estado");
  constexpr std::array<std::string_view, 3> kEstados = {"ACTIVO", "INACTIVO", "SUSPENDIDO"};
  json.String(kEstados[(draw.Below(3) + version) % 3]);
  json.Key("estadoEntrega");
  constexpr std::array<std::string_view, 4> kEntregas = {"ADELANTADO", "A_TIEMPO", "RETRASADO",
                                                         "SIN_ENTREGAS"};
  json.String(kEntregas[draw.Below(4)]);
}

/// Fields that the contract does not list, in some documents.
void WriteUnknownFields(int64_t serial, Draw& draw, JsonOut& json) {
  if (draw.Chance(300)) {
    json.Key("web");
    json.String(fmt::format("https://proveedor{}.test/", serial));
  }
  if (draw.Chance(150)) {
    json.Key("notas");
    json.Text(Pick(AllTexts().odd_sentences, draw));
  }
}

void WriteUpdates(uint32_t version, Draw& draw, JsonOut& json) {
  const int64_t created = (kFirstUpdate + static_cast<int64_t>(draw.Below(86'400))) * 1000;
  const int64_t updated = version == 0 ? created : (kFirstUpdate + 30 * 86'400 + version) * 1000;
  json.Key("ultimaActualizacion");
  WriteMillis(updated, json);
  json.Key("createdAt");
  WriteMillis(created, json);
  json.Key("updatedAt");
  WriteMillis(updated, json);
}

}  // namespace

std::string Proveedores::IdOf(int64_t serial) {
  return fmt::format("{}{:018x}", kIdPrefix, (serial + 1) * kIdStep);
}

std::optional<int64_t> Proveedores::SerialOf(std::string_view id) {
  if (id.size() != 24 || !id.starts_with(kIdPrefix)) return std::nullopt;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data() + kIdPrefix.size(), id.data() + id.size(), number, 16);
  if (error != std::errc() || end != id.data() + id.size() || number <= 0 || number % kIdStep != 0) {
    return std::nullopt;
  }
  return number / kIdStep - 1;
}

int64_t Proveedores::NombreRank(int64_t serial) const {
  if (serial >= shape_.proveedores) return -1 - serial;
  const int64_t place = PlaceOf(serial);
  if (place < kOddNames) return place;
  const Texts& texts = AllTexts();
  const auto names = static_cast<int64_t>(texts.company_heads.size() * texts.company_places.size() *
                                          texts.company_forms.size());
  const int64_t used = std::min(names, shape_.proveedores / kRowsPerName + 1);
  // Spread over all names, so that small tables reach from A to Z too.
  const int64_t nth = (place - kOddNames) * used / std::max<int64_t>(1, shape_.proveedores);
  return kOddNames + nth * names / used;
}

void Proveedores::WriteNombre(int64_t serial, JsonOut& json) const {
  const Texts& texts = AllTexts();
  const int64_t rank = NombreRank(serial);
  if (rank >= 0 && rank < kOddNames) {
    constexpr std::array<std::string_view, kOddNames> kNames = {"\"\"", "'", ","};
    return json.String(kNames[static_cast<size_t>(rank)]);
  }
  json.BeginText();
  if (rank < 0) {
    json.AddPlain(fmt::format("!Nuevo {}", serial));
  } else {
    const auto at = static_cast<size_t>(rank - kOddNames);
    const size_t forms = texts.company_forms.size();
    const size_t places = texts.company_places.size();
    json.Add(texts.company_heads[at / (forms * places)]);
    json.AddPlain(" ");
    json.Add(texts.company_places[at / forms % places]);
    json.AddPlain(" ");
    json.Add(texts.company_forms[at % forms]);
  }
  json.EndText();
}

void Proveedores::WriteFechaRegistro(int64_t serial, int64_t now, JsonOut& json) const {
  Draw draw(shape_.seed, kFecha, static_cast<uint64_t>(serial));
  const uint64_t kind = draw.Below(1000);
  if (Spoilt::Hits(shape_.spoilt.now_dates_every, serial)) {
    json.Key("fechaRegistro");
    return WriteMillis(now, json);
  }
  if (kind < 3) return;
  json.Key("fechaRegistro");
  if (kind < 8) return json.Null();
  if (kind < 11) return WriteMillis(-2'208'988'800'877, json);
  if (kind < 14) return WriteMillis(253'402'300'799'999, json);
  WriteMillis((kFirstRegistered + static_cast<int64_t>(draw.Below(900 * 86'400))) * 1000 +
                  static_cast<int64_t>(draw.Below(1000)),
              json);
}

void Proveedores::Write(int64_t serial, uint32_t version, int64_t now, JsonOut& json) const {
  const auto row = static_cast<uint64_t>(serial);
  Draw draw(shape_.seed, kRow, row);
  json.BeginObject();
  WriteDireccion(Draw(shape_.seed, kDireccion, row), json);
  WriteContacto(Draw(shape_.seed, kContacto, row), serial, json);
  WriteCondiciones(Draw(shape_.seed, kCondiciones, row), json);
  WriteEstadisticas(Draw(shape_.seed, kEstadisticas, row),
                    Spoilt::Hits(shape_.spoilt.bad_values_every, serial),
                    Spoilt::Hits(shape_.spoilt.extra_decimals_every, serial), json);
  json.Key("_id");
  json.String(IdOf(serial));
  json.Key("nombre");
  WriteNombre(serial, json);
  WriteIdentity(serial, draw, json);
  WriteCategoriasOf(draw, json);
  WriteEstado(version, draw, json);
  WriteFechaRegistro(serial, now, json);
  WriteUnknownFields(serial, draw, json);
  WriteUpdates(version, draw, json);
  json.Key("__v");
  json.Int(version);
  json.EndObject();
}

}  // namespace ingesta::demo
