// Every source of credentials, against files and against servers on loopback that play STS, SSO, ECS and
// IMDS.
#include "ingesta/aws/credential_sources.h"

#include <sys/stat.h>

#include "ingesta/aws/credentials_test_fixture.h"
#include "ingesta/aws/digest.h"

namespace ingesta::aws {
namespace {

// --- roles

TEST_F(CredentialsTest, AssumesRoleByKeysOfSourceProfile) {
  PlaySts();
  Write(".aws/config",
        "[default]\nrole_arn=arn:aws:iam::1:role/lake\nsource_profile=base\nexternal_id=ext "
        "1\nrole_session_name=nightly\n"
        "duration_seconds=900\n");
  Write(".aws/credentials", "[base]\naws_access_key_id=BASE\naws_secret_access_key=s\n");
  ASSERT_OK_AND_ASSIGN(const Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "ASIA-lake");
  EXPECT_EQ(credentials.session_token, "t-lake");
  EXPECT_EQ(credentials.expiration, clock_.Now() + std::chrono::hours(1));
  EXPECT_THAT(credentials.source, HasSubstr("profile default"));
  const auto requests = server_->requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_THAT(requests[0].Header("Authorization"),
              HasSubstr("Credential=BASE/20260921/us-east-1/sts/aws4_request"));
  for (const char* part :
       {"Action=AssumeRole&", "RoleSessionName=nightly", "ExternalId=ext%201", "DurationSeconds=900"}) {
    EXPECT_THAT(requests[0].body, HasSubstr(part));
  }
}

TEST_F(CredentialsTest, AssumesChainOfRoles) {
  PlaySts();
  Write(".aws/config",
        "[profile top]\nrole_arn=arn:aws:iam::1:role/top\nsource_profile=middle\n"
        "[profile middle]\nrole_arn=arn:aws:iam::1:role/middle\nsource_profile=self\n"
        "[profile self]\nrole_arn=arn:aws:iam::1:role/self\nsource_profile=self\n");
  Write(".aws/credentials", "[self]\naws_access_key_id=SELF\naws_secret_access_key=s\n");
  environment_["AWS_PROFILE"] = "top";
  ASSERT_OK_AND_ASSIGN(const Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "ASIA-top");
  const auto requests = server_->requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0].Header("Authorization"), HasSubstr("Credential=SELF/"));
  EXPECT_THAT(requests[1].Header("Authorization"), HasSubstr("Credential=ASIA-middle/"));
  EXPECT_EQ(requests[1].Header("X-Amz-Security-Token"), "t-middle");
}

TEST_F(CredentialsTest, ProfileMayNameItself) {
  PlaySts();
  Write(".aws/credentials",
        "[default]\naws_access_key_id=OWN\naws_secret_access_key=s\nrole_arn=arn:aws:iam::1:role/"
        "x\nsource_profile=default\n");
  ASSERT_OK_AND_ASSIGN(const Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "ASIA-x");
}

TEST_F(CredentialsTest, CredentialSourceEnvironmentAndContainer) {
  PlaySts();
  Write(".aws/config", "[profile e]\nrole_arn=arn:aws:iam::1:role/e\ncredential_source=EcsContainer\n");
  environment_["AWS_PROFILE"] = "e";
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_->url() + "/ecs";
  server_->On("GET", "/ecs",
              ScriptedAnswer::Json(R"({"AccessKeyId":"TASK","SecretAccessKey":"s","Token":"t"})"));
  ASSERT_OK_AND_ASSIGN(const Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "ASIA-e");
  EXPECT_THAT(server_->requests().back().Header("Authorization"), HasSubstr("Credential=TASK/"));
}

TEST_F(CredentialsTest, RefusedRoleNamesPermissionAndTrust) {
  environment_["AWS_ENDPOINT_URL_STS"] = server_->url();
  server_->On("POST", "/",
              ScriptedAnswer::Status(403,
                                     "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                                     "<Message>User u is not authorized</Message></Error>"
                                     "<RequestId>r-1</RequestId></ErrorResponse>"));
  Write(".aws/config", "[default]\nrole_arn=arn:aws:iam::1:role/lake\nsource_profile=base\n");
  Write(".aws/credentials", "[base]\naws_access_key_id=BASE\naws_secret_access_key=s\n");
  const auto credentials = Get();
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, credentials);
  EXPECT_THAT(credentials.status().message(), HasSubstr("arn:aws:iam::1:role/lake"));
  EXPECT_THAT(credentials.status().message(), HasSubstr("r-1"));
  EXPECT_THAT(HintOf(credentials.status()), HasSubstr("sts:AssumeRole"));
}

TEST_F(CredentialsTest, StsIsRetriedWhenThrottled) {
  PlaySts();
  int calls = 0;
  server_->OnCall("POST", "/", [&](const ReceivedRequest&) {
    if (++calls == 1) {
      return ScriptedAnswer::Status(400,
                                    "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>");
    }
    return ScriptedAnswer::Status(
        200,
        "<R><Credentials><AccessKeyId>K</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        "</Credentials></R>");
  });
  Write(".aws/config", "[default]\nrole_arn=arn:aws:iam::1:role/lake\nsource_profile=base\n");
  Write(".aws/credentials", "[base]\naws_access_key_id=BASE\naws_secret_access_key=s\n");
  ASSERT_OK_AND_ASSIGN(const Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "K");
}

// --- web identity

TEST_F(CredentialsTest, WebIdentityByEnvironmentAndByProfile) {
  PlaySts();
  Write("token", "jwt-1");
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = home_ + "/token";
  environment_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  environment_["AWS_ROLE_SESSION_NAME"] = "s1";
  ASSERT_OK_AND_ASSIGN(Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "ASIA-pod");
  EXPECT_THAT(server_->requests().back().body, HasSubstr("WebIdentityToken=jwt-1"));
  EXPECT_FALSE(server_->requests().back().HasHeader("Authorization"));

  environment_.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  environment_.erase("AWS_ROLE_ARN");
  Write(".aws/config",
        "[default]\nweb_identity_token_file=" + home_ + "/token\nrole_arn=arn:aws:iam::1:role/prof\n");
  ASSERT_OK_AND_ASSIGN(credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "ASIA-prof");
}

TEST_F(CredentialsTest, RoleMayBeAssumedByWebIdentityProfile) {
  PlaySts();
  Write("token", "jwt");
  Write(
      ".aws/config",
      "[default]\nrole_arn=arn:aws:iam::1:role/b\nsource_profile=wi\n[profile wi]\nweb_identity_token_file=" +
          home_ + "/token\nrole_arn=arn:aws:iam::1:role/a\n");
  ASSERT_OK_AND_ASSIGN(const Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "ASIA-b");
  EXPECT_THAT(server_->requests().back().Header("Authorization"), HasSubstr("Credential=ASIA-a/"));
}

// --- credential_process

TEST_F(CredentialsTest, ProcessIsRunWithoutAShell) {
  Write("tool",
        "#!/bin/sh\nprintf "
        "'{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\","
        "\"Expiration\":\"2026-09-21T15:13:20Z\"}' \"$1\"\n");
  chmod((home_ + "/tool").c_str(), 0755);
  Write(".aws/config", "[default]\ncredential_process=" + home_ + "/tool 'A $HOME; B'\n");
  ASSERT_OK_AND_ASSIGN(const Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "A $HOME; B");
  EXPECT_EQ(credentials.expiration, clock_.Now() + std::chrono::hours(1));
}

// --- SSO

TEST_F(CredentialsTest, SsoSessionAndLegacyProfile) {
  environment_["AWS_ENDPOINT_URL_SSO"] = server_->url();
  server_->OnCall("GET", "/federation/credentials", [](const ReceivedRequest& request) {
    return ScriptedAnswer::Json(R"({"roleCredentials":{"accessKeyId":"SSO-)" +
                                request.Header("x-amz-sso_bearer_token") +
                                R"(","secretAccessKey":"s","sessionToken":"t","expiration":1790003600000}})");
  });
  Write(
      ".aws/config",
      "[default]\nsso_session=corp\nsso_account_id=123\nsso_role_name=Data Admin\n[sso-session "
      "corp]\nsso_region=eu-west-1\n"
      "sso_start_url=https://corp.awsapps.com/start\n"
      "[profile old]\nsso_start_url=https://old\nsso_region=us-east-1\nsso_account_id=9\nsso_role_name=r\n");
  Write(".aws/sso/cache/" + Sha1Hex("corp") + ".json",
        R"({"accessToken":"new","expiresAt":"2026-09-21T20:00:00Z"})");
  Write(".aws/sso/cache/" + Sha1Hex("https://old") + ".json",
        R"({"accessToken":"old","expiresAt":"2026-09-21T20:00:00UTC"})");
  ASSERT_OK_AND_ASSIGN(Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "SSO-new");
  EXPECT_EQ(credentials.expiration, clock_.Now() + std::chrono::hours(1));
  EXPECT_EQ(server_->requests().back().target,
            "/federation/credentials?role_name=Data%20Admin&account_id=123");
  environment_["AWS_PROFILE"] = "old";
  ASSERT_OK_AND_ASSIGN(credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "SSO-old");
}

TEST_F(CredentialsTest, ExpiredSsoTokenAsksForLogin) {
  Write(".aws/config",
        "[default]\nsso_start_url=u\nsso_region=us-east-1\nsso_account_id=9\nsso_role_name=r\n");
  Write(".aws/sso/cache/" + Sha1Hex("u") + ".json",
        R"({"accessToken":"x","expiresAt":"2026-09-21T10:00:00Z"})");
  const auto credentials = Get();
  EXPECT_ERROR_CODE(ErrorCode::kExpiredCredentials, credentials);
  EXPECT_THAT(HintOf(credentials.status()), HasSubstr("aws sso login --profile default"));
}

TEST_F(CredentialsTest, ExpiredSessionTokenIsRenewedAndKept) {
  environment_["AWS_ENDPOINT_URL_SSO"] = server_->url();
  environment_["AWS_ENDPOINT_URL_SSO_OIDC"] = server_->url();
  server_->On("POST", "/token",
              ScriptedAnswer::Json(R"({"accessToken":"fresh","expiresIn":3600,"refreshToken":"r2"})"));
  server_->On("GET", "/federation",
              ScriptedAnswer::Json(R"({"roleCredentials":{"accessKeyId":"K","secretAccessKey":"s"}})"));
  Write(".aws/config",
        "[default]\nsso_session=corp\nsso_account_id=1\nsso_role_name=r\n[sso-session "
        "corp]\nsso_region=eu-west-1\n");
  const std::string cache = ".aws/sso/cache/" + Sha1Hex("corp") + ".json";
  Write(
      cache,
      R"({"accessToken":"x","expiresAt":"2026-09-21T10:00:00Z","clientId":"c","clientSecret":"cs","refreshToken":"r1","startUrl":"u"})");
  ASSERT_OK(Get().status());
  EXPECT_EQ(server_->requests()[0].body,
            R"({"grantType":"refresh_token","clientId":"c","clientSecret":"cs","refreshToken":"r1"})");
  EXPECT_EQ(server_->requests()[1].Header("x-amz-sso_bearer_token"), "fresh");
  ASSERT_OK(Get().status());
  EXPECT_EQ(server_->Count("POST", "/token"), 1) << "the renewed token is in the cache";
}

TEST_F(CredentialsTest, RefusedSsoTokenAsksForLogin) {
  environment_["AWS_ENDPOINT_URL_SSO"] = server_->url();
  server_->On("GET", "/federation",
              ScriptedAnswer::Status(401, R"({"message":"Session token not found or invalid"})",
                                     {{"x-amzn-ErrorType", "UnauthorizedException"}}));
  Write(".aws/config",
        "[default]\nsso_start_url=u\nsso_region=us-east-1\nsso_account_id=9\nsso_role_name=r\n");
  Write(".aws/sso/cache/" + Sha1Hex("u") + ".json",
        R"({"accessToken":"x","expiresAt":"2026-09-21T20:00:00Z"})");
  const auto credentials = Get();
  EXPECT_ERROR_CODE(ErrorCode::kExpiredCredentials, credentials);
  EXPECT_THAT(credentials.status().message(), HasSubstr("UnauthorizedException: Session token not found"));
}

// --- metadata endpoints

TEST_F(CredentialsTest, ContainerEndpointWithTokenAndTokenFile) {
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_->url() + "/v1/credentials";
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "plain";
  server_->On("GET", "/v1/credentials",
              ScriptedAnswer::Json(R"({"AccessKeyId":"POD","SecretAccessKey":"s","Token":"t",)"
                                   R"("Expiration":"2026-09-21T15:13:20Z"})"));
  ASSERT_OK_AND_ASSIGN(Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "POD");
  EXPECT_EQ(credentials.session_token, "t");
  EXPECT_EQ(credentials.source, "container endpoint");
  EXPECT_EQ(server_->requests().back().Header("Authorization"), "plain");
  Write("pod-token", "from-file\n");
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = home_ + "/pod-token";
  ASSERT_OK(Get().status());
  EXPECT_EQ(server_->requests().back().Header("Authorization"), "from-file");
}

TEST_F(CredentialsTest, ContainerEndpointThatFailsIsAnError) {
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_->url() + "/c";
  environment_.erase("AWS_EC2_METADATA_DISABLED");
  environment_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_->url();
  server_->On("GET", "/c", ScriptedAnswer::Json(R"({"code":"AccessDenied","message":"no role"})", 400));
  const auto credentials = Get();
  EXPECT_ERROR_CODE(ErrorCode::kCredentialsNotFound, credentials);
  EXPECT_THAT(credentials.status().message(), HasSubstr("AccessDenied: no role"));
  EXPECT_EQ(server_->Count("PUT"), 0) << "never on to instance metadata";
}

TEST(ContainerUrl, KeepsTheTokenFromForeignHosts) {
  const struct {
    Environment environment;
    const char* url;  ///< nullptr: refused
  } cases[] = {
      {{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x"}},
       "http://169.254.170.2/v2/credentials/x"},
      {{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"}},
       "http://169.254.170.23/v1/credentials"},
      {{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[fd00:ec2::23]/v1"}}, "http://[fd00:ec2::23]/v1"},
      {{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost:8080/x"}}, "http://localhost:8080/x"},
      {{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://vault.example/x"}}, "https://vault.example/x"},
      {{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://vault.example/x"}}, nullptr},
      {{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1.evil.example/x"}}, nullptr},
      {{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1@evil.example/x"}}, nullptr},
  };
  for (const auto& c : cases) {
    const Result<std::string> url = ContainerUrl(c.environment);
    if (c.url == nullptr) {
      EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, url);
    } else {
      ASSERT_TRUE(url.ok()) << url.status().ToString();
      EXPECT_EQ(*url, c.url);
    }
  }
}

TEST_F(CredentialsTest, InstanceMetadataByVersionTwo) {
  environment_.erase("AWS_EC2_METADATA_DISABLED");
  environment_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_->url() + "/";
  server_->On("PUT", "/latest/api/token", ScriptedAnswer::Status(200, "imds-token"));
  server_->On("GET", "/latest/meta-data/iam/security-credentials/", ScriptedAnswer::Status(200, "lake-role"));
  server_->On(
      "GET", "/latest/meta-data/iam/security-credentials/lake-role",
      ScriptedAnswer::Json(R"({"Code":"Success","AccessKeyId":"EC2","SecretAccessKey":"s","Token":"t",)"
                           R"("Expiration":"2026-09-21T15:13:20Z"})"));
  ASSERT_OK_AND_ASSIGN(const Credentials credentials, Get());
  EXPECT_EQ(credentials.access_key_id, "EC2");
  EXPECT_EQ(credentials.source, "instance metadata, role lake-role");
  const auto requests = server_->requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].Header("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(requests[2].Header("x-aws-ec2-metadata-token"), "imds-token");
}

TEST_F(CredentialsTest, MachineWithoutRoleOrServiceIsNoCredentials) {
  environment_.erase("AWS_EC2_METADATA_DISABLED");
  environment_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_->url();
  server_->On("PUT", "/latest/api/token", ScriptedAnswer::Status(200, "imds-token"));
  auto credentials = Get();
  EXPECT_ERROR_CODE(ErrorCode::kCredentialsNotFound, credentials);
  EXPECT_THAT(credentials.status().message(), HasSubstr("no IAM role"));
  environment_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
  credentials = Get();
  EXPECT_ERROR_CODE(ErrorCode::kCredentialsNotFound, credentials);
  EXPECT_THAT(credentials.status().message(), HasSubstr("no instance metadata service answers"));
}

}  // namespace
}  // namespace ingesta::aws
