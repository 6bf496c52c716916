#include <filesystem>
#include <fstream>

#include "ingesta/aws/credentials.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::aws {
namespace {

class SettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-aws-XXXXXX").string();
    home_ = mkdtemp(pattern.data());
    environment_ = {{"HOME", home_}};
  }
  void TearDown() override { std::filesystem::remove_all(home_); }
  void WriteConfig(const std::string& text) {
    std::filesystem::create_directories(home_ + "/.aws");
    std::ofstream(home_ + "/.aws/config") << text;
  }

  std::string home_;
  Environment environment_;
};

TEST_F(SettingsTest, RegionFromEnvironmentThenProfileThenDefault) {
  ASSERT_OK_AND_ASSIGN(AwsSettings settings, LoadSettings(environment_));
  EXPECT_EQ(settings.region, "us-east-1");
  EXPECT_EQ(settings.profile, "default");
  WriteConfig(
      "[default]\nregion=eu-west-1\n[profile p]\nregion=sa-east-1\ns3 =\n  addressing_style = path\n");
  ASSERT_OK_AND_ASSIGN(settings, LoadSettings(environment_));
  EXPECT_EQ(settings.region, "eu-west-1");
  EXPECT_FALSE(settings.s3_path_style);
  environment_["AWS_PROFILE"] = "p";
  ASSERT_OK_AND_ASSIGN(settings, LoadSettings(environment_));
  EXPECT_EQ(settings.region, "sa-east-1");
  EXPECT_TRUE(settings.s3_path_style);
  environment_["AWS_DEFAULT_REGION"] = "ap-south-1";
  ASSERT_OK_AND_ASSIGN(settings, LoadSettings(environment_));
  EXPECT_EQ(settings.region, "ap-south-1");
  environment_["AWS_REGION"] = "ca-central-1";
  ASSERT_OK_AND_ASSIGN(settings, LoadSettings(environment_));
  EXPECT_EQ(settings.region, "ca-central-1");
}

TEST_F(SettingsTest, ProfileDefaultSectionWinsOverPlainDefault) {
  WriteConfig("[profile default]\nregion=eu-west-1\n[default]\nregion=us-west-2\n");
  ASSERT_OK_AND_ASSIGN(const AwsSettings settings, LoadSettings(environment_));
  EXPECT_EQ(settings.region, "eu-west-1");
}

TEST_F(SettingsTest, EndpointsInTheSdksOrder) {
  WriteConfig(
      "[default]\nendpoint_url=http://profile\nservices=dev\n[services dev]\ns3 =\n  endpoint_url = "
      "http://services-s3\n");
  ASSERT_OK_AND_ASSIGN(AwsSettings settings, LoadSettings(environment_));
  EXPECT_EQ(settings.EndpointFor("s3"), "http://services-s3");
  EXPECT_EQ(settings.EndpointFor("sts"), "http://profile");
  environment_["AWS_ENDPOINT_URL"] = "http://all";
  ASSERT_OK_AND_ASSIGN(settings, LoadSettings(environment_));
  EXPECT_EQ(settings.EndpointFor("s3"), "http://all");
  EXPECT_EQ(settings.EndpointFor("sts"), "http://all");
  environment_["AWS_ENDPOINT_URL_S3"] = "http://s3";
  environment_["AWS_ENDPOINT_URL_SSO_OIDC"] = "http://oidc";
  environment_["AWS_ENDPOINT_URL_STS"] = "";
  ASSERT_OK_AND_ASSIGN(settings, LoadSettings(environment_));
  EXPECT_EQ(settings.EndpointFor("s3"), "http://s3");
  EXPECT_EQ(settings.EndpointFor("sso_oidc"), "http://oidc");
  EXPECT_EQ(settings.EndpointFor("sts"), "http://all");
  environment_["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "True";
  ASSERT_OK_AND_ASSIGN(settings, LoadSettings(environment_));
  EXPECT_EQ(settings.EndpointFor("s3"), "");
}

TEST_F(SettingsTest, MissingNamedProfileAndServicesAreErrors) {
  environment_["AWS_PROFILE"] = "typo";
  WriteConfig("[profile work]\nregion=x\n");
  const auto missing = LoadSettings(environment_);
  EXPECT_ERROR_CODE(ErrorCode::kCredentialsNotFound, missing);
  EXPECT_THAT(missing.status().message(), ::testing::HasSubstr("profiles work"));
  environment_["AWS_PROFILE"] = "work";
  WriteConfig("[profile work]\nservices=gone\n");
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, LoadSettings(environment_));
}

TEST_F(SettingsTest, EmptyHomeReadsNothingOfOthers) {
  environment_["AWS_CONFIG_FILE"] = home_ + "/none";
  environment_["AWS_SHARED_CREDENTIALS_FILE"] = home_ + "/none";
  environment_["AWS_PROFILE"] = "default";
  ASSERT_OK_AND_ASSIGN(const AwsSettings settings, LoadSettings(environment_));
  EXPECT_EQ(settings.profile, "default");
  EXPECT_TRUE(settings.endpoints.empty());
}

}  // namespace
}  // namespace ingesta::aws
