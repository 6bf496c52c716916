#include "ingesta/source/json_scanner.h"

#include <simdjson.h>

#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::source {
namespace {

/// Enters everything and writes down what it is told.
class Recorder final : public JsonHandler {
 public:
  explicit Recorder(std::string& out) : out_(out) {}
  void OnKey(int depth, std::string_view raw) override {
    out_ += "K" + std::to_string(depth) + std::string(raw) + " ";
  }
  Result<Next> OnBegin(int depth, char first, size_t) override {
    out_ += "B" + std::to_string(depth) + first + " ";
    return Next::kEnter;
  }
  Status OnEnd(int depth, size_t) override {
    out_ += "E" + std::to_string(depth) + " ";
    return Status::OK();
  }

 private:
  std::string& out_;
};

Status Scan(std::string_view text, size_t piece, std::string& out) {
  Recorder recorder(out);
  JsonScanner scanner(recorder);
  for (size_t i = 0; i < text.size(); i += piece) ARROW_RETURN_NOT_OK(scanner.Feed(text.substr(i, piece)));
  return scanner.Finish();
}

bool Accepts(std::string_view text) {
  std::string out;
  return Scan(text, text.size() + 1, out).ok();
}

TEST(JsonScanner, AcceptsTheGrammarAndNothingElse) {
  const std::vector<std::string> good = {"[]",
                                         "{}",
                                         " [ ] ",
                                         "0",
                                         "-0",
                                         "-0.5e+10",
                                         "1E5",
                                         "true",
                                         "null",
                                         "\"\"",
                                         "[1,2]",
                                         "{\"a\":{\"b\":[null]}}",
                                         "\xef\xbb\xbf[1]",
                                         R"(["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"])",
                                         "\t[\r\n1 , 2 ]\n",
                                         "[\"\xc3\xa9\"]",
                                         "[1e400]",
                                         "[123456789012345678901234567890]"};
  for (const auto& text : good) EXPECT_TRUE(Accepts(text)) << text;
  const std::vector<std::string> bad = {"",
                                        "  ",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        "[1",
                                        "[1,",
                                        "[1,]",
                                        "[,1]",
                                        "[1 2]",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{a:1}",
                                        "{\"a\":1 \"b\":2}",
                                        "[1}",
                                        "{\"a\":1]",
                                        "01",
                                        "-",
                                        "+1",
                                        "1.",
                                        ".5",
                                        "1e",
                                        "1e+",
                                        "[1.e2]",
                                        "tru",
                                        "truth",
                                        "nul",
                                        "nulls",
                                        "\"",
                                        "\"\\x\"",
                                        "\"\\u12g4\"",
                                        "\"\\u12",
                                        "\"a\nb\"",
                                        "[1] 2",
                                        "[1]]",
                                        "{}{}",
                                        "<html>",
                                        "\xef\xbb[1]",
                                        "NaN",
                                        "Infinity",
                                        "'a'",
                                        "[1/*c*/]",
                                        R"([{"id":1,"x]{"timestamp":1,"status":200})"};
  for (const auto& text : bad) EXPECT_FALSE(Accepts(text)) << text;
}

TEST(JsonScanner, LimitsTheNesting) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(Accepts(nested(128)));
  std::string out;
  const Status status = Scan(nested(129), 1000, out);
  EXPECT_ERROR_CODE(ErrorCode::kMalformedBody, status);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("128 levels at byte 128"));
}

TEST(JsonScanner, ReportsTheSameWhereverThePiecesEnd) {
  const std::string text =
      "\xef\xbb\xbf"
      R"( {"a\u0062" : [1, -2.5e3 , "x\"y", true,{"k":null}],"":{},"z":[[]]} )";
  std::string whole;
  ASSERT_OK(Scan(text, text.size(), whole));
  EXPECT_THAT(whole, ::testing::StartsWith("B0{ K0a\\u0062 B1[ B21 E2 B2- E2"));
  for (size_t piece = 1; piece < text.size(); ++piece) {
    std::string out;
    ASSERT_OK(Scan(text, piece, out));
    EXPECT_EQ(out, whole) << piece;
  }
}

TEST(JsonScanner, NeverTakesACutDocumentForWhole) {
  const std::string text = R"({"records":[{"id":1,"n":"a\u00e9","v":-1.5e2,"t":true},{"id":2}],"total":2})";
  for (size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(Accepts(text.substr(0, size))) << size;
}

/// A random document: every kind of value, spaces, escapes.
void Generate(Random& random, int depth, std::string& out) {
  static constexpr std::string_view kScalars[] = {"null",
                                                  "true",
                                                  "false",
                                                  "0",
                                                  "-12",
                                                  "3.5e-7",
                                                  "\"\"",
                                                  "\"a b\"",
                                                  "\"\\u00e9\\n\\\"\"",
                                                  "12345678",
                                                  "\"\xf0\x9f\x98\x80\""};
  const uint64_t kind = random.Below(depth > 4 ? 1 : 3);
  if (random.Below(4) == 0) out += " \n";
  if (kind == 0) {
    out += kScalars[random.Below(std::size(kScalars))];
  } else {
    const uint64_t size = random.Below(4);
    out += kind == 1 ? '[' : '{';
    for (uint64_t i = 0; i < size; ++i) {
      if (i > 0) out += ',';
      if (kind == 2) out += "\"k" + std::to_string(random.Below(5)) + "\":";
      Generate(random, depth + 1, out);
    }
    out += kind == 1 ? ']' : '}';
  }
}

TEST(JsonScanner, AgreesWithSimdjsonOnBrokenDocuments) {
  static constexpr std::string_view kBytes = "[]{},:\"\\0123456789eE+-. \ntrufalsn";
  testing::SeededRandom random(7);
  simdjson::dom::parser parser;
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    Generate(random, 0, text);
    for (uint64_t edits = random.Below(3); edits > 0 && !text.empty(); --edits) {
      const size_t at = random.Below(text.size());
      const char byte = kBytes[random.Below(kBytes.size())];
      switch (random.Below(3)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, 1 + random.Below(3));
      }
    }
    const auto error = parser.parse(simdjson::padded_string(text)).error();
    // What concerns the bytes and the size of values is the decoder's business.
    if (error == simdjson::UTF8_ERROR || error == simdjson::BIGINT_ERROR) continue;
    if (error == simdjson::NUMBER_ERROR && text.find_first_of("eE") != std::string::npos) continue;
    ASSERT_EQ(Accepts(text), error == simdjson::SUCCESS) << text << "\n" << simdjson::error_message(error);
    accepted += error == simdjson::SUCCESS ? 1 : 0;
  }
  EXPECT_GT(accepted, 5'000);
}

TEST(UnescapeJson, ResolvesEscapes) {
  EXPECT_EQ(UnescapeJson(R"(a\"\\\/\b\f\n\r\tz)"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(UnescapeJson(R"(\u0041\u00e9\u20ac\ud83d\ude00)"), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(UnescapeJson(R"(\ud83dx\ude00)"), "\xef\xbf\xbdx\xef\xbf\xbd");
}

}  // namespace
}  // namespace ingesta::source
