// Which source speaks, what is an error, and when credentials are renewed.
#include "ingesta/aws/credentials.h"

#include "ingesta/aws/credentials_test_fixture.h"

namespace ingesta::aws {
namespace {

// --- order, files, errors

TEST_F(CredentialsTest, EnvironmentBeatsProfile) {
  Write(".aws/credentials", "[work]\naws_access_key_id=FILE\naws_secret_access_key=s\n");
  environment_["AWS_PROFILE"] = "work";
  environment_["AWS_ACCESS_KEY_ID"] = "ENV";
  environment_["AWS_SECRET_ACCESS_KEY"] = "s";
  environment_["AWS_SESSION_TOKEN"] = "tok";
  ASSERT_OK_AND_ASSIGN(const Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "ENV");
  EXPECT_EQ(credentials.session_token, "tok");
  EXPECT_EQ(credentials.source, "environment");
  EXPECT_FALSE(credentials.expiration.has_value());
}

TEST_F(CredentialsTest, ProfileFromEitherFileAndNamedPaths) {
  Write(".aws/config",
        "[profile work]\naws_access_key_id=CONFIG\naws_secret_access_key=c\nregion=eu-west-1\n");
  environment_["AWS_PROFILE"] = "work";
  ASSERT_OK_AND_ASSIGN(Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "CONFIG");
  Write(".aws/credentials",
        "[work]\naws_access_key_id=CREDS\naws_secret_access_key=s\naws_session_token=t\n");
  ASSERT_OK_AND_ASSIGN(credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "CREDS");
  EXPECT_EQ(credentials.secret_access_key, "s");
  EXPECT_EQ(credentials.session_token, "t");
  EXPECT_EQ(credentials.source, "profile work");
  Write("elsewhere", "[work]\naws_access_key_id=ELSEWHERE\naws_secret_access_key=s\n");
  environment_["AWS_SHARED_CREDENTIALS_FILE"] = "~/elsewhere";
  ASSERT_OK_AND_ASSIGN(credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "ELSEWHERE");
}

TEST_F(CredentialsTest, NothingAnywhereListsEachStepAndTheSeedsRemedy) {
  environment_["AWS_PROFILE"] = "default";  // the seed sets it always
  const auto credentials = Get();
  EXPECT_ERROR_CODE(ErrorCode::kCredentialsNotFound, credentials);
  const std::string message = credentials.status().message();
  for (const char* part : {"AWS_ACCESS_KEY_ID", "profile default", "/.aws/credentials", "web identity",
                           "container endpoint", "instance metadata"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
  for (const char* part : {"aws configure", "-v ~/.aws:/root/.aws:ro", "AWS_PROFILE"}) {
    EXPECT_THAT(HintOf(credentials.status()), HasSubstr(part));
  }
}

TEST_F(CredentialsTest, WrongConfigurationIsAnErrorAndNeverTheNextSource) {
  PlaySts();
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_->url() + "/ecs";
  server_->On("GET", "/ecs",
              ScriptedAnswer::Json(R"({"AccessKeyId":"NEXT","SecretAccessKey":"s","Token":"t"})"));
  const struct {
    const char* name;
    Environment environment;
    const char* config;
    const char* credentials;
    const char* message;
  } cases[] = {
      {"missing profile", {{"AWS_PROFILE", "typo"}}, "[profile work]\n", "", "profile typo does not exist"},
      {"half a pair in the environment",
       {{"AWS_ACCESS_KEY_ID", "A"}},
       "",
       "",
       "half a key pair in the environment"},
      {"the other half", {{"AWS_SECRET_ACCESS_KEY", "A"}}, "", "", "access key id is missing"},
      {"half a pair in a file",
       {},
       "",
       "[default]\naws_access_key_id=A\n",
       "half a key pair in profile default"},
      {"half a pair in config",
       {},
       "[default]\naws_secret_access_key=A\n",
       "",
       "half a key pair in profile default"},
      {"role without base", {}, "[default]\nrole_arn=arn:aws:iam::1:role/r\n", "", "without source_profile"},
      {"role with both",
       {},
       "[default]\nrole_arn=r\nsource_profile=a\ncredential_source=Environment\n",
       "",
       "both source_profile"},
      {"unknown credential_source",
       {},
       "[default]\nrole_arn=r\ncredential_source=Magic\n",
       "",
       "unknown credential_source Magic"},
      {"credential_source Environment without keys",
       {},
       "[default]\nrole_arn=r\ncredential_source=Environment\n",
       "",
       "AWS_ACCESS_KEY_ID is not set"},
      {"instance metadata switched off",
       {},
       "[default]\nrole_arn=r\ncredential_source=Ec2InstanceMetadata\n",
       "",
       "AWS_EC2_METADATA_DISABLED"},
      {"missing source_profile",
       {},
       "[default]\nrole_arn=r\nsource_profile=gone\n",
       "",
       "source_profile gone does not exist"},
      {"empty source_profile",
       {},
       "[default]\nrole_arn=r\nsource_profile=e\n[profile e]\nregion=x\n",
       "",
       "source_profile e holds no credentials"},
      {"circle",
       {},
       "[default]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=default\n",
       "",
       "default -> b -> default"},
      {"mfa", {}, "[default]\nrole_arn=r\nmfa_serial=m\nsource_profile=default\n", "", "MFA"},
      {"unknown sso_session",
       {},
       "[default]\nsso_session=x\nsso_account_id=1\nsso_role_name=r\n",
       "",
       "sso_session x does not exist"},
      {"half an SSO profile",
       {},
       "[default]\nsso_start_url=u\nsso_region=r\nsso_account_id=1\n",
       "",
       "without sso_role_name"},
      {"no SSO token",
       {},
       "[default]\nsso_start_url=u\nsso_region=r\nsso_account_id=1\nsso_role_name=r\n",
       "",
       "no SSO token for u"},
      {"web identity without role", {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere"}}, "", "", "without a role"},
      {"web identity without token",
       {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere"}, {"AWS_ROLE_ARN", "r"}},
       "",
       "",
       "/nowhere does not exist"},
      {"aws login", {}, "[default]\nlogin_session=x\n", "", "aws login"},
      {"failing process",
       {},
       "[default]\ncredential_process=sh -c 'echo broken >&2; exit 3'\n",
       "",
       "exit code 3: broken"},
      {"missing process", {}, "[default]\ncredential_process=/nowhere/tool\n", "", "No such file"},
      {"process that prints no JSON",
       {},
       "[default]\ncredential_process=echo hello\n",
       "",
       "not a JSON object"},
      {"process of another version",
       {},
       "[default]\ncredential_process=echo '{\"Version\":2}'\n",
       "",
       "Version \"2\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Environment before = environment_;
    for (const auto& [name, value] : c.environment) environment_[name] = value;
    Write(".aws/config", c.config);
    Write(".aws/credentials", c.credentials);
    const auto credentials = Get();
    ASSERT_FALSE(credentials.ok()) << credentials->access_key_id;
    EXPECT_THAT(credentials.status().message(), HasSubstr(c.message));
    EXPECT_FALSE(HintOf(credentials.status()).empty()) << credentials.status().ToString();
    environment_ = before;
  }
  EXPECT_EQ(server_->Count("GET", "/ecs"), 0);
}

TEST_F(CredentialsTest, MalformedFileNamesItsLine) {
  Write(".aws/config", "[default]\nregion us-east-1\n");
  const auto credentials = Get();
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, credentials);
  EXPECT_THAT(credentials.status().message(), HasSubstr(".aws/config:2"));
}

// --- renewal

TEST_F(CredentialsTest, RenewsWithinFiveMinutesOfTheEnd) {
  PlaySts(std::chrono::minutes(15));
  Write("token", "jwt");
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = home_ + "/token";
  environment_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  const auto provider = Provider();
  ASSERT_OK(provider->Get().status());
  clock_.Advance(std::chrono::minutes(9));
  ASSERT_OK(provider->Get().status());
  EXPECT_EQ(server_->Count("POST"), 1);
  clock_.Advance(std::chrono::minutes(2));
  ASSERT_OK_AND_ASSIGN(const Credentials renewed, provider->Get());
  EXPECT_EQ(server_->Count("POST"), 2);
  EXPECT_EQ(renewed.expiration, clock_.Now() + std::chrono::minutes(15));
  provider->Invalidate();
  ASSERT_OK(provider->Get().status());
  EXPECT_EQ(server_->Count("POST"), 3);
}

TEST_F(CredentialsTest, FailedRenewalKeepsWhatIsStillGood) {
  PlaySts(std::chrono::minutes(15));
  Write("token", "jwt");
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = home_ + "/token";
  environment_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  const auto provider = Provider();
  ASSERT_OK(provider->Get().status());
  server_->On("POST", "/",
              ScriptedAnswer::Status(
                  400, "<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>"));
  clock_.Advance(std::chrono::minutes(12));
  ASSERT_OK(provider->Get().status());
  ASSERT_OK(provider->Get().status());
  EXPECT_EQ(server_->Count("POST"), 2) << "not at every request";
  clock_.Advance(std::chrono::minutes(4));
  EXPECT_ERROR_CODE(ErrorCode::kExpiredCredentials, provider->Get());
}

TEST_F(CredentialsTest, DecidesOnceAndReadsRotatedKeysAfterInvalidate) {
  Write(".aws/credentials",
        "[default]\naws_access_key_id=ONE\naws_secret_access_key=s\naws_session_token=t\n");
  const auto provider = Provider();
  ASSERT_OK_AND_ASSIGN(Credentials credentials, provider->Get());
  Write(".aws/credentials",
        "[default]\naws_access_key_id=TWO\naws_secret_access_key=s\naws_session_token=t\n");
  ASSERT_OK_AND_ASSIGN(credentials, provider->Get());
  EXPECT_EQ(credentials.access_key_id, "ONE");
  provider->Invalidate();
  ASSERT_OK_AND_ASSIGN(credentials, provider->Get());
  EXPECT_EQ(credentials.access_key_id, "TWO");
}

TEST_F(CredentialsTest, ErrorsHoldNoSecrets) {
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_->url() + "/c";
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "CANARY-TOKEN";
  server_->On("GET", "/c",
              ScriptedAnswer::Json(R"({"AccessKeyId":"A","SecretAccessKey":"CANARY-SECRET","Token)"));
  const auto credentials = Get();
  ASSERT_FALSE(credentials.ok());
  EXPECT_THAT(credentials.status().ToString(), ::testing::Not(HasSubstr("CANARY")));
}

}  // namespace
}  // namespace ingesta::aws
