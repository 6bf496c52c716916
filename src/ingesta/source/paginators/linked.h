// What the paginators that follow URLs share: the first request, the guard against links that repeat, the
// limit on pages.
#pragma once

#include <optional>
#include <string>

#include "ingesta/source/paginator.h"
#include "ingesta/source/paginators/common.h"

namespace ingesta::source {

class LinkedPaginator : public Paginator {
 public:
  int64_t page_size() const override { return size_.value(); }
  PageRequest First() const override;
  PageRequest Smallest() const override;
  Result<std::optional<PageRequest>> After(const SeenPage& page) override;

 protected:
  /// Read the options that all of them have.
  Status Init(const config::Options& options, int pass);
  /// The next page's URL as the service wrote it, or nullopt on the last page.
  virtual std::optional<std::string> NextLink(const SeenPage& page) const = 0;

 private:
  PageSize size_;
  std::optional<int64_t> maximum_page_;
  LinkTrail trail_;
};

}  // namespace ingesta::source
