// One request from Send to its result: its tries, its redirects, and what follows from each answer. Decides;
// does no I/O. Not thread-safe: the client's I/O thread owns it.
#pragma once

#include <future>
#include <optional>
#include <set>
#include <string>

#include "ingesta/http/client.h"
#include "ingesta/http/transfer.h"

namespace ingesta::http {

/// What the client does after an attempt.
struct Decision {
  enum class Kind { kDone, kAgainNow, kAgainLater, kRefreshAuth };
  Kind kind = Kind::kDone;
  Result<Response> result = Response();  ///< of kDone
  Millis wait{0};                        ///< of kAgainLater
  bool overloaded = false;               ///< the service said that it is too much
  bool success = false;                  ///< an answer that counts for growing the limit again
};

class Exchange {
 public:
  /// All but `request` outlive the exchange. `is_token`: made for the authenticator, nobody waits for its
  /// future.
  Exchange(Request request, const ClientOptions& options, Clock& clock, Random& random, RetryBudget& budget,
           bool is_token = false);

  std::future<Result<Response>> GetFuture() { return promise_.get_future(); }
  void Resolve(Result<Response> result) { promise_.set_value(std::move(result)); }

  /// Make the request of the next attempt: the current URL, credentials, before_attempt.
  Status BeginAttempt();
  const Request& attempt() const { return attempt_; }
  TransferLimits Limits() const;
  const Classifier& classifier() const { return classify_; }

  Decision OnAnswer(Response response, bool delivered);
  Decision OnFailure(const Status& cause, bool was_sent, bool delivered);
  /// The error that the caller gets: method, URL, tries and `cause`, without secrets.
  Status FinalError(const Status& cause) const;

  /// The error where the answer refused the credentials and there is nothing to renew.
  Status RefusedAuth() const { return refused_auth_; }

  /// The client's Authenticator has to do with the next attempt.
  bool WantsAuth() const;
  bool is_token() const { return is_token_; }
  /// The token was just fetched for this exchange: use it, however short it lives.
  bool token_fresh = false;
  /// Which of the client's tokens the last attempt carried.
  int auth_generation = 0;

 private:
  Decision Done(Result<Response> result) const;
  Decision Again(Decision::Kind kind);
  Decision FollowRedirect(const std::string& location, int status);
  Decision MaybeRetry(const Status& cause, std::optional<Millis> asked, bool may_repeat);
  Result<std::string> CheckRedirect(const std::string& location) const;
  void RestartHops();
  void TakeBackBody();
  std::vector<std::string> Secrets() const;
  Millis Elapsed() const;

  const ClientOptions& options_;
  Clock& clock_;
  Random& random_;
  RetryBudget& budget_;
  const bool is_token_;
  std::promise<Result<Response>> promise_;
  Request request_;
  Request attempt_;
  bool body_in_attempt_ = false;  ///< request_.body has moved to attempt_
  Classifier classify_;

  std::optional<MonotonicTime> first_started_;
  int tries_ = 1;
  int retries_ = 0;
  bool refreshed_ = false;
  Status refused_auth_;

  // Where the redirects have led.
  std::string url_;
  std::string method_;
  bool without_body_ = false;
  bool crossed_origin_ = false;  ///< stays set when a later hop leads back: the other origin chose that URL
  std::set<std::string> visited_;
};

}  // namespace ingesta::http
