// Every fault as a plain client sees it.
#include <simdjson.h>

#include <set>

#include "ingesta/demo/services.h"
#include "ingesta/demo/wire_client.h"
#include "ingesta/testing/matchers.h"

namespace ingesta::demo {
namespace {

class ServiceFaults : public ::testing::Test {
 protected:
  void Start(const std::vector<std::string>& faults, int64_t rows = 2000) {
    Result<std::vector<Fault>> parsed = ParseFaults(faults);
    ASSERT_OK(parsed.status());
    DemoOptions options;
    options.rows = rows;
    options.faults = std::move(parsed).ValueUnsafe();
    Result<std::unique_ptr<DemoServices>> services = DemoServices::Start(options);
    ASSERT_OK(services.status());
    services_ = std::move(services).ValueUnsafe();
  }

  Reply Productos(std::string_view target = "/api/productos?per_page=50") {
    return Fetch(services_->productos_url(), target);
  }
  Reply Ordenes(std::string_view target = "/api/ordenes?size=50") {
    return Fetch(services_->ordenes_url(), target);
  }
  Reply Proveedores(std::string_view target = "/api/proveedores?limit=50") {
    return Fetch(services_->proveedores_url(), target);
  }

  std::unique_ptr<DemoServices> services_;
};

bool IsJson(const std::string& body) {
  simdjson::dom::parser parser;
  return parser.parse(body).error() == simdjson::SUCCESS;
}

TEST_F(ServiceFaults, StatusInEachServicesStyle) {
  Start({"500:3"});
  const Reply flask = Productos();
  EXPECT_TRUE(flask.head.starts_with("HTTP/1.1 500 INTERNAL SERVER ERROR\r\n"));
  EXPECT_TRUE(flask.body.starts_with("<!doctype html>"));
  EXPECT_GT(flask.body.size(), 20'000U);
  EXPECT_LT(flask.body.size(), 80'000U);
  const Reply spring = Ordenes();
  EXPECT_NE(std::string::npos,
            spring.body.find(R"("status":500,"error":"Internal Server Error","path":"/api/ordenes"})"));
  EXPECT_EQ(R"({"error":"Internal Server Error"})", Proveedores().body);
  EXPECT_EQ(200, Productos().status) << "three were asked for";
  EXPECT_EQ(3, services_->FaultsInjected());
}

TEST_F(ServiceFaults, EveryNthRequestOfOneDataset) {
  Start({"status:503:every=3:dataset=productos"});
  std::string statuses;
  for (int i = 0; i < 6; ++i) statuses += Productos().status == 503 ? 'x' : '.';
  EXPECT_EQ("..x..x", statuses);
  EXPECT_EQ(200, Productos("/api/categorias").status);
  EXPECT_EQ(200, Productos("/health").status);
}

TEST_F(ServiceFaults, RetryAfterInBothForms) {
  Start({"retry-after:2:1:dataset=ordenes", "retry-after:2:1:form=date:dataset=proveedores"});
  const Reply seconds = Ordenes();
  EXPECT_EQ(429, seconds.status);
  EXPECT_NE(std::string::npos, seconds.head.find("Retry-After: 2\r\n"));
  EXPECT_NE(std::string::npos, Proveedores().head.find(" GMT\r\nConnection"));
  EXPECT_EQ(200, Ordenes().status);
}

TEST_F(ServiceFaults, RetryAfterAsADateLiesInTheFuture) {
  Start({"retry-after:3600:form=date"});
  const Reply reply = Ordenes();
  const size_t at = reply.head.find("Retry-After: ");
  ASSERT_NE(std::string::npos, at);
  std::tm fields{};
  ASSERT_NE(nullptr, strptime(reply.head.c_str() + at + 13, "%a, %d %b %Y %H:%M:%S GMT", &fields));
  const auto ahead = timegm(&fields) - std::time(nullptr);
  EXPECT_GT(ahead, 3500);
  EXPECT_LE(ahead, 3601);
}

TEST_F(ServiceFaults, HtmlWith200) {
  Start({"html200"});
  const Reply reply = Proveedores();
  EXPECT_EQ(200, reply.status);
  EXPECT_NE(std::string::npos, reply.head.find("Content-Type: text/html"));
  EXPECT_TRUE(reply.body.starts_with("<!DOCTYPE html>"));
}

TEST_F(ServiceFaults, TruncatedBodiesEndEarly) {
  Start({"truncate"});
  for (const Reply& reply : {Productos(), Ordenes(), Proveedores(), Ordenes("/api/clientes")}) {
    EXPECT_EQ(200, reply.status);
    EXPECT_FALSE(reply.complete);
    EXPECT_TRUE(reply.closed);
    EXPECT_GT(reply.body.size(), 1000U);
    EXPECT_FALSE(IsJson(reply.body));
  }
}

TEST_F(ServiceFaults, InvalidJsonComesWhole) {
  Start({"invalid-json"});
  for (const Reply& reply : {Productos(), Ordenes(), Proveedores()}) {
    EXPECT_EQ(200, reply.status);
    EXPECT_TRUE(reply.complete);
    EXPECT_FALSE(IsJson(reply.body));
  }
}

TEST_F(ServiceFaults, ResetsTheConnection) {
  Start({"reset:1:dataset=ordenes", "reset:1:bytes=600:dataset=proveedores"});
  EXPECT_EQ(ECONNRESET, Ordenes().error);
  const Reply midway = Proveedores();
  EXPECT_EQ(ECONNRESET, midway.error);
  EXPECT_FALSE(midway.complete);
  EXPECT_EQ(200, Ordenes().status);
}

TEST_F(ServiceFaults, HangsUntilItsTimeThenCloses) {
  Start({"hang:1:delay=150ms"});
  const auto start = std::chrono::steady_clock::now();
  const Reply reply = Ordenes();
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(150));
  EXPECT_EQ(0, reply.status);
  EXPECT_TRUE(reply.closed);
  EXPECT_EQ(200, Ordenes().status);
}

TEST_F(ServiceFaults, HangsLongerThanAClientWaits) {
  Start({"hang"});
  WireClient client(services_->ordenes_url(), 100);
  EXPECT_EQ(EAGAIN, client.Get("/api/ordenes").error);
}

TEST_F(ServiceFaults, DripsTheAnswer) {
  Start({"slow:1000:10ms"});
  const auto start = std::chrono::steady_clock::now();
  const Reply reply = Proveedores("/api/proveedores?limit=20");
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(IsJson(reply.body));
  EXPECT_GE(std::chrono::steady_clock::now() - start,
            std::chrono::milliseconds(10 * (reply.body.size() / 1000)));
}

TEST_F(ServiceFaults, Slow500ComesAfterItsDelay) {
  Start({"slow-500:120ms:1"});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(500, Ordenes().status);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(120));
  EXPECT_EQ(200, Ordenes("/api/health").status) << "a healthy /health proves little";
}

TEST_F(ServiceFaults, BrokenClientesIsCutWithAnErrorObjectBehindIt) {
  Start({"broken-clientes:1"});
  const Reply reply = Ordenes("/api/clientes");
  EXPECT_EQ(200, reply.status);
  EXPECT_FALSE(reply.complete) << "the chunked stream has no end";
  EXPECT_TRUE(reply.closed);
  EXPECT_FALSE(IsJson(reply.body));
  const size_t at = reply.body.find("]{\"timestamp\":\"");
  ASSERT_NE(std::string::npos, at);
  EXPECT_NE(std::string::npos, reply.body.find(R"("status":200,"error":"OK","path":"/api/clientes"})", at));
  EXPECT_TRUE(IsJson(Ordenes("/api/clientes").body)) << "the second one is whole";
  EXPECT_EQ(200, Ordenes().status) << "ordenes are not touched";
}

TEST_F(ServiceFaults, BadRowTurnsItsPageIntoA500) {
  Start({"bad-row-500"});
  int failed = 0;
  for (int page = 1; page <= 4; ++page) {
    failed += Productos(fmt::format("/api/productos?page={}&per_page=500", page)).status == 500 ? 1 : 0;
  }
  EXPECT_EQ(1, failed);
  EXPECT_EQ(500, Productos(fmt::format("/api/productos/{}", Productos::IdOf(1000))).status);
}

TEST_F(ServiceFaults, BadValuesReachThePages) {
  Start({"bad-values:500"});
  const Reply reply = Productos("/api/productos?per_page=2000");
  size_t found = 0;
  for (size_t at = 0; (at = reply.body.find("\"precio\": 3.4e+38", at)) != std::string::npos; ++at) ++found;
  EXPECT_EQ(4U, found);
}

TEST_F(ServiceFaults, WrongTotalIsOffByItsDifference) {
  Start({"wrong-total:5:dataset=ordenes"});
  EXPECT_TRUE(Ordenes("/api/ordenes?size=1").body.starts_with("{\"totalItems\":1005,"));
  EXPECT_NE(std::string::npos, Proveedores("/api/proveedores?limit=1").body.find("\"totalItems\":500}"));
}

TEST_F(ServiceFaults, DriftShiftsRowsWhileTheTotalHolds) {
  Start({"drift:30:dataset=ordenes"}, 8000);
  simdjson::dom::parser parser;
  const auto walk = [&](std::vector<std::string>* keys) {
    for (int page = 0; page < 40; ++page) {
      const Reply reply = Ordenes(fmt::format("/api/ordenes?page={}&size=100", page));
      simdjson::dom::object object;
      ASSERT_EQ(simdjson::SUCCESS, parser.parse(reply.body).get(object));
      int64_t total = 0;
      ASSERT_EQ(simdjson::SUCCESS, object["totalItems"].get(total));
      EXPECT_EQ(4000, total);
      simdjson::dom::array rows;
      ASSERT_EQ(simdjson::SUCCESS, object["ordenes"].get(rows));
      for (const simdjson::dom::element row : rows) {
        int64_t id = 0;
        ASSERT_EQ(simdjson::SUCCESS, row["id"].get(id));
        keys->push_back(std::to_string(id));
      }
    }
  };
  std::vector<std::string> first;
  walk(&first);
  EXPECT_EQ(4000U, first.size());
  EXPECT_LT(std::set<std::string>(first.begin(), first.end()).size(), 4000U);
  std::vector<std::string> second;
  walk(&second);
  EXPECT_EQ(services_->ExpectedKeys(Dataset::kOrdenes), second) << "the changes are over: the truth holds";
}

TEST_F(ServiceFaults, FaultsCanBeReplacedWhileRunning) {
  Start({"503"});
  EXPECT_EQ(503, Ordenes().status);
  services_->SetFaults({});
  EXPECT_EQ(200, Ordenes().status);
}

}  // namespace
}  // namespace ingesta::demo
