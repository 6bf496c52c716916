#include "ingesta/pipeline/run_spool.h"

#include <filesystem>

#include "ingesta/base/fs.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::pipeline {
namespace {

using ::testing::HasSubstr;

class RunSpoolTest : public ::testing::Test {
 protected:
  RunSpoolTest() {
    char name[] = "/tmp/ingesta-spool-XXXXXX";
    root_ = mkdtemp(name);
    spool_ = std::make_unique<RunSpool>(root_, "productos", "r1");
    EXPECT_OK(spool_->Open());
  }
  ~RunSpoolTest() override { std::filesystem::remove_all(root_); }

  std::string Path(const std::string& name) const { return spool_->folder() + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    EXPECT_OK(AtomicWriteFile(Path(name), text));
  }

  std::string root_;
  std::unique_ptr<RunSpool> spool_;
};

TEST_F(RunSpoolTest, ClearKeepsCheckpointsAndWhatTheyName) {
  DatasetRecord dataset;
  dataset.name = "productos";
  dataset.completeness.explanation = R"(text with "spool_path": "trap.csv" in it)";
  dataset.files = {{.spool_path = "productos.csv"}, {.spool_path = "productos \"1\".json"}};
  dataset.quarantine = DatasetFile{.spool_path = "productos.rejected"};
  dataset.validations = {{.spool_path = "productos.validation1.json"}};
  EXPECT_OK(spool_->SaveCheckpoint("productos", {dataset}, "another configuration"));
  for (const char* name : {"productos.csv", "productos.validation1.json", "productos \"1\".json",
                           "productos.rejected", "trap.csv", "ordenes.csv", "ordenes.csv.part1"}) {
    Write(name, "x");
  }
  ASSERT_OK(spool_->Clear());
  for (const char* name : {"productos.done.json", "productos.csv", "productos.validation1.json",
                           "productos \"1\".json", "productos.rejected"}) {
    EXPECT_TRUE(PathExists(Path(name))) << name;
  }
  for (const char* name : {"trap.csv", "ordenes.csv", "ordenes.csv.part1"}) {
    EXPECT_FALSE(PathExists(Path(name))) << name;
  }
}

TEST_F(RunSpoolTest, ForgetMakesRoomForTheResourcesFiles) {
  DatasetRecord dataset;
  dataset.name = "productos";
  dataset.files = {{.spool_path = "productos.csv"}};
  dataset.quarantine = DatasetFile{.spool_path = "productos.rejected"};
  dataset.validations = {{.spool_path = "productos.validation1.json"}};
  ASSERT_OK(spool_->SaveCheckpoint("productos", {dataset}, "another configuration"));
  for (const char* name :
       {"productos.csv", "productos.rejected", "productos.validation1.json", "ordenes.csv"})
    Write(name, "x");
  ASSERT_OK(spool_->Forget("ordenes"));
  EXPECT_TRUE(PathExists(Path("productos.csv")));
  ASSERT_OK(spool_->Forget("productos"));
  for (const char* name :
       {"productos.done.json", "productos.csv", "productos.rejected", "productos.validation1.json"}) {
    EXPECT_FALSE(PathExists(Path(name))) << name;
  }
  EXPECT_TRUE(PathExists(Path("ordenes.csv")));
}

TEST_F(RunSpoolTest, ClearRemovesACheckpointThatCantBeRead) {
  Write("productos.done.json", R"({"datasets": [{"files": [{"spool_path": "productos.csv")");
  Write("productos.csv", "x");
  ASSERT_OK(spool_->Clear());
  EXPECT_FALSE(PathExists(Path("productos.done.json")));
  EXPECT_FALSE(PathExists(Path("productos.csv")));
}

TEST_F(RunSpoolTest, LoadPreparedTellsAbsentFromUnreadable) {
  ASSERT_OK_AND_ASSIGN(const auto none, spool_->LoadPrepared());
  EXPECT_FALSE(none.has_value());
  Write("prepared.json", "{\"run_id\": \"r1\", ");
  const Status corrupt = spool_->LoadPrepared().status();
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, corrupt);
  EXPECT_THAT(corrupt.message(), HasSubstr(Path("prepared.json")));
  EXPECT_THAT(HintOf(corrupt), HasSubstr("move " + spool_->folder()));
  std::filesystem::remove(Path("prepared.json"));
  std::filesystem::create_directory(Path("prepared.json"));
  const Status unreadable = spool_->LoadPrepared().status();
  EXPECT_ERROR_CODE(ErrorCode::kIo, unreadable);
  EXPECT_THAT(unreadable.message(), HasSubstr(Path("prepared.json")));
}

}  // namespace
}  // namespace ingesta::pipeline
