#include "ingesta/transform/fingerprint.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <cmath>
#include <functional>
#include <set>

#include "ingesta/testing/matchers.h"
#include "ingesta/transform/row_builder.h"

namespace ingesta::transform {
namespace {

/// A row of every type that a column can have; `change` alters one value.
struct Values {
  int64_t id = 7;
  std::optional<int32_t> small = 3;
  std::optional<std::string> text = "caf\u00e9";
  std::optional<double> real = 1.5;
  std::optional<bool> flag = true;
  std::optional<int32_t> day = 20000;
  std::optional<int64_t> moment = 1'700'000'000'000'000;
  std::optional<int64_t> money = 123456;
};

std::shared_ptr<arrow::Schema> AllTypes() {
  return arrow::schema({arrow::field("id", arrow::int64()), arrow::field("small", arrow::int32()),
                        arrow::field("text", arrow::utf8()), arrow::field("real", arrow::float64()),
                        arrow::field("flag", arrow::boolean()), arrow::field("day", arrow::date32()),
                        arrow::field("moment", arrow::timestamp(arrow::TimeUnit::MICRO)),
                        arrow::field("money", arrow::decimal128(18, 2))});
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> One(Builder&& builder, const std::optional<Value>& value) {
  EXPECT_OK(value ? builder.Append(*value) : builder.AppendNull());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> RowOf(const Values& values) {
  const auto schema = AllTypes();
  std::optional<arrow::Decimal128> money;
  if (values.money) money = arrow::Decimal128(*values.money);
  return arrow::RecordBatch::Make(
      schema, 1,
      {One(arrow::Int64Builder(), std::optional(values.id)), One(arrow::Int32Builder(), values.small),
       One(arrow::StringBuilder(), values.text), One(arrow::DoubleBuilder(), values.real),
       One(arrow::BooleanBuilder(), values.flag), One(arrow::Date32Builder(), values.day),
       One(arrow::TimestampBuilder(schema->field(6)->type(), arrow::default_memory_pool()), values.moment),
       One(arrow::Decimal128Builder(schema->field(7)->type()), money)});
}

RowFingerprint FingerprintOf(const Values& values, const std::vector<std::string>& unstable = {}) {
  const auto fingerprinter = RowFingerprinter::Make(*AllTypes(), {"id"}, unstable);
  EXPECT_OK(fingerprinter.status());
  const auto fingerprints = fingerprinter->Of(*RowOf(values));
  EXPECT_OK(fingerprints.status());
  EXPECT_EQ(fingerprints->size(), 1U);
  return fingerprints->front();
}

TEST(RowFingerprinter, EveryColumnCountsAndNullIsAValueOfItsOwn) {
  const std::vector<std::function<void(Values&)>> changes = {
      [](Values& row) { row.id = 8; },
      [](Values& row) { row.small = 4; },
      [](Values& row) { row.small = std::nullopt; },
      [](Values& row) { row.small = 0; },
      [](Values& row) { row.text = "cafe\u0301"; },
      [](Values& row) { row.text = ""; },
      [](Values& row) { row.text = std::nullopt; },
      [](Values& row) { row.real = std::nextafter(1.5, 2); },
      [](Values& row) { row.real = 0; },
      [](Values& row) { row.real = std::nullopt; },
      [](Values& row) { row.flag = false; },
      [](Values& row) { row.flag = std::nullopt; },
      [](Values& row) { row.day = -1; },
      [](Values& row) { row.moment = *row.moment + 1; },
      [](Values& row) { row.money = -*row.money; },
      [](Values& row) { row.money = std::nullopt; },
  };
  std::set<uint64_t> contents = {FingerprintOf({}).content};
  for (const auto& change : changes) {
    Values row;
    change(row);
    contents.insert(FingerprintOf(row).content);
  }
  EXPECT_EQ(contents.size(), changes.size() + 1);
  EXPECT_EQ(FingerprintOf({}), FingerprintOf({}));
}

TEST(RowFingerprinter, ZerosOfBothSignsAreEqual) {
  Values zero;
  zero.real = 0.0;
  Values negative;
  negative.real = -0.0;
  EXPECT_EQ(FingerprintOf(zero), FingerprintOf(negative));
}

TEST(RowFingerprinter, UnstableColumnsDoNotCount) {
  Values later;
  later.moment = *later.moment + 1'000'000;
  EXPECT_NE(FingerprintOf({}), FingerprintOf(later));
  EXPECT_EQ(FingerprintOf({}, {"moment"}), FingerprintOf(later, {"moment"}));
  ASSERT_OK_AND_ASSIGN(const auto all, RowFingerprinter::Make(*AllTypes(), {"id"}, {}));
  ASSERT_OK_AND_ASSIGN(const auto some, RowFingerprinter::Make(*AllTypes(), {"id"}, {"moment"}));
  EXPECT_NE(all.scheme(), some.scheme());
}

TEST(RowFingerprinter, SwappedValuesOfTwoColumnsAreAChange) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("a", arrow::utf8()),
                                     arrow::field("b", arrow::utf8())});
  const auto row = [&](const std::string& a, const std::string& b) {
    return arrow::RecordBatch::Make(
        schema, 1,
        {One(arrow::Int64Builder(), std::optional<int64_t>(1)), One(arrow::StringBuilder(), std::optional(a)),
         One(arrow::StringBuilder(), std::optional(b))});
  };
  ASSERT_OK_AND_ASSIGN(const auto fingerprinter, RowFingerprinter::Make(*schema, {"id"}, {}));
  ASSERT_OK_AND_ASSIGN(const auto one, fingerprinter.Of(*row("x", "y")));
  ASSERT_OK_AND_ASSIGN(const auto other, fingerprinter.Of(*row("y", "x")));
  EXPECT_NE(one, other);
}

// State that is kept between versions: other values need another kFingerprintVersion.
TEST(RowFingerprinter, HashesStayWhatTheyWere) {
  EXPECT_EQ(kFingerprintVersion, 1U);
  const RowFingerprint fingerprint = FingerprintOf({});
  EXPECT_EQ(fingerprint.key, HashKeyText("7", /*single_integer_key=*/true));
  EXPECT_EQ(fingerprint.content, 10217239511480756385ULL);
}

TEST(RowFingerprinter, RefusesNamesThatAreNoColumns) {
  EXPECT_ERROR_CODE(ErrorCode::kInternal, RowFingerprinter::Make(*AllTypes(), {"no"}, {}).status());
  EXPECT_ERROR_CODE(ErrorCode::kInternal, RowFingerprinter::Make(*AllTypes(), {"id"}, {"no"}).status());
}

}  // namespace
}  // namespace ingesta::transform
