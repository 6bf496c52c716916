// The S3 server that all tests of a program share: started by the first, stopped at the end. Where it cannot
// be had, they are skipped.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "ingesta/http/client.h"
#include "ingesta/testing/matchers.h"
#include "s3_server.h"

namespace ingesta::integration {

/// `Base`: the fixture below this one.
template <typename Base = ::testing::Test>
class OnS3Server : public Base {
 protected:
  static void SetUpTestSuite() {
    if (server_ != nullptr || !missing_.empty()) return;
    auto server = S3Server::Start();
    if (server.ok()) {
      server_ = *std::move(server);
    } else if (CodeOf(server.status()) == ErrorCode::kNotFound) {
      missing_ = server.status().message();
    } else {
      FAIL() << server.status().ToString();
    }
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (!missing_.empty()) GTEST_SKIP() << missing_;
    ASSERT_NE(server_, nullptr);
    Base::SetUp();
    http::ClientOptions options;
    options.retry = {.max_retries = 3, .base = Millis{10}, .cap = Millis{50}};
    ASSERT_OK_AND_ASSIGN(http_, http::Client::Make(options, RealClock(), SystemRandom()));
  }

  static inline std::unique_ptr<S3Server> server_;
  static inline std::string missing_;
  std::unique_ptr<http::Client> http_;
};

}  // namespace ingesta::integration
