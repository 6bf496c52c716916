// A Glue catalog in memory behind a scripted server, with faults on request: what AWS does, as far as the
// calls of glue.h go (a version a table, conditions on it, 100 partitions a call). For unit tests; the real
// protocol is met by tests/integration/glue_test. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ingesta/aws/glue.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"
#include "ingesta/testing/scripted_server.h"

namespace ingesta::aws {

class FakeGlue {
 public:
  using Json = nlohmann::json;
  using Answer = testing::ScriptedAnswer;

  enum class Fault {
    kNone,
    kThrottled,    ///< 400 ThrottlingException
    kFailed,       ///< 500, nothing done
    kLostRequest,  ///< reset, nothing done
    kLostAnswer,   ///< done, then reset
    kDenied,       ///< 400 AccessDeniedException
  };

  static std::unique_ptr<FakeGlue> Start() {
    auto fake = std::unique_ptr<FakeGlue>(new FakeGlue);
    auto server = testing::ScriptedServer::Start();
    EXPECT_TRUE(server.ok());
    fake->server_ = *std::move(server);
    fake->server_->OnCall("POST", "/", [raw = fake.get()](const testing::ReceivedRequest& request) {
      return raw->Handle(request);
    });
    return fake;
  }

  /// The next calls of `operation` meet these faults, one each.
  void Next(const std::string& operation, std::deque<Fault> faults) {
    const std::lock_guard lock(mutex_);
    faults_[operation] = std::move(faults);
  }
  int Calls(const std::string& operation) const {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(operation);
    return found == calls_.end() ? 0 : found->second;
  }
  /// Of calls that write.
  int Writes() const {
    const std::lock_guard lock(mutex_);
    int writes = 0;
    for (const auto& [operation, count] : calls_) writes += operation.starts_with("Get") ? 0 : count;
    return writes;
  }
  /// The TableInput as it was written last, with VersionId; null where there is none.
  Json Table(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = tables_.find(name);
    return found == tables_.end() ? Json() : found->second;
  }
  void PutTable(const std::string& name, Json table) {
    const std::lock_guard lock(mutex_);
    table["Name"] = name;
    table["VersionId"] = std::to_string(++versions_);
    tables_[name] = std::move(table);
  }
  /// The partitions of `table` by their values' JSON text.
  std::map<std::string, Json> Partitions(const std::string& table) const {
    const std::lock_guard lock(mutex_);
    const auto found = partitions_.find(table);
    return found == partitions_.end() ? std::map<std::string, Json>() : found->second;
  }
  std::string url() const { return server_->url(); }
  std::vector<testing::ReceivedRequest> requests() const { return server_->requests(); }
  size_t page_size = 100;
  /// Asked where no fault is queued; set before the first call.
  std::function<Fault(const std::string& operation)> choose_fault;
  /// Called before each call is looked at, on the connection's thread; set before the first call.
  std::function<void(const std::string& operation)> before_call;

 private:
  static Answer Error(const std::string& code, const std::string& message, int status = 400) {
    return Answer::Json(Json{{"__type", code}, {"Message", message}}.dump(), status);
  }
  static Answer Missing() { return Error("EntityNotFoundException", "Entity Not Found"); }
  static Answer Done(const Json& json = Json::object()) { return Answer::Json(json.dump()); }

  Answer Handle(const testing::ReceivedRequest& request) {
    const std::string target = request.Header("X-Amz-Target");
    const std::string operation = target.substr(target.find('.') + 1);
    if (before_call) before_call(operation);
    const std::lock_guard lock(mutex_);
    ++calls_[operation];
    Fault fault = Fault::kNone;
    if (auto& faults = faults_[operation]; !faults.empty()) {
      fault = faults.front();
      faults.pop_front();
    } else if (choose_fault) {
      fault = choose_fault(operation);
    }
    switch (fault) {
      case Fault::kThrottled:
        return Error("ThrottlingException", "Rate exceeded");
      case Fault::kFailed:
        return Error("InternalServiceException", "try again", 500);
      case Fault::kLostRequest:
        return Answer::Reset();
      case Fault::kDenied:
        return Error("AccessDeniedException",
                     "User: arn:aws:iam::123456789012:user/x is not authorized to perform: glue:" +
                         operation + " on resource: arn:aws:glue:us-east-1:123456789012:catalog");
      default:
        break;
    }
    Answer answer = Apply(operation, Json::parse(request.body));
    return fault == Fault::kLostAnswer ? Answer::Reset() : answer;
  }

  Answer Apply(const std::string& operation, const Json& body) {
    if (operation == "GetDatabase") {
      if (databases_.count(body["Name"]) == 0) return Missing();
      return Done({{"Database", databases_[body["Name"]]}});
    }
    if (operation == "CreateDatabase") {
      const Json& input = body["DatabaseInput"];
      if (!databases_.emplace(input["Name"], input).second) return Error("AlreadyExistsException", "taken");
      return Done();
    }
    if (operation.find("Partition") != std::string::npos) return ApplyPartitions(operation, body);
    return ApplyTable(operation, body);
  }

  Answer ApplyTable(const std::string& operation, const Json& body) {
    if (operation == "GetTables") {
      Json list = Json::array();
      for (const auto& [name, table] : tables_) list.push_back(table);
      return Page("TableList", list, body);
    }
    const std::string name = body.contains("Name") ? body["Name"] : body["TableInput"]["Name"];
    const auto found = tables_.find(name);
    if (operation == "CreateTable") {
      if (found != tables_.end()) return Error("AlreadyExistsException", "Table already exists.");
    } else if (found == tables_.end()) {
      return Missing();
    }
    if (operation == "GetTable") return Done({{"Table", found->second}});
    if (operation == "DeleteTable") {
      tables_.erase(found);
      partitions_.erase(name);
      return Done();
    }
    if (body.contains("VersionId") && body["VersionId"] != found->second["VersionId"]) {
      return Error("ConcurrentModificationException", "Update table failed due to concurrent modifications.");
    }
    tables_[name] = body["TableInput"];
    tables_[name]["VersionId"] = std::to_string(++versions_);
    return Done();
  }

  Answer ApplyPartitions(const std::string& operation, const Json& body) {
    auto& partitions = partitions_[body["TableName"]];
    if (operation == "GetPartitions") {
      Json list = Json::array();
      for (const auto& [values, partition] : partitions) list.push_back(partition);
      return Page("Partitions", list, body);
    }
    if (operation == "GetPartition") {
      const auto found = partitions.find(body["PartitionValues"].dump());
      return found == partitions.end() ? Missing() : Done({{"Partition", found->second}});
    }
    if (operation == "UpdatePartition") {
      const auto found = partitions.find(body["PartitionValueList"].dump());
      if (found == partitions.end()) return Missing();
      found->second = body["PartitionInput"];
      return Done();
    }
    Json errors = Json::array();
    const bool creates = operation == "BatchCreatePartition";
    const Json& items = creates ? body["PartitionInputList"] : body["PartitionsToDelete"];
    if (items.size() > (creates ? 100 : 25)) return Error("ValidationException", "too many");
    for (const Json& item : items) {
      const bool done = creates ? partitions.emplace(item["Values"].dump(), item).second
                                : partitions.erase(item["Values"].dump()) > 0;
      if (done) continue;
      const char* code = creates ? "AlreadyExistsException" : "EntityNotFoundException";
      errors.push_back({{"PartitionValues", item["Values"]},
                        {"ErrorDetail", {{"ErrorCode", code}, {"ErrorMessage", "no"}}}});
    }
    return Done({{"Errors", errors}});
  }

  Answer Page(const char* member, const Json& list, const Json& body) const {
    const size_t from = body.contains("NextToken") ? std::stoul(body["NextToken"].get<std::string>()) : 0;
    Json page = {{member, Json::array()}};
    for (size_t i = from; i < std::min(list.size(), from + page_size); ++i) page[member].push_back(list[i]);
    if (from + page_size < list.size()) page["NextToken"] = std::to_string(from + page_size);
    return Done(page);
  }

  mutable std::mutex mutex_;
  int versions_ = 0;
  std::map<std::string, Json> databases_;
  std::map<std::string, Json> tables_;
  std::map<std::string, std::map<std::string, Json>> partitions_;
  std::map<std::string, std::deque<Fault>> faults_;
  std::map<std::string, int> calls_;
  std::unique_ptr<testing::ScriptedServer> server_;  // last: its threads use the rest
};

/// A GlueClient on a FakeGlue, with short waits.
class GlueFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    http::ClientOptions options;
    options.retry = {.max_retries = 3, .base = Millis{1}, .cap = Millis{1}};
    ASSERT_OK_AND_ASSIGN(http_, http::Client::Make(options, clock_, random_));
    fake_ = FakeGlue::Start();
    glue_ = Connect();
  }
  std::unique_ptr<GlueClient> Connect() {
    return std::make_unique<GlueClient>(
        JsonServiceOptions{.service = "glue", .target_prefix = "AWSGlue", .endpoint = fake_->url()},
        MakeStaticCredentials({.access_key_id = "KEY",
                               .secret_access_key = "secret",
                               .session_token = "",
                               .expiration = {},
                               .source = "profile default"}),
        *http_, clock_);
  }

  using Fault = FakeGlue::Fault;
  testing::FakeClock clock_;
  testing::SeededRandom random_{7};
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<FakeGlue> fake_;
  std::unique_ptr<GlueClient> glue_;
};

}  // namespace ingesta::aws
