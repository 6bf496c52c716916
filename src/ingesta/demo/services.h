// The three microservices embedded, with deterministic data and faults on request: what `ingesta demo`
// starts, and what tests and benchmarks extract from. Thread-safe; each service runs on threads of its own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/demo/endpoints.h"
#include "ingesta/demo/faults.h"
#include "ingesta/demo/http_server.h"
#include "ingesta/demo/page_cache.h"
#include "ingesta/demo/world.h"

namespace ingesta::demo {

struct DemoOptions {
  int64_t rows =
      20'000;  ///< productos; ordenes are half, proveedores a quarter, clientes a twentieth; 22 categorias
  Millis latency{0};  ///< before each answer that carries data
  uint64_t seed = 1;  ///< same seed and rows, same data
  std::string host = "127.0.0.1";
  int productos_port = 0;  ///< 0: any free one
  int ordenes_port = 0;
  int proveedores_port = 0;
  /// At page sizes below 500 productos and proveedores repeat and lose rows while paging, as the real
  /// services do.
  bool paging_ties = true;
  std::vector<Fault> faults;
  int64_t page_cache_bytes = 0;  ///< rendered pages to keep, for benchmarks

  /// kUsage where a value is out of range.
  Status Validate() const;
};

class DemoServices {
 public:
  static Result<std::unique_ptr<DemoServices>> Start(const DemoOptions& options);
  ~DemoServices();

  /// Such as `http://127.0.0.1:41237`.
  const std::string& productos_url() const { return urls_[0]; }
  const std::string& ordenes_url() const { return urls_[1]; }
  const std::string& proveedores_url() const { return urls_[2]; }

  /// Cut all connections and join all threads. Idempotent.
  void Stop();

  /// The URLs and what to try with them, several lines.
  std::string Summary() const;

  /// The data: the truth that tests compare with, and changes to it while the services run.
  World& world() { return world_; }
  const World& world() const { return world_; }
  /// The keys of all rows that a dataset has now, in the service's order.
  std::vector<std::string> ExpectedKeys(Dataset dataset) const;

  /// Replace the faults from the next request on. Those that spoil the data itself (bad-values,
  /// extra-decimals, now-dates) are settled by Start and stay as they are.
  void SetFaults(std::vector<Fault> faults);

  /// Requests for pages or whole bodies of a dataset so far, those that met a fault too.
  int64_t ListRequests(Dataset dataset) const { return list_requests_[static_cast<size_t>(dataset)]; }
  /// Requests for single records.
  int64_t RecordRequests(Dataset dataset) const { return record_requests_[static_cast<size_t>(dataset)]; }
  int64_t HealthRequests() const { return health_requests_; }
  /// Faults that requests have met since the last SetFaults.
  int64_t FaultsInjected() const { return Faults()->injected(); }

 private:
  explicit DemoServices(const DemoOptions& options);

  Status Listen(Framework framework, int port);
  void Handle(Framework framework, const HttpRequest& request, Connection& connection);
  void HandleData(Framework framework, const Route& route, const HttpRequest& request,
                  Connection& connection);
  std::shared_ptr<FaultInjector> Faults() const;
  void Drift(FaultInjector& faults, Dataset dataset);

  DemoOptions options_;
  World world_;
  PageCache cache_;
  mutable std::mutex mutex_;
  std::shared_ptr<FaultInjector> faults_;
  std::array<std::string, 3> urls_;
  std::array<std::atomic<int64_t>, kDatasetCount> list_requests_{};
  std::array<std::atomic<int64_t>, kDatasetCount> record_requests_{};
  std::atomic<int64_t> health_requests_{0};
  std::atomic<uint64_t> drift_steps_{0};
  std::vector<std::unique_ptr<HttpServer>> servers_;
};

/// Block until `stop` is set (SIGINT, SIGTERM), then stop the services.
void RunUntilStopped(DemoServices& services, const std::atomic<bool>& stop);

}  // namespace ingesta::demo

namespace ingesta {
using demo::DemoOptions;
using demo::DemoServices;
}  // namespace ingesta
