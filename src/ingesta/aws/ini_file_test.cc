#include "ingesta/aws/ini_file.h"

#include "ingesta/testing/matchers.h"

namespace ingesta::aws {
namespace {

TEST(IniFile, ReadsSectionsKeysAndNesting) {
  ASSERT_OK_AND_ASSIGN(const auto sections, ParseIni("\xEF\xBB\xBF# comment\r\n"
                                                     "[default]\r\n"
                                                     "Region = eu-west-1\r\n"
                                                     "  ; indented comment\r\n"
                                                     "aws_secret_access_key=a=b:c#d;e\r\n"
                                                     "[profile \"my name\"]\n"
                                                     "s3 =\n"
                                                     "  addressing_style = path\n"
                                                     "\tmax_queue_size = 10\n"
                                                     "output : json\n"
                                                     "[ sso-session   corp ] # trailing\n"
                                                     "sso_region=us-east-1\n",
                                                     "config"));
  ASSERT_EQ(sections.size(), 3U);
  EXPECT_EQ(sections.at({"default"}).Get("region"), "eu-west-1");
  EXPECT_EQ(sections.at({"default"}).Get("aws_secret_access_key"), "a=b:c#d;e");
  const IniSection& named = sections.at({"profile", "my name"});
  EXPECT_EQ(named.nested.at("s3").at("addressing_style"), "path");
  EXPECT_EQ(named.nested.at("s3").at("max_queue_size"), "10");
  EXPECT_EQ(named.Get("output"), "json");
  EXPECT_EQ(sections.at({"sso-session", "corp"}).Get("sso_region"), "us-east-1");
}

TEST(IniFile, MergesRepeatedSectionsAndJoinsContinuations) {
  ASSERT_OK_AND_ASSIGN(const auto sections, ParseIni("[a]\nx=1\ny=2\n[a]\nx=3\ncommand = one\n  two\n", "f"));
  EXPECT_EQ(sections.at({"a"}).Get("x"), "3");
  EXPECT_EQ(sections.at({"a"}).Get("y"), "2");
  EXPECT_EQ(sections.at({"a"}).Get("command"), "one\ntwo");
}

TEST(IniFile, NamesLineOfMistakeWithoutItsText) {
  const struct {
    const char* text;
    const char* place;
  } cases[] = {{"[a]\nx=1\nTOPSECRET\n", "creds:3:"},
               {"x=TOPSECRET\n", "creds:1:"},
               {"[a\nx=TOPSECRET\n", "creds:1:"},
               {"[]\n", "creds:1:"},
               {"[a]\ns3 =\n  TOPSECRET\n", "creds:3:"}};
  for (const auto& c : cases) {
    const auto parsed = ParseIni(c.text, "creds");
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, parsed);
    EXPECT_NE(parsed.status().message().find(c.place), std::string::npos) << parsed.status().message();
    EXPECT_EQ(parsed.status().ToString().find("TOPSECRET"), std::string::npos) << parsed.status().ToString();
  }
}

TEST(IniFile, EmptyTextIsNoSection) {
  ASSERT_OK_AND_ASSIGN(const auto sections, ParseIni("\n # only this\n", "f"));
  EXPECT_TRUE(sections.empty());
}

}  // namespace
}  // namespace ingesta::aws
