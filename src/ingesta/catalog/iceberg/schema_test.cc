#include "ingesta/catalog/iceberg/schema.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include "ingesta/catalog/iceberg/schema_change.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::iceberg {
namespace {

std::shared_ptr<arrow::Schema> AllTypes() {
  return arrow::schema(
      {arrow::field("b", arrow::boolean()), arrow::field("i", arrow::int32(), false),
       arrow::field("l", arrow::int64()), arrow::field("f", arrow::float32()),
       arrow::field("d", arrow::float64()), arrow::field("dec", arrow::decimal128(18, 2)),
       arrow::field("dia", arrow::date32()), arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO)),
       arrow::field("tz", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
       arrow::field("s", arrow::utf8(), true, arrow::key_value_metadata({"comment"}, {"texto"})),
       arrow::field("bin", arrow::binary()), arrow::field("fix", arrow::fixed_size_binary(4)),
       arrow::field("lista",
                    arrow::list(arrow::field("item", arrow::struct_({arrow::field("x", arrow::int32())})))),
       arrow::field("mapa", arrow::map(arrow::utf8(), arrow::int64())),
       arrow::field("h", arrow::time64(arrow::TimeUnit::MICRO))});
}

TEST(Schema, ArrowTypesBecomeIcebergsAndComeBack) {
  ASSERT_OK_AND_ASSIGN(const auto with_ids, AssignIds(*AllTypes(), nullptr, 0));
  ASSERT_OK_AND_ASSIGN(const auto fields, FieldsFromArrow(*with_ids));
  EXPECT_EQ(
      DumpJson(SchemaToJson({.id = 4, .fields = fields})),
      R"j({"type":"struct","schema-id":4,"fields":[{"id":1,"name":"b","required":false,"type":"boolean"},)j"
      R"j({"id":2,"name":"i","required":true,"type":"int"},{"id":3,"name":"l","required":false,"type":"long"},)j"
      R"j({"id":4,"name":"f","required":false,"type":"float"},{"id":5,"name":"d","required":false,"type":"double"},)j"
      R"j({"id":6,"name":"dec","required":false,"type":"decimal(18, 2)"},)j"
      R"j({"id":7,"name":"dia","required":false,"type":"date"},{"id":8,"name":"t","required":false,"type":"timestamp"},)j"
      R"j({"id":9,"name":"tz","required":false,"type":"timestamptz"},)j"
      R"j({"id":10,"name":"s","required":false,"type":"string","doc":"texto"},)j"
      R"j({"id":11,"name":"bin","required":false,"type":"binary"},{"id":12,"name":"fix","required":false,"type":"fixed[4]"},)j"
      R"j({"id":13,"name":"lista","required":false,"type":{"type":"list","element-id":16,"element-required":false,)j"
      R"j("element":{"type":"struct","fields":[{"id":17,"name":"x","required":false,"type":"int"}]}}},)j"
      R"j({"id":14,"name":"mapa","required":false,"type":{"type":"map","key-id":18,"key":"string","value-id":19,)j"
      R"j("value-required":false,"value":"long"}},{"id":15,"name":"h","required":false,"type":"time"}]})j");
  ASSERT_OK_AND_ASSIGN(const Schema read, SchemaFromJson(SchemaToJson({.id = 4, .fields = fields})));
  EXPECT_TRUE(SameFields(read.fields, fields));
  ASSERT_OK_AND_ASSIGN(const auto back, ToArrow(fields));
  ASSERT_OK_AND_ASSIGN(const auto again, FieldsFromArrow(*back));
  EXPECT_TRUE(SameFields(again, fields));
}

TEST(Schema, ColumnsWithoutATypeOrAnIdAreNamed) {
  const auto unsigned_numbers = arrow::schema({arrow::field("grande", arrow::uint64())});
  ASSERT_OK_AND_ASSIGN(const auto with_ids, AssignIds(*unsigned_numbers, nullptr, 0));
  const auto refused = FieldsFromArrow(*with_ids);
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, refused);
  EXPECT_NE(refused.status().message().find("'grande'"), std::string::npos);
  EXPECT_ERROR_CODE(ErrorCode::kInternal, FieldsFromArrow(*AllTypes()));
}

TableMetadata Table(std::vector<Field> fields, int last_column_id) {
  TableMetadata metadata;
  metadata.schemas = {{.id = 0, .fields = std::move(fields)}};
  metadata.specs = {{}};
  metadata.last_column_id = last_column_id;
  return metadata;
}

std::vector<Field> Basic() {
  return {
      {.id = 1, .name = "id", .type = MakeType(TypeId::kInt), .required = true},
      {.id = 2, .name = "total", .type = MakeDecimal(9, 2)},
      {.id = 3,
       .name = "lista",
       .type = MakeNested(TypeId::kList, {{.id = 4, .name = "element", .type = MakeType(TypeId::kFloat)}})}};
}

TEST(Schema, IdsComeFromTheTableByName) {
  const TableMetadata table = Table(Basic(), 7);
  const auto incoming =
      arrow::schema({arrow::field("nuevo", arrow::utf8()),
                     arrow::field("lista", arrow::list(arrow::field("item", arrow::float64()))),
                     arrow::field("id", arrow::int64())});
  ASSERT_OK_AND_ASSIGN(const auto with_ids,
                       AssignIds(*incoming, &table.current_schema(), table.last_column_id));
  ASSERT_OK_AND_ASSIGN(const auto fields, FieldsFromArrow(*with_ids));
  EXPECT_EQ(fields[0].id, 8);
  EXPECT_EQ(fields[1].id, 3);
  EXPECT_EQ(fields[1].type->fields[0].id, 4);
  EXPECT_EQ(fields[2].id, 1);
}

TEST(SchemaChange, RowsThatComeWidenTheTable) {
  TableMetadata table = Table(Basic(), 7);
  table.schemas[0].identifier_field_ids = {1};
  const std::vector<Field> incoming = {
      {.id = 1, .name = "id", .type = MakeType(TypeId::kLong)},
      {.id = 3,
       .name = "lista",
       .type = MakeNested(TypeId::kList, {{.id = 4, .name = "element", .type = MakeType(TypeId::kDouble)}})},
      {.id = 8, .name = "nuevo", .type = MakeType(TypeId::kString), .required = true}};
  ASSERT_OK_AND_ASSIGN(const Schema schema, MergeSchema(table, incoming));
  EXPECT_EQ(schema.FindByName("id")->type->id, TypeId::kLong);
  EXPECT_FALSE(schema.FindByName("id")->required);
  EXPECT_TRUE(schema.identifier_field_ids.empty());
  EXPECT_EQ(schema.FindById(4)->type->id, TypeId::kDouble);
  EXPECT_NE(schema.FindByName("total"), nullptr);
  EXPECT_FALSE(schema.FindByName("nuevo")->required);
  Change change;
  AddSchemaUpdates(table, schema, change);
  EXPECT_EQ(change.requirements.size(), 2U);
  ASSERT_EQ(change.updates.size(), 2U);
  EXPECT_EQ(std::get<update::AddSchema>(change.updates[0]).schema.id, 1);
  EXPECT_EQ(std::get<update::AddSchema>(change.updates[0]).last_column_id, 8);
}

TEST(SchemaChange, NarrowerRowsLeaveTheTableAsItIs) {
  std::vector<Field> wide = Basic();
  wide[0].type = MakeType(TypeId::kLong);
  const TableMetadata table = Table(wide, 7);
  ASSERT_OK_AND_ASSIGN(const Schema schema, MergeSchema(table, Basic()));
  Change change;
  AddSchemaUpdates(table, schema, change);
  EXPECT_TRUE(change.updates.empty());
}

TEST(SchemaChange, AnotherTypeIsRefusedAndTakenIdsAreAConflict) {
  const TableMetadata table = Table(Basic(), 7);
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig,
                    MergeSchema(table, {{.id = 1, .name = "id", .type = MakeType(TypeId::kString)}}));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig,
                    MergeSchema(table, {{.id = 2, .name = "total", .type = MakeDecimal(9, 3)}}));
  EXPECT_ERROR_CODE(ErrorCode::kConflict,
                    MergeSchema(table, {{.id = 5, .name = "otra", .type = MakeType(TypeId::kString)}}));
  EXPECT_ERROR_CODE(ErrorCode::kConflict,
                    MergeSchema(table, {{.id = 1, .name = "clave", .type = MakeType(TypeId::kInt)}}));
  EXPECT_ERROR_CODE(ErrorCode::kConflict,
                    MergeSchema(table, {{.id = 8, .name = "id", .type = MakeType(TypeId::kInt)}}));
}

TEST(SchemaChange, EditsDoWhatTheySay) {
  const TableMetadata table = Table(Basic(), 7);
  ASSERT_OK_AND_ASSIGN(
      const Schema schema,
      EditSchema(table,
                 {{.kind = SchemaEditKind::kAdd,
                   .column = "lineas",
                   .type = arrow::list(arrow::utf8()),
                   .text = "d"},
                  {.kind = SchemaEditKind::kAdd, .column = "otra", .type = arrow::int64()},
                  {.kind = SchemaEditKind::kRename, .column = "total", .text = "importe"},
                  {.kind = SchemaEditKind::kWiden, .column = "importe", .type = arrow::decimal128(18, 2)},
                  {.kind = SchemaEditKind::kWiden, .column = "id", .type = arrow::int64()},
                  {.kind = SchemaEditKind::kMakeOptional, .column = "id"},
                  {.kind = SchemaEditKind::kSetDoc, .column = "id", .text = "clave"},
                  {.kind = SchemaEditKind::kDrop, .column = "lista"}}));
  EXPECT_EQ(
      DumpJson(SchemaToJson(schema)["fields"]),
      R"j([{"id":1,"name":"id","required":false,"type":"long","doc":"clave"},)j"
      R"j({"id":2,"name":"importe","required":false,"type":"decimal(18, 2)"},)j"
      R"j({"id":8,"name":"lineas","required":false,"type":{"type":"list","element-id":9,"element-required":false,)j"
      R"j("element":"string"},"doc":"d"},{"id":10,"name":"otra","required":false,"type":"long"}])j");
}

TEST(SchemaChange, EditsThatCannotBeAreRefused) {
  TableMetadata table = Table(Basic(), 7);
  table.schemas[0].identifier_field_ids = {1};
  table.specs[0].fields = {{.source_id = 2, .field_id = 1000, .name = "total", .transform = "identity"}};
  const std::vector<SchemaEdit> cases = {
      {.kind = SchemaEditKind::kAdd, .column = "id", .type = arrow::int64()},
      {.kind = SchemaEditKind::kDrop, .column = "nada"},
      {.kind = SchemaEditKind::kDrop, .column = "id"},
      {.kind = SchemaEditKind::kDrop, .column = "total"},
      {.kind = SchemaEditKind::kRename, .column = "id", .text = "total"},
      {.kind = SchemaEditKind::kWiden, .column = "id", .type = arrow::utf8()},
      {.kind = SchemaEditKind::kWiden, .column = "total", .type = arrow::decimal128(8, 2)},
      {.kind = SchemaEditKind::kWiden, .column = "total", .type = arrow::decimal128(18, 3)}};
  for (const SchemaEdit& edit : cases)
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, EditSchema(table, {edit}));
}

TEST(SchemaChange, AnOlderSchemaIsTakenUpAgain) {
  TableMetadata table = Table(Basic(), 7);
  ASSERT_OK_AND_ASSIGN(
      Schema renamed,
      EditSchema(table, {{.kind = SchemaEditKind::kRename, .column = "total", .text = "importe"}}));
  renamed.id = 1;
  table.schemas.push_back(renamed);
  table.current_schema_id = 1;
  ASSERT_OK_AND_ASSIGN(
      const Schema back,
      EditSchema(table, {{.kind = SchemaEditKind::kRename, .column = "importe", .text = "total"}}));
  Change change;
  AddSchemaUpdates(table, back, change);
  ASSERT_EQ(change.updates.size(), 1U);
  EXPECT_EQ(std::get<update::SetCurrentSchema>(change.updates[0]).id, 0);
}

}  // namespace
}  // namespace ingesta::iceberg
