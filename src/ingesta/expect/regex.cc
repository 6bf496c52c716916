#include "ingesta/expect/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <arrow/util/utf8.h>
#include <fmt/format.h>
#include <pcre2.h>

#include <array>
#include <cctype>
#include <utility>

#include "ingesta/expect/check.h"

namespace ingesta::expect {
namespace {

// Backtracking steps of one match; ordinary patterns need a few a character.
constexpr uint32_t kMatchLimit = 2'000'000;
constexpr size_t kJitStackStart = 32 << 10;
constexpr size_t kJitStackMost = 1 << 20;

bool IsHex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  Result<std::string> Run() {
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == '\\') {
        RETURN_NOT_OK(Escape());
      } else if (in_class_) {
        ClassByte(c);
      } else if (c == '[') {
        OpenClass();
      } else if (c == '(') {
        RETURN_NOT_OK(Group());
      } else if (c == '{' && in_.substr(at_, 2) == "{,") {
        OpenRepeat();
      } else {
        Copy(1);
      }
    }
    return out_;
  }

 private:
  void Copy(size_t bytes) {
    out_ += in_.substr(at_, bytes);
    at_ += bytes;
  }
  Status Refuse(std::string_view what) const {
    return BadExpectation(fmt::format("the regular expression `{}`: Python's re has no {}", in_, what));
  }

  void ClassByte(char c) {
    if (c == ']' && at_ != class_start_) in_class_ = false;
    // To PCRE2 `[:` and the like would open a POSIX class.
    if (c == '[') out_ += '\\';
    Copy(1);
  }

  void OpenClass() {
    in_class_ = true;
    Copy(1);
    if (at_ < in_.size() && in_[at_] == '^') Copy(1);
    class_start_ = at_;
  }

  // Python reads {,n} as {0,n}; PCRE2 before 10.43 as it stands.
  void OpenRepeat() {
    size_t end = at_ + 2;
    while (end < in_.size() && std::isdigit(static_cast<unsigned char>(in_[end])) != 0) ++end;
    const bool repeat = end > at_ + 2 && end < in_.size() && in_[end] == '}';
    out_ += repeat ? "{0" : "{";
    ++at_;
  }

  Status Group() {
    if (in_.substr(at_, 2) == "(*") return Refuse("`(*`");
    if (in_.substr(at_, 2) != "(?") {
      Copy(1);
      return Status::OK();
    }
    const std::string_view rest = in_.substr(at_ + 2);
    static constexpr std::array<std::string_view, 10> kAllowed = {":",  "=",  "!", "<=", "<!",
                                                                  "P<", "P=", "#", "(",  ">"};
    for (const std::string_view prefix : kAllowed) {
      if (rest.substr(0, prefix.size()) == prefix) {
        Copy(2 + prefix.size());
        return Status::OK();
      }
    }
    return Flags(rest);
  }

  // `(?i)`, `(?si:`; u is the rule here, and a and L would change it.
  Status Flags(std::string_view rest) {
    std::string kept;
    size_t end = 0;
    for (; end < rest.size() && std::string_view("imsxu-").find(rest[end]) != std::string_view::npos; ++end) {
      if (rest[end] != 'u') kept += rest[end];
    }
    if (end == 0 || end == rest.size() || (rest[end] != ')' && rest[end] != ':')) {
      return Refuse(fmt::format("`(?{}`, or it is not supported here", rest.substr(0, 1)));
    }
    if (!kept.empty() || rest[end] == ':') out_ += "(?" + kept + rest[end];
    at_ += 2 + end + 1;
    return Status::OK();
  }

  Status Escape() {
    if (at_ + 1 == in_.size())
      return BadExpectation(fmt::format("the regular expression `{}` ends in a backslash", in_));
    const char c = in_[at_ + 1];
    if (c == 'u' || c == 'U') return CodePoint(c == 'u' ? 4 : 8);
    if (c == 'Z' && !in_class_) {
      out_ += "\\z";
      at_ += 2;
      return Status::OK();
    }
    // Python counts the four separators below the blank as white space too.
    if (c == 's') {
      out_ += in_class_ ? "\\s\\x1c-\\x1f" : "[\\s\\x1c-\\x1f]";
      at_ += 2;
      return Status::OK();
    }
    if (c == 'S' && !in_class_) {
      out_ += "[^\\s\\x1c-\\x1f]";
      at_ += 2;
      return Status::OK();
    }
    if (std::isalpha(static_cast<unsigned char>(c)) != 0 &&
        std::string_view("AbBdDsSwWZafnrtvx").find(c) == std::string_view::npos) {
      return Refuse(fmt::format("`\\{}`", c));
    }
    // Python's \v is the one character, PCRE2's a class.
    if (c == 'v') {
      out_ += "\\x0b";
      at_ += 2;
      return Status::OK();
    }
    Copy(2);
    return Status::OK();
  }

  Status CodePoint(size_t digits) {
    const std::string_view hex = in_.substr(at_ + 2, digits);
    for (const char digit : hex) {
      if (!IsHex(digit)) return Refuse(fmt::format("`\\{}{}`", in_[at_ + 1], hex));
    }
    if (hex.size() != digits) return Refuse(fmt::format("`\\{}{}`", in_[at_ + 1], hex));
    out_ += fmt::format("\\x{{{}}}", hex);
    at_ += 2 + digits;
    return Status::OK();
  }

  std::string_view in_;
  std::string out_;
  size_t at_ = 0;
  bool in_class_ = false;
  size_t class_start_ = 0;
};

std::string PcreMessage(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(code, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

}  // namespace

Result<std::string> PcreFromPython(std::string_view pattern) {
  return Translator(pattern).Run();
}

struct Regex::Machine {
  std::string pattern;
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
  pcre2_match_context* context = nullptr;
  pcre2_jit_stack* stack = nullptr;

  ~Machine() {
    pcre2_jit_stack_free(stack);
    pcre2_match_context_free(context);
    pcre2_match_data_free(match);
    pcre2_code_free(code);
  }
};

Regex::Regex(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
Regex::~Regex() = default;

Result<std::unique_ptr<Regex>> Regex::Compile(std::string_view pattern) {
  arrow::util::InitializeUTF8();
  auto machine = std::make_unique<Machine>();
  machine->pattern = pattern;
  ARROW_ASSIGN_OR_RAISE(const std::string translated, PcreFromPython(pattern));
  pcre2_compile_context* compile = pcre2_compile_context_create(nullptr);
  pcre2_set_newline(compile, PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  machine->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, compile);
  pcre2_compile_context_free(compile);
  if (machine->code == nullptr) {
    return BadExpectation(fmt::format("the regular expression `{}` is wrong: {} (near its character {})",
                                      pattern, PcreMessage(error), offset));
  }
  machine->match = pcre2_match_data_create_from_pattern(machine->code, nullptr);
  machine->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(machine->context, kMatchLimit);
  // Without a compiler for this machine the interpreter does it.
  if (pcre2_jit_compile(machine->code, PCRE2_JIT_COMPLETE) == 0) {
    machine->stack = pcre2_jit_stack_create(kJitStackStart, kJitStackMost, nullptr);
    pcre2_jit_stack_assign(machine->context, nullptr, machine->stack);
  }
  return std::unique_ptr<Regex>(new Regex(std::move(machine)));
}

Result<bool> Regex::Run(std::string_view text, uint32_t options) const {
  if (!arrow::util::ValidateUTF8(text)) return BadExpectation("a text is not UTF-8");
  const int found = pcre2_match(machine_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0,
                                PCRE2_NO_UTF_CHECK | options, machine_->match, machine_->context);
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  return BadExpectation(
      fmt::format("the regular expression `{}` can't be held against a text of {} bytes: {}",
                  machine_->pattern, text.size(), PcreMessage(found)));
}

Result<bool> Regex::Search(std::string_view text) const {
  return Run(text, 0);
}

Result<bool> Regex::Match(std::string_view text, std::vector<std::string_view>& groups) const {
  ARROW_ASSIGN_OR_RAISE(const bool found, Run(text, PCRE2_ANCHORED));
  if (!found) return false;
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(machine_->match);
  groups.clear();
  for (uint32_t i = 0; i < pcre2_get_ovector_count(machine_->match); ++i) {
    const bool took_part = ends[2 * i] != PCRE2_UNSET;
    groups.push_back(took_part ? text.substr(ends[2 * i], ends[2 * i + 1] - ends[2 * i])
                               : std::string_view());
  }
  return true;
}

}  // namespace ingesta::expect
