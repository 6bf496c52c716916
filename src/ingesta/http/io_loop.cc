#include "ingesta/http/io_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace ingesta::http {
namespace {

/// The longest the thread sleeps without looking: a bound for what no event announces.
constexpr Millis kLongestPoll{60'000};
/// How long it sleeps on an injected clock at a time, so that Cancel is seen.
constexpr Millis kClockSlice{250};

Millis CeilMillis(std::chrono::nanoseconds duration) {
  return std::max(Millis(0), std::chrono::ceil<Millis>(duration));
}

}  // namespace

IoLoop::IoLoop(ClientOptions options, Clock& clock, Random& random)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      real_clock_(&clock == &RealClock()),
      settings_(NetworkSettings::FromEnvironment()),
      current_limit_(options_.concurrency),
      limit_(options_.concurrency),
      rate_(options_.rate_limit, options_.rate_interval) {}

IoLoop::~IoLoop() {
  {
    std::lock_guard lock(mutex_);
    cancelled_ = quit_ = true;
  }
  if (thread_.joinable()) {
    curl_multi_wakeup(multi_);
    thread_.join();
  }
  idle_transfers_.clear();
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
}

Status IoLoop::Start() {
  multi_ = curl_multi_init();
  if (multi_ == nullptr) return MakeError(ErrorCode::kInternal, "curl gives no multi handle: out of memory");
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, std::max(16L, 2L * options_.concurrency));
  thread_ = std::thread([this] { Run(); });
  return Status::OK();
}

std::future<Result<Response>> IoLoop::Send(Request request) {
  auto exchange =
      std::make_unique<Exchange>(std::move(request), options_, clock_, random_, *options_.retry_budget);
  std::future<Result<Response>> future = exchange->GetFuture();
  {
    std::lock_guard lock(mutex_);
    incoming_.push_back(std::move(exchange));
  }
  curl_multi_wakeup(multi_);
  return future;
}

void IoLoop::Cancel() {
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  curl_multi_wakeup(multi_);
}

void IoLoop::Run() {
  while (TakeIncoming()) {
    MoveDue();
    StartReady();
    int running = 0;
    curl_multi_perform(multi_, &running);
    CollectDone();
    CollectTimedOut();
    if (!MayStart()) Wait();
  }
}

bool IoLoop::TakeIncoming() {
  bool cancelled = false;
  bool quit = false;
  {
    std::lock_guard lock(mutex_);
    std::move(incoming_.begin(), incoming_.end(), std::back_inserter(ready_));
    incoming_.clear();
    cancelled = cancelled_;
    quit = quit_;
  }
  if (cancelled) FailAll();
  return !quit;
}

void IoLoop::MoveDue() {
  // Repeated requests go before new ones: somebody has waited for them longer.
  const auto end = waiting_.upper_bound(clock_.Monotonic());
  std::vector<ExchangePtr> due;
  for (auto it = waiting_.begin(); it != end; ++it) due.push_back(std::move(it->second));
  waiting_.erase(waiting_.begin(), end);
  ready_.insert(ready_.begin(), std::make_move_iterator(due.begin()), std::make_move_iterator(due.end()));
}

bool IoLoop::MayStart() const {
  if (ready_.empty()) return false;
  if (ready_.front()->is_token()) return true;
  const MonotonicTime now = clock_.Monotonic();
  return ActiveRequests() < limit_.current() && rate_.NextStart(now) <= now;
}

void IoLoop::StartReady() {
  while (MayStart()) {
    ExchangePtr exchange = std::move(ready_.front());
    ready_.pop_front();
    StartOne(std::move(exchange));
  }
}

void IoLoop::StartOne(ExchangePtr exchange) {
  if (!HasToken(exchange)) return;
  const Status status = Launch(exchange);
  if (status.ok()) return;
  Status error = exchange->FinalError(status);
  Deliver(std::move(exchange), std::move(error));
}

bool IoLoop::HasToken(ExchangePtr& exchange) {
  if (!exchange->WantsAuth() || exchange->token_fresh) return true;
  if (!token_pending_) {
    std::optional<Request> request = options_.authenticator->TokenRequest();
    if (!request) return true;
    token_pending_ = true;
    ready_.push_front(std::make_unique<Exchange>(*std::move(request), options_, clock_, random_,
                                                 *options_.retry_budget, true));
  }
  parked_.push_back(std::move(exchange));
  return false;
}

Status IoLoop::Launch(ExchangePtr& exchange) {
  exchange->token_fresh = false;
  exchange->auth_generation = auth_generation_;
  ARROW_RETURN_NOT_OK(exchange->BeginAttempt());
  if (idle_transfers_.empty()) idle_transfers_.push_back(std::make_unique<Transfer>(settings_, stalled_));
  std::unique_ptr<Transfer> transfer = std::move(idle_transfers_.back());
  idle_transfers_.pop_back();
  ARROW_RETURN_NOT_OK(transfer->Begin(exchange->attempt(), exchange->Limits(), exchange->classifier()));
  CURL* handle = transfer->handle();
  if (const CURLMcode code = curl_multi_add_handle(multi_, handle); code != CURLM_OK) {
    return MakeError(ErrorCode::kInternal, fmt::format("curl: {}", curl_multi_strerror(code)));
  }
  int64_t number = 0;
  if (exchange->is_token()) {
    ++active_tokens_;
  } else {
    rate_.OnStart(clock_.Monotonic());
    number = limit_.OnStart();
  }
  active_.emplace(handle, Active{std::move(exchange), std::move(transfer), number});
  return Status::OK();
}

IoLoop::Active IoLoop::Remove(CURL* handle) {
  curl_multi_remove_handle(multi_, handle);
  const auto found = active_.find(handle);
  Active active = std::move(found->second);
  active_.erase(found);
  if (active.exchange->is_token()) --active_tokens_;
  return active;
}

void IoLoop::CollectDone() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // `message` does not survive the removal
    Active active = Remove(message->easy_handle);
    Result<Response> outcome = active.transfer->Finish(code);
    Settle(std::move(active), std::move(outcome));
  }
}

void IoLoop::CollectTimedOut() {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::vector<std::pair<CURL*, Status>> late;
  for (const auto& [handle, active] : active_) {
    Status status = active.transfer->CheckTimeouts(now);
    if (!status.ok()) late.emplace_back(handle, std::move(status));
  }
  for (auto& [handle, status] : late) Settle(Remove(handle), std::move(status));
}

void IoLoop::Settle(Active active, Result<Response> outcome) {
  ExchangePtr exchange = std::move(active.exchange);
  const bool delivered = active.transfer->delivered();
  const bool was_sent = active.transfer->was_sent();
  idle_transfers_.push_back(std::move(active.transfer));
  Decision decision = outcome.ok() ? exchange->OnAnswer(*std::move(outcome), delivered)
                                   : exchange->OnFailure(outcome.status(), was_sent, delivered);
  if (!exchange->is_token()) {
    if (decision.overloaded) limit_.OnOverload(active.number);
    if (decision.success) limit_.OnSuccess();
    current_limit_ = limit_.current();
  }
  switch (decision.kind) {
    case Decision::Kind::kDone:
      Deliver(std::move(exchange), std::move(decision.result));
      break;
    case Decision::Kind::kAgainNow:
      ready_.push_front(std::move(exchange));
      break;
    case Decision::Kind::kAgainLater:
      waiting_.emplace(clock_.Monotonic() + decision.wait, std::move(exchange));
      break;
    case Decision::Kind::kRefreshAuth:
      RefreshAuth(std::move(exchange));
      break;
  }
}

void IoLoop::Deliver(ExchangePtr exchange, Result<Response> result) {
  if (exchange->is_token()) {
    OnTokenDone(std::move(result));
  } else {
    exchange->Resolve(std::move(result));
  }
}

void IoLoop::OnTokenDone(Result<Response> result) {
  token_pending_ = false;
  ++auth_generation_;
  const Status status = result.ok() ? options_.authenticator->OnToken(*result) : result.status();
  std::vector<ExchangePtr> parked = std::exchange(parked_, {});
  if (status.ok()) {
    for (ExchangePtr& exchange : parked) exchange->token_fresh = true;
    ready_.insert(ready_.begin(), std::make_move_iterator(parked.begin()),
                  std::make_move_iterator(parked.end()));
    return;
  }
  for (ExchangePtr& exchange : parked) {
    exchange->Resolve(exchange->FinalError(WithPrefix(status, "no access token")));
  }
}

void IoLoop::RefreshAuth(ExchangePtr exchange) {
  // Another request may have renewed the token while this one was on its way with the old one.
  if (exchange->auth_generation == auth_generation_) {
    if (!options_.authenticator->Invalidate()) {
      exchange->Resolve(exchange->RefusedAuth());
      return;
    }
    ++auth_generation_;
  }
  ready_.push_front(std::move(exchange));
}

void IoLoop::FailAll() {
  const auto fail = [](ExchangePtr& exchange) {
    if (exchange == nullptr || exchange->is_token()) return;
    exchange->Resolve(exchange->FinalError(MakeError(ErrorCode::kCancelled, "cancelled")));
  };
  while (!active_.empty()) {
    Active active = Remove(active_.begin()->first);
    fail(active.exchange);
    idle_transfers_.push_back(std::move(active.transfer));
  }
  for (ExchangePtr& exchange : ready_) fail(exchange);
  for (ExchangePtr& exchange : parked_) fail(exchange);
  for (auto& [due, exchange] : waiting_) fail(exchange);
  ready_.clear();
  parked_.clear();
  waiting_.clear();
  token_pending_ = false;
}

void IoLoop::Wait() {
  Millis timeout = kLongestPoll;
  const SteadyTime steady_now = std::chrono::steady_clock::now();
  for (const auto& [handle, active] : active_) {
    timeout = std::min(timeout, CeilMillis(active.transfer->NextCheck() - steady_now));
  }
  const MonotonicTime now = clock_.Monotonic();
  std::optional<Millis> due;
  if (!waiting_.empty()) due = CeilMillis(waiting_.begin()->first - now);
  if (!ready_.empty() && ActiveRequests() < limit_.current()) {
    const Millis start = CeilMillis(rate_.NextStart(now) - now);
    due = due ? std::min(*due, start) : start;
  }
  if (due && real_clock_) timeout = std::min(timeout, *due);
  if (due && !real_clock_) {
    if (active_.empty()) {
      clock_.Sleep(std::min(*due, kClockSlice));
      return;
    }
    timeout = std::min(timeout, Millis(10));  // somebody else may move the clock
  }
  curl_multi_poll(multi_, nullptr, 0, static_cast<int>(timeout.count()), nullptr);
}

}  // namespace ingesta::http
