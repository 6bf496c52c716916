// Calls that must not hold a run up: each on a thread of its own, all with one deadline at the end. A call
// that fails or does not come back in time is logged once a name and forgotten. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ingesta/base/log.h"
#include "ingesta/base/status.h"
#include "ingesta/http/client.h"

namespace ingesta::observe {

/// Time-outs for what only tells of a run: one short retry, 4 s a try.
http::ClientOptions TelemetryClientOptions(const std::string& version);

class Background {
 public:
  /// REQUIRES: `client` and `log` outlive this object. Finish cancels `client`.
  Background(http::Client& client, const Logger& log) : client_(client), log_(log) {}
  /// Finish with no patience.
  ~Background() { Finish(Millis(0)); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Begin `call` at once. `name`: the sink, for the log. Its waits are those of `client` alone, so that a
  /// cancelled client ends it.
  void Start(const std::string& name, std::function<Status()> call);
  /// Wait for all calls, `patience` at most, then cancel what is under way. Returns within a second of that.
  void Finish(Millis patience);

 private:
  void Done(const std::string& name, const Status& status);

  http::Client& client_;
  const Logger log_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::multiset<std::string> running_;
  std::set<std::string> complained_;
  bool cancelled_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ingesta::observe
