#include "ingesta/observe/background.h"

#include <fmt/format.h>

#include <utility>

namespace ingesta::observe {

http::ClientOptions TelemetryClientOptions(const std::string& version) {
  http::ClientOptions options;
  options.timeouts = {.connect = Millis(2'000), .idle = Millis(4'000), .total = Millis(4'000)};
  options.retry = {.max_retries = 1, .base = Millis(200), .cap = Millis(500), .max_elapsed = Millis(5'000)};
  options.user_agent = "ingesta/" + version;
  return options;
}

void Background::Start(const std::string& name, std::function<Status()> call) {
  const std::lock_guard lock(mutex_);
  if (cancelled_) return;
  running_.insert(name);
  threads_.emplace_back([this, name, call = std::move(call)] { Done(name, call()); });
}

void Background::Done(const std::string& name, const Status& status) {
  bool complain = false;
  {
    const std::lock_guard lock(mutex_);
    running_.erase(running_.find(name));
    // What was cancelled has been told of already.
    complain = !status.ok() && !cancelled_ && complained_.insert(name).second;
  }
  if (complain) {
    LogFields fields = {{"sink", name}};
    if (!HintOf(status).empty()) fields.emplace_back("hint", HintOf(status));
    log_.Warning(fmt::format("{}: {}; the run is not affected", name, status.message()), std::move(fields));
  }
  idle_.notify_all();
}

void Background::Finish(Millis patience) {
  std::vector<std::thread> threads;
  std::set<std::string> late;
  {
    std::unique_lock lock(mutex_);
    idle_.wait_for(lock, patience, [this] { return running_.empty(); });
    late = {running_.begin(), running_.end()};
    cancelled_ = cancelled_ || !late.empty();
    threads.swap(threads_);
  }
  for (const std::string& name : late) {
    log_.Warning(fmt::format("{} did not answer within {:.1f} s and is left alone; the run is not affected",
                             name, static_cast<double>(patience.count()) / 1000),
                 {{"sink", name}});
  }
  if (!late.empty()) client_.Cancel();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace ingesta::observe
