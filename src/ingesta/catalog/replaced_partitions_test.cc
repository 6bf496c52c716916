#include "ingesta/catalog/replaced_partitions.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "ingesta/aws/glue_test_fixture.h"
#include "ingesta/catalog/iceberg/filesystem_catalog.h"
#include "ingesta/catalog/iceberg/merge_test_fixture.h"
#include "ingesta/catalog/lake_maintenance.h"
#include "ingesta/store/local_store.h"

namespace ingesta::catalog {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr const char* kSingle = "parquet/t/fecha=2026-11-24/t.parquet";
constexpr const char* kFirst = "parquet/t/20261124_020000/fecha=2026-11-24/t-00001.parquet";
constexpr const char* kSecond = "parquet/t/20261124_060000/fecha=2026-11-24/t-00001.parquet";

class ReplacedPartitionsTest : public aws::GlueFixture {
 protected:
  void SetUp() override {
    GlueFixture::SetUp();
    root_ = ::testing::TempDir() + "replaced_partitions";
    std::filesystem::remove_all(root_);
    local_ = store::MakeLocalStore(root_);
    store_ = std::make_unique<iceberg::DatedStore>(*local_, clock_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Put(const std::string& key) { ASSERT_OK(store_->Write(key, "rows", std::nullopt).status()); }
  /// Let Glue's partition of that day be the folder of `key`.
  void PointAt(const std::string& key, const std::string& value = "2026-11-24") {
    aws::GluePartition partition;
    partition.values = {value};
    partition.storage.location = store_->Location(key.substr(0, key.rfind('/') + 1));
    if (fake_->Partitions("t_parquet").count("[\"" + value + "\"]") == 0) {
      ASSERT_OK(glue_->BatchCreatePartition("db", "t_parquet", {partition}).status());
    } else {
      ASSERT_OK(glue_->UpdatePartition("db", "t_parquet", partition));
    }
  }
  /// Keys of what was replaced more than a day ago.
  std::vector<std::string> Replaced() {
    const auto files = ReplacedPartitionFiles("t", *store_, *glue_, "db", clock_.Now() - hours(24));
    EXPECT_OK(files.status());
    std::vector<std::string> keys;
    for (const StoredObject& file : *files) keys.push_back(file.key);
    return keys;
  }

  std::string root_;
  std::unique_ptr<ObjectStore> local_;
  std::unique_ptr<ObjectStore> store_;  ///< dates its objects by the test's clock
};

TEST_F(ReplacedPartitionsTest, WhatAPartitionWasMadeOfGoesAfterItsGrace) {
  Put(kSingle);
  clock_.Advance(hours(48));
  Put(kFirst);
  clock_.Advance(hours(48));
  Put(kSecond);
  PointAt(kSecond);
  // However old the first run's files are: a query may have begun before the second took their place.
  EXPECT_THAT(Replaced(), ElementsAre(kSingle));
  clock_.Advance(hours(25));
  EXPECT_THAT(Replaced(), UnorderedElementsAre(kSingle, kFirst));
}

TEST_F(ReplacedPartitionsTest, WhatGlueDoesNotPointAtYetStays) {
  Put(kFirst);
  PointAt(kFirst);
  clock_.Advance(hours(48));
  Put(kSecond);  // of a run that died before it switched its tables
  clock_.Advance(hours(48));
  EXPECT_THAT(Replaced(), IsEmpty());
  PointAt(kSecond);
  EXPECT_THAT(Replaced(), ElementsAre(kFirst));
}

TEST_F(ReplacedPartitionsTest, WhatIsNotKnownStays) {
  Put(kFirst);
  Put("parquet/t/20261124_020000/fecha=2026-11-23/t-00001.parquet");  // no partition of that day in Glue
  clock_.Advance(hours(48));
  EXPECT_THAT(Replaced(), IsEmpty()) << "Glue has no partition at all";
  PointAt("parquet/t/20261125_020000/fecha=2026-11-24/t-00001.parquet");
  EXPECT_THAT(Replaced(), IsEmpty()) << "nobody knows since when it points there: nothing is in the folder";
}

TEST_F(ReplacedPartitionsTest, MaintenanceRemovesThemWithOrWithoutAnIcebergTable) {
  Put(kFirst);
  clock_.Advance(hours(48));
  Put(kSecond);
  PointAt(kSecond);
  clock_.Advance(hours(100));
  iceberg::FilesystemCatalog tables(*store_, clock_);
  const LakeMaintenanceContext context{tables, *store_, clock_, random_, glue_.get(), "db"};
  const auto planned = MaintainLake({"t"}, {.dry_run = true}, context);
  EXPECT_OK(planned[0].status);
  EXPECT_THAT(planned[0].replaced_files, ElementsAre(kFirst));
  EXPECT_EQ(planned[0].replaced_bytes, 4);
  EXPECT_THAT(MaintainLake({"t"}, {.remove_orphans = false}, context)[0].replaced_files, IsEmpty());
  ASSERT_OK_AND_ASSIGN(auto first, store_->Head(kFirst));
  EXPECT_TRUE(first.has_value());

  const auto done = MaintainLake({"t"}, {}, context);
  EXPECT_THAT(done[0].replaced_files, ElementsAre(kFirst));
  EXPECT_THAT(done[0].left, IsEmpty());
  ASSERT_OK_AND_ASSIGN(first, store_->Head(kFirst));
  EXPECT_FALSE(first.has_value());
  ASSERT_OK_AND_ASSIGN(const auto second, store_->Head(kSecond));
  EXPECT_TRUE(second.has_value());
  EXPECT_FALSE(MaintainLake({"t"}, {}, context)[0].changed());
}

}  // namespace
}  // namespace ingesta::catalog
