// The local root as a store: the bucket's layout below one folder. Thread-safe; other processes are kept out
// of conditional writes by a lock file.
#pragma once

#include <memory>
#include <string>

#include "ingesta/base/object_store.h"

namespace ingesta::store {

/// `root` is made when the first object is written.
std::unique_ptr<ObjectStore> MakeLocalStore(std::string root);

/// OK for keys that stay below the root: no empty, `.` or `..` part, no leading `/`, no control characters.
Status CheckKey(const std::string& key);

}  // namespace ingesta::store
