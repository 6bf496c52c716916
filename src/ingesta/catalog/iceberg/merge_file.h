// One data file of a table in a merge: which of its rows have a key that comes, and the file that takes its
// place. Finding is one thread's work; files are then written by any number of threads, each a file at a
// time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/key_index.h"
#include "ingesta/catalog/iceberg/merge_input.h"
#include "ingesta/catalog/iceberg/new_files.h"
#include "ingesta/catalog/iceberg/scan.h"

namespace ingesta::iceberg {

/// A data file in which keys were found.
struct MatchedFile {
  struct Match {
    int64_t position = 0;
    uint32_t ordinal = 0;
    bool duplicate = false;  ///< the key was found before, here or in another file
  };
  const LiveFile* file = nullptr;
  std::string path;              ///< local
  std::vector<Match> matches;    ///< by position
  std::vector<int64_t> deleted;  ///< positions that position deletes took away
};

/// What a merge made of a file.
struct FileOutcome {
  bool rewritten = false;
  int64_t updated = 0;
  int64_t deleted = 0;
  int64_t unchanged = 0;
  int64_t duplicates = 0;       ///< further rows of a key, which go away
  std::vector<uint32_t> moved;  ///< ordinals of rows that now belong to another partition
};

/// Bounds of the key columns as a manifest has them, in the order of `fields`. kCorrupt.
Result<std::vector<KeyBounds>> BoundsOf(const DataFile& file, const std::vector<Field>& fields);

/// Find the rows of `matched` (file, path, deleted are given) whose key is in `index`. `seen` has a flag for
/// each ordinal.
Status FindMatches(const KeyIndex& index, MatchedFile& matched, std::vector<uint8_t>& seen);

/// What is the same for all files of a merge.
struct MergeContext {
  const Schema* schema = nullptr;       ///< of the table after the merge
  const PartitionSpec* spec = nullptr;  ///< likewise
  const KeyIndex* index = nullptr;
  const MergeInput* input = nullptr;
  bool use_threads = false;  ///< for the columns of one file
};

/// Write what takes the place of `matched` to `files`, or nothing where all its rows stay as they are.
Result<FileOutcome> RewriteFile(const MergeContext& context, const MatchedFile& matched, NewFiles& files);

}  // namespace ingesta::iceberg
