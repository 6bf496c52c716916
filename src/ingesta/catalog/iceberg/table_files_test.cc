#include "ingesta/catalog/iceberg/table_files.h"

#include "ingesta/catalog/iceberg/table_test_fixture.h"

namespace ingesta::iceberg {
namespace {

class TableFilesTest : public TableTest {
 protected:
  void SetUp() override {
    TableTest::SetUp();
    ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {1, 2, 3})).status());
    ASSERT_OK(Writer().Commit(Operation(WriteMode::kAppend, {4})).status());
    ASSERT_OK(Writer().Commit(Operation(WriteMode::kReplace, {5, 6})).status());
  }

  TableFiles Walk() {
    auto files = WalkTable(*store_, *Load());
    EXPECT_OK(files.status());
    return files.ok() ? *std::move(files) : TableFiles{};
  }
};

TEST_F(TableFilesTest, NamesEveryObjectOfTheTableWithItsSize) {
  const TableFiles files = Walk();
  ASSERT_OK_AND_ASSIGN(const auto stored, store_->List("iceberg/t/"));
  std::map<std::string, int64_t> sizes;
  for (const StoredObject& object : stored) sizes[object.key] = object.size;
  std::map<std::string, int> roles;
  for (const auto& [key, object] : files.objects) {
    ASSERT_EQ(sizes.count(key), 1U) << key;
    EXPECT_TRUE(object.bytes < 0 || object.bytes == sizes[key]) << key << ": " << object.bytes;
    ++roles[object.role];
  }
  EXPECT_EQ(files.objects.size(), sizes.size());
  EXPECT_EQ(roles["data file"], 3);
  EXPECT_EQ(roles["manifest list"], 3);
  EXPECT_EQ(roles["metadata"], 4) << "three versions and the hint";
  EXPECT_TRUE(files.unreadable.empty());
}

TEST_F(TableFilesTest, CountsTheRowsOfEachSnapshot) {
  const LoadedTable table = *Load();
  std::vector<int64_t> rows;
  for (const Snapshot& snapshot : table.metadata.snapshots) rows.push_back(Walk().rows[snapshot.id].data);
  EXPECT_EQ(rows, (std::vector<int64_t>{3, 4, 2}));
}

TEST_F(TableFilesTest, GoesOnWhereAnObjectIsMissingOrBroken) {
  const TableFiles whole = Walk();
  for (const auto& [role, code] :
       {std::pair("manifest", ErrorCode::kNotFound), std::pair("manifest list", ErrorCode::kCorrupt)}) {
    for (const auto& [key, object] : whole.objects) {
      if (object.role != role) continue;
      ASSERT_OK_AND_ASSIGN(const auto kept, store_->Read(key));
      if (code == ErrorCode::kNotFound) {
        ASSERT_OK(store_->Delete(key));
      } else {
        ASSERT_OK(store_->Write(key, "not avro", std::nullopt).status());
      }
      const TableFiles files = Walk();
      ASSERT_EQ(files.unreadable.size(), 1U) << key;
      EXPECT_EQ(store_->KeyOf(files.unreadable[0].location), key);
      EXPECT_EQ(CodeOf(files.unreadable[0].status), code);
      EXPECT_EQ(files.objects.count(key), 1U);
      bool incomplete = false;
      for (const auto& [id, rows] : files.rows) incomplete = incomplete || !rows.complete;
      EXPECT_TRUE(incomplete) << "rows that can't be counted are not compared";
      ASSERT_OK(store_->Write(key, kept->text, std::nullopt).status());
    }
  }
}

}  // namespace
}  // namespace ingesta::iceberg
