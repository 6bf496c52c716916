#include "ingesta/demo/services.h"

#include <simdjson.h>

#include <regex>
#include <thread>

#include "ingesta/demo/wire_client.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::demo {
namespace {

std::unique_ptr<DemoServices> MustStart(DemoOptions options) {
  Result<std::unique_ptr<DemoServices>> services = DemoServices::Start(options);
  EXPECT_TRUE(services.ok()) << services.status().ToString();
  return std::move(services).ValueOrDie();
}

class ServicesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { services_ = MustStart({.rows = 20'000, .faults = {}}); }
  static void TearDownTestSuite() { services_.reset(); }

  static Reply Productos(std::string_view target) { return Fetch(services_->productos_url(), target); }
  static Reply Ordenes(std::string_view target) { return Fetch(services_->ordenes_url(), target); }
  static Reply Proveedores(std::string_view target) { return Fetch(services_->proveedores_url(), target); }

  static std::unique_ptr<DemoServices> services_;
};
std::unique_ptr<DemoServices> ServicesTest::services_;

/// A head with what differs from answer to answer blanked.
std::string Blanked(std::string head) {
  head = std::regex_replace(head, std::regex("Date: [^\r]*GMT"), "Date: D");
  head = std::regex_replace(head, std::regex("ETag: W/\"[0-9a-f]+-[A-Za-z0-9+/]{27}\""), "ETag: E");
  return std::regex_replace(head, std::regex("Content-Length: [1-9][0-9]*"), "Content-Length: N");
}

/// The keys of a JSON object in their order, `key:type`, those of nested objects in brackets.
std::string Outline(simdjson::dom::element element) {
  if (simdjson::dom::array array; element.get(array) == simdjson::SUCCESS) {
    return array.size() == 0 ? "[]" : "[" + Outline(*array.begin()) + "]";
  }
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS)
    return element.is_string() ? "s" : element.is_number() ? "n" : "?";
  std::string outline;
  for (const auto field : object) {
    outline += (outline.empty() ? "" : " ") + std::string(field.key) + ":" + Outline(field.value);
  }
  return "{" + outline + "}";
}

std::string OutlineOf(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  EXPECT_EQ(simdjson::SUCCESS, parser.parse(body).get(element)) << body.substr(0, 300);
  return Outline(element);
}

int64_t Number(const std::string& body, const char* key) {
  simdjson::dom::parser parser;
  int64_t value = -1;
  EXPECT_EQ(simdjson::SUCCESS, parser.parse(body)[key].get(value)) << key << ": " << body.substr(0, 300);
  return value;
}

size_t Count(const std::string& body, const char* key) {
  simdjson::dom::parser parser;
  simdjson::dom::array rows;
  EXPECT_EQ(simdjson::SUCCESS, parser.parse(body)[key].get(rows)) << body.substr(0, 300);
  return rows.size();
}

TEST_F(ServicesTest, ProductosAnswersAsFlask) {
  const Reply reply = Productos("/api/productos?page=1&per_page=3");
  EXPECT_EQ(
      "HTTP/1.1 200 OK\r\nServer: Werkzeug/3.1.9 Python/3.11.7\r\nDate: D\r\nContent-Type: "
      "application/json\r\n"
      "Content-Length: N\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n",
      Blanked(reply.head));
  EXPECT_EQ(
      "{current_page:n pages:n productos:[{categoria:s descripcion:s fecha_actualizacion:s fecha_creacion:s "
      "id:n "
      "nombre:s precio:n proveedor:s sku:s stock:n}] total:n}",
      OutlineOf(reply.body));
  EXPECT_TRUE(reply.body.starts_with(
      "{\n  \"current_page\": 1,\n  \"pages\": 6667,\n  \"productos\": [\n    {\n      "
      "\"categoria\": \""))
      << reply.body;
  EXPECT_TRUE(reply.body.ends_with("\n    }\n  ],\n  \"total\": 20000\n}\n")) << reply.body;
}

TEST_F(ServicesTest, FlaskClosesAfterEachAnswer) {
  WireClient client(services_->productos_url());
  EXPECT_EQ(200, client.Get("/health").status);
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(ServicesTest, FlaskEscapesAllButAscii) {
  const Reply reply = Productos("/api/categorias");
  EXPECT_NE(std::string::npos,
            reply.body.find("\"nombre\": \"\\u65e5\\u672c\\u98df\\u54c1 \\ud83c\\udf63\""));
  EXPECT_NE(std::string::npos, reply.body.find("\"descripcion\": null"));
  EXPECT_TRUE(std::all_of(reply.body.begin(), reply.body.end(),
                          [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
  EXPECT_EQ("[{descripcion:s id:n nombre:s}]", OutlineOf(reply.body));
}

TEST_F(ServicesTest, OrdenesAnswersAsSpring) {
  WireClient client(services_->ordenes_url());
  const Reply reply = client.Get("/api/ordenes?page=0&size=3");
  EXPECT_EQ(
      "HTTP/1.1 200 \r\nVary: Origin\r\nVary: Access-Control-Request-Method\r\nVary: "
      "Access-Control-Request-Headers\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\nDate: D\r\n",
      Blanked(reply.head));
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(std::string::npos, reply.body.find('\n'));
  EXPECT_TRUE(
      reply.body.starts_with("{\"totalItems\":10000,\"ordenes\":[{\"id\":10058,\"numeroOrden\":\"ORD-"));
  EXPECT_TRUE(reply.body.ends_with("],\"totalPages\":3334,\"currentPage\":0}"));
  EXPECT_EQ(200, client.Get("/api/health").status) << "the connection stays";
}

TEST_F(ServicesTest, OrdenesHaveTheFieldsOfTheContract) {
  const Reply reply = Ordenes("/api/ordenes?page=0&size=1000");
  EXPECT_NE(std::string::npos, reply.body.find("\"metodoPago\":\"EFECTIVO\",\"direccionEnvio\":\""))
      << "order of fields";
  simdjson::dom::parser parser;
  simdjson::dom::array ordenes;
  ASSERT_EQ(simdjson::SUCCESS, parser.parse(reply.body)["ordenes"].get(ordenes));
  size_t full = 0;
  int64_t last = INT64_MAX;
  for (const simdjson::dom::element orden : ordenes) {
    int64_t id = 0;
    ASSERT_EQ(simdjson::SUCCESS, orden["id"].get(id));
    EXPECT_LT(id, last);
    last = id;
    full += Outline(orden) ==
                    "{id:n numeroOrden:s fechaOrden:s fechaEntrega:s estado:s total:n metodoPago:s "
                    "direccionEnvio:s "
                    "detalles:[{id:n productoId:n nombreProducto:s cantidad:n precioUnitario:n subtotal:n}] "
                    "clienteId:n clienteNombre:s}"
                ? 1
                : 0;
  }
  EXPECT_GT(full, 100U) << "fechaEntrega is null in most";
}

TEST_F(ServicesTest, ClientesComeInOneStreamWithTheirOrdenes) {
  const Reply reply = Ordenes("/api/clientes");
  ASSERT_TRUE(reply.complete);
  EXPECT_GT(reply.body.size(), 5'000'000U);
  std::string expected = "[";
  services_->world().ForEach(Dataset::kClientes, [&](const std::string&, const std::string& json) {
    expected.append(expected.size() > 1 ? "," : "").append(json);
  });
  EXPECT_TRUE(reply.body == expected + "]") << "the stream differs from the records";
}

TEST_F(ServicesTest, ProveedoresAnswersAsExpress) {
  WireClient client(services_->proveedores_url());
  const Reply reply = client.Get("/api/proveedores?page=1&limit=3");
  EXPECT_EQ(
      "HTTP/1.1 200 OK\r\nX-Powered-By: Express\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: "
      "application/json; "
      "charset=utf-8\r\nContent-Length: N\r\nETag: E\r\nDate: D\r\nConnection: keep-alive\r\nKeep-Alive: "
      "timeout=5\r\n",
      Blanked(reply.head));
  EXPECT_EQ(
      "{proveedores:[{direccion:{calle:s ciudad:s estado:s pais:s codigoPostal:s} contacto:{nombre:s cargo:s "
      "telefono:s email:s} condicionesPago:{diasCredito:n metodoPago:s} estadisticas:{totalOrdenes:n "
      "ordenesCompletadas:n ordenesPendientes:n montoTotal:n} _id:s nombre:s ruc:s email:s telefono:s "
      "categorias:[s] "
      "calificacion:n estado:s estadoEntrega:s fechaRegistro:s ultimaActualizacion:s createdAt:s updatedAt:s "
      "__v:n}] "
      "currentPage:n totalPages:n totalItems:n}",
      OutlineOf(reply.body));
  EXPECT_TRUE(reply.body.ends_with("],\"currentPage\":1,\"totalPages\":1667,\"totalItems\":5000}"));
  EXPECT_EQ(200, client.Get("/health").status) << "the connection stays";
}

TEST_F(ServicesTest, ExpressKnowsWhatIsNotModified) {
  const Reply first = Proveedores("/api/proveedores?page=2&limit=10");
  const size_t at = first.head.find("ETag: ") + 6;
  const std::string etag = first.head.substr(at, first.head.find("\r\n", at) - at);
  const Reply second = Fetch(services_->proveedores_url(), "/api/proveedores?page=2&limit=10",
                             "If-None-Match: " + etag + "\r\n");
  EXPECT_EQ(304, second.status);
  EXPECT_EQ("", second.body);
}

TEST_F(ServicesTest, QuirksOfProductosPages) {
  struct Case {
    const char* target;
    int64_t page;
    size_t rows;
  };
  const Case cases[] = {
      {"/api/productos", 1, 20},
      {"/api/productos?page=abc&per_page=5", 1, 5},
      {"/api/productos?page=0&per_page=5", 1, 5},
      {"/api/productos?page=-1&per_page=5", 1, 5},
      {"/api/productos?page=2&per_page=0", 2, 20},
      {"/api/productos?page=201&per_page=100", 201, 0},
      {"/api/productos?page=9000000000000000000&per_page=100", 9'000'000'000'000'000'000, 0},
      {"/api/productos?page=1&per_page=100000", 1, 20'000},
  };
  for (const Case& c : cases) {
    const Reply reply = Productos(c.target);
    EXPECT_EQ(200, reply.status) << c.target;
    EXPECT_EQ(c.page, Number(reply.body, "current_page")) << c.target;
    EXPECT_EQ(c.rows, Count(reply.body, "productos")) << c.target;
  }
}

TEST_F(ServicesTest, QuirksOfOrdenesPages) {
  EXPECT_EQ(R"({"totalItems":10000,"ordenes":[],"totalPages":100,"currentPage":100})",
            Ordenes("/api/ordenes?page=100&size=100").body);
  struct Case {
    const char* target;
    int status;
    const char* error;
  };
  const Case cases[] = {
      {"/api/ordenes?page=abc", 400, "Bad Request"},
      {"/api/ordenes?size=abc", 400, "Bad Request"},
      {"/api/ordenes?page=-1", 500, "Internal Server Error"},
      {"/api/ordenes?size=0", 500, "Internal Server Error"},
      {"/api/ordenes?page=2000000000&size=100", 500, "Internal Server Error"},
      {"/api/ordenes/abc", 400, "Bad Request"},
  };
  for (const Case& c : cases) {
    const Reply reply = Ordenes(c.target);
    EXPECT_EQ(c.status, reply.status) << c.target;
    EXPECT_EQ("{timestamp:s status:n error:s path:s}", OutlineOf(reply.body));
    EXPECT_NE(std::string::npos, reply.body.find(c.error)) << reply.body;
    EXPECT_NE(std::string::npos, reply.head.find("Connection: close\r\n"));
  }
  EXPECT_EQ(10U, Count(Ordenes("/api/ordenes").body, "ordenes"));
}

TEST_F(ServicesTest, QuirksOfProveedoresPages) {
  struct Case {
    const char* target;
    size_t rows;
    int64_t pages;
  };
  const Case cases[] = {
      {"/api/proveedores", 50, 100},
      {"/api/proveedores?limit=0", 50, 100},
      {"/api/proveedores?limit=-1", 1, -5000},
      {"/api/proveedores?page=abc&limit=10", 10, 500},
      {"/api/proveedores?page=51&limit=100", 0, 50},
  };
  for (const Case& c : cases) {
    const Reply reply = Proveedores(c.target);
    EXPECT_EQ(c.rows, Count(reply.body, "proveedores")) << c.target;
    EXPECT_EQ(c.pages, Number(reply.body, "totalPages")) << c.target;
  }
  EXPECT_EQ(500, Proveedores("/api/proveedores?page=-1").status);
}

TEST_F(ServicesTest, RecordsAreThoseOfThePagesAndUnknownOnesAre404) {
  ASSERT_OK_AND_ASSIGN(const std::string orden, services_->world().RecordJson(Dataset::kOrdenes, "10058"));
  EXPECT_EQ(orden, Ordenes("/api/ordenes/10058").body);
  ASSERT_OK_AND_ASSIGN(const std::string cliente, services_->world().RecordJson(Dataset::kClientes, "1"));
  EXPECT_EQ(cliente, Ordenes("/api/clientes/1").body);
  const std::string id = services_->ExpectedKeys(Dataset::kProveedores)[40];
  ASSERT_OK_AND_ASSIGN(const std::string proveedor, services_->world().RecordJson(Dataset::kProveedores, id));
  EXPECT_EQ(proveedor, Proveedores("/api/proveedores/" + id).body);
  EXPECT_TRUE(Productos("/api/productos/20049").body.starts_with("{\n  \"categoria\": "));

  const Reply producto = Productos("/api/productos/401");
  EXPECT_EQ(404, producto.status);
  EXPECT_TRUE(producto.head.starts_with("HTTP/1.1 404 NOT FOUND\r\n")) << producto.head;
  EXPECT_EQ(207U, producto.body.size()) << producto.body;
  const Reply gone = Ordenes("/api/ordenes/99999999");
  EXPECT_EQ(404, gone.status);
  EXPECT_NE(std::string::npos, gone.head.find("Content-Length: 0\r\n"));
  EXPECT_EQ("", gone.body);
  EXPECT_EQ(R"({"error":"Proveedor no encontrado"})",
            Proveedores("/api/proveedores/68e7a0000000000000000001").body);
}

TEST_F(ServicesTest, HealthAndUnknownPaths) {
  EXPECT_EQ("{service:s status:s}", OutlineOf(Productos("/health").body));
  EXPECT_EQ("{status:s service:s}", OutlineOf(Ordenes("/api/health").body));
  EXPECT_EQ("{status:s service:s}", OutlineOf(Proveedores("/health").body));
  for (const char* path : {"/", "/api", "/api/facturas", "/api/productos/1/2"}) {
    EXPECT_EQ(404, Productos(path).status) << path;
    EXPECT_EQ(404, Ordenes(path).status) << path;
    EXPECT_EQ(404, Proveedores(path).status) << path;
  }
  EXPECT_EQ(404, Productos("/api/ordenes").status) << "each service knows its own";
}

TEST_F(ServicesTest, OnlyGetIsAnswered) {
  WireClient client(services_->ordenes_url());
  client.Send("/api/ordenes", "Content-Length: 0\r\n", "POST");
  EXPECT_EQ(405, client.Read().status);
}

TEST_F(ServicesTest, CountsItsRequests) {
  const int64_t lists = services_->ListRequests(Dataset::kCategorias);
  const int64_t records = services_->RecordRequests(Dataset::kProductos);
  Productos("/api/categorias");
  Productos("/api/productos/1");
  EXPECT_EQ(lists + 1, services_->ListRequests(Dataset::kCategorias));
  EXPECT_EQ(records + 1, services_->RecordRequests(Dataset::kProductos));
}

TEST_F(ServicesTest, ServesSixtyFourConnectionsAtOnce) {
  const auto services = MustStart({.rows = 5000, .latency = Millis(50), .faults = {}});
  std::vector<std::unique_ptr<WireClient>> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(std::make_unique<WireClient>(services->ordenes_url()));
  const auto start = std::chrono::steady_clock::now();
  for (auto& client : clients) client->Send("/api/ordenes?page=1&size=10");
  for (auto& client : clients) EXPECT_EQ(10U, Count(client->Read().body, "ordenes"));
  // One after the other they would take 3.2 s.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1600));
}

TEST_F(ServicesTest, KeptPagesAreTheSameAsRenderedOnes) {
  const auto services = MustStart({.rows = 3000, .faults = {}, .page_cache_bytes = 1 << 20});
  const std::string target = "/api/productos?page=2&per_page=500";
  const std::string rendered = Fetch(services->productos_url(), target).body;
  EXPECT_EQ(rendered, Fetch(services->productos_url(), target).body);
  ASSERT_OK(services->world().Insert(Dataset::kProductos, 1));
  EXPECT_NE(rendered, Fetch(services->productos_url(), target).body) << "changes show";
}

TEST(DemoServices, StopsAtOnceWithClientsConnected) {
  const auto services = MustStart({.rows = 100, .latency = Millis(60'000), .faults = {}});
  WireClient idle(services->ordenes_url());
  EXPECT_EQ(200, idle.Get("/api/health").status);
  WireClient waiting(services->proveedores_url());
  waiting.Send("/api/proveedores");
  while (services->ListRequests(Dataset::kProveedores) == 0) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  services->Stop();
  services->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_TRUE(idle.ReadsEnd());
}

TEST(DemoServices, SaysWhatItCannotServe) {
  EXPECT_ERROR_CODE(ErrorCode::kUsage, DemoServices::Start({.rows = -1, .faults = {}}));
  DemoOptions far;
  far.productos_port = 70'000;
  EXPECT_ERROR_CODE(ErrorCode::kUsage, DemoServices::Start(far));
  const auto first = MustStart({.rows = 10, .faults = {}});
  const int port = std::atoi(first->ordenes_url().c_str() + first->ordenes_url().rfind(':') + 1);
  DemoOptions taken;
  taken.ordenes_port = port;
  const Status status = DemoServices::Start(taken).status();
  EXPECT_ERROR_CODE(ErrorCode::kIo, status);
  EXPECT_NE(std::string::npos, status.message().find(std::to_string(port)));
}

TEST(DemoServices, SummaryNamesTheUrls) {
  const auto services = MustStart({.rows = 10, .faults = {}});
  for (const std::string& url :
       {services->productos_url(), services->ordenes_url(), services->proveedores_url()}) {
    EXPECT_NE(std::string::npos, services->Summary().find(url + "/api/"));
  }
}

TEST(DemoServices, RunUntilStoppedStops) {
  const auto services = MustStart({.rows = 10, .faults = {}});
  WireClient client(services->ordenes_url());
  EXPECT_EQ(200, client.Get("/api/health").status);
  const std::atomic<bool> stop{true};
  RunUntilStopped(*services, stop);
  EXPECT_TRUE(client.ReadsEnd());
}

}  // namespace
}  // namespace ingesta::demo
