// What pipeline.yaml may say, as one tree: keys, types, defaults, choices, summaries. The check, the JSON
// Schema, `ingesta describe` and the messages all read this tree; there is no second list of keys. Immutable
// once built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/config/options.h"

namespace ingesta::config {

enum class SchemaType {
  kBool,
  kInt,
  kDouble,
  kString,
  kSecret,
  kEnum,
  kDuration,
  kSize,
  kFraction,    ///< `0.01` or `1%`
  kStringList,  ///< a text or a list of texts
  kIntList,     ///< a number or a list of numbers
  kColumnType,  ///< `string`, `decimal(18,2)`, ...
  kMap,         ///< `children` are its keys
  kList,        ///< of maps or components; `children[0]` is an element
  kTextMap,     ///< free names, each with a text
  kParams,      ///< free names, each with a text or a list of texts
  kJson,        ///< any map or list
  kComponent,   ///< a kind's name, or a map with `type`; `children` are the kinds, each a kMap without `type`
  kLater,       ///< a key of a later version
};

struct Schema {
  std::string key;
  SchemaType type = SchemaType::kString;
  std::string summary;  ///< English, one sentence without the final dot
  std::string summary_es;
  bool required = false;  ///< a list that is required has at least one element
  std::optional<OptionValue> default_value;
  std::vector<std::string> choices;  ///< of kEnum and kColumnType
  std::vector<std::string> later;    ///< choices or kinds of a later version
  std::optional<int64_t> min;  ///< of numbers; milliseconds of kDuration, bytes of kSize, elements of kList
  std::optional<int64_t> max;
  std::vector<Schema> children;
  std::string default_kind;   ///< of kComponent: where the key is absent; "" = none
  bool secret_names = false;  ///< of kTextMap, kParams, kJson: a name may make its value a secret

  /// A child by key, or nullptr.
  const Schema* Child(std::string_view name) const;
  /// The keys of children that this version takes.
  std::vector<std::string> Keys() const;
};

/// The whole of pipeline.yaml.
Schema BuildSchema(const KindCatalog& kinds);

/// "a duration such as 30s": what a message says was expected.
std::string ExpectedText(const Schema& schema);

/// `500ms`, `5m`, `256MiB`, `true`, ...: a value as the YAML writes it.
std::string ShowValue(const OptionValue& value, SchemaType type);

}  // namespace ingesta::config
