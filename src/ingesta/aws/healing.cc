#include "ingesta/aws/healing.h"

#include <chrono>

#include "ingesta/aws/text.h"

namespace ingesta::aws {
namespace {

/// Below S3's own limit of 15 minutes; a HEAD answer does not say why it was refused.
constexpr std::chrono::minutes kSilentSkew{10};
/// The other services allow 5 minutes and call a wrong time a wrong signature.
constexpr std::chrono::minutes kSignatureSkew{4};

bool MeansSkew(const ServiceError& error, std::chrono::microseconds difference) {
  if (error.IsClockSkew()) return true;
  if (error.status == 403 && !error.has_body) return difference > kSilentSkew;
  const bool signature = error.code == "InvalidSignatureException" || error.code == "SignatureDoesNotMatch";
  return signature && difference > kSignatureSkew;
}

}  // namespace

bool Healing::SetClock(const ServiceError& error, const http::Response& response, ServerClock& clock) {
  const std::string* date = response.headers.Find("Date");
  const auto server_time = date == nullptr ? std::nullopt : ParseHttpDate(*date);
  if (clock_set || !server_time.has_value()) return false;
  if (!MeansSkew(error, std::chrono::abs(*server_time - clock.Now()))) return false;
  clock_set = true;
  clock.Set(*server_time);
  return true;
}

bool Healing::RenewCredentials(const ServiceError& error, const Credentials& used,
                               CredentialsProvider& provider) {
  const bool silent_expiry = error.IsSilentBadRequest() && !used.session_token.empty();
  if (renewed || !(error.IsExpired() || silent_expiry)) return false;
  renewed = true;
  provider.Invalidate();
  return true;
}

}  // namespace ingesta::aws
