// What the tests of this folder share: clients with short time-outs against a scripted server.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "ingesta/base/clock.h"
#include "ingesta/http/client.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"
#include "ingesta/testing/scripted_server.h"

namespace ingesta::http {

using testing::ScriptedAnswer;
using testing::ScriptedServer;

inline Request Get(std::string url) {
  Request request;
  request.url = std::move(url);
  return request;
}

inline Request Post(std::string url, std::string body) {
  Request request;
  request.method = "POST";
  request.url = std::move(url);
  request.body.bytes = std::move(body);
  return request;
}

/// A server and a client whose retries wait on a fake clock: they cost no time, and the clock tells how long
/// they were.
class ClientFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, ScriptedServer::Start());
    options_.timeouts = {Millis(2'000), Millis(2'000), Millis(10'000)};
    options_.retry.max_retries = 3;
    options_.retry.base = Millis(100);
  }

  /// The client, made at the first call from `options_`.
  Client& client() {
    if (client_ == nullptr) {
      Result<std::unique_ptr<Client>> made = Client::Make(options_, clock(), random_);
      EXPECT_TRUE(made.ok()) << made.status().ToString();
      client_ = std::move(made).ValueOrDie();
    }
    return *client_;
  }
  Result<Response> Fetch(const std::string& target) { return client().Fetch(Get(server_->url() + target)); }
  Clock& clock() { return use_real_clock_ ? RealClock() : static_cast<Clock&>(clock_); }
  /// Fake time that has passed.
  Millis Waited() const { return std::chrono::duration_cast<Millis>(clock_.Monotonic() - MonotonicTime()); }

  std::unique_ptr<ScriptedServer> server_;
  ClientOptions options_;
  testing::FakeClock clock_;
  testing::SeededRandom random_{7};
  bool use_real_clock_ = false;
  std::unique_ptr<Client> client_;
};

}  // namespace ingesta::http
