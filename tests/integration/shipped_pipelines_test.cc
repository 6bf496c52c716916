// The shipped pipelines, as they are, against the demo services: what is published equals the services' data,
// record by record, also when pages repeat and lose rows, when the source changes meanwhile, and when it
// fails.
#include <filesystem>
#include <fstream>
#include <set>

#include "ingesta/base/fs.h"
#include "ingesta/builtin/register_all.h"
#include "ingesta/config/parse.h"
#include "ingesta/demo/services.h"
#include "ingesta/pipeline/publish.h"
#include "ingesta/pipeline/run_pipeline.h"
#include "ingesta/testing/matchers.h"

namespace ingesta {
namespace {

namespace filesystem = std::filesystem;
using pipeline::RunOutcome;
using pipeline::Verdict;

class NoProgress final : public ProgressListener {
 public:
  void OnProgress(const ProgressUpdate& update) override { (void)update; }
  void OnDatasetEnd(const std::string& dataset) override { (void)dataset; }
};

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

class ShippedPipelines : public ::testing::Test {
 protected:
  ShippedPipelines() : sink_(LogFormat::kHuman, LogLevel::kError, false, RealClock()), log_(sink_) {
    char name[] = "/tmp/ingesta-shipped-XXXXXX";
    root_ = mkdtemp(name);
  }
  ~ShippedPipelines() override { filesystem::remove_all(root_); }

  void StartDemo(demo::DemoOptions options = {}) {
    if (options.rows == demo::DemoOptions{}.rows) options.rows = 3'000;
    ASSERT_OK_AND_ASSIGN(services_, demo::DemoServices::Start(options));
    environment_ = {{"S3_BUCKET", ""},
                    {"PRODUCTOS_SERVICE_URL", services_->productos_url()},
                    {"ORDENES_SERVICE_URL", services_->ordenes_url()},
                    {"PROVEEDORES_SERVICE_URL", services_->proveedores_url()}};
  }

  RunOutcome Run(const std::string& name, std::vector<std::pair<std::string, std::string>> overrides = {},
                 pipeline::RunOptions options = {}) {
    overrides.emplace_back("client.error_handler.backoff.type", "exponential");
    overrides.emplace_back("client.error_handler.backoff.base", "5ms");
    overrides.emplace_back("client.error_handler.backoff.cap", "20ms");
    const auto& toolbox = builtin::RegisterAll();
    auto spec =
        config::ParsePipelineFile(std::string(INGESTA_SOURCE_DIR) + "/ingesta-" + name + "/pipeline.yaml",
                                  toolbox.kinds, {.environment = environment_, .overrides = overrides});
    if (!spec.ok()) return RunOutcome{.status = spec.status()};
    options.root = root_;
    const auto factory =
        toolbox.make_factory({environment_, root_, "test", RealClock(), SystemRandom(), stop_, log_});
    return pipeline::RunPipeline(*spec, options,
                                 {*factory, RealClock(), SystemRandom(), stop_, log_, progress_});
  }

  static const pipeline::DatasetRecord& Record(const RunOutcome& outcome, const std::string& dataset) {
    for (const auto& record : outcome.record.datasets) {
      if (record.name == dataset) return record;
    }
    ADD_FAILURE() << "no dataset " << dataset;
    static const pipeline::DatasetRecord none;
    return none;
  }

  std::string FileOf(const RunOutcome& outcome, const std::string& dataset, const std::string& format) const {
    for (const auto& file : Record(outcome, dataset).files) {
      if (file.format == format) return root_ + "/" + file.key;
    }
    ADD_FAILURE() << "no " << format << " of " << dataset;
    return "";
  }

  std::multiset<std::string> Truth(demo::Dataset dataset) const {
    std::multiset<std::string> records;
    services_->world().ForEach(dataset,
                               [&](const std::string&, const std::string& json) { records.insert(json); });
    return records;
  }

  void ExpectPublished(const RunOutcome& outcome, const std::string& name, demo::Dataset dataset) const {
    const std::vector<std::string> json = Lines(FileOf(outcome, name, "json"));
    EXPECT_EQ(std::multiset<std::string>(json.begin(), json.end()), Truth(dataset)) << name;
    EXPECT_EQ(Lines(FileOf(outcome, name, "csv")).size(), json.size() + 1) << name;
  }

  /// What is published for itself, run by run: CSV and JSON. Tables have parts that come and go.
  std::vector<std::string> SeedFiles() const {
    std::vector<std::string> files = VisibleFiles();
    std::erase_if(files, [](const std::string& key) {
      return key.starts_with("parquet/") || key.starts_with("iceberg/") || key.starts_with("symlink/");
    });
    return files;
  }

  std::vector<std::string> VisibleFiles() const {
    std::vector<std::string> files;
    for (const auto& entry : filesystem::recursive_directory_iterator(root_)) {
      const std::string key = entry.path().lexically_relative(root_).string();
      if (entry.is_regular_file() && key.rfind("_ingesta/", 0) != 0) files.push_back(key);
    }
    return files;
  }

  std::string root_;
  std::unique_ptr<demo::DemoServices> services_;
  std::map<std::string, std::string> environment_;
  StopSource stop_;
  LogSink sink_;
  Logger log_;
  NoProgress progress_;
};

TEST_F(ShippedPipelines, PublishEveryRecordOfTheServices) {
  StartDemo();
  const RunOutcome productos = Run("productos");
  ASSERT_OK(productos.status);
  ExpectPublished(productos, "productos", demo::Dataset::kProductos);
  EXPECT_EQ(Record(productos, "categorias").rows,
            static_cast<int64_t>(Truth(demo::Dataset::kCategorias).size()));
  const RunOutcome ordenes = Run("ordenes");
  ASSERT_OK(ordenes.status);
  ExpectPublished(ordenes, "ordenes", demo::Dataset::kOrdenes);
  ExpectPublished(ordenes, "clientes", demo::Dataset::kClientes);
  const RunOutcome proveedores = Run("proveedores");
  ASSERT_OK(proveedores.status);
  ExpectPublished(proveedores, "proveedores", demo::Dataset::kProveedores);
  for (const RunOutcome* outcome : {&productos, &ordenes, &proveedores}) {
    EXPECT_EQ(outcome->record.TotalRejected(), 0);
    for (const auto& record : outcome->record.datasets)
      EXPECT_NE(record.completeness.verdict, Verdict::kInexact);
  }
  EXPECT_THAT(
      Lines(FileOf(productos, "productos", "csv")).front(),
      "id,nombre,descripcion,precio,stock,categoria,proveedor,sku,fecha_creacion,fecha_actualizacion");
}

TEST_F(ShippedPipelines, DetallesAreTheLinesOfTheirOrders) {
  StartDemo();
  const RunOutcome outcome = Run("ordenes");
  ASSERT_OK(outcome.status);
  int64_t lines = 0;
  for (const std::string& record : Truth(demo::Dataset::kOrdenes)) {
    for (size_t at = record.find("\"productoId\":"); at != std::string::npos;
         at = record.find("\"productoId\":", at + 1)) {
      ++lines;
    }
  }
  EXPECT_EQ(Record(outcome, "detalles_orden").rows, lines);
  EXPECT_EQ(Lines(FileOf(outcome, "detalles_orden", "csv")).front(),
            "id,orden_id,producto_id,nombre_producto,cantidad,precio_unitario,subtotal");
}

TEST_F(ShippedPipelines, RepairPagesThatRepeatAndLoseRows) {
  StartDemo();
  const RunOutcome outcome = Run("productos", {{"resources.productos.endpoint.paginator.page_size", "50"}});
  ASSERT_OK(outcome.status);
  EXPECT_EQ(Record(outcome, "productos").completeness.verdict, Verdict::kRepaired);
  EXPECT_GT(Record(outcome, "productos").completeness.duplicate_rows, 0);
  ExpectPublished(outcome, "productos", demo::Dataset::kProductos);
}

TEST_F(ShippedPipelines, ARepairedOrderTakesItsLinesAlong) {
  demo::DemoOptions options;
  ASSERT_OK_AND_ASSIGN(options.faults, demo::ParseFaults({"drift:dataset=ordenes:count=6"}));
  StartDemo(options);
  const RunOutcome outcome = Run("ordenes", {{"resources.ordenes.endpoint.paginator.page_size", "100"}});
  ASSERT_OK(outcome.status);
  EXPECT_EQ(Record(outcome, "ordenes").completeness.verdict, Verdict::kRepaired);
  ExpectPublished(outcome, "ordenes", demo::Dataset::kOrdenes);
  std::set<std::string> ids;
  const auto ordenes = Lines(FileOf(outcome, "ordenes", "csv"));
  for (size_t i = 1; i < ordenes.size(); ++i) ids.insert(ordenes[i].substr(0, ordenes[i].find(',')));
  std::set<std::string> detail_ids;
  const auto detalles = Lines(FileOf(outcome, "detalles_orden", "csv"));
  for (size_t i = 1; i < detalles.size(); ++i) {
    const size_t comma = detalles[i].find(',');
    EXPECT_TRUE(detail_ids.insert(detalles[i].substr(0, comma)).second) << "twice: " << detalles[i];
    EXPECT_TRUE(ids.contains(detalles[i].substr(comma + 1, detalles[i].find(',', comma + 1) - comma - 1)));
  }
}

TEST_F(ShippedPipelines, RowsAndFilesAreTheSameWhateverTheConcurrency) {
  StartDemo();
  std::set<std::string> contents;
  for (const char* concurrency : {"1", "3", "16"}) {
    const RunOutcome outcome = Run(
        "productos",
        {{"client.concurrency", concurrency}, {"resources.productos.endpoint.paginator.page_size", "100"}});
    ASSERT_OK(outcome.status);
    ASSERT_OK_AND_ASSIGN(const std::string csv, ReadFile(FileOf(outcome, "productos", "csv")));
    contents.insert(csv);
  }
  EXPECT_EQ(contents.size(), 1U);
}

TEST_F(ShippedPipelines, AServiceThatStaysDownPublishesNothing) {
  demo::DemoOptions options;
  // productos is fine, categorias is not: neither may be visible.
  ASSERT_OK_AND_ASSIGN(options.faults, demo::ParseFaults({"status:503:dataset=categorias"}));
  StartDemo(options);
  const RunOutcome outcome = Run("productos");
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_EQ(pipeline::ExitCodeOf(outcome, pipeline::kExitQuarantine), pipeline::kExitFailed);
  EXPECT_THAT(VisibleFiles(), ::testing::IsEmpty());
  const RunOutcome others = Run("productos", {{"on_dataset_failure", "publish_others"}});
  EXPECT_EQ(pipeline::ExitCodeOf(others, pipeline::kExitQuarantine), pipeline::kExitFailed);
  EXPECT_THAT(SeedFiles(), ::testing::SizeIs(2)) << "productos in two formats";
  EXPECT_THAT(VisibleFiles(), ::testing::Not(::testing::Contains(::testing::HasSubstr("categorias"))));
}

TEST_F(ShippedPipelines, OverPassingFaultsTheDataIsStillWhole) {
  for (const char* fault : {"status:500:every=4", "truncate:every=3", "html200:every=5", "reset:every=4",
                            "invalid-json:every=3", "broken-clientes:count=1"}) {
    demo::DemoOptions options;
    ASSERT_OK_AND_ASSIGN(options.faults, demo::ParseFaults({fault}));
    StartDemo(options);
    const RunOutcome outcome = Run("ordenes", {{"resources.ordenes.endpoint.paginator.page_size", "100"}});
    SCOPED_TRACE(fault);
    ASSERT_OK(outcome.status);
    ExpectPublished(outcome, "ordenes", demo::Dataset::kOrdenes);
    ExpectPublished(outcome, "clientes", demo::Dataset::kClientes);
  }
}

TEST_F(ShippedPipelines, ALargeBodyThatBreaksInTheMiddleIsStartedAgain) {
  demo::DemoOptions options{.rows = 20'001};
  ASSERT_OK_AND_ASSIGN(options.faults, demo::ParseFaults({"broken-clientes:count=2"}));
  StartDemo(options);
  const RunOutcome outcome = Run("ordenes", {}, {.only = {"clientes"}});
  ASSERT_OK(outcome.status);
  EXPECT_GE(Record(outcome, "clientes").retries, 2);
  ExpectPublished(outcome, "clientes", demo::Dataset::kClientes);
}

TEST_F(ShippedPipelines, ValuesThatNoColumnHoldsGoToQuarantine) {
  demo::DemoOptions options;
  ASSERT_OK_AND_ASSIGN(options.faults, demo::ParseFaults({"bad-values:rows=500"}));
  StartDemo(options);
  const RunOutcome outcome = Run("productos");
  ASSERT_OK(outcome.status);
  const auto& record = Record(outcome, "productos");
  ASSERT_GT(record.rejected, 0);
  EXPECT_EQ(pipeline::ExitCodeOf(outcome, pipeline::kExitQuarantine), pipeline::kExitQuarantine);
  EXPECT_EQ(record.completeness.verdict, Verdict::kExact) << "rejected rows count as seen";
  EXPECT_EQ(record.rows + record.rejected, static_cast<int64_t>(Truth(demo::Dataset::kProductos).size()));
  const auto lines = Lines(root_ + "/" + record.quarantine->key);
  EXPECT_EQ(static_cast<int64_t>(lines.size()), record.rejected);
  EXPECT_THAT(lines.front(), ::testing::HasSubstr("\"column\":\"precio\""));
  const RunOutcome strict = Run("productos", {{"resources.productos.max_rejected", "0"}});
  EXPECT_ERROR_CODE(ErrorCode::kTooManyRejected, strict.status);
}

TEST_F(ShippedPipelines, ARunIdThatSucceededIsANoOp) {
  StartDemo();
  ASSERT_OK(Run("proveedores", {}, {.run_id = "day-1"}).status);
  const auto files = VisibleFiles();
  const RunOutcome again = Run("proveedores", {}, {.run_id = "day-1"});
  EXPECT_TRUE(again.already_done);
  EXPECT_EQ(VisibleFiles(), files);
  ASSERT_OK(Run("proveedores", {}, {.run_id = "day-1", .force = true}).status);
  EXPECT_EQ(SeedFiles().size(), 4U);
  EXPECT_THAT(VisibleFiles(),
              ::testing::Not(::testing::Contains(::testing::HasSubstr("metadata/v2.metadata.json"))))
      << "the table holds these rows already";
}

TEST_F(ShippedPipelines, DryRunAndLimitPublishNothing) {
  StartDemo();
  const RunOutcome dry = Run("productos", {}, {.dry_run = true});
  ASSERT_OK(dry.status);
  EXPECT_EQ(Record(dry, "productos").rows, 3'000);
  const RunOutcome limited = Run("productos", {}, {.limit = 10});
  ASSERT_OK(limited.status);
  EXPECT_LT(Record(limited, "productos").rows, 3'000);
  EXPECT_THAT(VisibleFiles(), ::testing::IsEmpty());
}

TEST_F(ShippedPipelines, OnlyPublishesTheNamedDataset) {
  StartDemo();
  ASSERT_OK(Run("ordenes", {}, {.only = {"clientes"}}).status);
  EXPECT_THAT(VisibleFiles(), ::testing::Each(::testing::HasSubstr("clientes")));
  EXPECT_THAT(SeedFiles(), ::testing::SizeIs(2));
}

}  // namespace
}  // namespace ingesta
