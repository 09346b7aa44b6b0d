#include "server/analysis/project/python_application.h"

#include <algorithm>
#include <array>

namespace quarry::analysis::project {
namespace {

using manifest::Token;

constexpr std::size_t kMostTokens = 60;  // of a head or an import

constexpr auto kClasses =
    std::to_array<std::string_view>({"FastAPI", "Flask", "Starlette", "Quart", "Litestar"});

class Reading {
 public:
  explicit Reading(const std::vector<Token>& tokens) : tokens_(tokens) {}

  void run(SourceFacts& facts) {
    for (at_ = 0; at_ + 3 < tokens_.size(); ++at_) {
      const bool first = at_ == 0 || tokens_[at_ - 1].kind == Token::Kind::kLineEnd;
      if (!first || !tokens_[at_].is_word() || !in_first_column()) continue;
      std::string name = tokens_[at_].is("def")    ? made_by_function()
                         : tokens_[at_].is("from") ? imported()
                                                   : assigned();
      // An object counts before what makes one.
      const bool better = facts.application.ends_with(')') && !name.ends_with(')');
      if (name.empty() || (!facts.application.empty() && !better)) continue;
      facts.application = std::move(name);
      facts.application_line = tokens_[at_].line;
    }
  }

 private:
  const Token& ahead(std::size_t steps) const {
    return tokens_[std::min(at_ + steps, tokens_.size() - 1)];
  }
  // The views of a text's tokens lie in it: there is a byte before each but the first.
  bool in_first_column() const { return at_ == 0 || tokens_[at_].text.data()[-1] == '\n'; }

  // "def create_app(config=None):", each parameter with a default.
  std::string made_by_function() const {
    if (!ahead(1).is("create_app") && !ahead(1).is("make_app")) return {};
    bool filled = true;
    for (std::size_t i = 3, depth = 1; i < kMostTokens; ++i) {
      const Token& one = ahead(i);
      if (one.is("(") || one.is("[")) ++depth;
      if (one.is(")") || one.is("]")) --depth;
      if (one.is("=")) filled = true;
      if (depth == 0 || (depth == 1 && one.is(","))) {
        if (!filled) return {};
        if (depth == 0) return std::string(ahead(1).text) + "()";
      }
      const bool begins = depth == 1 && (i == 3 || ahead(i - 1).is(","));
      if (begins && one.is_word()) filled = false;
    }
    return {};
  }

  // "from .web import app"
  std::string imported() const {
    bool names = false;
    for (std::size_t i = 1; i < kMostTokens && ahead(i).kind != Token::Kind::kLineEnd; ++i) {
      const bool other = ahead(i + 1).is("as");
      if (names && ahead(i).is("app") && !other) return "app";
      names = names || ahead(i).is("import");
    }
    return {};
  }

  // "app = FastAPI()", "app: Flask = create_app()"
  std::string assigned() const {
    const std::size_t equals = ahead(1).is(":") && ahead(3).is("=") ? 3 : 1;
    const Token& made = ahead(equals + 1);
    if (!ahead(equals).is("=") || !made.is_word() || !ahead(equals + 2).is("(")) return {};
    const std::string_view of = made.text.substr(made.text.rfind('.') + 1);
    const bool known = std::ranges::find(kClasses, of) != kClasses.end();
    const bool called = tokens_[at_].is("app") || tokens_[at_].is("application");
    return known || called ? std::string(tokens_[at_].text) : "";
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
};

}  // namespace

void find_application(const std::vector<Token>& tokens, SourceFacts& facts) {
  Reading(tokens).run(facts);
}

}  // namespace quarry::analysis::project
