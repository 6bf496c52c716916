// What the tests of credentials share: a home directory of their own and a server that plays AWS.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "ingesta/aws/credentials.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"
#include "ingesta/testing/scripted_server.h"

namespace ingesta::aws {

using ::ingesta::testing::ReceivedRequest;
using ::ingesta::testing::ScriptedAnswer;
using ::ingesta::testing::ScriptedServer;
using ::testing::HasSubstr;

class CredentialsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-aws-XXXXXX").string();
    home_ = mkdtemp(pattern.data());
    environment_ = {{"HOME", home_}, {"AWS_EC2_METADATA_DISABLED", "true"}, {"PATH", "/usr/bin:/bin"}};
    http::ClientOptions options;
    options.retry = {.max_retries = 1, .base = Millis{1}, .cap = Millis{1}};
    ASSERT_OK_AND_ASSIGN(client_, http::Client::Make(options, clock_, random_));
    ASSERT_OK_AND_ASSIGN(server_, ScriptedServer::Start());
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  void Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = std::filesystem::path(home_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::shared_ptr<CredentialsProvider> Provider() {
    return *MakeDefaultCredentials(environment_, *client_, clock_);
  }
  Result<Credentials> Get() { return Provider()->Get(); }
  std::string Iso(std::chrono::minutes from_now) {
    return FormatRfc3339(clock_.Now() + from_now).substr(0, 19) + "Z";
  }

  /// A server that plays STS: the role's name becomes the key id.
  void PlaySts(std::chrono::minutes life = std::chrono::minutes(60)) {
    environment_["AWS_ENDPOINT_URL_STS"] = server_->url();
    server_->OnCall("POST", "/", [this, life](const ReceivedRequest& request) {
      const size_t at = request.body.find("role%2F") + 7;
      const std::string role = request.body.substr(at, request.body.find('&', at) - at);
      const std::string action = request.body.substr(7, request.body.find('&') - 7);
      return ScriptedAnswer::Status(
          200, "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
                   "Result><Credentials><AccessKeyId>ASIA-" + role + "</AccessKeyId><SecretAccessKey>s-" +
                   role + "</SecretAccessKey><SessionToken>t-" + role + "</SessionToken><Expiration>" +
                   Iso(life) + "</Expiration></Credentials></" + action + "Result></" + action + "Response>");
    });
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{7};
  std::string home_;
  Environment environment_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<ScriptedServer> server_;
};

}  // namespace ingesta::aws
