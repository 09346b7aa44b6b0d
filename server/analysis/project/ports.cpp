#include "server/analysis/project/ports.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "server/analysis/languages.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/project/application.h"

namespace quarry::analysis::project {

// "vite --port 4000", "next dev -p 3001", "PORT=8080 node server": never "test:1".
void add_script_ports(Module& module, const ecosystem::Facts& facts) {
  for (const ecosystem::Script& script : facts.scripts) {
    if (script.name != "start" && script.name != "dev" && script.name != "serve") continue;
    const auto words = manifest::words(script.command);
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::string_view number;
      if ((words[i] == "--port" || words[i] == "-p") && i + 1 < words.size()) number = words[i + 1];
      for (const std::string_view key : {"--port=", "PORT="}) {
        if (words[i].starts_with(key)) number = words[i].substr(key.size());
      }
      if (const std::uint32_t port = manifest::leading_port(number)) {
        module.ports.push_back(
            {port, ecosystem::PortSource::kScript, true, "", {facts.path, script.line}});
      }
    }
  }
}

namespace {

// Settings of the development alone: config/dev.exs.
bool is_of_development(const Evidence& at) {
  return base_name(at.path).starts_with("dev.");
}

// Whether the module is the server itself that its settings are of, not what uses one.
bool is_redis(const Module& module, const Draft& draft) {
  return manifest::lower(module.name) == "redis" ||
         std::ranges::any_of(draft.sources,
                             [](const File* one) { return base_name(one->path) == "redis-cli.c"; });
}

}  // namespace

void finish_ports(Module& module, const Draft& draft) {
  for (PortFact& one : module.ports) {
    const bool settings = !one.own && one.source == ecosystem::PortSource::kConfig;
    if (!settings || one.service != "redis" || !is_redis(module, draft)) continue;
    one.own = true;
    one.service.clear();
  }
  // What a browser or a client of TCP reaches is the main one, wherever the others are told.
  std::ranges::stable_sort(module.ports, {}, [](const PortFact& one) {
    return std::tuple(!one.own, one.udp, one.source, is_of_development(one.at));
  });
  std::set<std::pair<std::uint32_t, bool>> seen;
  std::erase_if(module.ports,
                [&](const PortFact& one) { return !seen.emplace(one.number, one.own).second; });
  if (module.port() != nullptr) return;
  for (const FrameworkFact& one : module.frameworks) {
    if (!may_listen(module, draft, one)) continue;
    module.ports.insert(module.ports.begin(),
                        PortFact{one.port, ecosystem::PortSource::kDefault, true, "", one.at});
    return;
  }
}

}  // namespace quarry::analysis::project
