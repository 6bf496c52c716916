// What GX 1.24 has and is not checked here, with the reason.
#include "ingesta/expect/families.h"

namespace ingesta::expect {

std::vector<UnsupportedKind> UnsupportedKinds() {
  const std::string sql = "it needs a SQL engine: GX's pandas engine does not have it either";
  const std::string sql_es = "necesita un motor SQL: el motor pandas de GX tampoco la tiene";
  const std::string undone = "GX 1.24 itself only has its name: it raises NotImplementedError";
  const std::string undone_es = "GX 1.24 solo tiene su nombre: lanza NotImplementedError";
  std::vector<UnsupportedKind> kinds;
  for (const char* type :
       {"expect_column_values_to_match_like_pattern", "expect_column_values_to_not_match_like_pattern",
        "expect_column_values_to_match_like_pattern_list",
        "expect_column_values_to_not_match_like_pattern_list"}) {
    kinds.push_back({type, sql + "; a regular expression says the same",
                     sql_es + "; una expresión regular dice lo mismo"});
  }
  for (const char* type : {"expect_table_row_count_to_equal_other_table",
                           "expect_query_results_to_match_comparison", "unexpected_rows_expectation"}) {
    kinds.push_back({type, sql, sql_es});
  }
  for (const char* type : {"expect_column_bootstrapped_ks_test_p_value_to_be_greater_than",
                           "expect_column_chi_square_test_p_value_to_be_greater_than",
                           "expect_column_chisquare_test_p_value_to_be_greater_than",
                           "expect_column_pair_cramers_phi_value_to_be_less_than",
                           "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than"}) {
    kinds.push_back({type, undone, undone_es});
  }
  kinds.push_back(
      {"expect_multicolumn_values_to_be_unique",
       "GX 1.24 does not register it; its successor is "
       "expect_select_column_values_to_be_unique_within_record",
       "GX 1.24 no la registra; la sucede expect_select_column_values_to_be_unique_within_record"});
  kinds.push_back({"expect_column_values_to_be_dateutil_parseable",
                   "what dateutil takes for a date is guesswork of that library; "
                   "expect_column_values_to_match_strftime_format says which form is meant",
                   "lo que dateutil toma por fecha es conjetura de esa biblioteca; "
                   "expect_column_values_to_match_strftime_format dice qué forma se espera"});
  kinds.push_back({"expect_column_values_to_match_json_schema", "JSON Schema is not built in",
                   "JSON Schema no está incorporado"});
  kinds.push_back({"expect_column_kl_divergence_to_be_less_than",
                   "partitions of distributions are not built in",
                   "las particiones de distribuciones no están incorporadas"});
  return kinds;
}

}  // namespace ingesta::expect
