// Records of the three services through decoder and RowBuilder: the shipped columns, quarantine, children,
// notes and keys.
#include "ingesta/transform/row_builder.h"

#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "ingesta/decode/decoder.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::transform {
namespace {

using config::ColumnSpec;
using config::ColumnType;
using config::ResourceSpec;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Kind = ColumnType::Kind;

ColumnSpec Column(std::string name, Kind kind, std::string path = "") {
  ColumnSpec column;
  column.path = path.empty() ? name : std::move(path);
  column.name = std::move(name);
  column.type.kind = kind;
  if (kind == Kind::kDecimal) {
    column.type.precision = 18;
    column.type.scale = 2;
  }
  return column;
}

ColumnSpec Required(ColumnSpec column) {
  column.nullable = false;
  return column;
}

ColumnSpec Joined(ColumnSpec column, std::string separator) {
  column.join = std::move(separator);
  return column;
}

ResourceSpec Resource(std::string name, std::vector<ColumnSpec> columns,
                      std::vector<std::string> key = {"id"}) {
  ResourceSpec resource;
  resource.name = std::move(name);
  resource.columns = std::move(columns);
  resource.primary_key = std::move(key);
  return resource;
}

ResourceSpec Ordenes() {
  return Resource("ordenes",
                  {Required(Column("id", Kind::kInt64)), Column("numero_orden", Kind::kString, "numeroOrden"),
                   Column("cliente_nombre", Kind::kString, "clienteNombre"),
                   Column("fecha_orden", Kind::kTimestamp, "fechaOrden"), Column("total", Kind::kDecimal)});
}

ResourceSpec Detalles() {
  ResourceSpec resource = Resource(
      "detalles_orden",
      {Required(Column("id", Kind::kInt64)), Required(Column("orden_id", Kind::kInt64, "_ordenes_id")),
       Column("cliente", Kind::kString, "_ordenes_clienteNombre"), Column("subtotal", Kind::kDecimal)});
  resource.explode = config::ExplodeSpec{"ordenes", "detalles", {"id", "clienteNombre"}};
  return resource;
}

std::string Golden(const std::string& name) {
  std::ifstream file(std::string(INGESTA_SOURCE_DIR) + "/tests/golden/services/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Decoder and builder of one resource tree.
class Rows {
 public:
  explicit Rows(ResourceSpec resource, std::vector<ResourceSpec> children = {}, std::string selector = "")
      : resource_(std::move(resource)), children_(std::move(children)) {
    std::vector<const ResourceSpec*> pointers;
    for (const ResourceSpec& child : children_) pointers.push_back(&child);
    builder = RowBuilder::Make(resource_, pointers).ValueOrDie();
    decode::DecoderOptions options;
    options.data_selector = std::move(selector);
    decoder_ = decode::MakeJsonDecoder(options).ValueOrDie();
  }

  Status Decode(std::string body, int64_t index = 0) {
    Page page;
    page.index = index;
    page.body = std::move(body);
    builder->BeginPage(index);
    ARROW_ASSIGN_OR_RAISE(const decode::DecodedPage decoded,
                          decoder_->Decode(page, builder->fields(), *builder));
    buffer_ = decoded.buffer;
    return Status::OK();
  }

  Result<std::vector<Batch>> Build(std::string body, int64_t index = 0) {
    ARROW_RETURN_NOT_OK(Decode(std::move(body), index));
    return builder->Finish(buffer_);
  }

  std::unique_ptr<RowBuilder> builder;

 private:
  ResourceSpec resource_;
  std::vector<ResourceSpec> children_;
  std::unique_ptr<decode::Decoder> decoder_;
  std::shared_ptr<const std::string> buffer_;
};

/// A cell as text; "null" for null.
std::string Cell(const Batch& batch, const std::string& column, int64_t row) {
  const auto array = batch.rows->GetColumnByName(column);
  if (array == nullptr) return "no such column";
  const auto scalar = array->GetScalar(row).ValueOrDie();
  return scalar->is_valid ? scalar->ToString() : "null";
}

std::vector<std::string> Cells(const Batch& batch, const std::string& column) {
  std::vector<std::string> cells;
  for (int64_t row = 0; row < batch.rows->num_rows(); ++row) cells.push_back(Cell(batch, column, row));
  return cells;
}

TEST(RowBuilder, BuildsProductosAsTheServiceSendsThem) {
  Rows rows(Resource("productos", {Required(Column("id", Kind::kInt64)), Column("nombre", Kind::kString),
                                   Column("precio", Kind::kDecimal), Column("stock", Kind::kInt32),
                                   Column("categoria", Kind::kString), Column("proveedor", Kind::kString),
                                   Column("descripcion", Kind::kString), Column("sku", Kind::kString),
                                   Column("fecha_creacion", Kind::kTimestamp),
                                   Column("fecha_actualizacion", Kind::kTimestamp)}),
            {}, "productos");
  ASSERT_OK_AND_ASSIGN(const auto batches, rows.Build(Golden("productos-3.json")));
  ASSERT_EQ(batches.size(), 1U);
  const Batch& batch = batches[0];
  ASSERT_OK(batch.rows->ValidateFull());
  EXPECT_THAT(Cells(batch, "id"), ElementsAre("20050", "20048", "20047"));
  EXPECT_THAT(Cells(batch, "precio"), ElementsAre("4223.04", "4288.91", "301.84"));
  EXPECT_THAT(Cells(batch, "stock"), ElementsAre("209", "19", "79"));
  EXPECT_EQ(Cell(batch, "categoria", 2), "\xe6\x97\xa5\xe6\x9c\xac\xe9\xa3\x9f\xe5\x93\x81 \xf0\x9f\x8d\xa3");
  EXPECT_EQ(Cell(batch, "fecha_creacion", 0), "2025-09-01 08:00:04.000000");
  EXPECT_THAT(batch.rejected, IsEmpty());
  EXPECT_THAT(batch.parents, IsEmpty());
  EXPECT_EQ(batch.sources.size(), 3U);
  EXPECT_THAT(
      std::string(batch.sources[0]),
      HasSubstr(
          R"("precio":4223.04,"proveedor":"Farmace\u00fatica Figueras S.C.P","sku":"SKU-020050","stock":209})"));
  EXPECT_THAT(rows.builder->notes(0).unknown_fields, IsEmpty());
  EXPECT_THAT(rows.builder->notes(0).rounded_columns, IsEmpty());
}

TEST(RowBuilder, FlattensProveedores) {
  ResourceSpec proveedores = Resource(
      "proveedores",
      {Required(Column("id", Kind::kString, "_id")), Column("calle", Kind::kString, "direccion.calle"),
       Column("email", Kind::kString, "contacto.email"), Joined(Column("categorias", Kind::kString), ","),
       Column("calificacion", Kind::kDouble), Column("dias", Kind::kInt64, "condicionesPago.diasCredito"),
       Column("monto", Kind::kDecimal, "estadisticas.montoTotal"),
       Column("registro", Kind::kTimestamp, "fechaRegistro"), Column("dia", Kind::kDate, "fechaRegistro"),
       Column("entero", Kind::kJson, "direccion")});
  proveedores.endpoint.ignore_fields = {"__v", "createdAt", "updatedAt", "contacto.cargo", "nada"};
  Rows rows(std::move(proveedores), {}, "proveedores");
  ASSERT_OK_AND_ASSIGN(const auto batches, rows.Build(Golden("proveedores-3.json")));
  const Batch& batch = batches[0];
  ASSERT_OK(batch.rows->ValidateFull());
  ASSERT_EQ(batch.rows->num_rows(), 3);
  EXPECT_EQ(Cell(batch, "id", 0), "68e7a0000000000000007c2b");
  EXPECT_EQ(Cell(batch, "calle", 0), "Paseo Amado Quintanilla 69");
  EXPECT_EQ(Cell(batch, "email", 1), "tejadaeugenia@example.com");
  EXPECT_EQ(Cell(batch, "categorias", 1), "Bebidas,Ropa,Salud");
  EXPECT_EQ(Cell(batch, "calificacion", 0), "2.7");
  EXPECT_EQ(Cell(batch, "dias", 2), "67");
  EXPECT_EQ(Cell(batch, "monto", 0), "3184411.81");
  EXPECT_EQ(Cell(batch, "registro", 0), "2024-09-05 13:20:17.104000");
  EXPECT_EQ(Cell(batch, "dia", 0), "2024-09-05");
  EXPECT_THAT(Cell(batch, "entero", 0), HasSubstr(R"({"calle":"Paseo Amado Quintanilla 69","ciudad":)"));
  const auto& unknown = rows.builder->notes(0).unknown_fields;
  EXPECT_EQ(unknown.count("__v"), 0U);
  EXPECT_EQ(unknown.count("contacto.cargo"), 0U);
  EXPECT_EQ(unknown.at("contacto.nombre"), 3);
  EXPECT_EQ(unknown.at("nombre"), 3);
}

TEST(RowBuilder, SubDocumentsMayBeNullPartialOrAbsent) {
  Rows rows(Resource("p", {Column("id", Kind::kString), Column("calle", Kind::kString, "d.calle"),
                           Column("x", Kind::kDouble, "d.geo.x"), Joined(Column("c", Kind::kString), ",")}));
  ASSERT_OK_AND_ASSIGN(const auto batches,
                       rows.Build(R"([{"id":"a","d":null,"c":null},{"id":"b"},{"id":"c","d":{},"c":[]},
                                      {"id":"d","d":{"geo":{"x":1}},"c":["k"]},{"id":"e","d":{"geo":null,"calle":"z"}}])"));
  EXPECT_THAT(Cells(batches[0], "calle"), ElementsAre("null", "null", "null", "null", "z"));
  EXPECT_THAT(Cells(batches[0], "x"), ElementsAre("null", "null", "null", "1", "null"));
  EXPECT_THAT(Cells(batches[0], "c"), ElementsAre("null", "null", "", "k", "null"));
}

TEST(RowBuilder, RejectsARowWithItsReasonAndText) {
  struct Case {
    std::string record;
    std::string column;
    std::string reason;
    std::string key;
  };
  const std::vector<Case> cases = {
      {R"({"id":7,"p":3.4e+38})", "p", "expected decimal(18,2), got the number 3.4e+38: it does not fit",
       "7"},
      {R"({"id":7.0,"n":"doce"})", "n", R"(expected int64, got the string "doce")", "7"},
      {R"({"id":7,"n":1.5})", "n", "expected int64, got the number 1.5: it is no whole number", "7"},
      {R"({"id":7,"t":"ayer"})", "t", R"(expected timestamp, got the string "ayer": a time looks like)", "7"},
      {R"({"id":7,"s":{"a":1}})", "s", R"(expected string, got the object {"a":1}: type json keeps it whole)",
       "7"},
      {R"({"id":7,"s":"\ud83c"})", "s", "half a surrogate pair", "7"},
      {R"({"id":7,"d":"x"})", "dc", R"(expected an object at `d`, got the string "x")", "7"},
      {R"({"id":7,"b":"si"})", "b", R"(expected bool, got the string "si")", "7"},
      {R"({"id":null})", "id", "expected int64, got null or nothing; the column is not nullable", ""},
      {R"({"p":1})", "id", "got null or nothing", ""},
      {R"({"id":"x"})", "id", R"(expected int64, got the string "x")", ""},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.record);
    Rows rows(Resource("datos",
                       {Required(Column("id", Kind::kInt64)), Column("p", Kind::kDecimal),
                        Column("n", Kind::kInt64), Column("t", Kind::kTimestamp), Column("s", Kind::kString),
                        Column("dc", Kind::kString, "d.c"), Column("b", Kind::kBool)}));
    ASSERT_OK_AND_ASSIGN(const auto batches,
                         rows.Build(R"([{"id":1}, )" + test.record + R"(,{"id":2,"p":1.5}])", 4));
    const Batch& batch = batches[0];
    ASSERT_OK(batch.rows->ValidateFull());
    // The rows around it are whole.
    EXPECT_THAT(Cells(batch, "id"), ElementsAre("1", "2"));
    EXPECT_THAT(Cells(batch, "p"), ElementsAre("null", "1.50"));
    EXPECT_EQ(batch.sources.size(), 2U);
    ASSERT_EQ(batch.rejected.size(), 1U);
    EXPECT_EQ(batch.rejected[0].dataset, "datos");
    EXPECT_EQ(batch.rejected[0].page, 4);
    EXPECT_EQ(batch.rejected[0].column, test.column);
    EXPECT_THAT(batch.rejected[0].reason, HasSubstr(test.reason));
    EXPECT_EQ(batch.rejected[0].source, test.record);
    EXPECT_EQ(batch.rejected[0].key, test.key);
  }
}

TEST(RowBuilder, CountsRoundedValuesAndRejectsThemOnRequest) {
  ColumnSpec strict = Column("q", Kind::kDecimal);
  strict.on_rounding = config::OnRounding::kReject;
  Rows rows(Resource("r", {Column("id", Kind::kInt64), Column("p", Kind::kDecimal), strict}));
  ASSERT_OK_AND_ASSIGN(
      const auto batches,
      rows.Build(
          R"([{"id":1,"p":4416.299999999999,"q":4416.299999999999},{"id":2,"p":1.125},{"id":3,"p":2.375},
                                      {"id":4,"q":1.125},{"id":5,"p":null}])"));
  EXPECT_THAT(Cells(batches[0], "p"), ElementsAre("4416.30", "1.12", "2.38", "null"));
  EXPECT_EQ(Cell(batches[0], "q", 0), "4416.30");
  ASSERT_EQ(batches[0].rejected.size(), 1U);
  EXPECT_THAT(batches[0].rejected[0].reason, HasSubstr("on_rounding is reject"));
  EXPECT_THAT(rows.builder->notes(0).rounded_columns, ElementsAre(Pair("p", 2)));
  rows.builder->ResetNotes();
  EXPECT_THAT(rows.builder->notes(0).rounded_columns, IsEmpty());
}

TEST(RowBuilder, ExplodesChildrenWithValuesOfTheirParent) {
  Rows rows(Ordenes(), {Detalles()}, "ordenes");
  ASSERT_OK_AND_ASSIGN(const auto batches, rows.Build(Golden("ordenes-3.json")));
  ASSERT_EQ(batches.size(), 2U);
  ASSERT_OK(batches[0].rows->ValidateFull());
  ASSERT_OK(batches[1].rows->ValidateFull());
  EXPECT_THAT(Cells(batches[0], "id"), ElementsAre("10060", "10059", "10058"));
  const Batch& detalles = batches[1];
  EXPECT_THAT(Cells(detalles, "id"),
              ElementsAre("29815", "29811", "29812", "29813", "29814", "29809", "29810"));
  EXPECT_THAT(Cells(detalles, "orden_id"),
              ElementsAre("10060", "10059", "10059", "10059", "10059", "10058", "10058"));
  // clienteNombre stands behind the array in the record.
  EXPECT_EQ(Cell(detalles, "cliente", 1), "Artemio Batalla Landa");
  EXPECT_EQ(Cell(detalles, "subtotal", 3), "4416.30");
  EXPECT_THAT(detalles.parents, ElementsAre(0, 1, 1, 1, 1, 2, 2));
  EXPECT_THAT(std::string(detalles.sources[0]), ::testing::StartsWith(R"({"id":29815,"productoId":13951,)"));
  EXPECT_EQ(rows.builder->notes(1).unknown_fields.at("productoId"), 7);
  EXPECT_EQ(rows.builder->notes(0).unknown_fields.count("detalles"), 0U);
}

TEST(RowBuilder, ChildrenOfARejectedRecordGoWithIt) {
  Rows rows(Ordenes(), {Detalles()});
  ASSERT_OK_AND_ASSIGN(const auto batches,
                       rows.Build(R"([{"id":1,"detalles":[{"id":11}]},{"detalles":[{"id":22}],"id":"x"},
                                      {"detalles":[{"id":"roto"},{"id":33},{"id":34,"subtotal":[1]}],"id":3},
                                      {"id":4,"detalles":"x"},{"id":5,"detalles":[{"id":55},7]},{"id":6,"detalles":null}])"));
  EXPECT_THAT(Cells(batches[0], "id"), ElementsAre("1", "3", "6"));
  ASSERT_EQ(batches[0].rejected.size(), 3U);
  EXPECT_EQ(batches[0].rejected[1].column, "detalles");
  EXPECT_THAT(batches[0].rejected[1].reason, HasSubstr("expected an array at `detalles`"));
  EXPECT_EQ(batches[0].rejected[1].key, "4");
  EXPECT_THAT(batches[0].rejected[2].reason, HasSubstr("expected objects in the array, got the number 7"));
  EXPECT_THAT(Cells(batches[1], "id"), ElementsAre("11", "33"));
  EXPECT_THAT(Cells(batches[1], "orden_id"), ElementsAre("1", "3"));
  EXPECT_THAT(batches[1].parents, ElementsAre(0, 1));
  ASSERT_EQ(batches[1].rejected.size(), 2U);
  EXPECT_EQ(batches[1].rejected[0].dataset, "detalles_orden");
  EXPECT_EQ(batches[1].rejected[0].source, R"({"id":"roto"})");
  EXPECT_EQ(batches[1].rejected[1].column, "subtotal");
  EXPECT_EQ(batches[1].rejected[1].key, "34");
}

TEST(RowBuilder, SeveralColumnsMayReadOneField) {
  Rows rows(Resource("r", {Column("id", Kind::kInt64), Column("texto", Kind::kString, "id"),
                           Column("entero", Kind::kJson, "s"), Column("a", Kind::kInt64, "s.a"),
                           Joined(Column("l", Kind::kString), "|"), Column("lista", Kind::kJson, "l")}));
  ASSERT_OK_AND_ASSIGN(const auto batches, rows.Build(R"([{"id":5,"s":{"a": 1, "b":[ ]},"l":["x", "y"]}])"));
  EXPECT_EQ(Cell(batches[0], "texto", 0), "5");
  EXPECT_EQ(Cell(batches[0], "entero", 0), R"({"a":1,"b":[]})");
  EXPECT_EQ(Cell(batches[0], "a", 0), "1");
  EXPECT_EQ(Cell(batches[0], "l", 0), "x|y");
  EXPECT_EQ(Cell(batches[0], "lista", 0), R"(["x","y"])");
}

TEST(RowBuilder, GoesOnPageAfterPage) {
  Rows rows(Ordenes(), {Detalles()});
  for (int page = 0; page < 4; ++page) {
    std::string body = "[";
    const int count = page * 200;  // more than any first guess
    for (int i = 0; i < count; ++i) {
      body +=
          fmt::format(R"({}{{"id":{},"numeroOrden":"{}","total":1.5,"detalles":[{{"id":1}},{{"id":2}}]}})",
                      i > 0 ? "," : "", i, std::string(static_cast<size_t>(i % 50), 'n'));
    }
    ASSERT_OK_AND_ASSIGN(const auto batches, rows.Build(body + "]", page));
    ASSERT_OK(batches[0].rows->ValidateFull());
    ASSERT_OK(batches[1].rows->ValidateFull());
    ASSERT_EQ(batches[0].rows->num_rows(), count);
    ASSERT_EQ(batches[1].rows->num_rows(), 2 * count);
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(Cell(batches[0], "numero_orden", i).size(), static_cast<size_t>(i % 50));
      ASSERT_EQ(batches[1].parents[static_cast<size_t>(2 * i + 1)], i);
    }
  }
}

TEST(RowBuilder, DiscardForgetsAPageThatBroke) {
  Rows rows(Ordenes(), {Detalles()});
  const std::string record = R"({"nuevo":1,"total":1.125,"id":1,"detalles":[{"id":11,"x":0}]})";
  EXPECT_ERROR_CODE(ErrorCode::kMalformedBody,
                    rows.Decode("[" + record +
                                R"(,{"id":"x"},{"id":2,"numeroOrden":"resto","detalles":[{"id":22},{"id":)"));
  rows.builder->Discard();
  ASSERT_OK_AND_ASSIGN(const auto batches, rows.Build("[" + record + R"(,{"id":3}])"));
  EXPECT_THAT(Cells(batches[0], "id"), ElementsAre("1", "3"));
  EXPECT_THAT(Cells(batches[0], "numero_orden"), ElementsAre("null", "null"));
  EXPECT_THAT(Cells(batches[1], "id"), ElementsAre("11"));
  EXPECT_THAT(batches[0].rejected, IsEmpty());
  EXPECT_THAT(rows.builder->notes(0).unknown_fields, ElementsAre(Pair("nuevo", 1)));
  EXPECT_THAT(rows.builder->notes(0).rounded_columns, ElementsAre(Pair("total", 1)));
  EXPECT_THAT(rows.builder->notes(1).unknown_fields, ElementsAre(Pair("x", 1)));
}

TEST(RowBuilder, ARecordWithoutEndLeavesNothingInTheNext) {
  Rows rows(Resource("r", {Column("id", Kind::kInt64), Column("s", Kind::kString)}));
  ASSERT_OK_AND_ASSIGN(const auto batches, rows.Build(R"([{"id":1,"s":"x"},{"id":2},{"s":"y"}])"));
  EXPECT_THAT(Cells(batches[0], "id"), ElementsAre("1", "2", "null"));
  EXPECT_THAT(Cells(batches[0], "s"), ElementsAre("x", "null", "y"));
}

TEST(RowBuilder, BoundsTheNamesOfUnknownFields) {
  Rows rows(Resource("r", {Column("id", Kind::kInt64)}));
  std::string body = "[";
  for (int i = 0; i < 1000; ++i) body += fmt::format(R"({}{{"id":{},"k{}":0}})", i > 0 ? "," : "", i, i);
  ASSERT_OK(rows.Build(body + "]").status());
  const auto& unknown = rows.builder->notes(0).unknown_fields;
  EXPECT_EQ(unknown.size(), 201U);
  EXPECT_EQ(unknown.at("(more)"), 800);
}

TEST(RowBuilder, TheSchemaNamesPathsAndDescriptions) {
  ColumnSpec column = Required(Column("calle", Kind::kString, "direccion.calle"));
  column.description = "Street and number";
  Rows rows(Resource("p",
                     {column, Column("precio", Kind::kDecimal), Column("dia", Kind::kDate),
                      Column("n", Kind::kInt32), Column("t", Kind::kTimestamp), Column("j", Kind::kJson)},
                     {}));
  const auto schema = rows.builder->schema(0);
  ASSERT_EQ(schema->num_fields(), 6);
  EXPECT_FALSE(schema->field(0)->nullable());
  EXPECT_EQ(schema->field(0)->metadata()->Get("path").ValueOrDie(), "direccion.calle");
  EXPECT_EQ(schema->field(0)->metadata()->Get("comment").ValueOrDie(),
            "Street and number (source: direccion.calle)");
  EXPECT_TRUE(schema->field(1)->nullable());
  EXPECT_EQ(schema->field(1)->type()->ToString(), "decimal128(18, 2)");
  EXPECT_EQ(schema->field(2)->type()->ToString(), "date32[day]");
  EXPECT_EQ(schema->field(3)->type()->ToString(), "int32");
  EXPECT_EQ(schema->field(4)->type()->ToString(), "timestamp[us]");
  EXPECT_EQ(schema->field(5)->type()->ToString(), "string");
}

TEST(RowBuilder, RefusesSpecsThatContradictThemselves) {
  struct Case {
    ResourceSpec resource;
    std::vector<ResourceSpec> children;
    std::string message;
  };
  ResourceSpec other = Detalles();
  other.name = "otros";
  ResourceSpec astray = Detalles();
  astray.explode->resource = "clientes";
  ResourceSpec joined_and_exploded = Ordenes();
  joined_and_exploded.columns.push_back(Joined(Column("d", Kind::kString, "detalles"), ","));
  ColumnSpec bad_format = Column("t", Kind::kTimestamp);
  bad_format.format = "rfc2822";
  ColumnSpec bad_decimal = Column("p", Kind::kDecimal);
  bad_decimal.type.scale = 19;
  const std::vector<Case> cases = {
      {Resource("r", {}), {}, "it has no columns"},
      {Resource("r", {Column("a", Kind::kInt64)}), {}, "primary_key names `id`, which is no column"},
      {Resource("r", {Column("a", Kind::kInt64, "a..b")}, {}), {}, "`a..b` is no path"},
      {Resource("r", {Joined(Column("a", Kind::kString), ","), Joined(Column("b", Kind::kString, "a"), ";")},
                {}),
       {},
       "joined in two ways"},
      {Resource("r", {Joined(Column("a", Kind::kString), ","), Column("b", Kind::kString, "a.b")}, {}),
       {},
       "wanted as an array and as an object"},
      {Resource("r", {bad_format}, {}), {}, "no time format is called `rfc2822`"},
      {Resource("r", {bad_decimal}, {}), {}, "decimal(18,19)"},
      {Ordenes(), {Detalles(), other}, "exploded into another resource already"},
      {Ordenes(), {astray}, "it does not explode out of `ordenes`"},
      {joined_and_exploded, {Detalles()}, "exploded and joined"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.message);
    std::vector<const ResourceSpec*> children;
    for (const ResourceSpec& child : test.children) children.push_back(&child);
    const auto builder = RowBuilder::Make(test.resource, children);
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, builder);
    EXPECT_THAT(builder.status().message(), HasSubstr(test.message));
  }
}

TEST(IdentifyRows, KeysAreABijectionOfASingleInteger) {
  Rows rows(
      Resource("r", {Column("id", Kind::kInt64), Column("n", Kind::kInt32), Column("s", Kind::kString)}));
  std::string body = "[";
  for (int i = -500; i < 500; ++i)
    body += fmt::format(R"({}{{"id":{},"n":{},"s":"{}"}})", i > -500 ? "," : "", i, i, i);
  ASSERT_OK_AND_ASSIGN(const auto batches, rows.Build(body + "]"));
  std::set<uint64_t> keys;
  std::set<uint64_t> contents;
  ASSERT_OK_AND_ASSIGN(const auto by_id, IdentifyRows(batches[0], {0}));
  ASSERT_OK_AND_ASSIGN(const auto by_n, IdentifyRows(batches[0], {1}));
  for (size_t i = 0; i < by_id.size(); ++i) {
    keys.insert(by_id[i].key);
    contents.insert(by_id[i].content);
    EXPECT_EQ(by_id[i].key, by_n[i].key);
    EXPECT_EQ(by_id[i].key, HashKeyText(std::to_string(static_cast<int>(i) - 500), true));
  }
  EXPECT_EQ(keys.size(), 1000U);
  EXPECT_EQ(contents.size(), 1000U);
}

TEST(IdentifyRows, AgreesWithKeyTextForEveryType) {
  Rows rows(Resource("r",
                     {Column("i", Kind::kInt64), Column("n", Kind::kInt32), Column("s", Kind::kString),
                      Column("d", Kind::kDouble), Column("b", Kind::kBool), Column("day", Kind::kDate),
                      Column("t", Kind::kTimestamp), Column("p", Kind::kDecimal)},
                     {}));
  ASSERT_OK_AND_ASSIGN(
      const auto batches,
      rows.Build(
          R"([{"i":-7,"n":8,"s":"ñ","d":2.5,"b":true,"day":"2025-09-01","t":"1899-09-01T08:00:04.25","p":-0.05},
                     {"i":null,"n":null,"s":null}])"));
  const Batch& batch = batches[0];
  const std::vector<std::string> wanted = {
      "-7", "8", "ñ", "2.5", "true", "2025-09-01", "1899-09-01T08:00:04.250000Z", "-0.05"};
  for (int column = 0; column < 8; ++column) {
    SCOPED_TRACE(column);
    ASSERT_OK_AND_ASSIGN(const std::string text, KeyText(batch, {column}, 0));
    EXPECT_EQ(text, wanted[static_cast<size_t>(column)]);
    for (int64_t row = 0; row < 2; ++row) {
      ASSERT_OK_AND_ASSIGN(const std::string key, KeyText(batch, {column}, row));
      ASSERT_OK_AND_ASSIGN(const auto identities, IdentifyRows(batch, {column}));
      EXPECT_EQ(identities[static_cast<size_t>(row)].key, HashKeyText(key, column < 2));
    }
  }
  ASSERT_OK_AND_ASSIGN(const std::string both, KeyText(batch, {2, 0}, 0));
  EXPECT_EQ(both, "ñ\x1f-7");
  ASSERT_OK_AND_ASSIGN(const auto identities, IdentifyRows(batch, {2, 0}));
  EXPECT_EQ(identities[0].key, HashKeyText(both, false));
  ASSERT_OK_AND_ASSIGN(const auto without_key, IdentifyRows(batch, {}));
  EXPECT_EQ(without_key[0].key, without_key[0].content);
  EXPECT_ERROR_CODE(ErrorCode::kInternal, IdentifyRows(batch, {8}));
  EXPECT_ERROR_CODE(ErrorCode::kInternal, KeyText(batch, {0}, 2));
}

TEST(ForEachKeyText, GivesKeyTextOfTheRowsThatStay) {
  Rows rows(Resource("r", {Column("a", Kind::kInt64), Column("s", Kind::kString)}, {}));
  ASSERT_OK_AND_ASSIGN(auto batches,
                       rows.Build(R"([{"a":1,"s":"x"},{"a":2},{"a":3,"s":"y"},{"a":-4,"s":"z"}])"));
  Batch& batch = batches[0];
  std::vector<std::string> texts;
  const auto take = [&](std::string_view text) {
    texts.emplace_back(text);
    return texts.size() < 4 ? Status::OK() : MakeError(ErrorCode::kIo, "full");
  };
  batch.dropped = {0, 0, 1, 0};
  ASSERT_OK(ForEachKeyText(batch, {0, 1}, take));
  EXPECT_THAT(texts, ::testing::ElementsAre("1\x1fx", "2\x1f", "-4\x1fz"));
  for (const size_t row : {0U, 1U, 3U}) {
    ASSERT_OK_AND_ASSIGN(const std::string text, KeyText(batch, {0, 1}, static_cast<int64_t>(row)));
    EXPECT_EQ(texts[row == 3 ? 2 : row], text);
  }
  EXPECT_ERROR_CODE(ErrorCode::kIo, ForEachKeyText(batch, {0}, take));
  EXPECT_EQ(texts.size(), 4U);
  EXPECT_ERROR_CODE(ErrorCode::kInternal, ForEachKeyText(batch, {2}, take));
}

TEST(IdentifyRows, ARejectedRowsKeyIsTheOneItWouldHaveHad) {
  Rows rows(Resource("r",
                     {Column("a", Kind::kInt64), Column("t", Kind::kTimestamp), Column("n", Kind::kInt64)},
                     {"a", "t"}));
  ASSERT_OK_AND_ASSIGN(
      const auto batches,
      rows.Build(R"([{"a":5.0,"t":"2025-09-01 08:00:04"},{"a":5,"t":"2025-09-01T10:00:04+02:00","n":"x"}])"));
  ASSERT_EQ(batches[0].rejected.size(), 1U);
  ASSERT_OK_AND_ASSIGN(const std::string key, KeyText(batches[0], {0, 1}, 0));
  EXPECT_EQ(batches[0].rejected[0].key, key);
}

}  // namespace
}  // namespace ingesta::transform
