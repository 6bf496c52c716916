#include "ingesta/builtin/backoff.h"

namespace ingesta::builtin {

using config::KindSpec;
using config::OptionSpec;
using config::OptionType;

std::vector<KindSpec> BackoffKinds() {
  const http::RetryPolicy defaults;
  return {
      KindSpec{.name = "exponential",
               .summary = "Wait a random time up to base * 2^n, at most cap; Retry-After is honoured",
               .summary_es =
                   "Espera un tiempo aleatorio de hasta base * 2^n, como máximo cap; respeta Retry-After",
               .options = {OptionSpec{.name = "base",
                                      .type = OptionType::kDuration,
                                      .summary = "Longest wait before the first retry",
                                      .summary_es = "Espera máxima antes del primer reintento",
                                      .default_value = defaults.base},
                           OptionSpec{.name = "cap",
                                      .type = OptionType::kDuration,
                                      .summary = "Longest wait at all",
                                      .summary_es = "Espera máxima en cualquier caso",
                                      .default_value = defaults.cap}}},
      KindSpec{.name = "constant",
               .summary = "Wait the same time before each retry; Retry-After is honoured",
               .summary_es = "Espera lo mismo antes de cada reintento; respeta Retry-After",
               .options = {OptionSpec{.name = "wait",
                                      .type = OptionType::kDuration,
                                      .summary = "The wait",
                                      .summary_es = "La espera",
                                      .default_value = Millis(5'000)}}},
      KindSpec{.name = "wait_time_from_header",
               .summary = "Wait as a header of the answer says, else exponentially",
               .summary_es = "Espera lo que diga una cabecera de la respuesta; si falta, exponencial",
               .options = {OptionSpec{.name = "header",
                                      .type = OptionType::kString,
                                      .summary = "Name of the header",
                                      .summary_es = "Nombre de la cabecera",
                                      .required = true},
                           OptionSpec{
                               .name = "is_time",
                               .type = OptionType::kBool,
                               .summary = "The header holds a Unix time, not seconds to wait",
                               .summary_es = "La cabecera trae una hora Unix en lugar de segundos de espera",
                               .default_value = false}}},
  };
}

http::RetryPolicy MakeRetryPolicy(const config::ClientSpec& client) {
  http::RetryPolicy policy;
  policy.max_retries = client.max_retries;
  policy.max_elapsed = client.max_elapsed;
  const config::Options& options = client.backoff.options;
  if (client.backoff.type == "exponential") {
    policy.base = options.GetDuration("base");
    policy.cap = options.GetDuration("cap");
  } else if (client.backoff.type == "constant") {
    policy.constant = true;
    policy.base = options.GetDuration("wait");
  } else if (client.backoff.type == "wait_time_from_header") {
    policy.wait_header = options.GetString("header");
    policy.wait_header_is_time = options.GetBool("is_time");
  }
  return policy;
}

}  // namespace ingesta::builtin
