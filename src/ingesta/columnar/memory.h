// Where the columnar files' buffers come from: an allocator that gives memory back between row groups, which
// Arrow's default one holds on to. Thread-safe.
#pragma once

#include <arrow/type_fwd.h>

namespace ingesta::columnar {

/// Never nullptr; lives as long as the process.
arrow::MemoryPool* BufferPool();

}  // namespace ingesta::columnar
