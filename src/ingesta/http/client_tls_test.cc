// Certificates: what is right is accepted, what is wrong is named.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "ingesta/http/test_support.h"
#include "ingesta/testing/test_certificates.h"

namespace ingesta::http {
namespace {

using ::testing::HasSubstr;
using testing::TestCertificate;

class HttpTls : public ClientFixture {
 protected:
  void SetUp() override {
    ClientFixture::SetUp();
    ASSERT_OK_AND_ASSIGN(authority_, testing::MakeAuthority());
    ca_file_ = ::testing::TempDir() + "ingesta_ca_" + std::to_string(getpid());
    std::ofstream(ca_file_) << authority_.certificate_pem;
    setenv("SSL_CERT_FILE", ca_file_.c_str(), 1);
    unsetenv("CURL_CA_BUNDLE");
    options_.retry.max_retries = 2;
  }
  void TearDown() override {
    unsetenv("SSL_CERT_FILE");
    unlink(ca_file_.c_str());
  }
  /// Ask a server that has `certificate`.
  Result<Response> Ask(const Result<TestCertificate>& certificate) {
    ARROW_RETURN_NOT_OK(certificate.status());
    ARROW_ASSIGN_OR_RAISE(server_,
                          ScriptedServer::Start({certificate->certificate_pem, certificate->key_pem}));
    server_->On("GET", "/", ScriptedAnswer::Json("secure"));
    return Fetch("/p");
  }

  TestCertificate authority_;
  std::string ca_file_;
};

TEST_F(HttpTls, AcceptsACertificateOfAKnownAuthority) {
  ASSERT_OK_AND_ASSIGN(const Response response,
                       Ask(testing::MakeServerCertificate("127.0.0.1", &authority_)));
  EXPECT_EQ(response.body, "secure");
}

TEST_F(HttpTls, NamesWhatIsWrongWithACertificate) {
  ASSERT_OK_AND_ASSIGN(const TestCertificate stranger, testing::MakeAuthority());
  const std::pair<Result<TestCertificate>, const char*> cases[] = {
      {testing::MakeServerCertificate("127.0.0.1", &authority_, -7200, -3600), "has expired"},
      {testing::MakeServerCertificate("127.0.0.1", &authority_, 3600, 7200), "not valid yet"},
      {testing::MakeServerCertificate("127.0.0.1", nullptr), "self-signed"},
      {testing::MakeServerCertificate("other.example", &authority_), "for another host"},
      {testing::MakeServerCertificate("127.0.0.1", &stranger), "authority that is unknown"},
  };
  for (const auto& [certificate, text] : cases) {
    const Result<Response> result = Ask(certificate);
    EXPECT_ERROR_CODE(ErrorCode::kTls, result);
    EXPECT_FALSE(IsRetryable(result.status())) << text;
    EXPECT_THAT(result.status().message(), HasSubstr(text));
    EXPECT_FALSE(HintOf(result.status()).empty());
    EXPECT_EQ(server_->Count(), 0);
  }
}

TEST_F(HttpTls, NamesACaBundleThatCannotBeRead) {
  setenv("SSL_CERT_FILE", "/nonexistent/ca.pem", 1);
  const Result<Response> result = Ask(testing::MakeServerCertificate("127.0.0.1", &authority_));
  EXPECT_ERROR_CODE(ErrorCode::kTls, result);
  EXPECT_THAT(HintOf(result.status()), HasSubstr("SSL_CERT_FILE"));
}

}  // namespace
}  // namespace ingesta::http
