// A catalog of kinds for tests, with one option of every type; resembles the real one, which only builtin/
// can see.
#pragma once

#include "ingesta/config/options.h"

namespace ingesta::config {

inline OptionSpec TestOption(std::string name, OptionType type,
                             std::optional<OptionValue> fallback = std::nullopt) {
  return {.name = name,
          .type = type,
          .summary = "Summary of " + name,
          .summary_es = "Resumen de " + name,
          .default_value = std::move(fallback)};
}

inline KindSpec TestKind(std::string name, std::vector<OptionSpec> options = {}) {
  return {name, "Summary of " + name, "Resumen de " + name, std::move(options)};
}

inline KindCatalog TestKinds() {
  const auto required = [](OptionSpec option) {
    option.required = true;
    return option;
  };
  const auto at_least = [](OptionSpec option, int64_t min) {
    option.min = min;
    return option;
  };
  const auto choices = [](std::string name, std::vector<std::string> values) {
    OptionSpec option = TestOption(std::move(name), OptionType::kEnum, values.front());
    option.choices = std::move(values);
    return option;
  };
  using Type = OptionType;
  const OptionSpec size = at_least(TestOption("page_size", Type::kInt), 1);
  const OptionSpec size_param = TestOption("page_size_param", Type::kString);
  const OptionSpec total = TestOption("total_path", Type::kString);
  KindCatalog kinds;
  kinds.paginators = {
      TestKind("page_number", {at_least(TestOption("base_page", Type::kInt, int64_t{1}), 0),
                               TestOption("page_param", Type::kString, std::string("page")), size, size_param,
                               total, TestOption("total_pages_path", Type::kString),
                               TestOption("stop_after_empty_page", Type::kBool, true),
                               at_least(TestOption("maximum_page", Type::kInt), 0)}),
      TestKind("offset", {TestOption("offset_param", Type::kString, std::string("offset")),
                          TestOption("limit_param", Type::kString, std::string("limit")), size, total}),
      TestKind("cursor",
               {required(TestOption("cursor_path", Type::kString)),
                TestOption("cursor_param", Type::kString, std::string("cursor")), size, size_param}),
      TestKind("json_link", {TestOption("next_url_path", Type::kString, std::string("next"))}),
      TestKind("header_link"),
      TestKind("single_page")};
  kinds.auths = {
      TestKind("bearer", {required(TestOption("token", Type::kSecret))}),
      TestKind("api_key",
               {required(TestOption("name", Type::kString)), required(TestOption("api_key", Type::kSecret)),
                choices("location", {"header", "query"})}),
      TestKind("http_basic", {required(TestOption("username", Type::kString)),
                              required(TestOption("password", Type::kSecret))}),
      TestKind("oauth2_client_credentials", {required(TestOption("access_token_url", Type::kString)),
                                             required(TestOption("client_id", Type::kString)),
                                             required(TestOption("client_secret", Type::kSecret)),
                                             TestOption("scopes", Type::kStringList)})};
  kinds.backoffs = {TestKind("exponential", {TestOption("base", Type::kDuration, Millis(500)),
                                             TestOption("cap", Type::kDuration, Millis(60'000)),
                                             TestOption("factor", Type::kDouble, 2.0)}),
                    TestKind("constant", {TestOption("wait", Type::kDuration, Millis(1000))}),
                    TestKind("wait_time_from_header", {required(TestOption("header", Type::kString))})};
  kinds.formats = {TestKind("csv", {choices("compression", {"none", "gzip", "zstd"})}),
                   TestKind("json", {choices("records", {"source", "columns"})}),
                   TestKind("parquet", {choices("compression", {"zstd", "snappy", "gzip", "none"})}),
                   TestKind("iceberg")};
  kinds.stores = {TestKind("local", {TestOption("path", Type::kString)}),
                  TestKind("s3", {TestOption("bucket", Type::kString), TestOption("prefix", Type::kString),
                                  TestOption("path_style", Type::kBool),
                                  TestOption("part_size", Type::kSize, int64_t{8} << 20)})};
  kinds.catalogs = {TestKind("filesystem"), TestKind("glue", {TestOption("database", Type::kString)})};
  return kinds;
}

}  // namespace ingesta::config
