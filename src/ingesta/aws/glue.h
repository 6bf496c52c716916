// The Glue Data Catalog calls that ingesta makes, one method a call of the API, as typed values. Members that
// are not named here travel along in `other`, so that an update keeps what others wrote. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/aws/json_service.h"
#include "ingesta/base/status.h"

namespace ingesta::aws {

using GlueParameters = std::map<std::string, std::string>;

struct GlueColumn {
  std::string name;
  std::string type;  ///< as Hive writes it: `decimal(18,2)`
  std::string comment;
  GlueParameters parameters;
  bool operator==(const GlueColumn&) const = default;
};

struct GlueSerDe {
  std::string name;
  std::string library;
  GlueParameters parameters;
  bool operator==(const GlueSerDe&) const = default;
};

struct GlueStorage {
  std::vector<GlueColumn> columns;
  std::string location;
  std::string input_format;
  std::string output_format;
  bool compressed = false;
  GlueSerDe serde;
  GlueParameters parameters;
  std::string other;  ///< JSON object of further members; empty = none
};

struct GlueTable {
  std::string name;
  std::string description;
  std::string table_type;  ///< `EXTERNAL_TABLE`, `VIRTUAL_VIEW`
  GlueStorage storage;
  std::vector<GlueColumn> partition_keys;
  std::string view_original_text;
  std::string view_expanded_text;
  GlueParameters parameters;
  std::string other;       ///< JSON object of Owner, Retention, ...; empty = none
  std::string version_id;  ///< as read; not a part of what is written
};

struct GluePartition {
  std::vector<std::string> values;
  GlueStorage storage;
  GlueParameters parameters;
  std::string other;
};

struct GlueDatabase {
  std::string name;
  std::string description;
  std::string location_uri;
  GlueParameters parameters;
};

/// What Glue refused of a batch; the rest of it was done.
struct GluePartitionFailure {
  std::vector<std::string> values;
  std::string code;  ///< `AlreadyExistsException`
  std::string message;
};

struct GlueUpdateOptions {
  std::string version_id;     ///< only over this version: kConflict otherwise; empty = whatever is there
  bool skip_archive = false;  ///< keep no old version: Glue has a limit on them
};

/// A method that writes takes `facts` (may be null): a call is sent again also after its answer was lost, and
/// then a refusal (kConflict, kAlreadyExists, kNotFound) with `maybe_applied` may be the echo of its own
/// success. The caller reads what is there and decides.
/// Errors: kNotFound (EntityNotFoundException), kAlreadyExists, kConflict (ConcurrentModificationException,
/// VersionMismatchException), kAccessDenied with the IAM action and resources in the hint, and those of
/// CommonRefusal.
class GlueClient {
 public:
  /// REQUIRES: `client` and `clock` outlive this object.
  GlueClient(JsonServiceOptions options, std::shared_ptr<CredentialsProvider> credentials,
             http::Client& client, Clock& clock);

  /// nullopt where there is none.
  Result<std::optional<GlueDatabase>> GetDatabase(const std::string& name);
  Status CreateDatabase(const GlueDatabase& database, CallFacts* facts = nullptr);

  /// nullopt where there is no such table, or no such database.
  Result<std::optional<GlueTable>> GetTable(const std::string& database, const std::string& name);
  /// All tables, or those whose name matches `expression` (Glue's regular expressions).
  Result<std::vector<GlueTable>> GetTables(const std::string& database, const std::string& expression = "");
  Status CreateTable(const std::string& database, const GlueTable& table, CallFacts* facts = nullptr);
  /// Replaces the whole table: start from what GetTable gave.
  Status UpdateTable(const std::string& database, const GlueTable& table, const GlueUpdateOptions& options,
                     CallFacts* facts = nullptr);
  Status DeleteTable(const std::string& database, const std::string& name, CallFacts* facts = nullptr);

  /// nullopt where there is none.
  Result<std::optional<GluePartition>> GetPartition(const std::string& database, const std::string& table,
                                                    const std::vector<std::string>& values);
  Result<std::vector<GluePartition>> GetPartitions(const std::string& database, const std::string& table,
                                                   const std::string& expression = "");
  /// In calls of 100. A call that fails ends the rest.
  Result<std::vector<GluePartitionFailure>> BatchCreatePartition(const std::string& database,
                                                                 const std::string& table,
                                                                 const std::vector<GluePartition>& partitions,
                                                                 CallFacts* facts = nullptr);
  Status UpdatePartition(const std::string& database, const std::string& table,
                         const GluePartition& partition, CallFacts* facts = nullptr);
  /// In calls of 25.
  Result<std::vector<GluePartitionFailure>> BatchDeletePartition(
      const std::string& database, const std::string& table,
      const std::vector<std::vector<std::string>>& values, CallFacts* facts = nullptr);

  const JsonServiceOptions& options() const { return service_.options(); }

 private:
  /// The object that a call is about, for messages and for the permission's resources.
  struct Place {
    std::string database;
    std::string table;  ///< empty: the database itself
  };
  Result<std::string> Call(const std::string& operation, const Place& place, const std::string& body,
                           CallFacts* facts);

  JsonService service_;
};

/// The options of Glue as the shared config and the environment have them.
JsonServiceOptions GlueOptions(const AwsSettings& settings);

}  // namespace ingesta::aws
