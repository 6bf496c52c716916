// The REST protocol against a scripted server: what is sent, and what every answer means. Whole tables
// against Apache's reference implementation are tests/integration/rest_catalog_test.py.
#include "ingesta/catalog/rest/rest_table_catalog.h"

#include <arrow/type.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/store/local_store.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"
#include "ingesta/testing/scripted_server.h"

namespace ingesta::catalog {
namespace {

using iceberg::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ReceivedRequest;
using testing::ScriptedAnswer;
using ::testing::StartsWith;

constexpr const char* kConfig = R"({"defaults":{"prefix":"main"},"overrides":{},"endpoints":[
  "POST /v1/{prefix}/transactions/commit"]})";

std::string RestErrorBody(int code, const std::string& type) {
  return Json{{"error", Json{{"message", "told so"}, {"type", type}, {"code", code}}}}.dump();
}

class RestTableCatalogTest : public ::testing::Test {
 protected:
  RestTableCatalogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingesta-rest-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    store_ = store::MakeLocalStore(root_);
    server_ = *testing::ScriptedServer::Start();
    server_->On("GET", "/api/v1/config", {ScriptedAnswer::Json(kConfig)});
    Connect({});
  }
  ~RestTableCatalogTest() override { std::filesystem::remove_all(root_); }

  void Connect(RestCatalogOptions options, std::shared_ptr<aws::CredentialsProvider> credentials = nullptr) {
    options.uri = server_->url() + "/api";
    if (options.namespace_name.empty()) options.namespace_name = "inventario_db";
    http::ClientOptions client;
    client.retry = {.max_retries = 2, .base = Millis{1}, .cap = Millis{2}};
    auto http = http::Client::Make(client, RealClock(), SystemRandom());
    catalog_ =
        std::make_unique<RestTableCatalog>(std::make_unique<RestClient>(std::move(options), *std::move(http),
                                                                        std::move(credentials), RealClock()),
                                           *store_, RealClock());
  }

  /// What a server would hold of `dataset` after its creation, and the answer that says so.
  iceberg::LoadedTable Table(const std::string& dataset) {
    iceberg::Change change;
    change.updates.emplace_back(iceberg::update::AssignUuid{"uuid-of-" + dataset});
    change.updates.emplace_back(iceberg::update::SetLocation{store_->Location("iceberg/" + dataset)});
    iceberg::Schema schema;
    change.updates.emplace_back(iceberg::update::AddSchema{schema, 0});
    change.updates.emplace_back(iceberg::update::SetCurrentSchema{});
    change.updates.emplace_back(iceberg::update::AddSpec{});
    change.updates.emplace_back(iceberg::update::SetDefaultSpec{});
    change.updates.emplace_back(iceberg::update::AddUnsortedOrder{});
    change.updates.emplace_back(iceberg::update::SetDefaultSortOrder{});
    iceberg::LoadedTable table;
    auto metadata = iceberg::ApplyChange(change, nullptr, "", 1);
    EXPECT_OK(metadata.status());
    table.metadata = *iceberg::MetadataFromJson(iceberg::MetadataToJson(*metadata));
    table.metadata_location = "s3://elsewhere/00000.metadata.json";
    table.version = table.metadata_location;
    return table;
  }
  static std::string Answer(const iceberg::LoadedTable& table) {
    return Json{{"metadata-location", table.metadata_location},
                {"metadata", Json::parse(iceberg::MetadataToJson(table.metadata))}}
        .dump();
  }
  /// A commit of a snapshot onto `base`.
  iceberg::PreparedCommit Snapshot(const iceberg::LoadedTable& base, const std::string& dataset) {
    iceberg::Change change;
    change.requirements.push_back({.kind = iceberg::RequirementKind::kRefSnapshotId,
                                   .number = base.metadata.current_snapshot_id,
                                   .ref = iceberg::kMainBranch});
    iceberg::Snapshot snapshot{.id = 42,
                               .sequence_number = base.metadata.last_sequence_number + 1,
                               .timestamp_ms = 2,
                               .manifest_list = "s3://x/list.avro",
                               .summary = {{"operation", "append"}},
                               .schema_id = 0};
    change.updates.emplace_back(iceberg::update::AddSnapshot{snapshot});
    change.updates.emplace_back(iceberg::update::SetSnapshotRef{.snapshot_id = 42});
    auto prepared = catalog_->Prepare(dataset, base, change);
    EXPECT_OK(prepared.status());
    return *std::move(prepared);
  }
  static iceberg::LoadedTable After(const iceberg::PreparedCommit& prepared) {
    return {prepared.next, "s3://elsewhere/00001.metadata.json", "s3://elsewhere/00001.metadata.json"};
  }
  std::vector<std::string> Calls() {
    std::vector<std::string> calls;
    for (const ReceivedRequest& request : server_->requests()) {
      if (!request.target.ends_with("/config")) calls.push_back(request.method + " " + request.target);
    }
    return calls;
  }

  static constexpr const char* kTable = "/api/v1/main/namespaces/inventario_db/tables/productos";
  std::string root_;
  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<testing::ScriptedServer> server_;
  std::unique_ptr<RestTableCatalog> catalog_;
};

TEST_F(RestTableCatalogTest, LoadsByThePrefixAndTheLevelsOfTheNamespace) {
  Connect({.warehouse = "shop 1", .namespace_name = "tienda.norte"});
  server_->On("GET", "/api/v1/main/namespaces/tienda%1Fnorte/tables/productos",
              {ScriptedAnswer::Json(Answer(Table("productos")))});
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->Load("productos"));
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->metadata.table_uuid, "uuid-of-productos");
  EXPECT_EQ(server_->requests().front().target, "/api/v1/config?warehouse=shop%201");
}

TEST_F(RestTableCatalogTest, NoTableAndNoNamespaceAreNoError) {
  for (const char* type : {"NoSuchTableException", "NoSuchNamespaceException"}) {
    server_->On("GET", kTable, {ScriptedAnswer::Json(RestErrorBody(404, type), 404)});
    ASSERT_OK_AND_ASSIGN(const auto table, catalog_->Load("productos"));
    EXPECT_FALSE(table.has_value()) << type;
  }
}

TEST_F(RestTableCatalogTest, AnswersThatAreNoCatalogsAreErrorsThatSayWhatToCheck) {
  struct Case {
    const char* name;
    ScriptedAnswer answer;
    ErrorCode code;
    const char* hint;
  };
  const Case cases[] = {
      {"Unauthorized", ScriptedAnswer::Json(RestErrorBody(401, "NotAuthorizedException"), 401),
       ErrorCode::kUnauthorized, "credential"},
      {"Forbidden", ScriptedAnswer::Json(RestErrorBody(403, "ForbiddenException"), 403),
       ErrorCode::kAccessDenied, "grant"},
      {"NotJson", ScriptedAnswer::Status(200, "<html>"), ErrorCode::kMalformedBody, "uri"},
      {"NoMetadata", ScriptedAnswer::Json("{}"), ErrorCode::kCorrupt, ""},
      {"Down", ScriptedAnswer::Status(500), ErrorCode::kHttpStatus, ""},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    server_->On("GET", kTable, {one.answer});
    const auto loaded = catalog_->Load("productos");
    EXPECT_ERROR_CODE(one.code, loaded.status());
    EXPECT_THAT(HintOf(loaded.status()), HasSubstr(one.hint));
  }
}

TEST_F(RestTableCatalogTest, ACommitNamesItsRequirementsAndUpdates) {
  const auto base = Table("productos");
  const auto prepared = Snapshot(base, "productos");
  server_->On("POST", kTable, {ScriptedAnswer::Json(Answer(After(prepared)))});
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->Swap(prepared));
  EXPECT_EQ(table.metadata_location, "s3://elsewhere/00001.metadata.json");
  const Json sent = Json::parse(server_->requests().back().body);
  EXPECT_EQ(sent["requirements"][0]["type"], "assert-ref-snapshot-id");
  EXPECT_TRUE(sent["requirements"][0]["snapshot-id"].is_null());
  EXPECT_EQ(sent["updates"][0]["action"], "add-snapshot");
}

TEST_F(RestTableCatalogTest, ARefusedRequirementIsAConflictWithoutALookUp) {
  const auto base = Table("productos");
  const auto prepared = Snapshot(base, "productos");
  server_->On("POST", kTable, {ScriptedAnswer::Json(RestErrorBody(409, "CommitFailedException"), 409)});
  EXPECT_ERROR_CODE(ErrorCode::kConflict, catalog_->Swap(prepared).status());
  EXPECT_THAT(Calls(), ElementsAre(std::string("POST ") + kTable));
}

TEST_F(RestTableCatalogTest, AConflictAfterALostAnswerIsLookedUp) {
  const auto base = Table("productos");
  const auto prepared = Snapshot(base, "productos");
  auto theirs = After(Snapshot(base, "productos"));
  theirs.metadata.snapshots.back().id = 43;
  theirs.metadata.current_snapshot_id = 43;
  theirs.metadata.refs["main"].snapshot_id = 43;
  theirs.metadata.snapshot_log.back().snapshot_id = 43;
  struct Case {
    const char* name;
    iceberg::LoadedTable now;
    ErrorCode code;  ///< kInternal stands for success
  };
  for (const Case& one :
       {Case{"Ours", After(prepared), ErrorCode::kInternal}, Case{"Theirs", theirs, ErrorCode::kConflict},
        Case{"AsBefore", base, ErrorCode::kConnectionLost}}) {
    SCOPED_TRACE(one.name);
    server_->On("POST", kTable,
                {ScriptedAnswer::CloseEarly(),
                 ScriptedAnswer::Json(RestErrorBody(409, "CommitFailedException"), 409)});
    server_->On("GET", kTable, {ScriptedAnswer::Json(Answer(one.now))});
    const auto swapped = catalog_->Swap(prepared);
    if (one.code == ErrorCode::kInternal) {
      EXPECT_OK(swapped.status());
    } else {
      EXPECT_ERROR_CODE(one.code, swapped.status());
    }
  }
}

TEST_F(RestTableCatalogTest, A500ThatLastsLeavesTheOutcomeOpenUntilTheTableSaysSo) {
  const auto base = Table("productos");
  const auto prepared = Snapshot(base, "productos");
  server_->On("POST", kTable, {ScriptedAnswer::Status(500)});
  server_->On("GET", kTable, {ScriptedAnswer::Json(Answer(base))});
  const auto swapped = catalog_->Swap(prepared);
  EXPECT_ERROR_CODE(ErrorCode::kHttpStatus, swapped.status());
  EXPECT_THAT(swapped.status().message(), HasSubstr("is not known"));
  server_->On("GET", kTable, {ScriptedAnswer::Json(Answer(After(prepared)))});
  EXPECT_OK(catalog_->Swap(prepared).status());
}

TEST_F(RestTableCatalogTest, SeveralTablesAreOneTransactionAndFallBackToTheirOwnCommits) {
  const auto first = Snapshot(Table("productos"), "productos");
  const auto second = Snapshot(Table("categorias"), "categorias");
  const std::string categorias = "/api/v1/main/namespaces/inventario_db/tables/categorias";
  server_->On("GET", kTable, {ScriptedAnswer::Json(Answer(After(first)))});
  server_->On("GET", categorias, {ScriptedAnswer::Json(Answer(After(second)))});
  server_->On("POST", kTable, {ScriptedAnswer::Json(Answer(After(first)))});
  server_->On("POST", categorias, {ScriptedAnswer::Json(RestErrorBody(409, "CommitFailedException"), 409)});

  server_->On("POST", "/api/v1/main/transactions/commit", {ScriptedAnswer::Status(204)});
  for (const auto& result : catalog_->SwapAll({first, second})) EXPECT_OK(result.status());
  const auto calls = Calls();
  EXPECT_THAT(calls,
              ElementsAre("POST /api/v1/main/transactions/commit", StartsWith("GET"), StartsWith("GET")));
  for (const ReceivedRequest& request : server_->requests()) {
    if (request.method != "POST") continue;
    const Json changes = Json::parse(request.body)["table-changes"];
    EXPECT_EQ(changes[0]["identifier"].dump(), R"({"namespace":["inventario_db"],"name":"productos"})");
    EXPECT_EQ(changes[1]["identifier"]["name"], "categorias");
  }

  server_->On("POST", "/api/v1/main/transactions/commit",
              {ScriptedAnswer::Json(RestErrorBody(409, "CommitFailedException"), 409)});
  const auto results = catalog_->SwapAll({first, second});
  EXPECT_OK(results[0].status());
  EXPECT_ERROR_CODE(ErrorCode::kConflict, results[1].status());
}

TEST_F(RestTableCatalogTest, TheFirstTableMakesItsNamespace) {
  const auto made = Table("productos");
  iceberg::PreparedCommit create;
  create.table = "productos";
  create.next = made.metadata;
  create.change.requirements.push_back({.kind = iceberg::RequirementKind::kCreate});
  server_->On("POST", kTable,
              {ScriptedAnswer::Json(RestErrorBody(404, "NoSuchNamespaceException"), 404),
               ScriptedAnswer::Json(Answer(made))});
  server_->On("POST", "/api/v1/main/namespaces", {ScriptedAnswer::Json("{}")});
  // The longest prefix wins, so the namespace's own route answers only its creation.
  ASSERT_OK(catalog_->Swap(create).status());
  EXPECT_THAT(Calls(),
              ElementsAre(StartsWith("POST /api/v1/main/namespaces/"), "POST /api/v1/main/namespaces",
                          StartsWith("POST /api/v1/main/namespaces/")));
}

TEST_F(RestTableCatalogTest, SignsForAwsWhereAServiceIsNamed) {
  Connect({.signing_service = "glue", .signing_region = "eu-west-1"},
          aws::MakeStaticCredentials(
              {.access_key_id = "KEY", .secret_access_key = "SECRET", .session_token = "T"}));
  server_->On("GET", kTable, {ScriptedAnswer::Json(Answer(Table("productos")))});
  ASSERT_OK(catalog_->Load("productos").status());
  for (const ReceivedRequest& request : server_->requests()) {
    EXPECT_THAT(
        request.Header("Authorization"),
        ::testing::MatchesRegex("AWS4-HMAC-SHA256 Credential=KEY/[0-9]+/eu-west-1/glue/aws4_request, .*"));
    EXPECT_EQ(request.Header("X-Amz-Security-Token"), "T");
  }
}

TEST_F(RestTableCatalogTest, ATableOutsideOfTheStoreIsRefused) {
  auto table = Table("productos");
  table.metadata.location = "s3://another-bucket/productos";
  server_->On("GET", kTable, {ScriptedAnswer::Json(Answer(table))});
  const auto loaded = catalog_->Load("productos");
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, loaded.status());
  EXPECT_THAT(loaded.status().message(), HasSubstr("s3://another-bucket/productos"));
}

}  // namespace
}  // namespace ingesta::catalog
