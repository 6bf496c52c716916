#include "ingesta/catalog/glue/glue_table_catalog.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "ingesta/aws/glue_test_fixture.h"
#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/store/local_store.h"

namespace ingesta::catalog {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using Fault = aws::FakeGlue::Fault;

class GlueTables : public aws::GlueFixture {
 protected:
  void SetUp() override {
    GlueFixture::SetUp();
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-glue-XXXXXX").string();
    dir_ = mkdtemp(pattern.data());
    store_ = store::MakeLocalStore(dir_);
    catalog_ = Catalog();
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<GlueTableCatalog> Catalog() {
    return std::make_unique<GlueTableCatalog>(*glue_, "db", *store_, clock_, random_);
  }
  iceberg::TableWriter Writer(iceberg::RetryOptions retry = {}) {
    return {*catalog_, *store_, clock_, random_, retry};
  }
  static iceberg::TableOperation Operation(const std::string& run_id) {
    const auto schema = iceberg::AssignFieldIds(
        std::nullopt, *arrow::schema({arrow::field("id", arrow::int64(), false),
                                      arrow::field("total", arrow::decimal128(18, 2)),
                                      arrow::field("hora", arrow::timestamp(arrow::TimeUnit::MICRO)),
                                      arrow::field("notas", arrow::list(arrow::utf8()))}));
    EXPECT_TRUE(schema.ok()) << schema.status().ToString();
    iceberg::TableOperation operation;
    operation.table = "ordenes";
    operation.schema = schema.ValueOr(nullptr);
    operation.run_id = run_id;
    return operation;
  }
  /// Set a property: the smallest change of metadata that can be told apart.
  static iceberg::Change SetProperty(const std::string& name) {
    iceberg::Change change;
    change.updates = {iceberg::update::SetProperties{{{name, "1"}}}};
    return change;
  }
  void CreateTable() { ASSERT_OK(Writer().Commit(Operation("first")).status()); }
  iceberg::LoadedTable Loaded() {
    auto table = Catalog()->Load("ordenes");
    EXPECT_TRUE(table.ok() && table->has_value()) << table.status().ToString();
    return table.ok() && table->has_value() ? **table : iceberg::LoadedTable{};
  }
  bool Exists(const std::string& location) {
    const auto key = store_->KeyOf(location);
    return key && store_->Head(*key).ValueOr(std::nullopt).has_value();
  }
  /// What the table names, now and in its past, is there.
  void ExpectNothingLiveDeleted() {
    const iceberg::LoadedTable table = Loaded();
    EXPECT_TRUE(Exists(table.metadata_location));
    for (const auto& entry : table.metadata.metadata_log) EXPECT_TRUE(Exists(entry.metadata_file));
  }

  std::string dir_;
  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<GlueTableCatalog> catalog_;
};

TEST_F(GlueTables, ANewTableIsListedAsAthenaWantsIt) {
  CreateTable();
  const Json table = fake_->Table("ordenes");
  EXPECT_EQ(table["TableType"], "EXTERNAL_TABLE");
  EXPECT_EQ(table["Parameters"]["table_type"], "ICEBERG");
  EXPECT_FALSE(table["Parameters"].contains("previous_metadata_location"));
  const std::string location = table["Parameters"]["metadata_location"];
  EXPECT_TRUE(Exists(location));
  EXPECT_THAT(location, ::testing::ContainsRegex("/iceberg/ordenes/metadata/00000-[0-9a-f-]+.metadata.json"));
  const Json& storage = table["StorageDescriptor"];
  EXPECT_EQ(storage["Location"], store_->Location("iceberg/ordenes"));
  std::vector<std::string> columns;
  for (const Json& column : storage["Columns"]) {
    columns.push_back(column["Name"].get<std::string>() + " " + column["Type"].get<std::string>());
  }
  EXPECT_THAT(columns, ::testing::ElementsAre("id bigint", "total decimal(18,2)", "hora timestamp",
                                              "notas array<string>"));
  EXPECT_EQ(storage["Columns"][0]["Parameters"]["iceberg.field.optional"], "false");
}

TEST_F(GlueTables, ACommitMovesThePointerAndKeepsWhatOthersWrote) {
  CreateTable();
  Json table = fake_->Table("ordenes");
  const std::string before = table["Parameters"]["metadata_location"];
  table["Owner"] = "ana";
  table["Parameters"]["theirs"] = "1";
  fake_->PutTable("ordenes", table);
  ASSERT_OK_AND_ASSIGN(const auto after, catalog_->Commit("ordenes", Loaded(), SetProperty("a")));
  table = fake_->Table("ordenes");
  EXPECT_EQ(table["Parameters"]["metadata_location"], after.metadata_location);
  EXPECT_EQ(table["Parameters"]["previous_metadata_location"], before);
  EXPECT_EQ(table["Parameters"]["theirs"], "1");
  EXPECT_EQ(table["Owner"], "ana");
  EXPECT_THAT(after.metadata_location, HasSubstr("/00001-"));
  const Json sent = Json::parse(fake_->requests().back().body);
  EXPECT_EQ(sent["SkipArchive"], true);
  EXPECT_TRUE(sent.contains("VersionId"));
  EXPECT_EQ(Loaded().metadata.properties.count("a"), 1);
}

TEST_F(GlueTables, NothingIsVisibleBeforeTheSwap) {
  CreateTable();
  const auto base = Loaded();
  ASSERT_OK_AND_ASSIGN(const auto prepared, catalog_->Prepare("ordenes", base, SetProperty("a")));
  EXPECT_EQ(Loaded().metadata_location, base.metadata_location);
  catalog_->Discard(prepared);
  EXPECT_FALSE(Exists(prepared.metadata_location));
}

TEST_F(GlueTables, AWriterOnAnOldBaseIsToldSo) {
  CreateTable();
  const auto base = Loaded();
  ASSERT_OK(catalog_->Commit("ordenes", base, SetProperty("a")).status());
  EXPECT_ERROR_CODE(ErrorCode::kConflict, catalog_->Commit("ordenes", base, SetProperty("b")));
  EXPECT_EQ(fake_->Calls("UpdateTable"), 1) << "the second was not even tried";
}

TEST_F(GlueTables, AnotherWriterBetweenReadingAndWritingIsNoticed) {
  CreateTable();
  const auto base = Loaded();
  bool intruded = false;
  fake_->before_call = [&](const std::string& operation) {
    if (operation != "UpdateTable" || intruded) return;
    intruded = true;
    Json table = fake_->Table("ordenes");
    table["Parameters"]["metadata_location"] = "file:///elsewhere";
    fake_->PutTable("ordenes", table);
  };
  ASSERT_OK_AND_ASSIGN(const auto prepared, catalog_->Prepare("ordenes", base, SetProperty("a")));
  EXPECT_ERROR_CODE(ErrorCode::kConflict, catalog_->Swap(prepared));
}

TEST_F(GlueTables, AnEditBesideTheMetadataIsSwappedOver) {
  CreateTable();
  const auto base = Loaded();
  int edits = 0;
  fake_->before_call = [&](const std::string& operation) {
    if (operation != "UpdateTable" || edits == 3) return;
    Json table = fake_->Table("ordenes");
    table["Description"] = "edit " + std::to_string(++edits);
    fake_->PutTable("ordenes", table);
  };
  ASSERT_OK(catalog_->Commit("ordenes", base, SetProperty("a")).status());
  EXPECT_EQ(fake_->Table("ordenes")["Description"], "edit 3");
}

struct FaultCase {
  const char* name;
  std::deque<Fault> faults;
  bool ok;
  bool unknown;  ///< the error must not say that nothing was done
  bool applied;
};

std::vector<FaultCase> SwapFaults() {
  using F = Fault;
  return {
      {"none", {}, true, false, true},
      {"lost request", {F::kLostRequest}, true, false, true},
      {"lost answer", {F::kLostAnswer}, true, false, true},
      {"throttled, then a lost answer", {F::kThrottled, F::kLostAnswer}, true, false, true},
      {"lost answer, then nothing but failures",
       {F::kLostAnswer, F::kFailed, F::kFailed, F::kFailed},
       true,
       false,
       true},
      {"lost answer, then denied", {F::kLostAnswer, F::kDenied}, true, false, true},
      {"nothing arrives",
       {F::kLostRequest, F::kLostRequest, F::kLostRequest, F::kLostRequest},
       false,
       true,
       false},
      {"500 to the end", {F::kFailed, F::kFailed, F::kFailed, F::kFailed}, false, true, false},
      {"throttled to the end",
       {F::kThrottled, F::kThrottled, F::kThrottled, F::kThrottled},
       false,
       false,
       false},
      {"denied", {F::kDenied}, false, false, false},
  };
}

TEST_F(GlueTables, ALostUpdateIsLookedUp) {
  for (const FaultCase& c : SwapFaults()) {
    SCOPED_TRACE(c.name);
    SetUp();
    CreateTable();
    const auto base = Loaded();
    ASSERT_OK_AND_ASSIGN(const auto prepared, catalog_->Prepare("ordenes", base, SetProperty("a")));
    fake_->Next("UpdateTable", c.faults);
    const auto swapped = catalog_->Swap(prepared);
    EXPECT_EQ(swapped.ok(), c.ok) << swapped.status().ToString();
    EXPECT_NE(CodeOf(swapped.status()), ErrorCode::kConflict) << "no other writer was there";
    if (c.unknown) {
      EXPECT_THAT(swapped.status().message(), HasSubstr("is not known"));
    }
    EXPECT_EQ(Loaded().metadata.properties.count("a"), c.applied ? 1 : 0);
    EXPECT_TRUE(Exists(prepared.metadata_location));
    ExpectNothingLiveDeleted();
    // What a caller that errs would do.
    catalog_->Discard(prepared);
    ExpectNothingLiveDeleted();
    EXPECT_EQ(Exists(prepared.metadata_location), c.applied);
  }
}

TEST_F(GlueTables, ALostCreateIsLookedUp) {
  for (const FaultCase& c : SwapFaults()) {
    SCOPED_TRACE(c.name);
    SetUp();
    fake_->Next("CreateTable", c.faults);
    const auto made = Writer({.attempts = 1}).Commit(Operation("first"));
    EXPECT_EQ(made.ok(), c.ok) << made.status().ToString();
    EXPECT_EQ(fake_->Table("ordenes").is_null(), !c.applied);
    if (c.applied) ExpectNothingLiveDeleted();
    // The next run finishes it either way, once.
    ASSERT_OK(Writer().Commit(Operation("first")).status());
    ExpectNothingLiveDeleted();
    EXPECT_TRUE(Loaded().metadata.metadata_log.empty()) << "it was made once";
  }
}

TEST_F(GlueTables, AnUnknownOutcomeIsSettledWhereTheTableMovedOn) {
  for (const bool first_was_applied : {false, true}) {
    SCOPED_TRACE(first_was_applied);
    SetUp();
    CreateTable();
    ASSERT_OK_AND_ASSIGN(const auto prepared, catalog_->Prepare("ordenes", Loaded(), SetProperty("a")));
    fake_->Next("UpdateTable", {first_was_applied ? Fault::kLostAnswer : Fault::kLostRequest});
    int calls = 0;
    fake_->before_call = [&](const std::string& operation) {
      if (operation != "UpdateTable" || ++calls != 2) return;
      // Before our second try, another writer commits on what is there.
      ASSERT_OK(Catalog()->Commit("ordenes", Loaded(), SetProperty("b")).status());
    };
    const auto swapped = catalog_->Swap(prepared);
    if (first_was_applied) {
      ASSERT_OK(swapped.status());
      EXPECT_EQ(swapped->metadata.properties.count("b"), 1);
    } else {
      EXPECT_ERROR_CODE(ErrorCode::kConflict, swapped);
    }
    EXPECT_EQ(Loaded().metadata.properties.count("a"), first_was_applied ? 1 : 0);
    catalog_->Discard(prepared);
    ExpectNothingLiveDeleted();
  }
}

TEST_F(GlueTables, AFailingLookUpKeepsTheOutcomeUnknown) {
  CreateTable();
  ASSERT_OK_AND_ASSIGN(const auto prepared, catalog_->Prepare("ordenes", Loaded(), SetProperty("a")));
  fake_->Next("UpdateTable", {Fault::kLostAnswer});
  fake_->Next("GetTable", {Fault::kNone, Fault::kDenied, Fault::kDenied});
  const auto swapped = catalog_->Swap(prepared);
  EXPECT_FALSE(swapped.ok());
  EXPECT_NE(CodeOf(swapped.status()), ErrorCode::kConflict);
  EXPECT_THAT(swapped.status().message(), HasSubstr("is not known"));
  EXPECT_TRUE(Exists(prepared.metadata_location));
  fake_->Next("GetTable", {Fault::kDenied});
  catalog_->Discard(prepared);
  EXPECT_TRUE(Exists(prepared.metadata_location)) << "nobody could tell whether it is live";
}

TEST_F(GlueTables, OfTwoCreatorsOneIsFirst) {
  CreateTable();
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->Load("ordenes"));
  ASSERT_OK(Writer().Commit(Operation("second")).status());
  EXPECT_EQ(Loaded().metadata.table_uuid, table->metadata.table_uuid);
  EXPECT_EQ(fake_->Calls("CreateTable"), 1);
}

TEST_F(GlueTables, AHiveTableOfTheNameIsLeftAlone) {
  fake_->PutTable("ordenes", Json::parse(R"({"Parameters": {"classification": "csv"}})"));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, catalog_->Load("ordenes"));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Writer().Commit(Operation("first")));
  EXPECT_EQ(fake_->Writes(), 0);
}

TEST_F(GlueTables, MetadataThatIsGoneOrElsewhereIsSaid) {
  const auto point_at = [&](const std::string& location) {
    fake_->PutTable("ordenes",
                    Json{{"Parameters", {{"table_type", "ICEBERG"}, {"metadata_location", location}}}});
    return catalog_->Load("ordenes").status();
  };
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt,
                    point_at(store_->Location("iceberg/ordenes/metadata/x.metadata.json")));
  const Status elsewhere = point_at("s3://another-bucket/x.metadata.json");
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, elsewhere);
  EXPECT_THAT(elsewhere.message(), HasSubstr("s3://another-bucket"));
}

TEST_F(GlueTables, EightWritersUnderFaultsLoseNothing) {
  constexpr int kWriters = 8;
  constexpr int kRounds = 10;
  CreateTable();
  testing::SeededRandom chance(11);
  fake_->choose_fault = [&](const std::string& operation) {
    if (operation.starts_with("Get")) return chance.Below(40) == 0 ? Fault::kThrottled : Fault::kNone;
    const std::vector<Fault> faults = {Fault::kLostAnswer, Fault::kLostRequest, Fault::kFailed,
                                       Fault::kThrottled};
    const uint64_t pick = chance.Below(20);
    return pick < faults.size() ? faults[pick] : Fault::kNone;
  };
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      const auto catalog = Catalog();
      iceberg::TableWriter writer(*catalog, *store_, clock_, random_, {.attempts = 1000, .base = Millis{1}});
      for (int round = 0; round < kRounds; ++round) {
        const std::string name = fmt::format("w{}-{}", w, round);
        const auto done = writer.Update(
            "ordenes", [&](const iceberg::TableMetadata&) -> Result<std::optional<iceberg::Change>> {
              return SetProperty(name);
            });
        if (!done.ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  const iceberg::LoadedTable table = Loaded();
  for (int w = 0; w < kWriters; ++w) {
    for (int round = 0; round < kRounds; ++round) {
      EXPECT_EQ(table.metadata.properties.count(fmt::format("w{}-{}", w, round)), 1) << w << " " << round;
    }
  }
  ExpectNothingLiveDeleted();
}

}  // namespace
}  // namespace ingesta::catalog
