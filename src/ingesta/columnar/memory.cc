#include "ingesta/columnar/memory.h"

#include <arrow/memory_pool.h>

#include "ingesta/base/status.h"

namespace ingesta::columnar {

arrow::MemoryPool* BufferPool() {
  static arrow::MemoryPool* const pool = [] {
    arrow::MemoryPool* jemalloc = nullptr;
    const Status status = arrow::jemalloc_memory_pool(&jemalloc);
    return status.ok() ? jemalloc : arrow::system_memory_pool();
  }();
  return pool;
}

}  // namespace ingesta::columnar
