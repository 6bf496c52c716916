// A file that a writer closed. Values only.
#pragma once

#include <cstdint>
#include <string>

namespace ingesta::columnar {

struct ClosedFile {
  std::string path;
  int64_t rows = 0;
  int64_t bytes = 0;
  uint32_t crc32 = 0;  ///< as gzip and S3's ChecksumCRC32 have it
};

}  // namespace ingesta::columnar
