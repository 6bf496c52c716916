// A request to stop cleanly, from SIGINT or SIGTERM or from within. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta {

class StopSource {
 public:
  /// Only the first reason counts. Calls the callbacks in this thread.
  void RequestStop(const std::string& reason);
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  /// OK, or kCancelled with the reason.
  Status Check() const;
  /// Call `callback` once on the stop (now, where it has come already). Returns an id for Remove.
  int OnStop(std::function<void()> callback);
  /// After this returns the callback is not running and will not run.
  void Remove(int id);

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> stopped_{false};
  std::string reason_;
  int next_id_ = 0;
  std::vector<std::pair<int, std::function<void()>>> callbacks_;
};

/// Registers a callback for as long as it lives.
class StopCallback {
 public:
  StopCallback(StopSource& source, std::function<void()> callback)
      : source_(source), id_(source.OnStop(std::move(callback))) {}
  ~StopCallback() { source_.Remove(id_); }
  StopCallback(const StopCallback&) = delete;
  StopCallback& operator=(const StopCallback&) = delete;

 private:
  StopSource& source_;
  int id_;
};

/// Turn SIGINT and SIGTERM into RequestStop; a second one, or 9 s, ends the process at once. Works as
/// process 1. Call once, at the start of main, before any thread exists; `source` outlives the process's
/// threads.
void StopOnSignals(StopSource& source);

}  // namespace ingesta
