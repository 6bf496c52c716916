#include "ingesta/catalog/iceberg/merge_file.h"

#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <utility>

#include "ingesta/catalog/iceberg/data_file_rows.h"
#include "ingesta/catalog/iceberg/edited_rows.h"
#include "ingesta/catalog/iceberg/read_ahead.h"
#include "ingesta/catalog/iceberg/row_equality.h"

namespace ingesta::iceberg {
namespace {

Result<std::vector<KeyBounds>> BoundsOfGroup(const columnar::ParquetReader& parquet, int group,
                                             const std::vector<Field>& fields) {
  ARROW_ASSIGN_OR_RAISE(const auto metrics, parquet.RowGroupMetrics(group));
  std::vector<KeyBounds> all(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    for (const columnar::ColumnMetrics& column : metrics) {
      if (column.field_id != fields[i].id) continue;
      all[i].only_nulls = column.nulls == column.values;
      if (column.min == nullptr || column.max == nullptr) continue;
      ARROW_ASSIGN_OR_RAISE(all[i].lower, LiteralFromScalar(*fields[i].type, *column.min));
      ARROW_ASSIGN_OR_RAISE(all[i].upper, LiteralFromScalar(*fields[i].type, *column.max));
    }
  }
  return all;
}

/// Edits of the file's rows, and what is to be taken from the new ones.
struct Plan {
  std::vector<RowEdit> edits;
  std::optional<ReplacementRows> replacements;
  bool drops = false;  ///< a row goes away that position deletes have not taken
};

class Rewriter {
 public:
  Rewriter(const MergeContext& context, const MatchedFile& matched, NewFiles& files)
      : context_(context), matched_(matched), files_(files) {}

  Result<FileOutcome> Run() {
    ARROW_ASSIGN_OR_RAISE(
        reader_, DataFileReader::Open(matched_.path, matched_.file->file.path, context_.use_threads));
    ARROW_ASSIGN_OR_RAISE(partitions_, RowPartitions::Make(*context_.spec, *context_.schema));
    same_spec_ = matched_.file->spec_id == context_.spec->id;
    RETURN_NOT_OK(MakePlan());
    ARROW_ASSIGN_OR_RAISE(outcome_.rewritten, Changes());
    if (!outcome_.rewritten) {
      outcome_.unchanged = static_cast<int64_t>(matched_.matches.size());
      return outcome_;
    }
    int64_t same = 0;
    RETURN_NOT_OK(Write(&same));
    const auto replaced = static_cast<int64_t>(plan_.replacements->size());
    outcome_.unchanged = same;
    outcome_.updated = replaced - same + static_cast<int64_t>(outcome_.moved.size());
    return outcome_;
  }

 private:
  /// The new rows that matches stand for, in the matches' order.
  Result<std::vector<uint8_t>> FindMoves(const std::vector<uint32_t>& ordinals) {
    std::vector<uint8_t> moved(ordinals.size());
    if (!same_spec_ || partitions_->unpartitioned()) return moved;
    const uint32_t here = partitions_->NumberOf(matched_.file->file.partition);
    ReplacementRows rows(*context_.input, ordinals);
    for (size_t first = 0; first < moved.size();) {
      const size_t count = std::min(context_.input->rows_at_once(), moved.size() - first);
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Range(first, count));
      ARROW_ASSIGN_OR_RAISE(const std::vector<uint32_t> numbers, partitions_->Of(*batch));
      for (const uint32_t number : numbers) moved[first++] = number != here;
    }
    return moved;
  }

  Status MakePlan() {
    const uint32_t rows = context_.index->rows();
    std::vector<uint32_t> ordinals;
    for (const MatchedFile::Match& match : matched_.matches) {
      if (match.ordinal < rows && !match.duplicate) ordinals.push_back(match.ordinal);
    }
    ARROW_ASSIGN_OR_RAISE(const std::vector<uint8_t> moved, FindMoves(ordinals));
    std::vector<uint32_t> staying;
    size_t next = 0;
    for (const MatchedFile::Match& match : matched_.matches) {
      RowEdit edit{.position = match.position};
      if (match.duplicate) {
        ++outcome_.duplicates;
      } else if (match.ordinal >= rows) {
        ++outcome_.deleted;
      } else if (moved[next++] != 0) {
        outcome_.moved.push_back(match.ordinal);
      } else {
        edit.replacement = static_cast<int64_t>(staying.size());
        staying.push_back(match.ordinal);
      }
      plan_.drops |= edit.replacement == RowEdit::kDrop;
      plan_.edits.push_back(edit);
    }
    plan_.replacements.emplace(*context_.input, std::move(staying));
    return Status::OK();
  }

  /// Whether any row becomes another one. Reads row groups with matches, up to the first difference.
  Result<bool> Changes() {
    if (plan_.drops) return true;
    std::vector<int> groups;
    auto edit = plan_.edits.begin();
    for (int group = 0; group < reader_->parquet().row_groups(); ++group) {
      const int64_t end = reader_->first_row(group) + reader_->parquet().row_group_rows(group);
      if (edit == plan_.edits.end() || edit->position >= end) continue;
      groups.push_back(group);
      while (edit != plan_.edits.end() && edit->position < end) ++edit;
    }
    ARROW_ASSIGN_OR_RAISE(const auto rows, reader_->Read(context_.schema->fields, groups));
    edit = plan_.edits.begin();
    while (edit != plan_.edits.end()) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
      if (batch == nullptr) return MakeError(ErrorCode::kInternal, "a data file lost rows while it was read");
      const int64_t end = rows->position() + batch->num_rows();
      const auto first = edit;
      while (edit != plan_.edits.end() && edit->position < end) ++edit;
      if (first == edit) continue;
      ARROW_ASSIGN_OR_RAISE(const auto others,
                            plan_.replacements->Range(static_cast<size_t>(first->replacement),
                                                      static_cast<size_t>(edit - first)));
      for (auto at = first; at != edit; ++at) {
        const int64_t other = at->replacement - first->replacement;
        if (!SameRow(*batch, at->position - rows->position(), *others, other)) return true;
      }
    }
    return false;
  }

  Status Write(int64_t* same) {
    std::vector<RowEdit> edits;
    edits.reserve(plan_.edits.size() + matched_.deleted.size());
    std::vector<RowEdit> deleted;
    for (const int64_t position : matched_.deleted) deleted.push_back({.position = position});
    std::merge(plan_.edits.begin(), plan_.edits.end(), deleted.begin(), deleted.end(),
               std::back_inserter(edits),
               [](const RowEdit& left, const RowEdit& right) { return left.position < right.position; });
    const auto open = [&]() -> Result<std::unique_ptr<columnar::RowSource>> {
      *same = 0;
      ARROW_ASSIGN_OR_RAISE(auto rows, reader_->Read(context_.schema->fields));
      return std::make_unique<EditedRows>(std::move(rows), edits, &*plan_.replacements, same);
    };
    if (!same_spec_) return files_.WriteRouted(open, *partitions_);
    ARROW_ASSIGN_OR_RAISE(const auto rows, open());
    const PartitionValues& partition = matched_.file->file.partition;
    if (!context_.use_threads) return files_.WriteOne(*rows, partition);
    ReadAhead ahead(*rows);
    return files_.WriteOne(ahead, partition);
  }

  const MergeContext& context_;
  const MatchedFile& matched_;
  NewFiles& files_;
  std::unique_ptr<DataFileReader> reader_;
  std::optional<RowPartitions> partitions_;
  bool same_spec_ = true;
  Plan plan_;
  FileOutcome outcome_;
};

}  // namespace

Result<std::vector<KeyBounds>> BoundsOf(const DataFile& file, const std::vector<Field>& fields) {
  std::vector<KeyBounds> all(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    const int id = fields[i].id;
    if (const auto bound = file.lower_bounds.find(id); bound != file.lower_bounds.end()) {
      ARROW_ASSIGN_OR_RAISE(all[i].lower, ParseLiteral(*fields[i].type, bound->second));
    }
    if (const auto bound = file.upper_bounds.find(id); bound != file.upper_bounds.end()) {
      ARROW_ASSIGN_OR_RAISE(all[i].upper, ParseLiteral(*fields[i].type, bound->second));
    }
    const auto nulls = file.nulls.find(id);
    all[i].only_nulls = nulls != file.nulls.end() && nulls->second == file.rows;
  }
  return all;
}

Status FindMatches(const KeyIndex& index, MatchedFile& matched, std::vector<uint8_t>& seen) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, DataFileReader::Open(matched.path, matched.file->file.path));
  std::vector<int> groups;
  for (int group = 0; group < reader->parquet().row_groups(); ++group) {
    ARROW_ASSIGN_OR_RAISE(const auto bounds, BoundsOfGroup(reader->parquet(), group, index.fields()));
    if (index.MayBeIn(bounds)) groups.push_back(group);
  }
  ARROW_ASSIGN_OR_RAISE(const auto rows, reader->Read(index.fields(), groups));
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
    if (batch == nullptr) return Status::OK();
    const std::vector<uint32_t> ordinals = index.Find(*batch);
    for (size_t row = 0; row < ordinals.size(); ++row) {
      const uint32_t ordinal = ordinals[row];
      if (ordinal == KeyIndex::kNone) continue;
      const int64_t position = rows->position() + static_cast<int64_t>(row);
      if (std::binary_search(matched.deleted.begin(), matched.deleted.end(), position)) continue;
      matched.matches.push_back({.position = position, .ordinal = ordinal, .duplicate = seen[ordinal] != 0});
      seen[ordinal] = 1;
    }
  }
}

Result<FileOutcome> RewriteFile(const MergeContext& context, const MatchedFile& matched, NewFiles& files) {
  return Rewriter(context, matched, files).Run();
}

}  // namespace ingesta::iceberg
