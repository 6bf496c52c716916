// What passes between source and decode: the bytes of one page, or of one slice of a body too large to hold
// whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingesta {

struct Page {
  int64_t index = 0;      ///< 0-based position in the scan; batches, quarantine and errors name it
  std::string url;        ///< what was asked, secrets removed
  std::string body;       ///< JSON text, decompressed
  bool is_slice = false;  ///< body is a bare array `[record, ...]` that the source cut out of a streamed body
  int attempts = 1;       ///< requests this page took
};

/// What a page says of the whole scan, where the pipeline names the paths.
struct PageFacts {
  std::optional<int64_t> total;        ///< records at the source (`total_path`)
  std::optional<int64_t> total_pages;  ///< `total_pages_path`
  std::optional<std::string> next;     ///< next URL or cursor; nullopt when absent, null or ""
};

}  // namespace ingesta
