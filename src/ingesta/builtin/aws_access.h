// How AWS is reached: one HTTP client and one resolution of the credentials for all services of a process.
// Not thread-safe; what it gives is.
#pragma once

#include <memory>

#include "ingesta/aws/credentials.h"
#include "ingesta/base/status.h"
#include "ingesta/http/client.h"
#include "ingesta/pipeline/toolbox.h"

namespace ingesta::builtin {

struct AwsAccess {
  std::unique_ptr<http::Client> http;
  std::shared_ptr<aws::CredentialsProvider> credentials;
  aws::AwsSettings settings;
};

/// Time-outs and retries for what a lake is made of: S3, Glue, REST catalogs.
http::ClientOptions LakeClientOptions(const pipeline::FactoryContext& context);

class AwsConnector {
 public:
  /// `context` outlives the connector.
  explicit AwsConnector(const pipeline::FactoryContext& context) : context_(context) {}
  /// The same at each call, once it has succeeded. A service's client keeps it alive beside itself.
  Result<std::shared_ptr<AwsAccess>> Connect();

 private:
  const pipeline::FactoryContext& context_;
  std::shared_ptr<AwsAccess> access_;
};

/// A service's client and what it borrows, kept together so that they end together.
template <typename Client>
struct AwsService {
  std::shared_ptr<AwsAccess> access;
  std::unique_ptr<Client> client;

  static std::shared_ptr<Client> Share(std::shared_ptr<AwsAccess> access, std::unique_ptr<Client> client) {
    const auto service = std::make_shared<AwsService>(AwsService{std::move(access), std::move(client)});
    return std::shared_ptr<Client>(service, service->client.get());
  }
};

}  // namespace ingesta::builtin
