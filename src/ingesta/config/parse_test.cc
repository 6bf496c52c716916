// What good pipelines become: every key in its field, defaults, environment, overrides, hash, secrets.
#include "ingesta/config/parse.h"

#include <fmt/format.h>

#include <filesystem>

#include "ingesta/base/fs.h"
#include "ingesta/config/test_kinds.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr const char* kSmall = R"(name: p
client: {base_url: "http://h:1"}
resources:
  - name: r
    endpoint: {path: /r}
    formats: [csv]
    columns: [{name: id}]
)";

constexpr const char* kFull = R"yaml(name: everything
description: All keys
client:
  base_url: https://api.example.com/v1
  headers: {Accept-Language: es, X-Number: 7}
  auth: {type: api_key, name: X-Key, api_key: "${KEY}", location: query}
  health_path: /health
  timeouts: {connect: 500ms, idle: 1.5s, total: 2m}
  concurrency: 3
  max_body: 2MiB
  max_decompressed_ratio: 50
  allowed_origins: https://cdn.example.com
  error_handler:
    response_filters:
      - {http_codes: [404, 410], action: ignore}
      - {http_codes: 200, error_message_contains: busy, action: rate_limited}
    backoff: {type: exponential, base: 1s, factor: 3}
    max_retries: 0
    max_elapsed: 1h
    retry_budget: 7
  api_budget:
    policies:
      - rates:
          - {limit: 10, interval: 1m}
resource_defaults:
  primary_key: id
  endpoint:
    params: {lang: es, size: 5}
    paginator: {type: page_number, page_size: 50, page_size_param: size}
  formats:
    - csv
    - type: json
      records: columns
  max_rejected: 5%
resources:
  - name: cosas
    endpoint:
      path: /cosas
      method: POST
      params: {estado: [nuevo, "2", true], size: 9}
      headers: {X-A: b}
      json: {text: "1", number: 1.50, flag: true, none: null, list: [a, {b: "q\"\\"}]}
      data_selector: data.items
      record_path: /cosas/{id}
      decoder: json
      paginator: {total_path: meta.total}
      ignore_fields: [x, y]
    columns:
      - {name: id, type: int64, nullable: false, description: The key}
      - {name: tags, path: meta.tags, type: string, join: ","}
      - {name: precio, type: "decimal(18, 2)", on_rounding: reject}
      - {name: cuando, type: timestamp, format: epoch_ms}
      - {name: dia, type: date}
    completeness: {max_passes: 2, allow_inexact: true}
    max_rejected: 0.5
    write_disposition: append
  - name: partes
    explode: {resource: cosas, path: meta.partes}
    include_from_parent: id
    primary_key: []
    formats: [{type: csv, compression: gzip}]
    columns: [{name: id}]
store: {type: s3, bucket: b, path_style: true, part_size: 16MiB}
on_dataset_failure: publish_others
)yaml";

Result<PipelineSpec> ParseText(const std::string& text, ParseOptions options = {}) {
  return ParsePipeline(text, "p.yaml", TestKinds(), options);
}

TEST(ParsePipeline, ReadsEveryKeyOfTheClient) {
  ASSERT_OK_AND_ASSIGN(const auto spec, ParseText(kFull, {.environment = {{"KEY", "k3y"}}}));
  EXPECT_EQ(spec.name, "everything");
  EXPECT_EQ(spec.description, "All keys");
  EXPECT_EQ(spec.file, "p.yaml");
  const ClientSpec& client = spec.client;
  EXPECT_EQ(client.base_url, "https://api.example.com/v1");
  EXPECT_THAT(client.headers, ElementsAre(Pair("Accept-Language", "es"), Pair("X-Number", "7")));
  ASSERT_TRUE(client.auth.has_value());
  EXPECT_EQ(client.auth->type, "api_key");
  EXPECT_EQ(client.auth->options.GetString("api_key"), "k3y");
  EXPECT_EQ(client.auth->options.GetString("location"), "query");
  EXPECT_EQ(client.health_path, "/health");
  EXPECT_EQ(client.connect_timeout, Millis(500));
  EXPECT_EQ(client.idle_timeout, Millis(1500));
  EXPECT_EQ(client.total_timeout, Millis(120'000));
  EXPECT_EQ(client.concurrency, 3);
  EXPECT_EQ(client.max_body, 2 << 20);
  EXPECT_EQ(client.max_decompressed_ratio, 50);
  EXPECT_THAT(client.allowed_origins, ElementsAre("https://cdn.example.com"));
  ASSERT_EQ(client.response_filters.size(), 2U);
  EXPECT_THAT(client.response_filters[0].http_codes, ElementsAre(404, 410));
  EXPECT_EQ(client.response_filters[0].action, "ignore");
  EXPECT_THAT(client.response_filters[1].http_codes, ElementsAre(200));
  EXPECT_EQ(client.response_filters[1].error_message_contains, "busy");
  EXPECT_EQ(client.backoff.type, "exponential");
  EXPECT_EQ(client.backoff.options.GetDuration("base"), Millis(1000));
  EXPECT_EQ(client.backoff.options.GetDuration("cap"), Millis(60'000));
  EXPECT_EQ(client.backoff.options.GetDouble("factor"), 3.0);
  EXPECT_EQ(client.max_retries, 0);
  EXPECT_EQ(client.max_elapsed, Millis(3'600'000));
  EXPECT_EQ(client.retry_budget, 7);
  EXPECT_EQ(client.rate_limit, 10);
  EXPECT_EQ(client.rate_interval, Millis(60'000));
  EXPECT_EQ(spec.store.type, "s3");
  EXPECT_TRUE(spec.store.options.GetBool("path_style"));
  EXPECT_EQ(spec.store.options.GetInt("part_size"), 16 << 20);
  EXPECT_FALSE(spec.store.options.Has("prefix"));
  EXPECT_EQ(spec.on_dataset_failure, OnDatasetFailure::kPublishOthers);
}

TEST(ParsePipeline, ReadsEveryKeyOfAResource) {
  ASSERT_OK_AND_ASSIGN(const auto spec, ParseText(kFull, {.environment = {{"KEY", "k3y"}}}));
  ASSERT_EQ(spec.resources.size(), 2U);
  const ResourceSpec& cosas = spec.resources[0];
  EXPECT_EQ(cosas.endpoint.path, "/cosas");
  EXPECT_EQ(cosas.endpoint.method, "POST");
  ASSERT_EQ(cosas.endpoint.params.size(), 3U);
  EXPECT_THAT(cosas.endpoint.params[0].values, ElementsAre("nuevo", "2", "true"));
  EXPECT_THAT(cosas.endpoint.params[1].values, ElementsAre("9"));
  EXPECT_EQ(cosas.endpoint.params[2].name, "lang");
  EXPECT_THAT(cosas.endpoint.headers, ElementsAre(Pair("X-A", "b")));
  EXPECT_EQ(cosas.endpoint.json,
            R"({"text":"1","number":1.50,"flag":true,"none":null,"list":["a",{"b":"q\"\\"}]})");
  EXPECT_EQ(cosas.endpoint.data_selector, "data.items");
  EXPECT_EQ(cosas.endpoint.record_path, "/cosas/{id}");
  EXPECT_THAT(cosas.endpoint.ignore_fields, ElementsAre("x", "y"));
  EXPECT_THAT(cosas.primary_key, ElementsAre("id"));
  ASSERT_EQ(cosas.columns.size(), 5U);
  EXPECT_FALSE(cosas.columns[0].nullable);
  EXPECT_EQ(cosas.columns[0].path, "id");
  EXPECT_EQ(cosas.columns[0].type.ToString(), "int64");
  EXPECT_EQ(cosas.columns[0].description, "The key");
  EXPECT_EQ(cosas.columns[1].path, "meta.tags");
  EXPECT_EQ(cosas.columns[1].join, ",");
  EXPECT_EQ(cosas.columns[2].type.ToString(), "decimal(18,2)");
  EXPECT_EQ(cosas.columns[2].on_rounding, OnRounding::kReject);
  EXPECT_EQ(cosas.columns[3].format, "epoch_ms");
  EXPECT_EQ(cosas.columns[4].format, "iso8601");
  EXPECT_EQ(cosas.completeness.total_path, "meta.total") << "the paginator's";
  EXPECT_EQ(cosas.completeness.max_passes, 2);
  EXPECT_TRUE(cosas.completeness.allow_inexact);
  EXPECT_EQ(cosas.max_rejected, 0.5);
  const ResourceSpec& partes = spec.resources[1];
  ASSERT_TRUE(partes.explode.has_value());
  EXPECT_EQ(partes.explode->resource, "cosas");
  EXPECT_EQ(partes.explode->path, "meta.partes");
  EXPECT_THAT(partes.explode->include_from_parent, ElementsAre("id"));
  EXPECT_EQ(partes.endpoint.path, "");
  EXPECT_THAT(partes.primary_key, IsEmpty());
  ASSERT_EQ(partes.formats.size(), 1U);
  EXPECT_EQ(partes.formats[0].options.GetString("compression"), "gzip");
}

TEST(ParsePipeline, MergesResourceDefaultsDeeply) {
  ASSERT_OK_AND_ASSIGN(const auto spec, ParseText(kFull, {.environment = {{"KEY", "k3y"}}}));
  const ResourceSpec& cosas = spec.resources[0];
  EXPECT_EQ(cosas.endpoint.paginator.type, "page_number");
  EXPECT_EQ(cosas.endpoint.paginator.options.GetInt("page_size"), 50);
  EXPECT_EQ(cosas.endpoint.paginator.options.GetString("total_path"), "meta.total");
  EXPECT_EQ(cosas.endpoint.paginator.options.GetInt("base_page"), 1);
  ASSERT_EQ(cosas.formats.size(), 2U);
  EXPECT_EQ(cosas.formats[1].options.GetString("records"), "columns");
  EXPECT_EQ(spec.resources[1].max_rejected, 0.05);
}

TEST(ParsePipeline, DropsTheDefaultsOfAPaginatorOfAnotherType) {
  std::string text = kFull;
  text.replace(text.find("{total_path: meta.total}"), 24, "single_page             ");
  ASSERT_OK_AND_ASSIGN(const auto spec, ParseText(text, {.environment = {{"KEY", "k"}}}));
  EXPECT_EQ(spec.resources[0].endpoint.paginator.type, "single_page");
  EXPECT_FALSE(spec.resources[0].endpoint.paginator.options.Has("page_size"));
}

TEST(ParsePipeline, DefaultsAreThoseOfTheStructs) {
  ASSERT_OK_AND_ASSIGN(const auto spec, ParseText(kSmall));
  const ClientSpec fresh;
  EXPECT_EQ(spec.client.connect_timeout, fresh.connect_timeout);
  EXPECT_EQ(spec.client.idle_timeout, fresh.idle_timeout);
  EXPECT_EQ(spec.client.total_timeout, fresh.total_timeout);
  EXPECT_EQ(spec.client.concurrency, fresh.concurrency);
  EXPECT_EQ(spec.client.max_body, fresh.max_body);
  EXPECT_EQ(spec.client.max_decompressed_ratio, fresh.max_decompressed_ratio);
  EXPECT_EQ(spec.client.max_retries, fresh.max_retries);
  EXPECT_EQ(spec.client.max_elapsed, fresh.max_elapsed);
  EXPECT_EQ(spec.client.retry_budget, fresh.retry_budget);
  EXPECT_EQ(spec.client.rate_limit, fresh.rate_limit);
  EXPECT_EQ(spec.client.rate_interval, fresh.rate_interval);
  EXPECT_EQ(spec.client.backoff.type, "exponential");
  EXPECT_EQ(spec.client.backoff.options.GetDuration("base"), Millis(500));
  EXPECT_FALSE(spec.client.auth.has_value());
  const ResourceSpec fresh_resource;
  const ResourceSpec& resource = spec.resources.at(0);
  EXPECT_EQ(resource.endpoint.method, EndpointSpec().method);
  EXPECT_EQ(resource.endpoint.paginator.type, "single_page");
  EXPECT_EQ(resource.endpoint.json, "");
  EXPECT_EQ(resource.completeness.max_passes, CompletenessSpec().max_passes);
  EXPECT_EQ(resource.completeness.allow_inexact, CompletenessSpec().allow_inexact);
  EXPECT_EQ(resource.max_rejected, fresh_resource.max_rejected);
  EXPECT_EQ(resource.write_disposition, fresh_resource.write_disposition);
  EXPECT_EQ(resource.columns[0].type.ToString(), "string");
  EXPECT_TRUE(resource.columns[0].nullable);
  EXPECT_EQ(spec.store.type, "");
  EXPECT_EQ(spec.on_dataset_failure, OnDatasetFailure::kFail);
}

TEST(ParsePipeline, SubstitutesTheEnvironment) {
  const std::string text = R"(name: ${A}-${B:-b}-${C:-}-$${D}
description: ${EMPTY:-when empty}${EMPTY}
client: {base_url: "${URL:-http://h:1}", concurrency: "${N}"} # ${COMMENT}
resources:
  - name: r
    endpoint: {path: /r, params: {"${KEY}": x}}
    formats: [csv]
    columns: [{name: id, nullable: "${FLAG}"}]
)";
  ParseOptions options;
  options.environment = {{"A", "a: {x} # y"}, {"EMPTY", ""}, {"N", "4"}, {"FLAG", "false"}};
  ASSERT_OK_AND_ASSIGN(const auto spec, ParseText(text, options));
  EXPECT_EQ(spec.name, "a: {x} # y-b--${D}") << "a value can't change the YAML around it";
  EXPECT_EQ(spec.description, "when empty");
  EXPECT_EQ(spec.client.base_url, "http://h:1");
  EXPECT_EQ(spec.client.concurrency, 4);
  EXPECT_FALSE(spec.resources[0].columns[0].nullable);
  EXPECT_EQ(spec.resources[0].endpoint.params[0].name, "${KEY}");
}

TEST(ParsePipeline, KeepsSecretsApart) {
  const std::string text = R"(name: p
client:
  base_url: http://h:1
  headers: {Authorization: "Bearer ${TOKEN}", X-Plain: "${PLAIN}"}
  auth: {type: http_basic, username: "${PLAIN}", password: "${file:/run/secret}"}
resources:
  - name: r
    endpoint:
      path: /r
      params: {api_key: "${KEY}", page_token: first, q: "${PLAIN}"}
      json: {login: {password: "${BODY}", user: "${PLAIN}"}}
    formats: [csv]
    columns: [{name: id}]
)";
  ParseOptions options;
  options.environment = {{"TOKEN", "tok"}, {"PLAIN", "plain"}, {"KEY", "key"}, {"BODY", "bod"}};
  options.read_file = [](const std::string& path) -> Result<std::string> { return "from " + path + "\n"; };
  ASSERT_OK_AND_ASSIGN(const auto spec, ParseText(text, options));
  EXPECT_THAT(spec.secrets, UnorderedElementsAre("Bearer tok", "tok", "from /run/secret", "key", "bod"));
  EXPECT_EQ(spec.client.auth->options.GetString("password"), "from /run/secret");

  const std::string hash = spec.config_hash;
  options.environment = {{"TOKEN", "other"}, {"PLAIN", "plain"}, {"KEY", "other"}, {"BODY", "other"}};
  options.read_file = [](const std::string&) -> Result<std::string> { return "other"; };
  ASSERT_OK_AND_ASSIGN(const auto other_secrets, ParseText(text, options));
  EXPECT_EQ(other_secrets.config_hash, hash);
  options.environment["PLAIN"] = "changed";
  ASSERT_OK_AND_ASSIGN(const auto other_value, ParseText(text, options));
  EXPECT_NE(other_value.config_hash, hash);
}

TEST(ParsePipeline, HashesWhatTheFileSaysNotHow) {
  ASSERT_OK_AND_ASSIGN(const auto base, ParseText(kSmall));
  EXPECT_EQ(base.config_hash.size(), 32U);
  ASSERT_OK_AND_ASSIGN(const auto same, ParseText(R"(# a comment
resource_defaults: {formats: [csv]}
resources: [{columns: [{name: "id"}], name: 'r', endpoint: {path: /r}}]
client:
    base_url: ${U:-http://h:1}
name: p
)"));
  EXPECT_EQ(same.config_hash, base.config_hash);
  ASSERT_OK_AND_ASSIGN(const auto set, ParseText(kSmall, {.overrides = {{"client.concurrency", "2"}}}));
  EXPECT_NE(set.config_hash, base.config_hash);
}

TEST(ParsePipeline, AppliesOverrides) {
  ParseOptions options;
  options.environment = {{"KEY", "k"}, {"WHAT", "from env"}};
  options.overrides = {{"client.concurrency", "5"},
                       {"client.timeouts.idle", "9s"},
                       {"description", "a: b # c"},
                       {"name", "${WHAT}"},
                       {"resources.cosas.endpoint.params.filter.name", "x"},
                       {"resources.cosas.endpoint.paginator.page_size", "500"},
                       {"resources.cosas.columns.id.type", "string"},
                       {"resources.partes.formats.csv.compression", "zstd"},
                       {"resources.1.max_rejected", "2%"},
                       {"resource_defaults.formats.csv.compression", "gzip"},
                       {"resources.partes.primary_key", "[id]"},
                       {"client.health_path", ""}};
  ASSERT_OK_AND_ASSIGN(const auto spec, ParseText(kFull, options));
  EXPECT_EQ(spec.client.concurrency, 5);
  EXPECT_EQ(spec.client.idle_timeout, Millis(9000));
  EXPECT_EQ(spec.description, "a: b # c");
  EXPECT_EQ(spec.name, "from env");
  EXPECT_EQ(spec.client.health_path, "");
  const ResourceSpec& cosas = spec.resources[0];
  EXPECT_EQ(cosas.endpoint.params[2].name, "filter.name");
  EXPECT_EQ(cosas.endpoint.paginator.options.GetInt("page_size"), 500);
  EXPECT_EQ(cosas.columns[0].type.ToString(), "string");
  EXPECT_EQ(cosas.formats[0].options.GetString("compression"), "gzip");
  EXPECT_EQ(spec.resources[1].formats[0].options.GetString("compression"), "zstd");
  EXPECT_EQ(spec.resources[1].max_rejected, 0.02);
  EXPECT_THAT(spec.resources[1].primary_key, ElementsAre("id"));
}

TEST(ParsePipeline, AnOverrideStandsInForAMissingVariable) {
  std::string text = kSmall;
  text.replace(text.find("http://h:1"), 10, "${URL}");
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, ParseText(text));
  ASSERT_OK_AND_ASSIGN(const auto spec,
                       ParseText(text, {.overrides = {{"client.base_url", "http://other:2"}}}));
  EXPECT_EQ(spec.client.base_url, "http://other:2");
}

TEST(ParsePipeline, NeverShowsAValueFromTheEnvironment) {
  ParseOptions options;
  options.environment = {{"CANARY", "c4nary"}};
  for (const char* key :
       {"client.concurrency", "client.timeouts.idle", "client.max_body", "client.base_url",
        "client.auth.type", "client.allowed_origins", "client.error_handler.backoff", "store",
        "resources.r.endpoint.paginator", "resources.r.columns.id.type", "resources.r.max_rejected",
        "resources.r.explode.resource", "resources.r.primary_key", "resources.r.formats.csv.compression",
        "resources.r.endpoint.method", "resources.r.columns.id.nullable", "on_dataset_failure",
        "client.secret", "resources.r.endpoint.record_path"}) {
    options.overrides = {{key, "${CANARY}"}};
    const auto spec = ParseText(kSmall, options);
    ASSERT_FALSE(spec.ok()) << key;
    EXPECT_THAT(spec.status().ToString(), Not(HasSubstr("c4nary"))) << key;
  }
}

TEST(ParsePipelineFile, ReadsTheShippedPipelines) {
  for (const std::string name : {"productos", "ordenes", "proveedores"}) {
    const std::string path = fmt::format("{}/ingesta-{}/pipeline.yaml", INGESTA_SOURCE_DIR, name);
    ASSERT_OK_AND_ASSIGN(const auto spec, ParsePipelineFile(path, TestKinds(), {}));
    EXPECT_EQ(spec.name, name);
    EXPECT_EQ(spec.file, path);
    ASSERT_FALSE(spec.resources.empty());
    const ResourceSpec& first = spec.resources[0];
    EXPECT_EQ(first.name, name);
    EXPECT_EQ(first.endpoint.paginator.type, "page_number");
    EXPECT_EQ(first.endpoint.paginator.options.GetInt("base_page"), name == "ordenes" ? 0 : 1);
    EXPECT_FALSE(first.completeness.total_path.empty());
    EXPECT_THAT(first.primary_key, ElementsAre("id"));
    EXPECT_EQ(first.formats.size(), 4U);
  }
}

TEST(ParsePipelineFile, ReadsTheSuitesBesideIt) {
  char name[] = "/tmp/ingesta-suite-files-XXXXXX";
  const std::string folder = mkdtemp(name);
  const std::string path = folder + "/pipeline.yaml";
  ASSERT_OK(AtomicWriteFile(path, std::string(kSmall) + "    expectations: [a.json, b.json]\n"));
  std::vector<Diagnostic> diagnostics;
  ASSERT_OK(AtomicWriteFile(folder + "/a.json", "{\"name\": \"a\"}"));
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, ParsePipelineFile(path, TestKinds(), {}, &diagnostics));
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].line, 8);
  EXPECT_EQ(diagnostics[0].column, 28);
  EXPECT_THAT(diagnostics[0].message, HasSubstr("b.json"));
  ASSERT_OK(AtomicWriteFile(folder + "/b.json", "{}"));
  ASSERT_OK_AND_ASSIGN(const auto spec, ParsePipelineFile(path, TestKinds(), {}));
  const std::vector<SuiteFile>& suites = spec.resources[0].expectations;
  ASSERT_EQ(suites.size(), 2U);
  EXPECT_EQ(suites[0].name, "a.json");
  EXPECT_EQ(suites[0].path, folder + "/a.json");
  EXPECT_EQ(suites[0].text, "{\"name\": \"a\"}");
  EXPECT_EQ(suites[1].place, path + ":8:28");
  ASSERT_OK(AtomicWriteFile(folder + "/b.json", "{ }"));
  ASSERT_OK_AND_ASSIGN(const auto changed, ParsePipelineFile(path, TestKinds(), {}));
  EXPECT_NE(spec.config_hash, changed.config_hash) << "the hash covers what is in the suites";
  std::filesystem::remove_all(folder);
}

TEST(ParsePipelineFile, TakesTheServiceFromTheEnvironment) {
  const std::string path = fmt::format("{}/ingesta-ordenes/pipeline.yaml", INGESTA_SOURCE_DIR);
  ASSERT_OK_AND_ASSIGN(
      const auto spec,
      ParsePipelineFile(path, TestKinds(), {.environment = {{"ORDENES_SERVICE_URL", "http://o:9"}}}));
  EXPECT_EQ(spec.client.base_url, "http://o:9");
  ASSERT_EQ(spec.resources.size(), 3U);
  EXPECT_EQ(spec.resources[1].explode->resource, "ordenes");
  EXPECT_THAT(spec.resources[1].primary_key, ElementsAre("id"));
}

TEST(ParsePipelineFile, NamesAFileThatIsNotThere) {
  std::vector<Diagnostic> diagnostics;
  const auto spec = ParsePipelineFile("/nowhere/pipeline.yaml", TestKinds(), {}, &diagnostics);
  EXPECT_ERROR_CODE(ErrorCode::kInvalidConfig, spec.status());
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].line, 0);
  EXPECT_THAT(spec.status().message(), HasSubstr("/nowhere/pipeline.yaml"));
}

}  // namespace
}  // namespace ingesta::config
