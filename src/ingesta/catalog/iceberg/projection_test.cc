#include "ingesta/catalog/iceberg/projection.h"

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include "ingesta/catalog/iceberg/key_index.h"
#include "ingesta/catalog/iceberg/read_ahead.h"
#include "ingesta/catalog/iceberg/row_equality.h"
#include "ingesta/catalog/iceberg/schema.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::iceberg {
namespace {

std::shared_ptr<arrow::Field> WithId(const std::string& name, const std::shared_ptr<arrow::DataType>& type,
                                     int id) {
  return arrow::field(name, type)
      ->WithMetadata(arrow::key_value_metadata({kFieldIdMetadata}, {std::to_string(id)}));
}

std::shared_ptr<arrow::Array> Values(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> OneColumn(const std::shared_ptr<arrow::Field>& field,
                                              const std::string& json) {
  const auto array = Values(field->type(), json);
  return arrow::RecordBatch::Make(arrow::schema({field}), array->length(), {array});
}

/// The one column of `rows` as `field` of a table; `rows` may be a slice.
Result<std::shared_ptr<arrow::Array>> Project(const arrow::RecordBatch& rows, const Field& field) {
  ARROW_ASSIGN_OR_RAISE(const Projection projection, Projection::Make(*rows.schema(), {field}, "f.parquet"));
  ARROW_ASSIGN_OR_RAISE(const auto projected, projection.Apply(rows));
  ARROW_RETURN_NOT_OK(projected->ValidateFull());
  return projected->column(0);
}

struct WideningCase {
  std::shared_ptr<arrow::DataType> from;
  std::string json;
  std::shared_ptr<arrow::DataType> to;
  std::string expected;
};

TEST(Projection, WidensWhatIcebergWidensAndRefusesTheRest) {
  const WideningCase cases[] = {
      {arrow::int32(), "[1, null, -5]", arrow::int64(), "[1, null, -5]"},
      {arrow::float32(), "[0.5, null]", arrow::float64(), "[0.5, null]"},
      {arrow::decimal128(9, 2), R"(["1.50", null])", arrow::decimal128(20, 2), R"(["1.50", null])"},
      {arrow::large_utf8(), R"(["ñ", null, ""])", arrow::utf8(), R"(["ñ", null, ""])"},
      {arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), "[1999, -1]",
       arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1, 0]"},
      {arrow::large_list(arrow::int32()), "[[1], null]", arrow::list(arrow::int64()), "[[1], null]"},
  };
  for (const WideningCase& c : cases) {
    const auto with_ids = AssignIds(*arrow::schema({arrow::field("c", c.to)}), nullptr, 0).ValueOrDie();
    const Field field = FieldsFromArrow(*with_ids).ValueOrDie()[0];
    // The file gives its columns the same ids.
    const auto file = AssignIds(*arrow::schema({arrow::field("c", c.from)}), nullptr, 0).ValueOrDie();
    ASSERT_OK_AND_ASSIGN(const auto column, Project(*OneColumn(file->field(0), c.json), field));
    EXPECT_TRUE(column->Equals(*Values(c.to, c.expected))) << c.from->ToString() << column->ToString();
  }
  const Field narrow{.id = 1, .name = "c", .type = MakeType(TypeId::kInt)};
  for (const auto& type : {arrow::int64(), arrow::utf8(), arrow::date32(), arrow::decimal128(9, 2)}) {
    EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Project(*OneColumn(WithId("c", type, 1), "[null]"), narrow));
  }
}

TEST(Projection, MatchesNestedFieldsByIdNotByName) {
  const auto file_type = arrow::struct_({WithId("a", arrow::int32(), 2), WithId("b", arrow::utf8(), 3)});
  const Field table{
      .id = 1,
      .name = "s",
      .type = MakeNested(TypeId::kStruct, {{.id = 4, .name = "a", .type = MakeType(TypeId::kString)},
                                           {.id = 2, .name = "z", .type = MakeType(TypeId::kLong)}})};
  const auto rows = OneColumn(WithId("s", file_type, 1), R"([{"a": 9, "b": "x"}, {"a": 1, "b": "y"}, null])");
  ASSERT_OK_AND_ASSIGN(const auto column, Project(*rows->Slice(1), table));
  const auto expected =
      Values(arrow::struct_({arrow::field("a", arrow::utf8()), arrow::field("z", arrow::int64())}),
             R"([{"a": null, "z": 1}, null])");
  EXPECT_TRUE(column->Equals(*expected)) << column->ToString();
}

TEST(Projection, AColumnThatTheFileLacksIsNullInEachRow) {
  const Field other{.id = 7, .name = "c", .type = MakeType(TypeId::kString)};
  ASSERT_OK_AND_ASSIGN(const auto column,
                       Project(*OneColumn(WithId("c", arrow::utf8(), 1), R"(["a", "b"])"), other));
  EXPECT_EQ(column->length(), 2);
  EXPECT_EQ(column->null_count(), 2);
  const auto without_ids = OneColumn(arrow::field("c", arrow::utf8()), R"(["a"])");
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Project(*without_ids, other));
}

TEST(RowEquality, ComparesBitByBit) {
  const auto type = arrow::list(arrow::float64());
  const auto lists = OneColumn(arrow::field("l", type), "[[0.0], [-0.0], [0.0, null], null, [0.0]]");
  EXPECT_TRUE(SameRow(*lists, 0, *lists, 4));
  EXPECT_FALSE(SameRow(*lists, 0, *lists, 1));
  EXPECT_FALSE(SameRow(*lists, 0, *lists, 2));
  EXPECT_FALSE(SameRow(*lists, 0, *lists, 3));
  const auto numbers = OneColumn(arrow::field("d", arrow::float64()), "[0.0, -0.0, NaN, NaN, null]");
  EXPECT_FALSE(SameRow(*numbers, 0, *numbers, 1));
  EXPECT_TRUE(SameRow(*numbers, 2, *numbers->Slice(3), 0));
  EXPECT_FALSE(SameRow(*numbers, 0, *numbers, 4));
  EXPECT_TRUE(SameRow(*numbers, 4, *numbers, 4));
}

TEST(KeyIndex, KnowsWhichFilesCanHoldAKey) {
  const Field id{.id = 1, .name = "id", .type = MakeType(TypeId::kLong)};
  ASSERT_OK_AND_ASSIGN(KeyIndex index, KeyIndex::Make({id}));
  ASSERT_OK(index.AddRows(*OneColumn(WithId("id", arrow::int64(), 1), "[50, 10, 30]")));
  ASSERT_OK(index.AddDeletes(*OneColumn(WithId("id", arrow::int64(), 1), "[70]")));
  ASSERT_OK(index.Seal());
  struct Case {
    std::optional<Literal> lower, upper;
    bool may_be;
  };
  const Case cases[] = {{int64_t{11}, int64_t{29}, false},  {int64_t{11}, int64_t{30}, true},
                        {int64_t{51}, int64_t{69}, false},  {int64_t{70}, int64_t{70}, true},
                        {int64_t{71}, std::nullopt, false}, {std::nullopt, int64_t{9}, false},
                        {std::nullopt, std::nullopt, true}, {std::nullopt, int64_t{10}, true}};
  for (const Case& c : cases) {
    EXPECT_EQ(index.MayBeIn({{.lower = c.lower, .upper = c.upper}}), c.may_be);
  }
  EXPECT_FALSE(index.MayBeIn({{.only_nulls = true}}));
  const auto found = index.Find(*OneColumn(WithId("id", arrow::int64(), 1), "[10, null, 11, 70]"));
  EXPECT_EQ(found, (std::vector<uint32_t>{1, KeyIndex::kNone, KeyIndex::kNone, 3}));
  const Field real{.id = 1, .name = "x", .type = MakeType(TypeId::kDouble)};
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, KeyIndex::Make({real}));
}

/// So many batches of a row, then an error or the end.
class CountedRows final : public columnar::RowSource {
 public:
  CountedRows(int batches, bool fails) : batches_(batches), fails_(fails) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (given_ < batches_) return OneColumn(schema_->field(0), "[" + std::to_string(given_++) + "]");
    if (fails_) return MakeError(ErrorCode::kCorrupt, "cut");
    return std::shared_ptr<arrow::RecordBatch>();
  }

 private:
  const int batches_;
  const bool fails_;
  int given_ = 0;
  const std::shared_ptr<arrow::Schema> schema_ = arrow::schema({arrow::field("n", arrow::int64())});
};

TEST(ReadAhead, GivesTheSameRowsAndTheSameEnd) {
  for (const bool fails : {false, true}) {
    CountedRows rows(100, fails);
    ReadAhead ahead(rows);
    for (int i = 0; i < 100; ++i) {
      ASSERT_OK_AND_ASSIGN(const auto batch, ahead.Next());
      ASSERT_NE(batch, nullptr);
      EXPECT_EQ(static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0), i);
    }
    const auto end = ahead.Next();
    EXPECT_EQ(end.ok(), !fails);
    EXPECT_TRUE(fails || *end == nullptr);
  }
  CountedRows rows(100, false);
  ReadAhead dropped(rows);  // ends although nobody takes its rows
}

}  // namespace
}  // namespace ingesta::iceberg
