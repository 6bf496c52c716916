#include "ingesta/catalog/glue/hive_registry.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "ingesta/aws/glue_test_fixture.h"

namespace ingesta::catalog {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using Kind = HiveChange::Kind;
using Fault = aws::FakeGlue::Fault;

class HiveRegistryTest : public aws::GlueFixture {
 protected:
  static HiveDataset Dataset(std::shared_ptr<arrow::Schema> schema = nullptr) {
    HiveDataset dataset;
    dataset.name = "productos";
    dataset.schema = schema != nullptr ? std::move(schema)
                                       : arrow::schema({arrow::field("id", arrow::int64()),
                                                        arrow::field("precio", arrow::decimal128(18, 2))});
    dataset.formats = {{"csv", "s3://lake/productos/"},
                       {"json", "s3://lake/json/productos/"},
                       {"parquet", "s3://lake/parquet/productos/"}};
    dataset.symlink_location = "s3://lake/symlink/productos/";
    dataset.partition_key = "fecha";
    dataset.partitions = {{"2026-11-24", "s3://lake/parquet/productos/fecha=2026-11-24/"}};
    return dataset;
  }
  HiveRegistry Registry() { return {*glue_, "db"}; }
  static const HiveChange& Of(const std::vector<HiveChange>& changes, const std::string& table) {
    for (const HiveChange& change : changes) {
      if (change.table == table) return change;
    }
    static const HiveChange kNone;
    ADD_FAILURE() << "no change of " << table;
    return kNone;
  }
  std::string LocationOf(const std::string& value) {
    return fake_->Partitions("productos_parquet")["[\"" + value + "\"]"]["StorageDescriptor"]["Location"];
  }
};

TEST_F(HiveRegistryTest, MakesTheDatabaseOnceAndToleratesAnotherMaker) {
  ASSERT_OK(Registry().EnsureDatabase("the lake"));
  ASSERT_OK(Registry().EnsureDatabase("the lake"));
  EXPECT_EQ(fake_->Calls("CreateDatabase"), 1);
  HiveRegistry other(*glue_, "other");
  fake_->Next("CreateDatabase", {Fault::kLostAnswer});
  ASSERT_OK(other.EnsureDatabase("the lake"));
}

TEST_F(HiveRegistryTest, TheSecondTimeWritesNothing) {
  ASSERT_OK_AND_ASSIGN(auto changes, Registry().Publish(Dataset()));
  EXPECT_EQ(changes.size(), 6);
  for (const HiveChange& change : changes) EXPECT_EQ(change.kind, Kind::kCreated) << change.table;
  EXPECT_EQ(Of(changes, "productos_parquet").partitions_created, 1);
  const int writes = fake_->Writes();
  EXPECT_EQ(writes, 7);
  ASSERT_OK_AND_ASSIGN(changes, Registry().Publish(Dataset()));
  for (const HiveChange& change : changes) EXPECT_EQ(change.kind, Kind::kUnchanged) << change.table;
  EXPECT_EQ(fake_->Writes(), writes);
}

TEST_F(HiveRegistryTest, ASpellingOfGluesOwnIsNoDifference) {
  ASSERT_OK(Registry().Publish(Dataset()).status());
  Json table = fake_->Table("productos_parquet");
  table["StorageDescriptor"]["Columns"][1]["Type"] = "DECIMAL(18, 2)";
  table["StorageDescriptor"]["Location"] = "s3://lake/parquet/productos";
  fake_->PutTable("productos_parquet", table);
  const int writes = fake_->Writes();
  ASSERT_OK(Registry().Publish(Dataset()).status());
  EXPECT_EQ(fake_->Writes(), writes);
}

TEST_F(HiveRegistryTest, ASchemaChangeUpdatesTablesViewsAndRegisteredPartitions) {
  HiveDataset dataset = Dataset();
  dataset.partitions.push_back({"2026-11-23", "s3://lake/parquet/productos/fecha=2026-11-23/"});
  ASSERT_OK(Registry().Publish(dataset).status());
  ASSERT_OK_AND_ASSIGN(
      const auto changes,
      Registry().Publish(Dataset(
          arrow::schema({arrow::field("id", arrow::int64()), arrow::field("precio", arrow::decimal128(20, 4)),
                         arrow::field("nuevo", arrow::boolean())}))));
  for (const HiveChange& change : changes) EXPECT_EQ(change.kind, Kind::kUpdated) << change.table;
  EXPECT_EQ(Of(changes, "productos_parquet").partitions_updated, 2);
  for (const auto& [values, partition] : fake_->Partitions("productos_parquet")) {
    EXPECT_EQ(partition["StorageDescriptor"]["Columns"][1]["Type"], "decimal(20,4)") << values;
    EXPECT_EQ(partition["StorageDescriptor"]["Columns"].size(), 3) << values;
  }
}

TEST_F(HiveRegistryTest, ACutSchemaChangeIsTakenUpByTheNextRun) {
  HiveDataset dataset = Dataset();
  dataset.partitions.push_back({"2026-11-23", "s3://lake/parquet/productos/fecha=2026-11-23/"});
  ASSERT_OK(Registry().Publish(dataset).status());
  dataset.schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("b", arrow::utf8())});
  fake_->Next("UpdatePartition", {Fault::kNone, Fault::kDenied});
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, Registry().Publish(dataset));
  ASSERT_OK(Registry().Publish(dataset).status());
  for (const auto& [values, partition] : fake_->Partitions("productos_parquet")) {
    EXPECT_EQ(partition["StorageDescriptor"]["Columns"][1]["Name"], "b") << values;
  }
}

TEST_F(HiveRegistryTest, KeepsWhatOthersWrote) {
  ASSERT_OK(Registry().Publish(Dataset()).status());
  Json table = fake_->Table("productos_csv");
  table["Owner"] = "ana";
  table["Parameters"]["theirs"] = "1";
  table["StorageDescriptor"]["Columns"][0]["Comment"] = "written by hand";
  table["Parameters"].erase("classification");
  fake_->PutTable("productos_csv", table);
  ASSERT_OK_AND_ASSIGN(const auto changes, Registry().Publish(Dataset()));
  EXPECT_EQ(Of(changes, "productos_csv").kind, Kind::kUpdated);
  table = fake_->Table("productos_csv");
  EXPECT_EQ(table["Owner"], "ana");
  EXPECT_EQ(table["Parameters"]["theirs"], "1");
  EXPECT_EQ(table["Parameters"]["classification"], "csv");
  EXPECT_EQ(table["StorageDescriptor"]["Columns"][0]["Comment"], "written by hand");
}

TEST_F(HiveRegistryTest, RepointsAndDropsPartitions) {
  HiveDataset dataset = Dataset();
  dataset.partitions.push_back({"2026-11-23", "s3://lake/parquet/productos/fecha=2026-11-23/"});
  ASSERT_OK(Registry().Publish(dataset).status());
  dataset.partitions = {{"2026-11-24", "s3://lake/parquet/productos/fecha=2026-11-24/run-2/"}};
  dataset.gone_partitions = {"2026-11-23", "2026-11-01"};
  ASSERT_OK_AND_ASSIGN(const auto changes, Registry().Publish(dataset));
  const HiveChange& change = Of(changes, "productos_parquet");
  EXPECT_EQ(change.kind, Kind::kUnchanged);
  EXPECT_EQ(change.partitions_created, 0);
  EXPECT_EQ(change.partitions_updated, 1);
  EXPECT_EQ(change.partitions_dropped, 1);
  EXPECT_EQ(LocationOf("2026-11-24"), "s3://lake/parquet/productos/fecha=2026-11-24/run-2/");
  EXPECT_EQ(fake_->Partitions("productos_parquet").size(), 1);
}

TEST_F(HiveRegistryTest, ManyPartitionsTakeOneListingAndFewCalls) {
  HiveDataset dataset = Dataset();
  dataset.partitions.clear();
  for (int i = 0; i < 250; ++i)
    dataset.partitions.push_back({std::to_string(i), "s3://lake/p/" + std::to_string(i)});
  ASSERT_OK(Registry().Publish(dataset).status());
  EXPECT_EQ(fake_->Calls("GetPartition"), 0);
  EXPECT_EQ(fake_->Calls("BatchCreatePartition"), 3);
  EXPECT_EQ(fake_->Partitions("productos_parquet").size(), 250);
}

TEST_F(HiveRegistryTest, EndsInTheSameCatalogWhateverCallIsLost) {
  for (const char* operation : {"CreateTable", "UpdateTable", "BatchCreatePartition", "UpdatePartition",
                                "BatchDeletePartition", "GetTable", "GetPartition"}) {
    for (const Fault fault : {Fault::kLostAnswer, Fault::kLostRequest, Fault::kFailed, Fault::kThrottled}) {
      SCOPED_TRACE(fmt::format("{} {}", operation, static_cast<int>(fault)));
      SetUp();
      HiveDataset dataset = Dataset();
      dataset.partitions.push_back({"2026-11-23", "s3://lake/parquet/productos/fecha=2026-11-23/"});
      fake_->Next(operation, {fault});
      ASSERT_OK_AND_ASSIGN(auto changes, Registry().Publish(dataset));
      EXPECT_EQ(Of(changes, "productos_csv").kind, Kind::kCreated);
      EXPECT_EQ(Of(changes, "productos_parquet").partitions_created, 2);
      dataset = Dataset(arrow::schema({arrow::field("id", arrow::int64())}));
      dataset.partitions = {{"2026-11-24", "s3://lake/elsewhere/"}};
      dataset.gone_partitions = {"2026-11-23"};
      fake_->Next(operation, {fault});
      ASSERT_OK_AND_ASSIGN(changes, Registry().Publish(dataset));
      EXPECT_EQ(Of(changes, "productos_csv").kind, Kind::kUpdated);
      EXPECT_EQ(fake_->Partitions("productos_parquet").size(), 1);
      EXPECT_EQ(LocationOf("2026-11-24"), "s3://lake/elsewhere/");
      const int writes = fake_->Writes() - fake_->Calls("BatchDeletePartition");
      ASSERT_OK(Registry().Publish(dataset).status());
      EXPECT_EQ(fake_->Writes() - fake_->Calls("BatchDeletePartition"), writes) << "the catalog was complete";
    }
  }
}

TEST_F(HiveRegistryTest, LeavesTablesOfOthersAlone) {
  fake_->PutTable("productos_csv", Json::parse(R"({"Parameters": {"table_type": "ICEBERG"}})"));
  EXPECT_ERROR_CODE(ErrorCode::kConflict, Registry().Publish(Dataset()));
  EXPECT_EQ(fake_->Writes(), 0);

  SetUp();
  fake_->PutTable("productos_parquet",
                  Json::parse(R"({"PartitionKeys": [{"Name": "anio", "Type": "int"}], "Parameters": {}})"));
  const Status status = Registry().Publish(Dataset()).status();
  EXPECT_ERROR_CODE(ErrorCode::kConflict, status);
  EXPECT_THAT(HintOf(status), HasSubstr("aws glue delete-table --database-name db --name productos_parquet"));
}

TEST_F(HiveRegistryTest, AnotherPartitionKeyMakesOurTableAnew) {
  ASSERT_OK(Registry().Publish(Dataset()).status());
  HiveDataset dataset = Dataset();
  dataset.partition_key = "precio_day";
  dataset.partitions = {{"1", "s3://lake/parquet/productos/precio_day=1/"}};
  ASSERT_OK_AND_ASSIGN(const auto changes, Registry().Publish(dataset));
  EXPECT_EQ(Of(changes, "productos_parquet").kind, Kind::kRecreated);
  EXPECT_EQ(Of(changes, "productos_parquet").partitions_created, 1);
  EXPECT_EQ(fake_->Partitions("productos_parquet").size(), 1);
  EXPECT_EQ(fake_->Table("productos_parquet")["PartitionKeys"][0]["Name"], "precio_day");
}

TEST_F(HiveRegistryTest, WritersAtOnceLoseNothing) {
  constexpr int kWriters = 8;
  std::vector<std::thread> threads;
  std::vector<Status> results(kWriters);
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([&, i] {
      HiveDataset dataset = Dataset();
      dataset.partitions = {{std::to_string(i), "s3://lake/p/" + std::to_string(i)}};
      HiveRegistry registry(*glue_, "db");
      results[static_cast<size_t>(i)] = registry.Publish(dataset).status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& status : results) EXPECT_OK(status);
  EXPECT_EQ(fake_->Partitions("productos_parquet").size(), kWriters);
  EXPECT_EQ(fake_->Calls("UpdateTable"), 0);
}

}  // namespace
}  // namespace ingesta::catalog
