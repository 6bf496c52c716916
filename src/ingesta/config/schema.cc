#include "ingesta/config/schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "ingesta/config/schema_parts.h"

namespace ingesta::config {
namespace {

SchemaType FromOptionType(OptionType type) {
  switch (type) {
    case OptionType::kBool:
      return SchemaType::kBool;
    case OptionType::kInt:
      return SchemaType::kInt;
    case OptionType::kDouble:
      return SchemaType::kDouble;
    case OptionType::kString:
      return SchemaType::kString;
    case OptionType::kSecret:
      return SchemaType::kSecret;
    case OptionType::kEnum:
      return SchemaType::kEnum;
    case OptionType::kDuration:
      return SchemaType::kDuration;
    case OptionType::kSize:
      return SchemaType::kSize;
    case OptionType::kStringList:
      return SchemaType::kStringList;
  }
  return SchemaType::kString;
}

Schema KindSchema(const KindSpec& kind) {
  Schema schema{
      .key = kind.name, .type = SchemaType::kMap, .summary = kind.summary, .summary_es = kind.summary_es};
  for (const OptionSpec& option : kind.options) {
    schema.children.push_back({.key = option.name,
                               .type = FromOptionType(option.type),
                               .summary = option.summary,
                               .summary_es = option.summary_es,
                               .required = option.required,
                               .default_value = option.default_value,
                               .choices = option.choices,
                               .min = option.min,
                               .max = option.max});
  }
  return schema;
}

struct SchemaUnit {
  std::string_view name;
  int64_t size;
};

std::string WithUnit(int64_t value, const std::vector<SchemaUnit>& units) {
  for (const SchemaUnit& unit : units) {
    if (value != 0 && value % unit.size == 0) return fmt::format("{}{}", value / unit.size, unit.name);
  }
  return fmt::format("{}{}", value, units.back().name);
}

}  // namespace

const Schema* Schema::Child(std::string_view name) const {
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const Schema& child) { return child.key == name; });
  return found == children.end() ? nullptr : &*found;
}

std::vector<std::string> Schema::Keys() const {
  std::vector<std::string> keys;
  for (const Schema& child : children) {
    if (child.type != SchemaType::kLater) keys.push_back(child.key);
  }
  return keys;
}

Schema ComponentKey(Schema key, const std::vector<KindSpec>& kinds, const std::vector<std::string>& later) {
  key.type = SchemaType::kComponent;
  for (const KindSpec& kind : kinds) key.children.push_back(KindSchema(kind));
  for (const std::string& name : later) {
    if (key.Child(name) == nullptr) key.later.push_back(name);
  }
  if (key.Child(key.default_kind) == nullptr) key.default_kind.clear();
  return key;
}

Schema LaterKey(std::string key) {
  return {.key = std::move(key), .type = SchemaType::kLater};
}

Schema BuildSchema(const KindCatalog& kinds) {
  Schema resource = ResourceSchema(kinds);
  Schema defaults = resource;
  defaults.key = "resource_defaults";
  defaults.summary = "Settings of every resource that does not set them itself; maps are merged";
  defaults.summary_es = "Ajustes de todo recurso que no los fije; los mapas se combinan";
  defaults.children.erase(defaults.children.begin());  // every resource has its own name
  Schema root{.type = SchemaType::kMap};
  root.children = {
      {.key = "name",
       .summary = "The pipeline's name, by which its runs, state and lease are kept",
       .summary_es = "Nombre del pipeline, con el que se guardan sus ejecuciones, su estado y su turno",
       .required = true},
      {.key = "description",
       .summary = "What the pipeline is for",
       .summary_es = "Para qué sirve el pipeline",
       .default_value = std::string()},
      ClientSchema(kinds),
      std::move(defaults),
      {.key = "resources",
       .type = SchemaType::kList,
       .summary = "The datasets",
       .summary_es = "Los conjuntos de datos",
       .required = true,
       .max = 1000,
       .children = {std::move(resource)}},
      ComponentKey({.key = "store",
                    .summary = "Where the files go; where absent, S3 unless `S3_BUCKET` is set and empty",
                    .summary_es = "Dónde van los archivos; si falta, S3 salvo que `S3_BUCKET` esté vacía"},
                   kinds.stores, {}),
      ComponentKey(
          {.key = "catalog",
           .summary = "Where the tables are known; where absent, Glue if `GLUE_DATABASE` is set, else "
                      "`filesystem`",
           .summary_es = "Dónde se conocen las tablas; si falta, Glue si existe `GLUE_DATABASE`; si no, "
                         "`filesystem`"},
          kinds.catalogs, {}),
      {.key = "on_dataset_failure",
       .type = SchemaType::kEnum,
       .summary = "Whether a dataset that fails keeps the pipeline's others from being published",
       .summary_es = "Si un conjunto que falla impide publicar los demás del pipeline",
       .default_value = std::string("fail"),
       .choices = {"fail", "publish_others"}},
      LaterKey("expectations"),
      LaterKey("schema_contract")};
  return root;
}

std::string ExpectedText(const Schema& schema) {
  switch (schema.type) {
    case SchemaType::kBool:
      return "true or false";
    case SchemaType::kInt:
      return "a whole number";
    case SchemaType::kDouble:
      return "a number";
    case SchemaType::kString:
    case SchemaType::kSecret:
      return "a text";
    case SchemaType::kEnum:
      return fmt::format("one of `{}`", fmt::join(schema.choices, "`, `"));
    case SchemaType::kDuration:
      return "a duration with its unit, such as `30s` or `5m`";
    case SchemaType::kSize:
      return "a size with its unit, such as `128MiB`";
    case SchemaType::kFraction:
      return "a fraction such as `0.01` or `1%`";
    case SchemaType::kStringList:
      return "a text or a list of texts";
    case SchemaType::kIntList:
      return "a whole number or a list of them";
    case SchemaType::kColumnType:
      return "a column type";
    case SchemaType::kMap:
    case SchemaType::kLater:
      return "a map";
    case SchemaType::kList:
      return "a list";
    case SchemaType::kTextMap:
      return "a map of names to texts";
    case SchemaType::kParams:
      return "a map of names to values or lists of values";
    case SchemaType::kJson:
      return "a map or a list";
    case SchemaType::kComponent:
      return "a type's name, or a map with `type`";
  }
  return "";
}

std::string ShowValue(const OptionValue& value, SchemaType type) {
  static const std::vector<SchemaUnit> kDurations = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};
  static const std::vector<SchemaUnit> kSizes = {
      {"TiB", int64_t{1} << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};
  if (const auto* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  if (const auto* d = std::get_if<double>(&value)) return fmt::format("{}", *d);
  if (const auto* s = std::get_if<std::string>(&value)) return *s;
  if (const auto* m = std::get_if<Millis>(&value)) return WithUnit(m->count(), kDurations);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    return fmt::format("[{}]", fmt::join(*list, ", "));
  }
  const int64_t number = std::get<int64_t>(value);
  if (type == SchemaType::kSize) return WithUnit(number, kSizes);
  if (type == SchemaType::kDuration) return WithUnit(number, kDurations);
  return std::to_string(number);
}

}  // namespace ingesta::config
