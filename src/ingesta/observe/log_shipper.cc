#include "ingesta/observe/log_shipper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <utility>

#include "ingesta/base/fs.h"

namespace ingesta::observe {
namespace {

namespace fs = std::filesystem;

/// Lines of one send, far below what a service takes at once and what is worth holding.
constexpr size_t kMaxShipped = 5'000;

/// Open `path` and wait for its lock; anew where its last holder removed it meanwhile.
Result<UniqueFd> OpenLocked(const std::string& path) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(UniqueFd file, OpenFile(path, O_WRONLY | O_CREAT | O_APPEND, 0600));
    ::flock(file.get(), LOCK_EX);
    struct stat status {};
    if (::fstat(file.get(), &status) == 0 && status.st_nlink > 0) return file;
  }
}

/// Letters and digits of a destination's name: the beginning of its files' names.
std::string FilePrefix(const std::string& name) {
  std::string prefix;
  for (const char c : name) prefix += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  return prefix + ".";
}

/// The destination's files that wait, the oldest first.
std::vector<fs::path> KeptFiles(const std::string& folder, const std::string& name) {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().rfind(FilePrefix(name), 0) != 0) continue;
    files.emplace_back(fs::last_write_time(entry.path(), error), entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<fs::path> paths;
  for (auto& [time, path] : files) paths.push_back(std::move(path));
  return paths;
}

}  // namespace

std::string KeptLine(const LogLine& line) {
  return fmt::format("{} {} {}\n", line.at.time_since_epoch().count(), static_cast<int>(line.level),
                     line.json);
}

std::optional<LogLine> ParseKeptLine(const std::string& text) {
  int64_t micros = 0;
  int level = 0;
  const char* end = text.data() + text.size();
  const auto time = std::from_chars(text.data(), end, micros);
  if (time.ec != std::errc() || time.ptr == end) return std::nullopt;
  const auto number = std::from_chars(time.ptr + 1, end, level);
  if (number.ec != std::errc() || number.ptr == end || level < 0 || level > 3) return std::nullopt;
  std::string json(number.ptr + 1, end);
  if (json.empty() || json.back() != '}') return std::nullopt;
  return LogLine{static_cast<LogLevel>(level), SystemTime(std::chrono::microseconds(micros)),
                 std::move(json)};
}

LogShipper::LogShipper(std::unique_ptr<LogDestination> destination, LogShipperOptions options,
                       const Logger& log)
    : destination_(std::move(destination)), options_(std::move(options)), log_(log) {
  thread_ = std::thread([this] { Run(); });
}

LogShipper::~LogShipper() {
  BeginFinish();
  thread_.join();
}

void LogShipper::OnLine(LogLevel level, SystemTime at, std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (finishing_) return;
  if (queued_bytes_ + line.size() > options_.max_bytes) {
    ++dropped_;
    return;
  }
  queued_bytes_ += line.size();
  queue_.push_back({level, at, std::string(line)});
}

void LogShipper::BeginFinish() {
  const std::lock_guard lock(mutex_);
  finishing_ = true;
  wake_.notify_all();
}

bool LogShipper::WaitFinished(Millis patience) {
  std::unique_lock lock(mutex_);
  return finished_changed_.wait_for(lock, patience, [this] { return finished_; });
}

void LogShipper::Run() {
  for (bool last = false; !last;) {
    std::vector<LogLine> lines;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, options_.interval, [this] { return finishing_; });
      last = finishing_;
      lines.swap(queue_);
      queued_bytes_ = 0;
      if (last && dropped_ > 0) {
        lines.push_back(
            {LogLevel::kWarning, lines.empty() ? SystemTime{} : lines.back().at,
             fmt::format(R"({{"level":"warning","message":"{} log lines were dropped"}})", dropped_)});
      }
    }
    for (size_t begin = 0; begin < lines.size(); begin += kMaxShipped) {
      const size_t end = std::min(begin + kMaxShipped, lines.size());
      Ship({std::make_move_iterator(lines.begin() + static_cast<ptrdiff_t>(begin)),
            std::make_move_iterator(lines.begin() + static_cast<ptrdiff_t>(end))});
    }
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
  finished_changed_.notify_all();
}

void LogShipper::Ship(std::vector<LogLine> lines) {
  const MonotonicTime now = RealClock().Monotonic();
  if (now < retry_at_) return Keep(lines);
  const Status sent = destination_->Send(lines);
  if (sent.ok()) return SendKept();
  retry_at_ = RealClock().Monotonic() + options_.retry;
  Complain(sent.message(), HintOf(sent));
  Keep(lines);
}

// A file of this process's own: no two write to one. Whoever sends it has its lock.
void LogShipper::Keep(const std::vector<LogLine>& lines) {
  if (!destination_->keeps()) return;
  if (kept_file_.empty()) {
    kept_file_ = fmt::format("{}/{}{}-{}.log", options_.folder, FilePrefix(destination_->name()),
                             FormatKeyTimestamp(RealClock().Now()), ::getpid());
  }
  std::string text;
  for (const LogLine& line : lines) text += KeptLine(line);
  Status status = MakeDirs(options_.folder);
  if (status.ok()) {
    auto file = OpenLocked(kept_file_);
    status = file.status();
    if (file.ok()) status = WriteAll(file->get(), text, kept_file_);
  }
  if (!status.ok()) Complain(status.message(), HintOf(status));
  LimitKept();
}

void LogShipper::LimitKept() {
  const auto files = KeptFiles(options_.folder, destination_->name());
  std::error_code error;
  size_t bytes = 0;
  for (auto at = files.rbegin(); at != files.rend(); ++at) {
    bytes += fs::file_size(*at, error);
    if (bytes > options_.max_kept_bytes) fs::remove(*at, error);
  }
}

// What earlier runs left, and this one while the destination was away. Another process may be at it: a file
// is sent under its lock and removed before that is given back.
void LogShipper::SendKept() {
  if (!destination_->keeps() || (looked_at_kept_ && kept_file_.empty())) return;
  looked_at_kept_ = true;
  kept_file_.clear();
  for (const fs::path& path : KeptFiles(options_.folder, destination_->name())) {
    auto file = OpenFile(path, O_RDONLY);
    if (!file.ok() || ::flock(file->get(), LOCK_EX | LOCK_NB) != 0 || !fs::exists(path)) continue;
    std::ifstream text(path);
    std::vector<LogLine> lines;
    bool more = true;
    while (more) {
      std::string line;
      more = static_cast<bool>(std::getline(text, line));
      if (more) {
        if (auto parsed = ParseKeptLine(line)) lines.push_back(*std::move(parsed));
      }
      if (lines.size() < kMaxShipped && more) continue;
      const Status sent = lines.empty() ? Status::OK() : destination_->Send(lines);
      if (!sent.ok()) {
        retry_at_ = RealClock().Monotonic() + options_.retry;
        return Complain(sent.message(), HintOf(sent));
      }
      lines.clear();
    }
    std::error_code error;
    fs::remove(path, error);
  }
}

void LogShipper::Complain(const std::string& message, const std::string& hint) {
  if (std::exchange(complained_, true)) return;
  LogFields fields = {{"sink", destination_->name()}};
  if (!hint.empty()) fields.emplace_back("hint", hint);
  log_.Warning(fmt::format("logs to {}: {}; the run is not affected{}", destination_->name(), message,
                           destination_->keeps() ? ", and the lines are kept for the next run" : ""),
               std::move(fields));
}

}  // namespace ingesta::observe
