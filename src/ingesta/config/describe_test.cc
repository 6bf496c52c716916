// JSON Schema and reference: whole, valid, and drawn from the same tree that the check uses.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "ingesta/config/parse.h"
#include "ingesta/config/schema.h"
#include "ingesta/config/test_kinds.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Every key, kind and choice of the tree.
void CollectWords(const Schema& schema, std::set<std::string>& words) {
  if (schema.type == SchemaType::kLater) return;
  if (!schema.key.empty()) words.insert(schema.key);
  words.insert(schema.choices.begin(), schema.choices.end());
  for (const Schema& child : schema.children) CollectWords(child, words);
}

std::set<std::string> Words() {
  std::set<std::string> words;
  CollectWords(BuildSchema(TestKinds()), words);
  words.erase("decimal(p,s)");
  return words;
}

TEST(JsonSchema, IsValidJsonThatNamesEverything) {
  const std::string text = JsonSchema(TestKinds());
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_GT(Words().size(), 90U);
  for (const std::string& word : Words()) EXPECT_THAT(text, HasSubstr('"' + word + '"'));
  EXPECT_THAT(text, Not(HasSubstr("\"incremental\""))) << "a key of a later version";
  EXPECT_EQ(text, JsonSchema(TestKinds()));
}

TEST(JsonSchema, LetsResourcesTakeKeysFromTheDefaults) {
  const auto json = nlohmann::json::parse(JsonSchema(TestKinds()));
  const auto& resource = json["properties"]["resources"]["items"];
  EXPECT_EQ(resource["required"], nlohmann::json::array({"name"}));
  EXPECT_FALSE(resource["properties"]["endpoint"].contains("required"));
  EXPECT_EQ(resource["properties"]["columns"]["items"]["required"], nlohmann::json::array({"name"}));
  EXPECT_EQ(json["required"], nlohmann::json::array({"name", "client", "resources"}));
  EXPECT_FALSE(json["properties"]["resource_defaults"]["properties"].contains("name"));
  EXPECT_EQ(json["properties"]["client"]["properties"]["timeouts"]["properties"]["idle"]["default"], "1m");
}

TEST(Describe, NamesEverything) {
  for (const bool markdown : {false, true}) {
    for (const Language language : {Language::kEnglish, Language::kSpanish}) {
      const std::string text = Describe(TestKinds(), markdown, language);
      for (const std::string& word : Words()) EXPECT_THAT(text, HasSubstr(word));
      EXPECT_THAT(text, HasSubstr("client.timeouts.idle"));
      EXPECT_THAT(text, HasSubstr("resources[].columns[].name"));
      EXPECT_THAT(text,
                  HasSubstr(language == Language::kSpanish ? "Resumen de cursor" : "Summary of cursor"));
      EXPECT_THAT(text, Not(HasSubstr(language == Language::kSpanish ? "Summary of" : "Resumen de")));
    }
  }
}

TEST(Describe, MarkdownTablesAreWhole) {
  std::istringstream lines(Describe(TestKinds(), true));
  int rows = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() != '|') continue;
    ++rows;
    EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 5) << line;
  }
  EXPECT_GT(rows, 80);
}

TEST(Schema, EveryKeyHasASummaryInBothLanguages) {
  const std::function<void(const Schema&)> check = [&](const Schema& schema) {
    if (schema.type == SchemaType::kLater) return;
    if (!schema.key.empty()) {
      EXPECT_FALSE(schema.summary.empty()) << schema.key;
      EXPECT_FALSE(schema.summary_es.empty()) << schema.key;
      EXPECT_FALSE(schema.summary.empty() || schema.summary.back() == '.') << schema.key;
    }
    for (const Schema& child : schema.children) check(child);
  };
  check(BuildSchema(TestKinds()));
}

TEST(ShowValue, WritesTheLargestUnitThatFits) {
  EXPECT_EQ(ShowValue(Millis(60'000), SchemaType::kDuration), "1m");
  EXPECT_EQ(ShowValue(Millis(90'000), SchemaType::kDuration), "90s");
  EXPECT_EQ(ShowValue(Millis(0), SchemaType::kDuration), "0ms");
  EXPECT_EQ(ShowValue(int64_t{256} << 20, SchemaType::kSize), "256MiB");
  EXPECT_EQ(ShowValue(int64_t{1000}, SchemaType::kSize), "1000B");
  EXPECT_EQ(ShowValue(int64_t{1000}, SchemaType::kInt), "1000");
}

}  // namespace
}  // namespace ingesta::config
