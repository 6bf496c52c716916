#include "ingesta/commands/summary.h"

#include <gmock/gmock.h>

#include "ingesta/commands/text_table.h"

namespace ingesta::commands {
namespace {

using pipeline::DatasetFile;
using pipeline::DatasetRecord;
using pipeline::RunOutcome;
using ::testing::HasSubstr;
using ::testing::Not;

DatasetFile File(const std::string& format, const std::string& key) {
  DatasetFile file;
  file.format = format;
  file.key = key;
  file.bytes = 1024;
  return file;
}

RunOutcome Outcome(const std::vector<std::string>& datasets) {
  RunOutcome outcome;
  outcome.record.pipeline = "p";
  outcome.record.run_id = "r1";
  outcome.record.store = "s3://lake";
  outcome.record.catalog = "filesystem";
  for (const std::string& name : datasets) {
    DatasetRecord dataset;
    dataset.name = name;
    dataset.files = {File("csv", name + "/" + name + "_20261124_020000.csv"),
                     File("iceberg", "iceberg/" + name + "/data/20261124_020000_r1-00001.parquet"),
                     File("iceberg", "iceberg/" + name + "/data/20261124_020000_r1-00002.parquet")};
    outcome.record.datasets.push_back(dataset);
    outcome.record.tables.push_back({.dataset = name,
                                     .table = name,
                                     .kind = "iceberg",
                                     .change = "replaced",
                                     .rows = 1234,
                                     .snapshot = "1"});
  }
  return outcome;
}

TEST(Summary, NamesDataFilesByTheirFolder) {
  const std::string text = FormatSummary({Outcome({"productos"})}, /*color=*/false);
  EXPECT_THAT(text, HasSubstr("  files in s3://lake\n"
                              "    productos/productos_20261124_020000.csv\n"
                              "    iceberg/productos/ (2 files, 2.0 KiB)\n"));
  EXPECT_THAT(text, Not(HasSubstr("00001.parquet")));
}

TEST(Summary, NamesTheExpectationsThatAreNotMet) {
  RunOutcome outcome = Outcome({"productos"});
  outcome.record.datasets.front().expectations = {{.suite = "productos",
                                                   .file = {},
                                                   .met = 12,
                                                   .total = 14,
                                                   .failure = {},
                                                   .unmet = {{.type = "expect_column_values_to_be_unique",
                                                              .subject = "sku",
                                                              .policy = "warn",
                                                              .finding = "3 of 9"},
                                                             {.type = "expect_table_row_count_to_equal",
                                                              .subject = "",
                                                              .policy = "warn",
                                                              .finding = "observed 9"}}}};
  EXPECT_THAT(FormatSummary({outcome}, false),
              HasSubstr("  productos: 12 of 14 expectations met\n"
                        "    warn        expect_column_values_to_be_unique sku: 3 of 9\n"
                        "    warn        expect_table_row_count_to_equal: observed 9\n"));
}

TEST(Summary, PutsTheTablesOnALineWhereTheyFit) {
  EXPECT_THAT(
      FormatSummary({Outcome({"productos", "categorias"})}, false),
      HasSubstr(
          "  tables (filesystem): productos 1,234 rows (replaced), categorias 1,234 rows (replaced)\n"));
  EXPECT_THAT(
      FormatSummary({Outcome({"productos", "categorias", "proveedores", "clientes"})}, false),
      HasSubstr("  tables (filesystem):\n    productos 1,234 rows (replaced)\n    categorias 1,234 rows"));
  RunOutcome none = Outcome({"productos"});
  none.record.tables.clear();
  EXPECT_THAT(FormatSummary({none}, false), Not(HasSubstr("tables")));
}

TEST(Summary, TellsGluesTablesByWhatBecameOfThem) {
  RunOutcome outcome = Outcome({"productos"});
  for (const auto& [kind, change] :
       {std::pair("csv", "created"), std::pair("json", "created"), std::pair("parquet", "updated"),
        std::pair("actual", "unchanged"), std::pair("historial", "unchanged")}) {
    outcome.record.tables.push_back({.dataset = "productos",
                                     .table = std::string("productos_") + kind,
                                     .kind = kind,
                                     .change = change,
                                     .rows = -1,
                                     .snapshot = ""});
  }
  EXPECT_THAT(FormatSummary({outcome}, false),
              HasSubstr("productos 1,234 rows (replaced), _csv, _json (created), _parquet (updated), "
                        "2 more (unchanged)\n"));
}

TEST(TextTable, AlignsByWhatATerminalShows) {
  TextTable table({"name", ">rows", "in"});
  table.Add({"año", "1,234", "a"});
  table.Add({"productos", "5", ""});
  EXPECT_EQ(table.ToString("  ", false),
            "  name        rows  in\n"
            "  año        1,234  a\n"
            "  productos      5\n");
  EXPECT_THAT(table.ToString("", true), HasSubstr("\x1b[2mname"));
}

}  // namespace
}  // namespace ingesta::commands
