// What the tests of S3Client share: a scripted server in place of S3, and credentials that count their
// renewals.
#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "ingesta/aws/s3.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"
#include "ingesta/testing/scripted_server.h"

namespace ingesta::aws {

using ::ingesta::testing::ReceivedRequest;
using ::ingesta::testing::ScriptedAnswer;
using ::ingesta::testing::ScriptedServer;
using ::testing::HasSubstr;

inline std::string ErrorBody(const std::string& code, const std::string& extra = "") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code + "</Code><Message>about " +
         code + "</Message>" + extra + "<RequestId>REQ1</RequestId></Error>";
}

/// Counts renewals; each gives the next key id.
class RotatingCredentials final : public CredentialsProvider {
 public:
  Result<Credentials> Get() override {
    Credentials credentials;
    credentials.access_key_id = "KEY" + std::to_string(renewals.load());
    credentials.secret_access_key = "secret";
    credentials.session_token = "token";
    credentials.source = "profile default";
    return credentials;
  }
  void Invalidate() override { ++renewals; }
  std::atomic<int> renewals{0};
};

class S3Test : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-s3-XXXXXX").string();
    dir_ = mkdtemp(pattern.data());
    http::ClientOptions options;
    options.retry = {.max_retries = 2, .base = Millis{1}, .cap = Millis{1}};
    ASSERT_OK_AND_ASSIGN(http_, http::Client::Make(options, clock_, random_));
    ASSERT_OK_AND_ASSIGN(server_, ScriptedServer::Start());
    server_->On("HEAD", "/lake", ScriptedAnswer::Status(200, "", {{"x-amz-bucket-region", "us-east-1"}}));
    credentials_ = std::make_shared<RotatingCredentials>();
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<S3Client> Make(S3Options options = {}) {
    options.bucket = "lake";
    options.endpoint = server_->url();
    auto client = S3Client::Make(options, credentials_, *http_, clock_);
    EXPECT_TRUE(client.ok()) << client.status().ToString();
    return client.ok() ? *std::move(client) : nullptr;
  }
  std::string File(const std::string& text) {
    const std::string path = dir_ + "/file";
    std::ofstream(path) << text;
    return path;
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{7};
  std::string dir_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<RotatingCredentials> credentials_;
};

}  // namespace ingesta::aws
