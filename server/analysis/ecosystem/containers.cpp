// Compose files, Procfiles and their relatives: ports, images, start commands.

#include <algorithm>
#include <map>

#include "server/analysis/ecosystem/dockerfile.h"
#include "server/analysis/ecosystem/reading.h"
#include "server/analysis/project/services.h"
#include "server/analysis/project/variables.h"

namespace quarry::analysis::ecosystem {
namespace {

bool is_udp_port(const Value& one) {
  if (one.is_map()) return is_udp_protocol(one["protocol"].text);
  return is_udp_protocol(std::string_view(one.text).substr(one.text.rfind('/') + 1));
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
    if (one.name == "<<") {  // a map, or a list of them
      if (one.is_map()) read_environment(one, variables);
      for (const Value& merged : one.items) {
        if (one.is_list()) read_environment(merged, variables);
      }
    } else if (!one.name.empty()) {
      variables.push_back({one.name, one.text, one.line});
    } else {
      const std::size_t equals = one.text.find('=');
      variables.push_back({one.text.substr(0, equals),
                           equals == std::string::npos ? "" : one.text.substr(equals + 1),
                           one.line});
    }
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

// The services of a file that are known by their images.
class KnownServices {
 public:
  explicit KnownServices(const Value& services) {
    for (const Value& one : services.items) {
      const Value& image = one["image"];
      const auto* known = project::find_service_by_image(image.text);
      if (known == nullptr) continue;
      const Service found{std::string(known->name), "compose image", image.line};
      by_name_.insert_or_assign(one.name, found);
      if (std::ranges::find(all_, found.name, &Service::name) == all_.end()) all_.push_back(found);
    }
  }

  // Those that one depends on, or one of each kind where it does not say.
  std::vector<Service> needed_by(const Value& service) const {
    const Value& needs = service["depends_on"];
    if (!needs) return all_;
    std::vector<Service> found;
    for (const Value& one : needs.items) {
      const auto known = by_name_.find(one.name.empty() ? one.text : one.name);
      if (known != by_name_.end()) found.push_back(known->second);
    }
    return found;
  }

 private:
  std::map<std::string_view, Service> by_name_;
  std::vector<Service> all_;
};

void read_compose(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  const KnownServices known_services(root["services"]);
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
      built.services = known_services.needed_by(service);
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
  const auto add = [&](const Value& port) {
    if (const std::uint32_t number = manifest::leading_port(port.text); number > 0) {
      facts.ports.push_back({number, PortSource::kConfig, true, "", port.line});
    }
  };
  add(root["http_service"]["internal_port"]);
  for (const Value& one : root["services"].items) add(one["internal_port"]);
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
