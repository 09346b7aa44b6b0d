#include "server/analysis/ecosystem/dockerfile.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <optional>

#include "server/analysis/ecosystem/reading.h"
#include "server/analysis/project/variables.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr std::string_view kBlanks = " \t";

// Words as a shell would take them: what stands in quotes is whole, without the quotes.
std::vector<std::string> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < text.size();
    if (escapes) {
      word.push_back(text[++i]);
    } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote != 0 ? '\0' : c;
    } else if (quote == 0 && (c == ' ' || c == '\t')) {
      if (inside) words.push_back(std::move(word));
      word.clear();
      inside = false;
      continue;
    } else {
      word.push_back(c);
    }
    inside = true;
  }
  if (inside) words.push_back(std::move(word));
  return words;
}

// Lines put together to instructions; comments and here-documents are left out.
class Instructions {
 public:
  template <class Each>
  void read(std::string_view text, Each each) {
    manifest::for_each_line(text, [&](std::string_view line, std::uint32_t number) {
      if (!documents_.empty()) return skip_document(line);
      const std::string_view trimmed = manifest::trim(line);
      if (trimmed.starts_with('#')) return directive(trimmed.substr(1));
      directives_ = false;
      if (trimmed.empty()) return;
      if (whole_.empty()) begin_ = number;
      const bool goes_on = trimmed.ends_with(escape_);
      whole_.append(goes_on ? trimmed.substr(0, trimmed.size() - 1) : trimmed).push_back(' ');
      if (!goes_on) finish(each);
    });
    if (!whole_.empty()) finish(each);
  }

 private:
  struct Document {
    std::string end;
    bool indented = false;  // by tabs, as "<<-" allows
  };

  // "# escape=`", before anything else
  void directive(std::string_view text) {
    const std::size_t equals = text.find('=');
    directives_ = directives_ && equals != std::string_view::npos;
    if (!directives_ || manifest::lower(manifest::trim(text.substr(0, equals))) != "escape") return;
    const std::string_view value = manifest::trim(text.substr(equals + 1));
    if (value == "`" || value == "\\") escape_ = value.front();
  }

  template <class Each>
  void finish(Each each) {
    const std::string_view whole = whole_;
    const std::size_t blank = std::min(whole.find_first_of(kBlanks), whole.size());
    const std::string name = manifest::lower(whole.substr(0, blank));
    const std::string_view rest = manifest::trim(whole.substr(blank));
    if (name == "run" || name == "copy" || name == "add" || name == "onbuild") find_documents(rest);
    each(name, rest, begin_);
    whole_.clear();
  }

  // Words like "<<EOF", "<<-'EOF'", "3<<EOF", which no quotes are around.
  void find_documents(std::string_view text) {
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && quote != '\'') {
        ++i;
      } else if (quote != 0) {
        if (text[i] == quote) quote = 0;
      } else if (text[i] == '"' || text[i] == '\'') {
        quote = text[i];
      } else if (text.substr(i).starts_with("<<") && begins_word(text.substr(0, i))) {
        const std::string_view word = text.substr(i, text.find_first_of(" \t", i) - i);
        add_document(word.substr(2));
        i += word.size() - 1;
      }
    }
  }

  // Whether nothing but the number of a descriptor stands between a blank and what follows.
  static bool begins_word(std::string_view before) {
    while (!before.empty() && before.back() >= '0' && before.back() <= '9') before.remove_suffix(1);
    return before.empty() || before.back() == ' ' || before.back() == '\t';
  }

  void add_document(std::string_view word) {
    const bool indented = word.starts_with('-');
    if (indented) word.remove_prefix(1);
    std::string end(word);
    std::erase_if(end, [](char c) { return c == '"' || c == '\''; });
    const auto usual = [](char c) { return manifest::is_word(c) || c == '.' || c == '-'; };
    if (!end.empty() && std::ranges::all_of(end, usual)) {
      documents_.push_back({std::move(end), indented});
    }
  }

  void skip_document(std::string_view line) {
    const Document& first = documents_.front();
    const std::size_t tabs = first.indented ? line.find_first_not_of('\t') : 0;
    if (line.substr(std::min(tabs, line.size())) == first.end) documents_.pop_front();
  }

  std::string whole_;
  std::uint32_t begin_ = 0;
  char escape_ = '\\';
  bool directives_ = true;  // may still come
  std::deque<Document> documents_;
};

// What a container starts, as a shell would be given it.
struct Command {
  std::string text;
  bool list = false;  // of JSON: run without a shell
};

std::string quoted(const std::string& word) {
  const auto plain = [](char c) {
    return manifest::is_word(c) || (c & 0x80) != 0 ||
           std::string_view("@%+=:,./-").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, plain)) return word;
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') text.append("'\\'");
    text.push_back(c);
  }
  return text + "'";
}

// ["a", "b c"] is a 'b c'; what is no such list is a line for the shell.
Command command_of(std::string_view text) {
  if (text.starts_with('[')) {
    const Parsed parsed = manifest::parse_json(text);
    if (!parsed.problem && std::ranges::all_of(parsed.root.items, &Value::is_string)) {
      Command command{"", true};
      for (const Value& one : parsed.root.items) {
        if (!command.text.empty()) command.text.push_back(' ');
        command.text += quoted(one.text);
      }
      return command;
    }
  }
  return {std::string(text), false};
}

// What a list runs that begins with a file that is no program by itself: it is given to the entry
// point of its base, as images of Node.js have one, and those that are distroless.
std::string_view interpreter_of(std::string_view first) {
  if (first.starts_with("./")) return {};
  for (const std::string_view end : {".js", ".mjs", ".cjs"}) {
    if (first.ends_with(end)) return "node ";
  }
  if (first.ends_with(".py")) return "python3 ";
  return first.ends_with(".jar") ? "java -jar " : "";
}

constexpr std::size_t kMostArguments = 1000;
constexpr std::size_t kMostReferences = 16;  // of a value
constexpr std::size_t kLongestValue = 1000;
constexpr std::size_t kNoStage = static_cast<std::size_t>(-1);

// What a stage says beyond the one that it is built on.
struct Stage {
  std::size_t base = kNoStage;
  std::vector<Port> ports;
  std::vector<Variable> variables;
  std::optional<Command> entry;
  std::optional<Command> command;
  std::uint32_t command_at = 0;
};

class Dockerfile {
 public:
  explicit Dockerfile(Facts& facts) : facts_(facts) {}

  void add(std::string_view name, std::string_view rest, std::uint32_t line) {
    if (name == "from") {
      from(rest);
    } else if (name == "arg" || name == "env") {
      assign(rest, line, name == "env");
    } else if (name == "expose") {
      expose(rest, line);
    } else if (name == "entrypoint") {
      stages_.back().entry = command_of(rest);
      stages_.back().command_at = line;
    } else if (name == "cmd") {
      stages_.back().command = command_of(rest);
      stages_.back().command_at = line;
    }
  }

  // The last stage's counts, and what it is built on.
  void finish() {
    std::vector<Stage*> chain;
    for (std::size_t at = stages_.size() - 1; at != kNoStage; at = stages_[at].base) {
      chain.push_back(&stages_[at]);
    }
    std::ranges::reverse(chain);
    Command entry;
    Command command;
    std::uint32_t command_at = 0;
    for (Stage* stage : chain) {
      std::ranges::move(stage->ports, std::back_inserter(facts_.ports));
      std::ranges::move(stage->variables, std::back_inserter(facts_.variables));
      if (stage->entry) command = {};  // which was given to another program
      if (stage->entry) entry = std::move(*stage->entry);
      if (stage->command) command = std::move(*stage->command);
      if (stage->command_at > 0) command_at = stage->command_at;
    }
    add_server_ports(facts_.variables, PortSource::kConfig, facts_.ports);
    std::string start = entry.text;
    // A shell that runs the entry point takes no arguments.
    if (entry.text.empty() || entry.list) {
      if (!start.empty() && !command.text.empty()) start += " ";
      start += command.text;
    }
    if (entry.text.empty() && command.list) {
      start.insert(0, interpreter_of(std::string_view(start).substr(0, start.find(' '))));
    }
    // Without an entry point of its own they are arguments of the one that its base has.
    if (start.starts_with('-')) return;
    if (!start.empty()) facts_.scripts.push_back({"start", start, command_at});
  }

 private:
  void from(std::string_view rest) {
    std::vector<std::string_view> words = manifest::words(rest);
    std::erase_if(words, [](std::string_view word) { return word.starts_with("--"); });
    if (words.empty()) return;
    const std::string image = expanded(words[0]);
    Stage stage;
    const auto earlier = by_name_.find(manifest::lower(image));
    if (earlier != by_name_.end()) {
      stage.base = earlier->second;
    } else {
      facts_.images.push_back(image);
    }
    stages_.push_back(std::move(stage));
    if (words.size() > 2) by_name_[manifest::lower(words[2])] = stages_.size() - 1;
  }

  // The values are those from before the instruction.
  void assign(std::string_view rest, std::uint32_t line, bool environment) {
    const std::vector<std::string> words = shell_words(rest);
    std::vector<Variable> assigned;
    const auto add = [&](std::string_view name, std::string_view value) {
      if (name.size() > kLongestValue || ++assigned_ > kMostArguments) return;
      assigned.push_back({std::string(name), expanded(value), line});
      if (assigned.back().value.size() > kLongestValue) assigned.back().value.clear();
    };
    if (environment && words.size() > 1 && words[0].find('=') == std::string::npos) {
      // "ENV NAME the rest of the line"
      add(words[0], manifest::trim(rest.substr(rest.find_first_of(kBlanks))));
    } else {
      for (const std::string_view word : words) {
        const std::size_t equals = word.find('=');
        if (equals != std::string_view::npos) add(word.substr(0, equals), word.substr(equals + 1));
      }
    }
    for (Variable& one : assigned) {
      values_.insert_or_assign(one.name, one.value);
      if (environment) stages_.back().variables.push_back(std::move(one));
    }
  }

  // What a name is worth as it was last assigned; "" when it was not, or is a secret's.
  std::string_view value_of(std::string_view name) const {
    const auto known = values_.find(name);
    if (known == values_.end()) return {};
    const bool secret = project::kind_of_variable(name) == project::VariableKind::kSecret;
    return secret ? std::string_view() : known->second;
  }

  // With "$NAME", "${NAME}" and "${NAME:-default}" replaced by their values as they are now. What
  // has none stays as it is written.
  std::string expanded(std::string_view text) const {
    std::string value;
    for (std::size_t count = 0; count < kMostReferences; ++count) {
      const std::size_t at = text.find('$');
      if (at == std::string_view::npos || at + 1 == text.size()) break;
      value.append(text.substr(0, at));
      text.remove_prefix(at);
      const bool braces = text[1] == '{';
      std::size_t end = braces ? 2 : 1;
      const std::size_t begin = end;
      while (end < text.size() && manifest::is_word(text[end])) ++end;
      std::string_view instead = value_of(text.substr(begin, end - begin));
      if (braces) {
        const std::size_t close = text.find('}', end);
        if (close == std::string_view::npos) break;
        const std::string_view rest = text.substr(end, close - end);
        const bool fallback = rest.starts_with(":-") || rest.starts_with('-');
        if (fallback && instead.empty()) instead = rest.substr(rest.find('-') + 1);
        if (!fallback && !rest.empty()) instead = {};
        end = close + 1;
      }
      value.append(instead.empty() ? text.substr(0, end) : instead);
      text.remove_prefix(end);
      if (value.size() > kLongestValue) break;
    }
    return value.append(text);
  }

  void expose(std::string_view rest, std::uint32_t line) {
    const std::string value = expanded(rest);
    for (const std::string_view word : manifest::words(value)) {
      const std::size_t slash = word.find('/');
      const std::uint32_t port = manifest::leading_port(word.substr(0, slash));
      if (port == 0 || stages_.back().ports.size() >= kMostArguments) continue;
      const bool udp = slash != std::string_view::npos && is_udp_protocol(word.substr(slash + 1));
      stages_.back().ports.push_back({port, PortSource::kExpose, true, "", line, udp});
    }
  }

  Facts& facts_;
  std::map<std::string, std::string, std::less<>> values_;  // of arguments and variables
  std::size_t assigned_ = 0;
  std::vector<Stage> stages_ = std::vector<Stage>(1);  // the first: what stands before all
  std::map<std::string, std::size_t> by_name_;
};

}  // namespace

bool is_udp_protocol(std::string_view protocol) {
  return manifest::lower(protocol) == "udp";
}

void read_dockerfile(const Source& source, Facts& facts) {
  Dockerfile file(facts);
  Instructions().read(source.text, [&](const std::string& name, std::string_view rest,
                                       std::uint32_t line) { file.add(name, rest, line); });
  file.finish();
}

}  // namespace quarry::analysis::ecosystem
