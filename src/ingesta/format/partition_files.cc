#include "ingesta/format/partition_files.h"

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "ingesta/base/fs.h"
#include "ingesta/columnar/arrow_file.h"
#include "ingesta/columnar/memory.h"

namespace ingesta::format {
namespace {

/// A run of partitions in their order: [first, last).
struct Range {
  size_t first = 0;
  size_t last = 0;
  size_t size() const { return last - first; }
};

/// Rows of some partitions: the parts that came, or a temporary file made of them.
struct Input {
  std::vector<PartSelection> parts;
  int64_t bytes = 0;
};

/// Removes its file.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) (void)RemoveFile(path_);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class PartitionJob {
 public:
  PartitionJob(std::string path, std::shared_ptr<arrow::Schema> schema, Partitioner partitioner,
               const PartitionOptions& options)
      : path_(std::move(path)),
        schema_(std::move(schema)),
        partitioner_(std::move(partitioner)),
        options_(options) {}

  Result<std::vector<WrittenFile>> Run(const std::vector<PartSelection>& parts) {
    Input input{parts, 0};
    for (const PartSelection& part : parts) {
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes, FileSize(part.path));
      input.bytes += bytes;
    }
    ARROW_RETURN_NOT_OK(Count(input));
    if (partitioner_.size() > 0) ARROW_RETURN_NOT_OK(Write(input, {0, partitioner_.size()}));
    return std::move(files_);
  }

 private:
  /// Learn which partitions there are, and how many rows each has.
  Status Count(const Input& input) {
    std::vector<int64_t> rows_by_id;
    PartRows rows(input.parts, columnar::OpenArrowFile, {partitioner_.column()});
    std::vector<int32_t> ids;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
      if (batch == nullptr) break;
      ARROW_RETURN_NOT_OK(partitioner_.Assign(*batch->column(0), &ids));
      rows_by_id.resize(partitioner_.size());
      for (const int32_t id : ids) ++rows_by_id[static_cast<size_t>(id)];
    }
    order_ = partitioner_.Order();
    ranks_.resize(order_.size());
    for (size_t rank = 0; rank < order_.size(); ++rank) {
      ranks_[static_cast<size_t>(order_[rank])] = rank;
      rows_by_rank_.push_back(rows_by_id[static_cast<size_t>(order_[rank])]);
    }
    return Status::OK();
  }

  Status Write(const Input& input, Range range) {
    if (range.size() == 1) return WriteOne(input, range.first);
    if (input.bytes <= options_.sort_bytes) return Sort(input, range);
    return DealOut(input, range);
  }

  Result<std::unique_ptr<columnar::ParquetWriter>> OpenPartition(size_t rank) const {
    return columnar::ParquetWriter::Create(WithSuffix(path_, fmt::format("-p{:05}", rank)), schema_,
                                           options_.parquet);
  }

  Status ClosePartition(size_t rank, columnar::ParquetWriter* writer) {
    ARROW_ASSIGN_OR_RAISE(const auto closed, writer->Close());
    for (const columnar::ParquetFile& file : closed) {
      files_.push_back({.path = file.path,
                        .rows = file.rows,
                        .bytes = file.bytes,
                        .crc32 = file.crc32,
                        .partition = partitioner_.Name(order_[rank])});
    }
    return Status::OK();
  }

  Status WriteOne(const Input& input, size_t rank) {
    ARROW_ASSIGN_OR_RAISE(const auto writer, OpenPartition(rank));
    PartRows rows(input.parts, columnar::OpenArrowFile);
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
      if (batch == nullptr) return ClosePartition(rank, writer.get());
      ARROW_RETURN_NOT_OK(writer->Write(batch));
    }
  }

  Status Sort(const Input& input, Range range) {
    arrow::RecordBatchVector batches;
    PartRows rows(input.parts, columnar::OpenArrowFile);
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto batch, rows.Next());
      if (batch == nullptr) break;
      batches.push_back(std::move(batch));
    }
    ARROW_ASSIGN_OR_RAISE(auto all, arrow::ConcatenateRecordBatches(batches, columnar::BufferPool()));
    batches.clear();
    std::vector<int64_t> ends;
    ARROW_ASSIGN_OR_RAISE(const auto sorted,
                          Group(
                              all, range, range.size(), [](size_t i) { return i; }, &ends));
    all.reset();
    int64_t begin = 0;
    for (size_t i = 0; i < range.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const auto writer, OpenPartition(range.first + i));
      ARROW_RETURN_NOT_OK(writer->Write(sorted->Slice(begin, ends[i] - begin)));
      ARROW_RETURN_NOT_OK(ClosePartition(range.first + i, writer.get()));
      begin = ends[i];
    }
    return Status::OK();
  }

  /// The rows of `batch` by their group, within each in order; group i ends at `(*ends)[i]`. A partition's
  /// group is told by its place in `range`.
  template <typename GroupOf>
  Result<std::shared_ptr<arrow::RecordBatch>> Group(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                    Range range, size_t groups, GroupOf&& group_of,
                                                    std::vector<int64_t>* ends) {
    ARROW_RETURN_NOT_OK(partitioner_.Assign(*batch->column(partitioner_.column()), &ids_));
    std::vector<int64_t> next(groups + 1, 0);
    for (int32_t& id : ids_) {
      id = static_cast<int32_t>(group_of(ranks_[static_cast<size_t>(id)] - range.first));
      ++next[static_cast<size_t>(id) + 1];
    }
    std::partial_sum(next.begin(), next.end(), next.begin());
    ends->assign(next.begin() + 1, next.end());
    arrow::TypedBufferBuilder<int64_t> places(columnar::BufferPool());
    ARROW_RETURN_NOT_OK(places.Resize(batch->num_rows()));
    int64_t* const place = places.mutable_data();
    for (size_t row = 0; row < ids_.size(); ++row) {
      place[next[static_cast<size_t>(ids_[row])]++] = static_cast<int64_t>(row);
    }
    places.bytes_builder()->UnsafeAdvance(batch->num_rows() * static_cast<int64_t>(sizeof(int64_t)));
    ARROW_ASSIGN_OR_RAISE(auto buffer, places.Finish());
    const auto indices = std::make_shared<arrow::Int64Array>(batch->num_rows(), std::move(buffer));
    arrow::compute::ExecContext context(columnar::BufferPool());
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken,
                          arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices),
                                               arrow::compute::TakeOptions::NoBoundsCheck(), &context));
    return taken.record_batch();
  }

  /// Cut `range` so that a piece's rows fit into memory, as far as whole partitions allow: two pieces or
  /// more.
  std::vector<Range> Cut(Range range, int64_t bytes) const {
    const auto begin = rows_by_rank_.begin();
    const int64_t rows = std::accumulate(begin + static_cast<ptrdiff_t>(range.first),
                                         begin + static_cast<ptrdiff_t>(range.last), int64_t{0});
    const int64_t pieces = std::clamp<int64_t>(bytes / options_.sort_bytes + 1, 2, options_.fan_out);
    const int64_t most = std::max<int64_t>(1, rows / pieces);
    std::vector<Range> ranges{{range.first, range.first}};
    int64_t gathered = 0;
    for (size_t rank = range.first; rank < range.last; ++rank) {
      if (gathered > 0 && gathered + rows_by_rank_[rank] > most) {
        ranges.push_back({rank, rank});
        gathered = 0;
      }
      ranges.back().last = rank + 1;
      gathered += rows_by_rank_[rank];
    }
    return ranges;
  }

  Status DealOut(const Input& input, Range range) {
    const std::vector<Range> ranges = Cut(range, input.bytes);
    std::vector<Input> inputs(ranges.size());
    std::vector<TemporaryFile> files;
    for (size_t i = 0; i < ranges.size(); ++i) {
      files.emplace_back(WithSuffix(path_, fmt::format("-tmp{:05}", temporaries_++)));
    }
    ARROW_RETURN_NOT_OK(Fill(input, range, ranges, files, &inputs));
    for (size_t i = 0; i < ranges.size(); ++i) {
      ARROW_RETURN_NOT_OK(Write(inputs[i], ranges[i]));
      const TemporaryFile done = std::move(files[i]);
    }
    return Status::OK();
  }

  Status Fill(const Input& input, Range range, const std::vector<Range>& ranges,
              const std::vector<TemporaryFile>& files, std::vector<Input>* inputs) {
    std::vector<size_t> piece_of(range.size());
    std::vector<std::unique_ptr<columnar::ArrowFileWriter>> writers;
    for (size_t i = 0; i < ranges.size(); ++i) {
      for (size_t rank = ranges[i].first; rank < ranges[i].last; ++rank) piece_of[rank - range.first] = i;
      ARROW_ASSIGN_OR_RAISE(auto writer, columnar::ArrowFileWriter::Create(files[i].path(), schema_));
      writers.push_back(std::move(writer));
    }
    PartRows rows(input.parts, columnar::OpenArrowFile);
    std::vector<int64_t> ends;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
      if (batch == nullptr) break;
      ARROW_ASSIGN_OR_RAISE(const auto sorted,
                            Group(
                                batch, range, ranges.size(), [&](size_t i) { return piece_of[i]; }, &ends));
      for (size_t i = 0; i < ranges.size(); ++i) {
        const int64_t begin = i == 0 ? 0 : ends[i - 1];
        if (begin < ends[i]) ARROW_RETURN_NOT_OK(writers[i]->Write(*sorted->Slice(begin, ends[i] - begin)));
      }
    }
    for (size_t i = 0; i < ranges.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const columnar::ClosedFile closed, writers[i]->Close(/*sync=*/false));
      (*inputs)[i] = {{{closed.path, nullptr}}, closed.bytes};
    }
    return Status::OK();
  }

  const std::string path_;
  const std::shared_ptr<arrow::Schema> schema_;
  Partitioner partitioner_;
  const PartitionOptions& options_;
  std::vector<int32_t> order_;  ///< ids by rank
  std::vector<size_t> ranks_;   ///< ranks by id
  std::vector<int64_t> rows_by_rank_;
  std::vector<int32_t> ids_;  ///< scratch
  size_t temporaries_ = 0;
  std::vector<WrittenFile> files_;
};

}  // namespace

std::string WithSuffix(const std::string& path, const std::string& suffix) {
  const size_t slash = path.rfind('/');
  size_t dot = path.rfind('.');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) dot = path.size();
  return path.substr(0, dot) + suffix + path.substr(dot);
}

Result<std::vector<WrittenFile>> WritePartitions(const std::vector<PartSelection>& parts,
                                                 const std::string& path,
                                                 const std::shared_ptr<arrow::Schema>& schema,
                                                 Partitioner partitioner, const PartitionOptions& options) {
  return PartitionJob(path, schema, std::move(partitioner), options).Run(parts);
}

}  // namespace ingesta::format
