#include "ingesta/http/errors.h"

#include <gmock/gmock.h>

#include "ingesta/testing/matchers.h"

namespace ingesta::http {
namespace {

using ::testing::HasSubstr;

TEST(TransportError, TellsWhatHappenedAndWhetherAnotherTryMayHelp) {
  const std::tuple<CURLcode, bool, ErrorCode, bool> cases[] = {
      {CURLE_COULDNT_RESOLVE_HOST, false, ErrorCode::kHostNotFound, true},
      {CURLE_COULDNT_RESOLVE_PROXY, false, ErrorCode::kHostNotFound, true},
      {CURLE_COULDNT_CONNECT, false, ErrorCode::kConnectFailed, true},
      {CURLE_OPERATION_TIMEDOUT, false, ErrorCode::kTimeout, true},
      {CURLE_RECV_ERROR, false, ErrorCode::kConnectFailed, true},
      {CURLE_RECV_ERROR, true, ErrorCode::kConnectionLost, true},
      {CURLE_PARTIAL_FILE, true, ErrorCode::kConnectionLost, true},
      {CURLE_HTTP2_STREAM, true, ErrorCode::kConnectionLost, true},
      {CURLE_SSL_CONNECT_ERROR, false, ErrorCode::kTls, true},
      {CURLE_PEER_FAILED_VERIFICATION, false, ErrorCode::kTls, false},
      {CURLE_UNSUPPORTED_PROTOCOL, false, ErrorCode::kMalformedBody, true},
      {CURLE_URL_MALFORMAT, false, ErrorCode::kInvalidConfig, false},
      {CURLE_OUT_OF_MEMORY, false, ErrorCode::kInternal, false},
  };
  for (const auto& [code, answered, expected, retryable] : cases) {
    TransportFacts facts;
    facts.origin = "http://h:80";
    facts.curl_text = "curl says so";
    facts.answered = answered;
    facts.connect_timeout = Millis(1'500);
    const Status status = TransportError(code, facts);
    EXPECT_ERROR_CODE(expected, status);
    EXPECT_EQ(IsRetryable(status), retryable) << code;
    EXPECT_FALSE(status.message().empty());
  }
}

TEST(ReachHint, SpeaksOfDockerOnlyInAContainer) {
  EXPECT_THAT(ReachHint(true), HasSubstr("service runs, that this container is on its Docker network"));
  EXPECT_EQ(ReachHint(false),
            "check that the service runs and that the URL variable names the right host and port");
}

TEST(TransportError, HintsAtTheWayWhereNobodyIsReached) {
  for (const CURLcode code : {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT}) {
    EXPECT_EQ(HintOf(TransportError(code, {.origin = "http://h:80", .reach_hint = "go there"})), "go there");
  }
}

TEST(PrintableExcerpt, IsOneShortLineOfWholeCharacters) {
  EXPECT_EQ(PrintableExcerpt("  a\r\n\tb\x01\x7f c  "), "a b c");
  EXPECT_EQ(PrintableExcerpt(std::string(300, 'x')), std::string(200, 'x') + "...");
  EXPECT_EQ(PrintableExcerpt("aañb", 3), "aañ...");
  EXPECT_EQ(PrintableExcerpt("a < b > c"), "a < b > c");  // not HTML
  EXPECT_EQ(PrintableExcerpt("<html><!-- no --><p>yes</p><script>no"), "yes");
  EXPECT_EQ(PrintableExcerpt(""), "");
  EXPECT_EQ(PrintableExcerpt("<"), "");
}

TEST(Redact, FindsSecretsPlainAndEncodedInMessageAndHint) {
  const Status status = MakeError(ErrorCode::kTls, "a s/1 b s%2F1", "try s/1");
  const Status redacted = Redact(status, {"s/1", ""});
  EXPECT_EQ(redacted.message(), "a *** b ***");
  EXPECT_EQ(HintOf(redacted), "try ***");
  EXPECT_EQ(CodeOf(redacted), ErrorCode::kTls);
  EXPECT_EQ(Redact(std::string("***"), {"*"}), "*********");
}

TEST(FormatSeconds, ReadsNaturally) {
  EXPECT_EQ(FormatSeconds(Millis(150)), "150 ms");
  EXPECT_EQ(FormatSeconds(Millis(30'040)), "30.0 s");
}

}  // namespace
}  // namespace ingesta::http
