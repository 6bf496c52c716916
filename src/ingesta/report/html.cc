#include "ingesta/report/html.h"

#include <fmt/format.h>

namespace ingesta::report {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --text: #1c2230; --dim: #5c6678; --line: #dfe3ea;
  --good: #1a7f4b; --bad: #c2362b; --note: #9a6700; --link: #1f5fbf; --code: #eef1f5; }
@media (prefers-color-scheme: dark) { :root { --bg: #11151c; --card: #1a202b; --text: #e6eaf2; --dim: #9aa5b8;
  --line: #2c3545; --good: #4cc38a; --bad: #ff8078; --note: #e3b341; --link: #7db2ff; --code: #242c3a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--bg); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
a { color: var(--link); } p { margin: .4rem 0; } .dim { color: var(--dim); font-size: .9rem; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: .3rem 0; }
.card, details { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; margin: .5rem 0;
  padding: .6rem .8rem; }
summary { cursor: pointer; } summary .what { font-weight: 600; }
.badge { display: inline-block; min-width: 5.5rem; margin-right: .5rem; padding: 0 .5rem; border-radius: 1rem;
  border: 1px solid currentColor; text-align: center; font-size: .8rem; font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); } .note { color: var(--note); }
code { background: var(--code); border-radius: .25rem; padding: .05rem .3rem; font: .85em ui-monospace, Menlo,
  Consolas, monospace; unicode-bidi: isolate; white-space: pre-wrap; }
ul { margin: .3rem 0; padding-left: 1.3rem; } dl { margin: .5rem 0; display: grid;
  grid-template-columns: minmax(6rem, auto) 1fr; gap: .15rem .8rem; } dt { color: var(--dim); } dd { margin: 0; }
.past { display: inline-flex; flex-wrap: wrap; gap: 3px; vertical-align: middle; }
.past a, .past b { width: .85rem; height: .85rem; border-radius: 3px; background: currentColor; display: block; }
.past b { outline: 2px solid var(--text); outline-offset: 1px; }
table { width: 100%; border-collapse: collapse; } td, th { text-align: left; padding: .35rem .5rem .35rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
)css";

bool IsUnreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

}  // namespace

std::string Escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
          out += "\uFFFD";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string Page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      Escape(title), kStyle, body);
}

std::string Href(std::string_view name) {
  std::string href = "./";  // so that a colon in the name is no scheme
  for (const char c : name) {
    if (IsUnreserved(c)) {
      href += c;
    } else {
      href += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return href;
}

}  // namespace ingesta::report
