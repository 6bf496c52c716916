#include "ingesta/catalog/iceberg/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace ingesta::iceberg {

Status ForEachOf(size_t count, int threads, const std::function<Status(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  Status first;
  const auto loop = [&] {
    while (true) {
      const size_t i = next++;
      if (i >= count) return;
      Status status = work(i);
      if (status.ok()) continue;
      next = count;
      const std::lock_guard lock(mutex);
      if (first.ok()) first = std::move(status);
    }
  };
  std::vector<std::thread> others;
  for (size_t t = 1; t < std::min(count, static_cast<size_t>(std::max(threads, 1))); ++t) {
    others.emplace_back(loop);
  }
  loop();
  for (std::thread& thread : others) thread.join();
  return first;
}

}  // namespace ingesta::iceberg
