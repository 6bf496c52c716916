// Where published objects live: the local root or an S3 bucket, both with the same keys. The store stage
// implements it; catalog and pipeline see this interface. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"

namespace ingesta {

struct StoredObject {
  std::string key;
  int64_t size = 0;
  std::string version;    ///< what a conditional write compares: an ETag, or a hash of the content locally
  SystemTime modified{};  ///< only in listings
};

/// A whole small object (manifest, state, lease, table metadata) with its version.
struct Document {
  std::string text;
  std::string version;
};

/// Whether a document must survive the loss of power. A lease need not: all holders are gone then.
enum class Durability { kSynced, kVolatile };

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  /// `local` or `s3`.
  virtual const std::string& kind() const = 0;
  /// For messages: `s3://bucket` or the local root.
  virtual std::string Uri(const std::string& key = "") const = 0;
  /// What a table's metadata calls an object: `s3://bucket/key`, or `file:///absolute/path` locally.
  virtual std::string Location(const std::string& key) const = 0;
  /// The key of a location (also in the forms that other writers use: `s3a://`, a plain absolute path), or
  /// nullopt for what lies outside of this store.
  virtual std::optional<std::string> KeyOf(const std::string& location) const = 0;

  /// The object of `key`, or nullopt. (On S3 without s3:ListBucket a missing key answers 403: kAccessDenied.)
  virtual Result<std::optional<StoredObject>> Head(const std::string& key) = 0;
  virtual Result<std::optional<Document>> Read(const std::string& key) = 0;
  /// A local path with the bytes of `key`: the object itself locally, else downloaded to `scratch`, which the
  /// caller removes. kNotFound where there is none.
  virtual Result<std::string> FetchFile(const std::string& key, const std::string& scratch) = 0;

  /// Publish the spooled file `path` as `key`, whole or not at all, never over another object: kAlreadyExists
  /// where `key` is taken by other content, OK where it already holds this file (a lost acknowledgement, a
  /// repeated run). `crc32` is the file's checksum. The local store links or copies the file, S3 uploads it;
  /// `path` stays.
  virtual Status PublishFile(const std::string& path, const std::string& key, const std::string& content_type,
                             uint32_t crc32) = 0;
  /// The same over whatever is there: a reader sees the old object or the new one.
  virtual Status ReplaceFile(const std::string& path, const std::string& key, const std::string& content_type,
                             uint32_t crc32) = 0;
  /// Write a document. `expected_version`: nullopt = unconditional, "" = only where none is (kAlreadyExists),
  /// else only over that version (kConflict). Returns the new version. Conditional writes are atomic between
  /// processes.
  virtual Result<std::string> Write(const std::string& key, const std::string& text,
                                    const std::optional<std::string>& expected_version,
                                    Durability durability = Durability::kSynced) = 0;
  /// Objects whose key starts with `prefix`, by key.
  virtual Result<std::vector<StoredObject>> List(const std::string& prefix) = 0;
  /// Requests to the service so far by operation (`PutObject`), tries included; empty locally.
  virtual std::map<std::string, int64_t> RequestCounts() const { return {}; }
  /// OK where nothing is there. Best effort where the permission is missing: kAccessDenied.
  virtual Status Delete(const std::string& key) = 0;
};

}  // namespace ingesta
