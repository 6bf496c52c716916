// The schema tree as a reference for people, in the terminal or as Markdown.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ingesta/config/parse.h"
#include "ingesta/config/schema.h"

namespace ingesta::config {
namespace {

struct Words {
  std::string_view title, intro, key, type, fallback, meaning, required, kinds, options, later, range, plain,
      variables;
};

constexpr Words kEnglishWords = {
    "Keys of pipeline.yaml",
    "Everything a `pipeline.yaml` may say. Unknown keys are errors.",
    "key",
    "type",
    "default",
    "meaning",
    "required",
    "Kinds of",
    "no options",
    "later versions",
    "range",
    "A kind without required options may be written as its name alone.",
    "`${NAME}`, `${NAME:-default}` and `${file:/path}` stand for values in any text; `$${` is a plain `${`."};

constexpr Words kSpanishWords = {
    "Claves de pipeline.yaml",
    "Todo lo que puede decir un `pipeline.yaml`. Una clave desconocida es un error.",
    "clave",
    "tipo",
    "por defecto",
    "significado",
    "obligatoria",
    "Tipos de",
    "sin opciones",
    "versiones posteriores",
    "rango",
    "Un tipo sin opciones obligatorias se puede escribir solo con su nombre.",
    "`${NAME}`, `${NAME:-valor}` y `${file:/ruta}` valen en cualquier texto; `$${` es un `${` literal."};

std::string_view TypeName(SchemaType type, bool spanish) {
  switch (type) {
    case SchemaType::kBool:
      return "true/false";
    case SchemaType::kInt:
      return spanish ? "entero" : "integer";
    case SchemaType::kDouble:
      return spanish ? "número" : "number";
    case SchemaType::kString:
      return spanish ? "texto" : "text";
    case SchemaType::kSecret:
      return spanish ? "secreto" : "secret";
    case SchemaType::kEnum:
      return "enum";
    case SchemaType::kDuration:
      return spanish ? "duración (30s)" : "duration (30s)";
    case SchemaType::kSize:
      return spanish ? "tamaño (128MiB)" : "size (128MiB)";
    case SchemaType::kFraction:
      return spanish ? "fracción (0.01, 1%)" : "fraction (0.01, 1%)";
    case SchemaType::kStringList:
      return spanish ? "texto o lista" : "text or list";
    case SchemaType::kIntList:
      return spanish ? "entero o lista" : "integer or list";
    case SchemaType::kColumnType:
      return spanish ? "tipo de columna" : "column type";
    case SchemaType::kMap:
    case SchemaType::kLater:
      return spanish ? "mapa" : "map";
    case SchemaType::kList:
      return spanish ? "lista" : "list";
    case SchemaType::kTextMap:
      return spanish ? "mapa de textos" : "map of texts";
    case SchemaType::kParams:
      return spanish ? "mapa de valores o listas" : "map of values or lists";
    case SchemaType::kJson:
      return spanish ? "mapa o lista" : "map or list";
    case SchemaType::kComponent:
      return spanish ? "nombre, o mapa con `type`" : "name, or map with `type`";
  }
  return "";
}

struct Row {
  std::string path;
  std::string type;
  std::string fallback;
  std::string meaning;
};

class Describer {
 public:
  Describer(bool markdown, Language language)
      : markdown_(markdown),
        spanish_(language == Language::kSpanish),
        words_(spanish_ ? kSpanishWords : kEnglishWords) {}

  std::string Text(const Schema& root) {
    Heading(1, words_.title);
    Paragraph(words_.intro);
    Paragraph(words_.variables);
    Paragraph(words_.plain);
    std::vector<Row> rows;
    Collect(root, "", rows);
    Table(rows);
    for (const auto& [path, component] : components_) Kinds(path, *component);
    return std::move(out_);
  }

 private:
  std::string_view SummaryOf(const Schema& schema) const {
    return spanish_ && !schema.summary_es.empty() ? schema.summary_es : schema.summary;
  }

  Row RowOf(const Schema& schema, std::string path) const {
    Row row{std::move(path), std::string(TypeName(schema.type, spanish_)), "",
            std::string(SummaryOf(schema))};
    if (schema.required) {
      row.fallback = words_.required;
    } else if (schema.default_value) {
      row.fallback = ShowValue(*schema.default_value, schema.type);
    } else {
      row.fallback = schema.default_kind;
    }
    if (!schema.choices.empty()) row.meaning += fmt::format(": `{}`", fmt::join(schema.choices, "`, `"));
    if (schema.min || schema.max) row.meaning += fmt::format(" ({} {})", words_.range, Range(schema));
    return row;
  }

  static std::string Range(const Schema& schema) {
    const std::string low = schema.min ? ShowValue(*schema.min, schema.type) : "";
    const std::string high = schema.max ? ShowValue(*schema.max, schema.type) : "";
    if (low.empty()) return "<= " + high;
    return high.empty() ? ">= " + low : fmt::format("{} - {}", low, high);
  }

  void Collect(const Schema& map, const std::string& prefix, std::vector<Row>& rows) {
    for (const Schema& child : map.children) {
      if (child.type == SchemaType::kLater) continue;
      const std::string path = prefix.empty() ? child.key : fmt::format("{}.{}", prefix, child.key);
      rows.push_back(RowOf(child, path));
      // Its keys are those of a resource.
      if (child.key == "resource_defaults") continue;
      if (child.type == SchemaType::kMap) Collect(child, path, rows);
      if (child.type == SchemaType::kComponent) components_.emplace_back(path, &child);
      if (child.type != SchemaType::kList) continue;
      const Schema& element = child.children.front();
      if (element.type == SchemaType::kMap) Collect(element, path + "[]", rows);
      if (element.type == SchemaType::kComponent) components_.emplace_back(path + "[]", &element);
    }
  }

  void Kinds(const std::string& path, const Schema& component) {
    Heading(2, fmt::format("{} {}", words_.kinds, Code(path)));
    if (!component.later.empty()) {
      Paragraph(fmt::format("({}: {})", words_.later, fmt::join(component.later, ", ")));
    }
    for (const Schema& kind : component.children) {
      Heading(3, Code(kind.key));
      Paragraph(std::string(SummaryOf(kind)) + ".");
      std::vector<Row> rows;
      for (const Schema& option : kind.children) rows.push_back(RowOf(option, option.key));
      if (rows.empty()) {
        Paragraph(fmt::format("({})", words_.options));
      } else {
        Table(rows);
      }
    }
  }

  std::string Code(std::string_view text) const {
    return markdown_ ? fmt::format("`{}`", text) : std::string(text);
  }

  /// Backticks are for Markdown alone.
  std::string Prose(std::string_view text) const {
    std::string prose(text);
    if (!markdown_) prose.erase(std::remove(prose.begin(), prose.end(), '`'), prose.end());
    return prose;
  }

  void Heading(int level, std::string_view text) {
    if (!out_.empty()) out_ += '\n';
    if (markdown_) {
      out_ += fmt::format("{} {}\n\n", std::string(static_cast<size_t>(level), '#'), text);
    } else {
      out_ += fmt::format("{}{}\n", std::string(static_cast<size_t>(level - 1) * 2, ' '), text);
    }
  }

  void Paragraph(std::string_view text) {
    out_ += fmt::format("{}{}\n{}", markdown_ ? "" : "    ", Prose(text), markdown_ ? "\n" : "");
  }

  static std::string Cell(std::string text) {
    for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
      text.insert(at, "\\");
    return text;
  }

  void Table(const std::vector<Row>& rows) {
    if (!markdown_) {
      for (const Row& row : rows) {
        const std::string fallback =
            row.fallback.empty()
                ? ""
                : fmt::format(", {}{}",
                              row.fallback == words_.required ? "" : fmt::format("{} ", words_.fallback),
                              row.fallback);
        out_ += fmt::format("    {}  [{}{}]\n        {}\n", row.path, Prose(row.type), fallback,
                            Prose(row.meaning));
      }
      return;
    }
    out_ += fmt::format("| {} | {} | {} | {} |\n|---|---|---|---|\n", words_.key, words_.type,
                        words_.fallback, words_.meaning);
    for (const Row& row : rows) {
      const bool code = !row.fallback.empty() && row.fallback != words_.required;
      out_ += fmt::format("| `{}` | {} | {} | {} |\n", row.path, row.type,
                          code ? fmt::format("`{}`", row.fallback) : row.fallback, Cell(row.meaning));
    }
  }

  const bool markdown_;
  const bool spanish_;
  const Words& words_;
  std::string out_;
  std::vector<std::pair<std::string, const Schema*>> components_;
};

}  // namespace

std::string Describe(const KindCatalog& kinds, bool markdown, Language language) {
  const Schema root = BuildSchema(kinds);
  return Describer(markdown, language).Text(root);
}

}  // namespace ingesta::config
