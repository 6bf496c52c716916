#include "ingesta/expect/memory_budget.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "ingesta/base/fs.h"

namespace ingesta::expect {

MemoryBudget::~MemoryBudget() {
  // What can't be removed is left to whoever cleans the folder: there is nobody to tell here.
  for (const std::string& file : files_) (void)RemoveFile(file);
  if (!own_folder_.empty()) (void)RemoveTree(own_folder_);
}

void MemoryBudget::Forget(Spillable* user) {
  users_.erase(std::remove(users_.begin(), users_.end(), user), users_.end());
}

Status MemoryBudget::Enforce() {
  for (;;) {
    int64_t total = 0;
    Spillable* largest = nullptr;
    for (Spillable* user : users_) {
      total += user->bytes();
      if (largest == nullptr || user->bytes() > largest->bytes()) largest = user;
    }
    if (total <= limit_ || largest == nullptr || largest->bytes() == 0) return Status::OK();
    RETURN_NOT_OK(largest->Spill());
  }
}

Result<std::string> MemoryBudget::NewFile() {
  if (folder_.empty()) {
    const char* base = std::getenv("TMPDIR");
    std::string pattern =
        fmt::format("{}/ingesta-expect.XXXXXX", base != nullptr && *base != '\0' ? base : "/tmp");
    if (::mkdtemp(pattern.data()) == nullptr) return ErrnoError(errno, "make the scratch folder " + pattern);
    folder_ = own_folder_ = pattern;
  }
  static std::atomic<int64_t> counter{0};
  files_.push_back(fmt::format("{}/expect.{}.{}", folder_, ::getpid(), counter++));
  ++files_made_;
  return files_.back();
}

}  // namespace ingesta::expect
