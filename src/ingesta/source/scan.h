// One walk over one combination of parameters, and what walks share. Internal to the source stage; not
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ingesta/base/page.h"
#include "ingesta/base/status.h"
#include "ingesta/http/client.h"
#include "ingesta/source/paginator.h"
#include "ingesta/source/request_builder.h"
#include "ingesta/source/retrier.h"
#include "ingesta/source/source.h"

namespace ingesta::source {

/// The source's collaborators and limits, as its walks see them. Outlives them.
struct ScanContext {
  http::Client& client;
  const RequestBuilder& requests;
  Retrier& retrier;
  ScanStats& stats;
  std::string data_selector;
  int concurrency = 8;
  int64_t buffer_bytes = 64LL << 20;  ///< fetched and not yet handed on
  int64_t slice_bytes = 1LL << 20;    ///< of an unpaged body
};

/// What a page was asked by.
struct Recipe {
  size_t combination = 0;
  PageRequest request;
};

struct ScannedPage {
  Page page;
  Recipe recipe;
};

class Scan {
 public:
  virtual ~Scan() = default;
  /// The next page (its index counted from 0 in this walk), or nullopt after the last.
  virtual Result<std::optional<ScannedPage>> Next() = 0;
  /// Pages of this walk, where the source said so.
  virtual std::optional<int64_t> ExpectedPages() const = 0;
};

}  // namespace ingesta::source
