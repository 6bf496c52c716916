// The families of expectations, one file each; registry.cc lists them.
#pragma once

#include <vector>

#include "ingesta/expect/registry.h"

namespace ingesta::expect {

std::vector<ExpectationKind> NullKinds();
std::vector<ExpectationKind> BetweenKinds();
std::vector<ExpectationKind> SetKinds();
std::vector<ExpectationKind> RegexKinds();
std::vector<ExpectationKind> LengthKinds();
std::vector<ExpectationKind> OrderKinds();
std::vector<ExpectationKind> TypeKinds();
std::vector<ExpectationKind> TextFormatKinds();
std::vector<ExpectationKind> JsonSchemaKinds();
std::vector<ExpectationKind> UniqueKinds();
std::vector<ExpectationKind> SpreadKinds();
std::vector<ExpectationKind> ExtremeKinds();
std::vector<ExpectationKind> SumKinds();
std::vector<ExpectationKind> DistinctKinds();
std::vector<ExpectationKind> QuantileKinds();
std::vector<ExpectationKind> DivergenceKinds();
std::vector<ExpectationKind> TableKinds();
std::vector<ExpectationKind> PairKinds();
std::vector<ExpectationKind> ColumnSetKinds();
std::vector<UnsupportedKind> UnsupportedKinds();

}  // namespace ingesta::expect
