#include "ingesta/pipeline/completeness.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

namespace ingesta::pipeline {
namespace {

constexpr size_t kPrefetchDistance = 12;

uint64_t ContentHash(const std::string& source) {
  return XXH3_64bits(source.data(), source.size());
}

std::string Number(const std::optional<int64_t>& value) {
  return value ? fmt::format("{}", *value) : "none";
}

}  // namespace

void CompletenessProof::BeginPass(int pass) {
  pass_ = pass;
  moved_ = false;
  total_before_.reset();
}

void CompletenessProof::ObserveTotal(std::optional<int64_t> total) {
  if (!total.has_value()) return;
  if (!total_before_.has_value()) {
    total_before_ = total;
    if (options_.has_key) index_.Reserve(*total);
  }
  if (*total_before_ != *total) moved_ = true;
}

Status CompletenessProof::Observe(Batch& batch, const std::vector<transform::RowIdentity>& identities,
                                  int64_t next_row) {
  if (!options_.has_key) return Status::OK();
  if (next_row + batch.rows->num_rows() > KeyIndex::kMaxRows) {
    return MakeError(ErrorCode::kIncomplete,
                     fmt::format("more than {} rows in one dataset: the completeness proof can't number them",
                                 KeyIndex::kMaxRows),
                     "split the dataset by a list of values in `params`");
  }
  for (size_t i = 0; i < std::min(kPrefetchDistance, identities.size()); ++i)
    index_.Prefetch(identities[i].key);
  auto row = static_cast<uint32_t>(next_row);
  for (size_t i = 0; i < identities.size(); ++i) {
    if (i + kPrefetchDistance < identities.size()) index_.Prefetch(identities[i + kPrefetchDistance].key);
    switch (index_.Observe(identities[i].key, identities[i].content, row, pass_)) {
      case Sighting::kRepeated:
        ++duplicates_;
        [[fallthrough]];
      case Sighting::kSame:
        if (batch.dropped.empty()) batch.dropped.resize(identities.size(), 0);
        batch.dropped[i] = 1;
        break;
      case Sighting::kNew:
      case Sighting::kChanged:
        ++row;
    }
  }
  std::erase_if(batch.rejected, [this](const RejectedRow& rejected) {
    const uint64_t content = ContentHash(rejected.source);
    const uint64_t key =
        rejected.key.empty() ? content : transform::HashKeyText(rejected.key, options_.single_integer_key);
    const Sighting sighting = index_.Observe(key, content, KeyIndex::kRejectedRow, pass_);
    return sighting == Sighting::kSame || sighting == Sighting::kRepeated;
  });
  return Status::OK();
}

void CompletenessProof::ObserveDeleted(uint64_t key) {
  ++looked_up_;
  index_.MarkDeleted(key);
}

Status CompletenessProof::ObserveLookup(Batch& batch, const std::vector<transform::RowIdentity>& identities,
                                        int64_t next_row) {
  ++looked_up_;
  const int64_t duplicates = duplicates_;
  // The first call takes the row in; the others only mark the earlier passes.
  RETURN_NOT_OK(Observe(batch, identities, next_row));
  for (const transform::RowIdentity& identity : identities) {
    for (int pass = 1; pass < pass_; ++pass) {
      index_.Observe(identity.key, identity.content, static_cast<uint32_t>(next_row), pass);
    }
  }
  duplicates_ = duplicates;
  return Status::OK();
}

std::vector<uint32_t> CompletenessProof::RowsToLookUp() const {
  std::vector<uint32_t> rows;
  index_.ForEachMissedBy(pass_, [&rows](uint64_t, uint32_t row) {
    if (row <= KeyIndex::kMaxRows) rows.push_back(row);
  });
  std::sort(rows.begin(), rows.end());
  return rows;
}

bool CompletenessProof::Settled(std::optional<int64_t> total_after) const {
  if (options_.unpaged || !CanProve()) return true;
  return !moved_ && total_before_.has_value() && total_before_ == total_after &&
         index_.live_keys() == *total_after;
}

bool CompletenessProof::EndPass(std::optional<int64_t> total_after) {
  total_after_ = total_after;
  settled_ = Settled(total_after);
  return settled_;
}

std::vector<bool> CompletenessProof::KeptRows(int64_t rows) const {
  if (index_.superseded_rows().empty()) return {};
  std::vector<bool> keep(static_cast<size_t>(rows), true);
  for (const uint32_t row : index_.superseded_rows()) keep[row] = false;
  return keep;
}

Completeness CompletenessProof::Verify() const {
  Completeness result;
  result.total_before = total_before_;
  result.total_after = total_after_;
  result.distinct_keys = options_.has_key ? index_.live_keys() : 0;
  result.passes = pass_;
  result.duplicate_rows = duplicates_;
  result.looked_up = looked_up_;
  result.deleted = index_.deleted_keys();
  if (options_.unpaged) {
    result.verdict = Verdict::kExact;
    result.explanation = "the whole dataset came in one complete body";
  } else if (!options_.has_key) {
    result.explanation = "the pipeline names no primary_key, so repeated and lost rows can't be told";
  } else if (!options_.has_total) {
    result.explanation = "the service gives no total to compare the keys with";
  } else if (settled_ && pass_ == 1) {
    result.verdict = Verdict::kExact;
    result.explanation = fmt::format("{} distinct keys, and a total of {} that did not move",
                                     result.distinct_keys, Number(total_after_));
  } else if (settled_) {
    result.verdict = Verdict::kRepaired;
    result.explanation = fmt::format("{} passes together, without {} deleted, give the stable total of {}",
                                     pass_, result.deleted, Number(total_after_));
  } else {
    result.verdict = Verdict::kInexact;
    result.explanation =
        fmt::format("{} distinct keys after {} passes, but the service's total was {} before and {} after{}",
                    result.distinct_keys, pass_, Number(total_before_), Number(total_after_),
                    moved_ ? ", and it moved in between" : "");
  }
  return result;
}

void CompletenessProof::Reset() {
  index_.Clear();
  pass_ = 0;
  moved_ = settled_ = false;
  total_before_.reset();
  total_after_.reset();
  duplicates_ = looked_up_ = 0;
}

}  // namespace ingesta::pipeline
