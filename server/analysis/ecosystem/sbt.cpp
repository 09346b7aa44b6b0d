// Scala's build tool: the settings of build.sbt and of what lies in project/, read, not run.
//
// Name: of the root project or at the top of the file, never of another project. Version of Scala,
// the first that is told: scalaVersion at the top or of the root, of settings that projects share,
// the first of crossScalaVersions.

#include "server/analysis/ecosystem/sbt.h"

#include <map>

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

class Sbt {
 public:
  Sbt(std::string_view text, Facts& facts) : text_(text), facts_(facts) {
    manifest::Syntax syntax = manifest::kCurly;
    syntax.quotes = "\"";
    tokens_ = manifest::tokens(text, syntax);
    std::erase_if(tokens_, [](const Token& one) { return one.kind == Token::Kind::kLineEnd; });
  }

  void read() {
    read_values();
    for (std::size_t i = 0; i + 2 < tokens_.size(); ++i) {
      follow(i);
      read_setting(i);
      read_project(i);
      read_dependency(i);
    }
  }

 private:
  // Whose settings a statement has.
  enum class Of : std::uint8_t { kAll, kRoot, kShared, kOther };

  bool is(std::size_t at, std::string_view text) const {
    return at < tokens_.size() && tokens_[at].is(text);
  }
  bool is_string(std::size_t at) const { return at < tokens_.size() && tokens_[at].is_string(); }

  // val catsV = "2.9.0", val Scala3: String = "3.3.1". Two of one name tell nothing.
  void read_values() {
    for (std::size_t i = 0; i + 3 < tokens_.size(); ++i) {
      if (!tokens_[i].is("val") || !tokens_[i + 1].is_word()) continue;
      const std::size_t equals = is(i + 2, ":") ? i + 4 : i + 2;
      if (!is(equals, "=") || !is_string(equals + 1)) continue;
      const auto [at, added] = values_.emplace(tokens_[i + 1].text, tokens_[equals + 1].text);
      if (!added && at->second != tokens_[equals + 1].text) at->second = {};
    }
  }

  // A string, or what a plain value stands for.
  std::string_view value_at(std::size_t at) const {
    if (at >= tokens_.size()) return {};
    if (tokens_[at].is_string()) {
      return tokens_[at].text.find('$') == std::string_view::npos ? tokens_[at].text : "";
    }
    const std::string_view name = tokens_[at].text.substr(tokens_[at].text.rfind('.') + 1);
    const auto found = values_.find(name);
    return found == values_.end() ? std::string_view() : found->second;
  }

  // A statement of the top begins where its line does.
  void follow(std::size_t at) {
    const Token& token = tokens_[at];
    if (token.is_string()) return;
    const std::size_t place = static_cast<std::size_t>(token.text.data() - text_.data());
    const bool begins = place == 0 || text_[place - 1] == '\n';
    if (begins && token.is_word() && !token.text.starts_with('.')) {
      of_ = Of::kAll;
      const std::size_t value = token.is("lazy") ? at + 1 : at;
      if (is(value, "val")) of_ = is(value + 1, "root") ? Of::kRoot : Of::kShared;
      project_ = false;
    }
    const bool project = token.is("project") || token.text.starts_with("project.") ||
                         token.is("Project") || token.is("crossProject");
    if (of_ == Of::kShared && project) {
      of_ = Of::kOther;
      project_ = true;
    }
    if (project_ && token.is("file") && is(at + 1, "(") && is_string(at + 2)) {
      if (tokens_[at + 2].text == ".") of_ = Of::kRoot;
      project_ = false;
    }
  }

  // name := "x", ThisBuild / version := v, scalaVersion in ThisBuild := "3"
  void read_setting(std::size_t at) {
    const Token& key = tokens_[at];
    if (!key.is_word()) return;
    std::size_t equals = at + 1;
    if (is(equals, "in") && is(equals + 1, "ThisBuild")) equals += 2;
    if (!is(equals, ":") || !is(equals + 1, "=")) return;
    const bool scoped = at > 1 && is(at - 1, "/");
    const bool build = equals > at + 1 || (scoped && is(at - 2, "ThisBuild"));
    if (scoped && !build) return;
    const bool own = build || of_ == Of::kAll || of_ == Of::kRoot;
    const std::string_view value = value_at(equals + 2);
    if (key.is("name") && own && !value.empty()) {
      if (facts_.name.empty() || of_ == Of::kRoot) facts_.name = value;
    }
    if (key.is("version") && !value.empty() && (own || of_ == Of::kShared)) {
      if (facts_.version.empty() || own) facts_.version = value;
    }
    const std::uint8_t rank = own ? 50 : of_ == Of::kShared ? 51 : 52;
    if (key.is("scalaVersion")) {
      add_version(facts_, "Scala", value, key.line, rank);
      // What is told, but not known, is not what a build above this one tells.
      if (value.empty()) facts_.versions.push_back({"Scala", "", key.line, 59});
    }
    if (key.is("crossScalaVersions") && is(equals + 3, "(")) {
      add_version(facts_, "Scala", value_at(equals + 4), key.line,
                  static_cast<std::uint8_t>(rank + 3));
    }
  }

  // lazy val core = project.in(file("core")), (project in file("core"))
  void read_project(std::size_t at) {
    if (!is(at, "lazy") || !is(at + 1, "val")) return;
    for (std::size_t j = at + 3; j + 2 < tokens_.size() && j < at + 8; ++j) {
      if (!tokens_[j].is("in") && !tokens_[j].is("project.in")) continue;
      for (std::size_t k = j + 1; k < j + 4 && k < tokens_.size(); ++k) {
        if (!tokens_[k].is_string() || tokens_[k].text == ".") continue;
        add_member(facts_, tokens_[k].text, tokens_[k].line);
        break;
      }
    }
  }

  // "group" %% "artifact" % "version" % Test, wherever it stands.
  void read_dependency(std::size_t at) {
    if (!tokens_[at].is_string() || !is(at + 1, "%")) return;
    std::size_t next = at + 2;
    while (is(next, "%")) ++next;
    // The second of a pair: group % artifact % version
    if (!is_string(next) || !is(next + 1, "%")) return;
    if (at > 0 && is(at - 1, "%")) return;
    const std::string name = std::string(tokens_[at].text) + ":" + std::string(tokens_[next].text);
    const std::string_view version = value_at(next + 2);
    Use use = Use::kRuntime;
    for (std::size_t j = next + 2; j < tokens_.size() && j < next + 5; ++j) {
      if (tokens_[j].is("Test") || (tokens_[j].is_string() && tokens_[j].text == "test")) {
        use = Use::kTest;
      }
      if (tokens_[j].is(",")) break;
    }
    const bool plugin = at > 1 && is(at - 2, "addSbtPlugin");
    add_dependency(facts_, name, version, plugin ? Use::kPlugin : use, tokens_[at].line);
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  Facts& facts_;
  std::map<std::string_view, std::string_view> values_;
  Of of_ = Of::kAll;
  bool project_ = false;  // its directory is yet to be told
};

}  // namespace

void read_sbt(const Source& source, Facts& facts) {
  Sbt(source.text, facts).read();
}

}  // namespace quarry::analysis::ecosystem
