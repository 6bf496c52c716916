// Whether files kept below a folder outlive the process's container. Thread-safe.
#pragma once

#include <string>

namespace ingesta::pipeline {

/// True inside a container where `folder` is on the container's own file system, which ends with it, and no
/// mount.
bool EndsWithContainer(const std::string& folder);

}  // namespace ingesta::pipeline
