#include "ingesta/source/paginators/header_link.h"

#include <algorithm>
#include <cctype>

#include "ingesta/source/paginators/common.h"
#include "ingesta/source/paginators/linked.h"

namespace ingesta::source {
namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// Whether the space-separated `types` hold `relation`.
bool HoldsRelation(std::string_view types, std::string_view relation) {
  while (!types.empty()) {
    const size_t space = types.find_first_of(" \t");
    if (EqualsIgnoringCase(types.substr(0, space), relation)) return true;
    types = space == std::string_view::npos ? "" : types.substr(space + 1);
  }
  return false;
}

/// Walks a Link header's value: `<target> ; name = token-or-"quoted" ; ... , <target> ...`.
class LinkParser {
 public:
  explicit LinkParser(std::string_view text) : text_(text) {}

  /// The next link, or false at the end or where the text is no link.
  bool Next(std::string& target, std::string& relation, bool& anchored) {
    SkipSpaceAnd(",");
    const size_t close = Peek() == '<' ? text_.find('>', at_) : std::string_view::npos;
    if (close == std::string_view::npos) return false;
    target = std::string(text_.substr(at_ + 1, close - at_ - 1));
    at_ = close + 1;
    relation.clear();
    anchored = false;
    bool has_relation = false;
    for (SkipSpaceAnd(""); Peek() == ';'; SkipSpaceAnd("")) {
      SkipSpaceAnd(";");
      const std::string name = Token();
      SkipSpaceAnd("");
      std::string value;
      if (Peek() == '=') {
        ++at_;
        SkipSpaceAnd("");
        value = Peek() == '"' ? Quoted() : Token();
      }
      if (EqualsIgnoringCase(name, "anchor")) anchored = true;
      // Of several rel parameters the first counts (RFC 8288, section 3.3).
      if (!EqualsIgnoringCase(name, "rel") || has_relation) continue;
      relation = value;
      has_relation = true;
    }
    return true;
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipSpaceAnd(std::string_view more) {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || more.find(text_[at_]) != std::string_view::npos))
      ++at_;
  }
  std::string Token() {
    const size_t start = at_;
    while (at_ < text_.size() && std::string_view(" \t;,=\"<>").find(text_[at_]) == std::string_view::npos)
      ++at_;
    return std::string(text_.substr(start, at_ - start));
  }
  std::string Quoted() {
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value.push_back(text_[at_]);
    }
    if (at_ < text_.size()) ++at_;
    return value;
  }

  std::string_view text_;
  size_t at_ = 0;
};

class HeaderLink final : public LinkedPaginator {
 public:
  static Result<std::unique_ptr<Paginator>> Make(const config::Options& options, int pass) {
    auto paginator = std::make_unique<HeaderLink>();
    ARROW_RETURN_NOT_OK(paginator->Init(options, pass));
    return paginator;
  }

 protected:
  std::optional<std::string> NextLink(const SeenPage& page) const override {
    for (const auto& [name, value] : page.headers.fields()) {
      if (!EqualsIgnoringCase(name, "link")) continue;
      if (auto link = FindLink(value, "next")) return link;
    }
    return std::nullopt;
  }
};

}  // namespace

std::optional<std::string> FindLink(std::string_view value, std::string_view relation) {
  LinkParser parser(value);
  std::string target, types;
  bool anchored = false;
  while (parser.Next(target, types, anchored)) {
    if (!anchored && HoldsRelation(types, relation)) return target;
  }
  return std::nullopt;
}

PaginatorKind HeaderLinkPaginator() {
  config::KindSpec spec{
      .name = "header_link",
      .summary = "The Link header of each answer has the URL of the next page (rel=next, RFC 8288)",
      .summary_es =
          "La cabecera Link de cada respuesta trae la URL de la página siguiente (rel=next, RFC 8288)"};
  spec.options = {PageSizeOption(), PageSizeParamOption(), MaximumPageOption()};
  return {std::move(spec), HeaderLink::Make};
}

}  // namespace ingesta::source
