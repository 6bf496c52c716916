// The store stage: where published objects live, the local root or an S3 bucket, both with the same keys. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::store {

struct StoredObject {
  std::string key;
  int64_t size = 0;
  std::string version;  ///< what a conditional write compares: an ETag, or a hash of the content locally
};

/// A whole small object (manifest, state, lease) with its version.
struct Document {
  std::string text;
  std::string version;
};

/// Whether a document must survive the loss of power. A lease need not: all holders are gone then.
enum class Durability { kSynced, kVolatile };

class Store {
 public:
  virtual ~Store() = default;
  /// `local` or `s3`.
  virtual const std::string& kind() const = 0;
  /// For messages: `s3://bucket` or the local root.
  virtual std::string Uri(const std::string& key = "") const = 0;
  /// The object of `key`, or nullopt. (On S3 without s3:ListBucket a missing key answers 403: kAccessDenied.)
  virtual Result<std::optional<StoredObject>> Head(const std::string& key) = 0;
  virtual Result<std::optional<Document>> Read(const std::string& key) = 0;
  /// Publish the spooled file `path` as `key`, whole or not at all, never over another object: kAlreadyExists where
  /// `key` is taken by other content, OK where it already holds this file (a lost acknowledgement, a repeated run).
  /// `crc32` is the file's checksum. The local store moves the file (hard link or rename), S3 uploads it.
  virtual Status PublishFile(const std::string& path, const std::string& key, const std::string& content_type,
                             uint32_t crc32) = 0;
  /// Write a document. `expected_version`: nullopt = unconditional, "" = only where none is (kAlreadyExists), else only
  /// over that version (kConflict). Returns the new version. On local disk REQUIRES the pipeline's lease for atomicity.
  virtual Result<std::string> Write(const std::string& key, const std::string& text,
                                    const std::optional<std::string>& expected_version,
                                    Durability durability = Durability::kSynced) = 0;
  virtual Result<std::vector<StoredObject>> List(const std::string& prefix) = 0;
  /// Best effort where the permission is missing: kAccessDenied.
  virtual Status Delete(const std::string& key) = 0;
};

}  // namespace ingesta::store
