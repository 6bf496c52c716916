// The expectations that there are, by type, each with what its kwargs may be. From the descriptors come the
// suite reader's checks and the reference pages. Immutable once built.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/expect/json.h"

namespace ingesta::expect {

class Check;
struct CheckContext;

enum class KwargType {
  kText,
  kColumn,  ///< a column's name, not empty
  kNumber,
  kBound,  ///< a number, a date, a time, or null
  kCount,  ///< a whole number
  kBool,
  kFraction,    ///< 0 to 1
  kTextList,    ///< at least one text
  kColumnList,  ///< at least two columns
  kList,
  kPairList,  ///< a list of lists of two
  kObject,
  kAny,
  kEnum,
};

struct KwargSpec {
  std::string name;
  KwargType type = KwargType::kText;
  bool required = false;
  bool nullable = false;
  std::vector<std::string> choices;  ///< of kEnum
};

/// What a check looks at; decides which kwargs it has beside its own.
enum class Domain {
  kTable,            ///< the schema or the number of rows
  kFilteredTable,    ///< the rows of a row_condition
  kColumnRows,       ///< the values of one column, one by one: mostly, row_condition
  kColumnAggregate,  ///< one column as a whole: row_condition
  kColumnPair,       ///< pairs of values: mostly, row_condition
  kColumnSet,        ///< several columns' values: mostly, row_condition
};

struct ExpectationKind {
  std::string type;
  std::string summary;  ///< English, one sentence without the final dot
  std::string summary_es;
  Domain domain = Domain::kColumnRows;
  bool row_level = false;  ///< a row can be judged when it passes, so it can go to quarantine
  std::vector<KwargSpec> kwargs;
  /// Bind to the columns. kInvalidConfig where they don't allow it.
  std::function<Result<std::unique_ptr<Check>>(const CheckContext& context)> make;
};

/// An expectation of GX that is not checked, and why.
struct UnsupportedKind {
  std::string type;
  std::string reason;
  std::string reason_es;
};

class Registry {
 public:
  void Add(std::vector<ExpectationKind> kinds);
  void AddUnsupported(std::vector<UnsupportedKind> kinds);
  /// Or nullptr.
  const ExpectationKind* Find(std::string_view type) const;
  const UnsupportedKind* FindUnsupported(std::string_view type) const;
  const std::vector<ExpectationKind>& kinds() const { return kinds_; }
  const std::vector<UnsupportedKind>& unsupported() const { return unsupported_; }
  std::vector<std::string> types() const;

 private:
  std::vector<ExpectationKind> kinds_;
  std::vector<UnsupportedKind> unsupported_;
};

/// Every expectation of GX 1.24's core.
Registry CoreExpectations();

/// All kwargs of a kind: its own, and those of its domain.
std::vector<KwargSpec> AllKwargs(const ExpectationKind& kind);

}  // namespace ingesta::expect
