#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ingesta/config/column_type.h"
#include "ingesta/config/cross_checks.h"
#include "ingesta/config/nearest.h"
#include "ingesta/config/text.h"
#include "ingesta/config/url_text.h"

namespace ingesta::config {
namespace {

bool IsTemplate(std::string_view text) {
  return text.find("{incremental.") != std::string_view::npos ||
         text.find("{resources.") != std::string_view::npos;
}

std::string CheckEndpointPath(std::string_view path) {
  if (path.empty()) return "is empty: write at least `/`";
  if (IsTemplate(path)) return "holds a placeholder: not supported by this version";
  if (path.find_first_of("{}") != std::string_view::npos)
    return "holds a brace: placeholders belong in record_path";
  return CheckUrlPath(path);
}

std::string CheckResourceName(std::string_view name) {
  // The prefixes that the formats put before the dataset.
  for (const std::string_view taken : {"json", "parquet", "iceberg", "symlink"}) {
    if (name == taken) return fmt::format("is taken: files of all datasets are below `{}/`", taken);
  }
  return CheckSafeName(name);
}

std::string CheckColumnName(std::string_view name) {
  if (name.empty()) return "is empty";
  return HasControl(name) ? "holds a control character" : "";
}

/// "" for the paths that may be empty.
std::string CheckOptionalPath(std::string_view path) {
  return path.empty() ? "" : CheckDottedPath(path);
}

void CheckOrigin(const Value& resource, Diagnostics& diagnostics) {
  const Node& node = *resource.node;
  if (!node.is_map()) return;
  const bool endpoint = node.Find("endpoint") != nullptr;
  const bool explode = node.Find("explode") != nullptr;
  if (!endpoint && !explode) {
    diagnostics.Add(resource.at, "the key `endpoint` is missing",
                    "a resource has an `endpoint`, or `explode`s another's records");
  } else if (endpoint && explode) {
    diagnostics.Add(node.Find("explode")->at, "`explode` beside `endpoint`: a resource has one of them");
  }
  if (!explode && node.Find("include_from_parent") != nullptr) {
    diagnostics.Add(node.Find("include_from_parent")->at, "`include_from_parent` needs `explode`");
  }
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// `names`: the columns before it, by lower-case name.
void CheckColumn(const Value& column, std::map<std::string, std::string>& names, Diagnostics& diagnostics) {
  CheckText(column, "name", CheckColumnName, diagnostics);
  CheckText(column, "path", CheckDottedPath, diagnostics);
  const Value* name = column.Find("name");
  if (name != nullptr && name->ok) {
    const auto [before, is_new] = names.emplace(Lower(column.Text("name")), column.Text("name"));
    if (!is_new && before->second == column.Text("name")) {
      diagnostics.Add(name->at, fmt::format("a column {} exists already", ShowNode(*name->node)));
    } else if (!is_new) {
      diagnostics.Add(name->at,
                      fmt::format("{} differs from the column {} only in case", ShowNode(*name->node),
                                  ShowText(before->second)),
                      "Athena and Glue take them for one: rename it and give the field as its `path`");
    }
  }
  const Value* type_text = column.Find("type");
  if (type_text == nullptr || !type_text->ok) return;
  const auto type = ParseColumnType(column.Text("type"));
  if (!type) return;
  if (const Value* join = column.Find("join"); join != nullptr && type->kind != ColumnType::Kind::kString) {
    diagnostics.Add(join->at, fmt::format("`join` makes a text, but the column is {}", type->ToString()),
                    "use `type: string`");
  }
  const Value* format = column.Find("format");
  if (format != nullptr && type->kind != ColumnType::Kind::kTimestamp &&
      type->kind != ColumnType::Kind::kDate) {
    diagnostics.Add(format->at, fmt::format("`format` is for dates and timestamps, but the column is {}",
                                            type->ToString()));
  }
}

/// That the list of column names under `key` has columns, each once.
void CheckColumnNames(const Value& resource, const char* key, const std::set<std::string>& columns,
                      Diagnostics& diagnostics) {
  const Value* list = resource.Find(key);
  if (list == nullptr || !list->ok || !list->given() || columns.empty()) return;
  std::set<std::string> seen;
  const auto check = [&](const Node& name) {
    if (columns.count(name.text) == 0) {
      diagnostics.Add(
          name.at, fmt::format("{} names {}, which is no column", key, ShowNode(name)),
          diagnostics.full() ? "" : SuggestFrom(name.text, "columns", {columns.begin(), columns.end()}));
    } else if (!seen.insert(name.text).second) {
      diagnostics.Add(name.at, fmt::format("{} names {} twice", key, ShowNode(name)));
    }
  };
  if (list->node->is_scalar()) check(*list->node);
  for (const Node& name : list->node->items) check(name);
}

/// Rows are merged by their key, so that there must be one, of values that are exactly equal or not.
void CheckMerge(const Value& resource, Diagnostics& diagnostics) {
  const Value* key = resource.Find("primary_key");
  if (resource.Text("write_disposition") != "merge" || key == nullptr || !key->ok) return;
  const std::vector<std::string> names = resource.Texts("primary_key");
  if (names.empty()) {
    diagnostics.Add(resource.Find("write_disposition")->at, "`write_disposition: merge` needs a primary_key",
                    "name the column, or columns, that identify a row");
  }
  const Value* columns = resource.Find("columns");
  for (const std::string& name : names) {
    for (size_t i = 0; columns != nullptr && i < columns->items.size(); ++i) {
      const auto type = ParseColumnType(columns->items[i].Text("type"));
      if (columns->items[i].Text("name") != name || !type || type->kind != ColumnType::Kind::kDouble)
        continue;
      diagnostics.Add(
          key->at, fmt::format("the primary_key {} is a double: rows can't be merged by it", ShowText(name)),
          "a double that looks the same may differ: use `decimal(p,s)`, `int64` or `string`");
    }
  }
}

void CheckFormats(const Value& resource, Diagnostics& diagnostics) {
  const Value* formats = resource.Find("formats");
  if (formats == nullptr) return;
  std::set<std::string> kinds;
  for (const Value& format : formats->items) {
    if (!format.kind.empty() && !kinds.insert(format.kind).second) {
      diagnostics.Add(format.at, fmt::format("the format `{}` stands here twice", format.kind),
                      "keep one of them");
    }
  }
}

bool WritesIceberg(const Value& resource) {
  const Value* formats = resource.Find("formats");
  return formats != nullptr && std::any_of(formats->items.begin(), formats->items.end(),
                                           [](const Value& format) { return format.kind == "iceberg"; });
}

void CheckPartitionBy(const Value& resource, Diagnostics& diagnostics) {
  const Value* partition = resource.Find("partition_by");
  const Value* columns = resource.Find("columns");
  if (partition == nullptr || columns == nullptr) return;
  const std::string transform = partition->Text("transform");
  const Value* column = partition->Find("column");
  if (column == nullptr) {
    if (transform != "day" && partition->Find("transform") != nullptr) {
      diagnostics.Add(partition->Find("transform")->at, "the run's date is partitioned by day",
                      "name a `column` to partition by its month, year or value");
    }
    return;
  }
  std::vector<std::string> names;
  for (const Value& each : columns->items) {
    names.push_back(each.Text("name"));
    if (names.back() != partition->Text("column")) continue;
    const auto type = ParseColumnType(each.Text("type"));
    const bool timed =
        type && (type->kind == ColumnType::Kind::kTimestamp || type->kind == ColumnType::Kind::kDate);
    if (WritesIceberg(resource) && transform != "identity" && partition->Text("timezone") != "UTC") {
      diagnostics.Add(partition->Find("timezone")->at,
                      fmt::format("an Iceberg table's {}s are those of UTC", transform),
                      "leave `timezone` out, or drop the format `iceberg`");
    }
    if (type && !timed && transform != "identity") {
      diagnostics.Add(column->at, fmt::format("a {} has no {}", type->ToString(), transform),
                      "use a date or timestamp column, or `transform: identity`");
    }
    return;
  }
  diagnostics.Add(column->at,
                  fmt::format("partition_by names {}, which is no column", ShowNode(*column->node)),
                  SuggestFrom(partition->Text("column"), "columns", names));
}

void CheckRecordPath(const Value& endpoint, const Value& resource, Diagnostics& diagnostics) {
  const std::string path = endpoint.Text("record_path");
  const Value* key = resource.Find("primary_key");
  if (path.empty() || key == nullptr || !key->ok) return;
  const Position& at = endpoint.Find("record_path")->at;
  const std::vector<std::string> names = resource.Texts("primary_key");
  if (names.empty()) {
    diagnostics.Add(at, "record_path needs a primary_key", "name the column that identifies a record");
    return;
  }
  if (names.size() > 1) {
    diagnostics.Add(at,
                    fmt::format("record_path with a primary_key of {} columns: not supported by this version",
                                names.size()));
    return;
  }
  const std::string placeholder = fmt::format("{{{}}}", names.front());
  const size_t found = path.find(placeholder);
  const size_t braces = static_cast<size_t>(std::count(path.begin(), path.end(), '{') +
                                            std::count(path.begin(), path.end(), '}'));
  if (found == std::string::npos || braces != 2) {
    diagnostics.Add(at,
                    fmt::format("{} must hold {} once, and no other placeholder",
                                ShowNode(*endpoint.Find("record_path")->node), ShowText(placeholder)),
                    fmt::format("the primary_key is `{}`", names.front()));
  }
}

void CheckParams(const Value& endpoint, Diagnostics& diagnostics) {
  const Value* params = endpoint.Find("params");
  if (params == nullptr || !params->given() || !params->node->is_map()) return;
  const auto check = [&](const Node& value) {
    if (value.is_scalar() && IsTemplate(value.text)) {
      diagnostics.Add(value.at, fmt::format("{}: not supported by this version", ShowNode(value)));
    }
  };
  for (const NodeEntry& entry : params->node->entries) {
    check(entry.value);
    for (const Node& value : entry.value.items) check(value);
  }
}

}  // namespace

void CrossCheckEndpoint(const Value& endpoint, const Value& resource, Diagnostics& diagnostics) {
  CheckText(endpoint, "path", CheckEndpointPath, diagnostics);
  CheckText(endpoint, "record_path", CheckUrlPath, diagnostics);
  CheckText(endpoint, "data_selector", CheckOptionalPath, diagnostics);
  CheckHeaders(endpoint, diagnostics);
  CheckParams(endpoint, diagnostics);
  CheckRecordPath(endpoint, resource, diagnostics);
}

void CrossCheckResource(const Value& resource, Diagnostics& diagnostics) {
  CheckText(resource, "name", CheckResourceName, diagnostics);
  CheckOrigin(resource, diagnostics);
  if (const Value* endpoint = resource.Find("endpoint")) CrossCheckEndpoint(*endpoint, resource, diagnostics);
  if (const Value* explode = resource.Find("explode"))
    CheckText(*explode, "path", CheckDottedPath, diagnostics);
  if (const Value* completeness = resource.Find("completeness")) {
    CheckText(*completeness, "total_path", CheckOptionalPath, diagnostics);
  }
  std::set<std::string> columns;
  if (const Value* list = resource.Find("columns")) {
    std::map<std::string, std::string> names;
    for (const Value& column : list->items) {
      CheckColumn(column, names, diagnostics);
      if (const Value* name = column.Find("name"); name != nullptr && name->ok)
        columns.insert(column.Text("name"));
    }
  }
  CheckColumnNames(resource, "primary_key", columns, diagnostics);
  CheckColumnNames(resource, "unstable_columns", columns, diagnostics);
  CheckMerge(resource, diagnostics);
  CheckFormats(resource, diagnostics);
  CheckPartitionBy(resource, diagnostics);
}

}  // namespace ingesta::config
