#include "ingesta/aws/endpoints.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <utility>

namespace ingesta::aws {

std::string DnsSuffix(std::string_view region) {
  constexpr std::array<std::pair<std::string_view, const char*>, 6> kSuffixes = {
      {{"cn-", "amazonaws.com.cn"},
       {"us-iso-", "c2s.ic.gov"},
       {"us-isob-", "sc2s.sgov.gov"},
       {"eu-isoe-", "cloud.adc-e.uk"},
       {"us-isof-", "csp.hci.ic.gov"},
       {"eusc-", "amazonaws.eu"}}};
  for (const auto& [prefix, suffix] : kSuffixes) {
    if (region.starts_with(prefix)) return suffix;
  }
  return "amazonaws.com";
}

std::string HostOf(std::string_view url) {
  const size_t scheme = url.find("://");
  std::string_view host = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host = host.substr(host.find('@') + 1);
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  return std::string(host.substr(0, host.find(':')));
}

bool IsIpAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && IsIpAddress(host));
}

}  // namespace ingesta::aws
