#include "ingesta/base/container.h"

#include <cstdlib>

#include "ingesta/base/fs.h"

namespace ingesta {

bool InContainer() {
  static const bool in_container = PathExists("/.dockerenv") || PathExists("/run/.containerenv") ||
                                   std::getenv("ECS_CONTAINER_METADATA_URI_V4") != nullptr ||
                                   std::getenv("KUBERNETES_SERVICE_HOST") != nullptr;
  return in_container;
}

}  // namespace ingesta
