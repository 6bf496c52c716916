#include "ingesta/catalog/iceberg/merge_plan.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/parallel.h"
#include "ingesta/catalog/iceberg/projection.h"
#include "ingesta/catalog/iceberg/schema.h"
#include "ingesta/columnar/parquet_reader.h"

namespace ingesta::iceberg {
namespace {

/// `schema` with the field ids that its columns have among `fields`, by name.
Result<std::shared_ptr<arrow::Schema>> WithIds(const arrow::Schema& schema,
                                               const std::vector<Field>& fields) {
  arrow::FieldVector named;
  for (const Field& field : fields) {
    const auto found = schema.GetFieldByName(field.name);
    if (found == nullptr) {
      return Unsupported(fmt::format("keys to delete have no column '{}'", field.name));
    }
  }
  int other = 0;
  for (const auto& field : schema.fields()) {
    const auto known = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& key) { return key.name == field->name(); });
    // Other columns are not read; some id of no column keeps them apart.
    const int id = known != fields.end() ? known->id : 2'000'000'000 + other++;
    named.push_back(field->WithMetadata(arrow::key_value_metadata({kFieldIdMetadata}, {std::to_string(id)})));
  }
  return arrow::schema(std::move(named));
}

Result<std::shared_ptr<arrow::RecordBatch>> Select(const arrow::RecordBatch& rows,
                                                   const std::vector<int>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const int column : columns) {
    fields.push_back(rows.schema()->field(column));
    arrays.push_back(rows.column(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(), std::move(arrays));
}

}  // namespace

Status MergePlanner::OpenInput() {
  incoming_ = request_.schema;
  if (incoming_ != nullptr || request_.files.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto reader, columnar::ParquetReader::Open(request_.files[0]));
  incoming_ = reader->schema();
  return Status::OK();
}

Status MergePlanner::Run(const NewTable& new_table, int64_t now_ms) {
  RETURN_NOT_OK(OpenInput());
  TableOperation shape{.table = request_.table,
                       .mode = WriteMode::kOverwrite,
                       .schema = incoming_,
                       .partition_by = request_.partition_by,
                       .identifier_columns = request_.key_columns,
                       .properties = request_.properties};
  ARROW_ASSIGN_OR_RAISE(draft_, PlanTable(shape, plan_.base, new_table, now_ms));
  plan_.operation = std::move(shape);
  context_ = {.schema = &draft_.draft.current_schema(), .spec = &draft_.draft.default_spec()};
  RETURN_NOT_OK(IndexKeys());
  RETURN_NOT_OK(FindFiles());
  // Many files keep the threads busy by themselves.
  context_.use_threads = options_.threads > 1 && matched_.size() < static_cast<size_t>(options_.threads);
  MakeFiles();
  RETURN_NOT_OK(RewriteFiles());
  return MakeOperation();
}

void MergePlanner::MakeFiles() {
  columnar::ParquetOptions parquet{.compression = options_.compression, .require_field_ids = true};
  parquet.use_threads = context_.use_threads;
  // A file that grew by a few rows need not leave a crumb behind.
  parquet.target_file_bytes = options_.target_file_bytes + options_.target_file_bytes / 4;
  plan_.files = std::make_unique<NewFiles>(
      store_, random_,
      NewFiles::Options{.table_location = draft_.draft.location, .folder = plan_.folder, .parquet = parquet});
}

Status MergePlanner::IndexKeys() {
  std::vector<Field> fields;
  for (const std::string& name : request_.key_columns) {
    const Field* field = context_.schema->FindByName(name);
    if (field == nullptr) {
      return Unsupported(fmt::format("table '{}' has no key column '{}'", request_.table, name));
    }
    fields.push_back(*field);
  }
  ARROW_ASSIGN_OR_RAISE(index_, KeyIndex::Make(fields));
  ARROW_ASSIGN_OR_RAISE(input_,
                        MergeInput::Open(request_.files, context_.schema->fields, options_.input_memory));
  ARROW_ASSIGN_OR_RAISE(const auto keys, input_->Read(fields));
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, keys->Next());
    if (batch == nullptr) break;
    RETURN_NOT_OK(index_->AddRows(*batch));
  }
  RETURN_NOT_OK(AddDeletes(fields));
  RETURN_NOT_OK(index_->Seal(request_.last_row_wins));
  context_.index = &*index_;
  context_.input = &*input_;
  seen_.assign(index_->size(), 0);
  for (const uint32_t ordinal : index_->superseded()) seen_[ordinal] = 1;  // not to be added
  plan_.counts.repeated = static_cast<int64_t>(index_->superseded().size());
  return Status::OK();
}

Status MergePlanner::AddDeletes(const std::vector<Field>& fields) {
  const auto add = [&](const arrow::RecordBatch& rows, const Projection& projection) -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto chosen, Select(rows, projection.file_columns()));
    ARROW_ASSIGN_OR_RAISE(const auto keys, projection.Apply(*chosen));
    return index_->AddDeletes(*keys);
  };
  for (const std::string& path : request_.delete_files) {
    ARROW_ASSIGN_OR_RAISE(const auto reader, columnar::ParquetReader::Open(path));
    ARROW_ASSIGN_OR_RAISE(const auto schema, WithIds(*reader->schema(), fields));
    ARROW_ASSIGN_OR_RAISE(const Projection projection, Projection::Make(*schema, fields, path));
    ARROW_ASSIGN_OR_RAISE(const auto rows, reader->Read());
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
      if (batch == nullptr) break;
      RETURN_NOT_OK(add(*batch, projection));
    }
  }
  if (request_.delete_keys == nullptr) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto schema, WithIds(*request_.delete_keys->schema(), fields));
  ARROW_ASSIGN_OR_RAISE(const Projection projection, Projection::Make(*schema, fields, "keys to delete"));
  return add(*request_.delete_keys, projection);
}

Status MergePlanner::FindFiles() {
  if (!plan_.base) return Status::OK();
  const TableMetadata& metadata = plan_.base->metadata;
  ARROW_ASSIGN_OR_RAISE(scan_, ScanSnapshot(store_, metadata, metadata.current_snapshot()));
  deletes_ = std::make_unique<PositionDeletes>(store_, metadata, scan_, plan_.folder + "/deletes.parquet");
  for (const LiveFile& data : scan_.data) {
    ARROW_ASSIGN_OR_RAISE(const auto bounds, BoundsOf(data.file, index_->fields()));
    if (!index_->MayBeIn(bounds)) continue;
    ARROW_ASSIGN_OR_RAISE(auto matched, MatchFile(data, *deletes_));
    if (matched) matched_.push_back(*std::move(matched));
  }
  return Status::OK();
}

Result<std::optional<MatchedFile>> MergePlanner::MatchFile(const LiveFile& data, PositionDeletes& deletes) {
  if (data.file.format != "PARQUET") {
    return Unsupported(
        fmt::format("{}: data files of format {} are not merged", data.file.path, data.file.format));
  }
  const auto key = store_.KeyOf(data.file.path);
  if (!key) return Unsupported(fmt::format("{} lies outside of {}", data.file.path, store_.Uri()));
  const std::string scratch = fmt::format("{}/base-{}.parquet", plan_.folder, matched_.size());
  MatchedFile matched{.file = &data};
  ARROW_ASSIGN_OR_RAISE(matched.path, store_.FetchFile(*key, scratch));
  ARROW_ASSIGN_OR_RAISE(matched.deleted, deletes.Of(data));
  RETURN_NOT_OK(FindMatches(*index_, matched, seen_));
  if (!matched.matches.empty() && deletes.HasEqualityDeletes(data)) return RefuseEqualityDeletes(data);
  if (!matched.matches.empty() && !request_.keep_existing) {
    return std::optional<MatchedFile>(std::move(matched));
  }
  for (const MatchedFile::Match& match : matched.matches) plan_.counts.kept += match.duplicate ? 0 : 1;
  RETURN_NOT_OK(RemoveFile(scratch));
  return std::optional<MatchedFile>();
}

Status MergePlanner::RewriteFiles() {
  std::vector<FileOutcome> outcomes(matched_.size());
  RETURN_NOT_OK(ForEachOf(matched_.size(), options_.threads, [&](size_t i) -> Status {
    ARROW_ASSIGN_OR_RAISE(outcomes[i], RewriteFile(context_, matched_[i], *plan_.files));
    // Where it is a copy of ours, it need not wait for the commit.
    return matched_[i].path.starts_with(plan_.folder + "/") ? RemoveFile(matched_[i].path) : Status::OK();
  }));
  return AddRest(outcomes);
}

/// Sum up, and write the rows that no file has taken.
Status MergePlanner::AddRest(const std::vector<FileOutcome>& outcomes) {
  MergeCounts& counts = plan_.counts;
  std::vector<uint8_t> rest(index_->rows());
  bool any = false;
  for (size_t i = 0; i < rest.size(); ++i) {
    rest[i] = seen_[i] == 0;
    counts.inserted += rest[i];
    any |= rest[i] != 0;
  }
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const FileOutcome& outcome = outcomes[i];
    counts.updated += outcome.updated;
    counts.deleted += outcome.deleted;
    counts.unchanged += outcome.unchanged;
    counts.duplicates += outcome.duplicates;
    if (!outcome.rewritten) continue;
    ++counts.rewritten_files;
    removed_.insert(matched_[i].file->file.path);
    for (const uint32_t ordinal : outcome.moved) {
      rest[ordinal] = 1;
      any = true;
    }
  }
  if (!any) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(RowPartitions partitions, RowPartitions::Make(*context_.spec, *context_.schema));
  return plan_.files->WriteRouted([&] { return input_->ReadChosen(rest); }, partitions);
}

Status MergePlanner::MakeOperation() {
  TableOperation& operation = *plan_.operation;
  const MergeCounts& counts = plan_.counts;
  plan_.counts.bytes_written = plan_.files->bytes();
  if (plan_.files->files().empty() && removed_.empty()) {
    // New columns or properties are a change as well, though one without a snapshot.
    if (plan_.base && draft_.change.updates.empty()) {
      plan_.operation.reset();
      plan_.result.outcome = TableOutcome::kUnchanged;
    }
    return Status::OK();
  }
  operation.files = plan_.files->files();
  operation.removed_files.assign(removed_.begin(), removed_.end());
  if (!removed_.empty()) {
    ARROW_ASSIGN_OR_RAISE(PositionDeletes::Effect effect, deletes_->EffectOf(removed_));
    operation.applied_deletes = std::move(effect.applied);
    operation.removed_files.insert(operation.removed_files.end(), effect.obsolete.begin(),
                                   effect.obsolete.end());
  }
  operation.operation = removed_.empty() ? "append" : "overwrite";
  operation.required_snapshot = 0;
  if (plan_.base) {
    const TableMetadata& metadata = plan_.base->metadata;
    operation.required_snapshot = metadata.current_snapshot_id.value_or(0);
    operation.required_schema_id = metadata.current_schema_id;
    operation.required_spec_id = metadata.default_spec_id;
  }
  operation.run_id = request_.run_id;
  operation.summary = request_.summary;
  const auto count = [&](const char* name, int64_t rows, bool always) {
    if (always || rows > 0) operation.summary[fmt::format("ingesta.merge.{}", name)] = std::to_string(rows);
  };
  count("inserted", counts.inserted, true);
  count("updated", counts.updated, true);
  count("deleted", counts.deleted, true);
  count("unchanged", counts.unchanged, true);
  count("rewritten-files", counts.rewritten_files, true);
  count("kept", counts.kept, false);
  count("repeated", counts.repeated, false);
  count("duplicates", counts.duplicates, false);
  return plan_.files->Publish();
}

}  // namespace ingesta::iceberg
