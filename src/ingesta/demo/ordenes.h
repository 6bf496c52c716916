// The rows of ordenes with their detalles, and of clientes with their ordenes, as functions of their serials:
// what PostgreSQL would hold. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "ingesta/demo/draw.h"
#include "ingesta/demo/json_out.h"
#include "ingesta/demo/productos.h"
#include "ingesta/demo/shape.h"

namespace ingesta::demo {

class Ordenes {
 public:
  explicit Ordenes(const Shape& shape);

  static int64_t IdOf(int64_t serial) { return kIds.IdOf(serial); }
  static std::optional<int64_t> SerialOf(int64_t id) { return kIds.SerialOf(id); }
  static int64_t ClienteIdOf(int64_t serial) { return kClienteIds.IdOf(serial); }
  static std::optional<int64_t> ClienteSerialOf(int64_t id) { return kClienteIds.SerialOf(id); }

  /// The serial of the cliente that an orden belongs to; nothing for an orden without one.
  std::optional<int64_t> ClienteOf(int64_t serial) const;
  /// The serials of a cliente's ordenes, rising; without those inserted later.
  std::vector<int64_t> OrdenesOf(int64_t cliente) const;

  void Write(int64_t serial, uint32_t version, JsonOut& json) const;
  /// Write a cliente, with `write_ordenes` giving the elements of its array `ordenes`.
  void WriteCliente(int64_t cliente, JsonOut& json, const std::function<void(JsonOut&)>& write_ordenes) const;

 private:
  static constexpr GappedIds kIds{170};
  static constexpr GappedIds kClienteIds{40};

  /// Where the ordenes of a cliente begin in the shuffled order.
  int64_t FirstOf(int64_t cliente) const;
  static void WriteFechas(Draw& draw, JsonOut& json);
  static void WriteEnvio(Draw& draw, JsonOut& json);
  void WriteTotal(int64_t serial, Draw& draw, JsonOut& json) const;
  /// Returns the sum of the subtotals.
  double WriteDetalles(int64_t serial, JsonOut& json) const;
  double PrecioUnitario(int64_t serial, uint64_t detalle) const;
  void WriteClienteNombre(int64_t cliente, JsonOut& json) const;
  double Total(int64_t serial) const;

  Shape shape_;
  Productos productos_;
  Shuffle shuffle_;
  int64_t orphans_;  ///< ordenes without a cliente, at the end of the shuffled order
  int64_t heavy_;    ///< what the cliente with the most ordenes has
};

}  // namespace ingesta::demo
