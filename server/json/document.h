// Document: one line of JSON, judged whole and laid out as a flat tree.
//
// Every value is visited: what simdjson's on-demand interface would skip is checked too. Refused:
// ill-formed JSON or UTF-8, anything after the value, lone surrogates, nesting over 64, a key that
// occurs twice in one object (compared after unescaping; unless keys may repeat), more than 100,000
// values. Numbers keep their token; a number of any size is fine until somebody asks for its value.
//
// A Document belongs to its line's memory: strings without escapes are views into the line.
// Reuse one Document per caller: steady state allocates nothing for lines of the usual size.
// Thread-compatible; a parsed Document may be read from any thread.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/limits.h"
#include "server/base/result.h"
#include "server/json/value.h"

namespace quarry::json {

inline constexpr std::size_t kPadding = 64;  // readable bytes that must follow a line
inline constexpr int kMaxDepth = standard<int>(Limit::kJsonDepth);
inline constexpr std::size_t kMaxValues = standard<std::size_t>(Limit::kJsonValues);

// The simdjson parser and its memory. One per thread that parses.
class Parser {
 public:
  Parser();
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

 private:
  friend class Document;
  struct State;
  std::unique_ptr<State> state_;
};

// What a key that occurs twice in one object is: refused, or kept like any other.
enum class Keys { kUnique, kMayRepeat };

class Document {
 public:
  // `line` must stay in place and be followed by kPadding readable bytes. The error says what is
  // wrong and where; the Document is then empty. kInvalidArgs: not JSON. kConflict: a key twice.
  // kTooLarge: nested too deep or too many values.
  Result<void> parse(Parser& parser, std::string_view line, Keys keys = Keys::kUnique);
  // The same for text without padding behind it (copied).
  Result<void> parse_copy(Parser& parser, std::string_view text);

  // Gives back what a huge line needed and usual ones do not. The Document is empty then.
  void forget_a_huge_line();
  // Bytes that are kept for the next line.
  std::size_t kept_bytes() const {
    return nodes_.capacity() * sizeof(Node) + copy_.capacity() + unescaped_capacity_;
  }

  Value root() const { return nodes_.empty() ? Value() : Value(nodes_.data(), 0); }

 private:
  std::vector<Node> nodes_;
  std::string copy_;
  std::unique_ptr<char[]> unescaped_;  // strings that had escapes
  std::size_t unescaped_capacity_ = 0;
};

}  // namespace quarry::json
