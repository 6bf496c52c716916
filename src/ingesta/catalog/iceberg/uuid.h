// Random UUIDs (version 4) for tables, metadata and manifest files.
#pragma once

#include <fmt/format.h>

#include <string>

#include "ingesta/base/clock.h"

namespace ingesta::iceberg {

inline std::string MakeUuid(Random& random) {
  const uint64_t high = (random.Next() & ~0xf000ULL) | 0x4000ULL;
  const uint64_t low = (random.Next() & ~(0xc0ULL << 56)) | (0x80ULL << 56);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff,
                     low >> 48, low & 0xffffffffffffULL);
}

}  // namespace ingesta::iceberg
