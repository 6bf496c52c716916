#include "ingesta/demo/ordenes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ingesta/demo/texts.h"

namespace ingesta::demo {
namespace {

enum Stream : uint64_t { kOrden = 201, kDetalle, kDireccion, kClienteRow, kClienteNombre, kLateOrden };

constexpr int64_t kFirstOrder = 1'743'465'600;    // 2025-04-01T00:00:00
constexpr int64_t kFirstCliente = 1'735'689'600;  // 2025-01-01T00:00:00
constexpr int64_t kLongAgo = -2'208'988'801;      // 1899-12-31T23:59:59
constexpr int64_t kForever = 253'402'300'799;     // 9999-12-31T23:59:59

// How many detalles the ordenes have, in a cycle, so that ids of detalles follow from the orden without a
// table.
constexpr std::array<int, 16> kDetalles = {2, 3, 1, 4, 2, 5, 3, 1, 4, 2, 3, 0, 5, 4, 2, 3};
// How many shares of the ordenes the clientes have, in a cycle.
constexpr std::array<int, 12> kShares = {1, 0, 2, 1, 4, 1, 0, 1, 3, 1, 1, 5};

template <size_t kSize>
constexpr int Sum(const std::array<int, kSize>& values, size_t count) {
  int sum = 0;
  for (size_t i = 0; i < count; ++i) sum += values[i];
  return sum;
}

template <size_t kSize>
constexpr int64_t CycleSum(const std::array<int, kSize>& values, int64_t count) {
  const auto size = static_cast<int64_t>(kSize);
  return count / size * Sum(values, kSize) + Sum(values, static_cast<size_t>(count % size));
}

/// Jackson's LocalDateTime: 0 to 9 digits of a second, no trailing zero.
void WriteTime(int64_t seconds, Draw& draw, JsonOut& json) {
  if (draw.Chance(3000)) return json.Time(seconds, 0, 0, "");
  constexpr std::array<int, 12> kDigits = {1, 2, 3, 3, 4, 5, 6, 6, 6, 7, 8, 9};
  const int digits = kDigits[draw.Below(kDigits.size())];
  uint32_t unit = 1'000'000'000;
  for (int i = 0; i < digits; ++i) unit /= 10;
  const auto steps =
      static_cast<uint32_t>(draw.Below(100'000'000)) * 10 + 1 + static_cast<uint32_t>(draw.Below(9));
  uint32_t nanos = steps % (1'000'000'000 / unit) * unit;
  if (nanos / unit % 10 == 0) nanos += unit;
  json.Time(seconds, nanos, digits, "");
}

void NullOr(bool is_null, const char* plain, JsonOut& json) {
  if (is_null) return json.Null();
  json.BeginText();
  json.AddPlain(plain);
  json.EndText();
}

}  // namespace

Ordenes::Ordenes(const Shape& shape)
    : shape_(shape),
      productos_(shape),
      shuffle_(shape.ordenes, Mix(shape.seed ^ kOrden)),
      orphans_(shape.ordenes / 400),
      heavy_(std::min<int64_t>(409, shape.ordenes / 20)) {}

int64_t Ordenes::FirstOf(int64_t cliente) const {
  const int64_t owned = shape_.ordenes - orphans_;
  if (cliente == 0) return 0;
  if (shape_.clientes <= 1) return owned;
  const int64_t all = CycleSum(kShares, shape_.clientes - 1);
  return heavy_ +
         static_cast<int64_t>(static_cast<double>(owned - heavy_) *
                              static_cast<double>(CycleSum(kShares, cliente - 1)) / static_cast<double>(all));
}

std::optional<int64_t> Ordenes::ClienteOf(int64_t serial) const {
  if (shape_.clientes == 0) return std::nullopt;
  if (serial >= shape_.ordenes) {
    Draw draw(shape_.seed, kLateOrden, static_cast<uint64_t>(serial));
    return static_cast<int64_t>(draw.Below(static_cast<uint64_t>(shape_.clientes)));
  }
  const int64_t place = shuffle_.IndexOf(serial);
  if (place >= shape_.ordenes - orphans_) return std::nullopt;
  int64_t low = 0;
  int64_t high = shape_.clientes - 1;
  while (low < high) {
    const int64_t middle = (low + high + 1) / 2;
    if (FirstOf(middle) <= place) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

std::vector<int64_t> Ordenes::OrdenesOf(int64_t cliente) const {
  const int64_t end = cliente + 1 < shape_.clientes ? FirstOf(cliente + 1) : shape_.ordenes - orphans_;
  std::vector<int64_t> serials;
  for (int64_t place = FirstOf(cliente); place < end; ++place) serials.push_back(shuffle_.At(place));
  std::sort(serials.begin(), serials.end());
  return serials;
}

double Ordenes::PrecioUnitario(int64_t serial, uint64_t detalle) const {
  Draw draw(shape_.seed, kDetalle + (detalle << 8), static_cast<uint64_t>(serial));
  const uint64_t kind = draw.Below(2000);
  // Machines among the lamps: totals beyond 1e7, which Java prints with an exponent.
  if (kind == 0) return static_cast<double>(100'000'000 + draw.Below(800'000'000)) / 100;
  if (kind < 30) return static_cast<double>(1 + draw.Below(900));
  return static_cast<double>(100 + draw.Below(99'900)) / 100;
}

double Ordenes::WriteDetalles(int64_t serial, JsonOut& json) const {
  const int count = kDetalles[static_cast<size_t>(serial) % kDetalles.size()];
  const int64_t first_id = CycleSum(kDetalles, serial) + 1;
  const int64_t products = std::max<int64_t>(1, shape_.productos);
  double total = 0;
  json.BeginArray();
  for (int i = 0; i < count; ++i) {
    const auto line = static_cast<uint64_t>(i);
    Draw draw(shape_.seed, kDetalle + (line << 8) + 7, static_cast<uint64_t>(serial));
    const auto producto = static_cast<int64_t>(draw.Below(static_cast<uint64_t>(products)));
    const auto cantidad = static_cast<int64_t>(1 + draw.Below(9));
    const double precio = PrecioUnitario(serial, line);
    const double subtotal = precio * static_cast<double>(cantidad);
    total += subtotal;
    json.BeginObject();
    json.Key("id");
    json.Int(first_id + i);
    json.Key("productoId");
    json.Int(Productos::IdOf(producto));
    json.Key("nombreProducto");
    if (draw.Chance(100)) {
      json.Null();
    } else {
      productos_.WriteNombre(producto, json);
    }
    json.Key("cantidad");
    json.Int(cantidad);
    json.Key("precioUnitario");
    json.Double(precio);
    json.Key("subtotal");
    json.Double(subtotal);
    json.EndObject();
  }
  json.EndArray();
  return total;
}

double Ordenes::Total(int64_t serial) const {
  std::string unused;
  JsonOut json(kSpringDialect, &unused);
  return WriteDetalles(serial, json);
}

void Ordenes::WriteFechas(Draw& draw, JsonOut& json) {
  const auto ordered = kFirstOrder + static_cast<int64_t>(draw.Below(184 * 86'400));
  const uint64_t when = draw.Below(10'000);
  json.Key("fechaOrden");
  if (when < 30) {
    json.Null();
  } else if (when < 35) {
    json.Time(kLongAgo, 0, 0, "");
  } else if (when < 600) {
    json.Time(ordered / 86'400 * 86'400, 0, 0, "");
  } else {
    WriteTime(ordered, draw, json);
  }
  const uint64_t delivered = draw.Below(10'000);
  json.Key("fechaEntrega");
  if (delivered < 20) {
    json.Time(kForever, 0, 0, "");
  } else if (delivered < 2500) {
    WriteTime(ordered + static_cast<int64_t>(86'400 * (1 + draw.Below(20))), draw, json);
  } else {
    json.Null();
  }
}

void Ordenes::WriteTotal(int64_t serial, Draw& draw, JsonOut& json) const {
  json.Key("total");
  if (Spoilt::Hits(shape_.spoilt.bad_values_every, serial)) return json.Double(1e+21);
  if (draw.Chance(20)) return json.Null();
  json.Double(Total(serial) + (Spoilt::Hits(shape_.spoilt.extra_decimals_every, serial) ? 0.125 : 0));
}

void Ordenes::WriteEnvio(Draw& draw, JsonOut& json) {
  const Texts& texts = AllTexts();
  json.Key("direccionEnvio");
  if (draw.Chance(300)) return json.Null();
  json.BeginText();
  json.Add(Pick(texts.streets, draw));
  json.AddPlain(" ");
  json.AddInt(static_cast<int64_t>(1 + draw.Below(899)));
  json.AddPlain(draw.Chance(1000) ? " Apt. 12 \\n" : "\\n");
  json.Add(Pick(texts.cities, draw));
  json.AddPlain(fmt::format(", {:05}", 1000 + draw.Below(51'000)));
  json.EndText();
}

void Ordenes::Write(int64_t serial, uint32_t version, JsonOut& json) const {
  Draw draw(shape_.seed, kOrden, static_cast<uint64_t>(serial));
  json.BeginObject();
  json.Key("id");
  json.Int(IdOf(serial));
  json.Key("numeroOrden");
  json.BeginText();
  // An odd factor permutes the 32-bit numbers, so that no two ordenes share one.
  json.AddPlain(fmt::format("ORD-{:08X}", static_cast<uint32_t>(serial) * 2'654'435'761U + 0xB6589FC6U));
  json.EndText();
  WriteFechas(draw, json);
  constexpr std::array<const char*, 5> kEstados = {"PENDIENTE", "PROCESANDO", "ENVIADO", "ENTREGADO",
                                                   "CANCELADO"};
  const bool no_estado = draw.Chance(30) && version == 0;
  json.Key("estado");
  NullOr(no_estado, kEstados[(draw.Below(5) + version) % 5], json);
  WriteTotal(serial, draw, json);
  constexpr std::array<const char*, 4> kPagos = {"TARJETA_CREDITO", "TARJETA_DEBITO", "EFECTIVO",
                                                 "TRANSFERENCIA"};
  const bool no_pago = draw.Chance(400);
  json.Key("metodoPago");
  NullOr(no_pago, kPagos[draw.Below(4)], json);
  WriteEnvio(draw, json);
  json.Key("detalles");
  WriteDetalles(serial, json);
  const std::optional<int64_t> cliente = ClienteOf(serial);
  json.Key("clienteId");
  if (cliente.has_value()) {
    json.Int(ClienteIdOf(*cliente));
  } else {
    json.Null();
  }
  json.Key("clienteNombre");
  if (cliente.has_value()) {
    WriteClienteNombre(*cliente, json);
  } else {
    json.Null();
  }
  json.EndObject();
}

void Ordenes::WriteClienteNombre(int64_t cliente, JsonOut& json) const {
  const Texts& texts = AllTexts();
  Draw draw(shape_.seed, kClienteNombre, static_cast<uint64_t>(cliente));
  const uint64_t kind = draw.Below(1000);
  if (kind < 5) return json.Null();
  json.BeginText();
  if (kind < 20) {
    json.Add(Pick(texts.odd_names, draw));
  } else {
    json.Add(Pick(texts.first_names, draw));
    json.AddPlain(" ");
    json.Add(Pick(texts.surnames, draw));
    json.AddPlain(" ");
    json.Add(Pick(texts.surnames, draw));
  }
  json.EndText();
}

void Ordenes::WriteCliente(int64_t cliente, JsonOut& json,
                           const std::function<void(JsonOut&)>& write_ordenes) const {
  const Texts& texts = AllTexts();
  Draw draw(shape_.seed, kClienteRow, static_cast<uint64_t>(cliente));
  const int64_t id = ClienteIdOf(cliente);
  json.BeginObject();
  json.Key("id");
  json.Int(id);
  json.Key("nombre");
  WriteClienteNombre(cliente, json);
  json.Key("email");
  NullOr(draw.Chance(150), fmt::format("cliente{}@ejemplo.test", id).c_str(), json);
  const bool no_telefono = draw.Chance(300);
  const uint64_t prefix = 800 + draw.Below(150);
  json.Key("telefono");
  NullOr(no_telefono, fmt::format("+34 {} {:06}", prefix, draw.Below(1'000'000)).c_str(), json);
  json.Key("direccion");
  if (draw.Chance(300)) {
    json.Null();
  } else {
    json.BeginText();
    json.Add(Pick(texts.streets, draw));
    json.AddPlain(fmt::format(" {}", 1 + draw.Below(300)));
    if (draw.Chance(700)) json.AddPlain(", 3º \\\"B\\\"");
    json.EndText();
  }
  json.Key("ciudad");
  json.Text(Pick(texts.cities, draw));
  json.Key("pais");
  if (draw.Chance(500)) {
    json.Null();
  } else {
    json.Text(Pick(texts.countries, draw));
  }
  json.Key("fechaRegistro");
  const auto registered = kFirstCliente + static_cast<int64_t>(draw.Below(240 * 86'400));
  const uint64_t kind = draw.Below(1000);
  if (kind < 10) {
    json.Null();
  } else if (kind < 13) {
    json.Time(kind == 10 ? kLongAgo : kForever, 0, 0, "");
  } else {
    WriteTime(registered, draw, json);
  }
  json.Key("ordenes");
  json.BeginArray();
  write_ordenes(json);
  json.EndArray();
  json.EndObject();
}

}  // namespace ingesta::demo
