// A producto as the service's JSON, minified. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "bench/productos_data.h"
#include "ingesta/format/value_text.h"

namespace ingesta::bench {

/// A JSON string, non-ASCII characters as they are.
inline void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '\n') {
      *out += "\\n";
    } else {
      if (c == '"' || c == '\\') out->push_back('\\');
      out->push_back(c);
    }
  }
  out->push_back('"');
}

/// Keys in the service's order (sorted); no whitespace.
inline void AppendJson(const Producto& row, std::string* out) {
  char text[64];
  format::TimestampText times;
  const std::string time(text, times.Append<'T'>(text, row.segundos * 1'000'000));
  *out += "{\"categoria\":";
  AppendJsonString(row.categoria, out);
  *out += ",\"descripcion\":";
  AppendJsonString(row.descripcion, out);
  *out +=
      fmt::format(R"(,"fecha_actualizacion":"{0}","fecha_creacion":"{0}","id":{1},"nombre":)", time, row.id);
  AppendJsonString(row.nombre, out);
  *out += ",\"precio\":";
  out->append(text, format::AppendDecimal64(text, row.centimos, 2));
  *out += ",\"proveedor\":";
  AppendJsonString(row.proveedor, out);
  *out += fmt::format(R"(,"sku":"{}","stock":{}}})", row.sku, row.stock);
}

}  // namespace ingesta::bench
