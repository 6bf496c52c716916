// What Arrow fields say beside name and type. Pure.
#pragma once

#include <arrow/type_fwd.h>

#include <string>

namespace ingesta {

/// One value of the field's metadata, or "".
std::string FieldMetadata(const arrow::Field& field, const std::string& key);

}  // namespace ingesta
