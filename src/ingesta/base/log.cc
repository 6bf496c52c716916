#include "ingesta/base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace ingesta {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 4> kLevelColors = {"\x1b[2m", "", "\x1b[33m", "\x1b[31m"};
constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

std::string Redacted(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

Status Redacted(const Status& status, const std::vector<std::string>& secrets) {
  return status.ok() ? status : Status(status.code(), Redacted(status.message(), secrets), status.detail());
}

namespace {

std::string FormatJson(SystemTime at, LogLevel level, std::string_view message, const LogFields& fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","message":)", FormatRfc3339(at),
                                 kLevelNames[static_cast<size_t>(level)]);
  AppendJsonString(line, message);
  for (const auto& [name, value] : fields) {
    line += ',';
    AppendJsonString(line, name);
    line += ':';
    AppendJsonString(line, value);
  }
  line += '}';
  return line;
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string LogSink::FormatHuman(SystemTime at, LogLevel level, std::string_view message,
                                 const LogFields& fields) const {
  const auto index = static_cast<size_t>(level);
  std::string line = fmt::format("{} ", FormatRfc3339(at).substr(11, 8));
  if (color_) line += kLevelColors[index];
  if (level >= LogLevel::kWarning) line += fmt::format("{}: ", kLevelNames[index]);
  std::string hint;
  for (const auto& [name, value] : fields) {
    if (name == "dataset") line += fmt::format("{}: ", value);
    if (name == "hint") hint = value;
  }
  line += message;
  if (color_) line += "\x1b[0m";
  if (!hint.empty()) line += fmt::format("\n         -> {}", hint);
  line += '\n';
  return line;
}

void LogSink::Write(LogLevel level, std::string_view message, const LogFields& fields) {
  if (level < threshold_) return;
  const std::lock_guard lock(mutex_);
  // Before they are escaped: a secret with a quote in it must not slip through.
  LogFields shown = fields;
  for (auto& [name, value] : shown) value = Redacted(std::move(value), secrets_);
  const std::string text = Redacted(std::string(message), secrets_);
  const SystemTime at = clock_.Now();
  std::string line;
  if (format_ == LogFormat::kJson || !taps_.empty()) line = FormatJson(at, level, text, shown);
  for (LogTap* tap : taps_) tap->OnLine(level, at, line);
  line = format_ == LogFormat::kJson ? line + '\n' : FormatHuman(at, level, text, shown);
  if (!live_line_.empty()) Emit(kEraseLine);
  Emit(line);
  if (!live_line_.empty()) Emit(live_line_);
}

void LogSink::SetLiveLine(std::string line) {
  const std::lock_guard lock(mutex_);
  if (live_line_.empty() && line.empty()) return;
  live_line_ = std::move(line);
  Emit(fmt::format("{}{}", kEraseLine, live_line_));
}

void LogSink::AddTap(LogTap* tap) {
  const std::lock_guard lock(mutex_);
  taps_.push_back(tap);
}

void LogSink::RemoveTap(LogTap* tap) {
  const std::lock_guard lock(mutex_);
  std::erase(taps_, tap);
}

void LogSink::Redact(std::vector<std::string> secrets) {
  const std::lock_guard lock(mutex_);
  for (std::string& secret : secrets) {
    if (!secret.empty()) secrets_.push_back(std::move(secret));
  }
}

void LogSink::Emit(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

Logger Logger::With(std::string name, std::string value) const {
  Logger copy = *this;
  copy.fields_.emplace_back(std::move(name), std::move(value));
  return copy;
}

void Logger::Log(LogLevel level, std::string_view message, LogFields extra) const {
  LogFields fields = fields_;
  for (auto& field : extra) fields.push_back(std::move(field));
  sink_->Write(level, message, fields);
}

void Logger::Error(const Status& status, LogFields extra) const {
  if (const ErrorDetail* detail = DetailOf(status)) {
    extra.emplace_back("code", ErrorCodeName(detail->fields().code));
    if (detail->fields().stage) extra.emplace_back("stage", StageName(*detail->fields().stage));
    if (!detail->fields().hint.empty()) extra.emplace_back("hint", detail->fields().hint);
  }
  Log(LogLevel::kError, status.message(), std::move(extra));
}

}  // namespace ingesta
