#include "ingesta/config/schema_parts.h"

namespace ingesta::config {
namespace {

constexpr int64_t kDay = 86'400'000;

Schema Timeouts() {
  return {.key = "timeouts",
          .type = SchemaType::kMap,
          .summary = "How long to wait for the service",
          .summary_es = "Cuánto se espera al servicio",
          .children = {{.key = "connect",
                        .type = SchemaType::kDuration,
                        .summary = "Longest wait for a connection",
                        .summary_es = "Espera máxima para conectar",
                        .default_value = Millis(10'000),
                        .min = 1,
                        .max = kDay},
                       {.key = "idle",
                        .type = SchemaType::kDuration,
                        .summary = "Longest wait without a byte, the first one included",
                        .summary_es = "Espera máxima sin recibir un byte, el primero incluido",
                        .default_value = Millis(60'000),
                        .min = 1,
                        .max = kDay},
                       {.key = "total",
                        .type = SchemaType::kDuration,
                        .summary = "Longest time of one request, whatever trickles in",
                        .summary_es = "Duración máxima de una petición, aunque sigan llegando datos",
                        .default_value = Millis(600'000),
                        .min = 1,
                        .max = kDay}}};
}

Schema ResponseFilters() {
  Schema filter{.type = SchemaType::kMap,
                .children = {{.key = "http_codes",
                              .type = SchemaType::kIntList,
                              .summary = "Status codes that the filter is for",
                              .summary_es = "Códigos de estado a los que se aplica el filtro",
                              .min = 100,
                              .max = 599},
                             {.key = "error_message_contains",
                              .summary = "Text in the answer's body that the filter is for",
                              .summary_es = "Texto en el cuerpo de la respuesta al que se aplica el filtro"},
                             {.key = "action",
                              .type = SchemaType::kEnum,
                              .summary = "What to do with such an answer",
                              .summary_es = "Qué hacer con una respuesta así",
                              .required = true,
                              .choices = {"success", "fail", "retry", "ignore", "rate_limited",
                                          "refresh_token_then_retry"}}}};
  return {.key = "response_filters",
          .type = SchemaType::kList,
          .summary =
              "What answers mean; the first filter that matches counts. Without one 2xx is a success and "
              "408, 425, 429, 500, 502, 503 and 504 are tried again",
          .summary_es =
              "Qué significan las respuestas; vale el primer filtro que coincide. Sin ninguno, 2xx es éxito "
              "y 408, 425, 429, 500, 502, 503 y 504 se reintentan",
          .children = {std::move(filter)}};
}

Schema ErrorHandler(const KindCatalog& kinds) {
  return {.key = "error_handler",
          .type = SchemaType::kMap,
          .summary = "What to do when a request fails",
          .summary_es = "Qué hacer cuando falla una petición",
          .children = {ResponseFilters(),
                       ComponentKey({.key = "backoff",
                                     .summary = "How long to wait before another try",
                                     .summary_es = "Cuánto se espera antes de reintentar",
                                     .default_kind = "exponential"},
                                    kinds.backoffs, {}),
                       {.key = "max_retries",
                        .type = SchemaType::kInt,
                        .summary = "Most further tries of one request",
                        .summary_es = "Máximo de reintentos de una petición",
                        .default_value = int64_t{5},
                        .min = 0,
                        .max = 100},
                       {.key = "max_elapsed",
                        .type = SchemaType::kDuration,
                        .summary = "Longest time that one request may take, all its tries together",
                        .summary_es = "Duración máxima de una petición con todos sus reintentos",
                        .default_value = Millis(900'000),
                        .min = 1,
                        .max = 7 * kDay},
                       {.key = "retry_budget",
                        .type = SchemaType::kInt,
                        .summary = "Retries of the whole run beyond the first of each request",
                        .summary_es = "Reintentos de toda la ejecución además del primero de cada petición",
                        .default_value = int64_t{100},
                        .min = 0,
                        .max = 1'000'000}}};
}

Schema ApiBudget() {
  Schema rate{.type = SchemaType::kMap,
              .children = {{.key = "limit",
                            .type = SchemaType::kInt,
                            .summary = "Requests allowed in an interval",
                            .summary_es = "Peticiones permitidas por intervalo",
                            .required = true,
                            .min = 1,
                            .max = 1'000'000},
                           {.key = "interval",
                            .type = SchemaType::kDuration,
                            .summary = "Length of the interval",
                            .summary_es = "Duración del intervalo",
                            .required = true,
                            .min = 1,
                            .max = kDay}}};
  Schema rates{.key = "rates",
               .type = SchemaType::kList,
               .summary = "The rate; this version takes one",
               .summary_es = "El ritmo; esta versión admite uno",
               .required = true,
               .children = {std::move(rate)}};
  Schema policy{.type = SchemaType::kMap, .children = {std::move(rates), LaterKey("matchers")}};
  Schema policies{.key = "policies",
                  .type = SchemaType::kList,
                  .summary = "The policy; this version takes one",
                  .summary_es = "La política; esta versión admite una",
                  .required = true,
                  .children = {std::move(policy)}};
  return {.key = "api_budget",
          .type = SchemaType::kMap,
          .summary = "How many requests the service allows",
          .summary_es = "Cuántas peticiones permite el servicio",
          .children = {std::move(policies)}};
}

void AddLimits(std::vector<Schema>& keys) {
  keys.push_back({.key = "concurrency",
                  .type = SchemaType::kInt,
                  .summary = "Most requests at once",
                  .summary_es = "Máximo de peticiones a la vez",
                  .default_value = int64_t{8},
                  .min = 1,
                  .max = 256});
  keys.push_back({.key = "max_body",
                  .type = SchemaType::kSize,
                  .summary = "Largest answer, after decompression",
                  .summary_es = "Respuesta más grande, ya descomprimida",
                  .default_value = int64_t{256} << 20,
                  .min = 1 << 10,
                  .max = int64_t{1} << 40});
  keys.push_back({.key = "max_decompressed_ratio",
                  .type = SchemaType::kInt,
                  .summary = "How many times its size a compressed answer may grow",
                  .summary_es = "Cuántas veces su tamaño puede crecer una respuesta comprimida",
                  .default_value = int64_t{200},
                  .min = 1,
                  .max = 100'000});
}

}  // namespace

Schema ClientSchema(const KindCatalog& kinds) {
  Schema client{.key = "client",
                .type = SchemaType::kMap,
                .summary = "The service and how to talk to it",
                .summary_es = "El servicio y cómo hablar con él",
                .required = true};
  auto& keys = client.children;
  keys.push_back({.key = "base_url",
                  .summary = "Absolute http or https URL that the paths follow",
                  .summary_es = "URL http o https absoluta a la que siguen las rutas",
                  .required = true});
  keys.push_back({.key = "headers",
                  .type = SchemaType::kTextMap,
                  .summary = "Header fields of every request",
                  .summary_es = "Cabeceras de todas las peticiones",
                  .secret_names = true});
  keys.push_back(ComponentKey({.key = "auth",
                               .summary = "How requests prove who asks",
                               .summary_es = "Cómo se identifican las peticiones"},
                              kinds.auths, {"oauth2_refresh_token", "aws_sigv4"}));
  keys.push_back({.key = "health_path",
                  .summary = "Path that `ingesta check` asks to see whether the service is up",
                  .summary_es = "Ruta que consulta `ingesta check` para ver si el servicio responde",
                  .default_value = std::string()});
  keys.push_back(Timeouts());
  AddLimits(keys);
  keys.push_back(
      {.key = "allowed_origins",
       .type = SchemaType::kStringList,
       .summary =
           "Other origins that redirects and next links may lead to, such as `https://cdn.example.com`",
       .summary_es =
           "Otros orígenes a los que pueden llevar redirecciones y enlaces, como `https://cdn.example.com`",
       .default_value = std::vector<std::string>()});
  keys.push_back(ErrorHandler(kinds));
  keys.push_back(ApiBudget());
  return client;
}

}  // namespace ingesta::config
