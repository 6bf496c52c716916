#include "ingesta/pipeline/container.h"

#include <sys/stat.h>

#include <cstdlib>

#include "ingesta/base/fs.h"

namespace ingesta::pipeline {

bool EndsWithContainer(const std::string& folder) {
  const bool in_container = PathExists("/.dockerenv") || PathExists("/run/.containerenv") ||
                            std::getenv("ECS_CONTAINER_METADATA_URI_V4") != nullptr ||
                            std::getenv("KUBERNETES_SERVICE_HOST") != nullptr;
  struct stat root {};
  struct stat data {};
  return in_container && ::stat("/", &root) == 0 && ::stat(folder.c_str(), &data) == 0 &&
         root.st_dev == data.st_dev;
}

}  // namespace ingesta::pipeline
