#include "server/search/fast_program.h"

#if QUARRY_HYPERSCAN
#include <string>

#include <hs.h>
#include <re2/re2.h>

#include "server/search/pattern_measure.h"
#include "server/search/unicode_property.h"
#endif

namespace quarry::search {

#if QUARRY_HYPERSCAN

namespace {

// What a compiler that cannot be stopped may be given: of patterns made at random within these
// bounds most take a millisecond or two and the worst about 30; `a.{0,100}b.{0,100}c` takes 90.
constexpr int kMostPlaces = 400;  // characters, with each count written out
constexpr int kMostCounted = 24;  // of them, in repetitions with a count
constexpr int kMostOpen = 6;      // repetitions without an end

// Writes a pattern in the library's words: a class is the ASCII characters that RE2 finds in it.
class Writer {
 public:
  explicit Writer(const MatchOptions& options) : options_(options) {
    regex_options_.set_log_errors(false);
    regex_options_.set_case_sensitive(!options.ignore_case);
  }

  bool write(const std::vector<Token>& tokens) {
    folds_ = options_.ignore_case || shape_of(tokens).folds;
    if (options_.word) write_edge("(?:^|", ")(?:");
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].kind == TokenKind::kLook) {
        out_ += "(?:)";
        i = group_end(tokens, i);
      } else if (!write_one(tokens[i])) {
        return false;
      }
    }
    if (options_.word) write_edge(")(?:$|", ")");
    return true;
  }
  const std::string& text() const { return out_; }

 private:
  static std::size_t group_end(const std::vector<Token>& tokens, std::size_t i) {
    for (int depth = 0; i < tokens.size(); ++i) {
      const TokenKind kind = tokens[i].kind;
      depth += kind == TokenKind::kOpen || kind == TokenKind::kLook || kind == TokenKind::kAtomic;
      depth -= kind == TokenKind::kClose;
      if (depth == 0) break;
    }
    return i;
  }

  void write_edge(std::string_view before, std::string_view after) {
    static const Token kNotWord{TokenKind::kShorthand, "\\W", "", 0, 0};
    out_ += before;
    write_class(kNotWord);
    out_ += after;
  }

  bool write_one(const Token& token) {
    switch (token.kind) {
      case TokenKind::kText:
        // U+017F and U+212A are found in lines of ASCII, as an s and a k.
        if (folds_ && (token.bytes == "\u017F" || token.bytes == "\u212A")) return false;
        out_ += "(?:";
        for (const char c : token.bytes) write_byte(static_cast<unsigned char>(c));
        out_ += ")";
        return true;
      case TokenKind::kClass:
      case TokenKind::kShorthand:
      case TokenKind::kProperty:
        return write_class(token);
      case TokenKind::kAny:
        write_set(options_.multiline ? Ascii().set() : Ascii().set().reset('\n'));
        return true;
      case TokenKind::kOpen:
      case TokenKind::kFlags:
        return write_open(token);
      case TokenKind::kAtomic:
        out_ += "(?:";
        return true;
      case TokenKind::kBack:
        write_set(options_.multiline ? Ascii().set() : Ascii().set().reset('\n'));
        out_ += "*";
        return true;
      case TokenKind::kRepeat:
        out_ += token.text.substr(0, token.text.size() - (lazy(token.text) ? 1 : 0));
        return true;
      case TokenKind::kTextEdge:
      case TokenKind::kOther:
        return false;
      default:
        out_ += token.text;
        return true;
    }
  }

  static bool lazy(std::string_view text) {
    return text.size() > 1 && (text.ends_with('?') || text.ends_with('+'));
  }

  // Of the flags only i matters to which lines match. Classes are written as the whole pattern has
  // it: with (?i) they get the other case, and more than they should, as the library folds them; of
  // (?-i) they would get too little.
  bool write_open(const Token& token) {
    const std::string_view flags = token.text.substr(std::min<std::size_t>(2, token.text.size()));
    if (flags.empty() || flags.starts_with('P') || flags.starts_with('<')) {
      out_ += "(?:";
      return true;
    }
    const std::size_t dash = std::min(flags.find('-'), flags.size());
    const bool on = flags.substr(0, dash).contains('i');
    const bool off = flags.substr(dash).contains('i');
    if (off && options_.ignore_case) return false;
    if (token.kind == TokenKind::kOpen) {
      out_ += on ? "(?i:" : off ? "(?-i:" : "(?:";
    } else if (on || off) {
      out_ += on ? "(?i)" : "(?-i)";
    }
    return true;
  }

  bool write_class(const Token& token) {
    const RE2 regex(ascii_class(token, options_.ignore_case), regex_options_);
    if (!regex.ok()) return false;
    // What (?i) brings in beyond ASCII is asked for as ASCII here.
    RE2::Options folding = regex_options_;
    folding.set_case_sensitive(!folds_);
    const RE2 folded(ascii_class(token, folds_), folding);
    if (!folded.ok()) return false;
    Ascii members;
    for (std::size_t c = 0; c < members.size(); ++c) {
      const char byte = static_cast<char>(c);
      if (c == '\n' && !options_.multiline) continue;
      members[c] = RE2::FullMatch(re2::StringPiece(&byte, 1), regex) ||
                   RE2::FullMatch(re2::StringPiece(&byte, 1), folded);
    }
    write_set(members);
    return true;
  }

  void write_set(const Ascii& members) {
    if (members.none()) {
      out_ += "\\xff";  // a byte that lines of ASCII do not have
      return;
    }
    out_ += "[";
    for (std::size_t c = 0; c < members.size(); ++c) {
      if (!members[c]) continue;
      std::size_t last = c;
      while (last + 1 < members.size() && members[last + 1]) ++last;
      write_byte(static_cast<unsigned char>(c));
      if (last > c) {
        out_ += "-";
        write_byte(static_cast<unsigned char>(last));
      }
      c = last;
    }
    out_ += "]";
  }

  void write_byte(unsigned char byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out_ += "\\x";
    out_.push_back(kDigits[byte >> 4U]);
    out_.push_back(kDigits[byte & 15U]);
  }

  using RE2 = re2::RE2;
  const MatchOptions& options_;
  RE2::Options regex_options_;
  bool folds_ = false;  // somewhere
  std::string out_;
};

int first_match(unsigned, unsigned long long, unsigned long long to, unsigned, void* end) {
  *static_cast<unsigned long long*>(end) = to;
  return 1;
}

}  // namespace

FastScratch::~FastScratch() {
  if (scratch_ != nullptr) hs_free_scratch(scratch_);
}

bool FastProgram::available() {
  return hs_valid_platform() == HS_SUCCESS;
}

std::unique_ptr<const FastProgram> FastProgram::compile(const std::vector<Token>& tokens,
                                                        const MatchOptions& options) {
  const PatternShape shape = shape_of(tokens);
  if (!shape.known || shape.text_edge || !available()) return nullptr;
  const PatternMeasure measure = measure_pattern(tokens);
  if (measure.shortest == 0 || measure.places > kMostPlaces || measure.counted > kMostCounted ||
      measure.open > kMostOpen) {
    return nullptr;
  }
  Writer writer(options);
  if (!writer.write(tokens)) return nullptr;
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const unsigned flags = HS_FLAG_MULTILINE | (options.ignore_case ? HS_FLAG_CASELESS : 0U);
  if (hs_compile(writer.text().c_str(), flags, HS_MODE_BLOCK, nullptr, &database, &error) !=
      HS_SUCCESS) {
    hs_free_compile_error(error);
    return nullptr;
  }
  return std::unique_ptr<const FastProgram>(new FastProgram(database));
}

FastProgram::~FastProgram() {
  hs_free_database(database_);
}

std::optional<std::size_t> FastProgram::find(std::string_view lines, FastScratch& scratch) const {
  if (lines.empty()) return std::nullopt;
  if (scratch.made_for_ != database_) {
    if (hs_alloc_scratch(database_, &scratch.scratch_) != HS_SUCCESS) return 0;
    scratch.made_for_ = database_;
  }
  unsigned long long end = 0;
  const hs_error_t result = hs_scan(database_, lines.data(), static_cast<unsigned>(lines.size()), 0,
                                    scratch.scratch_, first_match, &end);
  if (result == HS_SUCCESS) return std::nullopt;
  return result == HS_SCAN_TERMINATED && end > 0 ? static_cast<std::size_t>(end - 1) : 0;
}

#else

FastScratch::~FastScratch() = default;

bool FastProgram::available() {
  return false;
}

std::unique_ptr<const FastProgram> FastProgram::compile(const std::vector<Token>&,
                                                        const MatchOptions&) {
  return nullptr;
}

FastProgram::~FastProgram() = default;

std::optional<std::size_t> FastProgram::find(std::string_view, FastScratch&) const {
  return 0;
}

#endif

}  // namespace quarry::search
