// S3Store on an S3 client in memory, with what real servers do rarely: races, lost acknowledgements, missing
// permissions.
#include "ingesta/store/s3_store.h"

#include <fmt/format.h>
#include <isa-l/crc.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "ingesta/testing/matchers.h"

namespace ingesta::store {
namespace {

struct FakeObject {
  std::string bytes;
  std::string etag;
  std::map<std::string, std::string> metadata;
};

class FakeS3 final : public aws::S3Client {
 public:
  Status HeadBucket() override { return Status::OK(); }
  Result<aws::ObjectInfo> HeadObject(const std::string& key) override {
    ++heads;
    if (!head_error.ok()) return head_error;
    const auto found = objects.find(key);
    if (found == objects.end()) return MakeError(ErrorCode::kNotFound, key);
    return aws::ObjectInfo{.size = static_cast<int64_t>(found->second.bytes.size()),
                           .etag = found->second.etag,
                           .metadata = found->second.metadata};
  }
  Result<std::string> GetObject(const std::string& key, aws::ObjectInfo* info) override {
    const auto found = objects.find(key);
    if (found == objects.end()) return MakeError(ErrorCode::kNotFound, key);
    *info = {.size = static_cast<int64_t>(found->second.bytes.size()),
             .etag = found->second.etag,
             .metadata = found->second.metadata};
    return found->second.bytes;
  }
  Result<aws::ObjectInfo> GetFile(const std::string& key, const std::string& path) override {
    aws::ObjectInfo info;
    ARROW_ASSIGN_OR_RAISE(const std::string bytes, GetObject(key, &info));
    std::ofstream(path) << bytes;
    return info;
  }
  Result<std::string> PutObject(const std::string& key, std::string bytes,
                                const aws::PutOptions& options) override {
    const auto found = objects.find(key);
    if (options.if_none_match && found != objects.end()) return MakeError(ErrorCode::kAlreadyExists, key);
    if (!options.if_match.empty() && (found == objects.end() || found->second.etag != options.if_match)) {
      return MakeError(ErrorCode::kConflict, key);
    }
    FakeObject& object = objects[key];
    object = {std::move(bytes), fmt::format("\"{}\"", ++puts), options.metadata};
    return object.etag;
  }
  Result<std::string> PutFile(const std::string& key, const std::string& path,
                              const aws::PutOptions& options) override {
    if (before_put_file) before_put_file();
    std::ifstream file(path);
    last_content_type = options.content_type;
    return PutObject(key, std::string(std::istreambuf_iterator<char>(file), {}), options);
  }
  Result<std::vector<aws::ListedObject>> ListObjects(const std::string& prefix) override {
    std::vector<aws::ListedObject> listed;
    for (const auto& [key, object] : objects) {
      if (key.starts_with(prefix))
        listed.push_back(
            {.key = key, .size = static_cast<int64_t>(object.bytes.size()), .etag = object.etag});
    }
    return listed;
  }
  Status DeleteObject(const std::string& key) override {
    objects.erase(key);
    return Status::OK();
  }
  Result<int> AbortStaleUploads(const std::string&, SystemTime) override { return 0; }
  bool conditional_writes() const override { return true; }
  aws::S3Options options() const override { return {.bucket = "lake", .endpoint = "", .sign_payload = {}}; }

  std::map<std::string, FakeObject> objects;
  Status head_error;
  std::function<void()> before_put_file;
  std::string last_content_type;
  int puts = 0;
  int heads = 0;
};

class S3StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-s3-store-XXXXXX").string();
    dir_ = mkdtemp(pattern.data());
    ASSERT_OK_AND_ASSIGN(store_, MakeS3Store(s3_));
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  Status Publish(const std::string& key, const std::string& bytes) {
    const std::string path = dir_ + "/file";
    std::ofstream(path) << bytes;
    return store_->PublishFile(path, key, "text/csv", Crc(bytes));
  }
  static uint32_t Crc(const std::string& bytes) {
    return crc32_gzip_refl(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }

  std::shared_ptr<FakeS3> s3_ = std::make_shared<FakeS3>();
  std::unique_ptr<ObjectStore> store_;
  std::string dir_;
};

TEST_F(S3StoreTest, NamesItself) {
  EXPECT_EQ(store_->kind(), "s3");
  EXPECT_EQ(store_->Uri(), "s3://lake");
  EXPECT_EQ(store_->Uri("a/b.csv"), "s3://lake/a/b.csv");
  EXPECT_FALSE(MakeS3Store(nullptr).ok());
}

TEST_F(S3StoreTest, PublishesOnceWithChecksumAndType) {
  ASSERT_OK(Publish("p.csv", "123456789"));
  EXPECT_EQ(s3_->objects["p.csv"].metadata["crc32"], "cbf43926");
  EXPECT_EQ(s3_->last_content_type, "text/csv");
  ASSERT_OK(Publish("p.csv", "123456789"));
  EXPECT_EQ(s3_->puts, 1) << "a repeated run does not send the file again";
}

TEST_F(S3StoreTest, NeverReplacesAnotherObject) {
  ASSERT_OK(Publish("p.csv", "123456789"));
  const Status other = Publish("p.csv", "123456788");
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, other);
  EXPECT_THAT(other.message(), ::testing::HasSubstr("cbf43926"));
  s3_->objects["foreign.csv"] = {"123456789", "\"e\"", {}};
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, Publish("foreign.csv", "123456789"));
  EXPECT_EQ(s3_->objects["p.csv"].bytes, "123456789");
}

TEST_F(S3StoreTest, RaceIsDecidedByContent) {
  s3_->before_put_file = [this] { s3_->objects["p.csv"] = {"123456789", "\"e\"", {{"crc32", "cbf43926"}}}; };
  ASSERT_OK(Publish("p.csv", "123456789"));
  s3_->objects.clear();
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, Publish("p.csv", "12345678"));
}

TEST_F(S3StoreTest, PublishesWithoutThePermissionToLook) {
  s3_->head_error = MakeError(ErrorCode::kAccessDenied, "403");
  ASSERT_OK(Publish("p.csv", "1"));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, Publish("p.csv", "2"));
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, store_->Head("p.csv"));
  s3_->head_error = MakeError(ErrorCode::kConnectFailed, "down");
  EXPECT_ERROR_CODE(ErrorCode::kConnectFailed, Publish("q.csv", "2"));
}

TEST_F(S3StoreTest, WritesDocumentsByVersion) {
  ASSERT_OK_AND_ASSIGN(auto none, store_->Read("s"));
  EXPECT_FALSE(none.has_value());
  ASSERT_OK_AND_ASSIGN(const std::string version, store_->Write("s", "1", ""));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, store_->Write("s", "2", ""));
  ASSERT_OK(store_->Write("s", "3", version).status());
  EXPECT_ERROR_CODE(ErrorCode::kConflict, store_->Write("s", "4", version));
  ASSERT_OK(store_->Write("s", "5", std::nullopt).status());
  ASSERT_OK_AND_ASSIGN(const auto document, store_->Read("s"));
  EXPECT_EQ(document->text, "5");
  ASSERT_OK_AND_ASSIGN(const auto head, store_->Head("s"));
  EXPECT_EQ(head->version, document->version);
  ASSERT_OK_AND_ASSIGN(const auto listed, store_->List(""));
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].version, document->version);
  ASSERT_OK(store_->Delete("s"));
  ASSERT_OK_AND_ASSIGN(const auto gone, store_->Head("s"));
  EXPECT_FALSE(gone.has_value());
}

}  // namespace
}  // namespace ingesta::store
