#include "server/json/document.h"

#include <algorithm>
#include <array>
#include <bit>

#include <simdjson.h>

#include "server/json/number.h"
#include "server/json/unescape.h"

namespace quarry::json {
namespace {

constexpr std::size_t kUsualLine = 64UL << 10U;   // memory for lines up to this is kept
constexpr std::size_t kKeptLine = 1024UL << 10U;  // the scanner's is kept up to this
constexpr std::size_t kKeptNodes = 4096;
constexpr std::uint32_t kPairwiseKeys = 16;

}  // namespace

// simdjson's first stage alone: it checks UTF-8 and control characters over the whole line and
// finds where every token starts. Its own second stages do not do: DOM refuses the document for a
// number that it cannot hold, on-demand skips what is not asked for and recurses without a bound.
struct Parser::State {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> scanner;
  std::vector<std::string_view> keys;

  simdjson::error_code scan(std::string_view line) {
    if (scanner == nullptr || scanner->capacity() < line.size()) {
      const std::size_t capacity = std::bit_ceil(std::max(line.size(), kUsualLine));
      const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
          capacity, kMaxDepth, scanner);
      if (error != simdjson::SUCCESS) return error;
    }
    return scanner->stage1(reinterpret_cast<const std::uint8_t*>(line.data()), line.size(),
                           simdjson::stage1_mode::regular);
  }

  void forget_a_huge_line() {
    if (scanner != nullptr && scanner->capacity() > kKeptLine) scanner.reset();
    if (keys.capacity() > kKeptNodes) std::vector<std::string_view>().swap(keys);
  }
};

namespace {

// One bit of 64; equal keys have the same. It spares most objects the comparison of their keys:
// 15% on envelope/short_call. (The factor is Fibonacci hashing's, 2^64 over the golden ratio.)
std::uint64_t look_of(std::string_view key) {
  if (key.empty()) return 1;
  const std::uint64_t ends =
      key.size() << 32U | static_cast<std::uint64_t>(static_cast<unsigned char>(key.back())) << 8U |
      static_cast<unsigned char>(key.front());
  return std::uint64_t{1} << (ends * 0x9E37'79B9'7F4A'7C15U >> 58U);
}

// One walk over the tokens of a line: the grammar, the tree, and every rule of ours.
class Walk {
 public:
  Walk(std::string_view line, const std::uint32_t* tokens, std::uint32_t count,
       std::vector<Node>& nodes, std::vector<std::string_view>& keys, std::unique_ptr<char[]>& room,
       std::size_t& room_capacity, bool may_repeat)
      : begin_(line.data()),
        end_(line.data() + line.size()),
        tokens_(tokens),
        count_(count),
        nodes_(nodes),
        keys_(keys),
        room_(room),
        room_capacity_(room_capacity),
        may_repeat_(may_repeat) {}

  bool document() {
    if (!value({}, 0)) return false;
    return next_ == count_ || refuse(begin_ + tokens_[next_], "something follows the value");
  }

  Failure failure() const { return fail(code_, "{} at byte {}", problem_, where_ - begin_ + 1); }

 private:
  // The start of the next token, or the end of the line: where no value and no mark is found.
  const char* take() { return next_ < count_ ? begin_ + tokens_[next_++] : end_; }
  char peek() const { return next_ < count_ ? begin_[tokens_[next_]] : '\0'; }
  bool is(const char* at, char mark) const { return at < end_ && *at == mark; }

  [[gnu::cold, gnu::noinline]] bool refuse(const char* where, const char* problem,
                                           Code code = Code::kInvalidArgs) {
    where_ = where;
    problem_ = problem;
    code_ = code;
    return false;
  }

  bool value(std::string_view key, int depth);
  bool object(std::uint32_t index, const char* open, int depth);
  bool array(std::uint32_t index, const char* open, int depth);
  bool string(const char* open, std::string_view& text, const char*& after);
  bool string_value(Node& node, const char* open);
  bool number_value(Node& node, const char* at);
  bool word_value(Node& node, const char* at, std::string_view word, Type type);
  bool close(std::uint32_t index, const char* open, const char* last, std::uint32_t size);
  bool unique_keys(std::uint32_t index, const char* open);
  char* make_room();

  // Whether a number or a word may stop at `at`.
  bool ends(const char* at) const {
    return at == end_ || *at == ',' || *at == '}' || *at == ']' || *at == ' ' || *at == '\t' ||
           *at == '\r' || *at == '\n';
  }

  const char* const begin_;
  const char* const end_;
  const std::uint32_t* const tokens_;
  const std::uint32_t count_;
  std::uint32_t next_ = 0;
  std::vector<Node>& nodes_;
  std::vector<std::string_view>& keys_;
  std::unique_ptr<char[]>& room_;  // for unescaped strings
  std::size_t& room_capacity_;
  bool may_repeat_;
  char* unescaped_ = nullptr;  // end of what was unescaped so far; null until the first escape
  const char* where_ = nullptr;
  const char* problem_ = "";
  Code code_ = Code::kInvalidArgs;
};

bool Walk::value(std::string_view key, int depth) {
  const char* const at = take();
  if (at == end_) return refuse(at, "a value is missing");
  if (nodes_.size() == kMaxValues) return refuse(at, "more than 100000 values", Code::kTooLarge);
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  Node& node = nodes_.emplace_back();
  node.key = key;
  node.next = index + 1;
  switch (*at) {
    case '"':
      return string_value(node, at);
    case '{':
      return object(index, at, depth + 1);
    case '[':
      return array(index, at, depth + 1);
    case 't':
      node.flag = true;
      return word_value(node, at, "true", Type::kBool);
    case 'f':
      return word_value(node, at, "false", Type::kBool);
    case 'n':
      return word_value(node, at, "null", Type::kNull);
    default:
      return number_value(node, at);
  }
}

bool Walk::object(std::uint32_t index, const char* open, int depth) {
  nodes_[index].type = Type::kObject;
  if (depth > kMaxDepth) return refuse(open, "nested deeper than 64", Code::kTooLarge);
  if (peek() == '}') return close(index, open, take(), 0);
  std::uint32_t size = 0;
  std::uint64_t looks = 0;  // of the keys so far
  bool alike = false;       // two keys that may be equal
  while (true) {
    const char* const quote = take();
    if (!is(quote, '"')) return refuse(quote, "expected a key in double quotes");
    std::string_view key;
    const char* after = nullptr;
    if (!string(quote, key, after)) return false;
    const std::uint64_t look = look_of(key);
    alike = alike || (looks & look) != 0;
    looks |= look;
    if (const char* const colon = take(); !is(colon, ':'))
      return refuse(colon, "expected ':' after a key");
    if (!value(key, depth)) return false;
    ++size;
    const char* const mark = take();
    if (is(mark, ',')) continue;
    if (!is(mark, '}')) return refuse(mark, "expected ',' or '}'");
    return close(index, open, mark, size) && (!alike || may_repeat_ || unique_keys(index, open));
  }
}

bool Walk::array(std::uint32_t index, const char* open, int depth) {
  nodes_[index].type = Type::kArray;
  if (depth > kMaxDepth) return refuse(open, "nested deeper than 64", Code::kTooLarge);
  if (peek() == ']') return close(index, open, take(), 0);
  std::uint32_t size = 0;
  while (true) {
    if (!value({}, depth)) return false;
    ++size;
    const char* const mark = take();
    if (is(mark, ',')) continue;
    if (!is(mark, ']')) return refuse(mark, "expected ',' or ']'");
    return close(index, open, mark, size);
  }
}

bool Walk::close(std::uint32_t index, const char* open, const char* last, std::uint32_t size) {
  Node& node = nodes_[index];
  node.size = size;
  node.next = static_cast<std::uint32_t>(nodes_.size());
  node.raw = {open, static_cast<std::size_t>(last + 1 - open)};
  return true;
}

bool Walk::string(const char* open, std::string_view& text, const char*& after) {
  const char* stop = find_quote_or_backslash(open + 1, end_);
  if (stop != nullptr && *stop == '"') {
    text = {open + 1, static_cast<std::size_t>(stop - open - 1)};
    after = stop + 1;
    return true;
  }
  if (unescaped_ == nullptr) unescaped_ = make_room();
  const char* const start = unescaped_;
  stop = unescape_string(open + 1, end_, unescaped_);
  if (stop == nullptr) return refuse(open, "a bad escape or a lone surrogate in the string");
  text = {start, static_cast<std::size_t>(unescaped_ - start)};
  after = stop + 1;
  return true;
}

// Enough for every string of the line, so that none moves: unescaping never makes longer.
char* Walk::make_room() {
  const std::size_t need = static_cast<std::size_t>(end_ - begin_) + kPadding;
  if (room_capacity_ < need) {
    room_ = std::make_unique_for_overwrite<char[]>(need);
    room_capacity_ = need;
  }
  return room_.get();
}

bool Walk::string_value(Node& node, const char* open) {
  node.type = Type::kString;
  const char* after = nullptr;
  if (!string(open, node.text, after)) return false;
  node.raw = {open, static_cast<std::size_t>(after - open)};
  return true;
}

bool Walk::number_value(Node& node, const char* at) {
  node.type = Type::kNumber;
  const char* const after = skip_number(at, end_);
  if (after == nullptr || !ends(after)) return refuse(at, "expected a value");
  node.text = {at, static_cast<std::size_t>(after - at)};
  node.raw = node.text;
  return true;
}

bool Walk::word_value(Node& node, const char* at, std::string_view word, Type type) {
  node.type = type;
  node.raw = {at, std::min(word.size(), static_cast<std::size_t>(end_ - at))};
  if (node.raw != word || !ends(at + word.size()))
    return refuse(at, "expected true, false or null");
  return true;
}

// Two parsers that disagree on which of two equal keys counts see two messages in one line.
bool Walk::unique_keys(std::uint32_t index, const char* open) {
  constexpr const char* kTwice = "a key occurs twice in the object";
  const Value object(nodes_.data(), index);
  if (object.size() <= kPairwiseKeys) {
    std::array<std::string_view, kPairwiseKeys> seen;
    std::size_t count = 0;
    for (Value child = object.first(); child; child = object.after(child)) {
      for (std::size_t i = 0; i < count; ++i)
        if (seen[i] == child.key()) return refuse(open, kTwice, Code::kConflict);
      seen[count++] = child.key();
    }
    return true;
  }
  // Sorted, not hashed: no choice of keys makes this quadratic.
  keys_.clear();
  for (Value child = object.first(); child; child = object.after(child))
    keys_.push_back(child.key());
  std::sort(keys_.begin(), keys_.end());
  if (std::adjacent_find(keys_.begin(), keys_.end()) == keys_.end()) return true;
  return refuse(open, kTwice, Code::kConflict);
}

[[gnu::cold]] Failure scan_failure(simdjson::error_code error) {
  switch (error) {
    case simdjson::EMPTY:
      return fail(Code::kInvalidArgs, "the line is empty");
    case simdjson::UTF8_ERROR:
      return fail(Code::kInvalidArgs, "the line is not valid UTF-8");
    case simdjson::UNESCAPED_CHARS:
      return fail(Code::kInvalidArgs, "a control character in a string must be escaped");
    case simdjson::UNCLOSED_STRING:
      return fail(Code::kInvalidArgs, "a string is not closed");
    case simdjson::MEMALLOC:
      return fail(Code::kTooLarge, "no memory for a line of this length");
    default:
      return fail(Code::kInvalidArgs, "not JSON");
  }
}

}  // namespace

Parser::Parser() : state_(std::make_unique<State>()) {}
Parser::~Parser() = default;

Result<void> Document::parse(Parser& parser, std::string_view line, Keys keys) {
  if (line.size() <= kUsualLine) forget_a_huge_line();
  nodes_.clear();
  Parser::State& state = *parser.state_;
  if (const auto error = state.scan(line); error != simdjson::SUCCESS) {
    state.forget_a_huge_line();
    return scan_failure(error);
  }

  const std::uint32_t count = state.scanner->n_structural_indexes;
  // Between two values stands at least one mark, so this is enough: growth would move nodes.
  nodes_.reserve(std::min<std::size_t>(count / 2 + 1, kMaxValues));
  Walk walk(line, state.scanner->structural_indexes.get(), count, nodes_, state.keys, unescaped_,
            unescaped_capacity_, keys == Keys::kMayRepeat);
  const bool well_formed = walk.document();
  state.forget_a_huge_line();
  if (well_formed) return {};
  nodes_.clear();
  return walk.failure();
}

void Document::forget_a_huge_line() {
  if (nodes_.capacity() > kKeptNodes) std::vector<Node>().swap(nodes_);
  nodes_.clear();
  if (unescaped_capacity_ > kKeptLine) {
    unescaped_.reset();
    unescaped_capacity_ = 0;
  }
}

Result<void> Document::parse_copy(Parser& parser, std::string_view text) {
  // Longer than any short-string buffer: the bytes stay in place when the Document is moved.
  copy_.assign(text);
  copy_.resize(text.size() + kPadding);
  return parse(parser, std::string_view(copy_).substr(0, text.size()));
}

}  // namespace quarry::json
