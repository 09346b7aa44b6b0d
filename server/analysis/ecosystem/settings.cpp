// Files that tell versions and settings of a module: version files of the tool managers, dotenv
// templates, Spring's and Rails' configuration, gunicorn's, Prisma's schema.

#include <algorithm>

#include "server/analysis/ecosystem/reading.h"
#include "server/analysis/project/services.h"
#include "server/analysis/project/variables.h"

namespace quarry::analysis::ecosystem {
namespace {

// Ranks of version files: 10 to 19 for a file of one language, 20 for asdf, 21 for mise.
void read_one_version(const Source& source, Facts& facts) {
  struct Row {
    std::string_view file, language;
  };
  constexpr Row kRows[] = {{".nvmrc", "Node.js"},           {".node-version", "Node.js"},
                           {".python-version", "Python"},   {".ruby-version", "Ruby"},
                           {".java-version", "Java"},       {".go-version", "Go"},
                           {".php-version", "PHP"},         {".swift-version", "Swift"},
                           {".elixir-version", "Elixir"},   {".terraform-version", "Terraform"},
                           {".crystal-version", "Crystal"}, {".erlang-version", "Erlang"},
                           {".bun-version", "Bun"},         {".deno-version", "Deno"},
                           {".zigversion", "Zig"},          {".dvmrc", "Deno"}};
  const std::string_view file = source.path.substr(source.path.rfind('/') + 1);
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    std::string_view text = manifest::trim(line);
    if (text.empty() || text.starts_with('#') || !facts.versions.empty()) return;
    if (text.starts_with('v') && text.size() > 1 && manifest::is_digit(text[1]))
      text.remove_prefix(1);
    for (std::size_t i = 0; i < std::size(kRows); ++i) {
      if (kRows[i].file != file) continue;
      if (text.starts_with("ruby-")) text.remove_prefix(5);
      add_version(facts, kRows[i].language, text, number, i == 1 ? 11 : 10);
    }
  });
}

std::string_view language_of_tool(std::string_view tool) {
  constexpr std::pair<std::string_view, std::string_view> kTools[] = {
      {"nodejs", "Node.js"},  {"node", "Node.js"},    {"python", "Python"},
      {"ruby", "Ruby"},       {"golang", "Go"},       {"go", "Go"},
      {"java", "Java"},       {"rust", "Rust"},       {"elixir", "Elixir"},
      {"erlang", "Erlang"},   {"php", "PHP"},         {"terraform", "Terraform"},
      {"deno", "Deno"},       {"bun", "Bun"},         {"zig", "Zig"},
      {"crystal", "Crystal"}, {"kotlin", "Kotlin"},   {"scala", "Scala"},
      {"gleam", "Gleam"},     {"dotnet", ".NET"},     {"dotnet-core", ".NET"},
      {"swift", "Swift"},     {"julia", "Julia"},     {"nim", "Nim"},
      {"lua", "Lua"},         {"perl", "Perl"},       {"R", "R"},
      {"flutter", "Flutter"}, {"haskell", "Haskell"}, {"ocaml", "OCaml"},
      {"clojure", "Clojure"}, {"dart", "Dart"}};
  for (const auto& [name, language] : kTools) {
    if (name == tool) return language;
  }
  return {};
}

void read_tool_versions(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const auto words = manifest::words(line.substr(0, line.find('#')));
    if (words.size() < 2) return;
    if (const std::string_view language = language_of_tool(words[0]); !language.empty()) {
      add_version(facts, language, words[1], number, 20);
    } else if (words[0] == "pnpm" || words[0] == "yarn" || words[0] == "poetry") {
      facts.managers.push_back({std::string(words[0]), std::string(words[1]), number, 80});
    }
  });
}

void read_mise(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  for (const Value& one : root["tools"].items) {
    const Value& version = one["version"];
    const Value& text = version ? version : !one.items.empty() ? one.items.front() : one;
    if (const std::string_view language = language_of_tool(one.name); !language.empty()) {
      add_version(facts, language, text.text, one.line, 21);
    }
  }
  for (const Value& one : root["tasks"].items) {
    facts.scripts.push_back({one.name, one["run"].text, one.line});
  }
}

void read_system_properties(const Source& source, Facts& facts) {
  const Value root = manifest::parse_ini(source.text).root;
  const Value& version = root["java.runtime.version"];
  add_version(facts, "Java", version.text, version.line, 14);
}

void read_sdkmanrc(const Source& source, Facts& facts) {
  const Value root = manifest::parse_ini(source.text).root;
  const Value& java = root["java"];
  add_version(facts, "Java", manifest::first_version(java.text), java.line, 13);
}

void read_fvmrc(const Source& source, Facts& facts) {
  const Value& version = manifest::parse_json(source.text).root["flutter"];
  add_version(facts, "Flutter", version.text, 1, 10);
}

void add_port(Facts& facts, std::string_view text, PortSource source, std::uint32_t line) {
  // ${PORT:8080} has a default.
  if (text.starts_with("${")) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return;
    text = text.substr(colon + 1, text.find('}') - colon - 1);
  } else if (text.starts_with('$')) {  // of Ktor: $PORT:8080
    text = text.substr(std::min(text.find(':'), text.size() - 1) + 1);
  }
  const std::uint32_t port = manifest::leading_port(text);
  if (port > 0) facts.ports.push_back({port, source, true, "", line});
}

void add_url(Facts& facts, std::string_view url, std::string_view how, std::uint32_t line) {
  if (const auto* service = project::find_service_by_url(url)) {
    facts.services.push_back({std::string(service->name), std::string(how), line});
  }
}

// Only whole variable names count: SUPPORT_EMAIL and REPORT_DIR are no ports.
void read_dotenv(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    std::string_view text = manifest::trim(line);
    if (text.starts_with("export ")) text = manifest::trim(text.substr(7));
    const std::size_t equals = text.find('=');
    if (text.empty() || text.front() == '#' || equals == std::string_view::npos) return;
    const std::string_view name = manifest::trim(text.substr(0, equals));
    std::string_view value = manifest::trim(text.substr(equals + 1));
    const bool quoted = value.starts_with('"') || value.starts_with('\'');
    const std::size_t close = quoted ? value.find(value[0], 1) : std::string_view::npos;
    if (close != std::string_view::npos) {
      const std::string_view rest = manifest::trim(value.substr(close + 1));
      if (rest.empty() || rest.starts_with('#')) value = value.substr(1, close - 1);
    } else if (!quoted) {
      value = manifest::trim(value.substr(0, value.find(" #")));
    }
    facts.variables.push_back({std::string(name), std::string(value), number});
    if (name == "PORT" || name == "APP_PORT" || name == "SERVER_PORT" || name == "HTTP_PORT") {
      add_port(facts, value, PortSource::kEnv, number);
    }
    add_url(facts, value, name, number);
    add_server_ports({facts.variables.back()}, PortSource::kEnv, facts.ports);
    if (name == "DB_CONNECTION" || name == "DB_ENGINE" || name == "DB_CLIENT") {
      if (const auto* service = project::find_service_by_provider(value)) {
        facts.services.push_back({std::string(service->name), std::string(name), number});
      }
    }
  });
}

// ${NAME} and ${NAME:default} of Spring's configuration.
void add_placeholders(Facts& facts, std::string_view text, std::uint32_t line) {
  for (std::size_t at = text.find("${"); at != std::string_view::npos;
       at = text.find("${", at + 2)) {
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) return;
    const std::string_view inside = text.substr(at + 2, end - at - 2);
    const std::size_t colon = inside.find(':');
    const std::string_view name = inside.substr(0, colon);
    // Spring's own properties are in lower case.
    if (name.empty() || !std::ranges::all_of(name, [](char c) {
          return (c >= 'A' && c <= 'Z') || c == '_' || manifest::is_digit(c);
        })) {
      continue;
    }
    facts.variables.push_back(
        {std::string(name),
         colon == std::string_view::npos ? "" : std::string(inside.substr(colon + 1)), line});
  }
}

void read_spring_value(Facts& facts, std::string_view key, const Value& value) {
  if (key == "server.port" || key == "micronaut.server.port" || key == "quarkus.http.port" ||
      key == "ktor.deployment.port") {
    add_port(facts, value.text, PortSource::kConfig, value.line);
  }
  if (key.ends_with("url") || key.ends_with("uri")) add_url(facts, value.text, key, value.line);
  add_placeholders(facts, value.text, value.line);
}

void read_properties(const Source& source, Facts& facts) {
  const Value root = manifest::parse_ini(source.text).root;
  for (const Value& one : root.items) read_spring_value(facts, one.name, one);
}

void walk_spring(Facts& facts, const std::string& path, const Value& value) {
  constexpr std::size_t kLongest = 1000;  // of a path
  if (path.size() > kLongest) return;
  if (!value.is_map()) return read_spring_value(facts, path, value);
  for (const Value& one : value.items) {
    walk_spring(facts, path.empty() ? one.name : path + "." + one.name, one);
  }
}

void read_application_yaml(const Source& source, Facts& facts) {
  walk_spring(facts, "", taken(manifest::parse_yaml(source.text), facts));
}

// The text without tags of ERB, line by line: where a value is inserted into a line there is a
// word, else nothing.
std::string without_erb(std::string_view text) {
  std::string plain(text);
  bool alone = true;  // nothing but blanks stands before the tag in its line
  std::size_t seen = 0;
  for (std::size_t at = plain.find("<%"); at != std::string::npos; at = plain.find("<%", at)) {
    const std::size_t close = plain.find("%>", at);
    const std::size_t end = close == std::string::npos ? plain.size() : close + 2;
    for (; seen < at; ++seen) {
      const char c = plain[seen];
      alone = c == '\n' || (alone && (c == ' ' || c == '\t'));
    }
    const bool inserts = at + 2 < end && plain[at + 2] == '=' && !alone;
    for (bool first = true; at < end; ++at) {
      if (plain[at] == '\n') {
        first = false;
      } else {
        plain[at] = inserts && first ? '_' : ' ';
      }
    }
  }
  return plain;
}

// config/database.yml of Rails: the adapters, of each environment or of each of its databases.
void read_rails_database(const Source& source, Facts& facts) {
  const std::string plain = without_erb(source.text);
  const Value root = taken(manifest::parse_yaml(plain), facts);
  const auto add = [&](const Value& adapter) {
    if (const auto* service = project::find_service_by_provider(adapter.text)) {
      facts.services.push_back({std::string(service->name), "adapter", adapter.line});
    }
  };
  for (const Value& one : root.items) {
    add(one["adapter"]);
    for (const Value& database : one.items) add(database["adapter"]);
  }
}

// datasource db { provider = "postgresql" }
void read_prisma(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kCurly);
  bool inside = false;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (tokens[i].is("datasource")) inside = true;
    if (tokens[i].is("}")) inside = false;
    if (inside && tokens[i].is("provider") && tokens[i + 1].is("=")) {
      if (const auto* service = project::find_service_by_provider(tokens[i + 2].text)) {
        facts.services.push_back({std::string(service->name), "Prisma provider", tokens[i].line});
      }
    }
    if (tokens[i].is("env") && tokens[i + 1].is("(") && tokens[i + 2].is_string()) {
      facts.variables.push_back({std::string(tokens[i + 2].text), "", tokens[i].line});
    }
  }
}

// DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
void read_django(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPython);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const bool key = tokens[i].text == "ENGINE" && tokens[i + 1].is(":");
    if (!key || !tokens[i + 2].is_string()) continue;
    std::string_view engine = tokens[i + 2].text;
    if (engine.ends_with("postgis")) engine = "postgresql";
    if (const auto* service = project::find_service_by_provider(engine)) {
      facts.services.push_back({std::string(service->name), "Django ENGINE", tokens[i + 2].line});
    }
  }
}

// bind = "0.0.0.0:8123", one or a list.
void read_gunicorn(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPython);
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    if (!tokens[i].is("bind") || !tokens[i + 1].is("=")) continue;
    const Token& value = tokens[i + 2].is("[") ? tokens[i + 3] : tokens[i + 2];
    const std::size_t colon = value.text.rfind(':');
    if (!value.is_string() || colon == std::string_view::npos) continue;
    const std::string_view digits = value.text.substr(colon + 1);
    if (!std::ranges::all_of(digits, manifest::is_digit)) continue;
    add_port(facts, digits, PortSource::kConfig, value.line);
  }
}

constexpr auto kSettings = Role::kSettings;

// redis.conf: "port 6379", of the server that it configures.
void read_redis_conf(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const auto words = manifest::words(line);
    if (words.size() != 2 || words[0] != "port") return;
    const std::uint32_t port = manifest::leading_port(words[1]);
    if (port > 0) facts.ports.push_back({port, PortSource::kConfig, false, "redis", number});
  });
}

constexpr Reader kSettingsReaders[] = {
    {".nvmrc", "", "", "", kSettings, read_one_version},
    {".node-version", "", "", "", kSettings, read_one_version},
    {".python-version", "", "", "", kSettings, read_one_version},
    {".ruby-version", "", "", "", kSettings, read_one_version},
    {".java-version", "", "", "", kSettings, read_one_version},
    {".go-version", "", "", "", kSettings, read_one_version},
    {".php-version", "", "", "", kSettings, read_one_version},
    {".swift-version", "", "", "", kSettings, read_one_version},
    {".elixir-version", "", "", "", kSettings, read_one_version},
    {".erlang-version", "", "", "", kSettings, read_one_version},
    {".terraform-version", "", "", "", kSettings, read_one_version},
    {".crystal-version", "", "", "", kSettings, read_one_version},
    {".bun-version", "", "", "", kSettings, read_one_version},
    {".deno-version", "", "", "", kSettings, read_one_version},
    {".dvmrc", "", "", "", kSettings, read_one_version},
    {".zigversion", "", "", "", kSettings, read_one_version},
    {".tool-versions", "", "", "", kSettings, read_tool_versions},
    {"mise.toml", "", "", "", kSettings, read_mise},
    {".mise.toml", "", "", "", kSettings, read_mise},
    {".config/mise/config.toml", "", "", "", kSettings, read_mise},
    {".config/mise.toml", "", "", "", kSettings, read_mise},
    {"system.properties", "", "", "", kSettings, read_system_properties},
    {".sdkmanrc", "", "", "", kSettings, read_sdkmanrc},
    {".fvmrc", "", "", "", kSettings, read_fvmrc},
    {".env.example", "", "", "", kSettings, read_dotenv},
    {".env.sample", "", "", "", kSettings, read_dotenv},
    {".env.template", "", "", "", kSettings, read_dotenv},
    {".env.dist", "", "", "", kSettings, read_dotenv},
    {"env.example", "", "", "", kSettings, read_dotenv},
    {"application.properties", "", "", "", kSettings, read_properties},
    {"application.yml", "", "", "", kSettings, read_application_yaml},
    {"application.yaml", "", "", "", kSettings, read_application_yaml},
    {"config/database.yml", "", "", "", kSettings, read_rails_database},
    {"settings.py", "", "Python", "", kSettings, read_django},
    {"settings/*.py", "", "Python", "", kSettings, read_django},
    {"gunicorn.conf.py", "", "Python", "", kSettings, read_gunicorn},
    {"gunicorn_conf.py", "", "Python", "", kSettings, read_gunicorn},
    {"redis.conf", "", "", "", kSettings, read_redis_conf},
    {"schema.prisma", "", "", "Prisma", kSettings, read_prisma},
};

}  // namespace

std::span<const Reader> settings_readers() {
  return kSettingsReaders;
}

}  // namespace quarry::analysis::ecosystem
