// What a dataset held at a run, as the fingerprints of its rows sorted by key: 16 bytes a row, kept in the
// store beside the state. Comparing two such files tells what a run found new, changed and gone, in memory
// that does not grow with the rows. Not thread-safe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/pipeline/changes.h"
#include "ingesta/transform/fingerprint.h"

namespace ingesta::pipeline {

/// A written fingerprint file.
struct FingerprintFile {
  int64_t bytes = 0;
  uint32_t crc32 = 0;
  std::string digest;  ///< 16 hex digits: equal where columns, keys and contents are
};

/// Takes in the fingerprints of the rows that a dataset's scans write, in their order, on disk.
class FingerprintLog {
 public:
  /// Rows sorted at once by Finish: 16 MiB.
  static constexpr int64_t kSortedAtOnce = 1LL << 20;

  /// `path` is created, and removed with this object. `sorted_at_once` is for tests.
  static Result<std::unique_ptr<FingerprintLog>> Create(const std::string& path,
                                                        int64_t sorted_at_once = kSortedAtOnce);
  ~FingerprintLog();
  FingerprintLog(const FingerprintLog&) = delete;
  FingerprintLog& operator=(const FingerprintLog&) = delete;

  /// Append those of the rows that stay; `dropped` as in Batch.
  Status Append(const std::vector<transform::RowFingerprint>& rows, const std::vector<uint8_t>& dropped);
  /// A row with this key came and is in quarantine: the key is not gone from the source.
  void AddQuarantined(uint64_t key) { quarantined_.push_back(key); }
  /// Which keys are gone can't be told: a row came whose key can't be, or the scan is not proved whole.
  void DoubtMissing() { ++doubts_; }
  Status Clear();

  /// Write those of the rows that `keep` has set (empty: all), sorted, to `path`, durably.
  Result<FingerprintFile> Finish(const std::vector<bool>& keep, uint64_t scheme, const std::string& path);

 private:
  FingerprintLog(std::string path, std::FILE* file, int64_t sorted_at_once)
      : path_(std::move(path)), file_(file), sorted_at_once_(sorted_at_once) {}
  Result<std::vector<transform::RowFingerprint>> Bucket(const std::vector<bool>& keep, int bits,
                                                        uint64_t bucket);

  const std::string path_;
  std::FILE* file_;
  const int64_t sorted_at_once_;
  int64_t rows_ = 0;
  std::vector<uint64_t> quarantined_;
  uint64_t doubts_ = 0;
};

/// What `now` has other than `before`: two fingerprint files. kCorrupt for one that is none, or is damaged.
Result<Changes> CompareFingerprints(const std::string& before, const std::string& now);

}  // namespace ingesta::pipeline
