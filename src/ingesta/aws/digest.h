// Hashes and encodings that AWS requests are made of. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ingesta/base/status.h"

namespace ingesta::aws {

/// Lower-case hex of SHA-256.
std::string Sha256Hex(std::string_view bytes);
/// Lower-case hex of SHA-1: the name of a cached SSO token's file.
std::string Sha1Hex(std::string_view bytes);
/// Raw bytes of HMAC-SHA256.
std::string HmacSha256(std::string_view key, std::string_view message);
std::string Hex(std::string_view bytes);
std::string Base64(std::string_view bytes);

/// What x-amz-checksum-crc32 wants: base64 of the four bytes, most significant first.
std::string Crc32Header(uint32_t crc32);
uint32_t Crc32(std::string_view bytes, uint32_t seed = 0);

/// Digests of a range of a local file, read once.
struct RangeDigests {
  uint32_t crc32 = 0;
  std::string sha256_hex;  ///< empty where it was not asked for
};
/// kCorrupt where the file ends before `offset + length`.
Result<RangeDigests> DigestFileRange(const std::string& path, int64_t offset, int64_t length,
                                     bool with_sha256);

}  // namespace ingesta::aws
