#include "ingesta/catalog/iceberg/literal.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <cmath>
#include <limits>

#include "ingesta/testing/matchers.h"

namespace ingesta::iceberg {
namespace {

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return hex;
}

Literal DecimalLiteral(const std::string& text, int precision, int scale) {
  const auto value = arrow::Decimal128::FromString(text);
  const arrow::Decimal128Scalar scalar(*value, arrow::decimal128(precision, scale));
  auto literal = LiteralFromScalar(*MakeDecimal(precision, scale), scalar);
  EXPECT_OK(literal.status());
  return *literal;
}

// Appendix D of the format: binary single-value serialization.
TEST(Literal, SerializesAsTheFormatSays) {
  const struct {
    TypePtr type;
    Literal literal;
    std::string hex;
  } cases[] = {
      {MakeType(TypeId::kBoolean), false, "00"},
      {MakeType(TypeId::kBoolean), true, "01"},
      {MakeType(TypeId::kInt), int64_t{1234}, "d2040000"},
      {MakeType(TypeId::kInt), int64_t{-1}, "ffffffff"},
      {MakeType(TypeId::kLong), int64_t{1234}, "d204000000000000"},
      {MakeType(TypeId::kDate), int64_t{-25932}, "b49affff"},  // 1899-01-01
      {MakeType(TypeId::kTimestamp), int64_t{253402300799999999}, "ff5f73cc0c448403"},
      {MakeType(TypeId::kFloat), 1.0, "0000803f"},
      {MakeType(TypeId::kFloat), -0.0, "00000080"},
      {MakeType(TypeId::kDouble), 1.0, "000000000000f03f"},
      {MakeType(TypeId::kString), std::string("ñ"), "c3b1"},
      {MakeType(TypeId::kBinary), std::string("\x00\xff", 2), "00ff"},
      {MakeDecimal(9, 2), DecimalLiteral("12.34", 9, 2), "04d2"},
      {MakeDecimal(9, 2), DecimalLiteral("-12.34", 9, 2), "fb2e"},
      {MakeDecimal(9, 2), DecimalLiteral("0.00", 9, 2), "00"},
      {MakeDecimal(9, 2), DecimalLiteral("1.28", 9, 2), "0080"},
      {MakeDecimal(9, 2), DecimalLiteral("-1.28", 9, 2), "80"},
      {MakeDecimal(38, 0), DecimalLiteral("99999999999999999999999999999999999999", 38, 0),
       "4b3b4ca85a86c47a098a223fffffffff"},
  };
  for (const auto& item : cases) {
    SCOPED_TRACE(item.type->ToString() + " " + item.hex);
    const std::string bytes = SerializeLiteral(*item.type, item.literal);
    EXPECT_EQ(Hex(bytes), item.hex);
    ASSERT_OK_AND_ASSIGN(const Literal read, ParseLiteral(*item.type, bytes));
    EXPECT_EQ(CompareLiterals(*item.type, read, item.literal), 0);
  }
}

TEST(Literal, BoundsFromBeforeAWideningAreRead) {
  ASSERT_OK_AND_ASSIGN(const Literal number,
                       ParseLiteral(*MakeType(TypeId::kLong), std::string("\xff\xff\xff\xff", 4)));
  EXPECT_EQ(std::get<int64_t>(number), -1);
  ASSERT_OK_AND_ASSIGN(const Literal real,
                       ParseLiteral(*MakeType(TypeId::kDouble), std::string("\0\0\x80\x3f", 4)));
  EXPECT_EQ(std::get<double>(real), 1.0);
}

TEST(Literal, RefusesBytesOfAnotherLength) {
  for (const TypeId id : {TypeId::kBoolean, TypeId::kInt, TypeId::kLong, TypeId::kFloat, TypeId::kDouble,
                          TypeId::kDate, TypeId::kTimestamp}) {
    for (const size_t size : {0, 3, 5, 9}) {
      EXPECT_ERROR_CODE(ErrorCode::kCorrupt, ParseLiteral(*MakeType(id), std::string(size, 'x')));
    }
  }
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, ParseLiteral(*MakeType(TypeId::kTimestamp), "1234"));
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt, ParseLiteral(*MakeDecimal(38, 0), std::string(17, 'x')));
}

TEST(Literal, ScalarsBecomeTheColumnsType) {
  const auto check = [](const TypePtr& type, const arrow::Scalar& scalar, const Literal& expected) {
    ASSERT_OK_AND_ASSIGN(const Literal literal, LiteralFromScalar(*type, scalar));
    EXPECT_EQ(literal, expected) << type->ToString();
  };
  check(MakeType(TypeId::kLong), arrow::Int32Scalar(-5), int64_t{-5});
  check(MakeType(TypeId::kDouble), arrow::FloatScalar(0.5F), 0.5);
  check(MakeType(TypeId::kTimestamp), arrow::TimestampScalar(-1, arrow::timestamp(arrow::TimeUnit::MILLI)),
        int64_t{-1000});
  check(MakeType(TypeId::kTimestamp), arrow::TimestampScalar(-1, arrow::timestamp(arrow::TimeUnit::NANO)),
        int64_t{-1});
  check(MakeType(TypeId::kString), arrow::StringScalar("a"), std::string("a"));
  EXPECT_ERROR_CODE(ErrorCode::kInternal,
                    LiteralFromScalar(*MakeType(TypeId::kInt), arrow::StringScalar("a")));
  EXPECT_ERROR_CODE(ErrorCode::kInternal,
                    LiteralFromScalar(*MakeDecimal(9, 3), arrow::Decimal128Scalar(arrow::Decimal128(1),
                                                                                  arrow::decimal128(9, 2))));
  EXPECT_ERROR_CODE(ErrorCode::kCorrupt,
                    LiteralFromScalar(*MakeType(TypeId::kTimestamp),
                                      arrow::TimestampScalar(std::numeric_limits<int64_t>::max(),
                                                             arrow::timestamp(arrow::TimeUnit::SECOND))));
}

TEST(Literal, LongBoundsAreCutByCharacters) {
  const Type text = *MakeType(TypeId::kString);
  const std::string emoji = "\xf0\x9f\x98\x80";  // U+1F600
  std::string sixteen;
  for (int i = 0; i < 16; ++i) sixteen += emoji;
  EXPECT_EQ(TruncateLower(text, sixteen + "tail"), Literal(sixteen));
  EXPECT_EQ(TruncateLower(text, sixteen), Literal(sixteen));
  EXPECT_EQ(TruncateUpper(text, sixteen), std::optional<Literal>(sixteen));
  std::string next = sixteen;
  next.back() = '\x81';
  EXPECT_EQ(TruncateUpper(text, sixteen + "tail"), std::optional<Literal>(next));
}

TEST(Literal, UpperBoundsMoveToTheNextText) {
  const Type text = *MakeType(TypeId::kString);
  const auto upper = [&text](const std::string& value) -> std::optional<std::string> {
    const auto literal = TruncateUpper(text, value);
    return literal ? std::optional(std::get<std::string>(*literal)) : std::nullopt;
  };
  const std::string fifteen(15, 'a');
  const std::string last = "\xf4\x8f\xbf\xbf";  // U+10FFFF
  EXPECT_EQ(upper(fifteen + "az"), fifteen + "b");
  EXPECT_EQ(upper(fifteen + "\x7f"
                            "z"),
            fifteen + "\xc2\x80");
  EXPECT_EQ(upper(fifteen + "\xdf\xbf"
                            "z"),
            fifteen + "\xe0\xa0\x80");
  EXPECT_EQ(upper(fifteen + "\xed\x9f\xbf"
                            "z"),
            fifteen + "\xee\x80\x80");  // over the surrogates
  EXPECT_EQ(upper(fifteen + "\xef\xbf\xbf"
                            "z"),
            fifteen + "\xf0\x90\x80\x80");
  EXPECT_EQ(upper(fifteen + last + "z"), std::string(14, 'a') + "b");
  std::string all_last;
  for (int i = 0; i < 16; ++i) all_last += last;
  EXPECT_EQ(upper(all_last + "z"), std::nullopt);
  EXPECT_EQ(upper(all_last), all_last);
  EXPECT_EQ(upper(std::string(15, 'a') + "\xc3("
                                         "z"),
            std::nullopt);  // no UTF-8: no bound rather than a wrong one

  const Type binary = *MakeType(TypeId::kBinary);
  EXPECT_EQ(TruncateUpper(binary, std::string(15, 'a') + "\xff"
                                                         "z"),
            std::optional<Literal>(std::string(14, 'a') + "b"));
  EXPECT_EQ(TruncateUpper(binary, std::string(17, '\xff')), std::nullopt);
}

TEST(Literal, OrdersAsReadersDo) {
  const auto check = [](const TypePtr& type, const Literal& small, const Literal& large) {
    EXPECT_LT(CompareLiterals(*type, small, large), 0) << type->ToString();
    EXPECT_GT(CompareLiterals(*type, large, small), 0) << type->ToString();
    EXPECT_EQ(CompareLiterals(*type, large, large), 0) << type->ToString();
  };
  check(MakeType(TypeId::kLong), int64_t{-1}, int64_t{1});
  check(MakeType(TypeId::kString), std::string("z"), std::string("\xc3\xb1"));
  check(MakeType(TypeId::kDouble), -0.0, 0.0);
  check(MakeType(TypeId::kDouble), std::numeric_limits<double>::infinity(), std::nan(""));
  check(MakeDecimal(9, 2), DecimalLiteral("-300.00", 9, 2), DecimalLiteral("1.00", 9, 2));
  check(MakeDecimal(9, 2), DecimalLiteral("1.00", 9, 2), DecimalLiteral("300.00", 9, 2));
}

TEST(Literal, SpeaksToPeople) {
  EXPECT_EQ(LiteralToText(*MakeType(TypeId::kDate), int64_t{-25932}), "1899-01-01");
  EXPECT_EQ(LiteralToText(*MakeType(TypeId::kTimestamp), int64_t{-1}), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(LiteralToText(*MakeType(TypeId::kTimestampTz), int64_t{0}), "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(LiteralToText(*MakeDecimal(9, 2), DecimalLiteral("-0.05", 9, 2)), "-0.05");
  EXPECT_EQ(LiteralToText(*MakeType(TypeId::kString), Literal()), "null");
}

}  // namespace
}  // namespace ingesta::iceberg
