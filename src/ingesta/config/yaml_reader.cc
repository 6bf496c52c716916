#include "ingesta/config/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <set>
#include <sstream>
#include <string_view>
#include <unordered_set>

#include "ingesta/config/text.h"

namespace ingesta::config {
namespace {

/// Ends the reading; what was wrong has been noted.
struct Stopped : std::exception {};

/// Counts columns in characters where yaml-cpp counts bytes. Goes on from the place last asked for, so that
/// many in one long line cost no more than the line.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  Position At(const YAML::Mark& mark) {
    const auto line = static_cast<size_t>(std::max(mark.line, 0));
    if (line >= starts_.size()) return {static_cast<int>(line) + 1, 1};
    const size_t end = std::min(text_.size(), starts_[line] + static_cast<size_t>(std::max(mark.column, 0)));
    if (line != line_) {
      line_ = line;
      offset_ = starts_[line];
      column_ = 1;
    }
    for (; offset_ < end; ++offset_) column_ += BeginsCharacter(offset_) ? 1 : 0;
    for (; offset_ > end; --offset_) column_ -= BeginsCharacter(offset_ - 1) ? 1 : 0;
    return {static_cast<int>(line) + 1, column_};
  }

 private:
  bool BeginsCharacter(size_t offset) const {
    return (static_cast<unsigned char>(text_[offset]) & 0xc0) != 0x80;
  }

  std::string_view text_;
  std::vector<size_t> starts_;
  size_t line_ = 0;
  size_t offset_ = 0;
  int column_ = 1;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Lines& lines, Diagnostics& diagnostics) : lines_(lines), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      diagnostics_.Add(lines_.At(mark), "a second document begins here",
                       "a pipeline is one document: remove `---`");
      throw Stopped();
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseAnchor(mark, anchor);
    Node node;
    node.at = lines_.At(mark);
    Put(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    diagnostics_.Add(lines_.At(mark), "an alias is not allowed",
                     "write the value out, or use resource_defaults");
    Node node;
    node.at = lines_.At(mark);
    Put(std::move(node), /*damaged=*/true);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseAnchor(mark, anchor);
    Node node = Node::Scalar(value, lines_.At(mark), tag == "?");
    node.broken = !RefuseTag(mark, tag);
    Put(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

  Node TakeRoot() { return std::move(root_); }

 private:
  struct Frame {
    Node node;
    bool key_read = false;    ///< of a map: `key` waits for its value
    bool skip_value = false;  ///< the value of a key that was refused
    std::string key;
    Position key_at;
    std::unordered_set<std::string> keys;
  };

  void RefuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) {
      diagnostics_.Add(lines_.At(mark), "an anchor is not allowed",
                       "remove `&...`; resource_defaults shares settings");
    }
  }

  /// Whether the tag is one of YAML's core.
  bool RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    static const std::set<std::string_view> kAllowed = {"",
                                                        "?",
                                                        "!",
                                                        "tag:yaml.org,2002:str",
                                                        "tag:yaml.org,2002:int",
                                                        "tag:yaml.org,2002:float",
                                                        "tag:yaml.org,2002:bool",
                                                        "tag:yaml.org,2002:null",
                                                        "tag:yaml.org,2002:seq",
                                                        "tag:yaml.org,2002:map"};
    if (kAllowed.count(tag) != 0) return true;
    diagnostics_.Add(lines_.At(mark), fmt::format("the tag {} is not allowed", ShowText(tag)), "remove it");
    return false;
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    RefuseAnchor(mark, anchor);
    RefuseTag(mark, tag);
    if (stack_.size() >= static_cast<size_t>(kMaxYamlDepth)) {
      diagnostics_.Add(lines_.At(mark), fmt::format("more than {} levels of nesting", kMaxYamlDepth));
      throw Stopped();
    }
    if (!stack_.empty() && stack_.back().node.is_map() && !stack_.back().key_read) {
      diagnostics_.Add(
          lines_.At(mark),
          fmt::format("a key must be a text, not {}", kind == Node::Kind::kMap ? "a map" : "a list"),
          "close each bracket, and put quotes around a text that begins with { or [");
      throw Stopped();
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.at = lines_.At(mark);
    stack_.push_back(std::move(frame));
  }

  void Close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    Put(std::move(node));
  }

  void Put(Node node, bool damaged = false) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.is_list()) {
      if (!damaged) frame.node.items.push_back(std::move(node));
    } else if (!frame.key_read) {
      TakeKey(frame, node);
    } else {
      frame.key_read = false;
      // yaml-cpp puts an empty value where the next token is.
      if (node.is_null()) node.at = frame.key_at;
      if (!frame.skip_value && !damaged) {
        frame.node.entries.push_back({std::move(frame.key), frame.key_at, std::move(node)});
      }
    }
  }

  void TakeKey(Frame& frame, const Node& node) {
    frame.key_read = true;
    frame.skip_value = false;
    frame.key = node.text;
    frame.key_at = node.at;
    if (!node.is_scalar()) {
      diagnostics_.Add(node.at, "a key must be a text, not nothing");
    } else if (node.plain && node.text == "<<") {
      diagnostics_.Add(node.at, "a merge key is not allowed", "write the keys out, or use resource_defaults");
    } else if (!frame.keys.insert(node.text).second) {
      diagnostics_.Add(node.at, fmt::format("the key {} stands here a second time", ShowText(node.text)),
                       "keep one of them");
    } else {
      return;
    }
    frame.skip_value = true;
  }

  Lines& lines_;
  Diagnostics& diagnostics_;
  int documents_ = 0;
  Node root_;
  std::vector<Frame> stack_;
};

bool CheckBytes(std::string_view text, Diagnostics& diagnostics) {
  if (text.size() > kMaxYamlBytes) {
    diagnostics.Add(
        {}, fmt::format("{} bytes are too many for a pipeline: at most {}", text.size(), kMaxYamlBytes));
    return false;
  }
  const size_t bad = FindBadByte(text);
  if (bad == std::string_view::npos) return true;
  YAML::Mark mark;
  for (size_t i = 0; i < bad; ++i) {
    mark.column = text[i] == '\n' ? 0 : mark.column + 1;
    mark.line += text[i] == '\n' ? 1 : 0;
  }
  diagnostics.Add(Lines(text).At(mark),
                  fmt::format("the byte 0x{:02x} is not allowed here", static_cast<unsigned char>(text[bad])),
                  "the file must be UTF-8 without control characters");
  return false;
}

}  // namespace

std::optional<Node> ReadYaml(const std::string& text, Diagnostics& diagnostics) {
  std::string_view body = text;
  if (body.substr(0, 3) == "\xef\xbb\xbf") body.remove_prefix(3);
  if (!CheckBytes(body, diagnostics)) return std::nullopt;
  Lines lines(body);
  TreeBuilder builder(lines, diagnostics);
  try {
    std::istringstream stream{std::string(body)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stopped&) {
    return std::nullopt;
  } catch (const YAML::Exception& e) {
    diagnostics.Add(lines.At(e.mark), fmt::format("this is no YAML: {}", e.msg),
                    "a value with `: `, ` #`, or that begins with one of {}[]&*!|>'\"%@` needs quotes");
    return std::nullopt;
  } catch (const std::exception& e) {
    diagnostics.Add({}, fmt::format("this is no YAML: {}", e.what()));
    return std::nullopt;
  }
  return builder.TakeRoot();
}

}  // namespace ingesta::config
