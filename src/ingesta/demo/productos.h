// The rows of productos as a function of their serial: what MySQL would hold. Thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "ingesta/demo/json_out.h"
#include "ingesta/demo/shape.h"

namespace ingesta::demo {

class Productos {
 public:
  explicit Productos(const Shape& shape) : shape_(shape) {}

  /// What a row without fecha_creacion has as its CreatedAt.
  static constexpr int64_t kNoTime = std::numeric_limits<int64_t>::min();

  static int64_t IdOf(int64_t serial) { return kIds.IdOf(serial); }
  static std::optional<int64_t> SerialOf(int64_t id) { return kIds.SerialOf(id); }

  /// fecha_creacion in seconds since 1970, never falling with the serial: thousands share one.
  static int64_t CreatedAt(int64_t serial);

  /// Write the record as an object with sorted keys. `version` counts its updates.
  void Write(int64_t serial, uint32_t version, JsonOut& json) const;
  /// Write its nombre, never null, as a value.
  void WriteNombre(int64_t serial, JsonOut& json) const;

 private:
  static constexpr GappedIds kIds{400};

  void WriteDescripcion(int64_t serial, JsonOut& json) const;
  void WritePrecio(int64_t serial, JsonOut& json) const;
  void WriteUpdated(int64_t serial, uint32_t version, JsonOut& json) const;

  Shape shape_;
};

/// Write the nth categoria. REQUIRES: 0 <= serial < AllTexts().categorias.size().
void WriteCategoria(int64_t serial, JsonOut& json);

}  // namespace ingesta::demo
