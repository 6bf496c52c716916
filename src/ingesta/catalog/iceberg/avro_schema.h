// An Avro schema as a graph of nodes, with the attributes that Iceberg adds to it (`field-id`, `element-id`,
// logical types). Immutable once parsed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::iceberg {

enum class AvroKind {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kRecord,
  kEnum,
  kArray,
  kMap,
  kUnion,
  kFixed,
};

struct AvroNode;

struct AvroField {
  std::string name;
  int id = -1;  ///< `field-id`; -1 = none
  const AvroNode* type = nullptr;
};

struct AvroNode {
  AvroKind kind = AvroKind::kNull;
  std::string logical_type;               ///< `map`, `date`, `decimal`, ...; empty = none
  std::vector<AvroField> fields;          ///< of a record
  std::map<int, size_t> by_id;            ///< of a record: field-id -> index
  std::vector<const AvroNode*> branches;  ///< of a union; one: an array's items, a map's values
  int64_t size = 0;                       ///< of a fixed; of an enum, how many symbols
};

class AvroSchema {
 public:
  /// kCorrupt for what is no Avro schema, or is too large or too deep to be one of a table.
  static Result<std::shared_ptr<const AvroSchema>> Parse(const std::string& json);
  const AvroNode& root() const { return *root_; }

 private:
  friend class AvroSchemaParser;
  std::vector<std::unique_ptr<AvroNode>> nodes_;  ///< a named type may stand in several places
  const AvroNode* root_ = nullptr;
};

}  // namespace ingesta::iceberg
