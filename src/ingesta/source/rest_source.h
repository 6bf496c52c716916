// The REST source: a resource's endpoint walked by its paginator. See source.h for the contract; one thread
// uses it.
#pragma once

#include <memory>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/http/client.h"
#include "ingesta/source/paginator.h"
#include "ingesta/source/retrier.h"
#include "ingesta/source/source.h"

namespace ingesta::source {

struct RestSourceOptions {
  RetrierOptions retry;  ///< of bodies that come broken: the client's own policy, budget and listener
  int64_t buffer_bytes = 64LL << 20;  ///< of pages fetched and not yet read
  int64_t slice_bytes = 1LL << 20;    ///< of an unpaged body
};

/// A source for `resource`, which has an endpoint. `client`, `clock` and `random` outlive it, and it is
/// destroyed first. kInvalidConfig for an unknown paginator or options that contradict each other.
Result<std::unique_ptr<Source>> MakeRestSource(const config::ClientSpec& client_spec,
                                               const config::ResourceSpec& resource,
                                               const std::vector<PaginatorKind>& kinds, http::Client& client,
                                               Clock& clock, Random& random, RestSourceOptions options = {});

}  // namespace ingesta::source
