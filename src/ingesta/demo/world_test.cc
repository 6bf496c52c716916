#include "ingesta/demo/world.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_set>

#include "ingesta/demo/texts.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::demo {
namespace {

constexpr std::array<Dataset, kDatasetCount> kAll = {
    Dataset::kProductos, Dataset::kCategorias, Dataset::kOrdenes, Dataset::kClientes, Dataset::kProveedores};

std::map<std::string, std::string> Rows(const World& world, Dataset dataset) {
  std::map<std::string, std::string> rows;
  world.ForEach(dataset, [&](const std::string& key, const std::string& json) { rows[key] = json; });
  return rows;
}

/// The rows of all pages of a size, one after the other.
std::vector<int64_t> Walk(const World& world, Dataset dataset, int64_t limit) {
  const Live live = world.Now(dataset);
  std::vector<int64_t> serials;
  for (int64_t offset = 0; offset < world.Total(dataset, *live); offset += limit) {
    for (const int64_t serial : world.Page(dataset, *live, offset, limit)) serials.push_back(serial);
  }
  return serials;
}

size_t Distinct(const std::vector<int64_t>& serials) {
  return std::unordered_set<int64_t>(serials.begin(), serials.end()).size();
}

class WorldTest : public ::testing::Test {
 protected:
  testing::FakeClock clock_;
  World world_{Shape::Of(20'000, 1), true, clock_};
};

TEST_F(WorldTest, SameSeedSameData) {
  const World again(Shape::Of(2000, 1), true, clock_);
  const World same(Shape::Of(2000, 1), true, clock_);
  const World other(Shape::Of(2000, 2), true, clock_);
  for (const Dataset dataset : kAll) {
    EXPECT_EQ(Rows(again, dataset), Rows(same, dataset));
    EXPECT_EQ(dataset == Dataset::kCategorias, Rows(again, dataset) == Rows(other, dataset));
  }
}

TEST_F(WorldTest, KeysAreDistinctAndFindTheirRows) {
  for (const Dataset dataset : kAll) {
    const std::vector<std::string> keys = world_.Keys(dataset);
    const std::map<std::string, std::string> rows = Rows(world_, dataset);
    EXPECT_EQ(keys.size(), rows.size()) << DatasetName(dataset);
    for (size_t i = 0; i < keys.size(); i += 97) {
      ASSERT_OK_AND_ASSIGN(const std::string json, world_.RecordJson(dataset, keys[i]));
      EXPECT_EQ(rows.at(keys[i]), json);
    }
  }
}

TEST_F(WorldTest, RowsAreJsonOfTheRightCount) {
  const std::map<Dataset, size_t> counts = {{Dataset::kProductos, 20'000},
                                            {Dataset::kCategorias, 22},
                                            {Dataset::kOrdenes, 10'000},
                                            {Dataset::kClientes, 1000},
                                            {Dataset::kProveedores, 5000}};
  simdjson::dom::parser parser;
  for (const auto& [dataset, count] : counts) {
    size_t rows = 0;
    world_.ForEach(dataset, [&](const std::string& key, const std::string& json) {
      ++rows;
      simdjson::dom::element element;
      ASSERT_EQ(simdjson::SUCCESS, parser.parse(json).get(element)) << key << ": " << json;
      ASSERT_TRUE(element.is_object());
    });
    EXPECT_EQ(count, rows) << DatasetName(dataset);
  }
}

TEST_F(WorldTest, SmallTablesKeepAtLeastOneRow) {
  for (const int64_t rows : {0, 1, 2, 3, 19, 41}) {
    const World world(Shape::Of(rows, 1), true, clock_);
    for (const Dataset dataset : kAll) {
      const size_t count = world.Keys(dataset).size();
      EXPECT_EQ(rows == 0 && dataset != Dataset::kCategorias, count == 0) << DatasetName(dataset) << rows;
      EXPECT_EQ(count, Rows(world, dataset).size());
    }
  }
}

TEST_F(WorldTest, UnknownKeysAreNotFound) {
  for (const Dataset dataset : kAll) {
    for (const char* key : {"", "abc", "-1", "0", "401", "99999999", "68e7a0000000000000000001", "1x"}) {
      if (dataset != Dataset::kProductos && std::string_view(key) == "401") continue;
      EXPECT_ERROR_CODE(ErrorCode::kNotFound, world_.RecordJson(dataset, key));
    }
  }
}

TEST_F(WorldTest, ProductosRepeatAndLoseOneInAHundredRowsInSmallPages) {
  for (const int64_t limit : {50, 100, 250}) {
    const std::vector<int64_t> serials = Walk(world_, Dataset::kProductos, limit);
    EXPECT_EQ(20'000U, serials.size()) << limit;
    const size_t lost = 20'000 - Distinct(serials);
    EXPECT_GE(lost, 150U) << limit;
    EXPECT_LE(lost, 400U) << limit;
    EXPECT_EQ(serials, Walk(world_, Dataset::kProductos, limit)) << "each page is the same every time";
  }
  for (const int64_t limit : {500, 777, 1000, 100'000}) {
    EXPECT_EQ(20'000U, Distinct(Walk(world_, Dataset::kProductos, limit))) << limit;
  }
}

TEST_F(WorldTest, EveryPageIsOnePossibleOrderOfTheTies) {
  const Live live = world_.Now(Dataset::kProductos);
  for (int64_t offset = 0; offset < 20'000; offset += 100) {
    const std::vector<int64_t> page = world_.Page(Dataset::kProductos, *live, offset, 100);
    EXPECT_EQ(page.size(), Distinct(page));
    for (size_t i = 1; i < page.size(); ++i) {
      EXPECT_GE(Productos::CreatedAt(page[i - 1]), Productos::CreatedAt(page[i]));
    }
  }
}

TEST_F(WorldTest, WithoutPagingTiesEveryPageSizeIsClean) {
  const World world(Shape::Of(20'000, 1), false, clock_);
  for (const Dataset dataset : {Dataset::kProductos, Dataset::kProveedores}) {
    EXPECT_EQ(world.Keys(dataset).size(), Distinct(Walk(world, dataset, 100)));
  }
}

TEST_F(WorldTest, ProveedoresAreSortedByNombreWithTies) {
  std::vector<std::string> nombres;
  simdjson::dom::parser parser;
  world_.ForEach(Dataset::kProveedores, [&](const std::string&, const std::string& json) {
    simdjson::dom::element element;
    ASSERT_EQ(simdjson::SUCCESS, parser.parse(json).get(element));
    std::string_view nombre;
    ASSERT_EQ(simdjson::SUCCESS, element["nombre"].get(nombre));
    nombres.emplace_back(nombre);
  });
  EXPECT_TRUE(std::is_sorted(nombres.begin(), nombres.end()));
  EXPECT_EQ((std::vector<std::string>{"\"\"", "'", ","}),
            std::vector<std::string>(nombres.begin(), nombres.begin() + 3));
  EXPECT_LT(std::set<std::string>(nombres.begin(), nombres.end()).size(), nombres.size() / 2);
  const std::vector<int64_t> serials = Walk(world_, Dataset::kProveedores, 100);
  EXPECT_EQ(5000U, serials.size());
  EXPECT_LT(Distinct(serials), 5000U);
  EXPECT_EQ(5000U, Distinct(Walk(world_, Dataset::kProveedores, 500)));
}

TEST_F(WorldTest, ClientesNestTheOrdenesThatNameThem) {
  std::map<std::string, std::multiset<std::string>> by_cliente;
  simdjson::dom::parser parser;
  size_t orphans = 0;
  world_.ForEach(Dataset::kOrdenes, [&](const std::string&, const std::string& json) {
    simdjson::dom::element element;
    ASSERT_EQ(simdjson::SUCCESS, parser.parse(json).get(element));
    int64_t cliente = 0;
    if (element["clienteId"].get(cliente) != simdjson::SUCCESS) {
      ++orphans;
    } else {
      by_cliente[std::to_string(cliente)].insert(json);
    }
  });
  EXPECT_GT(orphans, 0U);
  size_t most = 0;
  size_t without = 0;
  world_.ForEach(Dataset::kClientes, [&](const std::string& key, const std::string& json) {
    size_t nested = 0;
    size_t bytes = 0;
    for (const std::string& orden : by_cliente[key]) {
      nested += json.find(orden) != std::string::npos ? 1 : 0;
      bytes += orden.size() + 1;
    }
    EXPECT_EQ(by_cliente[key].size(), nested) << key;
    EXPECT_LT(json.size(), bytes + 800) << key << " has ordenes that are not its own";
    most = std::max(most, nested);
    without += nested == 0 ? 1 : 0;
  });
  EXPECT_EQ(409U, most);
  EXPECT_GT(without, 50U);
}

TEST_F(WorldTest, DetallesHaveIdsOfTheirOwn) {
  std::set<int64_t> ids;
  size_t detalles = 0;
  simdjson::dom::parser parser;
  world_.ForEach(Dataset::kOrdenes, [&](const std::string&, const std::string& json) {
    simdjson::dom::array lines;
    ASSERT_EQ(simdjson::SUCCESS, parser.parse(json)["detalles"].get(lines));
    for (const simdjson::dom::element line : lines) {
      int64_t id = 0;
      ASSERT_EQ(simdjson::SUCCESS, line["id"].get(id));
      ids.insert(id);
      ++detalles;
    }
  });
  EXPECT_EQ(detalles, ids.size());
  EXPECT_EQ(static_cast<int64_t>(detalles), *ids.rbegin());
}

/// What the contract says the real services send, as a text that some row has.
TEST_F(WorldTest, HoldsWhatTheContractLists) {
  const std::map<Dataset, std::vector<const char*>> wanted = {
      {Dataset::kProductos,
       {"\"nombre\":\"\\\"\"",
        "\"nombre\":\"'\"",
        "\"nombre\":\",\"",
        "\"nombre\":\"\"",
        "\"descripcion\":null",
        "\"descripcion\":\"\"",
        "\\n",
        "\\r\\n",
        "\\t",
        "\\u0001",
        "\\ud83d\\ude00",
        "\\u88fd\\u54c1",
        "\"fecha_creacion\":null",
        "\"fecha_creacion\":\"1899-",
        "\"fecha_actualizacion\":null",
        "\"precio\":null",
        "99999999",
        "\"stock\":null",
        "\"stock\":-",
        "\"categoria\":null",
        "\"proveedor\":null"}},
      {Dataset::kOrdenes,
       {"\"fechaOrden\":null", "\"fechaOrden\":\"1899-", "\"fechaEntrega\":\"9999-", "\"total\":null", "E7,",
        "0000000001,", "\"detalles\":[]", "\"clienteId\":null", "\"nombreProducto\":null",
        "\"metodoPago\":null", "\"direccionEnvio\":null", "T00:00:00\"", "\\n"}},
      {Dataset::kClientes,
       {"\"pais\":null", "\"email\":null", "\"ordenes\":[]", "\"fechaRegistro\":null", "\\\"B\\\""}},
      {Dataset::kProveedores,
       {"\"direccion\":null", "\"contacto\":null", "\"condicionesPago\":null", "\"estadisticas\":null",
        "\"contacto\":{}", "\"categorias\":null", "\"categorias\":[]", "\"web\":", "\"notas\":",
        "\"fechaRegistro\":null", "\"fechaRegistro\":\"9999-", "\"fechaRegistro\":\"1899-",
        "\"montoTotal\":null", "Cocina y \\\"Baño\\\"", "\"ruc\":null", "\"calificacion\":null"}},
  };
  for (const auto& [dataset, texts] : wanted) {
    std::string all;
    world_.ForEach(dataset,
                   [&all](const std::string&, const std::string& json) { all.append(json).append(",\n"); });
    for (const char* text : texts) {
      EXPECT_NE(std::string::npos, all.find(text)) << DatasetName(dataset) << " never has " << text;
    }
  }
  size_t absent = 0;
  world_.ForEach(Dataset::kProveedores, [&](const std::string&, const std::string& json) {
    absent += json.find("\"direccion\":") == std::string::npos ? 1 : 0;
  });
  EXPECT_GT(absent, 10U);
  EXPECT_LT(absent, 250U);
}

TEST_F(WorldTest, NoValueIsBeyondItsColumnUnlessAFaultAsks) {
  Shape shape = Shape::Of(2000, 1);
  const auto count = [&](Dataset dataset, const char* text) {
    size_t found = 0;
    World(shape, true, clock_).ForEach(dataset, [&](const std::string&, const std::string& json) {
      found += json.find(text) != std::string::npos ? 1 : 0;
    });
    return found;
  };
  EXPECT_EQ(0U, count(Dataset::kProductos, "e+38"));
  EXPECT_EQ(0U, count(Dataset::kProveedores, "e+21"));
  shape.spoilt.bad_values_every = 100;
  EXPECT_EQ(20U, count(Dataset::kProductos, "\"precio\":3.4e+38"));
  EXPECT_EQ(10U, count(Dataset::kOrdenes, "\"total\":1.0E21"));
  EXPECT_EQ(5U, count(Dataset::kProveedores, "\"montoTotal\":1e+21"));
  shape.spoilt = {.bad_values_every = 0, .extra_decimals_every = 50, .now_dates_every = 0};
  EXPECT_EQ(40U, count(Dataset::kProductos, ".125,\"proveedor\""));
}

TEST_F(WorldTest, MadeUpDatesFollowTheClock) {
  Shape shape = Shape::Of(400, 1);
  shape.spoilt.now_dates_every = 10;
  const World world(shape, true, clock_);
  const auto before = Rows(world, Dataset::kProveedores);
  clock_.Advance(Millis(1500));
  const auto after = Rows(world, Dataset::kProveedores);
  size_t changed = 0;
  for (const auto& [key, json] : before) changed += after.at(key) != json ? 1 : 0;
  EXPECT_EQ(10U, changed);
}

class LiveChanges : public ::testing::TestWithParam<Dataset> {
 protected:
  testing::FakeClock clock_;
  World world_{Shape::Of(2000, 1), true, clock_};
};

TEST_P(LiveChanges, InsertedRowsComeFirstAndDeletedOnesAreGone) {
  const std::vector<std::string> before = world_.Keys(GetParam());
  ASSERT_OK(world_.Insert(GetParam(), 3));
  ASSERT_OK(world_.Delete(GetParam(), before[0]));
  ASSERT_OK(world_.Delete(GetParam(), before[77]));
  const std::vector<std::string> after = world_.Keys(GetParam());
  ASSERT_EQ(before.size() + 1, after.size());
  EXPECT_EQ(before[1], after[3]);
  EXPECT_EQ(before.back(), after.back());
  EXPECT_EQ(after.end(), std::find(after.begin(), after.end(), before[77]));
  EXPECT_EQ(after.size(), std::set<std::string>(after.begin(), after.end()).size());
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, world_.RecordJson(GetParam(), before[77]));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, world_.Delete(GetParam(), before[77]));
  EXPECT_OK(world_.RecordJson(GetParam(), after[0]).status());
  ASSERT_OK(world_.Delete(GetParam(), after[1]));
  EXPECT_EQ(after.size() - 1, Rows(world_, GetParam()).size());
}

TEST_P(LiveChanges, TouchedRowsDifferInAFieldOrMore) {
  const std::string key = world_.Keys(GetParam())[5];
  ASSERT_OK_AND_ASSIGN(const std::string before, world_.RecordJson(GetParam(), key));
  ASSERT_OK(world_.Touch(GetParam(), key));
  ASSERT_OK_AND_ASSIGN(const std::string after, world_.RecordJson(GetParam(), key));
  EXPECT_NE(before, after);
  EXPECT_EQ(world_.Keys(GetParam())[5], key);
}

TEST_P(LiveChanges, ManyRandomDeletionsLeaveTheRestWhole) {
  const std::vector<std::string> before = world_.Keys(GetParam());
  for (uint64_t i = 0; i < 200; ++i) world_.DeleteSome(GetParam(), i);
  const std::vector<std::string> after = world_.Keys(GetParam());
  ASSERT_EQ(before.size() - 200, after.size());
  const std::set<std::string> all(before.begin(), before.end());
  for (const std::string& key : after) EXPECT_TRUE(all.contains(key)) << key;
}

INSTANTIATE_TEST_SUITE_P(Datasets, LiveChanges,
                         ::testing::Values(Dataset::kProductos, Dataset::kOrdenes, Dataset::kProveedores),
                         [](const auto& param_info) { return std::string(DatasetName(param_info.param)); });

TEST_F(WorldTest, ADeletedOrdenLeavesItsCliente) {
  simdjson::dom::parser parser;
  const std::string key = world_.Keys(Dataset::kOrdenes)[10];
  ASSERT_OK_AND_ASSIGN(const std::string orden, world_.RecordJson(Dataset::kOrdenes, key));
  int64_t cliente = 0;
  ASSERT_EQ(simdjson::SUCCESS, parser.parse(orden)["clienteId"].get(cliente));
  ASSERT_OK_AND_ASSIGN(std::string record, world_.RecordJson(Dataset::kClientes, std::to_string(cliente)));
  EXPECT_NE(std::string::npos, record.find(orden));
  ASSERT_OK(world_.Delete(Dataset::kOrdenes, key));
  ASSERT_OK_AND_ASSIGN(record, world_.RecordJson(Dataset::kClientes, std::to_string(cliente)));
  EXPECT_EQ(std::string::npos, record.find(orden));
}

TEST_F(WorldTest, CategoriasAndClientesDoNotChange) {
  EXPECT_ERROR_CODE(ErrorCode::kUsage, world_.Insert(Dataset::kClientes, 1));
  EXPECT_ERROR_CODE(ErrorCode::kUsage, world_.Delete(Dataset::kCategorias, "1"));
}

}  // namespace
}  // namespace ingesta::demo
