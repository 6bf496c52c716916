#include "ingesta/base/stop.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

namespace ingesta {

void StopSource::RequestStop(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (stopped_.load()) return;
  reason_ = reason;
  stopped_.store(true, std::memory_order_release);
  for (const auto& [id, callback] : callbacks_) callback();
}

Status StopSource::Check() const {
  if (!stopped()) return Status::OK();
  const std::lock_guard lock(mutex_);
  return MakeError(ErrorCode::kCancelled, "stopped: " + reason_,
                   "nothing was published; `ingesta resume` goes on with what was spooled");
}

int StopSource::OnStop(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  if (stopped_.load()) callback();
  callbacks_.emplace_back(next_id_, std::move(callback));
  return next_id_++;
}

void StopSource::Remove(int id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(callbacks_, [id](const auto& entry) { return entry.first == id; });
}

void StopOnSignals(StopSource& source) {
  // Blocked in every thread that is started from here on; one thread waits for them. That needs no
  // async-signal-safe code, and works for process 1, which has no default actions.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file limit then shows as a failed write
  std::thread([signals, &source] {
    int signal = 0;
    sigwait(&signals, &signal);
    source.RequestStop(signal == SIGINT ? "SIGINT" : "SIGTERM");
    // What was spooled is safe at any moment, so a call that does not come back need not be waited for.
    const timespec patience{.tv_sec = 9, .tv_nsec = 0};
    sigtimedwait(&signals, nullptr, &patience);
    _exit(1);
  }).detach();
}

}  // namespace ingesta
