// The client's I/O thread: starts exchanges as limits allow, drives them on libcurl multi, and does what they
// decide. Public calls are thread-safe; everything else happens on the I/O thread.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "ingesta/http/client.h"
#include "ingesta/http/exchange.h"
#include "ingesta/http/limiter.h"
#include "ingesta/http/transfer.h"

namespace ingesta::http {

class IoLoop final : public Client {
 public:
  /// `clock` and `random` outlive it. REQUIRES: `options` are valid and have a retry budget.
  IoLoop(ClientOptions options, Clock& clock, Random& random);
  ~IoLoop() override;
  Status Start();

  std::future<Result<Response>> Send(Request request) override;
  void Cancel() override;
  int CurrentLimit() const override { return current_limit_.load(); }

 private:
  using ExchangePtr = std::unique_ptr<Exchange>;
  struct Active {
    ExchangePtr exchange;
    std::unique_ptr<Transfer> transfer;
    int64_t number = 0;  ///< of AdaptiveLimit::OnStart
  };

  void Run();
  /// False when the thread has to end.
  bool TakeIncoming();
  void MoveDue();
  void StartReady();
  bool MayStart() const;
  void StartOne(ExchangePtr exchange);
  /// False: the exchange was parked until there is a token.
  bool HasToken(ExchangePtr& exchange);
  Status Launch(ExchangePtr& exchange);
  void CollectDone();
  void CollectTimedOut();
  Active Remove(CURL* handle);
  void Settle(Active active, Result<Response> outcome);
  void Deliver(ExchangePtr exchange, Result<Response> result);
  void OnTokenDone(Result<Response> result);
  void RefreshAuth(ExchangePtr exchange);
  void FailAll();
  void Wait();
  int ActiveRequests() const { return static_cast<int>(active_.size()) - active_tokens_; }

  const ClientOptions options_;
  Clock& clock_;
  Random& random_;
  const bool real_clock_;
  const NetworkSettings settings_;
  CURLM* multi_ = nullptr;
  std::thread thread_;
  std::atomic<int> current_limit_;

  std::mutex mutex_;
  std::vector<ExchangePtr> incoming_;
  bool cancelled_ = false;
  bool quit_ = false;

  std::deque<ExchangePtr> ready_;
  std::multimap<MonotonicTime, ExchangePtr> waiting_;
  std::vector<ExchangePtr> parked_;  ///< until the token request is answered
  std::unordered_map<CURL*, Active> active_;
  std::vector<std::unique_ptr<Transfer>> idle_transfers_;
  int active_tokens_ = 0;
  bool token_pending_ = false;
  int auth_generation_ = 0;
  AdaptiveLimit limit_;
  RateWindow rate_;
  std::chrono::nanoseconds stalled_{0};
};

}  // namespace ingesta::http
