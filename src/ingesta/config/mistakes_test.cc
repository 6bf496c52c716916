// Mistakes in pipeline.yaml: each is named at its line and column, with a hint, and all of them at once.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "ingesta/config/parse.h"
#include "ingesta/config/test_kinds.h"
#include "ingesta/testing/fake_clock.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::config {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

/// In a case's YAML, before the place where the mistake is.
constexpr std::string_view kMark = "^^";

struct Case {
  std::string name;
  std::string yaml;     ///< with kMark once
  std::string message;  ///< part of the diagnostic's
  std::string hint;     ///< the same
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

/// A good pipeline but for the lines given.
std::string Pipeline(const std::string& client, const std::string& resource, const std::string& top = "") {
  return "name: p\n" + top + "client:\n  base_url: http://h:1\n" + client + "resources:\n  - name: r\n" +
         resource;
}
const std::string kColumns = "    columns: [{name: id}, {name: total, type: int64}]\n";
const std::string kEndpoint = "    endpoint: {path: /r}\n";
const std::string kFormats = "    formats: [csv]\n";

std::string Client(const std::string& lines) {
  return Pipeline(lines, kEndpoint + kFormats + kColumns);
}
std::string Resource(const std::string& lines) {
  return Pipeline("", lines + kEndpoint + kFormats + kColumns);
}
std::string Endpoint(const std::string& lines) {
  return Pipeline(
      "", "    endpoint:\n      path: /r\n" + lines + kFormats + kColumns + "    primary_key: [id]\n");
}
std::string Column(const std::string& column) {
  return Pipeline("", kEndpoint + kFormats + "    columns:\n      - " + column + "\n");
}
std::string Top(const std::string& lines) {
  return Pipeline("", kEndpoint + kFormats + kColumns, lines);
}

std::vector<Case> StructureCases() {
  std::string deep = "name: p\nclient: ";
  for (int i = 0; i < 31; ++i) deep += "[";
  return {
      {"NoYaml", "name: p\nclient: {base_url: x^^: y}\n", "this is no YAML", "quotes"},
      {"Anchor", Client("  timeouts: ^^&t {idle: 5s}\n"), "an anchor is not allowed", "resource_defaults"},
      {"MergeKey", Client("  ^^<<: {concurrency: 2}\n"), "a merge key is not allowed", "resource_defaults"},
      {"OwnTag", Client("  concurrency: ^^!env N\n"), "the tag `!env` is not allowed", "remove it"},
      {"RepeatedKey", Client("  concurrency: 1\n  ^^concurrency: 2\n"),
       "`concurrency` stands here a second time", "keep one"},
      {"SecondDocument", Client("") + "^^---\nname: q\n", "a second document", "---"},
      {"ListAsKey", "name: p\n? ^^[a]\n: b\n", "a key must be a text, not a list", "quotes"},
      {"TooDeep", deep + "^^[" + std::string(32, ']') + "\n", "more than 32 levels", ""},
      {"ControlCharacter", "name: p\ndescription: ñ ^^\x04\n", "0x04", "UTF-8"},
      {"BrokenUtf8", "name: p\ndescription: ^^\xc3(\n", "0xc3", "UTF-8"},
      {"NotAMap", "^^[a]\n", "a pipeline is a map", "resources"},
      {"ColumnsCountCharacters", Column("{name: id, description: ñandú, ^^typ: x}"), "unknown key `typ`",
       "type"},
  };
}

std::vector<Case> KeyAndTypeCases() {
  return {
      {"UnknownKeyAtTheTop", Top("^^nmae: q\n"), "unknown key `nmae`",
       "did you mean `name`? valid keys: `name`, `description`, `client`"},
      {"UnknownKeyOfClient", Client("  ^^concurency: 3\n"), "unknown key `concurency`",
       "did you mean `concurrency`?"},
      {"UnknownKeyOfOtherCase", Client("  ^^Max-Body: 1MiB\n"), "unknown key", "did you mean `max_body`?"},
      {"UnknownKeyNearNothing", Client("  ^^zzzzzz: 3\n"), "unknown key `zzzzzz`", "valid keys: `base_url`"},
      {"UnknownKeyOfAPaginator", Endpoint("      paginator: {type: page_number, ^^page_szie: 5}\n"),
       "unknown key `page_szie`", "did you mean `page_size`? valid keys: `type`, `base_page`"},
      {"UnknownKeyOfDefaults", Top("resource_defaults: {^^fromats: [csv]}\n"), "unknown key `fromats`",
       "did you mean `formats`?"},
      {"MissingKey",
       "name: p\nclient: ^^{concurrency: 1}\nresources: [{name: r, endpoint: {path: /}, formats: [csv], "
       "columns: [{name: a}]}]\n",
       "the key `base_url` is missing", "Absolute http or https URL"},
      {"MissingResources", "^^name: p\nclient: {base_url: http://h}\n", "the key `resources` is missing",
       "datasets"},
      {"MissingColumns",
       "name: p\nclient: {base_url: http://h}\nresources:\n  - ^^name: r\n    endpoint: {path: /r}\n    "
       "formats: [csv]\n",
       "the key `columns` is missing", ""},
      {"NoFormat", Pipeline("", kEndpoint + kColumns + "    formats: ^^[]\n"),
       "`formats` is empty: at least one", ""},
      {"NothingForAMap", Client("  ^^timeouts:\n"), "expected a map, but nothing came", ""},
      {"TextForAMap", Client("  timeouts: ^^30s\n"), "expected a map, but `30s` came", ""},
      {"TextForAList", Pipeline("", kEndpoint + kColumns + "    formats: ^^csv\n"),
       "expected a list, but `csv` came", "[a, b]"},
      {"ListForAText", Top("description: ^^[a]\n"), "expected a text, but a list came", ""},
      {"WordForANumber", Client("  concurrency: ^^many\n"), "expected a whole number, but `many` came", ""},
      {"QuotedNumber", Client("  concurrency: ^^\"3\"\n"), "the text `3` came", "remove the quotes"},
      {"HugeNumber", Client("  concurrency: ^^99999999999999999999\n"), "too large", ""},
      {"NumberOutOfRange", Client("  concurrency: ^^0\n"), "`0` is out of range: 1 to 256", ""},
      {"YesForTrue", Column("{name: id, nullable: ^^yes}"), "expected true or false, but `yes` came", ""},
      {"DurationWithoutUnit", Client("  timeouts: {idle: ^^30}\n"), "a duration with its unit, such as `30s`",
       "the unit is missing: 30s? units: ms, s, m, h, d"},
      {"DurationOfAnotherUnit", Client("  timeouts: {idle: ^^30sec}\n"), "but `30sec` came", "units: ms, s"},
      {"DurationOutOfRange", Client("  timeouts: {idle: ^^0s}\n"), "out of range: 1ms to 24h", ""},
      {"SizeWithoutUnit", Client("  max_body: ^^128\n"), "a size with its unit", "128MiB?"},
      {"SizeBeyondNumbers", Client("  max_body: ^^99999999999TiB\n"), "too large", ""},
      {"FractionOutOfRange", Resource("    max_rejected: ^^5\n"), "out of range: 0 to 1, or 0% to 100%",
       "did you mean `5%`?"},
      {"NegativeFraction", Resource("    max_rejected: ^^-1%\n"), "out of range", ""},
      {"UnknownEnumValue", Column("{name: id, type: timestamp, format: ^^epoch}"),
       "`epoch` is no valid value", "valid values: `iso8601`, `epoch_s`, `epoch_ms`"},
      {"EnumOfOtherCase",
       Client("  error_handler: {response_filters: [{http_codes: 404, action: ^^IGNORE}]}\n"),
       "`IGNORE` is no valid value", "did you mean `ignore`?"},
      {"StatusCodeOutOfRange",
       Client("  error_handler: {response_filters: [{http_codes: [404, ^^4040], action: fail}]}\n"),
       "out of range: 100 to 599", ""},
      {"UnknownKind", Endpoint("      paginator: ^^page_nuber\n"), "`page_nuber` is no known type",
       "did you mean `page_number`? types: `page_number`, `offset`"},
      {"KindWithoutType", Client("  auth: ^^{token: x}\n"), "the key `type` is missing", "types: `bearer`"},
      {"KindThatNeedsOptions", Client("  auth: ^^bearer\n"), "`bearer` needs the key `token`",
       "type: bearer"},
      {"KindWithoutRequiredOption", Endpoint("      paginator: ^^{type: cursor}\n"),
       "the key `cursor_path` is missing", "Summary of cursor_path"},
      {"OptionOfAnotherType", Endpoint("      paginator: {type: offset, page_size: ^^all}\n"),
       "expected a whole number, but `all` came", ""},
      {"OptionOutOfRange", Endpoint("      paginator: {type: offset, page_size: ^^0}\n"),
       "out of range: at least 1", ""},
      {"OptionChoice", Pipeline("", kEndpoint + kColumns + "    formats: [{type: csv, compression: ^^gz}]\n"),
       "`gz` is no valid value", "valid values: `none`, `gzip`, `zstd`"},
      {"EmptySecret", Client("  auth: {type: bearer, token: ^^\"\"}\n"), "the secret `token` is empty", ""},
      {"NestedParam", Endpoint("      params: {a: ^^{b: c}}\n"),
       "expected a value or a list of values, but a map came", ""},
      {"EmptyParamList", Endpoint("      params: {a: ^^[]}\n"), "the list of `a` is empty",
       "remove the parameter"},
      {"TextAsJson", Endpoint("      json: ^^abc\n"), "expected a map or a list", ""},
  };
}

std::vector<Case> LaterCases() {
  const std::string later = "not supported by this version";
  return {
      {"Incremental", Endpoint("      ^^incremental: {cursor_path: x}\n"), later, ""},
      {"RecordFilter", Endpoint("      ^^record_filter: x\n"), later, ""},
      {"SchemaContract", Resource("    ^^schema_contract: {columns: freeze}\n"), later, ""},
      {"Mask", Column("{name: id, ^^mask: hash}"), later, ""},
      {"Jsonl", Endpoint("      decoder: ^^jsonl\n"), later, "json"},
      {"HeaderCursor", Endpoint("      paginator: {type: ^^header_cursor}\n"), later, ""},
      {"RefreshToken", Client("  auth: {type: ^^oauth2_refresh_token, token: x}\n"), later, "bearer"},
      {"SecretsManager", Client("  auth: {type: bearer, token: \"^^${aws-sm:name#key}\"}\n"), later,
       "${file:/path}"},
      {"ParameterStore", Client("  auth: {type: bearer, token: \"^^${aws-ssm:name}\"}\n"), later, "${NAME}"},
      {"ParentInPath", Pipeline("", "    endpoint: {path: ^^'/r/{resources.x.id}'}\n" + kFormats + kColumns),
       later, ""},
      {"IncrementalParam", Endpoint("      params: {since: ^^'{incremental.start_value}'}\n"), later, ""},
      {"SecondRate",
       Client(
           "  api_budget: {policies: [{rates: [{limit: 1, interval: 1s}, ^^{limit: 5, interval: 1m}]}]}\n"),
       later, "one rate"},
      {"CompositeRecordPath",
       Pipeline("", "    endpoint: {path: /r, record_path: ^^'/r/{id}'}\n    primary_key: [id, total]\n" +
                        kFormats + kColumns),
       later, ""},
  };
}

std::vector<Case> EnvironmentCases() {
  return {
      {"UnsetVariable", Client("  health_path: /a/^^${NOT_THERE}/b\n"),
       "the environment variable NOT_THERE is not set", "${NOT_THERE:-value}"},
      {"NearlyThatVariable", Client("  health_path: ^^${TOKNE}\n"), "TOKNE is not set",
       "did you mean `TOKEN`?"},
      {"UnsetAfterSet", Client("  health_path: \"${TOKEN}${TOKEN}^^${GONE}\"\n"), "GONE is not set", ""},
      {"UnsetInABlock", Client("  health_path: >-\n    a\n    ^^${GONE}\n"), "GONE is not set", ""},
      {"Unterminated", Client("  health_path: ^^${TOKEN\n"), "without its `}`", "$${"},
      {"NoName", Client("  health_path: ^^${a b}\n"), "names no environment variable", "${NAME:-default}"},
      {"OtherOperator", Client("  health_path: ^^${TOKEN-x}\n"), "names no environment variable", ""},
      {"NestedDefault", Client("  health_path: ^^${GONE:-${TOKEN}}\n"), "another ${", "do not nest"},
      {"MissingFile", Client("  auth: {type: bearer, token: \"^^${file:/gone}\"}\n"), "can't be read", ""},
      {"RelativeFile", Client("  auth: {type: bearer, token: \"^^${file:gone}\"}\n"), "no absolute path", ""},
      {"BinaryVariable", Client("  health_path: ^^${BINARY}\n"), "BINARY holds no text", "UTF-8"},
      {"WrongTypeFromVariable", Client("  concurrency: ^^${TOKEN}\n"), "but the value of `${TOKEN}` came",
       ""},
  };
}

std::vector<Case> CrossCases() {
  const auto base_url = [](const std::string& url) {
    return "name: p\nclient:\n  base_url: ^^" + url + "\nresources:\n  - name: r\n" + kEndpoint + kFormats +
           kColumns;
  };
  const auto dataset = [](const std::string& name) {
    return "name: p\nclient: {base_url: http://h}\nresources:\n  - name: ^^" + name + "\n" + kEndpoint +
           kFormats + kColumns;
  };
  const auto child = [](const std::string& explode) {
    return Pipeline("", kEndpoint + kFormats + kColumns + "  - name: c\n" + explode + kFormats + kColumns);
  };
  return {
      {"RepeatedResource", Client("") + "  - name: ^^r\n" + kEndpoint + kFormats + kColumns,
       "a resource `r` exists already", "line 5"},
      {"ExplodeOfNothing", child("    explode: {resource: ^^rr, path: x}\n"), "there is no resource `rr`",
       "did you mean `r`?"},
      {"ExplodeOfAChild",
       child("    explode: {resource: r, path: x}\n") +
           "  - name: d\n    explode: {resource: ^^c, path: x}\n" + kFormats + kColumns,
       "the resource `c` has no endpoint", "resources with an endpoint: `r`"},
      {"ExplodeAndEndpoint", Resource("    explode: ^^{resource: r, path: x}\n"), "beside `endpoint`", ""},
      {"NeitherExplodeNorEndpoint",
       "name: p\nclient: {base_url: http://h}\nresources:\n  - ^^name: r\n" + kFormats + kColumns,
       "`endpoint` is missing", "explode"},
      {"IncludeWithoutExplode", Resource("    include_from_parent: ^^[id]\n"), "needs `explode`", ""},
      {"UnknownKeyColumn", Resource("    primary_key: [id, ^^totl]\n"),
       "primary_key names `totl`, which is no column", "did you mean `total`?"},
      {"UnknownUnstableColumn", Resource("    unstable_columns: [^^totl]\n"),
       "unstable_columns names `totl`, which is no column", "did you mean `total`?"},
      {"KeyColumnTwice", Resource("    primary_key: [id, ^^id]\n"), "twice", ""},
      {"RepeatedColumn", Column("{name: a}\n      - {name: ^^a}"), "a column `a` exists already", ""},
      {"ColumnInAnotherCase", Column("{name: Total}\n      - {name: id}\n      - {name: ^^total}"),
       "`total` differs from the column `Total` only in case", "Athena"},
      {"RepeatedFormat",
       Pipeline("", kEndpoint + kColumns + "    formats: [csv, ^^{type: csv, compression: gzip}]\n"),
       "`csv` stands here twice", ""},
      {"RecordPathWithoutKey", Endpoint("      record_path: ^^/r/{idd}\n"), "must hold `{id}` once",
       "the primary_key is `id`"},
      {"RecordPathOfNoKey",
       Pipeline("", "    endpoint: {path: /r, record_path: ^^'/r/{id}'}\n" + kFormats + kColumns),
       "record_path needs a primary_key", ""},
      {"MergeWithoutKey", Pipeline("", kEndpoint + kColumns + kFormats + "    write_disposition: ^^merge\n"),
       "`write_disposition: merge` needs a primary_key", "name the column"},
      {"MergeByADouble",
       Pipeline("", kEndpoint + kFormats +
                        "    columns: [{name: a, type: int64}, {name: peso, type: double}]\n"
                        "    write_disposition: merge\n    primary_key: ^^[a, peso]\n"),
       "the primary_key `peso` is a double", "`decimal(p,s)`"},
      {"UnknownType", Column("{name: id, type: ^^strng}"), "`strng` is no column type",
       "did you mean `string`? types: `string`, `int32`"},
      {"TypeOfAnotherWorld", Column("{name: id, type: ^^integer}"), "no column type",
       "did you mean `int64`?"},
      {"DecimalWithoutBounds", Column("{name: id, type: ^^decimal}"),
       "write its precision and scale, such as decimal(18,2)", ""},
      {"DecimalTooPrecise", Column("{name: id, type: ^^\"decimal(39,2)\"}"), "must be 1 to 38", ""},
      {"DecimalScale", Column("{name: id, type: ^^\"decimal(4,5)\"}"), "0 to its precision, 4", ""},
      {"JoinOfANumber", Column("{name: id, type: int64, join: ^^\",\"}"),
       "`join` makes a text, but the column is int64", "type: string"},
      {"FormatOfAText", Column("{name: id, format: ^^iso8601}"), "for dates and timestamps", ""},
      {"PathWithAGap", Column("{name: id, path: ^^a..b}"), "has an empty part", ""},
      {"RelativeUrl", base_url("/api"), "`/api` is no absolute http or https URL", "http://host:port"},
      {"OtherScheme", base_url("ftp://h"), "no absolute http or https", ""},
      {"NoHost", base_url("http://:80"), "no valid host", ""},
      {"BadPort", base_url("http://h:99999"), "port", ""},
      {"UserInfo", base_url("http://u:hidden@h"), "put them into client.auth", ""},
      {"UrlWithQuery", base_url("http://h/?a=b"), "query", ""},
      {"OriginWithPath", Client("  allowed_origins: [https://a, ^^https://b/c]\n"), "holds a path", ""},
      {"WholeUrlAsPath", Pipeline("", "    endpoint: {path: ^^\"http://h/r\"}\n" + kFormats + kColumns),
       "whole URL", ""},
      {"SpaceInPath", Pipeline("", "    endpoint: {path: ^^/a b}\n" + kFormats + kColumns), "holds a space",
       ""},
      {"HeaderName", Client("  headers: {^^a b: c}\n"), "`a b` is no name of a header field", ""},
      {"HeaderValue", Client("  headers: {a: ^^\"b\\nc\"}\n"), "holds a line break", ""},
      {"FilterOfNothing", Client("  error_handler: {response_filters: [^^{action: fail}]}\n"),
       "matches nothing", "http_codes"},
      {"NameUpwards", dataset("a..b"), "holds `..`", ""},
      {"NameWithSlash", dataset("a/b"), "holds a slash", ""},
      {"NameWithUnderscore", dataset("_ingesta"), "begins with `_` or `.`", ""},
      {"NameWithDot", dataset(".a"), "begins with `_` or `.`", ""},
      {"NameWithLineBreak", dataset("\"a\\nb\""), "control character", ""},
      {"EmptyName", dataset("\"\""), "is empty", ""},
      {"NameOfTheBackups", dataset("json"), "is taken", ""},
  };
}

class Mistakes : public ::testing::TestWithParam<Case> {};

std::vector<Diagnostic> Diagnose(const std::string& yaml, ParseOptions options = {}) {
  options.environment = {{"TOKEN", "t"}, {"BINARY", "\xff"}};
  std::vector<Diagnostic> diagnostics;
  const auto spec = ParsePipeline(yaml, "p.yaml", TestKinds(), options, &diagnostics);
  EXPECT_FALSE(spec.ok()) << yaml;
  if (spec.ok()) return {};
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, spec.status());
  for (const Diagnostic& diagnostic : diagnostics) {
    EXPECT_THAT(spec.status().message(), HasSubstr(diagnostic.ToString()));
  }
  return diagnostics;
}

TEST_P(Mistakes, AreNamedWhereTheyAre) {
  std::string yaml = GetParam().yaml;
  const size_t place = yaml.find(kMark);
  ASSERT_NE(place, std::string::npos);
  yaml.erase(place, kMark.size());
  int line = 1;
  int column = 1;
  for (size_t i = 0; i < place; ++i) {
    if (yaml[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(yaml[i]) & 0xc0) != 0x80) {
      ++column;
    }
  }
  const auto diagnostics = Diagnose(yaml);
  ASSERT_EQ(diagnostics.size(), 1U) << ::testing::PrintToString(
      diagnostics.empty() ? "" : diagnostics[1].ToString());
  EXPECT_EQ(fmt::format("{}:{}", diagnostics[0].line, diagnostics[0].column),
            fmt::format("{}:{}", line, column))
      << diagnostics[0].ToString() << "\n"
      << yaml;
  EXPECT_THAT(diagnostics[0].message, HasSubstr(GetParam().message));
  EXPECT_THAT(diagnostics[0].hint, HasSubstr(GetParam().hint));
  EXPECT_THAT(diagnostics[0].ToString(), Not(HasSubstr("hidden")));
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Structure, Mistakes, ::testing::ValuesIn(StructureCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(KeysAndTypes, Mistakes, ::testing::ValuesIn(KeyAndTypeCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(Later, Mistakes, ::testing::ValuesIn(LaterCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(Environment, Mistakes, ::testing::ValuesIn(EnvironmentCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(Cross, Mistakes, ::testing::ValuesIn(CrossCases()), NameOf);

TEST(ParsePipelineMistakes, AreReportedAllAtOnceInTheOrderOfTheFile) {
  const auto diagnostics = Diagnose(R"(nam: p
client:
  base_url: ${URL}
  timeouts: {idle: 30}
resources:
  - name: a/b
    endpoint: {path: /r, paginator: pages}
    formats: []
    columns: [{name: id, type: whole}]
    primary_key: key
)");
  std::vector<std::string> lines;
  for (const auto& diagnostic : diagnostics)
    lines.push_back(fmt::format("{}:{}", diagnostic.line, diagnostic.column));
  EXPECT_THAT(lines, ElementsAre("1:1", "1:1", "3:13", "4:20", "6:11", "7:37", "8:14", "9:32", "10:18"));
}

TEST(ParsePipelineMistakes, AliasesAreNamedBesideTheirAnchor) {
  const auto diagnostics = Diagnose(Client("  headers: &h {a: b}\n  timeouts: *h\n"));
  ASSERT_EQ(diagnostics.size(), 2U);
  EXPECT_EQ(diagnostics[0].message, "an anchor is not allowed");
  EXPECT_EQ(diagnostics[1].message, "an alias is not allowed");
  EXPECT_EQ(fmt::format("{}:{}", diagnostics[1].line, diagnostics[1].column), "5:13");
}

TEST(ParsePipelineMistakes, InDefaultsCountOnce) {
  const auto diagnostics = Diagnose(R"(name: p
client: {base_url: http://h}
resource_defaults:
  endpoint: {paginator: {type: page_number, page_size: x}}
  formats: [xml]
resources:
  - {name: a, endpoint: {path: /a}, columns: [{name: id}]}
  - {name: b, endpoint: {path: /b}, columns: [{name: id}]}
)");
  ASSERT_EQ(diagnostics.size(), 2U);
  EXPECT_EQ(diagnostics[0].line, 4);
  EXPECT_EQ(diagnostics[1].line, 5);
}

TEST(ParsePipelineMistakes, InDefaultsCountWithoutResources) {
  const auto diagnostics =
      Diagnose(Top("resource_defaults: {max_rejected: 7}\n") + "    max_rejected: 0.1\n");
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].line, 2);
}

TEST(ParsePipelineMistakes, InOverridesNameTheOverride) {
  struct OverrideCase {
    std::string key, value, message, hint;
  };
  for (const OverrideCase& c : std::vector<OverrideCase>{
           {"client.concurency", "3", "unknown key `concurency`", "did you mean `concurrency`?"},
           {"clint.concurrency", "3", "unknown key `clint`", "did you mean `client`?"},
           {"client.concurrency", "many", "expected a whole number, but `many` came", ""},
           {"resources.rr.max_rejected", "1%", "there is no `rr` here", "did you mean `r`? known: `r`"},
           {"resources.r.columns.ids.type", "string", "there is no `ids` here", "did you mean `id`?"},
           {"resources.7.max_rejected", "1%", "there is no `7` here", ""},
           {"client.base_url.host", "x", "`client.base_url` is `http://h:1` and has no keys", ""},
           {"resources.r.formats", "[csv", "a key must be a text", "close each bracket"},
           {"client..x", "1", "no path of a key", "max_rejected=0.05"},
           {"description", "\xff", "no text", "UTF-8"},
           {"name", "~", "expected a text, but nothing came", ""}}) {
    const auto diagnostics = Diagnose(Client(""), {.overrides = {{"description", "fine"}, {c.key, c.value}}});
    ASSERT_EQ(diagnostics.size(), 1U) << c.key;
    EXPECT_EQ(diagnostics[0].file, "--set " + c.key);
    EXPECT_EQ(diagnostics[0].line, 0);
    EXPECT_THAT(diagnostics[0].message, HasSubstr(c.message));
    EXPECT_THAT(diagnostics[0].hint, HasSubstr(c.hint));
    EXPECT_THAT(diagnostics[0].ToString(), Not(HasSubstr(":0:")));
  }
}

TEST(ParsePipelineMistakes, EmptyFiles) {
  for (const std::string text : {"", "\n\n", "# only a comment\n", "---\n", "~"}) {
    const auto diagnostics = Diagnose(text);
    ASSERT_EQ(diagnostics.size(), 1U) << text;
    EXPECT_EQ(diagnostics[0].message, "the pipeline is empty");
  }
}

TEST(ParsePipelineMistakes, FilesAboveTheLimit) {
  const auto diagnostics = Diagnose("name: p #" + std::string(1 << 20, 'x'));
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_THAT(diagnostics[0].message, HasSubstr("at most 1048576"));
}

TEST(ParsePipelineMistakes, DefaultsThatWouldGrowWithoutBound) {
  std::string text = "name: p\nclient: {base_url: http://h}\nresource_defaults:\n  endpoint:\n    params:\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("      p{}: 1\n", i);
  text += "resources:\n";
  for (int i = 0; i < 1000; ++i) text += "  - {}\n";
  EXPECT_THAT(Diagnose(text),
              Contains(Field(&Diagnostic::message, HasSubstr("too large for 1000 resources"))));
}

TEST(ParsePipelineMistakes, MoreResourcesThanAPipelineMayHave) {
  std::string text = "name: p\nclient: {base_url: http://h}\nresources: [";
  for (int i = 0; i < 1001; ++i) text += "{},";
  const auto diagnostics = Diagnose(text + "]\n");
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].message, "`resources` has 1001 elements: at most 1000");
}

/// Inputs near the size limit on which a careless reader takes minutes.
TEST(ParsePipelineMistakes, LargeInputsEndInTime) {
  const auto repeat = [](std::string_view unit) {
    std::string text;
    while (text.size() + unit.size() < (1 << 17)) text += unit;
    return text;
  };
  std::string columns;
  std::string keys;
  for (int i = 0; i < 5000; ++i) {
    columns += fmt::format("{{name: c{}}},", i);
    keys += fmt::format("x{},", i);
  }
  for (const std::string& text :
       {"name: [" + repeat("\"${GONE}\",") + "]", "name: \"" + repeat("${GONE}") + "\"",
        "name: \"" + repeat("\\x24{GONE}") + "\"", repeat("["), repeat("{"), repeat("? "), repeat("- "),
        "a: [" + repeat("&a x,") + "]",
        "resources: [{columns: [" + columns + "], primary_key: [" + keys + "]}]"}) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(Diagnose(text).empty());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60)) << text.substr(0, 40);
  }
}

/// Damaged pipelines: each is read or refused with a place.
TEST(ParsePipelineMistakes, MutationsAreReadOrNamed) {
  const std::string good = Top("resource_defaults: {max_rejected: 1%}\n") +
                           "    primary_key: [id]\n    completeness: {max_passes: 2}\n"
                           "  - name: c\n    explode: {resource: r, path: ítems}\n    formats: [csv]\n" +
                           kColumns;
  const std::vector<std::string> tokens = {
      "{",    "}",   "[",  "]", ": ", "- ", "\n", "\n  ", "&a ",  "*a", "?",     "${", "${A",      "<<: ",
      "!!x ", "|\n", "\"", "'", "#",  "\t", ",",  "~",    "\xc3", "ñ",  "---\n", "%",  "explode: "};
  ::ingesta::testing::SeededRandom random(20240229);
  int refused = 0;
  constexpr int kMutations = 1000;
  for (int i = 0; i < kMutations; ++i) {
    std::string text = good;
    for (uint64_t k = random.Below(4) + 1; k > 0; --k) {
      const size_t at = random.Below(text.size());
      if (random.Below(2) == 0) {
        text.insert(at, tokens[random.Below(tokens.size())]);
      } else {
        text.erase(at, random.Below(8));
      }
    }
    std::vector<Diagnostic> diagnostics;
    const auto spec = ParsePipeline(text, "p.yaml", TestKinds(), {}, &diagnostics);
    EXPECT_EQ(spec.ok(), diagnostics.empty()) << text;
    refused += spec.ok() ? 0 : 1;
    const auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const Diagnostic& diagnostic : diagnostics) {
      EXPECT_LE(diagnostic.line, lines) << diagnostic.ToString() << "\n" << text;
      EXPECT_FALSE(diagnostic.message.empty());
    }
  }
  EXPECT_GT(refused, kMutations / 2);
  EXPECT_LT(refused, kMutations);
}

TEST(ParsePipelineMistakes, AreCutWhereTheyAreTooMany) {
  std::string text = Client("");
  for (int i = 0; i < 500; ++i) text += fmt::format("    key{}: 1\n", i);
  const auto diagnostics = Diagnose(text);
  ASSERT_EQ(diagnostics.size(), 101U);
  EXPECT_EQ(diagnostics.back().message, "400 more mistakes");
}

TEST(Diagnostic, ShowsFileLineAndColumn) {
  Diagnostic diagnostic{"a/p.yaml", 3, 14, "unknown key `x`", "valid keys: `y`"};
  EXPECT_EQ(diagnostic.ToString(), "a/p.yaml:3:14: unknown key `x` (valid keys: `y`)");
  diagnostic.line = 0;
  diagnostic.hint = "";
  EXPECT_EQ(diagnostic.ToString(), "a/p.yaml: unknown key `x`");
}

}  // namespace
}  // namespace ingesta::config
