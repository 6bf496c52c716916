// S3Client against a scripted server: what the real ones do rarely, and what they answer when something is
// wrong.
#include "ingesta/aws/s3.h"

#include "ingesta/aws/digest.h"
#include "ingesta/aws/s3_errors.h"
#include "ingesta/aws/s3_test_fixture.h"
#include "ingesta/aws/s3_transport.h"

namespace ingesta::aws {
namespace {

// --- addresses

TEST_F(S3Test, AddressesBucketsByHostOrPath) {
  const struct {
    const char* bucket;
    const char* endpoint;
    bool path_style;
    const char* url;
  } cases[] = {
      {"lake", "", false, "https://lake.s3.eu-west-1.amazonaws.com/a/b%20c"},
      {"lake", "", true, "https://s3.eu-west-1.amazonaws.com/lake/a/b%20c"},
      {"lake.with.dots", "", false, "https://s3.eu-west-1.amazonaws.com/lake.with.dots/a/b%20c"},
      {"lake", "https://s3.example.com/", false, "https://lake.s3.example.com/a/b%20c"},
      {"lake", "http://10.1.2.3:9000", false, "http://10.1.2.3:9000/lake/a/b%20c"},
      {"lake", "http://[::1]:9000", false, "http://[::1]:9000/lake/a/b%20c"},
      {"lake", "http://localhost:8333", false, "http://localhost:8333/lake/a/b%20c"},
      {"lake", "http://minio:9000", false, "http://minio:9000/lake/a/b%20c"},
      {"Old_Bucket", "https://s3.example.com", false, "https://s3.example.com/Old_Bucket/a/b%20c"},
  };
  for (const auto& c : cases) {
    S3Options options{.bucket = c.bucket,
                      .region = "eu-west-1",
                      .endpoint = c.endpoint,
                      .path_style = c.path_style,
                      .sign_payload = {}};
    const S3Transport transport(options, credentials_, *http_, clock_);
    EXPECT_EQ(transport.Url({.key = "a/b c"}, "eu-west-1"), c.url);
  }
  const S3Transport china({.bucket = "lake", .region = "cn-north-1", .endpoint = "", .sign_payload = {}},
                          credentials_, *http_, clock_);
  EXPECT_EQ(china.Url({}, "cn-north-1"), "https://lake.s3.cn-north-1.amazonaws.com.cn/");
}

TEST_F(S3Test, SignsPayloadOnlyOverPlainHttpToOtherMachines) {
  const struct {
    const char* endpoint;
    bool signs;
  } cases[] = {{"", false},
               {"https://10.0.0.1", false},
               {"http://127.0.0.1:9000", false},
               {"http://minio:9000", true}};
  for (const auto& c : cases) {
    const S3Transport transport({.bucket = "lake", .endpoint = c.endpoint, .sign_payload = {}}, credentials_,
                                *http_, clock_);
    EXPECT_EQ(transport.signs_payload(), c.signs) << c.endpoint;
  }
}

// --- single calls

TEST_F(S3Test, PutSendsChecksumMetadataAndCondition) {
  server_->On("PUT", "/lake/a/b%20c.csv", ScriptedAnswer::Status(200, "", {{"ETag", "\"e1\""}}));
  const auto client = Make();
  ASSERT_OK_AND_ASSIGN(
      const std::string etag,
      client->PutObject(
          "a/b c.csv", "123456789",
          {.content_type = "text/csv", .metadata = {{"run", "r1"}}, .if_none_match = true, .if_match = ""}));
  EXPECT_EQ(etag, "\"e1\"");
  const ReceivedRequest put = server_->requests().back();
  EXPECT_EQ(put.body, "123456789");
  EXPECT_EQ(put.Header("x-amz-checksum-crc32"), "y/Q5Jg==");
  EXPECT_EQ(put.Header("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(put.Header("x-amz-meta-run"), "r1");
  EXPECT_EQ(put.Header("Content-Type"), "text/csv");
  EXPECT_EQ(put.Header("If-None-Match"), "*");
  EXPECT_EQ(put.Header("X-Amz-Security-Token"), "token");
  EXPECT_THAT(put.Header("Authorization"), HasSubstr("Credential=KEY0/20260921/us-east-1/s3/aws4_request"));
}

TEST_F(S3Test, SignedPayloadsCarryTheirHash) {
  server_->On("PUT", "/lake/", ScriptedAnswer::Status(200, "", {{"ETag", "\"e\""}}));
  const auto client = Make({.sign_payload = true});
  ASSERT_OK(client->PutObject("doc", "hello", {}).status());
  EXPECT_EQ(server_->requests().back().Header("x-amz-content-sha256"), Sha256Hex("hello"));
  ASSERT_OK(client->PutFile("file", File("hello"), {}).status());
  EXPECT_EQ(server_->requests().back().Header("x-amz-content-sha256"), Sha256Hex("hello"));
  ASSERT_OK(client->PutFile("file", File(""), {}).status());
  EXPECT_EQ(server_->requests().back().Header("x-amz-content-sha256"), Sha256Hex(""));
}

TEST_F(S3Test, GetsAndHeads) {
  const std::vector<std::pair<std::string, std::string>> headers = {{"ETag", "\"e\""},
                                                                    {"x-amz-meta-CRC32", "0a"}};
  server_->On("GET", "/lake/doc", ScriptedAnswer::Status(200, "text", headers));
  server_->On("HEAD", "/lake/doc", ScriptedAnswer::Status(200, "text", headers));
  const auto client = Make();
  ObjectInfo info;
  ASSERT_OK_AND_ASSIGN(const std::string text, client->GetObject("doc", &info));
  EXPECT_EQ(text, "text");
  EXPECT_EQ(info.etag, "\"e\"");
  ASSERT_OK_AND_ASSIGN(info, client->HeadObject("doc"));
  EXPECT_EQ(info.size, 4);
  EXPECT_EQ(info.metadata, (std::map<std::string, std::string>{{"crc32", "0a"}}));
}

TEST_F(S3Test, ListsEveryPage) {
  server_->OnCall("GET", "/lake?list-type=2", [](const ReceivedRequest& request) {
    const bool second = request.target.find("continuation-token=t%2B1") != std::string::npos;
    return ScriptedAnswer::Status(
        200,
        second
            ? "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>p/b%2Bc+d</Key><Size>2</Size>"
              "<ETag>\"y\"</ETag></Contents><IsTruncated>false</IsTruncated></ListBucketResult>"
            : "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>p/a</Key><Size>1</Size></"
              "Contents>"
              "<IsTruncated>true</IsTruncated><NextContinuationToken>t+1</NextContinuationToken></"
              "ListBucketResult>");
  });
  const auto client = Make();
  ASSERT_OK_AND_ASSIGN(const auto objects, client->ListObjects("p/"));
  ASSERT_EQ(objects.size(), 2U);
  EXPECT_EQ(objects[0].key, "p/a");
  EXPECT_EQ(objects[1].key, "p/b+c d");
  EXPECT_EQ(objects[1].size, 2);
  EXPECT_EQ(objects[1].etag, "\"y\"");
}

TEST_F(S3Test, DeleteOfAMissingObjectIsDone) {
  server_->On("DELETE", "/lake/gone", ScriptedAnswer::Status(404, ErrorBody("NoSuchKey")));
  ASSERT_OK(Make()->DeleteObject("gone"));
}

// --- healing

TEST_F(S3Test, RetriesWhatIsTemporary) {
  const auto client = Make();
  for (const auto& [status, code] : {std::pair(503, "SlowDown"),
                                     {500, "InternalError"},
                                     {400, "RequestTimeout"},
                                     {409, "ConditionalRequestConflict"}}) {
    server_->On("PUT", "/lake/x",
                std::vector{ScriptedAnswer::Status(status, ErrorBody(code)),
                            ScriptedAnswer::Status(200, "", {{"ETag", "\"e\""}})});
    EXPECT_TRUE(client->PutObject("x", "1", {}).ok()) << code;
  }
}

TEST_F(S3Test, ExpiredTokenIsRenewedOnce) {
  const auto client = Make();
  server_->OnCall("PUT", "/lake/x", [](const ReceivedRequest& request) {
    return request.Header("Authorization").find("KEY0/") != std::string::npos
               ? ScriptedAnswer::Status(400, ErrorBody("ExpiredToken"))
               : ScriptedAnswer::Status(200, "", {{"ETag", "\"e\""}});
  });
  ASSERT_OK(client->PutObject("x", "1", {}).status());
  EXPECT_EQ(credentials_->renewals, 1);

  server_->On("PUT", "/lake/x", ScriptedAnswer::Status(400, ErrorBody("ExpiredToken")));
  const auto put = client->PutObject("x", "1", {});
  EXPECT_ERROR_CODE(ErrorCode::kExpiredCredentials, put);
  EXPECT_EQ(credentials_->renewals, 2);
  EXPECT_THAT(HintOf(put.status()), HasSubstr("aws sso login"));
}

TEST_F(S3Test, ExpiredTokenBehindASilentHeadIsRenewed) {
  const auto client = Make();
  server_->On("HEAD", "/lake/x", std::vector{ScriptedAnswer::Status(400), ScriptedAnswer::Status(200)});
  ASSERT_OK(client->HeadObject("x").status());
  EXPECT_EQ(credentials_->renewals, 1);
}

TEST_F(S3Test, SkewedClockIsCorrectedByTheServersDate) {
  const auto client = Make();
  const std::string server_date = "Mon, 21 Sep 2026 16:13:20 GMT";  // two hours ahead
  server_->OnCall("PUT", "/lake/x", [&](const ReceivedRequest& request) {
    return request.Header("X-Amz-Date").starts_with("20260921T1613")
               ? ScriptedAnswer::Status(200, "", {{"ETag", "\"e\""}})
               : ScriptedAnswer::Status(403, ErrorBody("RequestTimeTooSkewed"), {{"Date", server_date}});
  });
  ASSERT_OK(client->PutObject("x", "1", {}).status());
  ASSERT_OK(client->PutObject("x", "1", {}).status());
  EXPECT_EQ(server_->Count("PUT"), 3) << "the offset stays";

  server_->On("PUT", "/lake/y",
              ScriptedAnswer::Status(403, ErrorBody("RequestTimeTooSkewed"), {{"Date", server_date}}));
  const auto put = client->PutObject("y", "1", {});
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, put);
  EXPECT_THAT(HintOf(put.status()), HasSubstr("clock"));
}

TEST_F(S3Test, SkewBehindASilentHeadIsCorrected) {
  const auto client = Make();
  server_->OnCall("HEAD", "/lake/x", [&](const ReceivedRequest& request) {
    return ScriptedAnswer::Status(request.Header("X-Amz-Date").starts_with("20260921T1613") ? 200 : 403, "",
                                  {{"Date", "Mon, 21 Sep 2026 16:13:20 GMT"}});
  });
  ASSERT_OK(client->HeadObject("x").status());
}

TEST_F(S3Test, RegionIsLearntFromHeadBucketAndFromRedirects) {
  const auto signed_for = [](const ReceivedRequest& request, const char* region) {
    return request.Header("Authorization").find(std::string("/") + region + "/s3/") != std::string::npos;
  };
  server_->OnCall("HEAD", "/lake", [&](const ReceivedRequest& request) {
    return ScriptedAnswer::Status(signed_for(request, "eu-west-1") ? 200 : 301, "",
                                  {{"x-amz-bucket-region", "eu-west-1"}});
  });
  auto client = Make();
  EXPECT_EQ(client->options().region, "eu-west-1");

  server_->OnCall("GET", "/lake/x", [&](const ReceivedRequest& request) {
    return signed_for(request, "sa-east-1")
               ? ScriptedAnswer::Status(200, "x")
               : ScriptedAnswer::Status(
                     400, ErrorBody("AuthorizationHeaderMalformed", "<Region>sa-east-1</Region>"));
  });
  ASSERT_OK(client->GetObject("x").status());
  EXPECT_EQ(client->options().region, "sa-east-1");

  server_->On(
      "GET", "/lake/y",
      ScriptedAnswer::Status(301, ErrorBody("PermanentRedirect"), {{"x-amz-bucket-region", "us-west-2"}}));
  const auto get = client->GetObject("y");
  EXPECT_ERROR_CODE(ErrorCode::kWrongRegion, get);
  EXPECT_THAT(HintOf(get.status()), HasSubstr("AWS_REGION=us-west-2"));
}

// --- refusals

TEST_F(S3Test, RefusalsNameCauseAndNextStep) {
  const auto client = Make();
  const struct {
    int status;
    const char* code;
    ErrorCode expected;
    const char* message;
    const char* hint;
  } cases[] = {
      {403, "AccessDenied", ErrorCode::kAccessDenied,
       "s3:PutObject s3://lake/k: 403 AccessDenied: about AccessDenied (request REQ1) (credentials: profile "
       "default, region us-east-1)",
       "allow s3:PutObject on arn:aws:s3:::lake/* in the IAM policy of profile default"},
      {403, "InvalidAccessKeyId", ErrorCode::kAccessDenied, "does not know the access key id",
       "access key KEY"},
      {403, "SignatureDoesNotMatch", ErrorCode::kAccessDenied, "signature does not match", "aws configure"},
      {404, "NoSuchBucket", ErrorCode::kBucketNotFound, "the bucket lake does not exist",
       "aws s3 mb s3://lake --region us-east-1"},
      {412, "PreconditionFailed", ErrorCode::kAlreadyExists, "exists already", ""},
      {400, "BadDigest", ErrorCode::kCorrupt, "BadDigest", "run again"},
      {400, "EntityTooLarge", ErrorCode::kHttpStatus, "400 EntityTooLarge", "S3 endpoint"},
      {403, "InvalidTokenId", ErrorCode::kExpiredCredentials, "InvalidTokenId", "AWS_SESSION_TOKEN"},
      {400, "AuthorizationHeaderMalformed", ErrorCode::kHttpStatus, "AuthorizationHeaderMalformed",
       "S3 endpoint"},
      {307, "TemporaryRedirect", ErrorCode::kHttpStatus, "TemporaryRedirect", "try again later"},
      {503, "SlowDown", ErrorCode::kHttpStatus, "s3:PutObject s3://lake/k", ""},
      {500, "InternalError", ErrorCode::kHttpStatus, "s3:PutObject s3://lake/k", ""},
  };
  for (const auto& c : cases) {
    server_->On("PUT", "/lake/k", ScriptedAnswer::Status(c.status, ErrorBody(c.code)));
    const auto put = client->PutObject("k", "1", {});
    EXPECT_ERROR_CODE(c.expected, put);
    EXPECT_THAT(put.status().message(), HasSubstr(c.message));
    EXPECT_THAT(HintOf(put.status()), HasSubstr(c.hint));
    EXPECT_EQ(DetailOf(put.status())->fields().http_status, c.status);
  }
  server_->On("GET", "/lake/k", ScriptedAnswer::Status(404, ErrorBody("NoSuchKey")));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, client->GetObject("k"));
  server_->On("HEAD", "/lake/k", ScriptedAnswer::Status(403));
  const auto head = client->HeadObject("k");
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, head);
  EXPECT_THAT(HintOf(head.status()), HasSubstr("without s3:ListBucket"));
  server_->On("PUT", "/lake/k", ScriptedAnswer::Status(404, ErrorBody("NoSuchKey")));
  EXPECT_ERROR_CODE(ErrorCode::kConflict, client->PutObject("k", "1", {.if_match = "\"e\""}));
}

TEST_F(S3Test, MakeTellsWhatIsWrongWithTheBucket) {
  S3Options options{.bucket = "lake", .endpoint = server_->url(), .sign_payload = {}};
  server_->On("HEAD", "/lake", ScriptedAnswer::Status(404));
  EXPECT_ERROR_CODE(ErrorCode::kBucketNotFound, S3Client::Make(options, credentials_, *http_, clock_));
  server_->On("HEAD", "/lake", ScriptedAnswer::Status(403, "", {{"x-amz-bucket-region", "us-east-1"}}));
  server_->On("GET", "/lake?list-type=2", ScriptedAnswer::Status(403, ErrorBody("AccessDenied")));
  ASSERT_OK_AND_ASSIGN(const auto writer, S3Client::Make(options, credentials_, *http_, clock_));
  const Status head = writer->HeadBucket();
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, head);
  EXPECT_THAT(HintOf(head), HasSubstr("allow s3:ListBucket on arn:aws:s3:::lake in"));
  server_->On("GET", "/lake?list-type=2", ScriptedAnswer::Status(403, ErrorBody("InvalidAccessKeyId")));
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, S3Client::Make(options, credentials_, *http_, clock_));
  options.endpoint = "127.0.0.1:9000";
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, S3Client::Make(options, credentials_, *http_, clock_));
  options.endpoint = "http://127.0.0.1:1";
  const auto unreachable = S3Client::Make(options, credentials_, *http_, clock_);
  EXPECT_ERROR_CODE(ErrorCode::kConnectFailed, unreachable);
  EXPECT_THAT(HintOf(unreachable.status()), HasSubstr("AWS_ENDPOINT_URL_S3"));
  options.bucket = "";
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, S3Client::Make(options, credentials_, *http_, clock_));
}

TEST_F(S3Test, MissingCredentialsNeverBecomeAnAnonymousRequest) {
  const Environment nothing = {{"HOME", dir_}, {"AWS_EC2_METADATA_DISABLED", "true"}};
  ASSERT_OK_AND_ASSIGN(const auto provider, MakeDefaultCredentials(nothing, *http_, clock_));
  EXPECT_ERROR_CODE(ErrorCode::kCredentialsNotFound,
                    S3Client::Make({.bucket = "lake", .endpoint = server_->url(), .sign_payload = {}},
                                   provider, *http_, clock_));
  EXPECT_EQ(server_->Count(), 0);
}

// --- conditions and lost acknowledgements

TEST_F(S3Test, LostAcknowledgementOfADocumentIsRecognisedByItsBytes) {
  const auto client = Make();
  server_->On(
      "PUT", "/lake/doc",
      std::vector{ScriptedAnswer::Reset(), ScriptedAnswer::Status(412, ErrorBody("PreconditionFailed"))});
  server_->On("GET", "/lake/doc", ScriptedAnswer::Status(200, "mine", {{"ETag", "\"m\""}}));
  ASSERT_OK_AND_ASSIGN(
      const std::string etag,
      client->PutObject("doc", "mine", {.metadata = {}, .if_none_match = true, .if_match = ""}));
  EXPECT_EQ(etag, "\"m\"");

  server_->On(
      "PUT", "/lake/doc",
      std::vector{ScriptedAnswer::Reset(), ScriptedAnswer::Status(412, ErrorBody("PreconditionFailed"))});
  EXPECT_ERROR_CODE(
      ErrorCode::kAlreadyExists,
      client->PutObject("doc", "other", {.metadata = {}, .if_none_match = true, .if_match = ""}));
  server_->On(
      "PUT", "/lake/doc",
      std::vector{ScriptedAnswer::Reset(), ScriptedAnswer::Status(412, ErrorBody("PreconditionFailed"))});
  ASSERT_OK(client->PutObject("doc", "mine", {.metadata = {}, .if_match = "\"old\""}).status());
}

TEST_F(S3Test, RefusedConditionOverOtherBytesIsAnothersObject) {
  const auto client = Make();
  server_->On("PUT", "/lake/doc", ScriptedAnswer::Status(412, ErrorBody("PreconditionFailed")));
  server_->On("GET", "/lake/doc", ScriptedAnswer::Status(200, "another's"));
  EXPECT_ERROR_CODE(
      ErrorCode::kAlreadyExists,
      client->PutObject("doc", "mine", {.metadata = {}, .if_none_match = true, .if_match = ""}));
  EXPECT_ERROR_CODE(ErrorCode::kConflict,
                    client->PutObject("doc", "mine", {.metadata = {}, .if_match = "\"old\""}));
  server_->On("GET", "/lake/doc", ScriptedAnswer::Status(403, ErrorBody("AccessDenied")));
  EXPECT_ERROR_CODE(ErrorCode::kConflict,
                    client->PutObject("doc", "mine", {.metadata = {}, .if_match = "\"old\""}));
}

TEST_F(S3Test, LostAcknowledgementOfAFileIsRecognisedBySizeAndChecksum) {
  const auto client = Make();
  const std::string path = File("123456789");
  server_->On(
      "PUT", "/lake/f",
      std::vector{ScriptedAnswer::Reset(), ScriptedAnswer::Status(412, ErrorBody("PreconditionFailed"))});
  server_->On(
      "HEAD", "/lake/f",
      ScriptedAnswer::Status(200, "123456789", {{"ETag", "\"f\""}, {"x-amz-meta-crc32", "cbf43926"}}));
  ASSERT_OK_AND_ASSIGN(const std::string etag,
                       client->PutFile("f", path, {.metadata = {}, .if_none_match = true, .if_match = ""}));
  EXPECT_EQ(etag, "\"f\"");
  server_->On(
      "HEAD", "/lake/f",
      ScriptedAnswer::Status(200, "123456788", {{"ETag", "\"f\""}, {"x-amz-meta-crc32", "00000000"}}));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists,
                    client->PutFile("f", path, {.metadata = {}, .if_none_match = true, .if_match = ""}));
}

TEST_F(S3Test, ServerWithoutConditionsGetsHeadThenPut) {
  const auto client = Make();
  EXPECT_TRUE(client->conditional_writes());
  server_->OnCall("PUT", "/lake/", [](const ReceivedRequest& request) {
    return request.HasHeader("If-None-Match") || request.HasHeader("If-Match")
               ? ScriptedAnswer::Status(501, ErrorBody("NotImplemented"))
               : ScriptedAnswer::Status(200, "", {{"ETag", "\"e\""}});
  });
  server_->On("HEAD", "/lake/new", ScriptedAnswer::Status(404));
  server_->On("HEAD", "/lake/old", ScriptedAnswer::Status(200, "", {{"ETag", "\"o\""}}));
  ASSERT_OK(client->PutObject("new", "1", {.metadata = {}, .if_none_match = true, .if_match = ""}).status());
  EXPECT_FALSE(client->conditional_writes());
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists,
                    client->PutObject("old", "1", {.metadata = {}, .if_none_match = true, .if_match = ""}));
  EXPECT_ERROR_CODE(ErrorCode::kConflict,
                    client->PutObject("old", "1", {.metadata = {}, .if_match = "\"other\""}));
  ASSERT_OK(client->PutObject("old", "1", {.metadata = {}, .if_match = "\"o\""}).status());
  EXPECT_EQ(server_->Count("PUT"), 3) << "one refused, two written; no further tries with a condition";
}

TEST_F(S3Test, FileThatChangedOnDiskIsNotUploaded) {
  const auto client = Make();
  const auto put = client->PutFile("f", File("123456789"), {.metadata = {{"crc32", "00000001"}}});
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, put);
  EXPECT_EQ(server_->Count("PUT"), 0);
}

}  // namespace
}  // namespace ingesta::aws
