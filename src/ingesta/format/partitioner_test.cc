#include "ingesta/format/partitioner.h"

#include "ingesta/format/format_test_util.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

const auto kMoment = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");

config::PartitionSpec SpecOf(const std::string& transform, const std::string& zone = "UTC") {
  return {.column = "c", .transform = transform, .timezone = zone, .name = "c_" + transform};
}

std::vector<std::string> NamesOf(const config::PartitionSpec& spec,
                                 const std::shared_ptr<arrow::DataType>& type, const std::string& values,
                                 EmptyText empty_text = EmptyText::kIsNull) {
  const auto rows = MakeRows({{"a", arrow::int64(), "[]"}, {"c", type, "[]"}});
  Partitioner partitioner = Partitioner::Make(spec, *rows->schema(), empty_text).ValueOrDie();
  EXPECT_EQ(partitioner.column(), 1);
  std::vector<int32_t> ids;
  const Status status =
      partitioner.Assign(*arrow::json::ArrayFromJSONString(type, values).ValueOrDie(), &ids);
  EXPECT_OK(status);
  std::vector<std::string> names;
  for (const int32_t id : ids) names.push_back(partitioner.Name(id));
  return names;
}

TEST(Partitioner, NamesValuesAsHiveDoes) {
  const std::string null = "__HIVE_DEFAULT_PARTITION__";
  const struct {
    config::PartitionSpec spec;
    std::shared_ptr<arrow::DataType> type;
    std::string values;
    std::vector<std::string> names;
  } cases[] = {
      {SpecOf("day"),
       kMoment,
       "[0, 86399999999, 86400000000, -1, null]",
       {"c_day=1970-01-01", "c_day=1970-01-01", "c_day=1970-01-02", "c_day=1969-12-31", "c_day=" + null}},
      {SpecOf("day", "Europe/Madrid"),
       kMoment,
       "[1795474799999999, 1795474800000000]",
       {"c_day=2026-11-23", "c_day=2026-11-24"}},
      {SpecOf("month", "America/New_York"),
       kMoment,
       "[1772337600000000, 1772427600000000]",
       {"c_month=2026-02", "c_month=2026-03"}},
      {SpecOf("day"),
       arrow::date32(),
       "[-25568, 2932896, -719162]",
       {"c_day=1899-12-31", "c_day=9999-12-31", "c_day=0001-01-01"}},
      {SpecOf("month"),
       arrow::date32(),
       "[0, 30, 31, -1]",
       {"c_month=1970-01", "c_month=1970-01", "c_month=1970-02", "c_month=1969-12"}},
      {SpecOf("year"),
       arrow::date32(),
       "[0, 364, 365, -25568]",
       {"c_year=1970", "c_year=1970", "c_year=1971", "c_year=1899"}},
      {SpecOf("day", "Europe/Madrid"), kMoment, "[253402300799999999]", {"c_day=9999-12-31"}},
      {SpecOf("year", "America/New_York"), kMoment, "[-62135596800000000]", {"c_year=0001"}},
      // A date is no moment: no zone moves it.
      {SpecOf("day", "America/New_York"), arrow::date32(), "[0]", {"c_day=1970-01-01"}},
      {SpecOf("identity"),
       arrow::utf8(),
       R"(["Madrid", "", null, "a/b=c:d%", "Ñandú 🙂", "t\tq'[]{^\"#*?\\"])",
       {"c_identity=Madrid", "c_identity=" + null, "c_identity=" + null, "c_identity=a%2Fb%3Dc%3Ad%25",
        "c_identity=Ñandú 🙂", "c_identity=t%09q%27%5B%5D%7B%5E%22%23%2A%3F%5C"}},
      {SpecOf("identity"),
       arrow::int64(),
       "[-5, 9223372036854775807]",
       {"c_identity=-5", "c_identity=9223372036854775807"}},
      {SpecOf("identity"), arrow::int32(), "[7, null]", {"c_identity=7", "c_identity=" + null}},
      {SpecOf("identity"), arrow::boolean(), "[true, false]", {"c_identity=true", "c_identity=false"}},
      {SpecOf("identity"), arrow::float64(), "[1.5, -2]", {"c_identity=1.5", "c_identity=-2"}},
      {SpecOf("identity"),
       arrow::decimal128(9, 2),
       R"(["1.50", "-0.05"])",
       {"c_identity=1.50", "c_identity=-0.05"}},
      {SpecOf("identity"), arrow::date32(), "[1]", {"c_identity=1970-01-02"}},
      {SpecOf("identity"), kMoment, "[1500000]", {"c_identity=1970-01-01 00%3A00%3A01.500000"}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(NamesOf(c.spec, c.type, c.values), c.names) << c.type->ToString() << " " << c.values;
  }
  EXPECT_EQ(NamesOf(SpecOf("identity"), arrow::utf8(), R"(["", null])", EmptyText::kIsValue),
            (std::vector<std::string>{"c_identity=", "c_identity=" + null}));
}

TEST(Partitioner, IdsStayOverCallsAndOrderByValueWithNullLast) {
  const struct {
    std::shared_ptr<arrow::DataType> type;
    std::string first;
    std::string second;
    std::vector<int32_t> ids;
    std::vector<int32_t> order;
  } cases[] = {
      {arrow::int64(), "[10, null, 9, 10]", "[-1, 9, null, 10]", {3, 2, 1, 0}, {3, 2, 0, 1}},
      {arrow::utf8(), R"(["b", "a", null])", R"(["", "a", "ñ"])", {2, 1, 3}, {1, 0, 3, 2}},
  };
  for (const auto& c : cases) {
    const auto rows = MakeRows({{"c", c.type, "[]"}});
    ASSERT_OK_AND_ASSIGN(Partitioner partitioner,
                         Partitioner::Make(SpecOf("identity"), *rows->schema(), EmptyText::kIsNull));
    std::vector<int32_t> ids;
    ASSERT_OK(partitioner.Assign(*arrow::json::ArrayFromJSONString(c.type, c.first).ValueOrDie(), &ids));
    ASSERT_OK(partitioner.Assign(*arrow::json::ArrayFromJSONString(c.type, c.second).ValueOrDie(), &ids));
    EXPECT_EQ(ids, c.ids);
    EXPECT_EQ(partitioner.Order(), c.order);
  }
}

TEST(Partitioner, RefusesWhatMakesNoPartition) {
  const auto schema = MakeRows({{"c", arrow::utf8(), "[]"}, {"t", kMoment, "[]"}})->schema();
  config::PartitionSpec absent = SpecOf("day");
  absent.column = "nada";
  const Status unknown = Partitioner::Make(absent, *schema, EmptyText::kIsNull).status();
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, unknown);
  EXPECT_NE(HintOf(unknown).find("c, t"), std::string::npos);
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, Partitioner::Make(SpecOf("day"), *schema, EmptyText::kIsNull));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig,
                    Partitioner::Make(SpecOf("identity", "Nowhere"), *schema, EmptyText::kIsNull));
  ASSERT_OK_AND_ASSIGN(Partitioner texts, Partitioner::Make(SpecOf("identity"), *schema, EmptyText::kIsNull));
  std::vector<int32_t> ids;
  const std::string long_value = "[\"" + std::string(300, 'x') + "\"]";
  EXPECT_ERROR_CODE(
      ErrorCode::kInvalidConfig,
      texts.Assign(*arrow::json::ArrayFromJSONString(arrow::utf8(), long_value).ValueOrDie(), &ids));
  const auto days = MakeRows({{"c", arrow::date32(), "[]"}})->schema();
  ASSERT_OK_AND_ASSIGN(Partitioner dates, Partitioner::Make(SpecOf("day"), *days, EmptyText::kIsNull));
  EXPECT_ERROR_CODE(
      ErrorCode::kInvalidConfig,
      dates.Assign(*arrow::json::ArrayFromJSONString(arrow::date32(), "[9999999]").ValueOrDie(), &ids));
}

}  // namespace
}  // namespace ingesta::format
