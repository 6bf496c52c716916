#include "ingesta/aws/credentials.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>
#include <vector>

#include "ingesta/aws/credential_sources.h"
#include "ingesta/aws/profile_credentials.h"
#include "ingesta/aws/shared_config.h"

namespace ingesta::aws {
namespace {

constexpr std::chrono::minutes kRenewBefore{5};
constexpr std::chrono::seconds kRenewalPause{30};
constexpr const char* kNotFoundHint =
    "run `aws configure` (check with `aws configure list`); in a container mount the files with "
    "`-v ~/.aws:/root/.aws:ro` and set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

class StaticProvider final : public CredentialsProvider {
 public:
  explicit StaticProvider(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> Get() override { return credentials_; }
  void Invalidate() override {}

 private:
  const Credentials credentials_;
};

enum class Source { kUndecided, kEnvironment, kProfile, kContainer, kInstance };

/// Decides on a source at the first Get() that finds credentials, and stays with it.
class DefaultProvider final : public CredentialsProvider {
 public:
  DefaultProvider(Environment environment, http::Client& client, Clock& clock)
      : context_{std::move(environment), client, clock} {}

  Result<Credentials> Get() override {
    const std::lock_guard lock(mutex_);
    const SystemTime now = context_.clock.Now();
    if (current_.has_value() &&
        (!current_->expiration.has_value() || *current_->expiration - now > kRenewBefore)) {
      return *current_;
    }
    const bool good_yet = current_.has_value() && *current_->expiration > now;
    if (good_yet && context_.clock.Monotonic() < next_renewal_) return *current_;
    Result<Credentials> fetched = source_ == Source::kUndecided ? Decide() : Fetch();
    if (fetched.ok()) {
      current_ = *fetched;
    } else if (good_yet) {
      // What is there serves some minutes more; an ailing source is not asked again for each request.
      next_renewal_ = context_.clock.Monotonic() + kRenewalPause;
      return *current_;
    }
    return fetched;
  }

  void Invalidate() override {
    const std::lock_guard lock(mutex_);
    current_.reset();
  }

 private:
  Result<Credentials> Decide();
  Result<Credentials> Fetch();
  /// nullopt: nothing configured there.
  Result<std::optional<Credentials>> Environmental() { return FromEnvironment(context_.environment); }
  Result<std::optional<Credentials>> OfProfile();
  Result<std::optional<Credentials>> OfContainer();
  Result<std::optional<Credentials>> OfInstance();

  const SourceContext context_;
  std::mutex mutex_;
  Source source_ = Source::kUndecided;
  std::optional<Credentials> current_;
  MonotonicTime next_renewal_{};
  std::vector<std::string> tried_;
};

Result<std::optional<Credentials>> DefaultProvider::OfProfile() {
  ARROW_ASSIGN_OR_RAISE(const SharedConfig config, LoadSharedConfig(context_.environment));
  const std::string name = ProfileName(context_.environment);
  const Profile* profile = config.Find(name);
  if (profile == nullptr && name != "default") return ProfileNotFound(config, name);
  tried_.push_back(fmt::format("profile {} ({}): {}", name, config.Describe(),
                               profile == nullptr ? "does not exist" : "holds no credentials"));
  tried_.emplace_back("web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set");
  return ProfileCredentials(context_, config).Resolve(profile);
}

Result<std::optional<Credentials>> DefaultProvider::OfContainer() {
  if (!HasContainerEndpoint(context_.environment)) {
    tried_.emplace_back(
        "container endpoint: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set");
    return std::optional<Credentials>();
  }
  ARROW_ASSIGN_OR_RAISE(Credentials credentials, FromContainer(context_));
  return std::optional(std::move(credentials));
}

Result<std::optional<Credentials>> DefaultProvider::OfInstance() {
  if (!InstanceMetadataEnabled(context_.environment)) {
    tried_.emplace_back("instance metadata: switched off by AWS_EC2_METADATA_DISABLED");
    return std::optional<Credentials>();
  }
  ARROW_ASSIGN_OR_RAISE(const SharedConfig config, LoadSharedConfig(context_.environment));
  const Profile* profile = config.Find(ProfileName(context_.environment));
  Result<Credentials> credentials = FromInstanceMetadata(
      context_, profile == nullptr ? std::string() : profile->Get("ec2_metadata_service_endpoint"));
  if (credentials.ok()) return std::optional(*std::move(credentials));
  if (CodeOf(credentials.status()) != ErrorCode::kNotFound)
    return WithPrefix(credentials.status(), "instance metadata");
  tried_.push_back(fmt::format("instance metadata {}", credentials.status().message()));
  return std::optional<Credentials>();
}

Result<Credentials> DefaultProvider::Decide() {
  using Step = Result<std::optional<Credentials>> (DefaultProvider::*)();
  constexpr std::pair<Source, Step> kSteps[] = {{Source::kEnvironment, &DefaultProvider::Environmental},
                                                {Source::kProfile, &DefaultProvider::OfProfile},
                                                {Source::kContainer, &DefaultProvider::OfContainer},
                                                {Source::kInstance, &DefaultProvider::OfInstance}};
  tried_ = {"environment: AWS_ACCESS_KEY_ID is not set"};
  for (const auto& [source, step] : kSteps) {
    ARROW_ASSIGN_OR_RAISE(auto credentials, (this->*step)());
    if (!credentials.has_value()) continue;
    source_ = source;
    return *std::move(credentials);
  }
  return MakeError(ErrorCode::kCredentialsNotFound,
                   fmt::format("no AWS credentials. Tried {}", fmt::join(tried_, "; ")), kNotFoundHint);
}

Result<Credentials> DefaultProvider::Fetch() {
  Result<std::optional<Credentials>> credentials = std::optional<Credentials>();
  switch (source_) {
    case Source::kEnvironment:
      credentials = Environmental();
      break;
    case Source::kProfile:
      credentials = OfProfile();
      break;
    case Source::kContainer:
      credentials = OfContainer();
      break;
    case Source::kInstance:
      credentials = OfInstance();
      break;
    case Source::kUndecided:
      break;
  }
  ARROW_RETURN_NOT_OK(credentials);
  if (credentials->has_value()) return **std::move(credentials);
  return MakeError(ErrorCode::kExpiredCredentials,
                   "the source that gave AWS credentials before has none any more", kNotFoundHint);
}

}  // namespace

Result<std::optional<Credentials>> FromKeyPair(const std::string& key, const std::string& secret,
                                               const std::string& token, const std::string& place) {
  if (key.empty() && secret.empty()) return std::optional<Credentials>();
  if (key.empty() || secret.empty()) {
    return MakeError(ErrorCode::kCredentialsNotFound,
                     fmt::format("half a key pair in {}: the {} is missing", place,
                                 key.empty() ? "access key id" : "secret access key"),
                     "give both halves, or neither");
  }
  Credentials credentials;
  credentials.access_key_id = key;
  credentials.secret_access_key = secret;
  credentials.session_token = token;
  return std::optional(std::move(credentials));
}

Result<std::optional<Credentials>> FromEnvironment(const Environment& environment) {
  std::string token = EnvironmentValue(environment, "AWS_SESSION_TOKEN");
  if (token.empty()) token = EnvironmentValue(environment, "AWS_SECURITY_TOKEN");
  ARROW_ASSIGN_OR_RAISE(auto credentials,
                        FromKeyPair(EnvironmentValue(environment, "AWS_ACCESS_KEY_ID"),
                                    EnvironmentValue(environment, "AWS_SECRET_ACCESS_KEY"), token,
                                    "the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"));
  if (credentials.has_value()) credentials->source = "environment";
  return credentials;
}

Result<std::shared_ptr<CredentialsProvider>> MakeDefaultCredentials(Environment environment,
                                                                    http::Client& client, Clock& clock) {
  return std::shared_ptr<CredentialsProvider>(
      std::make_shared<DefaultProvider>(std::move(environment), client, clock));
}

std::shared_ptr<CredentialsProvider> MakeStaticCredentials(Credentials credentials) {
  return std::make_shared<StaticProvider>(std::move(credentials));
}

}  // namespace ingesta::aws
