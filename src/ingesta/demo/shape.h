// How many rows each dataset of the demo has and which of them are spoilt on purpose. Values only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ingesta::demo {

enum class Dataset { kProductos, kCategorias, kOrdenes, kClientes, kProveedores };
inline constexpr int kDatasetCount = 5;

std::string_view DatasetName(Dataset dataset);
std::optional<Dataset> FindDataset(std::string_view name);

/// Rows that faults spoil: one in `..._every`, 0 for none.
struct Spoilt {
  int64_t bad_values_every = 0;      ///< numbers that no column can hold
  int64_t extra_decimals_every = 0;  ///< money with three decimals
  int64_t now_dates_every = 0;       ///< a missing fechaRegistro that the service fills with the present time

  static bool Hits(int64_t every, int64_t serial) { return every > 0 && serial % every == every / 2; }
};

struct Shape {
  uint64_t seed = 1;
  int64_t productos = 0;
  int64_t ordenes = 0;
  int64_t clientes = 0;
  int64_t proveedores = 0;
  Spoilt spoilt;

  /// ordenes are half of `rows`, proveedores a quarter, clientes a twentieth; at least one each where rows >
  /// 0.
  static Shape Of(int64_t rows, uint64_t seed) {
    const int64_t least = rows > 0 ? 1 : 0;
    return Shape{.seed = seed,
                 .productos = rows,
                 .ordenes = std::max(least, rows / 2),
                 .clientes = std::max(least, rows / 20),
                 .proveedores = std::max(least, rows / 4),
                 .spoilt = {}};
  }
};

/// Database ids with gaps: of every `gap + 1` ids the last is missing. Serials count the rows from 0.
class GappedIds {
 public:
  explicit constexpr GappedIds(int64_t gap) : gap_(gap) {}
  constexpr int64_t IdOf(int64_t serial) const { return serial + 1 + serial / gap_; }
  /// Nothing for an id in a gap or below 1.
  constexpr std::optional<int64_t> SerialOf(int64_t id) const {
    if (id < 1 || id % (gap_ + 1) == 0) return std::nullopt;
    return id - 1 - id / (gap_ + 1);
  }

 private:
  int64_t gap_;
};

}  // namespace ingesta::demo
