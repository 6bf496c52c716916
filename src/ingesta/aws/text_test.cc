#include "ingesta/aws/text.h"

#include "ingesta/aws/endpoints.h"
#include "ingesta/aws/xml.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::aws {
namespace {

TEST(Text, ReadsTimesOfEveryAwsService) {
  const SystemTime second(std::chrono::seconds(1'790'000'000));
  const struct {
    const char* text;
    std::optional<SystemTime> time;
  } cases[] = {{"2026-09-21T14:13:20Z", second},
               {"2026-09-21T14:13:20UTC", second},
               {"2026-09-21T14:13:20", second},
               {"2026-09-21T14:13:20.250Z", second + std::chrono::milliseconds(250)},
               {"2026-09-21T14:13:20.1234567Z", second + std::chrono::microseconds(123456)},
               {"2026-09-21T16:13:20+02:00", second},
               {"2026-09-21T10:13:20-0400", second},
               {"2026-09-21", std::nullopt},
               {"2026-09-21T14:13:20 later", std::nullopt},
               {"", std::nullopt}};
  for (const auto& c : cases) EXPECT_EQ(ParseIso8601(c.text), c.time) << c.text;
  EXPECT_EQ(ParseHttpDate("Mon, 21 Sep 2026 14:13:20 GMT"), second);
  EXPECT_EQ(ParseHttpDate("yesterday"), std::nullopt);
}

TEST(Text, ReadsJsonObjectOneLevelDeep) {
  ASSERT_OK_AND_ASSIGN(
      const auto members,
      ParseJsonObject(R"({"a":"x\n","n":1,"b":true,"z":null,"o":{"k":"v","e":1700000000000}})", "it"));
  EXPECT_EQ(members, (std::map<std::string, std::string>{
                         {"a", "x\n"}, {"n", "1"}, {"b", "true"}, {"o.k", "v"}, {"o.e", "1700000000000"}}));
  for (const char* bad : {"", "[]", "{\"SecretAccessKey\":", "nope"}) {
    const auto parsed = ParseJsonObject(bad, "it");
    EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, parsed);
    EXPECT_EQ(parsed.status().ToString().find("SecretAccessKey"), std::string::npos);
  }
}

TEST(Text, SplitsCommandsLikeAShell) {
  const struct {
    const char* command;
    std::vector<std::string> words;
  } cases[] = {{"a b  c", {"a", "b", "c"}},
               {"/opt/tool --name 'two words' \"x \\\" y\"", {"/opt/tool", "--name", "two words", "x \" y"}},
               {"a\\ b ''", {"a b", ""}},
               {"'single \\ stays'", {"single \\ stays"}}};
  for (const auto& c : cases) {
    ASSERT_OK_AND_ASSIGN(const auto words, SplitCommand(c.command));
    EXPECT_EQ(words, c.words) << c.command;
  }
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, SplitCommand("a 'open"));
}

TEST(Text, KnowsHosts) {
  EXPECT_EQ(HostOf("http://user@host:9000/x"), "host");
  EXPECT_EQ(HostOf("http://[fd00:ec2::23]:80/x"), "fd00:ec2::23");
  EXPECT_TRUE(IsLoopback("127.0.0.2"));
  EXPECT_TRUE(IsLoopback("::1"));
  EXPECT_FALSE(IsLoopback("127.evil.example"));
  EXPECT_TRUE(IsIpAddress("10.0.0.1"));
  EXPECT_FALSE(IsIpAddress("minio"));
  EXPECT_EQ(DnsSuffix("us-gov-west-1"), "amazonaws.com");
  EXPECT_EQ(DnsSuffix("cn-north-1"), "amazonaws.com.cn");
  EXPECT_EQ(DnsSuffix("eusc-de-east-1"), "amazonaws.eu");
}

TEST(Xml, ReadsTreeWithLeadingBlanksAndNamespaces) {
  ASSERT_OK_AND_ASSIGN(const XmlNode root, ParseXml("  \n<?xml version=\"1.0\"?><r xmlns=\"urn:x\"><n:a "
                                                    "xmlns:n=\"urn:y\"><b>1 &amp; 2</b></n:a><b>3</b></r>"));
  EXPECT_EQ(root.name, "r");
  EXPECT_EQ(root.ChildText("b"), "3");
  ASSERT_NE(root.Child("a"), nullptr);
  EXPECT_EQ(root.Find("b")->text, "1 & 2");
  EXPECT_EQ(root.ChildText("absent"), "");
}

TEST(Xml, RefusesWhatIsNotOneDocument) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  for (int i = 0; i < 100; ++i) deep += "</a>";
  for (const std::string& bad :
       {std::string(), std::string("text"), std::string("<a><b></a>"), std::string("<a>"), deep}) {
    EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, ParseXml(bad));
  }
}

TEST(Xml, DoesNotExpandEntitiesOfADtd) {
  const auto root = ParseXml("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->text, "&e;");
}

}  // namespace
}  // namespace ingesta::aws
