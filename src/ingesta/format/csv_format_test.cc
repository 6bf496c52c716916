#include <limits>
#include <random>

#include "ingesta/format/file_writer.h"
#include "ingesta/format/format_test_util.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::format {
namespace {

/// A cell as an RFC 4180 reader sees it.
struct Cell {
  std::string text;
  bool quoted = false;
  bool operator==(const Cell&) const = default;
};

/// A reader written from the RFC's grammar; `ok` false where the text breaks it.
struct Rfc4180 {
  std::vector<std::vector<Cell>> records;
  bool ok = true;

  explicit Rfc4180(std::string_view text) {
    size_t at = 0;
    while (ok && at < text.size()) {
      records.emplace_back();
      while (ok) {
        records.back().push_back(ReadCell(text, &at));
        if (at >= text.size()) {
          ok = false;  // our files end each line
        } else if (text[at] == ',') {
          ++at;
        } else {
          ok = ok && text[at] == '\n';
          ++at;
          break;
        }
      }
    }
  }

 private:
  Cell ReadCell(std::string_view text, size_t* at) {
    Cell cell;
    if (*at < text.size() && text[*at] == '"') {
      cell.quoted = true;
      for (++*at; *at < text.size(); ++*at) {
        if (text[*at] == '"') {
          ++*at;
          if (*at >= text.size() || text[*at] != '"') return cell;
        }
        cell.text += text[*at];
      }
      ok = false;
      return cell;
    }
    for (; *at < text.size() && text[*at] != ',' && text[*at] != '\n'; ++*at) {
      if (text[*at] == '"') ok = false;
      cell.text += text[*at];
    }
    return cell;
  }
};

std::string OneSpaceABreak(const std::string& text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && i > 0 && text[i - 1] == '\r') continue;
    result += text[i] == '\n' || text[i] == '\r' ? ' ' : text[i];
  }
  return result;
}

std::shared_ptr<arrow::RecordBatch> TextRows(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  EXPECT_OK(builder.AppendValues(values));
  const auto array = builder.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("texto", arrow::utf8())}), array->length(),
                                  {array});
}

class CsvFormatTest : public FormatTest {
 protected:
  std::string Write(const std::vector<Batch>& batches,
                    const std::vector<std::pair<std::string, config::OptionValue>>& options = {}) {
    const std::string path = Path(std::to_string(++files_) + ".csv");
    const Result<WrittenFile> file = WriteFile(*MakeFormat(CsvFormat(), options), path, batches);
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return ReadFile(path).ValueOrDie();
  }
  /// The line of a file whose only value is `value`.
  std::string Line(const std::string& value, bool formula_guard = false) {
    const std::string text = Write({MakeBatch(TextRows({value}))}, {{"formula_guard", formula_guard}});
    EXPECT_EQ(text.substr(0, 6), "texto\n");
    return text.substr(6);
  }

  int files_ = 0;
};

TEST_F(CsvFormatTest, SaysWhatItIs) {
  const auto csv = MakeFormat(CsvFormat());
  EXPECT_EQ(csv->name(), "csv");
  EXPECT_EQ(csv->extension(), ".csv");
  EXPECT_EQ(csv->key_prefix(), "");
  EXPECT_EQ(csv->content_type(), "text/csv; charset=utf-8");
}

TEST_F(CsvFormatTest, WritesEveryType) {
  const auto rows = MakeRows({
      {"id", arrow::int64(), "[-9223372036854775808, 7, null]"},
      {"stock", arrow::int32(), "[-2147483648, 0, null]"},
      {"activo", arrow::boolean(), "[true, false, null]"},
      {"precio", arrow::decimal128(18, 2), R"(["12.30", "-0.05", null])"},
      {"ancho", arrow::decimal128(38, 4), R"(["12345678901234567890.1234", "-0.0001", null])"},
      {"nota", arrow::float64(), "[0.1, 1e21, null]"},
      {"dia", arrow::date32(), "[0, 20332, null]"},
      {"hora", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1756713604000000, 1756713604469407, null]"},
      {"texto", arrow::utf8(), R"(["", "á", null])"},
  });
  EXPECT_EQ(Write({MakeBatch(rows)}),
            "id,stock,activo,precio,ancho,nota,dia,hora,texto\n"
            "-9223372036854775808,-2147483648,true,12.30,12345678901234567890.1234,0.1,1970-01-01,"
            "2025-09-01 08:00:04,\"\"\n"
            "7,0,false,-0.05,-0.0001,1e+21,2025-09-01,2025-09-01 08:00:04.469407,á\n"
            ",,,,,,,,\n");
}

TEST_F(CsvFormatTest, QuotesOnlyWhatNeedsIt) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "\"\""},
      {"plain", "plain"},
      {" around ", " around "},
      {"it's", "it's"},
      {"a,b", "\"a,b\""},
      {"a\"b", "\"a\"\"b\""},
      {"\"", "\"\"\"\""},
      {",", "\",\""},
      {"'", "'"},
      {"a\nb", "a b"},
      {"a\r\nb", "a b"},
      {"a\rb", "a b"},
      {"a\n\rb", "a  b"},
      {"a\r\r\nb", "a  b"},
      {"\n", " "},
      {"a,\r\nb", "\"a, b\""},
      {"日本食品 🍣", "日本食品 🍣"},
      {"Farmacéutica, S.C.P", "\"Farmacéutica, S.C.P\""},
      {"tab\tand\\backslash;", "tab\tand\\backslash;"},
      {std::string("nul\0,", 5), std::string("\"nul\0,\"", 7)},
      {"a long value of more than sixteen bytes", "a long value of more than sixteen bytes"},
      {"a long value with a comma at its end,", "\"a long value with a comma at its end,\""},
      {"=1+1", "=1+1"},
  };
  for (const auto& [value, line] : cases) EXPECT_EQ(Line(value), line + "\n");
}

TEST_F(CsvFormatTest, GuardsFormulasWhereAsked) {
  const std::pair<const char*, const char*> cases[] = {
      {"=1+1", "'=1+1"},
      {"+34 600", "'+34 600"},
      {"-5", "'-5"},
      {"@SUM(A1)", "'@SUM(A1)"},
      {"\t=1", "'\t=1"},
      {"\r=1", "' =1"},
      {"=A1,\"x\"", "\"'=A1,\"\"x\"\"\""},
      {"a=1", "a=1"},
      {"", "\"\""},
  };
  for (const auto& [value, line] : cases) EXPECT_EQ(Line(value, true), std::string(line) + "\n");
  const auto numbers = MakeRows({{"n", arrow::int64(), "[-5]"}});
  EXPECT_EQ(Write({MakeBatch(numbers)}, {{"formula_guard", true}}), "n\n-5\n");
}

TEST_F(CsvFormatTest, QuotesHeaderNames) {
  EXPECT_EQ(Write({MakeBatch(MakeRows({{"a,b", arrow::int64(), "[1]"}, {"c\"", arrow::int64(), "[2]"}}))}),
            "\"a,b\",\"c\"\"\"\n1,2\n");
}

TEST_F(CsvFormatTest, WritesAHeaderForNoRows) {
  EXPECT_EQ(Write({MakeBatch(MakeRows({{"a", arrow::int64(), "[]"}, {"b", arrow::utf8(), "[]"}}))}), "a,b\n");
}

TEST_F(CsvFormatTest, LeavesDroppedRowsOut) {
  Batch batch = MakeBatch(MakeRows({{"a", arrow::int64(), "[1, 2, 3, 4]"}}));
  batch.dropped = {1, 0, 1, 0};
  const auto csv = MakeFormat(CsvFormat());
  ASSERT_OK_AND_ASSIGN(const WrittenFile file, WriteFile(*csv, Path("out.csv"), {batch, batch}));
  EXPECT_EQ(file.rows, 4);
  const std::string text = ReadFile(Path("out.csv")).ValueOrDie();
  EXPECT_EQ(text, "a\n2\n4\n2\n4\n");
  EXPECT_EQ(file.bytes, static_cast<int64_t>(text.size()));
  EXPECT_EQ(file.crc32, Crc32(text));
}

TEST_F(CsvFormatTest, WritesSlicesOfBatches) {
  const auto rows = MakeRows({
      {"b", arrow::boolean(), "[true, null, false, true, null, true, false, true, false, true]"},
      {"i", arrow::int64(), "[0, 1, null, 3, 4, 5, 6, 7, 8, 9]"},
      {"d", arrow::decimal128(9, 1), R"(["0.0","0.1","0.2",null,"0.4","0.5","0.6","0.7","0.8","0.9"])"},
      {"s", arrow::utf8(), R"(["a","b","c","d","e",null,"g","h,h","i","j"])"},
  });
  EXPECT_EQ(Write({MakeBatch(rows->Slice(1, 4)), MakeBatch(rows->Slice(7, 2))}),
            "b,i,d,s\n,1,0.1,b\nfalse,,0.2,c\ntrue,3,,d\n,4,0.4,e\ntrue,7,0.7,\"h,h\"\nfalse,8,0.8,i\n");
}

// Python's csv.reader gives for its two lines ['', '', 'a,b', '"', 'x y', "'"] and ['z', '', ',', '"",""', '
// , ', ' é '].
TEST_F(CsvFormatTest, GoldenFileThatPythonsCsvModuleReads) {
  const auto rows = MakeRows({
      {"nulo", arrow::utf8(), R"([null, "z"])"},
      {"vacio", arrow::utf8(), R"(["", ""])"},
      {"coma", arrow::utf8(), R"(["a,b", ","])"},
      {"comilla", arrow::utf8(), R"(["\"", "\"\",\"\""])"},
      {"salto", arrow::utf8(), R"(["x\r\ny", "\n,\n"])"},
      {"simple", arrow::utf8(), R"(["'", " é "])"},
  });
  EXPECT_EQ(Write({MakeBatch(rows)}),
            "nulo,vacio,coma,comilla,salto,simple\n"
            ",\"\",\"a,b\",\"\"\"\",x y,'\n"
            "z,\"\",\",\",\"\"\"\"\",\"\"\"\"\",\" , \", é \n");
}

TEST_F(CsvFormatTest, RandomTextsReadBackButForLineBreaks) {
  static constexpr std::string_view kAlphabet = "ab \t,\"\r\n'=\\;é";
  std::mt19937 random(5);
  std::vector<std::string> values;
  for (int i = 0; i < 5'000; ++i) {
    std::string value(random() % 40, '\0');
    for (char& c : value) c = kAlphabet[random() % kAlphabet.size()];
    values.push_back(value);
  }
  // Ever the same batch in pieces, so that values stand at every offset of the buffers.
  const auto rows = TextRows(values);
  const std::string text = Write({MakeBatch(rows->Slice(0, 17)), MakeBatch(rows->Slice(17))});
  const Rfc4180 read(text);
  ASSERT_TRUE(read.ok);
  ASSERT_EQ(read.records.size(), values.size() + 1);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), static_cast<int64_t>(values.size()) + 1);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string expected = OneSpaceABreak(values[i]);
    const bool quoted = expected.empty() || expected.find_first_of(",\"") != std::string::npos;
    ASSERT_EQ(read.records[i + 1], std::vector<Cell>({{expected, quoted}})) << values[i];
  }
}

TEST_F(CsvFormatTest, ValuesLargerThanTheBufferAreWrittenWhole) {
  std::mt19937 random(6);
  for (const std::string_view alphabet : {"ab\"", "ab\r\n", "abc", ",\"\r\n"}) {
    std::string value(1'000'000 + random() % 1000, '\0');
    for (char& c : value) c = alphabet[random() % alphabet.size()];
    const Rfc4180 read(Line(value));
    ASSERT_TRUE(read.ok);
    ASSERT_EQ(read.records.size(), 1u);
    EXPECT_TRUE(read.records[0][0].text == OneSpaceABreak(value));
  }
}

TEST_F(CsvFormatTest, LineBreakAcrossPiecesOfALargeValueIsOneSpace) {
  std::string value(1'000'000, 'x');
  for (size_t at = 16 << 10; at < value.size(); at += 16 << 10) {
    value[at - 1] = '\r';
    value[at] = '\n';
  }
  EXPECT_TRUE(Line(value) == OneSpaceABreak(value) + "\n");
  EXPECT_TRUE(Line("=" + value, true) == "'" + OneSpaceABreak("=" + value) + "\n");
}

TEST_F(CsvFormatTest, ManyRowsCrossTheBufferEverywhere) {
  std::vector<std::string> values;
  std::string expected = "texto\n";
  for (int i = 0; i < 300; ++i) {
    values.push_back(std::string(static_cast<size_t>(20'000 + 37 * i), i % 3 == 0 ? '"' : 'x'));
    const std::string doubled(values.back().size() * 2, '"');
    expected += i % 3 == 0 ? "\"" + doubled + "\"\n" : values.back() + "\n";
  }
  EXPECT_TRUE(Write({MakeBatch(TextRows(values))}) == expected);
}

TEST_F(CsvFormatTest, RefusesWhatHasNoText) {
  const auto csv = MakeFormat(CsvFormat());
  const auto list = arrow::schema({arrow::field("lista", arrow::list(arrow::int32()))});
  const Status status = csv->NewWriter(Path("a.csv"), list).status();
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, status);
  EXPECT_NE(status.message().find("lista"), std::string::npos);
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, csv->NewWriter(Path("a.csv"), arrow::schema({})));
  EXPECT_FALSE(PathExists(Path("a.csv")));
}

TEST_F(CsvFormatTest, RefusesTimesItCannotPrint) {
  const auto csv = MakeFormat(CsvFormat());
  for (const auto& rows :
       {MakeRows({{"dia", arrow::date32(), "[2932897]"}}),
        MakeRows({{"dia", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[9223372036854775807]"}})}) {
    const Status status = WriteFile(*csv, Path("out.csv"), {MakeBatch(rows)}).status();
    EXPECT_ERROR_CODE(ErrorCode::kInternal, status);
    EXPECT_NE(status.message().find("dia"), std::string::npos);
    ASSERT_OK(RemoveFile(Path("out.csv")));
  }
}

TEST_F(CsvFormatTest, RefusesABatchOfOtherColumns) {
  const auto csv = MakeFormat(CsvFormat());
  const auto numbers = MakeBatch(MakeRows({{"a", arrow::int64(), "[1]"}}));
  const auto texts = MakeBatch(MakeRows({{"a", arrow::utf8(), R"(["1"])"}}));
  EXPECT_ERROR_CODE(ErrorCode::kInternal, WriteFile(*csv, Path("out.csv"), {numbers, texts}));
}

TEST_F(CsvFormatTest, NeverWritesOverAFile) {
  ASSERT_OK(AtomicWriteFile(Path("out.csv"), "kept"));
  const auto rows = MakeBatch(MakeRows({{"a", arrow::int64(), "[1]"}}));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, WriteFile(*MakeFormat(CsvFormat()), Path("out.csv"), {rows}));
}

}  // namespace
}  // namespace ingesta::format
