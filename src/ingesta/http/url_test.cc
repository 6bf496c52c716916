#include <gtest/gtest.h>

#include "ingesta/http/client.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::http {
namespace {

TEST(OriginOf, WritesOutDefaultPortsInLowerCase) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://Example.COM/a?b", "http://example.com:80"},
      {"HTTPS://h", "https://h:443"},
      {"https://user:pw@h:8443/x", "https://h:8443"},
      {"http://[::1]:9000/", "http://[::1]:9000"},
      {"http://[::1]/", "http://[::1]:80"},
      {"http://h:/p", "http://h:80"},
  };
  for (const auto& [url, origin] : cases) {
    ASSERT_OK_AND_ASSIGN(const std::string got, OriginOf(url));
    EXPECT_EQ(got, origin) << url;
  }
}

TEST(OriginOf, RefusesWhatIsNoHttpUrl) {
  for (const char* url :
       {"", "/path", "ftp://h/", "file:///etc/passwd", "http://", "http:///x", "http://h:99999/",
        "http://h:80x/", "http://h/a b", "http://h/a\r\nX: y", "//h/x", "javascript:alert(1)"}) {
    SCOPED_TRACE(url);
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, OriginOf(url));
  }
}

TEST(ResolveUrl, FollowsTheExamplesOfRfc3986) {
  const std::pair<const char*, const char*> cases[] = {
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q#s"},
      {";x", "http://a/b/c/;x"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"https://x:1/y", "https://x:1/y"},
  };
  for (const auto& [reference, expected] : cases) {
    ASSERT_OK_AND_ASSIGN(const std::string got, ResolveUrl("http://a/b/c/d;p?q", reference));
    EXPECT_EQ(got, expected) << reference;
  }
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, ResolveUrl("http://a/", "ftp://b/"));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, ResolveUrl("/a", "b"));
}

TEST(RedactUrl, HidesUserInfoAndSecretParameters) {
  EXPECT_EQ(RedactUrl("http://u:pw@h:1/p?page=2&api_key=abc&X-Amz-Signature=1f&size=9#tok"),
            "http://h:1/p?page=2&api_key=***&X-Amz-Signature=***&size=9");
  EXPECT_EQ(RedactUrl("http://h/p"), "http://h/p");
  EXPECT_EQ(RedactUrl("/p?access_token=a=b"), "/p?access_token=***");
}

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a b/ñ&=+%"), "a%20b%2F%C3%B1%26%3D%2B%25");
}

TEST(Headers, CompareNamesWithoutCase) {
  Headers headers{{"Accept", "a"}, {"X-One", "1"}};
  headers.Add("x-one", "2");
  ASSERT_NE(headers.Find("X-ONE"), nullptr);
  EXPECT_EQ(*headers.Find("X-ONE"), "1");
  headers.Set("X-ONE", "3");
  EXPECT_EQ(headers.fields().size(), 2u);
  EXPECT_EQ(*headers.Find("x-one"), "3");
  headers.Remove("accept");
  EXPECT_EQ(headers.Find("Accept"), nullptr);
}

}  // namespace
}  // namespace ingesta::http
