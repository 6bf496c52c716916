// The decoder against real pages of the three services, pages cut at every byte, random records (whose values
// the generator knows) and mutated pages (a second JSON parser says whether they are still JSON).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "ingesta/decode/decoder.h"
#include "ingesta/decode/json_text.h"
#include "ingesta/decode/recording_sink.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::decode {
namespace {

std::string Golden(const std::string& name) {
  std::ifstream file(std::string(INGESTA_SOURCE_DIR) + "/tests/golden/services/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Sample {
  std::string file;
  std::string selector;
  std::string total_path;
  std::string pages_path;
};

const std::vector<Sample>& Samples() {
  static const auto* samples = new std::vector<Sample>{
      {"categorias.json", "", "", ""},
      {"clientes-3.json", "", "", ""},
      {"ordenes-3.json", "ordenes", "totalItems", "totalPages"},
      {"ordenes-past.json", "ordenes", "totalItems", "totalPages"},
      {"productos-3.json", "productos", "total", "pages"},
      {"productos-past.json", "productos", "total", "pages"},
      {"proveedores-3.json", "proveedores", "totalItems", "totalPages"},
      {"proveedores-past.json", "proveedores", "totalItems", "totalPages"},
  };
  return *samples;
}

DecoderOptions OptionsOf(const Sample& sample) {
  DecoderOptions options;
  options.data_selector = sample.selector;
  options.total_path = sample.total_path;
  options.total_pages_path = sample.pages_path;
  return options;
}

FieldTree SomeFields() {
  return Object("", Value("id", 0), Value("nombre", 1), Object("direccion", Value("calle", 2)),
                Join("categorias", 3, ","), Explode("detalles", 0, Value("id", 0), Value("subtotal", 1)));
}

Status DecodeInto(Decoder& decoder, std::string body, const FieldTree& fields, RecordingSink& sink,
                  DecodedPage* decoded) {
  Page page;
  page.body = std::move(body);
  ARROW_ASSIGN_OR_RAISE(*decoded, decoder.Decode(page, fields, sink));
  return Status::OK();
}

TEST(JsonPages, ReadsWhatTheRealServicesSent) {
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.file);
    const std::string body = Golden(sample.file);
    ASSERT_FALSE(body.empty());
    const auto document = nlohmann::ordered_json::parse(body, nullptr, false);
    const auto& wanted = sample.selector.empty() ? document : document.at(sample.selector);
    ASSERT_OK_AND_ASSIGN(const auto decoder, MakeJsonDecoder(OptionsOf(sample)));
    RecordingSink sink;
    DecodedPage decoded;
    const FieldTree fields = SomeFields();
    ASSERT_OK(DecodeInto(*decoder, body, fields, sink, &decoded));
    ASSERT_EQ(sink.records.size(), wanted.size());
    EXPECT_EQ(decoded.records, static_cast<int64_t>(wanted.size()));
    if (!sample.total_path.empty()) {
      EXPECT_EQ(decoded.facts.total, document.at(sample.total_path).get<int64_t>());
      EXPECT_EQ(decoded.facts.total_pages, document.at(sample.pages_path).get<int64_t>());
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      const auto& record = sink.records[i];
      EXPECT_EQ(nlohmann::ordered_json::parse(record.source, nullptr, false), wanted[i]);
      EXPECT_EQ(record.source.find('\n'), std::string_view::npos);
      const auto nombre = wanted[i].find("nombre");
      if (nombre != wanted[i].end() && nombre->is_string()) {
        EXPECT_EQ(record.values.at(1), '"' + nombre->get<std::string>() + '"');
      }
    }
  }
}

TEST(JsonPages, NeverTakesAPageThatWasCut) {
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.file);
    std::string body = Golden(sample.file);
    body.resize(body.find_last_of("}]") + 1);
    ASSERT_OK_AND_ASSIGN(const auto decoder, MakeJsonDecoder(OptionsOf(sample)));
    const FieldTree fields = SomeFields();
    for (size_t size = 0; size < body.size(); ++size) {
      // What Spring appends when its database dies on the way, too.
      for (const char* tail :
           {"", R"(]{"timestamp":"2026-11-24T03:49:25.363+00:00","status":200,"error":"OK"})"}) {
        RecordingSink sink;
        DecodedPage decoded;
        const Status status = DecodeInto(*decoder, body.substr(0, size) + tail, fields, sink, &decoded);
        ASSERT_FALSE(status.ok()) << "cut after " << size << " bytes";
        ASSERT_EQ(CodeOf(status), ErrorCode::kMalformedBody);
        ASSERT_TRUE(IsRetryable(status));
      }
    }
  }
}

/// Makes random records as text, and the values that a decoder must find in them.
class RecordMaker {
 public:
  explicit RecordMaker(uint64_t seed) : random_(seed) {}

  size_t Below(uint64_t bound) { return static_cast<size_t>(random_.Below(bound)); }

  std::string Space() {
    static const char* const kSpaces[] = {"", "", "", " ", "\n  ", "\t", "\r\n"};
    return indented_ ? kSpaces[Below(std::size(kSpaces))] : "";
  }

  /// A string as JSON; its text goes to `text`.
  std::string String(std::string* text) {
    struct Piece {
      const char* json;
      const char* text;
    };
    static const Piece kPieces[] = {
        {"a", "a"},
        {"hola ", "hola "},
        {"\\n", "\n"},
        {"\\\"", "\""},
        {"\\\\", "\\"},
        {"\\u00e9", "\xc3\xa9"},
        {"\xc3\xb1", "\xc3\xb1"},
        {"\\ud83c\\udf63", "\xf0\x9f\x8d\xa3"},
        {",", ","},
        {"}", "}"},
        {"]:", "]:"},
        {"\\/", "/"},
        {"\\u0041", "A"},
        {"  ", "  "},
        {"0123456789abcdefghijklmnopqrstuvwxyz", "0123456789abcdefghijklmnopqrstuvwxyz"}};
    std::string json = "\"";
    for (size_t n = Below(6); n > 0; --n) {
      const Piece& piece = kPieces[Below(std::size(kPieces))];
      json += piece.json;
      *text += piece.text;
    }
    return json + '"';
  }

  std::string Number() {
    std::string number = Below(3) == 0 ? "-" : "";
    number += Below(4) == 0
                  ? "0"
                  : fmt::format("{}{}", 1 + Below(9), Below(3) == 0 ? "" : std::to_string(Below(100000)));
    if (Below(3) == 0) number += fmt::format(".{:03}", Below(1000));
    if (Below(6) == 0)
      number += fmt::format("{}{}{}", Below(2) == 0 ? "e" : "E", Below(2) == 0 ? "+" : "", Below(30));
    return number;
  }

  /// A value of any kind: as JSON with white space, and as RecordingSink writes it.
  std::string Value(std::string* shown, int depth) {
    switch (Below(depth > 3 ? 5 : 7)) {
      case 0:
        *shown = "null";
        return "null";
      case 1:
        *shown = "true";
        return "true";
      case 2:
      case 3: {
        std::string text;
        const std::string json = String(&text);
        *shown = '"' + text + '"';
        return json;
      }
      case 4: {
        const std::string number = Number();
        *shown = '#' + number;
        return number;
      }
      default:
        return Structure(shown, depth);
    }
  }

  bool indented_ = false;

 private:
  static std::string Minified(const std::string& shown, const std::string& json) {
    if (shown[0] == '#') return shown.substr(1);
    if (shown.rfind("json:", 0) == 0) return shown.substr(5);
    return json;  // a string's JSON has no white space around it; null and true are themselves
  }

  std::string Structure(std::string* shown, int depth) {
    const bool object = Below(2) == 0;
    std::string json(1, object ? '{' : '[');
    std::string tight = json;
    const size_t count = Below(4);
    for (size_t i = 0; i < count; ++i) {
      std::string inner;
      const std::string separator = i > 0 ? "," : "";
      std::string key;
      if (object) key = fmt::format("\"k{}\"", i);
      const std::string value = Value(&inner, depth + 1);
      json += separator + Space() + key + (object ? Space() + ":" + Space() : "") + value + Space();
      tight += separator + key + (object ? ":" : "") + Minified(inner, value);
    }
    json += Space() + (object ? '}' : ']');
    tight += object ? '}' : ']';
    *shown = "json:" + tight;
    return json;
  }

  testing::SeededRandom random_;
};

TEST(JsonPages, FindsEveryValueOfRandomRecords) {
  const FieldTree fields = Object("", Value("a", 0), Value("bc", 1), Value("una_clave_larga", 2),
                                  Object("sub", Value("a", 3), Value("x", 4)), Value("ultima", 5));
  const std::vector<std::string> names = {"a", "bc", "una_clave_larga", "desconocida", "ultima"};
  const std::map<std::string, int> slots = {{"a", 0}, {"bc", 1}, {"una_clave_larga", 2}, {"ultima", 5}};
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    RecordMaker maker(seed);
    maker.indented_ = seed % 2 == 0;
    std::vector<std::map<int, std::string>> wanted;
    size_t unknown = 0;
    std::string body = maker.Space() + "[";
    const size_t count = maker.Below(20);
    for (size_t r = 0; r < count; ++r) {
      std::map<int, std::string> values;
      body += (r > 0 ? "," : "") + maker.Space() + "{";
      const size_t members = maker.Below(8);
      for (size_t m = 0; m < members; ++m) {
        const std::string& name = names[maker.Below(names.size())];
        std::string shown;
        body += (m > 0 ? "," : "") + maker.Space() + '"' + name + '"' + maker.Space() + ":" + maker.Space() +
                maker.Value(&shown, 0) + maker.Space();
        const auto slot = slots.find(name);
        if (slot != slots.end()) {
          values[slot->second] = shown;
        } else {
          ++unknown;
        }
      }
      if (maker.Below(2) == 0) {
        std::string a;
        std::string x;
        const std::string sub = fmt::format("\"sub\":{{\"x\":{1}{0},{0}\"a\"{0}:{2}}}", maker.Space(),
                                            maker.Value(&x, 2), maker.Value(&a, 2));
        body += (members > 0 ? "," : "") + sub;
        values[3] = a;
        values[4] = x;
      }
      body += "}" + maker.Space();
      wanted.push_back(std::move(values));
    }
    body += "]" + maker.Space();
    ASSERT_TRUE(nlohmann::json::accept(body)) << body;

    ASSERT_OK_AND_ASSIGN(const auto decoder, MakeJsonDecoder({}));
    RecordingSink sink;
    DecodedPage decoded;
    ASSERT_OK(DecodeInto(*decoder, body, fields, sink, &decoded));
    ASSERT_EQ(sink.records.size(), wanted.size());
    EXPECT_EQ(sink.unknown.size(), unknown);
    const auto document = nlohmann::json::parse(body, nullptr, false);
    for (size_t r = 0; r < wanted.size(); ++r) {
      EXPECT_EQ(sink.records[r].values, wanted[r]) << sink.records[r].source;
      EXPECT_EQ(nlohmann::json::parse(sink.records[r].source, nullptr, false), document[r]);
    }
  }
}

/// The other parser refuses numbers that no double holds; here they are JSON, and the columns judge them.
bool HasHugeExponent(const std::string& body) {
  for (size_t e = body.find_first_of("eE"); e != std::string::npos; e = body.find_first_of("eE", e + 1)) {
    const size_t digits = body.find_first_not_of("0123456789", e + 1);
    if (e > 0 && IsDigit(body[e - 1]) && digits != std::string::npos && digits - e > 3) return true;
  }
  return false;
}

TEST(JsonPages, AgreesWithAnotherParserOnWhatIsJson) {
  const std::string pieces[] = {"\"",   "\\",   "{",    "}",    "[",   "]",       ",",
                                ":",    " ",    "\n",   "0",    "1",   "-",       ".",
                                "e",    "+",    "t",    "null", "\\u", "\\ud83c", std::string(1, '\0'),
                                "\x01", "\xc3", "\xa9", "a"};
  int accepted = 0;
  int refused = 0;
  for (const Sample& sample : Samples()) {
    const std::string body = Golden(sample.file);
    ASSERT_OK_AND_ASSIGN(const auto decoder, MakeJsonDecoder(OptionsOf(sample)));
    const FieldTree fields = SomeFields();
    testing::SeededRandom random(42);
    for (int round = 0; round < 600; ++round) {
      std::string mutant = body;
      for (uint64_t edits = 1 + random.Below(2); edits > 0; --edits) {
        const size_t at = static_cast<size_t>(random.Below(mutant.size()));
        const std::string& piece = pieces[random.Below(std::size(pieces))];
        switch (random.Below(3)) {
          case 0:
            mutant.replace(at, 1, piece);
            break;
          case 1:
            mutant.insert(at, piece);
            break;
          default:
            mutant.erase(at, 1 + static_cast<size_t>(random.Below(3)));
        }
      }
      RecordingSink sink;
      DecodedPage decoded;
      const bool ours = DecodeInto(*decoder, mutant, fields, sink, &decoded).ok();
      const auto document = nlohmann::json::parse(mutant, nullptr, false);
      // The other parser calls half a surrogate pair a mistake; here it is one value's.
      const bool half_pair =
          mutant.find("\\ud83c") != std::string::npos || mutant.find("\\udf63") != std::string::npos;
      if (ours && !half_pair && !HasHugeExponent(mutant)) {
        ASSERT_FALSE(document.is_discarded()) << mutant;
        const auto& records = sample.selector.empty() ? document : document.at(sample.selector);
        ASSERT_EQ(records.size(), sink.records.size()) << mutant;
        for (size_t r = 0; r < records.size(); ++r) {
          ASSERT_EQ(nlohmann::json::parse(sink.records[r].source, nullptr, false), records[r]);
        }
      }
      if (!ours && !document.is_discarded()) {
        // JSON, but no page: the records' path must have been hit.
        const bool is_page = sample.selector.empty()
                                 ? document.is_array()
                                 : document.is_object() && document.contains(sample.selector) &&
                                       document.at(sample.selector).is_array();
        bool all_objects = is_page;
        if (is_page) {
          for (const auto& record : sample.selector.empty() ? document : document.at(sample.selector)) {
            all_objects = all_objects && record.is_object();
          }
        }
        ASSERT_FALSE(all_objects) << mutant;
      }
      ++(ours ? accepted : refused);
    }
  }
  // The mutations hit texts and structure alike.
  EXPECT_GT(accepted, 500);
  EXPECT_GT(refused, 500);
}

TEST(JsonText, TellsNumbersByTheirGrammar) {
  for (const std::string number :
       {"0", "-0", "1", "10", "-12.5", "0.0", "1e5", "1E+5", "1.5e-10", "123456789012345678901"}) {
    const std::string padded = number + ",";
    EXPECT_TRUE(IsJsonNumber(padded.data(), padded.data() + number.size())) << number;
  }
  for (const std::string text :
       {"-", "01", "1.", ".1", "1e", "1e+", "+1", "1a", "--1", "0x1", "1.5.2", "1e5.5"}) {
    const std::string padded = text + ",";
    EXPECT_FALSE(IsJsonNumber(padded.data(), padded.data() + text.size())) << text;
  }
}

TEST(JsonText, ComparesKeysOfEveryLength) {
  for (size_t size = 0; size < 40; ++size) {
    std::string a(size, 'k');
    std::string b = a;
    a += std::string(8, 'x');
    b += std::string(8, 'y');
    EXPECT_TRUE(EqualPadded(a.data(), b.data(), size));
    for (size_t at = 0; at < size; ++at) {
      std::string c = a;
      c[at] = 'z';
      EXPECT_FALSE(EqualPadded(c.data(), b.data(), size)) << size << " " << at;
    }
  }
}

}  // namespace
}  // namespace ingesta::decode
