// Drives Iceberg tables for tests: reads commands as JSON, one a line, from standard input, answers each with
// a line of JSON. Rows come as Parquet files without field ids; they are written anew by our own writer.
// usage: iceberg_driver ROOT
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/base/fs.h"
#include "ingesta/catalog/iceberg/filesystem_catalog.h"
#include "ingesta/catalog/iceberg/scan.h"
#include "ingesta/catalog/iceberg/schema.h"
#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/catalog/iceberg/uuid.h"
#include "ingesta/columnar/parquet_reader.h"
#include "ingesta/columnar/parquet_writer.h"
#include "ingesta/store/local_store.h"

namespace ingesta::iceberg {
namespace {

using Command = nlohmann::json;

class Driver {
 public:
  explicit Driver(const std::string& root)
      : root_(root), store_(store::MakeLocalStore(root)), catalog_(*store_, RealClock()) {}

  Result<Command> Run(const Command& command) {
    const std::string op = command.at("op");
    const std::string table = command.at("table");
    if (op == "load") return Describe(table);
    if (op == "register") return Answer(catalog_.Register(table, command.at("metadata")));
    TableWriter writer(catalog_, *store_, RealClock(), SystemRandom(),
                       {.attempts = command.value("attempts", 40)});
    if (op == "evolve") return Answer(writer.EditSchema(table, Edits(command.at("edits"))));
    if (op == "rollback") return Answer(writer.RollBack(table, command.at("snapshot_id")));
    ARROW_ASSIGN_OR_RAISE(const TableOperation operation, Operation(command));
    return Answer(writer.Commit(operation));
  }

 private:
  static Command State(const LoadedTable& table) {
    Command answer{{"metadata", table.metadata_location}, {"version", table.version}};
    answer["snapshot_id"] = nullptr;
    if (table.metadata.current_snapshot_id) answer["snapshot_id"] = *table.metadata.current_snapshot_id;
    return answer;
  }

  static Result<Command> Answer(const Result<LoadedTable>& table) {
    RETURN_NOT_OK(table.status());
    return State(*table);
  }

  static Result<Command> Answer(const Result<TableResult>& result) {
    RETURN_NOT_OK(result.status());
    static const char* const kOutcomes[] = {"created", "updated", "unchanged", "already_done"};
    Command answer = State(result->state);
    answer["outcome"] = kOutcomes[static_cast<int>(result->outcome)];
    answer["attempts"] = result->attempts;
    return answer;
  }

  Result<Command> Describe(const std::string& name) {
    ARROW_ASSIGN_OR_RAISE(const auto table, catalog_.Load(name));
    if (!table) return MakeError(ErrorCode::kNotFound, "there is no table " + name);
    Command answer = State(*table);
    ARROW_ASSIGN_OR_RAISE(const SnapshotScan scan,
                          ScanSnapshot(*store_, table->metadata, table->metadata.current_snapshot()));
    answer["files"] = Command::array();
    for (const LiveFile& file : scan.data) {
      answer["files"].push_back({{"path", file.file.path},
                                 {"rows", file.file.rows},
                                 {"sequence_number", file.sequence_number},
                                 {"deletes", DeletesOf(scan, file, table->metadata).size()}});
    }
    answer["delete_files"] = scan.deletes.size();
    return answer;
  }

  static std::shared_ptr<arrow::DataType> TypeOf(const std::string& name) {
    static const std::map<std::string, std::shared_ptr<arrow::DataType>> kTypes = {
        {"int", arrow::int32()},
        {"long", arrow::int64()},
        {"float", arrow::float32()},
        {"double", arrow::float64()},
        {"string", arrow::utf8()},
        {"date", arrow::date32()},
        {"decimal(18,2)", arrow::decimal128(18, 2)},
    };
    return kTypes.at(name);
  }

  static std::vector<SchemaEdit> Edits(const Command& list) {
    static const std::map<std::string, SchemaEditKind> kKinds = {
        {"add", SchemaEditKind::kAdd},
        {"drop", SchemaEditKind::kDrop},
        {"rename", SchemaEditKind::kRename},
        {"widen", SchemaEditKind::kWiden},
        {"optional", SchemaEditKind::kMakeOptional},
        {"doc", SchemaEditKind::kSetDoc},
    };
    std::vector<SchemaEdit> edits;
    for (const Command& item : list) {
      edits.push_back({.kind = kKinds.at(item.at("kind")),
                       .column = item.at("column"),
                       .type = item.contains("type") ? TypeOf(item.at("type")) : nullptr,
                       .text = item.value("text", "")});
    }
    return edits;
  }

  Result<TableOperation> Operation(const Command& command) {
    static const std::map<std::string, WriteMode> kModes = {{"append", WriteMode::kAppend},
                                                            {"replace", WriteMode::kReplace},
                                                            {"overwrite", WriteMode::kOverwrite}};
    TableOperation operation{.table = command.at("table"),
                             .mode = kModes.at(command.at("op")),
                             .run_id = command.value("run_id", "")};
    operation.identifier_columns = command.value("identifier_columns", std::vector<std::string>());
    operation.removed_files = command.value("removed_files", std::vector<std::string>());
    operation.operation = command.value("operation", "");
    if (command.contains("partition_by")) {
      operation.partition_by.emplace();
      for (const Command& column : command.at("partition_by")) {
        operation.partition_by->push_back({.column = column.at(0), .transform = column.at(1)});
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto table, catalog_.Load(operation.table));
    for (const std::string source : command.at("files")) {
      ARROW_ASSIGN_OR_RAISE(const auto reader, columnar::ParquetReader::Open(source));
      ARROW_ASSIGN_OR_RAISE(
          operation.schema,
          AssignFieldIds(table ? std::optional(table->metadata) : std::nullopt, *reader->schema()));
      if (reader->rows() == 0) continue;  // gives the columns of an empty table
      ARROW_ASSIGN_OR_RAISE(NewDataFile file, Rewrite(operation.table, *reader, operation.schema));
      operation.files.push_back(std::move(file));
    }
    return operation;
  }

  Result<NewDataFile> Rewrite(const std::string& table, columnar::ParquetReader& reader,
                              const std::shared_ptr<arrow::Schema>& schema) {
    const std::string name = MakeUuid(SystemRandom()) + ".parquet";
    NewDataFile file{.key = fmt::format("iceberg/{}/data/{}", table, name),
                     .local_path = root_ + "/spool/" + name};
    RETURN_NOT_OK(MakeDirs(root_ + "/spool"));
    ARROW_ASSIGN_OR_RAISE(
        auto writer, columnar::ParquetWriter::Create(file.local_path, schema,
                                                     {.row_group_rows = 1000, .require_field_ids = true}));
    ARROW_ASSIGN_OR_RAISE(auto rows, reader.Read());
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
      if (batch == nullptr) break;
      RETURN_NOT_OK(writer->Write(arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns())));
    }
    ARROW_ASSIGN_OR_RAISE(const auto closed, writer->Close());
    RETURN_NOT_OK(
        store_->PublishFile(file.local_path, file.key, "application/vnd.apache.parquet", closed[0].crc32));
    return file;
  }

  const std::string root_;
  const std::unique_ptr<ObjectStore> store_;
  FilesystemCatalog catalog_;
};

}  // namespace
}  // namespace ingesta::iceberg

int main(int argc, char** argv) {
  using ingesta::iceberg::Command;
  if (argc != 2) {
    std::cerr << "usage: iceberg_driver ROOT\n";
    return 2;
  }
  try {
    ingesta::iceberg::Driver driver(argv[1]);
    for (std::string line; std::getline(std::cin, line);) {
      const auto answer = driver.Run(Command::parse(line));
      if (answer.ok()) {
        std::cout << answer->dump() << std::endl;
      } else {
        std::cout << Command{{"error", ingesta::ErrorCodeName(ingesta::CodeOf(answer.status()))},
                             {"message", answer.status().message()},
                             {"hint", ingesta::HintOf(answer.status())}}
                         .dump()
                  << std::endl;
      }
    }
  } catch (const std::exception& error) {
    std::cerr << "iceberg_driver: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
