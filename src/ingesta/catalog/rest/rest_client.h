// The calls of an Iceberg REST catalog that tables need: config, load, create a namespace, commit one table
// or several at once. Knows HTTP and the protocol's JSON, not what a table is. Thread-safe. (Iceberg's
// open-api/rest-catalog-open-api.yaml)
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/aws/credentials.h"
#include "ingesta/aws/healing.h"
#include "ingesta/aws/sigv4.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/json.h"
#include "ingesta/http/client.h"

namespace ingesta::catalog {

struct RestCatalogOptions {
  std::string uri;              ///< without `/v1`: `https://polaris.example/api/catalog`
  std::string warehouse;        ///< the server's name of what is asked for; "" = its only one
  std::string prefix;           ///< of the paths; "" = as the server's config says
  std::string namespace_name;   ///< levels separated by dots
  std::string signing_service;  ///< sign with AWS SigV4 for this service (`glue`); "" = do not
  std::string signing_region;
};

/// How a commit went, beside its result.
struct RestFacts {
  /// An attempt ended without the catalog saying that it refused: it may have been done, also where a later
  /// attempt was refused. False for a success at the first try.
  bool maybe_applied = false;
};

class RestClient {
 public:
  /// `client` carries the authenticator for OAuth2 or a token; `credentials` sign where signing_service is
  /// set, else may be nullptr. REQUIRES: `clock` outlives this object.
  RestClient(RestCatalogOptions options, std::unique_ptr<http::Client> client,
             std::shared_ptr<aws::CredentialsProvider> credentials, Clock& clock);

  /// A LoadTableResult (`metadata-location`, `metadata`); nullopt where the table or its namespace is absent.
  Result<std::optional<iceberg::Json>> LoadTable(const std::string& table);
  /// Make the namespace; there already is no error.
  Status CreateNamespace();
  /// `change`: requirements and updates as ChangeToRestJson has them. Gives a CommitTableResponse (as
  /// LoadTable). kConflict: refused because of a requirement. kNotFound: no such table or namespace.
  Result<iceberg::Json> CommitTable(const std::string& table, const std::string& change, RestFacts* facts);
  /// All or none. The same errors as CommitTable.
  Status CommitTransaction(const std::vector<std::pair<std::string, std::string>>& changes, RestFacts* facts);
  /// Whether the server has CommitTransaction.
  Result<bool> HasTransactions();

  const RestCatalogOptions& options() const { return options_; }

 private:
  struct Ledger;
  struct ServerConfig {
    std::string prefix;
    bool transactions = false;
  };
  Result<ServerConfig> Config();
  Result<std::string> NamespacePath();
  /// The answer of the last attempt, errors too.
  Result<http::Response> Call(const std::string& method, const std::string& path, const std::string& body,
                              RestFacts* facts);
  Status Sign(const aws::Credentials& credentials, http::Request& request) const;

  const RestCatalogOptions options_;
  const std::unique_ptr<http::Client> client_;
  const std::shared_ptr<aws::CredentialsProvider> credentials_;
  aws::ServerClock server_clock_;
  std::mutex mutex_;
  std::optional<ServerConfig> config_;  ///< guarded by mutex_; asked for once
};

}  // namespace ingesta::catalog
