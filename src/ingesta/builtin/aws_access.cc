#include "ingesta/builtin/aws_access.h"

#include <utility>

namespace ingesta::builtin {

http::ClientOptions LakeClientOptions(const pipeline::FactoryContext& context) {
  http::ClientOptions options;
  options.timeouts = {.connect = Millis(5'000), .idle = Millis(30'000), .total = Millis(600'000)};
  options.retry = {
      .max_retries = 5, .base = Millis(200), .cap = Millis(10'000), .max_elapsed = Millis(900'000)};
  options.user_agent = "ingesta/" + context.version;
  return options;
}

Result<std::shared_ptr<AwsAccess>> AwsConnector::Connect() {
  if (access_ != nullptr) return access_;
  auto access = std::make_shared<AwsAccess>();
  ARROW_ASSIGN_OR_RAISE(access->http,
                        http::Client::Make(LakeClientOptions(context_), context_.clock, context_.random));
  ARROW_ASSIGN_OR_RAISE(access->credentials,
                        aws::MakeDefaultCredentials(context_.environment, *access->http, context_.clock));
  ARROW_ASSIGN_OR_RAISE(access->settings, aws::LoadSettings(context_.environment));
  return access_ = std::move(access);
}

}  // namespace ingesta::builtin
