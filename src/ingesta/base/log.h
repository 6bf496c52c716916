// Logs on stderr: for people on a terminal, JSON lines elsewhere. Each line carries the fields of its logger
// (run_id, pipeline, dataset, stage). Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"

namespace ingesta {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kHuman, kJson };

using LogFields = std::vector<std::pair<std::string, std::string>>;

/// Is told of each line beside the sink's own output. Called under the sink's lock: it must be quick and log
/// nothing itself.
class LogTap {
 public:
  virtual ~LogTap() = default;
  /// `line`: a JSON object with secrets removed, without a line feed, whatever the sink's own format.
  virtual void OnLine(LogLevel level, SystemTime at, std::string_view line) = 0;
};

/// Where lines go. The terminal's progress line steps aside for them.
class LogSink {
 public:
  LogSink(LogFormat format, LogLevel threshold, bool color, Clock& clock)
      : format_(format), threshold_(threshold), color_(color), clock_(clock) {}
  virtual ~LogSink() = default;
  void Write(LogLevel level, std::string_view message, const LogFields& fields);
  /// A line that is rewritten in place; "" removes it. Only where `live` is set.
  void SetLiveLine(std::string line);
  /// Values that are replaced by *** in every line.
  void Redact(std::vector<std::string> secrets);
  LogFormat format() const { return format_; }
  /// From now on `tap` is told too, until RemoveTap. It outlives that.
  void AddTap(LogTap* tap);
  void RemoveTap(LogTap* tap);

 protected:
  /// `text` ends with a newline or is a control sequence.
  virtual void Emit(std::string_view text);

 private:
  std::string FormatHuman(SystemTime at, LogLevel level, std::string_view message,
                          const LogFields& fields) const;

  const LogFormat format_;
  const LogLevel threshold_;
  const bool color_;
  Clock& clock_;
  std::mutex mutex_;
  std::string live_line_;
  std::vector<std::string> secrets_;
  std::vector<LogTap*> taps_;
};

/// A sink and the fields of every line. Cheap to copy; the sink outlives it.
class Logger {
 public:
  explicit Logger(LogSink& sink, LogFields fields = {}) : sink_(&sink), fields_(std::move(fields)) {}
  Logger With(std::string name, std::string value) const;

  void Debug(std::string_view message, LogFields extra = {}) const {
    Log(LogLevel::kDebug, message, std::move(extra));
  }
  void Info(std::string_view message, LogFields extra = {}) const {
    Log(LogLevel::kInfo, message, std::move(extra));
  }
  void Warning(std::string_view message, LogFields extra = {}) const {
    Log(LogLevel::kWarning, message, std::move(extra));
  }
  /// An error with its code, stage and hint.
  void Error(const Status& status, LogFields extra = {}) const;
  void Log(LogLevel level, std::string_view message, LogFields extra) const;
  LogSink& sink() const { return *sink_; }

 private:
  LogSink* sink_;
  LogFields fields_;
};

/// `text` with every occurrence of a secret replaced by `***`; empty secrets are passed over.
std::string Redacted(std::string text, const std::vector<std::string>& secrets);
/// The same for a Status's message; code and detail stay.
Status Redacted(const Status& status, const std::vector<std::string>& secrets);

/// Append `text` as a JSON string, quotes included.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace ingesta
