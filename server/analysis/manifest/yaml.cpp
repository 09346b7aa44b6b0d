#include <exception>
#include <istream>
#include <map>
#include <streambuf>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "server/analysis/manifest/value.h"

namespace quarry::analysis::manifest {
namespace {

// The text as a stream, not copied.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* const begin = const_cast<char*>(text.data());  // only read
    setg(begin, begin, begin + text.size());
  }
};

class BeyondBounds final : public std::exception {
 public:
  const char* what() const noexcept override { return "more values or deeper than is read"; }
};

// Builds the tree out of the parser's events: an alias is a copy of what it names, and every copied
// value counts.
class Builder final : public YAML::EventHandler {
 public:
  Value take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(scalar(mark, Value::Type::kNull, {}), anchor);
  }
  void OnAlias(const YAML::Mark&, YAML::anchor_t anchor) override {
    const auto named = named_.find(anchor);
    if (named != named_.end()) count(named->second, stack_.size());
    Value copy = named == named_.end() ? Value() : named->second;
    copy.name.clear();
    add(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const bool plain = tag == "?";
    Value::Type type = Value::Type::kString;
    if (plain && (text == "true" || text == "false")) type = Value::Type::kBool;
    if (plain && (text == "~" || text == "null" || text.empty())) type = Value::Type::kNull;
    if (plain && !text.empty() && text.find_first_not_of("0123456789.-") == std::string::npos) {
      type = Value::Type::kNumber;
    }
    add(scalar(mark, type, text), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, Value::Type::kList, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, Value::Type::kMap, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Value value;
    YAML::anchor_t anchor = 0;
    std::string key;
    std::uint32_t key_line = 0;
    bool has_key = false;
  };

  static Value scalar(const YAML::Mark& mark, Value::Type type, const std::string& text) {
    Value value;
    value.type = type;
    value.line = static_cast<std::uint32_t>(mark.line + 1);
    value.text = text;
    return value;
  }
  void open(const YAML::Mark& mark, Value::Type type, YAML::anchor_t anchor) {
    if (stack_.size() >= kMaxDepth) throw BeyondBounds();
    stack_.push_back({scalar(mark, type, {}), anchor, {}, 0, false});
  }
  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(done.value), done.anchor);
  }
  void count_one(const Value& value) {
    text_ += value.text.size() + value.name.size();
    if (++values_ > kMaxValues || text_ > kMaxCopies) throw BeyondBounds();
  }
  // What is copied to a place of this depth.
  void count(const Value& value, std::size_t depth) {
    if (depth > kMaxDepth) throw BeyondBounds();
    count_one(value);
    for (const Value& item : value.items) count(item, depth + 1);
  }
  void add(Value value, YAML::anchor_t anchor) {
    count_one(value);
    if (anchor != 0) {
      count(value, stack_.size());
      named_[anchor] = value;
    }
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& into = stack_.back();
    if (into.value.type == Value::Type::kList) {
      into.value.items.push_back(std::move(value));
    } else if (!into.has_key) {
      into.key = std::move(value.text);
      into.key_line = value.line;
      into.has_key = true;
    } else {
      value.name = std::move(into.key);
      value.line = into.key_line;
      into.has_key = false;
      into.value.items.push_back(std::move(value));
    }
  }

  Value root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Value> named_;
  std::size_t values_ = 0;
  std::size_t text_ = 0;  // bytes
};

}  // namespace

Parsed parse_yaml(std::string_view text) {
  if (auto problem = too_large(text)) return {{}, std::move(problem)};
  Builder builder;
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    return {{}, Problem{static_cast<std::uint32_t>(error.mark.line + 1), error.msg}};
  } catch (const std::exception& error) {
    return {{}, Problem{0, error.what()}};
  }
  return {builder.take(), std::nullopt};
}

}  // namespace quarry::analysis::manifest
