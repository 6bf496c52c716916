// The texts of row conditions. A recursive descent over the few forms that compare columns with values; what
// else pandas' query() would run is refused before the run.
#include <fmt/format.h>

#include <cctype>
#include <charconv>

#include "ingesta/expect/check.h"
#include "ingesta/expect/row_condition.h"

namespace ingesta::expect {
namespace {

using Kind = ConditionNode::Kind;

struct Token {
  enum class Kind { kEnd, kName, kQuotedName, kText, kNumber, kSymbol };
  Kind kind = Kind::kEnd;
  std::string text;
};

bool IsNameByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<Token> Next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    if (at_ == text_.size()) return Token{};
    const char c = text_[at_];
    if (c == '"' || c == '\'') return Quoted(Token::Kind::kText);
    if (c == '`') return Quoted(Token::Kind::kQuotedName);
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return Number();
    if (IsNameByte(c)) {
      const size_t begin = at_;
      while (at_ < text_.size() && IsNameByte(text_[at_])) ++at_;
      return Token{Token::Kind::kName, std::string(text_.substr(begin, at_ - begin))};
    }
    for (const std::string_view two : {"==", "!=", "<=", ">="}) {
      if (text_.substr(at_, 2) == two) {
        at_ += 2;
        return Token{Token::Kind::kSymbol, std::string(two)};
      }
    }
    ++at_;
    return Token{Token::Kind::kSymbol, std::string(1, c)};
  }

 private:
  Result<Token> Quoted(Token::Kind kind) {
    const char quote = text_[at_++];
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && kind == Token::Kind::kText && at_ + 1 < text_.size()) {
        const char escaped = text_[++at_];
        value += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
      } else {
        value += text_[at_];
      }
      ++at_;
    }
    if (at_ == text_.size()) return BadExpectation("row_condition: a quote is not closed");
    ++at_;
    return Token{kind, value};
  }

  Token Number() {
    const size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '.' ||
            ((text_[at_] == '-' || text_[at_] == '+') && (text_[at_ - 1] | 0x20) == 'e'))) {
      ++at_;
    }
    return Token{Token::Kind::kNumber, std::string(text_.substr(begin, at_ - begin))};
  }

  std::string_view text_;
  size_t at_ = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : source_(text), lexer_(text) {}

  Result<ConditionNode> Parse() {
    RETURN_NOT_OK(Advance());
    ARROW_ASSIGN_OR_RAISE(ConditionNode node, Either());
    if (token_.kind != Token::Kind::kEnd) return Refuse();
    return node;
  }

 private:
  struct Operand {
    bool is_column = false;
    std::string column;
    Json value;
  };

  Status Advance() {
    ARROW_ASSIGN_OR_RAISE(token_, lexer_.Next());
    return Status::OK();
  }
  bool Is(std::string_view text) const {
    return (token_.kind == Token::Kind::kSymbol || token_.kind == Token::Kind::kName) && token_.text == text;
  }
  Result<bool> Take(std::string_view text) {
    if (!Is(text)) return false;
    RETURN_NOT_OK(Advance());
    return true;
  }
  Status Expect(std::string_view text) {
    if (!Is(text)) return Refuse();
    return Advance();
  }
  Status Refuse() const {
    const std::string near = token_.kind == Token::Kind::kEnd ? "its end" : fmt::format("`{}`", token_.text);
    return BadExpectation(fmt::format(
        "row_condition: `{}` is not understood at {}: compare columns with values (==, !=, <, <=, >, >=, in, "
        "not in, .isnull(), .notnull()) and join by and, or, not",
        source_, near));
  }

  Result<ConditionNode> Join(Kind kind, std::string_view word, std::string_view sign,
                             Result<ConditionNode> (Parser::*part)()) {
    ARROW_ASSIGN_OR_RAISE(ConditionNode first, (this->*part)());
    if (!Is(word) && !Is(sign)) return first;
    ConditionNode node;
    node.kind = kind;
    node.children.push_back(std::move(first));
    while (Is(word) || Is(sign)) {
      RETURN_NOT_OK(Advance());
      ARROW_ASSIGN_OR_RAISE(ConditionNode next, (this->*part)());
      node.children.push_back(std::move(next));
    }
    return node;
  }
  Result<ConditionNode> Either() { return Join(Kind::kOr, "or", "|", &Parser::Both); }
  Result<ConditionNode> Both() { return Join(Kind::kAnd, "and", "&", &Parser::Unary); }

  Result<ConditionNode> Unary() {
    if (++depth_ > 100) return BadExpectation("row_condition: nested too deeply");
    if (Is("not") || Is("~")) {
      RETURN_NOT_OK(Advance());
      ConditionNode node;
      node.kind = Kind::kNot;
      ARROW_ASSIGN_OR_RAISE(ConditionNode inner, Unary());
      node.children.push_back(std::move(inner));
      return node;
    }
    if (Is("(")) {
      RETURN_NOT_OK(Advance());
      ARROW_ASSIGN_OR_RAISE(ConditionNode inner, Either());
      RETURN_NOT_OK(Expect(")"));
      return inner;
    }
    return Comparison();
  }

  Result<Operand> ReadOperand() {
    Operand operand;
    if (token_.kind == Token::Kind::kName && token_.text == "col") return LegacyColumn();
    if (token_.kind == Token::Kind::kName && token_.text == "date") return LegacyDate();
    const bool word = token_.kind == Token::Kind::kName;
    if (word && (token_.text == "True" || token_.text == "False")) {
      operand.value = token_.text == "True";
    } else if (word || token_.kind == Token::Kind::kQuotedName) {
      operand.is_column = true;
      operand.column = token_.text;
    } else if (token_.kind == Token::Kind::kText) {
      operand.value = token_.text;
    } else if (token_.kind == Token::Kind::kNumber || Is("-") || Is("+")) {
      return Number();
    } else {
      return Refuse();
    }
    RETURN_NOT_OK(Advance());
    return operand;
  }

  Result<Operand> Number() {
    const bool negative = Is("-");
    if (token_.kind == Token::Kind::kSymbol) RETURN_NOT_OK(Advance());
    if (token_.kind != Token::Kind::kNumber) return Refuse();
    Operand operand;
    operand.value = Json::parse((negative ? "-" : "") + token_.text, nullptr, /*allow_exceptions=*/false);
    if (operand.value.is_discarded()) {
      double value = 0;
      const auto parsed = std::from_chars(token_.text.data(), token_.text.data() + token_.text.size(), value);
      if (parsed.ec != std::errc() || *parsed.ptr != '\0') return Refuse();
      operand.value = negative ? -value : value;
    }
    RETURN_NOT_OK(Advance());
    return operand;
  }

  Result<Operand> LegacyColumn() {
    RETURN_NOT_OK(Advance());
    RETURN_NOT_OK(Expect("("));
    if (token_.kind != Token::Kind::kText) return Refuse();
    Operand operand;
    operand.is_column = true;
    operand.column = token_.text;
    RETURN_NOT_OK(Advance());
    RETURN_NOT_OK(Expect(")"));
    return operand;
  }

  Result<Operand> LegacyDate() {
    RETURN_NOT_OK(Advance());
    RETURN_NOT_OK(Expect("("));
    if (token_.kind != Token::Kind::kText) return Refuse();
    Operand operand;
    operand.value = token_.text;
    RETURN_NOT_OK(Advance());
    RETURN_NOT_OK(Expect(")"));
    return operand;
  }

  Result<ConditionNode> Comparison() {
    ARROW_ASSIGN_OR_RAISE(Operand left, ReadOperand());
    if (left.is_column && Is(".")) return NullTest(left);
    const bool negated = Is("not");
    if (negated) RETURN_NOT_OK(Advance());
    if (Is("in")) return Membership(left, negated);
    if (negated) return Refuse();
    ConditionNode node;
    if (!ReadOp(node.op)) return Refuse();
    RETURN_NOT_OK(Advance());
    ARROW_ASSIGN_OR_RAISE(Operand right, ReadOperand());
    if (!left.is_column) {
      if (!right.is_column) return Refuse();
      std::swap(left, right);
      node.op = Mirrored(node.op);
    }
    node.column = left.column;
    if (right.is_column) {
      node.kind = Kind::kCompareColumns;
      node.other = right.column;
    } else {
      node.kind = Kind::kCompare;
      node.values.push_back(right.value);
    }
    return node;
  }

  bool ReadOp(CompareOp& op) const {
    static constexpr std::pair<std::string_view, CompareOp> kOps[] = {
        {"==", CompareOp::kEqual},     {"!=", CompareOp::kNotEqual}, {"<", CompareOp::kLess},
        {"<=", CompareOp::kLessEqual}, {">", CompareOp::kGreater},   {">=", CompareOp::kGreaterEqual}};
    for (const auto& [text, value] : kOps) {
      if (Is(text)) {
        op = value;
        return true;
      }
    }
    return false;
  }

  static CompareOp Mirrored(CompareOp op) {
    switch (op) {
      case CompareOp::kLess:
        return CompareOp::kGreater;
      case CompareOp::kLessEqual:
        return CompareOp::kGreaterEqual;
      case CompareOp::kGreater:
        return CompareOp::kLess;
      case CompareOp::kGreaterEqual:
        return CompareOp::kLessEqual;
      default:
        return op;
    }
  }

  Result<ConditionNode> NullTest(const Operand& column) {
    RETURN_NOT_OK(Advance());
    const bool null = Is("isnull") || Is("isna");
    const bool not_null = Is("notnull") || Is("notna") || Is("NOTNULL");
    if (!null && !not_null) return Refuse();
    RETURN_NOT_OK(Advance());
    RETURN_NOT_OK(Expect("("));
    RETURN_NOT_OK(Expect(")"));
    ConditionNode node;
    node.kind = Kind::kIsNull;
    node.column = column.column;
    if (null) return node;
    ConditionNode outer;
    outer.kind = Kind::kNot;
    outer.children.push_back(std::move(node));
    return outer;
  }

  Result<ConditionNode> Membership(const Operand& column, bool negated) {
    RETURN_NOT_OK(Advance());
    if (!column.is_column || (!Is("[") && !Is("("))) return Refuse();
    const std::string_view close = Is("[") ? "]" : ")";
    RETURN_NOT_OK(Advance());
    ConditionNode node;
    node.kind = Kind::kIn;
    node.column = column.column;
    while (!Is(close)) {
      ARROW_ASSIGN_OR_RAISE(const Operand value, ReadOperand());
      if (value.is_column) return Refuse();
      node.values.push_back(value.value);
      ARROW_ASSIGN_OR_RAISE(const bool more, Take(","));
      if (!more && !Is(close)) return Refuse();
    }
    RETURN_NOT_OK(Advance());
    if (!negated) return node;
    ConditionNode outer;
    outer.kind = Kind::kNot;
    outer.children.push_back(std::move(node));
    return outer;
  }

  std::string_view source_;
  Lexer lexer_;
  Token token_;
  int depth_ = 0;
};

}  // namespace

Result<ConditionNode> ParseConditionText(std::string_view text) {
  return Parser(text).Parse();
}

}  // namespace ingesta::expect
