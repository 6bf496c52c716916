#include "ingesta/demo/faults.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace ingesta::demo {
namespace {

constexpr std::string_view kCommonKeys = "dataset count every after";

struct Spec {
  FaultKind kind;
  FaultDescriptor descriptor;
  std::string_view positional;  ///< keys of the values without a key, in order
  std::string_view keys;        ///< further keys
  Fault defaults;
};

Fault Defaults(int64_t rows, int64_t bytes, Millis delay, int64_t count = 0) {
  Fault fault;
  fault.rows = rows;
  fault.bytes = bytes;
  fault.delay = delay;
  fault.count = count;
  return fault;
}

const std::vector<Spec>& Specs() {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  static const std::vector<Spec> specs = {
      {FaultKind::kStatus,
       {"status", "status:CODE[:COUNT], or CODE[:COUNT]",
        "answer with an HTTP error, in the service's own style"},
       "code count",
       "",
       {}},
      {FaultKind::kRetryAfter,
       {"retry-after", "retry-after[:SECONDS[:COUNT]][:form=date]", "answer 429 with Retry-After"},
       "delay count",
       "form",
       Defaults(0, 0, seconds(1))},
      {FaultKind::kHtml200,
       {"html200", "html200[:COUNT]", "answer 200 with an HTML page, as a proxy's log-in does"},
       "count",
       "",
       {}},
      {FaultKind::kTruncate,
       {"truncate", "truncate[:COUNT]", "close the connection after half of the body"},
       "count",
       "",
       {}},
      {FaultKind::kInvalidJson,
       {"invalid-json", "invalid-json[:COUNT]", "a whole body that is no JSON in its middle"},
       "count",
       "",
       {}},
      {FaultKind::kReset,
       {"reset", "reset[:COUNT][:bytes=N]", "reset the connection, after N bytes of the answer"},
       "count",
       "bytes",
       {}},
      {FaultKind::kHang,
       {"hang", "hang[:COUNT][:delay=DURATION]", "send nothing for so long, then close"},
       "count",
       "delay",
       Defaults(0, 0, hours(1))},
      {FaultKind::kSlow,
       {"slow", "slow[:BYTES[:DELAY]]", "drip the answer, so many bytes at a time"},
       "bytes delay",
       "",
       Defaults(0, 1024, milliseconds(100))},
      {FaultKind::kSlow500,
       {"slow-500", "slow-500[:DELAY[:COUNT]]", "answer 500 after a while, as without a database"},
       "delay count",
       "",
       Defaults(0, 0, seconds(30))},
      {FaultKind::kBrokenClientes,
       {"broken-clientes", "broken-clientes[:COUNT]",
        "/api/clientes: a 200 cut in mid-JSON with an error object behind it, never terminated"},
       "count",
       "",
       {}},
      {FaultKind::kDrift,
       {"drift", "drift[:COUNT]", "insert and delete a row between page requests, so many times"},
       "count",
       "",
       Defaults(0, 0, {}, 60)},
      {FaultKind::kWrongTotal,
       {"wrong-total", "wrong-total[:DIFFERENCE]", "report a total that is off"},
       "rows",
       "",
       Defaults(1, 0, {})},
      {FaultKind::kBadRow500,
       {"bad-row-500", "bad-row-500", "one row of productos turns every answer with it into a 500"},
       "",
       "",
       {}},
      {FaultKind::kBadValues,
       {"bad-values", "bad-values[:ONE_IN]",
        "one row in so many has a number that no column can hold (3.4e+38)"},
       "rows",
       "",
       Defaults(500, 0, {})},
      {FaultKind::kExtraDecimals,
       {"extra-decimals", "extra-decimals[:ONE_IN]", "one row in so many has money with three decimals"},
       "rows",
       "",
       Defaults(500, 0, {})},
      {FaultKind::kNowDates,
       {"now-dates", "now-dates[:ONE_IN]",
        "one proveedor in so many has a fechaRegistro that is made up at each read"},
       "rows",
       "",
       Defaults(100, 0, {})},
  };
  return specs;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool Contains(std::string_view words, std::string_view word) {
  const auto all = Split(words, ' ');
  return std::find(all.begin(), all.end(), word) != all.end();
}

std::optional<int64_t> ParseInt(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// `250ms`, `30s`, `5m`, `1h`; a bare number counts seconds.
std::optional<Millis> ParseDelay(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<int64_t> value = ParseInt(text.substr(0, digits));
  static const std::map<std::string_view, int64_t> kUnits = {
      {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  const auto unit = kUnits.find(text.substr(digits));
  if (!value.has_value() || unit == kUnits.end() || *value > 1'000'000'000) return std::nullopt;
  return Millis(*value * unit->second);
}

Status BadValue(std::string_view fault, std::string_view key, std::string_view value,
                std::string_view expected) {
  return MakeError(ErrorCode::kUsage, fmt::format("fault {}: {}={} is not {}", fault, key, value, expected));
}

Status SetKey(std::string_view key, std::string_view value, Fault* fault) {
  if (key == "dataset") {
    fault->dataset = FindDataset(value);
    if (fault->dataset.has_value()) return Status::OK();
    return BadValue(fault->name, key, value, "one of productos, categorias, ordenes, clientes, proveedores");
  }
  if (key == "form") {
    fault->date = value == "date";
    if (value == "date" || value == "seconds") return Status::OK();
    return BadValue(fault->name, key, value, "seconds or date");
  }
  if (key == "delay") {
    const std::optional<Millis> delay = ParseDelay(value);
    if (!delay.has_value()) return BadValue(fault->name, key, value, "a duration such as 250ms or 30s");
    fault->delay = *delay;
    return Status::OK();
  }
  const std::optional<int64_t> number = ParseInt(value);
  if (!number.has_value()) return BadValue(fault->name, key, value, "a whole number");
  if (key == "code") {
    if (*number < 300 || *number > 599)
      return BadValue(fault->name, key, value, "an HTTP status from 300 to 599");
    fault->code = static_cast<int>(*number);
    return Status::OK();
  }
  if (key == "rows" && fault->kind == FaultKind::kWrongTotal) {
    fault->rows = *number;
    return Status::OK();
  }
  const bool may_be_zero = key == "after" || key == "count" || key == "bytes";
  if (*number < (may_be_zero && fault->kind != FaultKind::kSlow ? 0 : 1)) {
    return BadValue(fault->name, key, value, "positive");
  }
  (key == "count"   ? fault->count
   : key == "every" ? fault->every
   : key == "after" ? fault->after
   : key == "bytes" ? fault->bytes
                    : fault->rows) = *number;
  return Status::OK();
}

Result<const Spec*> FindSpec(std::string_view name) {
  for (const Spec& spec : Specs()) {
    if (spec.descriptor.name == name) return &spec;
  }
  std::vector<std::string_view> names;
  for (const Spec& spec : Specs()) names.push_back(spec.descriptor.name);
  return MakeError(ErrorCode::kUsage, fmt::format("there is no fault {}", name),
                   fmt::format("choose one of {}, or an HTTP status such as 503", fmt::join(names, ", ")));
}

bool IsStatus(std::string_view name) {
  return name.size() == 3 && ParseInt(name).has_value();
}

/// Faults that the data of a dataset has, not the answers one by one.
bool IsOfData(FaultKind kind) {
  return kind >= FaultKind::kDrift;
}

}  // namespace

const std::vector<FaultDescriptor>& FaultDescriptors() {
  static const std::vector<FaultDescriptor> descriptors = [] {
    std::vector<FaultDescriptor> all;
    for (const Spec& spec : Specs()) all.push_back(spec.descriptor);
    return all;
  }();
  return descriptors;
}

std::string FaultHelp() {
  std::string help;
  for (const FaultDescriptor& fault : FaultDescriptors()) {
    help += fmt::format("  {:<46} {}\n", fault.usage, fault.summary);
  }
  help += "  each also with :dataset=NAME, :count=N, :every=N, :after=N\n";
  return help;
}

Result<Fault> ParseFault(std::string_view text) {
  std::vector<std::string_view> parts = Split(text, ':');
  if (parts.empty()) parts.emplace_back();
  // `503:3` is short for `status:503:3`.
  if (IsStatus(parts[0])) parts.insert(parts.begin(), "status");
  ARROW_ASSIGN_OR_RAISE(const Spec* spec, FindSpec(parts[0]));
  Fault fault = spec->defaults;
  fault.kind = spec->kind;
  fault.name = spec->descriptor.name;
  const std::vector<std::string_view> positional = Split(spec->positional, ' ');
  size_t next = 0;
  for (const std::string_view part : std::vector(parts.begin() + 1, parts.end())) {
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      if (next == positional.size()) {
        return MakeError(ErrorCode::kUsage, fmt::format("fault {}: what is {}?", fault.name, part),
                         fmt::format("write it as {}", spec->descriptor.usage));
      }
      ARROW_RETURN_NOT_OK(SetKey(positional[next++], part, &fault));
      continue;
    }
    const std::string_view key = part.substr(0, equals);
    if (!Contains(spec->positional, key) && !Contains(spec->keys, key) && !Contains(kCommonKeys, key)) {
      return MakeError(ErrorCode::kUsage, fmt::format("fault {} has no key {}", fault.name, key),
                       fmt::format("its keys are {} {} {}", spec->positional, spec->keys, kCommonKeys));
    }
    ARROW_RETURN_NOT_OK(SetKey(key, part.substr(equals + 1), &fault));
  }
  if (fault.kind == FaultKind::kBrokenClientes) fault.dataset = Dataset::kClientes;
  if (fault.kind == FaultKind::kBadRow500) fault.dataset = Dataset::kProductos;
  if (fault.kind == FaultKind::kNowDates) fault.dataset = Dataset::kProveedores;
  return fault;
}

Result<std::vector<Fault>> ParseFaults(const std::vector<std::string>& texts) {
  std::vector<Fault> faults;
  for (const std::string& text : texts) {
    ARROW_ASSIGN_OR_RAISE(Fault fault, ParseFault(text));
    faults.push_back(std::move(fault));
  }
  return faults;
}

FaultInjector::FaultInjector(std::vector<Fault> faults) {
  for (Fault& fault : faults) armed_.push_back(std::make_unique<Armed>(std::move(fault)));
}

bool FaultInjector::Count(Armed* armed) {
  const Fault& fault = armed->fault;
  const int64_t nth = ++armed->seen - fault.after;
  if (nth <= 0 || nth % fault.every != 0) return false;
  if (fault.count > 0 && ++armed->met > fault.count) return false;
  ++injected_;
  return true;
}

const Fault* FaultInjector::Next(Dataset dataset) {
  for (const auto& armed : armed_) {
    if (IsOfData(armed->fault.kind) || armed->fault.dataset.value_or(dataset) != dataset) continue;
    if (Count(armed.get())) return &armed->fault;
  }
  return nullptr;
}

const Fault* FaultInjector::Find(FaultKind kind, Dataset dataset) const {
  for (const auto& armed : armed_) {
    if (armed->fault.kind == kind && armed->fault.dataset.value_or(dataset) == dataset) return &armed->fault;
  }
  return nullptr;
}

bool FaultInjector::Due(FaultKind kind, Dataset dataset) {
  for (const auto& armed : armed_) {
    if (armed->fault.kind != kind || armed->fault.dataset.value_or(dataset) != dataset) continue;
    if (Count(armed.get())) return true;
  }
  return false;
}

}  // namespace ingesta::demo
