// Dockerfiles, compose files, Procfiles and their relatives: ports, images, start commands.

#include <algorithm>
#include <array>

#include "server/analysis/ecosystem/reading.h"
#include "server/analysis/project/services.h"
#include "server/analysis/project/variables.h"

namespace quarry::analysis::ecosystem {
namespace {

// One instruction with its continued lines put together; heredocs and comments left out.
template <class Each>
void for_each_instruction(std::string_view text, Each each) {
  std::string whole;
  std::uint32_t begin = 0;
  manifest::for_each_line(text, [&](std::string_view line, std::uint32_t number) {
    const std::string_view trimmed = manifest::trim(line);
    if (trimmed.starts_with('#') || (trimmed.empty() && whole.empty())) return;
    if (whole.empty()) begin = number;
    const bool goes_on = trimmed.ends_with('\\') || trimmed.ends_with('`');
    whole.append(goes_on ? trimmed.substr(0, trimmed.size() - 1) : trimmed).push_back(' ');
    if (goes_on) return;
    const std::size_t blank = std::min(whole.find(' '), whole.size());
    each(manifest::lower(std::string_view(whole).substr(0, blank)),
         manifest::trim(std::string_view(whole).substr(blank)), begin);
    whole.clear();
  });
}

// ["a", "b c"] as one command line.
std::string command_line(std::string_view text) {
  if (!text.starts_with('[')) return std::string(text);
  std::string line;
  for (const Value& one : manifest::parse_json(text).root.items) {
    if (!line.empty()) line.push_back(' ');
    line += one.text;
  }
  return line.empty() ? std::string(text) : line;
}

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

bool is_udp(std::string_view protocol) {
  return manifest::lower(protocol) == "udp";
}

constexpr std::size_t kMostArguments = 1000;
constexpr std::size_t kMostReferences = 16;  // of a value
constexpr std::size_t kLongestValue = 1000;

// What a stage of a Dockerfile says of the image.
struct Stage {
  std::string name;
  std::vector<Port> ports;
  std::vector<Variable> variables;
  std::string entry;
  std::string command;
  std::uint32_t command_at = 0;
};

class Dockerfile {
 public:
  explicit Dockerfile(Facts& facts) : facts_(facts) {}

  void add(std::string_view name, std::string_view rest, std::uint32_t line) {
    if (name == "from") {
      from(rest);
    } else if ((name == "arg" || name == "env") && arguments_.size() < kMostArguments) {
      assign(rest, line, name == "env");
    } else if (name == "expose") {
      expose(rest, line);
    } else if (name == "entrypoint") {
      stage_.entry = command_line(rest);
      stage_.command.clear();
      stage_.command_at = line;
    } else if (name == "cmd") {
      stage_.command = command_line(rest);
      stage_.command_at = line;
    }
  }

  // The last stage's counts, and what it is built on.
  void finish() {
    facts_.ports = std::move(stage_.ports);
    add_server_ports(stage_.variables, PortSource::kConfig, facts_.ports);
    facts_.variables = std::move(stage_.variables);
    std::string start = stage_.entry;
    if (!stage_.entry.empty() && !stage_.command.empty()) start += " ";
    start += stage_.command;
    // Without an entry point of its own they are arguments of the one that its base has.
    if (start.starts_with('-')) return;
    if (!start.empty()) facts_.scripts.push_back({"start", start, stage_.command_at});
  }

 private:
  void from(std::string_view rest) {
    std::vector<std::string_view> words = manifest::words(rest);
    std::erase_if(words, [](std::string_view word) { return word.starts_with("--"); });
    if (words.empty()) return;
    if (stages_.size() < kMostArguments && !stage_.name.empty()) stages_.push_back(stage_);
    const auto earlier = std::ranges::find(stages_, manifest::lower(words[0]), &Stage::name);
    stage_ = earlier == stages_.end() ? Stage{} : *earlier;
    if (earlier == stages_.end()) facts_.images.emplace_back(words[0]);
    stage_.name = words.size() > 2 ? manifest::lower(words[2]) : "";
  }

  void assign(std::string_view rest, std::uint32_t line, bool environment) {
    std::vector<Variable> assigned;
    const std::vector<std::string> words = shell_words(rest);
    for (const std::string& word : words) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos || assigned.size() == kMostArguments) break;
      assigned.push_back({word.substr(0, equals), expanded(word.substr(equals + 1)), line});
    }
    // "ENV NAME the rest of the line"
    if (environment && words.size() > 1 && words[0].find('=') == std::string::npos) {
      const std::string_view value = manifest::trim(rest.substr(rest.find_first_of(" \t")));
      assigned.push_back({words[0], expanded(value), line});
    }
    arguments_.insert(arguments_.end(), assigned.begin(), assigned.end());
    if (environment) {
      stage_.variables.insert(stage_.variables.end(), assigned.begin(), assigned.end());
    }
  }

  // What a name is worth as it was last assigned; null when it was not, or is a secret's.
  const Variable* value_of(std::string_view name) const {
    if (project::kind_of_variable(name) == project::VariableKind::kSecret) return nullptr;
    const auto last = std::find_if(arguments_.rbegin(), arguments_.rend(),
                                   [&](const Variable& one) { return one.name == name; });
    return last == arguments_.rend() ? nullptr : &*last;
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
      const std::string_view name = text.substr(begin, end - begin);
      const Variable* known = value_of(name);
      std::string_view instead = known == nullptr ? "" : std::string_view(known->value);
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
      const bool udp = slash != std::string_view::npos && is_udp(word.substr(slash + 1));
      if (port > 0) stage_.ports.push_back({port, PortSource::kExpose, true, "", line, udp});
    }
  }

  Facts& facts_;
  std::vector<Variable> arguments_;
  std::vector<Stage> stages_;
  Stage stage_;
};

void read_dockerfile(const Source& source, Facts& facts) {
  Dockerfile file(facts);
  for_each_instruction(source.text, [&](const std::string& name, std::string_view rest,
                                        std::uint32_t line) { file.add(name, rest, line); });
  file.finish();
}

bool is_udp_port(const Value& one) {
  if (one.is_map()) return is_udp(one["protocol"].text);
  return is_udp(std::string_view(one.text).substr(one.text.rfind('/') + 1));
}

// "8080:80", "127.0.0.1:8080:80/tcp", "80", "3000-3005:3000-3005", "80:${PORT:-8080}",
// {target: 80}: what the container listens on, of a range its first.
std::uint32_t container_port(const Value& one) {
  std::string_view text = one.is_map() ? one["target"].text : one.text;
  text = text.substr(0, text.find('/'));
  if (const std::size_t fallback = text.rfind(":-"); text.ends_with('}') && fallback != text.npos) {
    return manifest::leading_port(text.substr(fallback + 2, text.size() - fallback - 3));
  }
  const std::size_t colon = text.rfind(':');
  return manifest::leading_port(colon == std::string_view::npos ? text : text.substr(colon + 1));
}

void read_environment(const Value& environment, std::vector<Variable>& variables) {
  for (const Value& one : environment.items) {
    if (!one.name.empty()) {
      variables.push_back({one.name, one.text, one.line});
      continue;
    }
    const std::size_t equals = one.text.find('=');
    variables.push_back({one.text.substr(0, equals),
                         equals == std::string::npos ? "" : one.text.substr(equals + 1), one.line});
  }
}

// A path as it is below the manifest's directory; "" for that itself, and for what is elsewhere.
std::string below_here(std::string_view text) {
  std::string path;
  for (const std::string_view part : manifest::split(text, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." || part.starts_with('$')) return {};
    if (!path.empty()) path.push_back('/');
    path += part;
  }
  return path;
}

// Where a container is built from: its Dockerfile's folder below its context, or the context.
Built built_from(const Value& service) {
  const Value& build = service["build"];
  std::string context(build.is_map() ? build["context"].text : build.text);
  const std::string_view file = build["dockerfile"].text;
  Built built;
  built.name = service.name;
  if (file.rfind('/') != std::string_view::npos) {
    if (below_here(context).empty()) built.file = below_here(file);
    context.append("/").append(file.substr(0, file.rfind('/')));
  }
  built.directory = below_here(context);
  return built;
}

// "customers" of "ghcr.io/shop/customers:1.2".
std::string name_of_image(std::string_view image) {
  image = image.substr(image.rfind('/') + 1);
  return std::string(image.substr(0, image.find_first_of(":@")));
}

// The services that one depends on, or all of them where it does not say.
std::vector<Service> needed_by(const Value& service, const Value& services) {
  const Value& needs = service["depends_on"];
  std::vector<Service> found;
  for (const Value& other : services.items) {
    const auto* known = project::find_service_by_image(other["image"].text);
    if (known == nullptr) continue;
    const bool needed = !needs || std::ranges::any_of(needs.items, [&](const Value& one) {
      return (one.name.empty() ? one.text : one.name) == other.name;
    });
    if (needed) {
      found.push_back({std::string(known->name), "compose image", other["image"].line});
    }
  }
  return found;
}

void read_compose(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  for (const Value& service : root["services"].items) {
    const Value& image = service["image"];
    const auto* known = project::find_service_by_image(image.text);
    // By a variable it may be the image of anything.
    const bool told = !service["build"]["dockerfile"].text.starts_with('$');
    const bool own = known == nullptr && (service["build"] || !image) && told;
    if (known != nullptr) {
      facts.services.push_back({std::string(known->name), "compose image", image.line});
    }
    Built built;
    if (own) built = built_from(service);
    if (!own && known == nullptr && told) {
      built.name = service.name;
      built.image = name_of_image(image.text);
    }
    const bool elsewhere = !built.directory.empty() || !built.image.empty();
    std::vector<Port>& ports = elsewhere ? built.ports : facts.ports;
    std::vector<Variable>& variables = elsewhere ? built.variables : facts.variables;
    for (const std::string_view list : {"ports", "expose"}) {
      for (const Value& one : service[list].items) {
        const std::uint32_t port = container_port(one);
        if (port == 0) continue;
        ports.push_back({port, PortSource::kCompose, own || elsewhere,
                         own || elsewhere ? "" : service.name, one.line, is_udp_port(one)});
      }
    }
    if (own || elsewhere) {
      std::vector<Variable> environment;
      read_environment(service["environment"], environment);
      add_server_ports(environment, PortSource::kCompose, ports);
      variables.insert(variables.end(), environment.begin(), environment.end());
    }
    if (elsewhere) {
      built.services = needed_by(service, root["services"]);
      facts.built.push_back(std::move(built));
    }
  }
}

void read_procfile(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.starts_with('#')) return;
    const std::string_view name = manifest::trim(line.substr(0, colon));
    facts.scripts.push_back({name == "web" ? "start" : std::string(name),
                             std::string(manifest::trim(line.substr(colon + 1))), number});
  });
}

void read_devcontainer(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  if (const Value& image = root["image"]) facts.images.push_back(image.text);
}

void read_fly(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  const Value& port = root["http_service"]["internal_port"];
  if (const std::uint32_t number = manifest::leading_port(port.text); number > 0) {
    facts.ports.push_back({number, PortSource::kConfig, true, "", port.line});
  }
}

constexpr auto kContainer = Role::kContainer;

constexpr Reader kContainersReaders[] = {
    {"Dockerfile", "docker", "", "Docker", kContainer, read_dockerfile},
    {"dockerfile", "docker", "", "Docker", kContainer, read_dockerfile},
    {"Containerfile", "docker", "", "Podman", kContainer, read_dockerfile},
    {"Dockerfile.*", "docker", "", "Docker", kContainer, read_dockerfile},
    {"*.Dockerfile", "docker", "", "Docker", kContainer, read_dockerfile},
    {"*.dockerfile", "docker", "", "Docker", kContainer, read_dockerfile},
    {"docker-compose.yml", "compose", "", "Docker Compose", kContainer, read_compose},
    {"docker-compose.yaml", "compose", "", "Docker Compose", kContainer, read_compose},
    {"compose.yml", "compose", "", "Docker Compose", kContainer, read_compose},
    {"compose.yaml", "compose", "", "Docker Compose", kContainer, read_compose},
    {"docker-compose.*.yml", "compose", "", "Docker Compose", kContainer, read_compose},
    {"docker-compose.*.yaml", "compose", "", "Docker Compose", kContainer, read_compose},
    {"docker-compose-*.yml", "compose", "", "Docker Compose", kContainer, read_compose},
    {"compose.*.yml", "compose", "", "Docker Compose", kContainer, read_compose},
    {"compose.*.yaml", "compose", "", "Docker Compose", kContainer, read_compose},
    {".dockerignore", "docker", "", "Docker", kContainer},
    {"Procfile", "procfile", "", "Procfile", kContainer, read_procfile},
    {".devcontainer/devcontainer.json", "devcontainer", "", "Dev Container", kContainer,
     read_devcontainer},
    {"fly.toml", "fly", "", "Fly.io", kContainer, read_fly},
    {"app.yaml", "appengine", "", "App Engine", kContainer},
    {"vercel.json", "vercel", "", "Vercel", kContainer},
    {"netlify.toml", "netlify", "", "Netlify", kContainer},
    {"render.yaml", "render", "", "Render", kContainer},
    {"railway.json", "railway", "", "Railway", kContainer},
    {"nixpacks.toml", "nixpacks", "", "Nixpacks", kContainer},
};

}  // namespace

std::span<const Reader> container_readers() {
  return kContainersReaders;
}

}  // namespace quarry::analysis::ecosystem
