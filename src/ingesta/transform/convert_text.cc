// Strings and JSON.
#include "ingesta/base/log.h"
#include "ingesta/transform/convert.h"

namespace ingesta::transform {
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

}  // namespace ingesta::transform
