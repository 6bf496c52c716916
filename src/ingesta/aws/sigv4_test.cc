// Signatures of AWS's published Signature Version 4 suite, and of requests that botocore signed.
#include "ingesta/aws/sigv4.h"

#include <string>
#include <utility>
#include <vector>

#include "ingesta/aws/digest.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::aws {
namespace {

const SystemTime kSuiteTime(std::chrono::seconds(1'440'938'160));  // 2015-08-30T12:36:00Z

Credentials SuiteCredentials() {
  Credentials credentials;
  credentials.access_key_id = "AKIDEXAMPLE";
  credentials.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  return credentials;
}

struct Case {
  const char* name;
  const char* method;
  const char* url;
  http::Headers headers;
  const char* body;
  const char* signed_headers;
  const char* signature;
};

void ExpectSignature(const Case& c, const SigningScope& scope, std::string_view payload_hash) {
  http::Request request;
  request.method = c.method;
  request.url = c.url;
  request.headers = c.headers;
  const Status signed_status = SignRequest(SuiteCredentials(), scope, kSuiteTime, payload_hash, request);
  ASSERT_TRUE(signed_status.ok()) << c.name;
  ASSERT_NE(request.headers.Find("Authorization"), nullptr);
  EXPECT_EQ(*request.headers.Find("Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" + scope.service +
                "/aws4_request, SignedHeaders=" + c.signed_headers + ", Signature=" + c.signature)
      << c.name;
}

TEST(SigV4, MatchesPublishedSuite) {
  const std::vector<Case> cases = {
      {"get-vanilla",
       "GET",
       "https://example.amazonaws.com/",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-header-value-trim",
       "GET",
       "https://example.amazonaws.com/",
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "",
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "https://example.amazonaws.com/?Param2=value2&Param1=value1",
       {},
       "",
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"post-x-www-form-urlencoded",
       "POST",
       "https://example.amazonaws.com/",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       "Param1=value1",
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
      {"post-vanilla",
       "POST",
       "https://example.amazonaws.com/",
       {},
       "",
       "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"post-header-key-sort",
       "POST",
       "https://example.amazonaws.com/",
       {{"My-Header1", "value1"}},
       "",
       "host;my-header1;x-amz-date",
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
      {"get-relative",
       "GET",
       "https://example.amazonaws.com/example/..",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash",
       "GET",
       "https://example.amazonaws.com//",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slashes",
       "GET",
       "https://example.amazonaws.com//example//",
       {},
       "",
       "host;x-amz-date",
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"get-slash-dot-slash",
       "GET",
       "https://example.amazonaws.com/./example",
       {},
       "",
       "host;x-amz-date",
       "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
  };
  for (const Case& c : cases)
    ExpectSignature(c, {.region = "us-east-1", .service = "service"}, Sha256Hex(c.body));
}

TEST(SigV4, EncodesPathTwiceAndSortsQueryAfterEncoding) {
  // Signatures by botocore.
  const std::vector<Case> cases = {
      {"encoded path",
       "GET",
       "https://example.amazonaws.com/a%20b/c",
       {},
       "",
       "host;x-amz-date",
       "38716947ba65b7b62d1fac41d2244cf69dad6f76e6fa83456331ce9315514e6f"},
      {"encoded query",
       "GET",
       "https://example.amazonaws.com/?z=%2F&a-b=1&a=x%20y",
       {},
       "",
       "host;x-amz-date",
       "3d96edd1e494fdd72d41445d26a05c9eeed4382028f16270620076ea3632c359"},
  };
  for (const Case& c : cases)
    ExpectSignature(c, {.region = "us-east-1", .service = "service"}, Sha256Hex(""));
}

TEST(SigV4, SignsS3PathAsSentWithPayloadHash) {
  // Signatures by botocore.
  const std::vector<Case> cases = {
      {"put",
       "PUT",
       "https://bucket.s3.us-east-1.amazonaws.com/productos/a%20b%2Bc.csv",
       {{"Content-Type", "text/csv"}, {"If-None-Match", "*"}, {"x-amz-meta-crc32", "0a0b0c0d"}},
       "hello",
       "content-type;host;if-none-match;x-amz-content-sha256;x-amz-date;x-amz-meta-crc32",
       "ce86bcd5366133d5ec0a3e3dfbc337216000eb5ea44dc1f94b8613deb0e695bc"},
      {"port and path not normalised",
       "GET",
       "http://127.0.0.1:9000/bucket/../x//y?list-type=2&prefix=a%2Fb",
       {},
       "",
       "host;x-amz-content-sha256;x-amz-date",
       "8b7fd553f5c9556eb8cce335c1fc11b69a58ec0905e7fe7875dc52d0ca84216b"},
  };
  for (const Case& c : cases) ExpectSignature(c, {.region = "us-east-1", .service = "s3"}, Sha256Hex(c.body));
}

TEST(SigV4, SignsSessionToken) {
  Credentials credentials = SuiteCredentials();
  credentials.session_token =
      "AQoDYXdzEPT//////////"
      "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/"
      "qkPpKPi/"
      "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6"
      "d+"
      "xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"
      "oLxBA==";
  http::Request request;
  request.method = "POST";
  request.url = "https://example.amazonaws.com/";
  ASSERT_OK(SignRequest(credentials, {.region = "us-east-1", .service = "service"}, kSuiteTime, Sha256Hex(""),
                        request));
  EXPECT_TRUE(request.headers.Find("Authorization")
                  ->ends_with("Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"))
      << *request.headers.Find("Authorization");
}

TEST(SigV4, SigningAgainReplacesFormerSignature) {
  http::Request once;
  once.url = "https://example.amazonaws.com/";
  http::Request twice = once;
  const SigningScope scope{.region = "us-east-1", .service = "s3"};
  Credentials with_token = SuiteCredentials();
  with_token.session_token = "old";
  ASSERT_OK(SignRequest(with_token, scope, kSuiteTime - std::chrono::hours(1), kUnsignedPayload, twice));
  ASSERT_OK(SignRequest(SuiteCredentials(), scope, kSuiteTime, kUnsignedPayload, twice));
  ASSERT_OK(SignRequest(SuiteCredentials(), scope, kSuiteTime, kUnsignedPayload, once));
  EXPECT_EQ(*once.headers.Find("Authorization"), *twice.headers.Find("Authorization"));
  EXPECT_EQ(twice.headers.Find("X-Amz-Security-Token"), nullptr);
}

TEST(SigV4, LeavesOutWhatClientsChange) {
  http::Request request;
  request.url = "https://example.amazonaws.com:443/";
  request.headers = {
      {"User-Agent", "x"}, {"Expect", "100-continue"}, {"Accept-Encoding", "gzip"}, {"Content-Length", "3"}};
  ASSERT_OK_AND_ASSIGN(const SigningTexts texts, MakeSigningTexts({.region = "r", .service = "s3"},
                                                                  kSuiteTime, kUnsignedPayload, request));
  EXPECT_EQ(texts.signed_headers, "host");
  EXPECT_NE(texts.canonical_request.find("host:example.amazonaws.com\n"), std::string::npos)
      << "the default port is not sent";
}

TEST(SigV4, RefusesRelativeUrl) {
  http::Request request;
  request.url = "/bucket";
  EXPECT_ERROR_CODE(ErrorCode::kInternal, SignRequest(SuiteCredentials(), {.region = "r", .service = "s3"},
                                                      kSuiteTime, kUnsignedPayload, request));
}

TEST(Digest, KnownValues) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha1Hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Crc32("123456789"), 0xCBF43926U);
  EXPECT_EQ(Crc32("6789", Crc32("12345")), 0xCBF43926U);
  EXPECT_EQ(Crc32Header(0xCBF43926U), "y/Q5Jg==");
}

}  // namespace
}  // namespace ingesta::aws
