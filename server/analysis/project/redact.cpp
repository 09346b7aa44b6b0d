#include "server/analysis/project/redact.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "server/analysis/manifest/text.h"
#include "server/analysis/project/variables.h"

namespace quarry::analysis::project {
namespace {

// How a token begins, how long it is at least, and whether it must look made by a machine.
struct TokenForm {
  std::string_view begin;
  std::size_t least;
  bool random = false;
};
constexpr TokenForm kForms[] = {
    {"AKIA", 16},
    {"ASIA", 16},
    {"AGPA", 16},
    {"AROA", 16},
    {"AIDA", 16},
    {"ghp_", 12},
    {"gho_", 12},
    {"ghu_", 12},
    {"ghs_", 12},
    {"ghr_", 12},
    {"github_pat_", 15},
    {"glpat-", 12},
    {"glrt-", 12},
    {"sk_live_", 10},
    {"sk_test_", 10},
    {"rk_live_", 10},
    {"rk_test_", 10},
    {"whsec_", 12},
    {"sk-", 20, true},
    {"xoxb-", 10},
    {"xoxp-", 10},
    {"xoxa-", 10},
    {"xoxs-", 10},
    {"xoxr-", 10},
    {"xapp-", 10},
    {"eyJ", 16},
    {"AIza", 30},
    {"ya29.", 20},
    {"SG.", 20, true},
    {"npm_", 24, true},
    {"hf_", 20, true},
    {"dckr_pat_", 16},
    {"pypi-AgE", 16},
    {"shpat_", 16},
    {"shpss_", 16},
    {"AGE-SECRET-KEY-", 20},
    {"dop_v1_", 20},
    {"lin_api_", 16},
    {"NRAK-", 16},
    {"PMAK-", 16},
    {"rubygems_", 24, true},
    {"sq0csp-", 16},
    {"EAACEdEose0cBA", 16},
    {"hvs.", 20, true},
};

// Addresses whose path is all that it takes.
constexpr auto kHooks = std::to_array<std::string_view>(
    {"hooks.slack.com/", "discord.com/api/webhooks/", "discordapp.com/api/webhooks/",
     "webhook.office.com/", "hooks.zapier.com/", "api.telegram.org/bot",
     "chat.googleapis.com/v1/spaces/"});

bool is_of_token(char c) {
  return manifest::is_word(c) || c == '-' || c == '.' || c == '+' || c == '/' || c == '~';
}

bool ends_value(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';' || c == '&' || c == '|' ||
         c == '"' || c == '\'' || c == '`' || c == ',' || c == ')' || c == '}' || c == '>' ||
         c == '<';
}

// "$NAME", "${NAME}", "%NAME%": where a value comes from, not the value.
bool is_reference(std::string_view value) {
  if (value.size() > 2 && value.front() == '%' && value.back() == '%') {
    value = value.substr(1, value.size() - 2);
  } else if (value.starts_with("${{") && value.ends_with("}}")) {
    return true;
  } else if (value.starts_with("${") && value.ends_with('}')) {
    value = value.substr(2, value.size() - 3);
  } else if (value.starts_with('$')) {
    value.remove_prefix(1);
  } else {
    return false;
  }
  return !value.empty() && std::ranges::all_of(value, manifest::is_word);
}

// One walk over a text: what goes is replaced, and everything else copied.
class Redaction {
 public:
  explicit Redaction(std::string_view text) : text_(text) {}

  std::string run() {
    out_.reserve(text_.size());
    while (at_ < text_.size()) {
      if (!pem() && !hook() && !user() && !assigned() && !option() && !header() && !token()) {
        const bool word = manifest::is_word(text_[at_]);
        copy(1);
        while (word && at_ < text_.size() && manifest::is_word(text_[at_])) copy(1);
      }
    }
    return std::move(out_);
  }
  bool found() const { return found_; }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  bool begins_word() const { return at_ == 0 || !manifest::is_word(text_[at_ - 1]); }
  void copy(std::size_t bytes) {
    out_.append(text_.substr(at_, bytes));
    at_ += bytes;
  }
  void mask(std::size_t bytes) {
    if (!out_.ends_with(kRedacted)) out_.append(kRedacted);
    at_ += bytes;
    found_ = true;
  }

  bool pem() {
    if (text_[at_] != '-' || !rest().starts_with("-----BEGIN")) return false;
    const std::size_t end = rest().find("-----END");
    const std::size_t close =
        end == std::string_view::npos ? std::string_view::npos : rest().find("-----", end + 8);
    mask(close == std::string_view::npos ? rest().size() : close + 5);
    return true;
  }

  bool hook() {
    if (!begins_word()) return false;
    for (const std::string_view one : kHooks) {
      if (!rest().starts_with(one)) continue;
      copy(one.find('/') + 1);
      mask(value_bytes());
      return true;
    }
    return false;
  }

  // "//user:password@host": all up to the last '@' before the path.
  bool user() {
    if (!rest().starts_with("//") || at_ == 0 || text_[at_ - 1] != ':') return false;
    const std::string_view place = rest().substr(2, rest().find_first_of("/?#\"' \t\n", 2) - 2);
    const std::size_t at = place.rfind('@');
    if (at == std::string_view::npos || at == 0) return false;
    // Only a user's name opens nothing: ssh://git@host.
    const std::string_view user = place.substr(0, at);
    if (user == "git" || user == "hg" || is_reference(user)) return false;
    copy(2);
    mask(at);
    return true;
  }

  // NAME=value, "name": "value": the value of a secret's name, or of a variable before a command.
  bool assigned() {
    if (!begins_word() || !(manifest::is_word(text_[at_]) && !manifest::is_digit(text_[at_]))) {
      return false;
    }
    std::size_t end = 0;
    while (end < rest().size() &&
           (manifest::is_word(rest()[end]) || rest()[end] == '-' || rest()[end] == '.')) {
      ++end;
    }
    const std::string_view name = rest().substr(0, end);
    std::string_view behind = rest().substr(end);
    const std::size_t blank = behind.find_first_not_of(' ');
    const std::string_view spaced = behind.substr(std::min(blank, behind.size()));
    const bool equals = behind.starts_with('=') && !behind.starts_with("==");
    const bool keyed = behind.starts_with("\":") || behind.starts_with("':");
    const bool set = !equals && blank > 0 && spaced.starts_with("= ");
    if (!equals && !keyed && !set) return false;
    std::size_t mark = equals ? 1 : keyed ? 2 : blank + 1;
    while (!equals && mark < behind.size() && behind[mark] == ' ') ++mark;
    const bool prefix = equals && before_command();
    const bool secret = kind_of_variable(name) == VariableKind::kSecret;
    if (!secret && !prefix) return false;
    const std::size_t from = at_ + end + mark;
    std::size_t quote = from < text_.size() && (text_[from] == '"' || text_[from] == '\'') ? 1 : 0;
    std::size_t bytes = 0;
    if (quote == 1) {
      bytes = std::min(text_.find(text_[from], from + 1), text_.size()) - from - 1;
    } else {
      while (from + bytes < text_.size() && !ends_value(text_[from + bytes])) ++bytes;
      if (text_.substr(from).starts_with("$(")) bytes = bytes_to(')', from);
      if (text_.substr(from).starts_with("${")) bytes = bytes_to('}', from);
    }
    const std::string_view value = text_.substr(from + quote, bytes);
    const bool shown = is_reference(value) || value.empty() ||
                       (!secret && (may_show(name, value) || is_options(value)));
    if (shown) return false;
    copy(end + mark + quote);
    mask(bytes);
    return true;
  }
  // "--max-old-space-size=4096"
  static bool is_options(std::string_view value) {
    return value.starts_with("--") && !looks_secret(value) && value.size() < 60;
  }
  std::size_t bytes_to(char close, std::size_t from) const {
    return std::min(text_.find(close, from), text_.size() - 1) - from + 1;
  }
  // Whether only variables stand before this one, from the beginning of a command.
  bool before_command() const {
    std::string_view before = text_.substr(0, at_);
    const std::size_t begin = before.find_last_of("&|;\n");
    if (begin != std::string_view::npos) before = before.substr(begin + 1);
    for (const std::string_view word : manifest::words(before)) {
      const bool runner = word == "env" || word == "cross-env" || word == "export" ||
                          word == "set" || word == "sudo" || word == "dotenv" || word == "exec";
      if (!runner && word.find('=') == std::string_view::npos) return false;
    }
    return before.empty() || before.back() == ' ' || before.back() == '\t';
  }

  // --token x, -u user:password, mysql -pword
  bool option() {
    if (text_[at_] != '-' || (at_ > 0 && text_[at_ - 1] != ' ' && text_[at_ - 1] != '"')) {
      return false;
    }
    std::size_t begin = 0;
    while (begin < rest().size() && rest()[begin] == '-') ++begin;
    std::size_t end = begin;
    while (end < rest().size() && (manifest::is_word(rest()[end]) || rest()[end] == '-')) ++end;
    const std::string_view name = rest().substr(begin, end - begin);
    if (begin == 1 && name.starts_with('p') && name.size() > 1 &&
        text_.substr(0, at_).find("mysql") != std::string_view::npos) {
      copy(2);
      mask(value_bytes());
      return true;
    }
    if (name.empty() || end >= rest().size() || rest()[end] != ' ' || name.starts_with("no-")) {
      return false;
    }
    const bool user = begin == 1 && name == "u";
    const bool redis = begin == 1 && name == "a" && text_.find("redis") != std::string_view::npos;
    const bool secret = name.size() > 2 && kind_of_variable(name) == VariableKind::kSecret;
    std::size_t from = end + 1;
    if (from < rest().size() && (rest()[from] == '"' || rest()[from] == '\'')) ++from;
    const std::string_view tail = rest().substr(from);
    const std::string_view value = tail.substr(0, tail.find_first_of(" \"'\n"));
    if (user && value.find(':') == std::string_view::npos) return false;
    if (!user && !secret && !redis) return false;
    // A file with a key in it is not the key.
    const bool file = name.find("key") != std::string_view::npos || name.ends_with("cert");
    const bool place = file && value.find('.') != std::string_view::npos;
    if (value.empty() || value.starts_with('-') || is_reference(value) || place) return false;
    copy(from);
    mask(value.size());
    return true;
  }

  // Authorization: Bearer x
  bool header() {
    if (!begins_word()) return false;
    for (const std::string_view one : {"Bearer ", "Basic ", "bearer "}) {
      if (!rest().starts_with(one)) continue;
      const std::string_view tail = rest().substr(one.size());
      const std::string_view value = tail.substr(0, tail.find_first_of(" \"'\n"));
      if (value.size() < 8 || is_reference(value)) return false;
      copy(one.size());
      mask(value.size());
      return true;
    }
    return false;
  }

  bool token() {
    if (!begins_word()) return false;
    for (const TokenForm& form : kForms) {
      if (text_[at_] != form.begin[0] || !rest().starts_with(form.begin)) continue;
      std::size_t bytes = 0;
      while (bytes < rest().size() && is_of_token(rest()[bytes])) ++bytes;
      if (bytes < form.least) continue;
      if (form.random &&
          !looks_random(rest().substr(form.begin.size()).substr(0, bytes - form.begin.size()))) {
        continue;
      }
      mask(bytes);
      return true;
    }
    return false;
  }

  std::size_t value_bytes() const {
    std::size_t bytes = 0;
    while (bytes < rest().size() && !ends_value(rest()[bytes])) ++bytes;
    return bytes;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  bool found_ = false;
};

// Nearly all texts of manifests: names and versions, which no rule can apply to.
bool is_harmless(std::string_view text) {
  return text.size() < 10 && text.find_first_of("= ") == std::string_view::npos;
}

}  // namespace

std::string redacted(std::string_view text) {
  return is_harmless(text) ? std::string(text) : Redaction(text).run();
}

bool looks_secret(std::string_view text) {
  if (text.size() < 4) return false;
  Redaction redaction(text);
  redaction.run();
  return redaction.found() || looks_random(text);
}

bool looks_random(std::string_view word) {
  constexpr std::size_t kLeast = 16;
  constexpr double kLeastBits = 3.4;  // of a byte; words of languages have fewer, at this length
  if (word.size() < kLeast || word.size() > 4000) return false;
  std::array<int, 256> counts{};
  int digits = 0;
  int letters = 0;
  int turns = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    ++counts[static_cast<unsigned char>(c)];
    if (c == ' ' || c == ':') return false;
    if (manifest::is_digit(c)) ++digits;
    if (manifest::is_word(c) && !manifest::is_digit(c) && c != '_') ++letters;
    if (i > 0 && manifest::is_digit(c) != manifest::is_digit(word[i - 1])) ++turns;
  }
  if (digits == 0 || letters == 0 || turns < 3) return false;
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = count / static_cast<double>(word.size());
    bits -= share * std::log2(share);
  }
  return bits >= kLeastBits;
}

}  // namespace quarry::analysis::project
