#include "ingesta/catalog/iceberg/metadata.h"

#include "ingesta/catalog/iceberg/change.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::iceberg {
namespace {

// As another engine leaves it: members, snapshot and branch settings that this writer does not know.
constexpr char kForeign[] =
    R"json({"format-version":2,"table-uuid":"u-1","location":"s3://b/t/","last-sequence-number":4,
"last-updated-ms":1000,"last-column-id":2,"current-schema-id":1,
"schemas":[{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"id","required":true,"type":"long"}]},
 {"type":"struct","schema-id":1,"identifier-field-ids":[1],"vendor":"kept","fields":[
  {"id":1,"name":"id","required":true,"type":"long"},
  {"id":2,"name":"total","required":false,"type":"decimal(18, 2)","doc":"d","vendor-note":"kept"}]}],
"default-spec-id":0,"partition-specs":[{"spec-id":0,"fields":[]}],"last-partition-id":999,"default-sort-order-id":1,
"sort-orders":[{"order-id":0,"fields":[]},{"order-id":1,"fields":[{"transform":"identity","source-id":1}]}],
"properties":{"owner":"athena"},"current-snapshot-id":22,
"refs":{"main":{"snapshot-id":22,"type":"branch","max-ref-age-ms":9},"audit":{"snapshot-id":11,"type":"tag"}},
"snapshots":[{"snapshot-id":11,"sequence-number":3,"timestamp-ms":900,"manifest-list":"s3://b/l1",
  "summary":{"operation":"append"},"schema-id":0,"first-row-id":7},
 {"snapshot-id":22,"parent-snapshot-id":11,"sequence-number":4,"timestamp-ms":1000,"manifest-list":"s3://b/l2",
  "summary":{"operation":"overwrite","ingesta.run-id":"r1"},"schema-id":1}],
"snapshot-log":[{"timestamp-ms":900,"snapshot-id":11},{"timestamp-ms":1000,"snapshot-id":22}],
"metadata-log":[{"timestamp-ms":900,"metadata-file":"s3://b/m1"}],
"statistics":[{"snapshot-id":11,"statistics-path":"p"},{"snapshot-id":22,"statistics-path":"q"}],
"vendor":{"nested":[1,2,{"deep":null}]}})json";

TEST(Metadata, ReadsWhatItNeeds) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata metadata, MetadataFromJson(kForeign));
  EXPECT_EQ(metadata.location, "s3://b/t");
  EXPECT_EQ(metadata.current_schema().FindByName("total")->type->ToString(), "decimal(18, 2)");
  EXPECT_EQ(metadata.current_snapshot()->operation(), "overwrite");
  EXPECT_EQ(metadata.SnapshotOfRun("r1")->id, 22);
  EXPECT_EQ(metadata.SnapshotOfRun("r2"), nullptr);
  EXPECT_EQ(metadata.SnapshotOfRun(""), nullptr);
  EXPECT_EQ(metadata.SnapshotAt(999)->id, 11);
  EXPECT_EQ(metadata.SnapshotAt(1000)->id, 22);
  EXPECT_EQ(metadata.SnapshotAt(899), nullptr);
}

TEST(Metadata, KeepsWhatItDoesNotKnow) {
  ASSERT_OK_AND_ASSIGN(TableMetadata metadata, MetadataFromJson(kForeign));
  Change change;
  Schema wider = metadata.current_schema();
  wider.id = 2;
  wider.fields.push_back({.id = 3, .name = "nuevo", .type = MakeType(TypeId::kString)});
  change.updates = {update::AddSchema{wider, 3}, update::SetCurrentSchema{-1},
                    update::AddSnapshot{{.id = 33,
                                         .parent_id = 22,
                                         .sequence_number = 5,
                                         .timestamp_ms = 2000,
                                         .manifest_list = "s3://b/l3",
                                         .summary = {{"operation", "append"}}}},
                    update::SetSnapshotRef{.snapshot_id = 33}};
  ASSERT_OK_AND_ASSIGN(const TableMetadata next, ApplyChange(change, &metadata, "s3://b/m2", 1500));
  ASSERT_OK_AND_ASSIGN(const Json json, ParseJson(MetadataToJson(next), "test"));
  const Json old = Json::parse(kForeign);
  EXPECT_EQ(json["vendor"], old["vendor"]);
  EXPECT_EQ(json["sort-orders"], old["sort-orders"]);
  EXPECT_EQ(json["default-sort-order-id"], 1);
  EXPECT_EQ(json["statistics"], old["statistics"]);
  EXPECT_EQ(json["schemas"][0], old["schemas"][0]);
  EXPECT_EQ(json["schemas"][1], old["schemas"][1]);
  EXPECT_EQ(json["snapshots"][0], old["snapshots"][0]);
  EXPECT_EQ(json["refs"]["audit"], old["refs"]["audit"]);
  EXPECT_EQ(json["refs"]["main"]["max-ref-age-ms"], 9);
  EXPECT_EQ(json["refs"]["main"]["snapshot-id"], 33);
  EXPECT_EQ(json["current-snapshot-id"], 33);
  EXPECT_EQ(json["last-column-id"], 3);
  EXPECT_EQ(json["last-sequence-number"], 5);
  EXPECT_EQ(json["last-updated-ms"], 2000);
  EXPECT_EQ(json["metadata-log"].back(), Json({{"timestamp-ms", 1000}, {"metadata-file", "s3://b/m2"}}));
  EXPECT_EQ(json["snapshot-log"].back(), Json({{"timestamp-ms", 2000}, {"snapshot-id", 33}}));
}

TEST(Metadata, TimeNeverGoesBack) {
  ASSERT_OK_AND_ASSIGN(TableMetadata metadata, MetadataFromJson(kForeign));
  Change change;
  change.updates = {update::SetProperties{{{"a", "b"}}}};
  ASSERT_OK_AND_ASSIGN(const TableMetadata next, ApplyChange(change, &metadata, "m", /*now_ms=*/5));
  EXPECT_EQ(next.last_updated_ms, 1001);
}

TEST(Metadata, TheMetadataLogHasALimit) {
  ASSERT_OK_AND_ASSIGN(TableMetadata metadata, MetadataFromJson(kForeign));
  metadata.properties["write.metadata.previous-versions-max"] = "3";
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(metadata, ApplyChange({}, &metadata, "m" + std::to_string(i), 2000 + i));
  }
  ASSERT_EQ(metadata.metadata_log.size(), 3U);
  EXPECT_EQ(metadata.metadata_log[0].metadata_file, "m2");
  EXPECT_EQ(metadata.metadata_log[2].metadata_file, "m4");
}

TEST(Metadata, RemovedSnapshotsLeaveRefsStatisticsAndTheLog) {
  ASSERT_OK_AND_ASSIGN(TableMetadata metadata, MetadataFromJson(kForeign));
  Change change;
  change.updates = {update::RemoveSnapshots{{11}}};
  ASSERT_OK_AND_ASSIGN(const TableMetadata next, ApplyChange(change, &metadata, "m", 2000));
  ASSERT_OK_AND_ASSIGN(const Json json, ParseJson(MetadataToJson(next), "test"));
  EXPECT_EQ(json["snapshots"].size(), 1U);
  EXPECT_FALSE(json["refs"].contains("audit"));
  EXPECT_EQ(json["statistics"].size(), 1U);
  EXPECT_EQ(json["snapshot-log"].size(), 1U);
  change.updates = {update::RemoveSnapshots{{22}}};
  EXPECT_ERROR_CODE(ErrorCode::kInternal, ApplyChange(change, &metadata, "m", 2000));
}

TEST(Metadata, ATableOfVersionOneIsReadAndUpgraded) {
  const std::string text =
      R"({"format-version":1,"location":"s3://b/t","last-updated-ms":5,"last-column-id":1,
    "schema":{"type":"struct","fields":[{"id":1,"name":"d","required":false,"type":"date"}]},
    "partition-spec":[{"source-id":1,"field-id":1000,"name":"d","transform":"identity"}],"table-uuid":"u",
    "snapshots":[],"current-snapshot-id":-1})";
  ASSERT_OK_AND_ASSIGN(const TableMetadata metadata, MetadataFromJson(text));
  EXPECT_EQ(metadata.current_snapshot(), nullptr);
  EXPECT_EQ(metadata.last_partition_id, 1000);
  Change change;
  change.updates = {update::UpgradeFormatVersion{2}};
  ASSERT_OK_AND_ASSIGN(const TableMetadata next, ApplyChange(change, &metadata, "m", 10));
  ASSERT_OK_AND_ASSIGN(const Json json, ParseJson(MetadataToJson(next), "test"));
  for (const char* key :
       {"format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms",
        "last-column-id", "schemas", "current-schema-id", "partition-specs", "default-spec-id",
        "last-partition-id", "sort-orders", "default-sort-order-id"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_FALSE(json.contains("schema"));
  EXPECT_FALSE(json.contains("current-snapshot-id"));
}

TEST(Metadata, RefusesWhatIsNoTable) {
  Json good = Json::parse(kForeign);
  const auto with = [&good](const std::string& pointer, const Json& value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = value;
    return changed.dump();
  };
  std::string deep(1000, '[');
  deep += std::string(1000, ']');
  const std::vector<std::string> corrupt = {"",
                                            "nonsense",
                                            "[]",
                                            "{}",
                                            R"({"format-version":2})",
                                            deep,
                                            std::string(kForeign).substr(0, 700),
                                            with("/current-snapshot-id", 99),
                                            with("/current-schema-id", 9),
                                            with("/default-spec-id", 9),
                                            with("/location", 5),
                                            with("/schemas/0/fields/0/type", "decimal(99, 2)"),
                                            with("/last-column-id", "x"),
                                            with("/snapshots/0/manifest-list", nullptr),
                                            with("/properties", Json::array()),
                                            with("/schemas/0/fields/0/type", Json{{"type", "list"}}),
                                            with("/last-updated-ms", 1.5)};
  for (const std::string& text : corrupt) {
    SCOPED_TRACE(text);
    EXPECT_ERROR_CODE(ErrorCode::kCorrupt, MetadataFromJson(text));
  }
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MetadataFromJson(with("/format-version", 3)));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, MetadataFromJson(with("/schemas/0/fields/0/type", "variant")));
}

TEST(Metadata, EveryCutIsRefused) {
  const std::string text = kForeign;
  for (size_t size = 0; size + 1 < text.size(); size += 3) {
    EXPECT_FALSE(MetadataFromJson(text.substr(0, size)).ok());
  }
}

TEST(Change, RequirementsNameWhatChanged) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata metadata, MetadataFromJson(kForeign));
  const std::vector<Requirement> met = {
      {.kind = RequirementKind::kTableUuid, .uuid = "u-1"},
      {.kind = RequirementKind::kRefSnapshotId, .number = 22, .ref = "main"},
      {.kind = RequirementKind::kRefSnapshotId, .ref = "no-such-branch"},
      {.kind = RequirementKind::kLastAssignedFieldId, .number = 2},
      {.kind = RequirementKind::kCurrentSchemaId, .number = 1},
      {.kind = RequirementKind::kLastAssignedPartitionId, .number = 999},
      {.kind = RequirementKind::kDefaultSpecId, .number = 0},
      {.kind = RequirementKind::kDefaultSortOrderId, .number = 1}};
  EXPECT_OK(CheckRequirements(met, &metadata));
  for (Requirement requirement : met) {
    requirement.number = requirement.number.value_or(0) + 1;
    requirement.uuid = "other";
    if (requirement.kind == RequirementKind::kRefSnapshotId && requirement.ref != "main")
      requirement.number = 5;
    EXPECT_ERROR_CODE(ErrorCode::kConflict, CheckRequirements({requirement}, &metadata));
  }
  EXPECT_ERROR_CODE(ErrorCode::kConflict, CheckRequirements({{.kind = RequirementKind::kCreate}}, &metadata));
  EXPECT_OK(CheckRequirements({{.kind = RequirementKind::kCreate}}, nullptr));
  EXPECT_ERROR_CODE(ErrorCode::kConflict, CheckRequirements(met, nullptr));
}

TEST(Change, SpeaksTheRestCatalogsWords) {
  Change change;
  change.requirements = {{.kind = RequirementKind::kRefSnapshotId, .ref = "main"}};
  change.updates = {update::AddSnapshot{{.id = 1,
                                         .sequence_number = 1,
                                         .timestamp_ms = 2,
                                         .manifest_list = "l",
                                         .summary = {{"operation", "append"}},
                                         .schema_id = 0}},
                    update::SetSnapshotRef{.snapshot_id = 1}, update::RemoveSnapshots{{5}},
                    update::SetProperties{{{"a", "b"}}}};
  EXPECT_EQ(
      ChangeToRestJson(change),
      R"({"requirements":[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null}],"updates":[)"
      R"({"action":"add-snapshot","snapshot":{"snapshot-id":1,"sequence-number":1,"timestamp-ms":2,)"
      R"("manifest-list":"l","summary":{"operation":"append"},"schema-id":0}},)"
      R"({"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":1},)"
      R"({"action":"remove-snapshots","snapshot-ids":[5]},{"action":"set-properties","updates":{"a":"b"}}]})");
}

}  // namespace
}  // namespace ingesta::iceberg
