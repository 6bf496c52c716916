#include "ingesta/base/scalar.h"

#include <gtest/gtest.h>

namespace ingesta {
namespace {

using Kind = Scalar::Kind;

TEST(DescribeScalar, NamesKindAndText) {
  EXPECT_EQ(DescribeScalar({Kind::kNull, ""}), "null");
  EXPECT_EQ(DescribeScalar({Kind::kTrue, ""}), "true");
  EXPECT_EQ(DescribeScalar({Kind::kJson, R"({"a":1})"}), R"(the object {"a":1})");
  EXPECT_EQ(DescribeScalar({Kind::kInvalid, "a lone surrogate"}), "a lone surrogate");
}

TEST(DescribeScalar, CutsLongValuesBetweenCharacters) {
  EXPECT_EQ(DescribeScalar({Kind::kNumber, "3.4e+38"}), "the number 3.4e+38");
  EXPECT_EQ(DescribeScalar({Kind::kString, "a\nb"}), R"(the string "a\nb")");
  EXPECT_EQ(DescribeScalar({Kind::kJson, "[1]"}), "the array [1]");
  const std::string text = "x" + std::string(59, 'y') + "z";
  EXPECT_EQ(DescribeScalar({Kind::kString, text}), "the string \"x" + std::string(59, 'y') + "...\"");
  std::string accents;
  for (int i = 0; i < 40; ++i) accents += "\xc3\xa9";
  accents.insert(0, "x");
  std::string wanted = "x";
  for (int i = 0; i < 29; ++i) wanted += "\xc3\xa9";
  EXPECT_EQ(DescribeScalar({Kind::kString, accents}), "the string \"" + wanted + "...\"");
}

}  // namespace
}  // namespace ingesta
