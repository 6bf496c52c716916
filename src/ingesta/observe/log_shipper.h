// Log lines to a central place, beside stderr. Lines are taken into memory and sent by a thread of the
// shipper's own: whoever logs never waits. What can't be sent waits below the local root for the next run,
// where the destination wants that. Thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/status.h"

namespace ingesta::observe {

struct LogLine {
  LogLevel level = LogLevel::kInfo;
  SystemTime at;
  std::string json;  ///< one object, without a line feed
};

class LogDestination {
 public:
  virtual ~LogDestination() = default;
  /// For the log: `cloudwatch:/ingesta/productos`.
  virtual const std::string& name() const = 0;
  /// Whether lines that it does not take are kept for the next run.
  virtual bool keeps() const = 0;
  /// All of `lines`, or an error; then all of them are tried again later.
  virtual Status Send(const std::vector<LogLine>& lines) = 0;
};

struct LogShipperOptions {
  std::string folder;                 ///< of lines that wait: `<root>/_ingesta/logs`
  Millis interval{2'000};             ///< between two batches
  Millis retry{30'000};               ///< after a batch that failed
  size_t max_bytes = 32 << 20;        ///< of lines in memory; beyond it lines are dropped and counted
  size_t max_kept_bytes = 256 << 20;  ///< of lines that wait on disk; beyond it the oldest files go
};

class LogShipper final : public LogTap {
 public:
  /// `log` is told once of a destination that does not take lines. REQUIRES: `log` outlives this object.
  LogShipper(std::unique_ptr<LogDestination> destination, LogShipperOptions options, const Logger& log);
  /// REQUIRES: no sink calls OnLine any more. Sends what is left; a destination that hangs must be cancelled
  /// by whoever owns its client.
  ~LogShipper() override;

  void OnLine(LogLevel level, SystemTime at, std::string_view line) override;
  /// Ask for the last batch. Returns at once.
  void BeginFinish();
  /// Whether all lines were sent or kept, after `patience` at most.
  bool WaitFinished(Millis patience);
  const std::string& name() const { return destination_->name(); }

 private:
  void Run();
  void Ship(std::vector<LogLine> lines);
  void Keep(const std::vector<LogLine>& lines);
  void SendKept();
  void LimitKept();
  void Complain(const std::string& message, const std::string& hint);

  const std::unique_ptr<LogDestination> destination_;
  const LogShipperOptions options_;
  const Logger log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_changed_;
  std::vector<LogLine> queue_;
  size_t queued_bytes_ = 0;
  int64_t dropped_ = 0;
  bool finishing_ = false;
  bool finished_ = false;
  // Of the thread alone:
  bool complained_ = false;
  bool looked_at_kept_ = false;
  MonotonicTime retry_at_{};
  std::string kept_file_;
  std::thread thread_;
};

/// A line as it waits on disk, and back; nullopt for what is none (a process died while it wrote).
std::string KeptLine(const LogLine& line);
std::optional<LogLine> ParseKeptLine(const std::string& text);

}  // namespace ingesta::observe
