// The memory that whole-column statistics share, and where they go when it is used up. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::expect {

/// Something that can leave memory for the disk.
class Spillable {
 public:
  virtual ~Spillable() = default;
  virtual int64_t bytes() const = 0;
  virtual Status Spill() = 0;
};

class MemoryBudget {
 public:
  /// `folder` exists; empty = a temporary one, made when it is needed.
  MemoryBudget(int64_t limit, std::string folder) : limit_(limit), folder_(std::move(folder)) {}
  /// Removes what is left of its files.
  ~MemoryBudget();
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  void Register(Spillable* user) { users_.push_back(user); }
  void Forget(Spillable* user);
  /// Where more than the limit is held, send the largest holders to disk until it is not.
  Status Enforce();
  /// The path of a new file, which the caller creates; it is removed with the budget.
  Result<std::string> NewFile();
  int64_t files() const { return files_made_; }

 private:
  const int64_t limit_;
  std::string folder_;
  std::string own_folder_;
  std::vector<Spillable*> users_;
  std::vector<std::string> files_;
  int64_t files_made_ = 0;
};

}  // namespace ingesta::expect
