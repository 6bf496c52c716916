// One value of a record on its way from the decoder to a column: its kind and its text. The decoder knows the wire
// format, the transform knows the types; neither includes the other. Views live until the next record.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ingesta {

struct Scalar {
  enum class Kind : uint8_t { kNull, kTrue, kFalse, kNumber, kString, kJson };
  Kind kind = Kind::kNull;
  /// kNumber: the number's own text. kString: unescaped UTF-8. kJson: minified object or array. Else empty.
  std::string_view text;
};

/// Which fields of a record are wanted, as a tree over its keys. Built by the transform, walked by the decoder.
struct FieldTree {
  enum class Kind : uint8_t {
    kObject,    ///< descend: `children`
    kValue,     ///< a scalar for `slots`; an object or array arrives as kJson
    kJoin,      ///< an array of scalars, joined by `separator` into one kString; nulls in it are left out
    kExplode,   ///< an array of objects: each is a record of child dataset `child`
    kIgnored,   ///< known and not wanted: not reported as unknown
  };
  std::string key;
  Kind kind = Kind::kObject;
  std::vector<int> slots;           ///< receivers of the value: indices into the sink's slots
  std::string separator;            ///< of kJoin
  int child = -1;                   ///< of kExplode: index of the child sink
  std::unique_ptr<FieldTree> child_fields;  ///< of kExplode: the fields of a child record
  std::vector<FieldTree> children;  ///< of kObject
};

/// Receives the values of records, one record at a time.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// A value for `slot`. Where a key occurs twice in an object the last call counts (as in Python's json).
  /// `value.text` lives until EndRecord returns.
  virtual void OnValue(int slot, Scalar value) = 0;
  /// A key that the tree does not have; `path` is dotted, such as `direccion.barrio`.
  virtual void OnUnknownField(std::string_view path) = 0;
  /// The record is complete. `source` is its minified text and lives as long as the batch's buffer.
  virtual void EndRecord(std::string_view source) = 0;
  /// The sink of child dataset `child` (FieldTree::child). Its EndRecord calls precede their parent's.
  virtual RecordSink& Child(int child) = 0;
};

}  // namespace ingesta
