#include "ingesta/base/scalar.h"

#include <fmt/format.h>

#include "ingesta/base/log.h"

namespace ingesta {
namespace {

constexpr size_t kShownBytes = 60;

/// At most kShownBytes, never half a character.
std::string Cut(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  size_t size = kShownBytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "...";
}

}  // namespace

std::string DescribeScalar(const Scalar& scalar) {
  switch (scalar.kind()) {
    case Scalar::Kind::kNull:
      return "null";
    case Scalar::Kind::kTrue:
      return "true";
    case Scalar::Kind::kFalse:
      return "false";
    case Scalar::Kind::kNumber:
      return fmt::format("the number {}", Cut(scalar.text()));
    case Scalar::Kind::kString: {
      std::string quoted;
      AppendJsonString(quoted, Cut(scalar.text()));
      return fmt::format("the string {}", quoted);
    }
    case Scalar::Kind::kJson:
      return fmt::format("{} {}", scalar.text().substr(0, 1) == "{" ? "the object" : "the array",
                         Cut(scalar.text()));
    case Scalar::Kind::kInvalid:
      break;
  }
  return std::string(scalar.text());
}

}  // namespace ingesta
