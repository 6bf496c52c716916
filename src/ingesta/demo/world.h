// The demo's databases: base rows computed from their serials, plus the live changes on top (inserted,
// deleted and updated rows). Also the truth that tests compare published rows with. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/demo/ordenes.h"
#include "ingesta/demo/productos.h"
#include "ingesta/demo/proveedores.h"
#include "ingesta/demo/shape.h"

namespace ingesta::demo {

/// What has changed in one dataset since the start. Immutable once published.
struct LiveState {
  int64_t inserted = 0;
  /// Ranks (see World) of deleted rows, falling.
  std::vector<int64_t> deleted;
  /// Updates by serial.
  std::map<int64_t, uint32_t> versions;
  uint64_t revision = 0;

  uint32_t VersionOf(int64_t serial) const {
    const auto found = versions.find(serial);
    return found == versions.end() ? 0 : found->second;
  }
};
using Live = std::shared_ptr<const LiveState>;

/// A row's rank counts from the end of its dataset's order, so that rows inserted at the front leave it
/// alone.
class World {
 public:
  /// `clock` outlives the world.
  World(const Shape& shape, bool paging_ties, const Clock& clock);

  const Shape& shape() const { return shape_; }
  const Ordenes& ordenes() const { return ordenes_; }

  /// The present state of a dataset; one request sees one state.
  Live Now(Dataset dataset) const;
  int64_t Total(Dataset dataset, const LiveState& live) const;

  /// The serials of the rows [offset, offset + limit) in the service's order. With paging_ties and a limit
  /// below 500, rows that tie in that order swap places across pages, differently for each (offset, limit).
  std::vector<int64_t> Page(Dataset dataset, const LiveState& live, int64_t offset, int64_t limit) const;

  /// Write a record as its service does, without the array `ordenes` of a cliente's.
  void WriteRow(Dataset dataset, const LiveState& live, int64_t serial, JsonOut& json) const;
  /// Write a cliente with its ordenes as `live_ordenes` has them.
  void WriteCliente(const LiveState& live_ordenes, int64_t serial, JsonOut& json) const;

  /// The serial of a key that exists, else kNotFound.
  Result<int64_t> Find(Dataset dataset, const LiveState& live, std::string_view key) const;
  std::string KeyOf(Dataset dataset, int64_t serial) const;

  /// Visit every row of a dataset in its service's order, with its key and its record minified in the
  /// service's own spelling (escapes, numbers, order of fields).
  void ForEach(Dataset dataset,
               const std::function<void(const std::string& key, const std::string& json)>& visit) const;
  /// The keys of a dataset in its service's order.
  std::vector<std::string> Keys(Dataset dataset) const;
  Result<std::string> RecordJson(Dataset dataset, std::string_view key) const;

  /// Insert `count` new rows at the front of the order. Categorias and clientes do not change: kUsage.
  Status Insert(Dataset dataset, int64_t count);
  Status Delete(Dataset dataset, std::string_view key);
  /// Change a field of a row, and its time of update where it has one.
  Status Touch(Dataset dataset, std::string_view key);
  /// Delete a row that depends on `salt`; does nothing to an empty dataset.
  void DeleteSome(Dataset dataset, uint64_t salt);

 private:
  using Change = std::function<Status(LiveState*)>;

  int64_t BaseCount(Dataset dataset) const;
  int64_t RankOf(Dataset dataset, int64_t serial) const;
  int64_t SerialOfRank(Dataset dataset, int64_t rank) const;
  int64_t SerialAt(Dataset dataset, const LiveState& live, int64_t position) const;
  int64_t TieKey(Dataset dataset, int64_t serial) const;
  void SwapTies(Dataset dataset, const LiveState& live, int64_t offset, int64_t limit,
                std::vector<int64_t>* serials) const;
  Status Apply(Dataset dataset, const Change& change);
  void WriteWhole(Dataset dataset, const LiveState& live, int64_t serial, JsonOut& json) const;

  Shape shape_;
  bool paging_ties_;
  const Clock& clock_;
  Productos productos_;
  Ordenes ordenes_;
  Proveedores proveedores_;
  mutable std::mutex mutex_;
  std::array<Live, kDatasetCount> live_;
};

}  // namespace ingesta::demo
