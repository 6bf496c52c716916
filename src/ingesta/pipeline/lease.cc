#include "ingesta/pipeline/lease.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>

#include "ingesta/base/fs.h"

namespace ingesta::pipeline {
namespace {

struct Holder {
  std::string run_id;
  std::string host;
  std::string identity;
  std::string renewed_at;
  bool held = false;
};

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string BootId() {
  auto text = ReadFile("/proc/sys/kernel/random/boot_id");
  if (!text.ok()) return HostName();
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return *text;
}

std::string LeaseText(const std::string& run_id, const std::string& identity, const char* state, int beats,
                      SystemTime now) {
  return nlohmann::ordered_json{{"state", state},  {"run_id", run_id},     {"host", HostName()},
                                {"pid", getpid()}, {"identity", identity}, {"renewed_at", FormatRfc3339(now)},
                                {"beat", beats}}
             .dump(2) +
         "\n";
}

// A lease that can't be read is nobody's: it is watched for its time to live like any other.
Holder HolderFrom(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Holder{.held = true};
  const auto string = [&json](const char* key) {
    const auto at = json.find(key);
    return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  return Holder{string("run_id"), string("host"), string("identity"), string("renewed_at"),
                string("state") != "released"};
}

Status HeldError(const std::string& pipeline, const Holder& holder) {
  return MakeError(ErrorCode::kLeaseHeld,
                   fmt::format("another run of {} is at work: run {} on {}, last sign of life {}", pipeline,
                               holder.run_id, holder.host, holder.renewed_at),
                   "wait for it to end; a run that died is taken over after 60 s");
}

std::string LeaseKey(const std::string& pipeline) {
  return fmt::format("_ingesta/leases/{}.json", pipeline);
}

}  // namespace

Result<std::optional<LeaseHolder>> ReadLease(ObjectStore& store, const std::string& pipeline) {
  ARROW_ASSIGN_OR_RAISE(const auto document, store.Read(LeaseKey(pipeline)));
  if (!document) return std::nullopt;
  Holder holder = HolderFrom(document->text);
  if (!holder.held) return std::nullopt;
  return LeaseHolder{std::move(holder.run_id), std::move(holder.host), std::move(holder.renewed_at)};
}

Result<std::optional<std::string>> ReadLeaseHolder(ObjectStore& store, const std::string& pipeline) {
  ARROW_ASSIGN_OR_RAISE(auto holder, ReadLease(store, pipeline));
  return holder ? std::optional(std::move(holder->run_id)) : std::nullopt;
}

Result<std::unique_ptr<LocalLock>> LocalLock::Acquire(const std::string& root, const std::string& pipeline) {
  const std::string folder = root + "/_ingesta/leases";
  RETURN_NOT_OK(MakeDirs(folder));
  const std::string path = fmt::format("{}/{}.lock", folder, pipeline);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return ErrnoError(errno, "open " + path);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(descriptor);
    if (error != EWOULDBLOCK) return ErrnoError(error, "lock " + path);
    return MakeError(
        ErrorCode::kLeaseHeld,
        fmt::format("another run of {} is at work on this machine with the same data folder ({})", pipeline,
                    root),
        "wait for it to end");
  }
  struct stat status {};
  ::fstat(descriptor, &status);
  return std::unique_ptr<LocalLock>(
      new LocalLock(descriptor, fmt::format("{}:{}:{}", BootId(), status.st_dev, status.st_ino)));
}

LocalLock::~LocalLock() {
  ::close(descriptor_);
}

Lease::Lease(ObjectStore& store, std::string key, std::string run_id, std::string identity,
             std::string version, const LeaseOptions& options, Clock& clock, StopSource& stop,
             const Logger& log)
    : store_(store),
      key_(std::move(key)),
      run_id_(std::move(run_id)),
      identity_(std::move(identity)),
      version_(std::move(version)),
      options_(options),
      clock_(clock),
      stop_(stop),
      log_(log) {
  heartbeat_ = std::thread([this] { KeepAlive(); });
}

Result<std::unique_ptr<Lease>> Lease::Acquire(ObjectStore& store, const std::string& pipeline,
                                              const std::string& run_id, const LocalLock& lock,
                                              const LeaseOptions& options, Clock& clock, StopSource& stop,
                                              const Logger& log) {
  const std::string key = LeaseKey(pipeline);
  std::optional<std::string> watched;  // the version of a holder that may be dead
  MonotonicTime watched_since{};
  for (;;) {
    RETURN_NOT_OK(stop.Check());
    ARROW_ASSIGN_OR_RAISE(const std::optional<Document> document, store.Read(key));
    if (document.has_value()) {
      const Holder holder = HolderFrom(document->text);
      const bool dead = !holder.held || holder.identity == lock.identity();
      if (!dead && watched.has_value() && *watched != document->version) return HeldError(pipeline, holder);
      if (!dead && !watched.has_value()) {
        watched = document->version;
        watched_since = clock.Monotonic();
        log.Info(fmt::format("run {} on {} holds the lease of {}; watching whether it is alive",
                             holder.run_id, holder.host, pipeline));
      }
      if (!dead && clock.Monotonic() - watched_since < options.time_to_live) {
        clock.Sleep(options.poll);
        continue;
      }
      if (!dead) log.Warning(fmt::format("run {} gave no sign of life for 60 s; taking over", holder.run_id));
    }
    auto written = WriteOwn(store, key, LeaseText(run_id, lock.identity(), "held", 0, clock.Now()),
                            document.has_value() ? document->version : std::string());
    if (written.ok()) {
      return std::unique_ptr<Lease>(
          new Lease(store, key, run_id, lock.identity(), *written, options, clock, stop, log));
    }
    const ErrorCode code = CodeOf(written.status());
    if (code != ErrorCode::kConflict && code != ErrorCode::kAlreadyExists) return written.status();
    watched.reset();  // somebody was faster: look who it is
  }
}

Status Lease::Renew(const char* state) {
  const std::string text = LeaseText(run_id_, identity_, state, ++beats_, clock_.Now());
  ARROW_ASSIGN_OR_RAISE(version_, WriteOwn(store_, key_, text, version_));
  return Status::OK();
}

Result<std::string> Lease::WriteOwn(ObjectStore& store, const std::string& key, const std::string& text,
                                    const std::string& version) {
  auto written = store.Write(key, text, version, Durability::kVolatile);
  if (written.ok()) return written;
  const ErrorCode code = CodeOf(written.status());
  if (code != ErrorCode::kConflict && code != ErrorCode::kAlreadyExists) return written;
  ARROW_ASSIGN_OR_RAISE(const std::optional<Document> document, store.Read(key));
  return document.has_value() && document->text == text ? Result<std::string>(document->version) : written;
}

void Lease::KeepAlive() {
  std::unique_lock lock(mutex_);
  MonotonicTime last_success = clock_.Monotonic();
  while (!wake_.wait_for(lock, options_.heartbeat, [this] { return released_; })) {
    const Status status = Renew("held");
    if (status.ok()) {
      last_success = clock_.Monotonic();
      continue;
    }
    const bool taken = CodeOf(status) == ErrorCode::kConflict;
    if (taken || clock_.Monotonic() - last_success >= options_.time_to_live) {
      stop_.RequestStop(taken ? "another run took the lease over"
                              : "the lease could not be renewed: " + status.message());
      return;
    }
    log_.Warning(fmt::format("the lease could not be renewed, trying again: {}", status.message()));
  }
}

Lease::~Lease() {
  {
    const std::lock_guard lock(mutex_);
    released_ = true;
  }
  wake_.notify_all();
  heartbeat_.join();
  const Status status = Renew("released");
  if (!status.ok()) log_.Debug("the lease could not be given back: " + status.message());
}

}  // namespace ingesta::pipeline
