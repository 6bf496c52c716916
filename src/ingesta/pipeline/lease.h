// One run of a pipeline at a time. A lease is a document in the store, renewed every 15 s; whoever finds it
// unchanged for 60 s takes it over, by their own clock alone, so that clocks may differ. A lock on the local
// root tells at once when a holder on this machine has died. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/base/stop.h"

namespace ingesta::pipeline {

struct LeaseOptions {
  Millis heartbeat{15'000};
  Millis time_to_live{60'000};
  Millis poll{1'000};
};

/// A lock that the kernel gives back when the process ends: flock on `_ingesta/leases/<pipeline>.lock`.
class LocalLock {
 public:
  /// kLeaseHeld where another process has it.
  static Result<std::unique_ptr<LocalLock>> Acquire(const std::string& root, const std::string& pipeline);
  ~LocalLock();
  LocalLock(const LocalLock&) = delete;
  LocalLock& operator=(const LocalLock&) = delete;
  /// Machine and lock file, the same for every process that would compete for this lock.
  const std::string& identity() const { return identity_; }

 private:
  LocalLock(int descriptor, std::string identity) : descriptor_(descriptor), identity_(std::move(identity)) {}
  int descriptor_;
  std::string identity_;
};

/// Who is at work, or was when it died.
struct LeaseHolder {
  std::string run_id;
  std::string host;
  std::string renewed_at;  ///< RFC 3339, by the holder's clock
};
/// nullopt where the lease is free.
Result<std::optional<LeaseHolder>> ReadLease(ObjectStore& store, const std::string& pipeline);
/// The run id in the lease of `pipeline`; nullopt where it is free. That run may be dead.
Result<std::optional<std::string>> ReadLeaseHolder(ObjectStore& store, const std::string& pipeline);

class Lease {
 public:
  /// Take the lease, waiting up to `time_to_live` to see whether a holder is alive: kLeaseHeld if so. `lock`
  /// is held by this process: a holder with the same lock identity is dead. A lost lease stops `stop`.
  static Result<std::unique_ptr<Lease>> Acquire(ObjectStore& store, const std::string& pipeline,
                                                const std::string& run_id, const LocalLock& lock,
                                                const LeaseOptions& options, Clock& clock, StopSource& stop,
                                                const Logger& log);
  /// Gives it back, best effort.
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  Lease(ObjectStore& store, std::string key, std::string run_id, std::string identity, std::string version,
        const LeaseOptions& options, Clock& clock, StopSource& stop, const Logger& log);
  void KeepAlive();
  /// Write `text` over `version`. Where the store says conflict but holds this very text (the answer to an
  /// earlier try was lost), that is success.
  static Result<std::string> WriteOwn(ObjectStore& store, const std::string& key, const std::string& text,
                                      const std::string& version);
  Status Renew(const char* state);

  ObjectStore& store_;
  const std::string key_;
  const std::string run_id_;
  const std::string identity_;
  std::string version_;
  int beats_ = 0;
  const LeaseOptions options_;
  Clock& clock_;
  StopSource& stop_;
  const Logger log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool released_ = false;
  std::thread heartbeat_;
};

}  // namespace ingesta::pipeline
