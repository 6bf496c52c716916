// S3Client and S3Store against a real S3 server with real signatures: SeaweedFS, or MinIO with S3_KIND=minio.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "ingesta/aws/digest.h"
#include "ingesta/aws/s3.h"
#include "ingesta/aws/s3_transport.h"
#include "ingesta/aws/sigv4.h"
#include "ingesta/aws/text.h"
#include "ingesta/aws/xml.h"
#include "ingesta/base/fs.h"
#include "ingesta/store/s3_store.h"
#include "ingesta/testing/fake_clock.h"
#include "lossy_proxy.h"
#include "s3_server_fixture.h"

namespace ingesta::integration {
namespace {

using ::testing::HasSubstr;

class RealS3 : public OnS3Server<> {
 protected:
  void SetUp() override {
    OnS3Server::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-real-s3-XXXXXX").string();
    dir_ = mkdtemp(pattern.data());
    prefix_ = fmt::format("t{:x}/", SystemRandom().Next());
  }
  void TearDown() override {
    if (!dir_.empty()) std::filesystem::remove_all(dir_);
  }

  static aws::Credentials Keys() { return server_->keys(); }
  Result<std::unique_ptr<aws::S3Client>> TryClient(const aws::Credentials& keys,
                                                   aws::S3Options options = {}) {
    if (options.bucket.empty()) options.bucket = server_->bucket();
    if (options.endpoint.empty()) options.endpoint = server_->endpoint();
    return aws::S3Client::Make(options, aws::MakeStaticCredentials(keys), *http_, RealClock());
  }
  std::unique_ptr<aws::S3Client> Client(aws::S3Options options = {}) {
    auto client = TryClient(Keys(), std::move(options));
    EXPECT_TRUE(client.ok()) << client.status().ToString();
    return client.ok() ? *std::move(client) : nullptr;
  }
  aws::S3Options SmallParts(const std::string& endpoint = "") {
    return {.bucket = "",
            .endpoint = endpoint,
            .part_size = 5 << 20,
            .multipart_threshold = 6 << 20,
            .sign_payload = {}};
  }
  std::string File(const std::string& bytes, const std::string& name = "file") {
    const std::string path = dir_ + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  /// Bytes that no part shares with another.
  static std::string Bytes(size_t size, uint64_t seed = 1) {
    testing::SeededRandom random(seed);
    std::string bytes;
    bytes.reserve(size + 8);
    while (bytes.size() < size) {
      const uint64_t word = random.Next();
      bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
    bytes.resize(size);
    return bytes;
  }
  /// A session that may do what `statements` allow, by sts:AssumeRole with an inline policy.
  Result<aws::Credentials> Session(const std::string& statements) {
    http::Request request;
    request.method = "POST";
    request.url = server_->endpoint() + "/";
    request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
    request.body.bytes = aws::FormEncode(
        {{"Action", "AssumeRole"},
         {"Version", "2011-06-15"},
         {"Policy", fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", statements)}});
    ARROW_RETURN_NOT_OK(aws::SignRequest(Keys(), {.region = "us-east-1", .service = "sts"}, RealClock().Now(),
                                         aws::Sha256Hex(request.body.bytes), request));
    ARROW_ASSIGN_OR_RAISE(const http::Response response, http_->Fetch(std::move(request)));
    ARROW_ASSIGN_OR_RAISE(const aws::XmlNode root, aws::ParseXml(response.body));
    const aws::XmlNode* node = root.Find("Credentials");
    if (node == nullptr) return MakeError(ErrorCode::kMalformedBody, response.body);
    aws::Credentials session;
    session.access_key_id = node->ChildText("AccessKeyId");
    session.secret_access_key = node->ChildText("SecretAccessKey");
    session.session_token = node->ChildText("SessionToken");
    session.source = "session";
    return session;
  }
  static std::string Allow(const std::string& actions, const std::string& resource) {
    return fmt::format(R"({{"Effect":"Allow","Action":[{}],"Resource":["arn:aws:s3:::{}"]}})", actions,
                       resource);
  }
  void ExpectOneObject(aws::S3Client& client, const std::string& key, const std::string& bytes) {
    ASSERT_OK_AND_ASSIGN(const auto objects, client.ListObjects(key));
    ASSERT_EQ(objects.size(), 1U);
    EXPECT_EQ(objects[0].key, key);
    ASSERT_OK_AND_ASSIGN(const std::string there, client.GetObject(key));
    EXPECT_TRUE(there == bytes) << there.size() << " bytes where " << bytes.size() << " were written";
  }

  std::string dir_;
  std::string prefix_;
};

TEST_F(RealS3, FilesComeBackInPiecesAsTheyWere) {
  const auto client = Client();
  ASSERT_NE(client, nullptr);
  constexpr size_t kRange = 16 << 20;  // of one request
  for (const size_t size : {size_t{0}, size_t{5}, kRange, kRange + 1, 3 * kRange - 7}) {
    SCOPED_TRACE(size);
    const std::string bytes = Bytes(size, size + 1);
    const std::string key = fmt::format("{}size{}", prefix_, size);
    ASSERT_OK(client->PutFile(key, File(bytes), {}).status());
    const std::string path = fmt::format("{}/back{}", dir_, size);
    ASSERT_OK_AND_ASSIGN(const aws::ObjectInfo info, client->GetFile(key, path));
    EXPECT_EQ(info.size, static_cast<int64_t>(size));
    ASSERT_OK_AND_ASSIGN(const std::string there, ReadFile(path));
    EXPECT_TRUE(there == bytes) << there.size() << " bytes came back";
  }
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, client->GetFile(prefix_ + "none", dir_ + "/none"));
  EXPECT_FALSE(PathExists(dir_ + "/none")) << "a file without an object is left";
}

TEST_F(RealS3, WrongKeysAreRefused) {
  aws::Credentials wrong = Keys();
  wrong.secret_access_key += "x";
  const auto mismatch = TryClient(wrong);
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, mismatch);
  EXPECT_THAT(mismatch.status().message(), HasSubstr("signature does not match"));
  EXPECT_THAT(HintOf(mismatch.status()), HasSubstr("aws configure"));
  wrong.access_key_id = "AKIAUNKNOWN";
  const auto unknown = TryClient(wrong);
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, unknown);
  EXPECT_THAT(unknown.status().message(), HasSubstr("does not know the access key id"));
  EXPECT_THAT(HintOf(unknown.status()), HasSubstr("AKIAUNKNOWN"));
}

TEST_F(RealS3, WrongPayloadHashIsRefused) {
  if (!server_->is_minio()) GTEST_SKIP() << "SeaweedFS takes any payload hash";
  aws::S3Transport transport(
      {.bucket = server_->bucket(), .endpoint = server_->endpoint(), .sign_payload = {}},
      aws::MakeStaticCredentials(Keys()), *http_, RealClock());
  aws::S3Operation put{.action = "s3:PutObject", .method = "PUT", .key = prefix_ + "x"};
  put.body.bytes = "these bytes";
  put.body_sha256 = aws::Sha256Hex("other bytes");
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, transport.CallChecked(put));
  put.body_sha256 = aws::Sha256Hex("these bytes");
  ASSERT_OK(transport.CallChecked(put).status());
  put.body_sha256.clear();
  put.headers.Set("x-amz-checksum-crc32", aws::Crc32Header(1));
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, transport.CallChecked(put));
}

TEST_F(RealS3, ProfileOfTheSharedFilesWorks) {
  std::filesystem::create_directories(dir_ + "/.aws");
  std::ofstream(dir_ + "/.aws/credentials")
      << "[lake]\naws_access_key_id = " << Keys().access_key_id
      << "\naws_secret_access_key = " << Keys().secret_access_key << "\n";
  std::ofstream(dir_ + "/.aws/config")
      << "[profile lake]\nregion = us-east-1\nservices = local\n[services local]\ns3 =\n"
      << "  endpoint_url = " << server_->endpoint() << "\n";
  const aws::Environment environment = {{"HOME", dir_}, {"AWS_PROFILE", "lake"}};
  ASSERT_OK_AND_ASSIGN(const aws::AwsSettings settings, aws::LoadSettings(environment));
  ASSERT_OK_AND_ASSIGN(const auto credentials, aws::MakeDefaultCredentials(environment, *http_, RealClock()));
  ASSERT_OK_AND_ASSIGN(const auto client, aws::S3Client::Make({.bucket = server_->bucket(),
                                                               .region = settings.region,
                                                               .endpoint = settings.EndpointFor("s3"),
                                                               .sign_payload = {}},
                                                              credentials, *http_, RealClock()));
  ASSERT_OK(client->PutObject(prefix_ + "x", "1", {}).status());
  ExpectOneObject(*client, prefix_ + "x", "1");
}

TEST_F(RealS3, MissingBucketNamesTheCommand) {
  aws::S3Options options;
  options.bucket = "no-such-bucket-here";
  const auto client = TryClient(Keys(), options);
  EXPECT_ERROR_CODE(ErrorCode::kBucketNotFound, client);
  EXPECT_THAT(HintOf(client.status()), HasSubstr("aws s3 mb s3://no-such-bucket-here --region us-east-1"));
}

TEST_F(RealS3, KeysOfAnyTextSurviveTheRoundTrip) {
  const auto client = Client();
  for (const char* name : {"plain.csv", "with space", "plus+and%percent", "año/niño €.csv",
                           "fecha=2026-01-01/a&b=c?d#e", "quote'\"(1)~*!"}) {
    const std::string key = prefix_ + name;
    ASSERT_OK(
        client->PutObject(key, name, {.content_type = "text/csv", .metadata = {{"run", "r1"}}}).status());
    ExpectOneObject(*client, key, name);
    ASSERT_OK_AND_ASSIGN(const aws::ObjectInfo info, client->HeadObject(key));
    EXPECT_EQ(info.size, static_cast<int64_t>(std::string(name).size()));
    EXPECT_EQ(info.metadata.at("run"), "r1");
    ASSERT_OK(client->DeleteObject(key));
    EXPECT_ERROR_CODE(ErrorCode::kNotFound, client->HeadObject(key));
    EXPECT_ERROR_CODE(ErrorCode::kNotFound, client->GetObject(key));
  }
}

TEST_F(RealS3, PayloadsAreAcceptedSignedAndUnsigned) {
  for (const bool sign : {true, false}) {
    aws::S3Options options = SmallParts();
    options.sign_payload = sign;
    const auto client = Client(options);
    const std::string bytes = Bytes(7 << 20);
    ASSERT_OK(client->PutObject(prefix_ + "doc", "text", {}).status());
    ASSERT_OK(client->PutObject(prefix_ + "empty", "", {}).status());
    ASSERT_OK(client->PutFile(prefix_ + "small", File("1,2\n"), {}).status());
    ASSERT_OK(client->PutFile(prefix_ + "none", File(""), {}).status());
    ASSERT_OK(client->PutFile(prefix_ + "big", File(bytes), {}).status());
    ExpectOneObject(*client, prefix_ + "doc", "text");
    ExpectOneObject(*client, prefix_ + "empty", "");
    ExpectOneObject(*client, prefix_ + "small", "1,2\n");
    ExpectOneObject(*client, prefix_ + "none", "");
    ExpectOneObject(*client, prefix_ + "big", bytes);
  }
}

TEST_F(RealS3, ConditionsAreKept) {
  const auto client = Client();
  const std::string key = prefix_ + "state.json";
  ASSERT_OK_AND_ASSIGN(const std::string first,
                       client->PutObject(key, "1", {.metadata = {}, .if_none_match = true, .if_match = ""}));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists,
                    client->PutObject(key, "2", {.metadata = {}, .if_none_match = true, .if_match = ""}));
  ASSERT_OK_AND_ASSIGN(const std::string second,
                       client->PutObject(key, "3", {.metadata = {}, .if_match = first}));
  EXPECT_NE(first, second);
  EXPECT_ERROR_CODE(ErrorCode::kConflict, client->PutObject(key, "4", {.metadata = {}, .if_match = first}));
  EXPECT_ERROR_CODE(ErrorCode::kConflict,
                    client->PutObject(prefix_ + "none", "4", {.metadata = {}, .if_match = first}));
  ExpectOneObject(*client, key, "3");
  EXPECT_TRUE(client->conditional_writes());
}

TEST_F(RealS3, ListsManyObjects) {
  const auto client = Client();
  for (int i = 0; i < 12; ++i)
    ASSERT_OK(client->PutObject(fmt::format("{}{:03}", prefix_, i), "x", {}).status());
  ASSERT_OK_AND_ASSIGN(const auto objects, client->ListObjects(prefix_));
  ASSERT_EQ(objects.size(), 12U);
  for (int i = 0; i < 12; ++i)
    EXPECT_EQ(objects[static_cast<size_t>(i)].key, fmt::format("{}{:03}", prefix_, i));
}

TEST_F(RealS3, MultipartKeepsBytesMetadataAndCondition) {
  const auto client = Client(SmallParts());
  const std::string bytes = Bytes((12 << 20) + 12345);
  const std::string key = prefix_ + "big.csv";
  const aws::PutOptions options{
      .content_type = "text/csv", .metadata = {{"run", "r1"}}, .if_none_match = true, .if_match = ""};
  ASSERT_OK_AND_ASSIGN(const std::string etag, client->PutFile(key, File(bytes), options));
  EXPECT_THAT(etag, HasSubstr("-3"));
  ExpectOneObject(*client, key, bytes);
  ASSERT_OK_AND_ASSIGN(const aws::ObjectInfo info, client->HeadObject(key));
  EXPECT_EQ(info.metadata.at("run"), "r1");
  EXPECT_EQ(info.metadata.at("crc32"), fmt::format("{:08x}", aws::Crc32(bytes)));
  // The same file again is a repeated run; another one is refused and leaves nothing of itself.
  ASSERT_OK(client->PutFile(key, File(bytes), options).status());
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, client->PutFile(key, File(Bytes(7 << 20, 2)), options));
  ExpectOneObject(*client, key, bytes);
}

TEST_F(RealS3, StaleUploadsAreAborted) {
  const auto client = Client();
  aws::S3Options options{.bucket = server_->bucket(), .endpoint = server_->endpoint(), .sign_payload = {}};
  aws::S3Transport transport(options, aws::MakeStaticCredentials(Keys()), *http_, RealClock());
  const std::string key = prefix_ + "dead";
  // MinIO lists the uploads of one key, not those below a prefix.
  ASSERT_OK(transport
                .CallChecked({.action = "s3:CreateMultipartUpload",
                              .method = "POST",
                              .key = key,
                              .query = {{"uploads", ""}}})
                .status());
  ASSERT_OK_AND_ASSIGN(int aborted,
                       client->AbortStaleUploads(key, RealClock().Now() - std::chrono::hours(1)));
  EXPECT_EQ(aborted, 0);
  ASSERT_OK_AND_ASSIGN(aborted, client->AbortStaleUploads(key, RealClock().Now() + std::chrono::hours(1)));
  EXPECT_EQ(aborted, 1);
  ASSERT_OK_AND_ASSIGN(aborted, client->AbortStaleUploads(key, RealClock().Now() + std::chrono::hours(1)));
  EXPECT_EQ(aborted, 0);
}

TEST_F(RealS3, LostAcknowledgementNeitherLosesNorDoublesAnObject) {
  ASSERT_OK_AND_ASSIGN(const auto proxy, LossyProxy::Start(server_->endpoint()));
  const auto client = Client(SmallParts(proxy->url()));
  const std::string small = Bytes(100'000);
  const std::string big = Bytes(12 << 20);
  const aws::PutOptions only_new{.metadata = {}, .if_none_match = true, .if_match = ""};
  // A kept-alive connection that dies is replaced by libcurl itself once, so two losses make one that the
  // client sees.
  for (const int losses : {1, 2}) {
    const std::string run = fmt::format("{}{}/", prefix_, losses);
    int expected = proxy->lost() + losses;
    proxy->LoseAnswers("PUT ", "/doc", losses);
    ASSERT_OK(client->PutObject(run + "doc", "document", only_new).status());
    EXPECT_EQ(proxy->lost(), expected);

    expected = proxy->lost() + losses;
    proxy->LoseAnswers("PUT ", "/small", losses);
    ASSERT_OK(client->PutFile(run + "small", File(small), only_new).status());
    EXPECT_EQ(proxy->lost(), expected);

    expected = proxy->lost() + losses;
    proxy->LoseAnswers("PUT ", "partNumber=2", losses);
    ASSERT_OK(client->PutFile(run + "part", File(big), only_new).status());
    EXPECT_EQ(proxy->lost(), expected);

    expected = proxy->lost() + losses;
    proxy->LoseAnswers("POST ", "complete?uploadId=", losses);
    ASSERT_OK(client->PutFile(run + "complete", File(big), only_new).status());
    EXPECT_EQ(proxy->lost(), expected);

    ASSERT_OK_AND_ASSIGN(const auto objects, client->ListObjects(run));
    EXPECT_EQ(objects.size(), 4U);
    ExpectOneObject(*client, run + "doc", "document");
    ExpectOneObject(*client, run + "small", small);
    ExpectOneObject(*client, run + "part", big);
    ExpectOneObject(*client, run + "complete", big);
  }
}

TEST_F(RealS3, StorePublishesOnceAndWritesDocumentsByVersion) {
  ASSERT_OK_AND_ASSIGN(const auto store, store::MakeS3Store(Client(SmallParts())));
  EXPECT_EQ(store->kind(), "s3");
  const std::string key = prefix_ + "productos/p.csv";
  EXPECT_EQ(store->Uri(key), "s3://inventario-datalake/" + key);
  ASSERT_OK_AND_ASSIGN(auto head, store->Head(key));
  EXPECT_FALSE(head.has_value());
  for (const std::string& bytes : {std::string("id,nombre\n1,a\n"), Bytes(7 << 20)}) {
    const std::string file_key = fmt::format("{}-{}", key, bytes.size());
    const std::string path = File(bytes);
    ASSERT_OK(store->PublishFile(path, file_key, "text/csv", aws::Crc32(bytes)));
    ASSERT_OK(store->PublishFile(path, file_key, "text/csv", aws::Crc32(bytes)));
    ASSERT_OK_AND_ASSIGN(head, store->Head(file_key));
    ASSERT_TRUE(head.has_value());
    EXPECT_EQ(head->size, static_cast<int64_t>(bytes.size()));
    std::string other = bytes;
    other[0] = '#';
    EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists,
                      store->PublishFile(File(other, "other"), file_key, "text/csv", aws::Crc32(other)));
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, store->PublishFile(path, file_key + "-new", "text/csv", 1));
    ASSERT_OK_AND_ASSIGN(const auto document, store->Read(file_key));
    EXPECT_TRUE(document->text == bytes);
  }
  const std::string state = prefix_ + "_ingesta/state/productos.json";
  ASSERT_OK_AND_ASSIGN(auto missing, store->Read(state));
  EXPECT_FALSE(missing.has_value());
  ASSERT_OK_AND_ASSIGN(const std::string version, store->Write(state, "{\"n\":1}", ""));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, store->Write(state, "{\"n\":2}", ""));
  ASSERT_OK(store->Write(state, "{\"n\":3}", version).status());
  EXPECT_ERROR_CODE(ErrorCode::kConflict, store->Write(state, "{\"n\":4}", version));
  ASSERT_OK(store->Write(state, "{\"n\":5}", std::nullopt).status());
  ASSERT_OK_AND_ASSIGN(const auto document, store->Read(state));
  EXPECT_EQ(document->text, "{\"n\":5}");
  ASSERT_OK_AND_ASSIGN(const auto listed, store->List(prefix_ + "_ingesta/"));
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].version, document->version);
  ASSERT_OK(store->Delete(state));
  ASSERT_OK(store->Delete(state));
}

TEST_F(RealS3, SessionTokenOfAnAssumedRoleWorks) {
  if (!server_->is_minio()) GTEST_SKIP() << "STS: MinIO only";
  std::filesystem::create_directories(dir_ + "/.aws");
  std::ofstream(dir_ + "/.aws/credentials")
      << "[base]\naws_access_key_id = " << Keys().access_key_id
      << "\naws_secret_access_key = " << Keys().secret_access_key << "\n";
  std::ofstream(dir_ + "/.aws/config")
      << "[profile lake]\nrole_arn = arn:minio:iam:::role/lake\nsource_profile = base\n";
  const aws::Environment environment = {
      {"HOME", dir_}, {"AWS_PROFILE", "lake"}, {"AWS_ENDPOINT_URL_STS", server_->endpoint()}};
  ASSERT_OK_AND_ASSIGN(const auto provider, aws::MakeDefaultCredentials(environment, *http_, RealClock()));
  ASSERT_OK_AND_ASSIGN(aws::Credentials session, provider->Get());
  EXPECT_NE(session.access_key_id, Keys().access_key_id);
  EXPECT_FALSE(session.session_token.empty());
  ASSERT_OK_AND_ASSIGN(auto client, TryClient(session));
  ASSERT_OK(client->PutObject(prefix_ + "x", "1", {}).status());
  ExpectOneObject(*client, prefix_ + "x", "1");
  session.session_token.clear();
  const auto without = TryClient(session);
  EXPECT_ERROR_CODE(ErrorCode::kExpiredCredentials, without);
  EXPECT_THAT(HintOf(without.status()), HasSubstr("AWS_SESSION_TOKEN"));
}

TEST_F(RealS3, SeedsThreePermissionsSuffice) {
  if (!server_->is_minio()) GTEST_SKIP() << "policies: MinIO only";
  const std::string bucket = server_->bucket();
  ASSERT_OK_AND_ASSIGN(const aws::Credentials session,
                       Session(Allow(R"("s3:PutObject","s3:GetObject")", bucket + "/*") + "," +
                               Allow(R"("s3:ListBucket")", bucket)));
  ASSERT_OK_AND_ASSIGN(std::shared_ptr<aws::S3Client> client, TryClient(session, SmallParts()));
  ASSERT_OK(client->HeadBucket());
  ASSERT_OK_AND_ASSIGN(const auto store, store::MakeS3Store(client));
  for (const std::string& bytes : {std::string("id\n1\n"), Bytes(7 << 20)}) {
    const std::string key = fmt::format("{}p-{}.csv", prefix_, bytes.size());
    ASSERT_OK(store->PublishFile(File(bytes), key, "text/csv", aws::Crc32(bytes)));
    ASSERT_OK(store->PublishFile(File(bytes), key, "text/csv", aws::Crc32(bytes)));
    ExpectOneObject(*client, key, bytes);
  }
  ASSERT_OK_AND_ASSIGN(const std::string version, store->Write(prefix_ + "state", "1", ""));
  ASSERT_OK(store->Write(prefix_ + "state", "2", version).status());
  const auto aborted = client->AbortStaleUploads(prefix_, RealClock().Now());
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, aborted);
  EXPECT_THAT(HintOf(aborted.status()), HasSubstr("s3:ListBucketMultipartUploads"));
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, client->DeleteObject(prefix_ + "state"));
}

TEST_F(RealS3, KeysThatMayOnlyWritePublish) {
  if (!server_->is_minio()) GTEST_SKIP() << "policies: MinIO only";
  ASSERT_OK_AND_ASSIGN(const aws::Credentials session,
                       Session(Allow(R"("s3:PutObject")", server_->bucket() + "/*")));
  ASSERT_OK_AND_ASSIGN(std::shared_ptr<aws::S3Client> client, TryClient(session));
  const Status head = client->HeadBucket();
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, head);
  EXPECT_THAT(HintOf(head), HasSubstr("s3:ListBucket"));
  ASSERT_OK_AND_ASSIGN(const auto store, store::MakeS3Store(client));
  ASSERT_OK(store->PublishFile(File("1\n"), prefix_ + "x", "text/csv", aws::Crc32("1\n")));
  ExpectOneObject(*Client(), prefix_ + "x", "1\n");
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists,
                    store->PublishFile(File("2\n"), prefix_ + "x", "text/csv", aws::Crc32("2\n")));

  ASSERT_OK_AND_ASSIGN(const aws::Credentials reader,
                       Session(Allow(R"("s3:ListBucket")", server_->bucket())));
  ASSERT_OK_AND_ASSIGN(client, TryClient(reader));
  const auto put = client->PutObject(prefix_ + "y", "1", {});
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, put);
  EXPECT_THAT(put.status().message(),
              HasSubstr("access denied: s3:PutObject s3://inventario-datalake/" + prefix_ + "y"));
  EXPECT_THAT(HintOf(put.status()), HasSubstr("allow s3:PutObject on arn:aws:s3:::inventario-datalake/*"));
}

}  // namespace
}  // namespace ingesta::integration
