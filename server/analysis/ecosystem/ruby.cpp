// Ruby: Bundler and gem specifications; Crystal's shards lie with the small ones.
//
// Version, the first that is told: .ruby-version and asdf files (settings), ruby of the Gemfile,
// RUBY VERSION of the lock file, required_ruby_version.

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// Statements end with their line, unless it ends with a comma.
void read_gemfile(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kRuby);
  std::vector<Use> blocks;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (!at.is_word()) continue;
    const bool first = i == 0 || tokens[i - 1].kind == Token::Kind::kLineEnd;
    const auto end_of_line = [&](std::size_t from) {
      const std::size_t last = list_end(tokens, from);
      while (from < last &&
             (tokens[from].kind != Token::Kind::kLineEnd || tokens[from - 1].is(","))) {
        ++from;
      }
      return from;
    };
    if (at.is("do")) {
      Use use = blocks.empty() ? Use::kRuntime : blocks.back();
      std::size_t begin = i;
      while (begin > 0 && begin + kMostListTokens > i &&
             tokens[begin - 1].kind != Token::Kind::kLineEnd)
        --begin;
      if (tokens[begin].is("group")) {
        bool test = false;
        bool dev = false;
        for (std::size_t j = begin; j < i; ++j) {
          test |= tokens[j].is(":test");
          dev |= tokens[j].is(":development");
        }
        use = dev ? Use::kDev : test ? Use::kTest : use;
      }
      blocks.push_back(use);
    } else if (at.is("end") && first && !blocks.empty()) {
      blocks.pop_back();
    } else if ((at.is("if") || at.is("unless")) && first) {
      blocks.push_back(blocks.empty() ? Use::kRuntime : blocks.back());
    } else if (first && at.is("ruby") && i + 1 < tokens.size() && tokens[i + 1].is_string()) {
      add_version(facts, "Ruby", tokens[i + 1].text, at.line, 50);
    } else if (first && at.is("gem")) {
      std::size_t j = i + 1;
      if (j < tokens.size() && tokens[j].is("(")) ++j;
      if (j >= tokens.size() || !tokens[j].is_string()) continue;
      const std::string_view name = tokens[j].text;
      std::string_view version;
      Use use = blocks.empty() ? Use::kRuntime : blocks.back();
      const std::size_t end = end_of_line(j);
      bool listed = false;  // in brackets: require: ["a", "b"]
      for (std::size_t k = j + 1; k < end; ++k) {
        if (tokens[k].is("[")) listed = true;
        if (tokens[k].is("]")) listed = false;
        if (k < j + 2) continue;
        const bool broken = tokens[k - 1].kind == Token::Kind::kLineEnd;
        const Token& before = tokens[broken ? k - 2 : k - 1];
        if (tokens[k].is_string() && version.empty() && before.is(",") && !listed) {
          version = tokens[k].text;
        }
        if (tokens[k].text == "group" || tokens[k].is("group:") || tokens[k].is(":group")) {
          for (std::size_t m = k; m < end; ++m) {
            if (tokens[m].is(":test")) use = Use::kTest;
            if (tokens[m].is(":development")) use = Use::kDev;
          }
        }
      }
      add_dependency(facts, name, version, use, at.line);
    }
  }
}

// The lock file tells the versions of what a Gemfile leaves open.
void read_gemfile_lock(const Source& source, Facts& facts) {
  std::string_view section;
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    if (line.empty()) return;
    if (line.front() != ' ') {
      section = line;
    } else if (section == "RUBY VERSION") {
      std::string_view text = manifest::first_version(line);
      add_version(facts, "Ruby", text, number, 51);
    } else if (section == "GEM" && line.starts_with("    ") && !line.starts_with("     ")) {
      const std::string_view text = manifest::trim(line);
      const std::size_t open = text.find(" (");
      if (open == std::string_view::npos || !text.ends_with(')')) return;
      facts.shared.push_back({std::string(text.substr(0, open)),
                              std::string(text.substr(open + 2, text.size() - open - 3)),
                              Use::kRuntime, number});
    }
  });
  read_specs_lock(source, facts);
}

void read_gemspec(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kRuby);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    if (!at.is_word()) continue;
    // Gem::Specification.new "name", version do |s|
    if (at.text.ends_with("Specification.new") && facts.name.empty()) {
      const Token& first = tokens[tokens[i + 1].is("(") ? i + 2 : i + 1];
      if (first.is_string()) facts.name = first.text;
    }
    const std::size_t dot = at.text.rfind('.');
    if (dot == std::string_view::npos) continue;
    const std::string_view key = at.text.substr(dot + 1);
    if (tokens[i + 1].is("=") && tokens[i + 2].is_string()) {
      if (key == "name") facts.name = tokens[i + 2].text;
      if (key == "version") facts.version = tokens[i + 2].text;
      if (key == "license") {
        facts.licence = tokens[i + 2].text;
        facts.licence_line = at.line;
      }
      if (key == "required_ruby_version") {
        add_version(facts, "Ruby", tokens[i + 2].text, at.line, 60);
      }
    }
    const bool dev = key == "add_development_dependency";
    if (!dev && key != "add_dependency" && key != "add_runtime_dependency") continue;
    const std::size_t name = tokens[i + 1].is("(") ? i + 2 : i + 1;
    if (!tokens[name].is_string()) continue;
    const bool versioned =
        name + 2 < tokens.size() && tokens[name + 1].is(",") && tokens[name + 2].is_string();
    add_dependency(facts, tokens[name].text, versioned ? tokens[name + 2].text : "",
                   dev ? Use::kDev : Use::kRuntime, at.line);
  }
}

// "task :name", "namespace :a do": the tasks in it are "a:name".
void read_rakefile(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kRuby);
  std::vector<std::string> blocks;  // the open ones; "" but for namespaces
  const auto named = [](std::string_view name) {
    if (name.starts_with(':')) name.remove_prefix(1);
    if (name.ends_with(':')) name.remove_suffix(1);
    return std::string(name);
  };
  std::string next;  // the namespace that the next block is
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    const bool first = i == 0 || tokens[i - 1].kind == Token::Kind::kLineEnd;
    if (at.kind == Token::Kind::kLineEnd) next.clear();
    if (!at.is_word()) continue;
    const bool opens = first && (at.is("if") || at.is("unless") || at.is("def") || at.is("case") ||
                                 at.is("class") || at.is("module") || at.is("begin") ||
                                 at.is("while") || at.is("until"));
    if (at.is("do") || opens) {
      if (blocks.size() < kMostListTokens) blocks.push_back(std::exchange(next, ""));
    } else if (at.is("end") && !blocks.empty()) {
      blocks.pop_back();
    } else if (first && at.is("namespace")) {
      next = named(tokens[i + 1].is("(") && i + 2 < tokens.size() ? tokens[i + 2].text
                                                                  : tokens[i + 1].text);
    } else if (first && at.is("task")) {
      const bool bracket = tokens[i + 1].is("(") && i + 2 < tokens.size();
      std::string name = named(tokens[bracket ? i + 2 : i + 1].text);
      for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
        if (!block->empty()) name.insert(0, *block + ":");
      }
      if (!name.empty()) facts.scripts.push_back({std::move(name), "", at.line});
    }
  }
}

constexpr Reader kRubyReaders[] = {
    {"Gemfile", "rubygems", "Ruby", "Bundler", Role::kModule, read_gemfile},
    {"gems.rb", "rubygems", "Ruby", "Bundler", Role::kModule, read_gemfile},
    {"*.gemspec", "rubygems", "Ruby", "RubyGems", Role::kModule, read_gemspec},
    {"Gemfile.lock", "rubygems", "", "bundler", Role::kLock, read_gemfile_lock},
    {"Rakefile", "rubygems", "", "Rake", Role::kPart, read_rakefile},
    {"config.ru", "rubygems", "Ruby", "Rack", Role::kPart},
};

}  // namespace

std::span<const Reader> ruby_readers() {
  return kRubyReaders;
}

}  // namespace quarry::analysis::ecosystem
