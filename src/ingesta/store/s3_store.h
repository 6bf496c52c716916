// The store on an S3 bucket: objects by If-None-Match, whole or not at all; documents by their ETag.
// Thread-safe.
#pragma once

#include <memory>

#include "ingesta/aws/s3.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"

namespace ingesta::store {

/// REQUIRES: the HTTP client behind `client` outlives the store.
Result<std::unique_ptr<ObjectStore>> MakeS3Store(std::shared_ptr<aws::S3Client> client);

}  // namespace ingesta::store
