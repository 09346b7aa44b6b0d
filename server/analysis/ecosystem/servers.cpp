// Settings of servers that tell where they listen: Puma's, Phoenix's, Liberty's, and the plain
// config.json of Node.js' programs.

#include <array>
#include <map>

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr std::uint32_t kLeastPort = 10;  // what is less is a count of something

void add_port(Facts& facts, std::uint32_t port, std::uint32_t line) {
  if (port >= kLeastPort) facts.ports.push_back({port, PortSource::kConfig, true, "", line});
}

// The first number of tokens [at, end) that is a port: of `3000`, `ENV.fetch("PORT") { 3000 }`,
// `String.to_integer(System.get_env("PORT") || "4000")`. Names of variables are passed over.
const Token* port_among(const std::vector<Token>& tokens, std::size_t at, std::size_t end) {
  for (; at < std::min(end, tokens.size()); ++at) {
    const Token& one = tokens[at];
    const bool may = one.is_string() || one.is_word();
    if (may && manifest::leading_port(one.text) >= kLeastPort) return &one;
  }
  return nullptr;
}

std::size_t end_of_line(const std::vector<Token>& tokens, std::size_t at) {
  const std::size_t end = list_end(tokens, at);
  while (at < end && tokens[at].kind != Token::Kind::kLineEnd) ++at;
  return at;
}

// The port of "tcp://0.0.0.0:9292"; of other schemes none is plain HTTP's.
std::uint32_t port_of_bind(std::string_view address) {
  if (!address.starts_with("tcp://")) return 0;
  const std::string_view digits = address.substr(address.rfind(':') + 1);
  return std::ranges::all_of(digits, manifest::is_digit) ? manifest::leading_port(digits) : 0;
}

void read_puma(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kRuby);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const Token& at = tokens[i];
    const bool first = i == 0 || tokens[i - 1].kind == Token::Kind::kLineEnd;
    if (!first || !at.is_word()) continue;
    const std::size_t end = end_of_line(tokens, i);
    if (at.is("port")) {
      const Token* const port = port_among(tokens, i + 1, end);
      if (port == nullptr) continue;
      add_port(facts, manifest::leading_port(port->text), port->line);
      const auto variable = std::ranges::find(tokens.begin() + static_cast<std::ptrdiff_t>(i),
                                              tokens.begin() + static_cast<std::ptrdiff_t>(end),
                                              std::string_view("PORT"), &Token::text);
      if (variable != tokens.begin() + static_cast<std::ptrdiff_t>(end)) {
        facts.variables.push_back({"PORT", std::string(port->text), at.line});
      }
    } else if (at.is("bind")) {
      const std::size_t address = tokens[i + 1].is("(") ? i + 2 : i + 1;
      if (address < end && tokens[address].is_string()) {
        add_port(facts, port_of_bind(tokens[address].text), at.line);
      }
    }
  }
}

// http: [ip: {127, 0, 0, 1}, port: 4000], also by a variable of the file. What `url:` tells is
// where others reach it.
void read_phoenix(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kElixir);
  const Token* named = nullptr;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (tokens[i].is("port") && tokens[i + 1].is("=")) {
      named = port_among(tokens, i + 2, end_of_line(tokens, i));
    }
    if (!tokens[i].is("http:") || !tokens[i + 1].is("[")) continue;
    const std::size_t end = list_end(tokens, i);
    std::size_t depth = 1;
    for (std::size_t j = i + 2; j + 1 < end && depth > 0; ++j) {
      if (tokens[j].is("[")) ++depth;
      if (tokens[j].is("]")) --depth;
      if (depth != 1 || !tokens[j].is("port:")) continue;
      const Token* port = named;
      if (!tokens[j + 1].is("port")) {
        std::size_t stop = j + 1;
        for (std::size_t open = 0; stop < end; ++stop) {
          if (tokens[stop].is("(")) ++open;
          if (tokens[stop].is(")") && open > 0) --open;
          if (open == 0 && (tokens[stop].is(",") || tokens[stop].is("]"))) break;
        }
        port = port_among(tokens, j + 1, stop);
      }
      if (port != nullptr) add_port(facts, manifest::leading_port(port->text), port->line);
    }
  }
}

// An object with one of these beside its port tells where something else is reached.
bool is_connection(const Value& object) {
  constexpr auto kKeys = std::to_array<std::string_view>(
      {"user", "username", "password", "pass", "database", "db", "dbname", "schema", "dialect",
       "driver", "client", "connection", "token", "url"});
  return std::ranges::any_of(kKeys, [&](std::string_view key) {
    return object.has(key) && !object[key].is_map() && !object[key].is_list();
  });
}

void read_config_json(const Source& source, Facts& facts) {
  const Value root = manifest::parse_json(source.text).root;
  if (!root.is_map()) return;
  for (const Value* one : {&root, &root["server"], &root["http"]}) {
    const Value& port = (*one)["port"];
    if (!port || is_connection(*one)) continue;
    add_port(facts, manifest::leading_port(port.text), port.line);
  }
}

// <httpEndpoint httpPort="9080"/>, also by a <variable name="x" defaultValue="9080"/>.
void read_liberty(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_xml(source.text), facts);
  std::map<std::string_view, std::string_view> variables;
  for (const Value& one : root.items) {
    if (one.name != "variable") continue;
    variables[one["@name"].text] =
        one["@defaultValue"] ? one["@defaultValue"].text : one["@value"].text;
  }
  for (const Value& endpoint : root.items) {
    if (endpoint.name != "httpEndpoint") continue;
    const Value& told = endpoint["@httpPort"];
    std::string_view text = told.text;
    if (text.starts_with("${") && text.ends_with('}')) {
      const auto known = variables.find(text.substr(2, text.size() - 3));
      if (known != variables.end()) text = known->second;
    }
    add_port(facts, manifest::leading_port(text), endpoint.line);
  }
}

// ktor { deployment { port = 8080, port = ${?PORT} } } of HOCON, with dots or braces.
void read_hocon(const Source& source, Facts& facts) {
  constexpr manifest::Syntax kHocon = {"// #", "", "", "\"", "_.-", "", true};
  constexpr std::size_t kDeepest = 64;
  constexpr std::size_t kLongestKey = 100;
  const std::vector<Token> tokens = manifest::tokens(source.text, kHocon);
  std::vector<std::string> path;
  for (std::size_t i = 0; i + 1 < tokens.size() && path.size() < kDeepest; ++i) {
    if (tokens[i].is("}") && !path.empty()) path.pop_back();
    if (tokens[i].is("{")) path.emplace_back();  // of what has no key
    if (!tokens[i].is_word()) continue;
    const bool assigned = tokens[i + 1].is("=") || tokens[i + 1].is(":");
    const std::size_t value = assigned ? i + 2 : i + 1;
    if (value >= tokens.size()) return;
    std::string key = path.empty() || path.back().empty() ? "" : path.back() + ".";
    // Of a long one it is enough that it is none that is looked for.
    key += tokens[i].text.substr(0, kLongestKey);
    key.resize(std::min(key.size(), kLongestKey));
    if (tokens[value].is("{")) {
      path.push_back(std::move(key));
      i = value;
    } else if (assigned && key == "ktor.deployment.port") {
      add_port(facts, manifest::leading_port(tokens[value].text), tokens[value].line);
    }
  }
}

constexpr Reader kServerReaders[] = {
    {"puma.rb", "", "Ruby", "", Role::kSettings, read_puma},
    {"config/runtime.exs", "", "Elixir", "", Role::kSettings, read_phoenix},
    {"config/prod.exs", "", "Elixir", "", Role::kSettings, read_phoenix},
    {"config/dev.exs", "", "Elixir", "", Role::kSettings, read_phoenix},
    {"config.json", "", "", "", Role::kPart, read_config_json},
    {"config/default.json", "", "", "", Role::kPart, read_config_json},
    {"application.conf", "", "", "", Role::kSettings, read_hocon},
    {"liberty/config/server.xml", "", "", "", Role::kSettings, read_liberty},
};

}  // namespace

std::span<const Reader> server_readers() {
  return kServerReaders;
}

}  // namespace quarry::analysis::ecosystem
