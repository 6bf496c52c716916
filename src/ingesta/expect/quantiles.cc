#include "ingesta/expect/quantiles.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ingesta/expect/check.h"

namespace ingesta::expect {

Result<Interpolation> ReadInterpolation(const std::string& name) {
  static const std::pair<const char*, Interpolation> kNames[] = {{"linear", Interpolation::kLinear},
                                                                 {"lower", Interpolation::kLower},
                                                                 {"higher", Interpolation::kHigher},
                                                                 {"midpoint", Interpolation::kMidpoint},
                                                                 {"nearest", Interpolation::kNearest}};
  for (const auto& [known, value] : kNames) {
    if (name == known) return value;
  }
  return BadExpectation(fmt::format(
      "allow_relative_error: `{}` is not one of linear, lower, higher, midpoint, nearest, false", name));
}

Quantiles::Quantiles(int column, const arrow::DataType& type, MemoryBudget& memory)
    : column_(column),
      type_(type.GetSharedPtr()),
      is_narrow_(IsNarrow(type)),
      narrow_(memory),
      wide_(memory) {}

Status Quantiles::Add(const BatchView& batch, const RowSet& rows) {
  ColumnKeys(batch.column(column_), keys_);
  for (int64_t i = 0; i < batch.rows(); ++i) {
    if (!rows.Has(i)) continue;
    const ValueKey key = keys_[static_cast<size_t>(i)];
    // Equal keys need no order: the row is left out.
    if (is_narrow_) {
      narrow_.Add({key.high, 0});
    } else {
      wide_.Add({key.high, key.low, 0});
    }
  }
  return Status::OK();
}

namespace {

ValueKey KeyOf(const NarrowEntry& entry) {
  return {entry.key, 0};
}
ValueKey KeyOf(const WideEntry& entry) {
  return {entry.high, entry.low};
}

template <typename Entry>
Status Pick(SpillSorter<Entry>& sorter, const std::vector<int64_t>& positions,
            const std::vector<size_t>& order, std::vector<ValueKey>& out) {
  int64_t at = 0;
  size_t next = 0;
  return sorter.ForEach([&](const Entry& entry) {
    while (next < order.size() && positions[order[next]] == at) out[order[next++]] = KeyOf(entry);
    ++at;
    return next < order.size();
  });
}

}  // namespace

Result<std::vector<ValueKey>> Quantiles::At(const std::vector<int64_t>& positions) {
  std::vector<size_t> order(positions.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return positions[a] < positions[b]; });
  std::vector<ValueKey> keys(positions.size());
  RETURN_NOT_OK(is_narrow_ ? Pick(narrow_, positions, order, keys) : Pick(wide_, positions, order, keys));
  return keys;
}

QuantilePlace PlaceOf(double probability, int64_t count, Interpolation between) {
  const double exact = probability * static_cast<double>(count - 1);
  QuantilePlace place;
  place.below = std::min(static_cast<int64_t>(std::floor(exact)), count - 1);
  place.above = std::min(place.below + 1, count - 1);
  place.share = exact - static_cast<double>(place.below);
  switch (between) {
    case Interpolation::kLinear:
      break;
    case Interpolation::kLower:
      place.share = 0;
      break;
    case Interpolation::kHigher:
      place.share = place.share > 0 ? 1 : 0;
      break;
    case Interpolation::kMidpoint:
      place.share = place.share > 0 ? 0.5 : 0;
      break;
    case Interpolation::kNearest:
      // A half goes to the even position, as numpy does it.
      place.share = place.share < 0.5 || (place.share == 0.5 && place.below % 2 == 0) ? 0 : 1;
      break;
  }
  return place;
}

Result<std::vector<double>> Quantiles::Numbers(const std::vector<double>& probabilities,
                                               Interpolation between) {
  std::vector<int64_t> positions;
  std::vector<QuantilePlace> places;
  for (const double probability : probabilities) {
    places.push_back(PlaceOf(probability, count(), between));
    positions.push_back(places.back().below);
    positions.push_back(places.back().above);
  }
  ARROW_ASSIGN_OR_RAISE(const auto keys, At(positions));
  std::vector<double> numbers;
  for (size_t i = 0; i < places.size(); ++i) {
    const double low = KeyNumber(*type_, keys[2 * i]);
    const double high = KeyNumber(*type_, keys[2 * i + 1]);
    const double share = places[i].share;
    // numpy's way: from the nearer end, so that both ends are met exactly.
    if (share == 0 || low == high) {
      numbers.push_back(low);
    } else if (share == 1) {
      numbers.push_back(high);
    } else {
      numbers.push_back(share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share));
    }
  }
  return numbers;
}

}  // namespace ingesta::expect
