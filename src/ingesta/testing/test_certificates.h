// X.509 certificates made on the spot for TLS tests: valid, expired, self-signed, for another host. Pure
// functions.
#pragma once

#include <string>

#include "ingesta/base/status.h"

namespace ingesta::testing {

struct TestCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

/// A new certification authority.
Result<TestCertificate> MakeAuthority();

/// A server certificate for `host` (a DNS name or an IPv4 address), valid from and until so many seconds from
/// now (negative: in the past), signed by `authority`, or by itself where null.
Result<TestCertificate> MakeServerCertificate(const std::string& host, const TestCertificate* authority,
                                              long valid_from_seconds = -3600,
                                              long valid_until_seconds = 86400);

}  // namespace ingesta::testing
