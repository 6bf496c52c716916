#include "ingesta/pipeline/container.h"

#include <sys/stat.h>

#include "ingesta/base/container.h"

namespace ingesta::pipeline {

bool EndsWithContainer(const std::string& folder) {
  struct stat root {};
  struct stat data {};
  return InContainer() && ::stat("/", &root) == 0 && ::stat(folder.c_str(), &data) == 0 &&
         root.st_dev == data.st_dev;
}

}  // namespace ingesta::pipeline
