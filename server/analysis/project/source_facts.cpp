#include "server/analysis/project/source_facts.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <utility>

#include "server/analysis/manifest/text.h"
#include "server/analysis/manifest/tokens.h"
#include "server/analysis/project/address.h"
#include "server/analysis/project/python_application.h"
#include "server/analysis/project/services.h"
#include "server/analysis/project/variables.h"

namespace quarry::analysis::project {
namespace {

using ecosystem::PortSource;
using manifest::Token;

manifest::Syntax syntax_of(std::string_view language) {
  const auto among = [&](std::initializer_list<std::string_view> list) {
    return std::ranges::find(list, language) != list.end();
  };
  const bool triple = among({"Python", "Elixir", "Julia", "Nim", "Java", "Kotlin", "Scala",
                             "Groovy", "Swift", "Dart", "C#", "F#"});
  if (among({"Python", "Ruby", "R", "Julia", "Perl", "Crystal", "Nim"})) {
    return {"#", "", "", "\"'", "_.", "", triple};
  }
  if (language == "Elixir") return {"#", "", "", "\"'", "_.!", "", triple};
  if (language == "Go") return {"//", "/*", "*/", "\"'`", "_.", "`", triple};
  if (language == "Rust") return {"//", "/*", "*/", "\"`", "_.", "", triple};
  if (language == "Lua") return {"--", "--[[", "]]", "\"'", "_.", "", triple};
  return {"//", "/*", "*/", "\"'`", "_.$", "", triple};
}

std::string_view last_part(std::string_view word) {
  const std::size_t dot = word.rfind('.');
  return dot == std::string_view::npos ? word : word.substr(dot + 1);
}

// Calls whose first argument is a port or an address.
bool listens(std::string_view word) {
  constexpr std::array<std::string_view, 14> kCalls = {
      "listen",         "Listen", "ListenAndServe", "ListenAndServeTLS", "Run",
      "Start",          "bind",   "serve",          "createServer",      "start",
      "listenAndServe", "Serve",  "UseUrls",        "embeddedServer"};
  return std::ranges::find(kCalls, last_part(word)) != kCalls.end();
}

// Calls that take a port by name: app.run(port=5000), uvicorn.run(app, port=8000).
bool serves(std::string_view word) {
  const std::string_view name = last_part(word);
  return name == "run" || name == "run_app" || name == "serve" || name == "start" ||
         name == "listen" || name == "bind" || name == "launch";
}

// A generator of Go that lies beside a library: "//go:build ignore" above its package.
bool is_left_out_of_builds(std::string_view text) {
  text = text.substr(0, text.find("\npackage "));
  for (const std::string_view tag : {"//go:build ignore", "// +build ignore"}) {
    const std::size_t at = text.find(tag);
    if (at != std::string_view::npos && (at == 0 || text[at - 1] == '\n')) return true;
  }
  return false;
}

class Scan {
 public:
  Scan(std::string_view language, std::string_view text)
      : language_(language),
        is_c_(language == "C" || language == "C++" || language == "Objective-C"),
        tokens_(manifest::tokens(text, syntax_of(language))) {}

  SourceFacts run() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      const Token& token = tokens_[at_];
      if (token.is_string()) {
        url(token);
      } else if (token.is_word()) {
        environment(token);
        assignment(token);
        call(token);
        if (language_ == "Ruby") setting(token);
        if (language_ == "Crystal") kemal(token);
        if (token.is("Value")) spring_value();
        if (token.is("export")) exported_server();
        main(token);
      } else if (is_c_ && token.is("#")) {
        condition();
      }
    }
    if (language_ == "Python") find_application(tokens_, facts_);
    return std::move(facts_);
  }

 private:
  const Token& ahead(std::size_t steps) const {
    static const Token kNone;
    return at_ + steps < tokens_.size() ? tokens_[at_ + steps] : kNone;
  }
  const Token& behind(std::size_t steps) const {
    static const Token kNone;
    return steps <= at_ ? tokens_[at_ - steps] : kNone;
  }
  static bool is_number(const Token& token) {
    return token.is_word() && !token.text.empty() && manifest::is_digit(token.text[0]);
  }

  // Of C's kin: what stands under "#ifdef X_TEST" or "#ifdef DEBUG" is another program's.
  void condition() {
    const Token& word = ahead(1);
    if (word.is("endif") && !conditions_.empty()) conditions_.pop_back();
    if (word.is("else") && !conditions_.empty()) conditions_.back() = false;
    if (!word.is("if") && !word.is("ifdef") && !word.is("ifndef")) return;
    bool aside = false;
    for (std::size_t i = 2; i < 40 && ahead(i).line == word.line && !word.is("ifndef"); ++i) {
      if (ahead(i).is("!")) break;
      aside = aside || names_aside(ahead(i).text);
    }
    conditions_.push_back(aside);
  }
  static bool names_aside(std::string_view macro) {
    constexpr std::array<std::string_view, 7> kWords = {"TEST",    "BENCH",      "DEMO", "DEBUG",
                                                        "EXAMPLE", "STANDALONE", "FUZZ"};
    return std::ranges::any_of(
        kWords, [&](std::string_view one) { return macro.find(one) != std::string_view::npos; });
  }

  void url(const Token& token) {
    if (token.text.find("://") == std::string_view::npos && !token.text.starts_with("jdbc:"))
      return;
    if (const auto* service = find_service_by_url(token.text)) {
      facts_.services.push_back({std::string(service->name), "URL", token.line});
    }
  }

  void add_variable(std::string_view name, std::uint32_t line) {
    if (!is_variable_name(name) || !std::ranges::all_of(name, manifest::is_word)) return;
    facts_.variables.push_back({std::string(name), "", line});
  }

  void environment(const Token& token) {
    const std::string_view word = token.text;
    // Nearly no word is of these.
    constexpr std::string_view kFirsts = "BDESegiopv";
    if (kFirsts.find(word.front()) == word.npos && !word.ends_with("GetEnvironmentVariable"))
      return;
    for (const std::string_view prefix : {"process.env.", "import.meta.env.", "Bun.env."}) {
      if (word.starts_with(prefix)) {
        const std::string_view rest = word.substr(prefix.size());
        add_variable(rest.substr(0, rest.find('.')), token.line);
        fallback(rest);
      }
    }
    const bool called =
        word == "os.getenv" || word == "os.environ.get" || word == "os.Getenv" ||
        word == "os.LookupEnv" || word == "System.getenv" || word == "getenv" || word == "env" ||
        word == "Deno.env.get" || word == "System.get_env" || word == "System.fetch_env" ||
        word == "System.fetch_env!" || word == "ENV.fetch" || word == "environ.get" ||
        word.ends_with("GetEnvironmentVariable") || word == "env.get" || word == "env.var";
    const bool rust = word == "var" && behind(1).is(":") && behind(3).is("env");
    const bool indexed = word == "os.environ" || word == "ENV" || word == "process.env";
    const bool begun = ((called || rust) && ahead(1).is("(")) || (indexed && ahead(1).is("["));
    if (begun && ahead(2).is_string()) {
      add_variable(ahead(2).text, token.line);
      fallback(ahead(2).text);
    }
  }

  // The number that stands for an unset PORT, in the same line or the next.
  void fallback(std::string_view name) {
    if (!is_own_port(last_part(name))) return;
    for (std::size_t i = 1; i < 12 && at_ + i < tokens_.size(); ++i) {
      const Token& token = tokens_[at_ + i];
      if (token.line > tokens_[at_].line + 1) return;
      const bool text = token.is_string() && token.text != name;
      const std::uint32_t port = text || is_number(token) ? port_of_address(token.text) : 0;
      if (port > 9) return add_port(port, PortSource::kEnv, token.line);
    }
  }

  void add_port(std::uint32_t port, PortSource source, std::uint32_t line) {
    facts_.ports.push_back({port, source, true, "", line});
  }

  // const port = 3000; PORT = 8080: what a later listen(port) means.
  void assignment(const Token& token) {
    // "port" and what ends so, "addr". In any case.
    const char last = token.text.back();
    if (last != 't' && last != 'T' && last != 'r' && last != 'R') return;
    const std::string name = manifest::lower(last_part(token.text));
    if (!name.ends_with("port") && name != "addr") return;
    std::size_t equals = 1;
    while (equals < 5 && !ahead(equals).is("=") && !ahead(equals).is("(")) ++equals;
    if (!ahead(equals).is("=")) return;
    for (std::size_t i = equals + 1; i < equals + 12; ++i) {
      const Token& value = ahead(i);
      if (value.line != token.line || value.is(";")) return;
      const std::uint32_t port =
          is_number(value) || value.is_string() ? port_of_address(value.text) : 0;
      if (port > 9) {
        named_[std::string(token.text)] = port;
        return;
      }
    }
  }

  void call(const Token& token) {
    if (is_c_) return;  // listen() is the system's: no port in it
    if (language_ == "Go" && last_part(token.text) == "Addr" && ahead(1).is(":") &&
        ahead(2).is_string()) {
      if (const std::uint32_t port = port_of_address(ahead(2).text)) {
        add_port(port, PortSource::kCall, token.line);
      }
      return;
    }
    if (!ahead(1).is("(")) return;
    if (listens(token.text)) {
      for (std::size_t i = 2; i < 14 && !ahead(i).is(")"); ++i) {
        const Token& value = ahead(i);
        std::uint32_t port = 0;
        if (is_number(value)) port = manifest::leading_port(value.text);
        if (value.is_string() && value.text.find(':') != std::string_view::npos) {
          port = port_of_address(value.text);
        }
        const auto named = value.is_word() ? named_.find(std::string(value.text)) : named_.end();
        if (named != named_.end()) port = named->second;
        if (port > 9) return add_port(port, PortSource::kCall, value.line);
        if (value.is("{") && i > 2) break;
      }
    }
    if (!serves(token.text)) return;
    for (std::size_t i = 2, depth = 1; i < 40 && depth > 0; ++i) {
      if (ahead(i).is("(")) ++depth;
      if (ahead(i).is(")")) --depth;
      const bool key = ahead(i).is("port") || ahead(i).is("port:");
      if (!key || !(ahead(i + 1).is("=") || ahead(i + 1).is(":"))) continue;
      const Token& value = ahead(i + 2);
      std::uint32_t port = is_number(value) ? manifest::leading_port(value.text) : 0;
      const auto named = named_.find(std::string(value.text));
      if (value.is_word() && named != named_.end()) port = named->second;
      if (port == 0) port = fallback_of_argument(i + 2);
      if (port > 9) return add_port(port, PortSource::kCall, ahead(i).line);
    }
  }

  // Of "int(os.environ.get("X_PORT", 9090))" as an argument, whatever the variable's prefix; 0 when
  // no such variable is read.
  std::uint32_t fallback_of_argument(std::size_t at) const {
    bool read = false;
    for (std::size_t depth = 0, end = at + 14; at < end; ++at) {
      const Token& one = ahead(at);
      if (one.is("(")) ++depth;
      if (depth == 0 && (one.is(",") || one.is(")"))) return 0;
      if (one.is(")")) --depth;
      const std::uint32_t port =
          one.is_string() || is_number(one) ? manifest::leading_port(one.text) : 0;
      if (read && port > 0) return port;
      read = read || (one.is_string() && one.text.ends_with("PORT"));
    }
    return 0;
  }

  // Sinatra's "set :port, 4321".
  void setting(const Token& token) {
    if (!token.is("set") || !ahead(1).is(":") || !ahead(2).is("port") || !ahead(3).is(",")) return;
    const std::uint32_t port = is_number(ahead(4)) ? manifest::leading_port(ahead(4).text) : 0;
    if (port > 9) add_port(port, PortSource::kConfig, token.line);
  }

  // "Kemal.run 3000", "Kemal.run(port: 3000)", "Kemal.config.port = 3000".
  void kemal(const Token& token) {
    std::size_t at = 1;
    if (token.is("Kemal.run")) {
      if (ahead(at).is("(")) ++at;
      if (ahead(at).is("port") && ahead(at + 1).is(":")) at += 2;
    } else if (token.is("Kemal.config.port") && ahead(1).is("=")) {
      at = 2;
    } else {
      return;
    }
    const Token& value = ahead(at);
    const std::uint32_t port =
        is_number(value) && value.line == token.line ? manifest::leading_port(value.text) : 0;
    if (port > 9) add_port(port, PortSource::kCall, token.line);
  }

  // @Value("${server.port:8081}"), of Kotlin with the mark escaped.
  void spring_value() {
    if (!behind(1).is("@") || !ahead(1).is("(") || !ahead(2).is_string()) return;
    constexpr std::string_view kKey = "${server.port:";
    const std::string_view text = ahead(2).text;
    const std::size_t at = text.find(kKey);
    if (at == std::string_view::npos) return;
    const std::uint32_t port = manifest::leading_port(text.substr(at + kKey.size()));
    if (port > 9) add_port(port, PortSource::kEnv, ahead(2).line);
  }

  // export default { port: 3001, fetch }: what Bun serves.
  void exported_server() {
    if (!ahead(1).is("default") || !ahead(2).is("{")) return;
    constexpr std::size_t kMost = 400;
    std::uint32_t port = 0;
    std::uint32_t line = 0;
    bool fetches = false;
    bool begins = true;  // a member of the object
    for (std::size_t i = 3, depth = 1; i < kMost && depth > 0; ++i) {
      const Token& one = ahead(i);
      if (one.kind == Token::Kind::kLineEnd) continue;
      const bool opens = one.is("{") || one.is("(") || one.is("[");
      const bool key = std::exchange(begins, depth == 1 && one.is(","));
      if (opens) ++depth;
      if (one.is("}") || one.is(")") || one.is("]")) --depth;
      if (!key) continue;
      fetches = fetches || one.is("fetch") || (one.is("async") && ahead(i + 1).is("fetch"));
      if (!one.is("port")) continue;
      const Token& value = ahead(i + 1).is(":") ? ahead(i + 2) : one;
      port = is_number(value) ? manifest::leading_port(value.text) : 0;
      const auto named = named_.find(std::string(value.text));
      if (named != named_.end()) port = named->second;
      line = one.line;
    }
    if (fetches && port > 9) add_port(port, PortSource::kCall, line);
  }

  // The type may stand in the line above.
  bool begins_c() const {
    const bool above = behind(1).kind == Token::Kind::kLineEnd;
    return behind(above ? 2 : 1).is("int") && ahead(1).is("(");
  }

  // "object A extends App", "@main def a()", "def main(args: Array[String])"
  bool begins_scala(const Token& token) const {
    if (token.is("main")) {
      const Token& next = ahead(ahead(1).kind == Token::Kind::kLineEnd ? 2 : 1);
      return (behind(1).is("@") && next.is("def")) ||
             (behind(1).is("def") && ahead(1).is("(") && ahead(4).is("Array"));
    }
    constexpr std::array<std::string_view, 5> kApps = {"App", "IOApp", "IOApp.Simple", "ZIOApp",
                                                       "ZIOAppDefault"};
    return behind(1).is("extends") && behind(3).is("object") &&
           std::ranges::find(kApps, token.text) != kApps.end();
  }

  void main(const Token& token) {
    if (facts_.main_line > 0) return;
    // The words below, by the bytes that they begin with.
    if (std::string_view("mA_SIZ").find(token.text.front()) == std::string_view::npos) return;
    if (std::ranges::find(conditions_, true) != conditions_.end()) return;
    const bool java =
        language_ == "Java" && token.is("main") && ahead(1).is("(") && behind(1).is("void");
    const bool go =
        language_ == "Go" && token.is("main") && ahead(1).is("(") && behind(1).is("func");
    const bool other =
        (language_ == "Kotlin" && token.is("main") && behind(1).is("fun")) ||
        ((language_ == "Rust" || language_ == "Gleam") && token.is("main") && behind(1).is("fn")) ||
        (is_c_ && token.is("main") && begins_c()) ||
        (language_ == "Scala" && begins_scala(token)) || token.is("SpringBootApplication");
    const bool python = language_ == "Python" && token.is("__name__") && ahead(3).is_string() &&
                        ahead(3).text == "__main__";
    if (java || go || other || python) facts_.main_line = token.line;
  }

  std::string_view language_;
  const bool is_c_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::vector<bool> conditions_;  // the open ones: whether each is of tests
  std::map<std::string, std::uint32_t> named_;
  SourceFacts facts_;
};

}  // namespace

SourceFacts source_facts(std::string_view language, std::string_view text) {
  SourceFacts facts = Scan(language, text).run();
  if (language == "Go" && is_left_out_of_builds(text)) facts.main_line = 0;
  return facts;
}

}  // namespace quarry::analysis::project
