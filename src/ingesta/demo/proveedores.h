// The documents of proveedores as a function of their serial: what MongoDB would hold. Their order by nombre
// is the order of their places, a permutation of the serials. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingesta/demo/draw.h"
#include "ingesta/demo/json_out.h"
#include "ingesta/demo/shape.h"

namespace ingesta::demo {

class Proveedores {
 public:
  explicit Proveedores(const Shape& shape)
      : shape_(shape), places_(shape.proveedores, Mix(shape.seed ^ 0x505245)) {}

  /// 24 hexadecimal digits.
  static std::string IdOf(int64_t serial);
  /// Nothing for what is no id of this collection.
  static std::optional<int64_t> SerialOf(std::string_view id);

  /// The serial at a place of the order by nombre. REQUIRES: 0 <= place < proveedores.
  int64_t SerialAt(int64_t place) const { return places_.At(place); }
  int64_t PlaceOf(int64_t serial) const { return places_.IndexOf(serial); }
  /// Rises with nombre; equal for equal nombres.
  int64_t NombreRank(int64_t serial) const;

  /// `now` in milliseconds since 1970 is for documents whose fechaRegistro the service makes up.
  void Write(int64_t serial, uint32_t version, int64_t now, JsonOut& json) const;

 private:
  void WriteNombre(int64_t serial, JsonOut& json) const;
  void WriteFechaRegistro(int64_t serial, int64_t now, JsonOut& json) const;

  Shape shape_;
  Shuffle places_;
};

}  // namespace ingesta::demo
