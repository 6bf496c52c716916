// The faults of `ingesta demo --fault ...`: their names, how they are written, and which requests they meet.
// FaultInjector is thread-safe; the rest are values.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/demo/shape.h"

namespace ingesta::demo {

enum class FaultKind {
  // In place of the answer.
  kStatus,
  kRetryAfter,
  kHtml200,
  kHang,
  kSlow500,
  // To the bytes of the answer.
  kTruncate,
  kReset,
  kSlow,
  kInvalidJson,
  kBrokenClientes,
  // To the data.
  kDrift,
  kWrongTotal,
  kBadRow500,
  kBadValues,
  kExtraDecimals,
  kNowDates,
};

struct Fault {
  FaultKind kind = FaultKind::kStatus;
  std::string name;                ///< as in the descriptors
  std::optional<Dataset> dataset;  ///< nothing: every dataset
  int64_t count = 0;               ///< how many requests it meets; 0: no limit
  int64_t every = 1;               ///< every nth request
  int64_t after = 0;               ///< requests to let pass first
  int code = 503;                  ///< kStatus
  int64_t rows = 0;                ///< data faults: one row in so many; kWrongTotal: the difference
  int64_t bytes = 0;               ///< kSlow: bytes at a time; kReset: bytes before it
  Millis delay{0};                 ///< kHang, kSlow500, kRetryAfter; kSlow: between the bytes
  bool date = false;               ///< kRetryAfter as an HTTP date
};

struct FaultDescriptor {
  std::string_view name;
  std::string_view usage;  ///< such as `status:CODE[:COUNT]`
  std::string_view summary;
};

/// All faults, in the order of the help.
const std::vector<FaultDescriptor>& FaultDescriptors();
/// The descriptors as lines for --help.
std::string FaultHelp();

/// Read `NAME[:VALUE...][:key=value...]`, such as `503:3`, `status:503:every=7` or `drift:dataset=ordenes`.
/// kUsage names the valid names or keys.
Result<Fault> ParseFault(std::string_view text);
Result<std::vector<Fault>> ParseFaults(const std::vector<std::string>& texts);

/// Decides, request by request in the order of arrival, which faults meet it.
class FaultInjector {
 public:
  explicit FaultInjector(std::vector<Fault> faults);

  /// The first fault of an answer or its bytes that meets this request, counted as met.
  const Fault* Next(Dataset dataset);
  /// The fault of this kind for a dataset, whether or not it is due.
  const Fault* Find(FaultKind kind, Dataset dataset) const;
  /// Count a request against the fault of this kind; true where it is due.
  bool Due(FaultKind kind, Dataset dataset);

  int64_t injected() const { return injected_.load(); }

 private:
  struct Armed {
    explicit Armed(Fault f) : fault(std::move(f)) {}
    Fault fault;
    std::atomic<int64_t> seen{0};
    std::atomic<int64_t> met{0};
  };
  bool Count(Armed* armed);

  std::vector<std::unique_ptr<Armed>> armed_;
  std::atomic<int64_t> injected_{0};
};

}  // namespace ingesta::demo
