// Whether the process runs in a container. Thread-safe.
#pragma once

namespace ingesta {

/// As Docker, Podman, ECS and Kubernetes tell it; asked once.
bool InContainer();

}  // namespace ingesta
