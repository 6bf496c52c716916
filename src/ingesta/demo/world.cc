#include "ingesta/demo/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "ingesta/demo/texts.h"

namespace ingesta::demo {
namespace {

constexpr std::array<std::string_view, kDatasetCount> kNames = {"productos", "categorias", "ordenes",
                                                                "clientes", "proveedores"};
// From this page size on the database keeps one plan for all offsets.
constexpr int64_t kCleanPageSize = 500;

size_t Index(Dataset dataset) {
  return static_cast<size_t>(dataset);
}

/// The spelling of a service without its line breaks.
Dialect MinifiedDialect(Dataset dataset) {
  switch (dataset) {
    case Dataset::kProductos:
    case Dataset::kCategorias: {
      Dialect dialect = kFlaskDialect;
      dialect.indented = false;
      return dialect;
    }
    case Dataset::kOrdenes:
    case Dataset::kClientes:
      return kSpringDialect;
    case Dataset::kProveedores:
      return kExpressDialect;
  }
  return kExpressDialect;
}

bool IsDeleted(const LiveState& live, int64_t rank) {
  return std::binary_search(live.deleted.begin(), live.deleted.end(), rank, std::greater<>());
}

/// How far apart rows swap, and how many of 10,000 do.
struct TieProfile {
  int64_t window;
  uint64_t myriad;
};

}  // namespace

std::string_view DatasetName(Dataset dataset) {
  return kNames[Index(dataset)];
}

std::optional<Dataset> FindDataset(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Dataset>(found - kNames.begin());
}

World::World(const Shape& shape, bool paging_ties, const Clock& clock)
    : shape_(shape),
      paging_ties_(paging_ties),
      clock_(clock),
      productos_(shape),
      ordenes_(shape),
      proveedores_(shape) {
  for (Live& live : live_) live = std::make_shared<const LiveState>();
}

Live World::Now(Dataset dataset) const {
  const std::lock_guard lock(mutex_);
  return live_[Index(dataset)];
}

int64_t World::BaseCount(Dataset dataset) const {
  switch (dataset) {
    case Dataset::kProductos:
      return shape_.productos;
    case Dataset::kCategorias:
      return static_cast<int64_t>(AllTexts().categorias.size());
    case Dataset::kOrdenes:
      return shape_.ordenes;
    case Dataset::kClientes:
      return shape_.clientes;
    case Dataset::kProveedores:
      return shape_.proveedores;
  }
  return 0;
}

int64_t World::Total(Dataset dataset, const LiveState& live) const {
  return BaseCount(dataset) + live.inserted - static_cast<int64_t>(live.deleted.size());
}

int64_t World::RankOf(Dataset dataset, int64_t serial) const {
  if (dataset != Dataset::kProveedores || serial >= shape_.proveedores) return serial;
  return shape_.proveedores - 1 - proveedores_.PlaceOf(serial);
}

int64_t World::SerialOfRank(Dataset dataset, int64_t rank) const {
  if (dataset != Dataset::kProveedores || rank >= shape_.proveedores) return rank;
  return proveedores_.SerialAt(shape_.proveedores - 1 - rank);
}

int64_t World::SerialAt(Dataset dataset, const LiveState& live, int64_t position) const {
  if (dataset == Dataset::kCategorias || dataset == Dataset::kClientes) return position;
  int64_t rank = BaseCount(dataset) + live.inserted - 1 - position;
  for (const int64_t deleted : live.deleted) {
    if (deleted < rank) break;
    --rank;
  }
  return SerialOfRank(dataset, rank);
}

int64_t World::TieKey(Dataset dataset, int64_t serial) const {
  if (dataset == Dataset::kProductos) return Productos::CreatedAt(serial);
  return proveedores_.NombreRank(serial);
}

std::vector<int64_t> World::Page(Dataset dataset, const LiveState& live, int64_t offset,
                                 int64_t limit) const {
  const int64_t total = Total(dataset, live);
  std::vector<int64_t> serials;
  if (offset < 0 || offset >= total || limit <= 0) return serials;
  const int64_t end = limit < total - offset ? offset + limit : total;
  serials.reserve(static_cast<size_t>(end - offset));
  for (int64_t position = offset; position < end; ++position) {
    serials.push_back(SerialAt(dataset, live, position));
  }
  const bool has_ties = dataset == Dataset::kProductos || dataset == Dataset::kProveedores;
  if (paging_ties_ && has_ties && limit < kCleanPageSize) SwapTies(dataset, live, offset, limit, &serials);
  return serials;
}

void World::SwapTies(Dataset dataset, const LiveState& live, int64_t offset, int64_t limit,
                     std::vector<int64_t>* serials) const {
  const TieProfile profile = dataset == Dataset::kProductos ? TieProfile{1500, 160} : TieProfile{3, 5000};
  const int64_t total = Total(dataset, live);
  const auto end = offset + static_cast<int64_t>(serials->size());
  // What now stands at the places outside of the page, so that each answer is one possible order of the ties.
  std::map<int64_t, int64_t> outside;
  const uint64_t salt = shape_.seed ^ Mix(static_cast<uint64_t>(offset)) ^ Mix(~static_cast<uint64_t>(limit));
  for (int64_t position = offset; position < end; ++position) {
    Draw draw(salt, 7, static_cast<uint64_t>(position));
    if (!draw.Chance(profile.myriad)) continue;
    const auto distance = static_cast<int64_t>(1 + draw.Below(static_cast<uint64_t>(profile.window)));
    const int64_t other = draw.Chance(5000) ? position + distance : position - distance;
    if (other < 0 || other >= total || (other >= offset && other < end)) continue;
    int64_t& mine = (*serials)[static_cast<size_t>(position - offset)];
    const auto there = outside.try_emplace(other, SerialAt(dataset, live, other)).first;
    if (TieKey(dataset, mine) == TieKey(dataset, there->second)) std::swap(mine, there->second);
  }
}

void World::WriteRow(Dataset dataset, const LiveState& live, int64_t serial, JsonOut& json) const {
  switch (dataset) {
    case Dataset::kProductos:
      return productos_.Write(serial, live.VersionOf(serial), json);
    case Dataset::kOrdenes:
      return ordenes_.Write(serial, live.VersionOf(serial), json);
    case Dataset::kProveedores: {
      const auto now = std::chrono::floor<Millis>(clock_.Now()).time_since_epoch().count();
      return proveedores_.Write(serial, live.VersionOf(serial), now, json);
    }
    case Dataset::kCategorias:
      return WriteCategoria(serial, json);
    case Dataset::kClientes:
      return ordenes_.WriteCliente(serial, json, [](JsonOut&) {});
  }
}

void World::WriteCliente(const LiveState& live_ordenes, int64_t serial, JsonOut& json) const {
  ordenes_.WriteCliente(serial, json, [&](JsonOut& array) {
    for (const int64_t orden : ordenes_.OrdenesOf(serial)) {
      if (!IsDeleted(live_ordenes, orden)) ordenes_.Write(orden, live_ordenes.VersionOf(orden), array);
    }
    for (int64_t orden = shape_.ordenes; orden < shape_.ordenes + live_ordenes.inserted; ++orden) {
      if (ordenes_.ClienteOf(orden) != serial || IsDeleted(live_ordenes, orden)) continue;
      ordenes_.Write(orden, live_ordenes.VersionOf(orden), array);
    }
  });
}

void World::WriteWhole(Dataset dataset, const LiveState& live, int64_t serial, JsonOut& json) const {
  if (dataset == Dataset::kClientes) return WriteCliente(*Now(Dataset::kOrdenes), serial, json);
  WriteRow(dataset, live, serial, json);
}

std::string World::KeyOf(Dataset dataset, int64_t serial) const {
  switch (dataset) {
    case Dataset::kProductos:
      return std::to_string(Productos::IdOf(serial));
    case Dataset::kCategorias:
      return std::to_string(AllTexts().categorias[static_cast<size_t>(serial)].id);
    case Dataset::kOrdenes:
      return std::to_string(Ordenes::IdOf(serial));
    case Dataset::kClientes:
      return std::to_string(Ordenes::ClienteIdOf(serial));
    case Dataset::kProveedores:
      return Proveedores::IdOf(serial);
  }
  return {};
}

Result<int64_t> World::Find(Dataset dataset, const LiveState& live, std::string_view key) const {
  std::optional<int64_t> serial;
  int64_t id = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  const bool is_number = error == std::errc() && end == key.data() + key.size();
  if (dataset == Dataset::kProveedores) {
    serial = Proveedores::SerialOf(key);
  } else if (is_number && dataset == Dataset::kProductos) {
    serial = Productos::SerialOf(id);
  } else if (is_number && dataset == Dataset::kOrdenes) {
    serial = Ordenes::SerialOf(id);
  } else if (is_number && dataset == Dataset::kClientes) {
    serial = Ordenes::ClienteSerialOf(id);
  } else if (is_number) {
    const auto& all = AllTexts().categorias;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& categoria) { return categoria.id == id; });
    if (found != all.end()) serial = found - all.begin();
  }
  if (!serial.has_value() || *serial >= BaseCount(dataset) + live.inserted ||
      IsDeleted(live, RankOf(dataset, *serial))) {
    return MakeError(ErrorCode::kNotFound, fmt::format("demo: {} has no row {}", DatasetName(dataset), key));
  }
  return *serial;
}

void World::ForEach(Dataset dataset,
                    const std::function<void(const std::string&, const std::string&)>& visit) const {
  const Live live = Now(dataset);
  const int64_t total = Total(dataset, *live);
  std::string text;
  for (int64_t position = 0; position < total; ++position) {
    const int64_t serial = SerialAt(dataset, *live, position);
    text.clear();
    JsonOut json(MinifiedDialect(dataset), &text);
    WriteWhole(dataset, *live, serial, json);
    visit(KeyOf(dataset, serial), text);
  }
}

std::vector<std::string> World::Keys(Dataset dataset) const {
  const Live live = Now(dataset);
  const int64_t total = Total(dataset, *live);
  std::vector<std::string> keys;
  keys.reserve(static_cast<size_t>(total));
  for (int64_t position = 0; position < total; ++position) {
    keys.push_back(KeyOf(dataset, SerialAt(dataset, *live, position)));
  }
  return keys;
}

Result<std::string> World::RecordJson(Dataset dataset, std::string_view key) const {
  const Live live = Now(dataset);
  ARROW_ASSIGN_OR_RAISE(const int64_t serial, Find(dataset, *live, key));
  std::string text;
  JsonOut json(MinifiedDialect(dataset), &text);
  WriteWhole(dataset, *live, serial, json);
  return text;
}

Status World::Apply(Dataset dataset, const Change& change) {
  if (dataset == Dataset::kCategorias || dataset == Dataset::kClientes) {
    return MakeError(ErrorCode::kUsage, fmt::format("demo: {} does not change", DatasetName(dataset)),
                     "change productos, ordenes or proveedores");
  }
  const std::lock_guard lock(mutex_);
  Live& live = live_[Index(dataset)];
  auto next = std::make_shared<LiveState>(*live);
  ARROW_RETURN_NOT_OK(change(next.get()));
  ++next->revision;
  live = std::move(next);
  return Status::OK();
}

Status World::Insert(Dataset dataset, int64_t count) {
  return Apply(dataset, [count](LiveState* live) {
    live->inserted += count;
    return Status::OK();
  });
}

Status World::Delete(Dataset dataset, std::string_view key) {
  return Apply(dataset, [&](LiveState* live) {
    ARROW_ASSIGN_OR_RAISE(const int64_t serial, Find(dataset, *live, key));
    const int64_t rank = RankOf(dataset, serial);
    live->deleted.insert(std::upper_bound(live->deleted.begin(), live->deleted.end(), rank, std::greater<>()),
                         rank);
    return Status::OK();
  });
}

Status World::Touch(Dataset dataset, std::string_view key) {
  return Apply(dataset, [&](LiveState* live) {
    ARROW_ASSIGN_OR_RAISE(const int64_t serial, Find(dataset, *live, key));
    ++live->versions[serial];
    return Status::OK();
  });
}

void World::DeleteSome(Dataset dataset, uint64_t salt) {
  (void)Apply(dataset, [&](LiveState* live) -> Status {
    const int64_t total = Total(dataset, *live);
    if (total == 0) return Status::OK();
    const auto position = static_cast<int64_t>(Mix(shape_.seed ^ salt) % static_cast<uint64_t>(total));
    const int64_t rank = RankOf(dataset, SerialAt(dataset, *live, position));
    live->deleted.insert(std::upper_bound(live->deleted.begin(), live->deleted.end(), rank, std::greater<>()),
                         rank);
    return Status::OK();
  });
}

}  // namespace ingesta::demo
