#include "ingesta/format/format.h"

#include "ingesta/columnar/row_source.h"

namespace ingesta::format {

Result<std::unique_ptr<columnar::RowSource>> Format::OpenPart(const std::string& path) const {
  return MakeError({.code = ErrorCode::kInternal, .stage = Stage::kFormat},
                   path + ": a file of this format does not give its rows back");
}

}  // namespace ingesta::format
