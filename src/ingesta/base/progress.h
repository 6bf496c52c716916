// What a running dataset tells whoever watches. Implementations are called from the pipeline's thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ingesta {

struct ProgressUpdate {
  std::string dataset;
  int pass = 1;
  int64_t pages = 0;
  std::optional<int64_t> expected_pages;
  int64_t rows = 0;
  int64_t retries = 0;
};

class ProgressListener {
 public:
  virtual ~ProgressListener() = default;
  /// Called once a page; must be cheap.
  virtual void OnProgress(const ProgressUpdate& update) = 0;
  /// The dataset is done or has failed.
  virtual void OnDatasetEnd(const std::string& dataset) = 0;
};

}  // namespace ingesta
