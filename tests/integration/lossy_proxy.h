// A TCP proxy on loopback that loses acknowledgements: the server gets the whole request and answers, the
// client sees its connection die. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::integration {

class LossyProxy {
 public:
  /// In front of `http://127.0.0.1:port`.
  static Result<std::unique_ptr<LossyProxy>> Start(const std::string& endpoint);
  ~LossyProxy();

  std::string url() const;
  /// Lose the answer to the next `times` requests whose bytes hold each of `first` and `second`.
  void LoseAnswers(std::string first, std::string second, int times);
  /// Answers lost so far.
  int lost() const { return lost_; }

 private:
  LossyProxy() = default;
  void Accept();
  void Serve(int client);
  bool TakesAim(const std::string& sent);

  int listener_ = -1;
  int port_ = 0;
  int server_port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> lost_{0};
  std::mutex mutex_;
  std::string first_;
  std::string second_;
  int times_ = 0;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace ingesta::integration
