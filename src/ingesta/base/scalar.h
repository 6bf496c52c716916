// One value of a record on its way from the decoder to a column: its kind and its text. The decoder knows the
// wire format, the transform knows the types; neither includes the other. Views live until the next record.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ingesta {

/// Two registers wide, because ten of them a record go through a virtual call.
class Scalar {
 public:
  enum class Kind : uint8_t { kNull, kTrue, kFalse, kNumber, kString, kJson, kInvalid };

  constexpr Scalar() = default;
  constexpr Scalar(Kind kind, std::string_view text)
      : data_(text.data()), size_and_kind_(uint64_t{text.size()} << 8 | static_cast<uint64_t>(kind)) {}

  Kind kind() const { return static_cast<Kind>(size_and_kind_ & 0xFF); }
  /// kNumber: the number's own text. kString: unescaped UTF-8. kJson: minified object or array. kInvalid: why
  /// the value can't be had (a lone surrogate, a string where an object should be); its record is rejected.
  /// Else empty.
  std::string_view text() const { return {data_, static_cast<size_t>(size_and_kind_ >> 8)}; }

 private:
  const char* data_ = nullptr;
  // One word, so that no copy reads what was stored in parts.
  uint64_t size_and_kind_ = 0;
};

/// What came, for a message: `the string "x"`, `the number 5`, `null`; long texts cut.
std::string DescribeScalar(const Scalar& scalar);

/// Which fields of a record are wanted, as a tree over its keys. Built by the transform, walked by the
/// decoder.
struct FieldTree {
  enum class Kind : uint8_t {
    kObject,   ///< descend: `children`
    kValue,    ///< a scalar for `slots`; an object or array arrives as kJson
    kJoin,     ///< an array of scalars, joined by `separator` into one kString; nulls in it are left out
    kExplode,  ///< an array of objects: each is a record of child dataset `child`
    kIgnored,  ///< known and not wanted: not reported as unknown
  };
  std::string key;
  Kind kind = Kind::kObject;
  std::vector<int> slots;      ///< receivers of the value: indices into the sink's slots
  std::vector<int> raw_slots;  ///< of kObject, kJoin, kExplode: these get the value itself as kValue's would
  std::string separator;       ///< of kJoin
  int child = -1;              ///< of kExplode: index of the child sink
  std::unique_ptr<FieldTree> child_fields;  ///< of kExplode: the fields of a child record
  std::vector<FieldTree> children;          ///< of kObject
};

/// Receives the values of records, one record at a time.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// A value for `slot`. Where a key occurs twice in an object the last call counts (as in Python's json).
  /// `value.text()` lives until EndRecord of the outermost record returns.
  virtual void OnValue(int slot, Scalar value) = 0;
  /// A key that the tree does not have; `path` is dotted, such as `direccion.barrio`.
  virtual void OnUnknownField(std::string_view path) = 0;
  /// The record can't become a row for a reason that belongs to no slot, such as a string where the array of
  /// an exploded child should be.
  virtual void OnInvalid(std::string_view path, std::string_view reason) = 0;
  /// The record is complete. `source` is its minified text and lives as long as the batch's buffer.
  virtual void EndRecord(std::string_view source) = 0;
  /// The sink of child dataset `child` (FieldTree::child). Its EndRecord calls precede their parent's.
  virtual RecordSink& Child(int child) = 0;
};

}  // namespace ingesta
