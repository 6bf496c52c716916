#include "ingesta/aws/glue.h"

#include <gmock/gmock.h>

#include "ingesta/aws/glue_test_fixture.h"

namespace ingesta::aws {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class Glue : public GlueFixture {
 protected:
  static GlueTable Table(const std::string& name, const std::string& type = "string") {
    GlueTable table;
    table.name = name;
    table.table_type = "EXTERNAL_TABLE";
    table.storage.columns = {{"id", type, "the key", {}}};
    table.storage.location = "s3://lake/x/";
    table.storage.serde = {"", "some.SerDe", {{"serialization.format", "1"}}};
    table.parameters = {{"classification", "csv"}};
    return table;
  }
  static GluePartition Partition(const std::string& value) {
    GluePartition partition;
    partition.values = {value};
    partition.storage.location = "s3://lake/x/fecha=" + value + "/";
    return partition;
  }
  Json LastBody() const { return Json::parse(fake_->requests().back().body); }
};

TEST_F(Glue, SendsASignedJsonCallToTheTarget) {
  ASSERT_OK(glue_->CreateDatabase({"db", "what it is", "", {}}));
  const testing::ReceivedRequest request = fake_->requests().front();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/");
  EXPECT_EQ(request.Header("X-Amz-Target"), "AWSGlue.CreateDatabase");
  EXPECT_EQ(request.Header("Content-Type"), "application/x-amz-json-1.1");
  EXPECT_THAT(request.Header("Authorization"), HasSubstr("/us-east-1/glue/aws4_request"));
  EXPECT_THAT(request.Header("Authorization"), HasSubstr("x-amz-target"));
  EXPECT_EQ(Json::parse(request.body),
            Json::parse(R"({"DatabaseInput": {"Name": "db", "Description": "what it is"}})"));
}

TEST_F(Glue, TellsAnAbsentThingFromAnError) {
  ASSERT_OK_AND_ASSIGN(const auto database, glue_->GetDatabase("db"));
  EXPECT_FALSE(database.has_value());
  ASSERT_OK_AND_ASSIGN(const auto table, glue_->GetTable("db", "t"));
  EXPECT_FALSE(table.has_value());
  ASSERT_OK_AND_ASSIGN(const auto partition, glue_->GetPartition("db", "t", {"2026-11-24"}));
  EXPECT_FALSE(partition.has_value());
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, glue_->DeleteTable("db", "t"));
  fake_->Next("GetTable", {Fault::kDenied});
  EXPECT_ERROR_CODE(ErrorCode::kAccessDenied, glue_->GetTable("db", "t"));
}

TEST_F(Glue, GivesBackWhatWasWritten) {
  ASSERT_OK(glue_->CreateTable("db", Table("t", "decimal(18,2)")));
  ASSERT_OK_AND_ASSIGN(const auto table, glue_->GetTable("db", "t"));
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->storage.columns, Table("t", "decimal(18,2)").storage.columns);
  EXPECT_EQ(table->storage.serde, Table("t").storage.serde);
  EXPECT_EQ(table->storage.location, "s3://lake/x/");
  EXPECT_EQ(table->table_type, "EXTERNAL_TABLE");
  EXPECT_EQ(table->parameters, Table("t").parameters);
  EXPECT_EQ(table->version_id, "1");
}

TEST_F(Glue, AnUpdateKeepsMembersThatItDoesNotKnow) {
  fake_->PutTable("t", Json::parse(R"({
    "Owner": "ana", "Retention": 7, "CatalogId": "123456789012", "CreateTime": 1.5e9, "Description": "d",
    "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "int", "Parameters": {"iceberg.field.id": "1"}}],
      "NumberOfBuckets": 4, "SortColumns": [{"Column": "a", "SortOrder": 1}], "Compressed": true,
      "SerdeInfo": {"Name": "s", "SerializationLibrary": "l", "Parameters": {"k": "v"}}},
    "PartitionKeys": [], "Parameters": {"theirs": "1"}})"));
  ASSERT_OK_AND_ASSIGN(const auto table, glue_->GetTable("db", "t"));
  ASSERT_OK(glue_->UpdateTable("db", *table, {.version_id = table->version_id, .skip_archive = true}));
  const Json body = LastBody();
  EXPECT_EQ(body["VersionId"], "1");
  EXPECT_EQ(body["SkipArchive"], true);
  const Json& input = body["TableInput"];
  EXPECT_EQ(input["Owner"], "ana");
  EXPECT_EQ(input["Retention"], 7);
  EXPECT_EQ(input["Description"], "d");
  // What TableInput does not take would be refused.
  EXPECT_FALSE(input.contains("CatalogId") || input.contains("CreateTime") || input.contains("VersionId"));
  const Json& storage = input["StorageDescriptor"];
  EXPECT_EQ(storage["NumberOfBuckets"], 4);
  EXPECT_EQ(storage["SortColumns"].size(), 1);
  EXPECT_EQ(storage["Compressed"], true);
  EXPECT_EQ(storage["SerdeInfo"]["Parameters"]["k"], "v");
  EXPECT_EQ(storage["Columns"][0]["Parameters"]["iceberg.field.id"], "1");
}

TEST_F(Glue, RefusesAnUpdateOverAnotherVersion) {
  ASSERT_OK(glue_->CreateTable("db", Table("t")));
  ASSERT_OK(glue_->UpdateTable("db", Table("t", "int"), {.version_id = "1"}));
  CallFacts facts;
  EXPECT_ERROR_CODE(ErrorCode::kConflict,
                    glue_->UpdateTable("db", Table("t", "bigint"), {.version_id = "1"}, &facts));
  EXPECT_EQ(facts.attempts, 1);
  EXPECT_FALSE(facts.maybe_applied);
}

struct LostCase {
  const char* name;
  std::deque<FakeGlue::Fault> faults;
  bool ok;
  ErrorCode code;
  int attempts;
  bool maybe_applied;
};

TEST_F(Glue, SaysWhetherARefusedWriteMayHaveBeenDone) {
  using F = FakeGlue::Fault;
  const std::vector<LostCase> cases = {
      {"at once", {}, true, {}, 1, false},
      {"throttled first", {F::kThrottled, F::kThrottled}, true, {}, 3, false},
      {"lost request", {F::kLostRequest}, true, {}, 2, true},
      {"lost answer", {F::kLostAnswer}, false, ErrorCode::kConflict, 2, true},
      {"lost answer behind throttling",
       {F::kThrottled, F::kLostAnswer},
       false,
       ErrorCode::kConflict,
       3,
       true},
      {"denied", {F::kDenied}, false, ErrorCode::kAccessDenied, 1, false},
      {"lost, then denied", {F::kLostAnswer, F::kDenied}, false, ErrorCode::kAccessDenied, 2, true},
      {"500 to the end",
       {F::kFailed, F::kFailed, F::kFailed, F::kFailed},
       false,
       ErrorCode::kHttpStatus,
       4,
       true},
      {"throttled to the end",
       {F::kThrottled, F::kThrottled, F::kThrottled, F::kThrottled},
       false,
       ErrorCode::kRateLimited,
       4,
       false},
  };
  for (const LostCase& c : cases) {
    SCOPED_TRACE(c.name);
    fake_->PutTable("t", Json::object());
    ASSERT_OK_AND_ASSIGN(const auto table, glue_->GetTable("db", "t"));
    fake_->Next("UpdateTable", c.faults);
    CallFacts facts;
    const Status status = glue_->UpdateTable("db", *table, {.version_id = table->version_id}, &facts);
    EXPECT_EQ(status.ok(), c.ok) << status.ToString();
    if (!c.ok) {
      EXPECT_EQ(ErrorCodeName(CodeOf(status)), ErrorCodeName(c.code)) << status.ToString();
    }
    EXPECT_EQ(facts.attempts, c.attempts);
    EXPECT_EQ(facts.maybe_applied, c.maybe_applied);
  }
}

TEST_F(Glue, NamesTheMissingPermissionAndItsResources) {
  fake_->Next("UpdateTable", {Fault::kDenied});
  const Status status = glue_->UpdateTable("inventario_db", Table("productos"), {});
  EXPECT_THAT(status.message(), HasSubstr("profile default"));
  EXPECT_EQ(HintOf(status),
            "allow glue:UpdateTable on arn:aws:glue:us-east-1:123456789012:catalog, "
            "arn:aws:glue:us-east-1:123456789012:database/inventario_db and "
            "arn:aws:glue:us-east-1:123456789012:table/inventario_db/productos in the IAM policy of profile "
            "default");
  fake_->Next("CreateDatabase", {Fault::kDenied});
  EXPECT_THAT(HintOf(glue_->CreateDatabase({"db", "", "", {}})),
              HasSubstr("allow glue:CreateDatabase on arn:aws:glue:us-east-1:123456789012:catalog and "
                        "arn:aws:glue:us-east-1:123456789012:database/db in"));
}

TEST_F(Glue, ReadsAllPages) {
  fake_->page_size = 2;
  for (const char* name : {"a", "b", "c", "d", "e"}) fake_->PutTable(name, Json::object());
  ASSERT_OK_AND_ASSIGN(const auto tables, glue_->GetTables("db"));
  std::vector<std::string> names;
  for (const GlueTable& table : tables) names.push_back(table.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_EQ(fake_->Calls("GetTables"), 3);
}

TEST_F(Glue, SendsPartitionsInCallsOfAHundredAndDeletesInCallsOf25) {
  std::vector<GluePartition> partitions;
  std::vector<std::vector<std::string>> values;
  for (int i = 0; i < 205; ++i) {
    partitions.push_back(Partition(std::to_string(i)));
    values.push_back({std::to_string(i)});
  }
  ASSERT_OK_AND_ASSIGN(auto failures, glue_->BatchCreatePartition("db", "t", partitions));
  EXPECT_TRUE(failures.empty());
  EXPECT_EQ(fake_->Calls("BatchCreatePartition"), 3);
  ASSERT_OK_AND_ASSIGN(const auto there, glue_->GetPartitions("db", "t"));
  EXPECT_EQ(there.size(), 205);

  ASSERT_OK_AND_ASSIGN(failures, glue_->BatchCreatePartition("db", "t", {Partition("7"), Partition("new")}));
  ASSERT_EQ(failures.size(), 1);
  EXPECT_THAT(failures[0].values, ElementsAre("7"));
  EXPECT_EQ(failures[0].code, "AlreadyExistsException");

  GluePartition moved = Partition("7");
  moved.storage.location = "s3://lake/elsewhere/";
  ASSERT_OK(glue_->UpdatePartition("db", "t", moved));
  ASSERT_OK_AND_ASSIGN(const auto read, glue_->GetPartition("db", "t", {"7"}));
  EXPECT_EQ(read->storage.location, "s3://lake/elsewhere/");

  ASSERT_OK_AND_ASSIGN(failures, glue_->BatchDeletePartition("db", "t", values));
  EXPECT_TRUE(failures.empty());
  EXPECT_EQ(fake_->Calls("BatchDeletePartition"), 9);
  EXPECT_EQ(fake_->Partitions("t").size(), 1);
}

TEST_F(Glue, TellsALostBatchFromAnOrdinaryOne) {
  fake_->Next("BatchCreatePartition", {Fault::kLostAnswer});
  CallFacts facts;
  ASSERT_OK_AND_ASSIGN(const auto failures,
                       glue_->BatchCreatePartition("db", "t", {Partition("1"), Partition("2")}, &facts));
  EXPECT_EQ(failures.size(), 2);
  EXPECT_TRUE(facts.maybe_applied);
}

TEST_F(Glue, SurvivesTextThatIsNoUtf8AndAnswersThatAreNoJson) {
  GlueTable table = Table("t");
  table.description = "caf\xE9";
  ASSERT_OK(glue_->CreateTable("db", table));
  EXPECT_EQ(fake_->Table("t")["Description"], "caf\xEF\xBF\xBD");

  ASSERT_OK_AND_ASSIGN(const auto server, testing::ScriptedServer::Start());
  server->On("POST", "/", testing::ScriptedAnswer::Status(200, "<html>hello</html>"));
  GlueClient other({.service = "glue", .target_prefix = "AWSGlue", .endpoint = server->url()},
                   MakeStaticCredentials({"KEY", "secret", "", {}, "environment"}), *http_, clock_);
  EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, other.GetTable("db", "t"));
}

TEST_F(Glue, ReadsATableWhoseMembersHaveOtherTypes) {
  fake_->PutTable("t",
                  Json::parse(R"({"StorageDescriptor": {"Columns": "none", "SerdeInfo": [], "Compressed": 1},
                                       "PartitionKeys": {"a": 1}, "Parameters": {"n": 5, "s": "x"}})"));
  ASSERT_OK_AND_ASSIGN(const auto table, glue_->GetTable("db", "t"));
  EXPECT_TRUE(table->storage.columns.empty());
  EXPECT_EQ(table->parameters, (GlueParameters{{"s", "x"}}));
}

TEST(GlueOptions, TakeRegionAndEndpointFromTheSettings) {
  AwsSettings settings;
  settings.region = "eu-west-1";
  settings.endpoints = {{"glue", "http://127.0.0.1:5"}};
  EXPECT_EQ(GlueOptions(settings).endpoint, "http://127.0.0.1:5");
  EXPECT_EQ(GlueOptions(settings).region, "eu-west-1");
  EXPECT_EQ(GlueOptions(settings).target_prefix, "AWSGlue");
}

}  // namespace
}  // namespace ingesta::aws
