// Deterministic productos for the benchmarks: the shape of the real service's records, 323 bytes of JSON each
// on average. Pure functions; the same row is the same everywhere.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ingesta::bench {

struct Producto {
  int64_t id = 0;
  std::string_view nombre;
  std::string descripcion;
  int64_t centimos = 0;
  int64_t stock = 0;
  std::string_view categoria;
  std::string_view proveedor;
  std::string sku;
  int64_t segundos = 0;  ///< fecha_creacion and fecha_actualizacion, since 1970
};

/// Row `index` of a catalogue; ids have eight digits, so that a rendered record can be given another id in
/// place.
inline Producto MakeProducto(int64_t index) {
  static constexpr std::array<std::string_view, 8> kNombres = {
      "Face-to-face modular matrices", "Diverse value-added orchestration",  "Lámpara de mesa plegable",
      "Taladro percutor, 750 W",       "Multi-layered neutral hub",          "Cámara \"Pro\" de acción",
      "Switchable 24hour success",     "Organized client-server parallelism"};
  static constexpr std::array<std::string_view, 6> kFrases = {
      "Nisi maxime voluptatem labore fuga nulla suscipit.",
      "Eos quidem vel ducimus.",
      "Vitae amet exercitationem amet tempore possimus.",
      "Porro sunt accusantium atque temporibus.",
      "Quisquam suscipit quaerat neque.",
      "Voluptas ratione voluptas maxime repellat."};
  static constexpr std::array<std::string_view, 5> kCategorias = {"Libros", "Ropa", "Electrónica", "Hogar",
                                                                  "日本食品 🍣"};
  static constexpr std::array<std::string_view, 4> kProveedores = {
      "Farmacéutica Figueras S.C.P", "Minería JOVU S.L.L.", "Suministros Peñas y Asociados", "Ágil S.A."};
  const auto n = static_cast<uint64_t>(index);
  const uint64_t hash = (n + 1) * 0x9e3779b97f4a7c15ULL;
  Producto row;
  row.id = 10'000'000 + index;
  row.nombre = kNombres[hash >> 61];
  row.descripcion = kFrases[(hash >> 50) % 6];
  if ((hash >> 33) % 2 == 0) {
    row.descripcion += (hash >> 30) % 2 == 0 ? '\n' : ' ';
    row.descripcion += kFrases[(hash >> 20) % 6];
  }
  row.centimos = static_cast<int64_t>((hash >> 17) % 500'000);
  row.stock = static_cast<int64_t>((hash >> 9) % 500);
  row.categoria = kCategorias[(hash >> 33) % 5];
  row.proveedor = kProveedores[(hash >> 37) % 4];
  row.sku = fmt::format("SKU-{}", row.id);
  // As on the real service thousands of rows share a second, newest first.
  row.segundos = 1'756'713'604 - index / 2'000;
  return row;
}

}  // namespace ingesta::bench
