// Random sequences of all that can happen to a table, held against the model after each step: its rows, the
// rows of its older snapshots, its files' partitions and bounds.
#include "ingesta/catalog/iceberg/table_test_model.h"

#include <cstdlib>

#include "ingesta/catalog/iceberg/merge_test_fixture.h"

namespace ingesta::iceberg {
namespace {

constexpr int kSteps = 8;

class TableModelTest : public MergeTest {
 protected:
  uint64_t Pick(uint64_t bound) { return chance_->Below(bound); }
  bool Often() { return Pick(3) > 0; }

  void Begin(uint64_t seed) {
    chance_ = std::make_unique<testing::SeededRandom>(seed);
    shape_ = RandomShape(*chance_);
    model_.clear();
    snapshots_.clear();
    checked_.clear();
    log_ = "steps:";
    const auto schema = arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8()),
                                       arrow::field("dia", arrow::date32()),
                                       arrow::field("zona", arrow::utf8()), arrow::field("n", arrow::int32()),
                                       arrow::field("lista", arrow::list(arrow::int64()))});
    TableOperation create{.table = "t",
                          .mode = WriteMode::kAppend,
                          .schema = *AssignFieldIds(std::nullopt, *schema),
                          .partition_by = shape_.partition_by};
    TableWriter writer = Writer();
    ASSERT_OK(writer.Commit(create).status());
    fields_ = Load()->metadata.current_schema().fields;
  }

  const std::vector<Field>& Fields() const { return fields_; }

  std::vector<int64_t> NewKey(int64_t range) {
    std::vector<int64_t> key = {static_cast<int64_t>(Pick(static_cast<uint64_t>(range)))};
    if (shape_.keys.size() > 1) key.push_back(static_cast<int64_t>(Pick(3)));
    return key;
  }

  /// Random values; `like` gives those of dia and zona, so that rows are of one partition.
  ModelRow NewRow(const std::vector<int64_t>& key, const ModelRow* like) {
    ModelRow row;
    for (const Field& field : Fields()) {
      if (Pick(6) > 0) row[field.id] = static_cast<int64_t>(Pick(4));
    }
    row[3] = static_cast<int64_t>(Pick(40));
    if (like != nullptr) {
      row[3] = like->at(3);
      row.erase(4);
      if (like->count(4) > 0) row[4] = like->at(4);
    }
    row[1] = key[0];
    if (key.size() > 1) row[2] = key[1];
    return row;
  }

  /// In any order, in one file or two.
  std::vector<std::string> WriteRows(const ModelRows& rows, bool split = false) {
    const auto& fields = Fields();
    const auto schema = ToArrow(fields).ValueOrDie();
    auto pointers = Pointers(rows);
    for (size_t i = pointers.size(); i > 1; --i) std::swap(pointers[i - 1], pointers[Pick(i)]);
    const auto batch = ModelBatch(pointers, fields, schema);
    const int64_t cut = split ? static_cast<int64_t>(Pick(pointers.size() + 1)) : 0;
    std::vector<std::string> paths = {LocalFile(batch->Slice(cut), 1 + static_cast<int64_t>(Pick(5)))};
    if (cut > 0) paths.push_back(LocalFile(batch->Slice(0, cut), 1 + static_cast<int64_t>(Pick(5))));
    return paths;
  }

  void Append() {
    ModelRows rows;
    ModelRow first;
    for (uint64_t i = 0; i <= Pick(12); ++i) {
      auto key = NewKey(200);
      if (model_.count(key) > 0) continue;
      rows[key] = NewRow(key, rows.empty() ? nullptr : &first);
      if (rows.size() == 1) first = rows[key];
    }
    if (rows.empty()) return;
    const std::string path = WriteRows(rows)[0];
    const std::string key = prefix_ + "t/data/" + std::to_string(files_++) + ".parquet";
    ASSERT_OK(store_->PublishFile(path, key, "", *FileCrc32(path)));
    TableWriter writer = Writer();
    ASSERT_OK(
        writer.Commit({.table = "t", .mode = WriteMode::kAppend, .files = {{.key = key, .local_path = path}}})
            .status());
    model_.insert(rows.begin(), rows.end());
  }

  void Merge() {
    ModelRows rows;
    for (uint64_t i = Pick(25); i > 0; --i) {
      const auto key = NewKey(Often() ? 40 : 200);
      const auto old = model_.find(key);
      rows[key] = old != model_.end() && !Often() ? old->second : NewRow(key, nullptr);
    }
    MergeRequest request = Request(WriteRows(rows, /*split=*/true));
    request.key_columns = shape_.keys;
    ModelRows gone;
    for (const auto& [key, row] : model_) {
      if (Pick(12) == 0 && rows.count(key) == 0) gone[key] = row;
    }
    if (!gone.empty()) request.delete_files = WriteRows(gone, /*split=*/true);
    if (rows.empty()) request.files.clear();
    int64_t inserted = 0;
    for (const auto& [key, row] : rows) inserted += model_.count(key) == 0;
    ASSERT_OK_AND_ASSIGN(const MergeResult merged, Merger({.threads = 1 + static_cast<int>(Pick(2)),
                                                           .input_memory = Often() ? 1 << 20 : 0})
                                                       .Merge(request));
    EXPECT_EQ(merged.counts.inserted, inserted);
    EXPECT_EQ(merged.counts.deleted, static_cast<int64_t>(gone.size()));
    EXPECT_EQ(merged.counts.updated + merged.counts.unchanged, static_cast<int64_t>(rows.size()) - inserted);
    EXPECT_EQ(merged.counts.duplicates, 0);
    for (const auto& [key, row] : rows) model_[key] = row;
    for (const auto& [key, row] : gone) model_.erase(key);
  }

  void Evolve() {
    std::vector<Field> others;
    for (const Field& field : Fields()) {
      if (field.id > 4) others.push_back(field);
    }
    const std::string name = "c" + std::to_string(files_++);
    const std::shared_ptr<arrow::DataType> types[] = {arrow::utf8(), arrow::float64(),
                                                      arrow::decimal128(10, 2), arrow::int32()};
    SchemaEdit edit{.kind = SchemaEditKind::kAdd, .column = name, .type = types[Pick(4)]};
    const Field* chosen = others.empty() ? nullptr : &others[Pick(others.size())];
    if (chosen != nullptr && Pick(2) == 0) {
      edit = {.kind = SchemaEditKind::kRename, .column = chosen->name, .text = name};
      if (Pick(2) == 0) edit.kind = SchemaEditKind::kDrop;
      const bool narrow = chosen->type->id == TypeId::kInt;
      if (narrow) edit = {.kind = SchemaEditKind::kWiden, .column = chosen->name, .type = arrow::int64()};
    }
    TableWriter writer = Writer();
    ASSERT_OK_AND_ASSIGN(const TableResult edited, writer.EditSchema("t", {edit}));
    fields_ = edited.state.metadata.current_schema().fields;
  }

  void Repartition() {
    TableOperation operation{.table = "t", .mode = WriteMode::kAppend};
    operation.partition_by = RandomShape(*chance_).partition_by.value_or(std::vector<PartitionColumn>());
    TableWriter writer = Writer();
    ASSERT_OK(writer.Commit(operation).status());
  }

  void Compact() {
    CompactOptions options{.target_file_bytes = 4000 + static_cast<int64_t>(Pick(30'000))};
    options.scratch = root_ + "/scratch";
    ASSERT_OK(Maintenance().Compact("t", options).status());
  }

  void Expire() {
    ExpireOptions options{.max_age = std::chrono::hours(Pick(6)), .keep_last = static_cast<int>(Pick(4))};
    ASSERT_OK_AND_ASSIGN(const ExpireResult expired, Maintenance().ExpireSnapshots("t", options));
    EXPECT_TRUE(expired.left.empty());
    CheckSnapshots();
  }

  void RemoveOrphans() {
    ASSERT_OK(Maintenance().RemoveOrphans("t", {.min_age = std::chrono::hours(2)}).status());
    CheckSnapshots();
  }

  void RollBack() {
    const auto table = Load();
    const auto& snapshots = table->metadata.snapshots;
    if (snapshots.empty()) return;
    const int64_t id = snapshots[Pick(snapshots.size())].id;
    TableWriter writer = Writer();
    ASSERT_OK(writer.RollBack("t", id).status());
    model_ = snapshots_.at(id);
  }

  /// As another engine's DELETE: positions of some live rows of one partition.
  void DeleteByPosition() {
    const SnapshotScan scan = Scan();
    if (scan.data.empty()) return;
    const LiveFile& like = scan.data[Pick(scan.data.size())];
    std::vector<std::pair<std::string, int64_t>> rows;
    for (const LiveFile& data : scan.data) {
      if (data.spec_id != like.spec_id || data.file.partition != like.file.partition) continue;
      for (int64_t position = 0; position < data.file.rows; ++position) {
        if (Pick(8) == 0) rows.emplace_back(data.file.path, position);
      }
    }
    if (rows.empty()) return;
    const auto before = KeysOf(rows);
    LeaveDeletes(rows, like);
    for (const auto& key : before) model_.erase(key);
  }

  /// Keys of rows by their places; of those alone that the model has there still.
  std::vector<std::vector<int64_t>> KeysOf(const std::vector<std::pair<std::string, int64_t>>& places) {
    std::vector<std::vector<int64_t>> keys;
    const auto& fields = Fields();
    const SnapshotScan scan = Scan();
    for (const auto& [path, wanted] : places) {
      if (IsLeftDeleted(scan, path, wanted)) continue;
      auto reader = DataFileReader::Open(*local_->FetchFile(*store_->KeyOf(path), ""), "").ValueOrDie();
      const auto rows = reader->Read({fields[0], fields[1]}).ValueOrDie();
      int64_t first = 0;
      while (const auto batch = rows->Next().ValueOrDie()) {
        if (wanted >= first && wanted < first + batch->num_rows()) {
          const auto a = batch->column(0)->GetScalar(wanted - first).ValueOrDie()->ToString();
          const auto b = batch->column(1)->GetScalar(wanted - first).ValueOrDie()->ToString();
          keys.push_back({std::stoll(a)});
          if (shape_.keys.size() > 1) keys.back().push_back(std::stoll(b.substr(1)));
        }
        first += batch->num_rows();
      }
    }
    return keys;
  }

  std::vector<std::string> ModelLines(const ModelRows& rows) {
    const auto& fields = Fields();
    const auto batch = ModelBatch(Pointers(rows), fields, ToArrow(fields).ValueOrDie());
    std::vector<std::string> lines;
    for (int64_t row = 0; row < batch->num_rows(); ++row) lines.push_back(Line(*batch, row));
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  void Check() {
    EXPECT_EQ(Rows(), ModelLines(model_));
    const auto table = Load();
    if (table->metadata.current_snapshot_id) snapshots_[*table->metadata.current_snapshot_id] = model_;
    for (const LiveFile& data : Scan().data) {
      if (checked_.insert(data.file.path).second) CheckFile(table->metadata, data);
    }
  }

  /// Each row is of the file's partition, and within its bounds.
  void CheckFile(const TableMetadata& metadata, const LiveFile& data) {
    const PartitionSpec& spec = *metadata.FindSpec(data.spec_id);
    auto reader =
        DataFileReader::Open(*local_->FetchFile(*store_->KeyOf(data.file.path), ""), "").ValueOrDie();
    const auto& all = metadata.current_schema().fields;
    const std::vector<Field> fields(all.begin(), all.begin() + 4);
    const auto rows = reader->Read(fields).ValueOrDie();
    while (const auto batch = rows->Next().ValueOrDie()) {
      for (int64_t row = 0; row < 4 * batch->num_rows(); ++row) {
        const Field& field = fields[static_cast<size_t>(row % 4)];
        const auto scalar = batch->column(static_cast<int>(row % 4))->GetScalar(row / 4).ValueOrDie();
        CheckValue(spec, data.file, field, LiteralFromScalar(*field.type, *scalar).ValueOrDie());
      }
    }
  }
  static void CheckValue(const PartitionSpec& spec, const DataFile& file, const Field& field,
                         const Literal& value) {
    for (size_t i = 0; i < spec.fields.size(); ++i) {
      if (spec.fields[i].source_id != field.id) continue;
      EXPECT_EQ(ApplyTransform(spec.fields[i].transform, *field.type, value).ValueOrDie(), file.partition[i]);
    }
    if (IsNull(value)) return;
    EXPECT_LE(CompareLiterals(*field.type, *ParseLiteral(*field.type, file.lower_bounds.at(field.id)), value),
              0);
    EXPECT_GE(CompareLiterals(*field.type, *ParseLiteral(*field.type, file.upper_bounds.at(field.id)), value),
              0);
  }

  void CheckSnapshots() {
    const auto table = Load();
    for (const Snapshot& snapshot : table->metadata.snapshots) {
      EXPECT_EQ(RowsOf(&snapshot), ModelLines(snapshots_.at(snapshot.id))) << "snapshot " << snapshot.id;
    }
  }

  void Step() {
    struct Kind {
      const char* name;
      uint64_t weight;
      void (TableModelTest::*run)();
    };
    static constexpr Kind kKinds[] = {
        {"append", 3, &TableModelTest::Append},          {"merge", 8, &TableModelTest::Merge},
        {"evolve", 2, &TableModelTest::Evolve},          {"repartition", 1, &TableModelTest::Repartition},
        {"compact", 2, &TableModelTest::Compact},        {"expire", 2, &TableModelTest::Expire},
        {"orphans", 1, &TableModelTest::RemoveOrphans},  {"rollback", 1, &TableModelTest::RollBack},
        {"delete", 2, &TableModelTest::DeleteByPosition}};
    uint64_t total = 0;
    for (const Kind& kind : kKinds) total += kind.weight;
    uint64_t pick = Pick(total);
    for (const Kind& kind : kKinds) {
      if (pick < kind.weight) {
        log_ += std::string(" ") + kind.name;
        (this->*kind.run)();
        return;
      }
      pick -= kind.weight;
    }
  }

  std::unique_ptr<testing::SeededRandom> chance_;
  ModelShape shape_;
  std::vector<Field> fields_;  ///< the table's columns
  ModelRows model_;
  std::map<int64_t, ModelRows> snapshots_;
  std::set<std::string> checked_;  ///< data files
  std::string log_;
};

/// A few in the ordinary run; INGESTA_MODEL_SEQUENCES=1000 for the long one.
int Sequences() {
  const char* const wanted = std::getenv("INGESTA_MODEL_SEQUENCES");
  return wanted == nullptr ? 25 : std::atoi(wanted);
}

TEST_F(TableModelTest, AnySequenceLeavesTheModelsRows) {
  for (int seed = 0; seed < Sequences() && !HasFailure(); ++seed) {
    SCOPED_TRACE("sequence " + std::to_string(seed));
    Begin(static_cast<uint64_t>(seed));
    for (int step = 0; step < kSteps && !HasFailure(); ++step) {
      Step();
      Check();
      clock_.Advance(std::chrono::hours(1));
    }
    CheckSnapshots();
    EXPECT_FALSE(HasFailure()) << log_;
    MergeTest::TearDown();
    SetUp();
  }
}

}  // namespace
}  // namespace ingesta::iceberg
