#include "ingesta/catalog/glue/hive_merge.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace ingesta::catalog {
namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string NormalType(const std::string& type) {
  std::string text = Lower(type);
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text == "integer" ? "int" : text;
}

std::string NormalLocation(std::string location) {
  while (location.ends_with('/')) location.pop_back();
  return location;
}

void Overlay(const aws::GlueParameters& wanted, aws::GlueParameters* parameters) {
  for (const auto& [name, value] : wanted) (*parameters)[name] = value;
}

/// Comments that people wrote stay where the pipeline has none.
std::vector<aws::GlueColumn> MergeColumns(const std::vector<aws::GlueColumn>& existing,
                                          const std::vector<aws::GlueColumn>& wanted) {
  std::vector<aws::GlueColumn> columns = wanted;
  for (aws::GlueColumn& column : columns) {
    const auto old = std::find_if(existing.begin(), existing.end(), [&](const aws::GlueColumn& other) {
      return Lower(other.name) == Lower(column.name);
    });
    if (old == existing.end()) continue;
    if (column.comment.empty()) column.comment = old->comment;
    column.parameters = old->parameters;
  }
  return columns;
}

void MergeStorage(const aws::GlueStorage& wanted, aws::GlueStorage* storage) {
  storage->columns = MergeColumns(storage->columns, wanted.columns);
  storage->location = wanted.location;
  storage->input_format = wanted.input_format;
  storage->output_format = wanted.output_format;
  storage->compressed = wanted.compressed;
  // Another library's parameters mean nothing to this one.
  if (storage->serde.library != wanted.serde.library) storage->serde.parameters.clear();
  storage->serde.library = wanted.serde.library;
  Overlay(wanted.serde.parameters, &storage->serde.parameters);
  Overlay(wanted.parameters, &storage->parameters);
}

bool SameStorage(const aws::GlueStorage& a, const aws::GlueStorage& b) {
  return SameColumns(a.columns, b.columns) && NormalLocation(a.location) == NormalLocation(b.location) &&
         a.input_format == b.input_format && a.output_format == b.output_format &&
         a.compressed == b.compressed && a.serde == b.serde && a.parameters == b.parameters &&
         a.other == b.other;
}

}  // namespace

bool SameColumns(const std::vector<aws::GlueColumn>& a, const std::vector<aws::GlueColumn>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const aws::GlueColumn& x, const aws::GlueColumn& y) {
                      return Lower(x.name) == Lower(y.name) && NormalType(x.type) == NormalType(y.type) &&
                             x.comment == y.comment && x.parameters == y.parameters;
                    });
}

bool SameTable(const aws::GlueTable& a, const aws::GlueTable& b) {
  return SameStorage(a.storage, b.storage) && SameColumns(a.partition_keys, b.partition_keys) &&
         a.description == b.description && a.table_type == b.table_type &&
         a.view_original_text == b.view_original_text && a.view_expanded_text == b.view_expanded_text &&
         a.parameters == b.parameters;
}

bool SamePartition(const aws::GluePartition& a, const aws::GluePartition& b) {
  return a.values == b.values && SameStorage(a.storage, b.storage) && a.parameters == b.parameters;
}

aws::GlueTable MergeTable(const aws::GlueTable& existing, const aws::GlueTable& wanted) {
  aws::GlueTable merged = existing;
  if (merged.description.empty()) merged.description = wanted.description;
  merged.table_type = wanted.table_type;
  MergeStorage(wanted.storage, &merged.storage);
  merged.partition_keys = MergeColumns(existing.partition_keys, wanted.partition_keys);
  merged.view_original_text = wanted.view_original_text;
  merged.view_expanded_text = wanted.view_expanded_text;
  Overlay(wanted.parameters, &merged.parameters);
  return merged;
}

aws::GluePartition MergePartition(const aws::GluePartition& existing, const aws::GluePartition& wanted) {
  aws::GluePartition merged = existing;
  MergeStorage(wanted.storage, &merged.storage);
  Overlay(wanted.parameters, &merged.parameters);
  return merged;
}

bool IsIceberg(const aws::GlueTable& table) {
  const auto type = table.parameters.find("table_type");
  return type != table.parameters.end() && Lower(type->second) == "iceberg";
}

}  // namespace ingesta::catalog
