#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// What one part of such a variable's value tells: "http://+:8000" of URLs, "8080" of ports.
std::uint32_t server_port(std::string_view text, bool urls, bool tls) {
  text = manifest::trim(text);
  if (!urls) return manifest::leading_port(text);
  const std::string_view scheme = tls ? "https://" : "http://";
  if (!text.starts_with(scheme)) return 0;
  text.remove_prefix(scheme.size());
  text = text.substr(0, text.find('/'));
  const std::size_t colon = text.rfind(':');
  return colon == std::string_view::npos ? 0 : manifest::leading_port(text.substr(colon + 1));
}

}  // namespace

void add_server_ports(const std::vector<Variable>& variables, PortSource source,
                      std::vector<Port>& ports) {
  for (const bool tls : {false, true}) {
    for (const Variable& one : variables) {
      std::string_view name = one.name;
      const bool prefixed = name.starts_with("ASPNETCORE_");
      if (prefixed) name.remove_prefix(std::string_view("ASPNETCORE_").size());
      const bool urls = prefixed && name == "URLS";
      if (!urls && name != (tls ? "HTTPS_PORTS" : "HTTP_PORTS")) continue;
      for (const std::string_view part : manifest::split(one.value, ';')) {
        const std::uint32_t port = server_port(part, urls, tls);
        if (port > 0) ports.push_back({port, source, true, "", one.line});
      }
    }
  }
}

void add_members(Facts& facts, const Value& map, Use use) {
  if (!map.is_map()) return;
  for (const Value& item : map.items) {
    const Value& version = item["version"];
    add_dependency(facts, item.name, version ? version.text : item.text, use, item.line);
  }
}

}  // namespace quarry::analysis::ecosystem
