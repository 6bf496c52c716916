// Multipart uploads against a scripted server: parts, the condition on Complete, errors within 200, lost
// answers.
#include <fmt/format.h>

#include "ingesta/aws/digest.h"
#include "ingesta/aws/s3_test_fixture.h"

namespace ingesta::aws {
namespace {

class MultipartTest : public S3Test {
 protected:
  void SetUp() override {
    S3Test::SetUp();
    server_->On(
        "POST", "/lake/big?uploads",
        ScriptedAnswer::Status(
            200, "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>"));
    server_->OnCall("PUT", "/lake/big?partNumber", [](const ReceivedRequest& request) {
      return ScriptedAnswer::Status(200, "", {{"ETag", std::string("\"") + request.body[0] + "\""}});
    });
    server_->On("POST", "/lake/big?uploadId", Done());
    server_->On("DELETE", "/lake/big?uploadId", ScriptedAnswer::Status(204));
    client_ =
        Make({.part_size = 1 << 20, .multipart_threshold = 4, .upload_concurrency = 2, .sign_payload = {}});
    // Parts are whole MiB, the last one is what remains.
    text_ = std::string(1 << 20, 'a') + std::string(1 << 20, 'b') + "c";
    path_ = File(text_);
  }
  static ScriptedAnswer Done() {
    return ScriptedAnswer::Status(
        200, "\n<CompleteMultipartUploadResult><ETag>\"whole-3\"</ETag></CompleteMultipartUploadResult>");
  }
  Result<std::string> Put() {
    return client_->PutFile(
        "big", path_,
        {.content_type = "text/csv", .metadata = {{"run", "r"}}, .if_none_match = true, .if_match = ""});
  }
  void ThereIs(int64_t size, const std::string& crc) {
    server_->On("HEAD", "/lake/big",
                ScriptedAnswer::Status(
                    200, std::string(static_cast<size_t>(size), 'x'),
                    {{"ETag", "\"whole-3\""}, {"x-amz-meta-crc32", crc}, {"x-amz-meta-run", "r"}}));
  }

  std::unique_ptr<S3Client> client_;
  std::string text_;
  std::string path_;
};

TEST_F(MultipartTest, UploadsPartsAndCompletesUnderTheCondition) {
  ASSERT_OK_AND_ASSIGN(const std::string etag, Put());
  EXPECT_EQ(etag, "\"whole-3\"");
  std::string parts;
  for (const ReceivedRequest& request : server_->requests()) {
    const bool complete =
        request.method == "POST" && request.target.find("uploadId=u%2F1") != std::string::npos;
    EXPECT_EQ(request.HasHeader("If-None-Match"), complete) << request.method << " " << request.target;
    if (request.method == "PUT") {
      EXPECT_EQ(request.Header("x-amz-checksum-crc32"), Crc32Header(Crc32(request.body)));
    }
    if (complete) parts = request.body;
    if (request.target.find("?uploads") != std::string::npos) {
      EXPECT_EQ(request.Header("x-amz-checksum-algorithm"), "CRC32");
      EXPECT_EQ(request.Header("x-amz-meta-run"), "r");
      EXPECT_EQ(request.Header("x-amz-meta-crc32").size(), 8U);
      EXPECT_EQ(request.Header("Content-Type"), "text/csv");
    }
  }
  EXPECT_EQ(server_->Count("PUT"), 3);
  EXPECT_THAT(parts, HasSubstr("<PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag>"));
  EXPECT_THAT(parts, HasSubstr("<PartNumber>3</PartNumber><ETag>&quot;c&quot;</ETag><ChecksumCRC32>" +
                               Crc32Header(Crc32("c"))));
  EXPECT_EQ(server_->Count("DELETE"), 0);
}

TEST_F(MultipartTest, ErrorWithin200OfCompleteIsRetried) {
  server_->On("POST", "/lake/big?uploadId",
              std::vector{ScriptedAnswer::Status(200, "  \n" + ErrorBody("InternalError")), Done()});
  ASSERT_OK(Put().status());
  EXPECT_EQ(server_->Count("POST", "/lake/big?uploadId"), 2);
}

TEST_F(MultipartTest, LastingErrorWithin200OfCompleteIsAnErrorAndAborts) {
  server_->On("HEAD", "/lake/big", ScriptedAnswer::Status(404));
  for (const char* code : {"InternalError", "InvalidPart"}) {
    server_->On("POST", "/lake/big?uploadId", ScriptedAnswer::Status(200, ErrorBody(code)));
    const auto put = Put();
    EXPECT_FALSE(put.ok());
    EXPECT_THAT(put.status().message(), HasSubstr(code));
    EXPECT_THAT(put.status().message(), HasSubstr("s3:CompleteMultipartUpload s3://lake/big"));
  }
  EXPECT_EQ(server_->Count("DELETE", "/lake/big?uploadId=u%2F1"), 2);
}

TEST_F(MultipartTest, LostAcknowledgementOfCompleteIsRecognised) {
  const std::string crc = [&] {
    char text[9];
    snprintf(text, sizeof text, "%08x", Crc32(text_));
    return std::string(text);
  }();
  ThereIs(static_cast<int64_t>(text_.size()), crc);
  for (const ScriptedAnswer& second :
       {ScriptedAnswer::Status(404, ErrorBody("NoSuchUpload")),
        ScriptedAnswer::Status(412, ErrorBody("PreconditionFailed")), ScriptedAnswer::Reset()}) {
    server_->On("POST", "/lake/big?uploadId", std::vector{ScriptedAnswer::Reset(), second});
    ASSERT_OK_AND_ASSIGN(const std::string etag, Put());
    EXPECT_EQ(etag, "\"whole-3\"");
  }
  ThereIs(5, crc);
  server_->On("POST", "/lake/big?uploadId", ScriptedAnswer::Status(412, ErrorBody("PreconditionFailed")));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, Put());
  server_->On("POST", "/lake/big?uploadId", ScriptedAnswer::Status(404, ErrorBody("NoSuchUpload")));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, Put());
}

TEST_F(MultipartTest, FailedPartNamesItselfAndAborts) {
  server_->On("PUT", "/lake/big?partNumber=2", ScriptedAnswer::Status(403, ErrorBody("AccessDenied")));
  const auto put = Put();
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, put);
  EXPECT_THAT(put.status().message(), HasSubstr("part 2 of 3"));
  EXPECT_EQ(server_->Count("POST", "/lake/big?uploadId"), 0);
  EXPECT_EQ(server_->Count("DELETE", "/lake/big?uploadId"), 1);
}

TEST_F(MultipartTest, PartsSurviveResetsAndExpiredTokens) {
  std::atomic<int> calls{0};
  server_->OnCall("PUT", "/lake/big?partNumber", [&](const ReceivedRequest& request) {
    if (calls++ == 0) return ScriptedAnswer::Reset();
    if (request.Header("Authorization").find("KEY0/") != std::string::npos)
      return ScriptedAnswer::Status(400, ErrorBody("ExpiredToken"));
    return ScriptedAnswer::Status(200, "", {{"ETag", "\"p\""}});
  });
  ASSERT_OK(Put().status());
  EXPECT_GE(credentials_->renewals, 1);
}

TEST_F(MultipartTest, UnknownConditionOnCompleteFallsBackToHead) {
  server_->OnCall("POST", "/lake/big?uploadId", [](const ReceivedRequest& request) {
    return request.HasHeader("If-None-Match") ? ScriptedAnswer::Status(501, ErrorBody("NotImplemented"))
                                              : Done();
  });
  server_->On("HEAD", "/lake/big", ScriptedAnswer::Status(404));
  ASSERT_OK(Put().status());
  EXPECT_FALSE(client_->conditional_writes());
}

TEST_F(MultipartTest, StaleUploadsAreAborted) {
  server_->OnCall("GET", "/lake?uploads", [](const ReceivedRequest& request) {
    const bool second = request.target.find("key-marker=p%2Fnew") != std::string::npos;
    return ScriptedAnswer::Status(200,
                                  second ? "<R><Upload><Key>p/gone</Key><UploadId>3</"
                                           "UploadId><Initiated>2026-09-20T00:00:00.000Z</Initiated></Upload>"
                                           "<IsTruncated>false</IsTruncated></R>"
                                         : "<R><Upload><Key>p/old</Key><UploadId>1</"
                                           "UploadId><Initiated>2026-09-20T00:00:00.000Z</Initiated></Upload>"
                                           "<Upload><Key>p/new</Key><UploadId>2</"
                                           "UploadId><Initiated>2026-09-21T14:00:00.000Z</Initiated></Upload>"
                                           "<Upload><Key>other</Key><UploadId>4</"
                                           "UploadId><Initiated>2026-09-20T00:00:00.000Z</Initiated></Upload>"
                                           "<IsTruncated>true</IsTruncated><NextKeyMarker>p/new</"
                                           "NextKeyMarker><NextUploadIdMarker>2</NextUploadIdMarker></R>");
  });
  server_->On("DELETE", "/lake/p/old?uploadId=1", ScriptedAnswer::Status(204));
  server_->On("DELETE", "/lake/p/gone?uploadId=3", ScriptedAnswer::Status(404, ErrorBody("NoSuchUpload")));
  ASSERT_OK_AND_ASSIGN(const int aborted,
                       client_->AbortStaleUploads("p/", clock_.Now() - std::chrono::hours(1)));
  EXPECT_EQ(aborted, 1);
  EXPECT_EQ(server_->Count("DELETE"), 2);

  server_->On("GET", "/lake?uploads", ScriptedAnswer::Status(403, ErrorBody("AccessDenied")));
  const auto refused = client_->AbortStaleUploads("p/", clock_.Now());
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, refused);
  EXPECT_THAT(HintOf(refused.status()), HasSubstr("s3:ListBucketMultipartUploads"));
}

}  // namespace
}  // namespace ingesta::aws
