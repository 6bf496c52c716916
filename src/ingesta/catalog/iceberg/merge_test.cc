#include "ingesta/catalog/iceberg/merge.h"

#include <arrow/util/key_value_metadata.h>

#include "ingesta/catalog/iceberg/merge_test_fixture.h"

namespace ingesta::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(MergeTest, MakesTheTableAndKeepsEachKeyOnce) {
  ASSERT_OK_AND_ASSIGN(
      const MergeResult made,
      Merger().Merge(Request({"[1, 2, 3]", "[100, 100, 101]", R"(["a", "b", null])"}, Articles())));
  EXPECT_EQ(made.table.outcome, TableOutcome::kCreated);
  EXPECT_EQ(made.counts.inserted, 3);
  EXPECT_EQ(Summary(made.table.state).at("operation"), "append");

  MergeRequest request = Request({"[4, 2]", "[102, 100]", R"(["d", "B"])"}, Articles());
  request.delete_keys = Keys("[3, 99, 3]");
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Merger().Merge(request));
  EXPECT_THAT(Rows(), ElementsAre("1|1970-04-11|a", "2|1970-04-11|B", "4|1970-04-13|d"));
  EXPECT_EQ(merged.counts.inserted, 1);
  EXPECT_EQ(merged.counts.updated, 1);
  EXPECT_EQ(merged.counts.deleted, 1);
  EXPECT_EQ(merged.counts.rewritten_files, 1);
  EXPECT_EQ(merged.attempts, 1);
  const auto& summary = Summary(merged.table.state);
  EXPECT_EQ(summary.at("operation"), "overwrite");
  EXPECT_EQ(summary.at("ingesta.merge.updated"), "1");
  EXPECT_EQ(summary.at("ingesta.merge.inserted"), "1");
  EXPECT_EQ(summary.at("ingesta.merge.deleted"), "1");
  EXPECT_EQ(summary.at("ingesta.merge.unchanged"), "0");
  EXPECT_EQ(summary.at("ingesta.merge.rewritten-files"), "1");
  EXPECT_EQ(summary.at("total-records"), "3");
  EXPECT_FALSE(PathExists(root_ + "/scratch/base-0.parquet"));
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/scratch"));
}

TEST_F(MergeTest, LeavesFilesWithoutAMatchAlone) {
  const auto schema = Articles();
  ASSERT_OK(Merger().Merge(Request({"[1, 5, 9]", "[1, 1, 1]", R"(["a", "b", "c"])"}, schema)).status());
  ASSERT_OK(Merger().Merge(Request({"[20, 30]", "[1, 1]", R"(["x", "y"])"}, schema)).status());
  ASSERT_OK(Merger().Merge(Request({"[2, 4]", "[1, 1]", R"(["m", "n"])"}, schema)).status());
  const auto before = LivePaths();
  ASSERT_EQ(before.size(), 3U);
  // 7 lies within the bounds of the first file, 30 is in the second one.
  ASSERT_OK_AND_ASSIGN(const MergeResult merged,
                       Merger().Merge(Request({"[7, 30]", "[1, 1]", R"(["new", "z"])"}, schema)));
  EXPECT_EQ(merged.counts.rewritten_files, 1);
  const auto after = LivePaths();
  std::vector<std::string> kept;
  std::set_intersection(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(kept));
  EXPECT_EQ(kept.size(), 2U);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|a", "20|1970-01-02|x", "2|1970-01-02|m", "30|1970-01-02|z",
                                  "4|1970-01-02|n", "5|1970-01-02|b", "7|1970-01-02|new", "9|1970-01-02|c"));
}

TEST_F(MergeTest, CommitsNothingWhereNothingChanges) {
  const std::vector<std::string> rows = {"[1, 2, 3, 4]", "[1, 2, null, 4]", R"(["a", null, "c", ""])"};
  ASSERT_OK(Merger().Merge(Request(rows, Articles())).status());
  const auto before = DataKeys();
  MergeRequest request = Request({"[4, 2]", "[4, 2]", R"(["", null])"}, Articles());
  request.delete_keys = Keys("[77]");
  request.run_id = "r";
  ASSERT_OK_AND_ASSIGN(const MergeResult same, Merger().Merge(request));
  EXPECT_EQ(same.table.outcome, TableOutcome::kUnchanged);
  EXPECT_EQ(same.counts.unchanged, 2);
  EXPECT_EQ(Load()->version, "1");
  EXPECT_EQ(DataKeys(), before);
  // An empty text is another value than null.
  ASSERT_OK_AND_ASSIGN(const MergeResult changed,
                       Merger().Merge(Request({"[4, 2]", "[4, 2]", R"([null, null])"}, Articles())));
  EXPECT_EQ(changed.counts.updated, 1);
  EXPECT_EQ(changed.counts.unchanged, 1);
}

TEST_F(MergeTest, TheSameRunTwiceIsOneSnapshot) {
  MergeRequest request = Request({"[1]", "[1]", R"(["a"])"}, Articles());
  request.run_id = "r1";
  ASSERT_OK_AND_ASSIGN(const MergeResult first, Merger().Merge(request));
  ASSERT_OK(Merger().Merge(Request({"[1]", "[1]", R"(["later"])"}, Articles())).status());
  ASSERT_OK_AND_ASSIGN(const MergeResult again, Merger().Merge(request));
  EXPECT_EQ(again.table.outcome, TableOutcome::kAlreadyDone);
  EXPECT_EQ(again.table.snapshot_id, first.table.snapshot_id);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|later"));
}

TEST_F(MergeTest, RefusesKeysThatDoNotIdentifyARow) {
  ASSERT_OK(Merger().Merge(Request({"[1]", "[1]", R"(["a"])"}, Articles())).status());
  const auto null_key =
      Merger().Merge(Request({"[1, 2, null]", "[1, 1, 1]", R"(["a", "b", "c"])"}, Articles()));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, null_key);
  EXPECT_THAT(null_key.status().message(), HasSubstr("row 3 has no key: its 'id' is null"));
  const auto twice = Merger().Merge(Request({"[5, 2, 5]", "[1, 1, 1]", R"(["a", "b", "c"])"}, Articles()));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, twice);
  EXPECT_THAT(twice.status().message(), HasSubstr("the key id = 5 comes twice, in the rows 1 and 3"));
  MergeRequest both = Request({"[5]", "[1]", R"(["a"])"}, Articles());
  both.delete_keys = Keys("[5]");
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Merger().Merge(both));
  MergeRequest unknown = Request({"[5]", "[1]", R"(["a"])"}, Articles());
  unknown.key_columns = {"codigo"};
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Merger().Merge(unknown));
  unknown.key_columns = {};
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Merger().Merge(unknown));
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|a"));
}

struct KeyCase {
  const char* name;
  std::shared_ptr<arrow::DataType> type;
  const char* base;
  const char* changed;
};

class KeyTypes : public MergeTest, public ::testing::WithParamInterface<KeyCase> {};

TEST_P(KeyTypes, FindTheirRows) {
  const auto schema = arrow::schema({arrow::field("id", GetParam().type), arrow::field("n", arrow::int32())});
  ASSERT_OK(Merger().Merge(Request({GetParam().base, "[1, 2, 3, 4]"}, schema)).status());
  ASSERT_OK_AND_ASSIGN(const MergeResult merged,
                       Merger().Merge(Request({GetParam().changed, "[30, 5]"}, schema)));
  EXPECT_EQ(merged.counts.updated, 1);
  EXPECT_EQ(merged.counts.inserted, 1);
  const auto rows = Rows();
  EXPECT_EQ(rows.size(), 5U);
  EXPECT_EQ(std::count_if(rows.begin(), rows.end(), [](const auto& r) { return r.ends_with("|30"); }), 1);
  EXPECT_EQ(std::count_if(rows.begin(), rows.end(), [](const auto& r) { return r.ends_with("|3"); }), 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, KeyTypes,
    ::testing::Values(KeyCase{"Int", arrow::int32(), "[-5, 0, 7, 9]", "[7, 8]"},
                      KeyCase{"Long", arrow::int64(), "[-5, 0, 9007199254740993, 9]",
                              "[9007199254740993, 9007199254740992]"},
                      KeyCase{"Text", arrow::utf8(), R"(["a", "", "ñandú largo de más de dieciséis", "z"])",
                              R"(["ñandú largo de más de dieciséis", "ñandú largo de más de dieciseis"])"},
                      KeyCase{"Date", arrow::date32(), "[-30000, 0, 20000, 20001]", "[20000, 20002]"},
                      KeyCase{"Decimal", arrow::decimal128(20, 2),
                              R"(["-1.00", "0.00", "123456789012345678.90", "5.00"])",
                              R"(["123456789012345678.90", "123456789012345678.91"])"},
                      KeyCase{"Timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                              "[-1, 0, 1790000000000001, 5]", "[1790000000000001, 1790000000000002]"},
                      KeyCase{"Bytes", arrow::fixed_size_binary(2), R"(["aa", "ab", "zz", "\u0001\u0002"])",
                              R"(["zz", "zy"])"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(MergeTest, CompositeKeysMatchAsAWhole) {
  const auto schema =
      arrow::schema({arrow::field("orden", arrow::int64()), arrow::field("linea", arrow::utf8()),
                     arrow::field("n", arrow::int32())});
  MergeRequest request = Request({"[1, 1, 2]", R"(["a", "b", "a"])", "[1, 2, 3]"}, schema);
  request.key_columns = {"orden", "linea"};
  ASSERT_OK(Merger().Merge(request).status());
  request = Request({"[2, 1]", R"(["a", "c"])", "[30, 4]"}, schema);
  request.key_columns = {"orden", "linea"};
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Merger().Merge(request));
  EXPECT_EQ(merged.counts.updated, 1);
  EXPECT_EQ(merged.counts.inserted, 1);
  EXPECT_THAT(Rows(), ElementsAre("1|a|1", "1|b|2", "1|c|4", "2|a|30"));
  // (2, b) has parts that the file's bounds hold both, but no row has it.
  const auto before = LivePaths();
  request = Request({"[2]", R"(["b"])", "[5]"}, schema);
  request.key_columns = {"orden", "linea"};
  ASSERT_OK(Merger().Merge(request).status());
  for (const std::string& path : before) EXPECT_EQ(LivePaths().count(path), 1U);
}

TEST_F(MergeTest, ARowThatChangesItsPartitionLeavesTheOldOne) {
  MergeRequest request = Request({"[1, 2, 3]", "[100, 100, 101]", R"(["a", "b", "c"])"}, Articles());
  request.partition_by = {{{.column = "dia", .transform = "day"}}};
  ASSERT_OK(Merger().Merge(request).status());
  EXPECT_EQ(LivePaths().size(), 2U);
  request = Request({"[2, 3]", "[101, 101]", R"(["b", "C"])"}, Articles());
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Merger().Merge(request));
  EXPECT_EQ(merged.counts.updated, 2);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-04-11|a", "2|1970-04-12|b", "3|1970-04-12|C"));
  for (const LiveFile& data : Scan().data) {
    EXPECT_EQ(data.file.lower_bounds.at(2), data.file.upper_bounds.at(2));
    EXPECT_EQ(data.file.rows, data.file.partition == PartitionValues{int64_t{100}} ? 1 : data.file.rows);
  }
}

TEST_F(MergeTest, MorePartitionsThanFilesAreOpenAtOnce) {
  std::string ids = "[0";
  for (int i = 1; i < 100; ++i) ids += ", " + std::to_string(i);
  ids += "]";
  std::string texts = "[null";
  for (int i = 1; i < 100; ++i) texts += ", null";
  texts += "]";
  for (const int64_t memory : {int64_t{64 << 20}, int64_t{0}}) {
    MergeRequest request = Request({ids, ids, texts}, Articles());
    request.table = memory == 0 ? "other" : "t";
    request.partition_by = {{{.column = "dia", .transform = "day"}}};
    ASSERT_OK_AND_ASSIGN(const MergeResult made, Merger({.input_memory = memory}).Merge(request));
    EXPECT_EQ(Summary(made.table.state).at("total-data-files"), "100");
    EXPECT_EQ(Summary(made.table.state).at("total-records"), "100");
  }
}

TEST_F(MergeTest, RowsOfAnOlderPartitionSpecFindTheirPartitions) {
  ASSERT_OK(
      Merger().Merge(Request({"[1, 2, 3]", "[100, 101, 102]", R"(["a", "b", "c"])"}, Articles())).status());
  MergeRequest request = Request({"[2]", "[101]", R"(["B"])"}, Articles());
  request.partition_by = {{{.column = "dia", .transform = "day"}}};
  ASSERT_OK(Merger().Merge(request).status());
  EXPECT_THAT(Rows(), ElementsAre("1|1970-04-11|a", "2|1970-04-12|B", "3|1970-04-13|c"));
  const SnapshotScan scan = Scan();
  EXPECT_EQ(scan.data.size(), 3U);
  for (const LiveFile& data : scan.data) EXPECT_EQ(data.spec_id, 1);
}

TEST_F(MergeTest, FollowsTheTablesColumnsByTheirIds) {
  ASSERT_OK(Merger()
                .Merge(Request({"[1, 2]", "[5, 6]"}, arrow::schema({arrow::field("id", arrow::int32()),
                                                                    arrow::field("n", arrow::int32())})))
                .status());
  TableWriter writer = Writer();
  ASSERT_OK(writer
                .EditSchema("t", {{.kind = SchemaEditKind::kRename, .column = "n", .text = "cantidad"},
                                  {.kind = SchemaEditKind::kWiden, .column = "id", .type = arrow::int64()},
                                  {.kind = SchemaEditKind::kAdd, .column = "n", .type = arrow::utf8()}})
                .status());
  const auto wide =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("cantidad", arrow::int64()),
                     arrow::field("n", arrow::utf8()), arrow::field("nuevo", arrow::float64())});
  ASSERT_OK_AND_ASSIGN(
      const MergeResult merged,
      Merger().Merge(Request({"[2, 5000000000]", "[60, 7]", R"(["x", "y"])", "[0.5, null]"}, wide)));
  EXPECT_EQ(merged.counts.updated, 1);
  EXPECT_EQ(merged.table.state.metadata.current_schema().fields.back().name, "nuevo");
  EXPECT_THAT(Rows(), ElementsAre("1|5|null|null", "2|60|x|0.5", "5000000000|7|y|null"));
}

TEST_F(MergeTest, TheLastRowOfAKeyWinsWhereThatIsAskedFor) {
  ASSERT_OK(Merger().Merge(Request({"[1]", "[1]", R"(["old"])"}, Articles())).status());
  MergeRequest request = Request({"[1, 5, 1, 6]", "[1, 1, 1, 1]", R"(["a", "b", "c", "d"])"}, Articles());
  request.files.push_back(LocalFile(Articles(), {"[5, 1, 5]", "[1, 1, 1]", R"(["e", "f", "g"])"}));
  request.last_row_wins = true;
  request.delete_keys = Keys("[99]");
  for (const int64_t memory : {int64_t{64 << 20}, int64_t{0}}) {
    request.table = memory == 0 ? "other" : "t";
    ASSERT_OK_AND_ASSIGN(const MergeResult merged, Merger({.input_memory = memory}).Merge(request));
    EXPECT_EQ(merged.counts.repeated, 4);
    EXPECT_EQ(merged.counts.inserted + merged.counts.updated, 3);
    EXPECT_EQ(Summary(merged.table.state).at("total-records"), "3");
  }
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|f", "5|1970-01-02|g", "6|1970-01-02|d"));
}

TEST_F(MergeTest, KeepsWhatTheTableHasWhereThatIsAskedFor) {
  ASSERT_OK(Merger().Merge(Request({"[1, 2]", "[1, 1]", R"(["a", "b"])"}, Articles())).status());
  const auto before = LivePaths();
  MergeRequest older = Request({"[2, 3]", "[1, 1]", R"(["older", "c"])"}, Articles());
  older.keep_existing = true;
  dated_->download = true;
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Merger().Merge(older));
  EXPECT_EQ(merged.counts.kept, 1);
  EXPECT_EQ(merged.counts.inserted, 1);
  EXPECT_EQ(merged.counts.updated, 0);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|a", "2|1970-01-02|b", "3|1970-01-02|c"));
  for (const std::string& path : before) EXPECT_EQ(LivePaths().count(path), 1U);
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/scratch"));
  ASSERT_OK_AND_ASSIGN(const MergeResult again, Merger().Merge(older));
  EXPECT_EQ(again.table.outcome, TableOutcome::kUnchanged);
  EXPECT_EQ(again.counts.kept, 2);
}

TEST_F(MergeTest, ValuesChangeByTheirBits) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("x", arrow::float64()),
                                     arrow::field("l", arrow::list(arrow::float64()))});
  ASSERT_OK(Merger()
                .Merge(Request(
                    {"[1, 2, 3, 4]", "[NaN, 0.0, null, -0.0]", "[[NaN], [0.0, 1.5], [null], null]"}, schema))
                .status());
  ASSERT_OK_AND_ASSIGN(
      const MergeResult same,
      Merger().Merge(
          Request({"[4, 1, 3, 2]", "[-0.0, NaN, null, 0.0]", "[null, [NaN], [null], [0.0, 1.5]]"}, schema)));
  EXPECT_EQ(same.table.outcome, TableOutcome::kUnchanged);
  EXPECT_EQ(same.counts.unchanged, 4);
  ASSERT_OK_AND_ASSIGN(const MergeResult zeros,
                       Merger().Merge(Request({"[2, 4]", "[-0.0, -0.0]", "[[-0.0, 1.5], []]"}, schema)));
  EXPECT_EQ(zeros.counts.updated, 2);
  EXPECT_EQ(zeros.counts.unchanged, 0);
}

TEST_F(MergeTest, ADecimalKeyIsFoundInFilesOfFewerDigits) {
  const auto columns = [](int precision) {
    return arrow::schema(
        {arrow::field("id", arrow::decimal128(precision, 2)), arrow::field("n", arrow::int32())});
  };
  ASSERT_OK(Merger().Merge(Request({R"(["-1.00", "12.50", "99.99"])", "[1, 2, 3]"}, columns(4))).status());
  ASSERT_OK_AND_ASSIGN(
      const MergeResult merged,
      Merger().Merge(Request({R"(["12.50", "123456789.00", "-1.00"])", "[20, 4, 1]"}, columns(20))));
  EXPECT_EQ(merged.counts.updated, 1);
  EXPECT_EQ(merged.counts.unchanged, 1);
  EXPECT_EQ(merged.counts.inserted, 1);
  EXPECT_THAT(Rows(), ElementsAre("-1.00|1", "12.50|20", "123456789.00|4", "99.99|3"));
}

TEST_F(MergeTest, RowsOfTheTableWithoutAKeyStay) {
  TableWriter writer = Writer();
  TableOperation append = Operation(WriteMode::kAppend, {}, 100);
  ASSERT_OK_AND_ASSIGN(append.schema, AssignFieldIds(std::nullopt, *Articles()));
  ASSERT_OK(writer.Commit(append).status());
  const std::string file =
      LocalFile(Articles(), {"[null, 1, null, 3]", "[1, 1, 1, 1]", R"(["x", "a", "y", "c"])"});
  const std::string key = prefix_ + "t/data/nulls.parquet";
  ASSERT_OK(store_->PublishFile(file, key, "", *FileCrc32(file)));
  append.files = {{.key = key, .local_path = file, .partition = std::nullopt}};
  ASSERT_OK(writer.Commit(append).status());
  ASSERT_OK(Merger().Merge(Request({"[3, 0]", "[1, 1]", R"(["C", "z"])"}, Articles())).status());
  EXPECT_THAT(Rows(), ElementsAre("0|1970-01-02|z", "1|1970-01-02|a", "3|1970-01-02|C", "null|1970-01-02|x",
                                  "null|1970-01-02|y"));
}

TEST_F(MergeTest, RemovesFurtherRowsOfAKey) {
  TableWriter writer = Writer();
  TableOperation append = Operation(WriteMode::kAppend, {1, 2, 1}, 100);
  append.files.push_back(WriteFile(append.schema, {1, 3}, 100));
  ASSERT_OK(writer.Commit(append).status());
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Merger().Merge(Request({"[1]", "[100]"}, Columns())));
  EXPECT_EQ(merged.counts.duplicates, 2);
  EXPECT_THAT(Rows(), ElementsAre("1|1970-04-11", "2|1970-04-11", "3|1970-04-11"));
}

TEST_F(MergeTest, AppliesPositionDeletesOfTheFilesItRewrites) {
  const auto schema = Articles();
  ASSERT_OK(
      Merger().Merge(Request({"[1, 2, 3, 4]", "[1, 1, 1, 1]", R"(["a", "b", "c", "d"])"}, schema)).status());
  ASSERT_OK(Merger().Merge(Request({"[11, 12]", "[1, 1]", R"(["x", "y"])"}, schema)).status());
  SnapshotScan scan = Scan();
  const bool first_is_low = scan.data[0].file.rows == 4;
  const std::string low = scan.data[first_is_low ? 0 : 1].file.path;
  const std::string high = scan.data[first_is_low ? 1 : 0].file.path;
  LeaveDeletes({{low, 1}, {high, 0}}, scan.data[0]);
  LeaveDeletes({{low, 3}, {low, 1}}, scan.data[0]);
  EXPECT_THAT(Rows(), ElementsAre("12|1970-01-02|y", "1|1970-01-02|a", "3|1970-01-02|c"));
  // 2 was deleted: it comes as a new row. Of the delete files the first one still has work.
  ASSERT_OK_AND_ASSIGN(const MergeResult merged,
                       Merger().Merge(Request({"[2, 3]", "[1, 1]", R"(["B", "C"])"}, schema)));
  EXPECT_EQ(merged.counts.inserted, 1);
  EXPECT_EQ(merged.counts.updated, 1);
  EXPECT_THAT(Rows(), ElementsAre("12|1970-01-02|y", "1|1970-01-02|a", "2|1970-01-02|B", "3|1970-01-02|C"));
  EXPECT_EQ(Scan().deletes.size(), 1U);
  EXPECT_EQ(Summary(merged.table.state).at("removed-position-delete-files"), "1");
  // A file whose rows do not match keeps its delete file.
  ASSERT_OK(Merger().Merge(Request({"[12]", "[1]", R"(["Y"])"}, schema)).status());
  EXPECT_THAT(Rows(), ElementsAre("12|1970-01-02|Y", "1|1970-01-02|a", "2|1970-01-02|B", "3|1970-01-02|C"));
  EXPECT_THAT(Scan().deletes, IsEmpty());
}

TEST_F(MergeTest, RefusesEqualityDeletesWhereTheyMatter) {
  const auto schema = Articles();
  ASSERT_OK(Merger().Merge(Request({"[1, 5]", "[1, 1]", R"(["a", "b"])"}, schema)).status());
  LeaveDeletes({{"x", 0}}, Scan().data[0], FileContent::kEqualityDeletes);
  const auto before = DataKeys();
  const auto refused = Merger().Merge(Request({"[1]", "[1]", R"(["A"])"}, schema));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, refused);
  EXPECT_THAT(HintOf(refused.status()), HasSubstr("OPTIMIZE <table> REWRITE DATA USING BIN_PACK"));
  EXPECT_EQ(DataKeys(), before);
  ASSERT_OK_AND_ASSIGN(const MergeResult other, Merger().Merge(Request({"[3]", "[1]", R"(["n"])"}, schema)));
  EXPECT_EQ(other.counts.inserted, 1);
  EXPECT_EQ(Scan().deletes.size(), 1U);
}

TEST_F(MergeTest, WorksOnFetchedCopiesAndRemovesThem) {
  const auto schema = Articles();
  ASSERT_OK(Merger().Merge(Request({"[1, 5]", "[1, 1]", R"(["a", "b"])"}, schema)).status());
  LeaveDeletes({{Scan().data[0].file.path, 1}}, Scan().data[0]);
  dated_->download = true;
  MergeRequest request = Request({"[1]", "[1]", R"(["A"])"}, schema);
  const std::string deletes = LocalFile(arrow::schema({arrow::field("id", arrow::int64())}), {"[5, 6]"});
  request.delete_files = {deletes};
  ASSERT_OK(Merger().Merge(request).status());
  EXPECT_THAT(Rows(), ElementsAre("1|1970-01-02|A"));
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/scratch"));
}

TEST_F(MergeTest, DeletesAlone) {
  ASSERT_OK(Merger().Merge(Request({"[1, 2]", "[1, 1]", R"(["a", "b"])"}, Articles())).status());
  MergeRequest request = Request(std::vector<std::string>{});
  request.delete_keys = Keys("[1, 2]");
  ASSERT_OK_AND_ASSIGN(const MergeResult merged, Merger().Merge(request));
  EXPECT_EQ(merged.counts.deleted, 2);
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_EQ(Summary(merged.table.state).at("total-data-files"), "0");
  request.table = "none";
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, Merger().Merge(request));
}

}  // namespace
}  // namespace ingesta::iceberg
