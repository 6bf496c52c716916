#include "ingesta/observe/log_destinations.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "ingesta/aws/cloudwatch_logs.h"
#include "ingesta/base/fs.h"

namespace ingesta::observe {
namespace {

/// debug, info, warning, err.
constexpr std::array<int, 4> kSeverities = {7, 6, 4, 3};
constexpr int kFacilityUser = 1;
/// rsyslog's own limit; journald takes more, but a datagram of a socket does not.
constexpr size_t kMaxSyslog = 8'192;
constexpr size_t kMaxJournalValue = 48 << 10;

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

class CloudWatchDestination final : public LogDestination {
 public:
  CloudWatchDestination(const std::string& group, const SinkContext& context)
      : name_("cloudwatch:" + group),
        group_(group),
        stream_(fmt::format("{}/{}-{}", HostName(), FormatKeyTimestamp(context.clock.Now()), getpid())),
        context_(context) {}
  const std::string& name() const override { return name_; }
  bool keeps() const override { return true; }

  // Credentials are looked for here, on the thread that may wait.
  Status Send(const std::vector<LogLine>& lines) override {
    if (client_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto settings, aws::LoadSettings(context_.environment));
      ARROW_ASSIGN_OR_RAISE(auto credentials, aws::MakeDefaultCredentials(context_.environment,
                                                                          context_.client, context_.clock));
      client_ = std::make_unique<aws::CloudWatchLogsClient>(settings, std::move(credentials), context_.client,
                                                            context_.clock);
    }
    std::vector<aws::LogEvent> events;
    events.reserve(lines.size());
    for (const LogLine& line : lines) events.push_back({line.at, line.json});
    // Lines older than the group keeps are no reason to keep them here.
    return client_->PutLogEvents(group_, stream_, std::move(events)).status();
  }

 private:
  const std::string name_;
  const std::string group_;
  const std::string stream_;
  const SinkContext context_;
  std::unique_ptr<aws::CloudWatchLogsClient> client_;
};

/// Datagrams to a socket of this machine, never waiting for its reader.
class SocketDestination final : public LogDestination {
 public:
  SocketDestination(std::string kind, std::string path, std::string (*format)(const LogLine&))
      : name_(std::move(kind)), path_(std::move(path)), format_(format) {}
  const std::string& name() const override { return name_; }
  bool keeps() const override { return false; }

  Status Send(const std::vector<LogLine>& lines) override {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return ErrnoError(errno, "make a socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return MakeError(ErrorCode::kUsage, path_ + " is too long");
    std::memcpy(address.sun_path, path_.data(), path_.size());
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return ErrnoError(errno, "reach " + path_);
    }
    for (const LogLine& line : lines) {
      const std::string datagram = format_(line);
      if (::send(socket.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) < 0) {
        return ErrnoError(errno, "send to " + path_);
      }
    }
    return Status::OK();
  }

 private:
  const std::string name_;
  const std::string path_;
  std::string (*const format_)(const LogLine&);
};

void AppendJournalField(const std::string& name, std::string value, std::string& out) {
  if (value.size() > kMaxJournalValue) value.resize(kMaxJournalValue);
  if (value.find('\n') == std::string::npos) {
    out += fmt::format("{}={}\n", name, value);
    return;
  }
  out += name + "\n";
  for (size_t i = 0, size = value.size(); i < 8; ++i, size >>= 8) out += static_cast<char>(size & 0xff);
  out += value + "\n";
}

Result<std::unique_ptr<LogDestination>> MakeDestination(const std::string& word, const SinkContext& context) {
  const size_t colon = word.find(':');
  const std::string kind = word.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : word.substr(colon + 1);
  if (kind == "cloudwatch" && !rest.empty()) return std::make_unique<CloudWatchDestination>(rest, context);
  if (kind == "syslog") {
    return std::make_unique<SocketDestination>(kind, rest.empty() ? "/dev/log" : rest, SyslogDatagram);
  }
  if (kind == "journald") {
    return std::make_unique<SocketDestination>(kind, rest.empty() ? "/run/systemd/journal/socket" : rest,
                                               JournalDatagram);
  }
  return MakeError(ErrorCode::kUsage, fmt::format("INGESTA_LOGS: {} is no destination of logs", word),
                   "there are cloudwatch:GROUP, syslog[:SOCKET] and journald[:SOCKET], with commas between");
}

}  // namespace

std::string JournalDatagram(const LogLine& line) {
  std::string text = fmt::format("PRIORITY={}\nSYSLOG_IDENTIFIER=ingesta\nSYSLOG_PID={}\n",
                                 kSeverities[static_cast<size_t>(line.level)], getpid());
  const auto json = nlohmann::json::parse(line.json, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    AppendJournalField("MESSAGE", line.json, text);
    return text;
  }
  for (const auto& [key, value] : json.items()) {
    if (key == "time" || key == "level" || !value.is_string()) continue;
    std::string name = key == "message" ? "MESSAGE" : "INGESTA_";
    if (key != "message") {
      for (const char c : key) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    AppendJournalField(name, value.get<std::string>(), text);
  }
  return text;
}

std::string SyslogDatagram(const LogLine& line) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(line.at);
  std::tm local{};
  localtime_r(&seconds, &local);
  char time[32] = {};
  std::strftime(time, sizeof time, "%b %e %H:%M:%S", &local);
  std::string text =
      fmt::format("<{}>{} ingesta[{}]: {}", kFacilityUser * 8 + kSeverities[static_cast<size_t>(line.level)],
                  time, getpid(), line.json);
  if (text.size() > kMaxSyslog) text.resize(kMaxSyslog);
  return text;
}

Result<std::vector<std::unique_ptr<LogDestination>>> MakeLogDestinations(const std::string& text,
                                                                         const SinkContext& context) {
  std::vector<std::unique_ptr<LogDestination>> destinations;
  for (const std::string& word : SplitSinks(text)) {
    ARROW_ASSIGN_OR_RAISE(auto destination, MakeDestination(word, context));
    destinations.push_back(std::move(destination));
  }
  return destinations;
}

}  // namespace ingesta::observe
