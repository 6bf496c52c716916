// Strings and JSON, and how a value looks in a message.
#include <fmt/format.h>

#include "ingesta/base/log.h"
#include "ingesta/transform/convert.h"

namespace ingesta::transform {
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

bool ConvertString(const Scalar& scalar, ColumnValue* value, Complaint* complaint) {
  *complaint = "";
  switch (scalar.kind()) {
    case Scalar::Kind::kString:
    case Scalar::Kind::kNumber:
      value->text = scalar.text();
      return true;
    case Scalar::Kind::kTrue:
      value->text = "true";
      return true;
    case Scalar::Kind::kFalse:
      value->text = "false";
      return true;
    case Scalar::Kind::kJson:
      *complaint = "type json keeps it whole, and join makes one text of an array";
      return false;
    default:
      return false;
  }
}

bool ConvertJson(const Scalar& scalar, std::string* scratch, ColumnValue* value, Complaint* complaint) {
  if (scalar.kind() == Scalar::Kind::kString) {
    scratch->clear();
    AppendJsonString(*scratch, scalar.text());
    value->text = *scratch;
    return true;
  }
  if (scalar.kind() == Scalar::Kind::kJson) {
    *complaint = "";
    value->text = scalar.text();
    return true;
  }
  return ConvertString(scalar, value, complaint);
}

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

}  // namespace ingesta::transform
