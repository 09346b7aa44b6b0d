#include <algorithm>
#include <array>
#include <cstdio>

#include <limits.h>
#include <unistd.h>

#include "server/cli/commands.h"
#include "server/json/writer.h"

namespace quarry::cli {
namespace {

// How each client wants to be told. `workspace` is what the client itself replaces by the open
// folder; where it replaces nothing the folder is written out.
struct Client {
  std::string_view name;
  std::string_view where;      // the file that the text belongs into
  std::string_view servers;    // the member that holds servers; empty: TOML
  std::string_view kind;       // the member that says what kind of server it is, if any
  std::string_view workspace;  // empty: written out
};

constexpr std::array<Client, 6> kClients = {{
    {"claude-code", ".mcp.json in the project's root (or: claude mcp add-json quarry '...')",
     "mcpServers", R"("type": "stdio")", "."},
    {"claude-desktop", "claude_desktop_config.json (Settings, Developer, Edit Config)",
     "mcpServers", "", ""},
    {"vscode", ".vscode/mcp.json", "servers", R"("type": "stdio")", "${workspaceFolder}"},
    {"cursor", ".cursor/mcp.json", "mcpServers", "", "${workspaceFolder}"},
    {"codex", "~/.codex/config.toml", "", "", ""},
    {"zed", "settings.json (zed: open settings)", "context_servers", R"("source": "custom")", ""},
}};

std::string own_path() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : "quarry";
}

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string here() {
  std::array<char, PATH_MAX> path{};
  return getcwd(path.data(), path.size()) == nullptr ? std::string("/path/to/repository")
                                                     : std::string(path.data());
}

std::string root_argument(const Options& options, const Client& client) {
  if (options.roots.empty()) {
    return client.workspace.empty() ? here() : std::string(client.workspace);
  }
  const std::string& root = options.roots.front();
  return root.starts_with('/') ? root : here() + "/" + root;
}

}  // namespace

int print_client_config(const Options& options) {
  const auto client = std::find_if(kClients.begin(), kClients.end(), [&](const Client& candidate) {
    return candidate.name == options.client;
  });
  if (client == kClients.end()) {
    std::fprintf(stderr, "quarry: no client '%s'; known:", options.client.c_str());
    for (const Client& known : kClients) std::fprintf(stderr, " %s", known.name.data());
    std::fputc('\n', stderr);
    return kUsage;
  }
  const std::string command = quoted(own_path());
  const std::string root = quoted(root_argument(options, *client));
  std::string arguments = "[\"serve\", \"--root\", " + root;
  if (options.read_only) arguments += ", \"--read-only\"";
  arguments += "]";
  const std::string kind =
      client->kind.empty() ? std::string() : fmt::format("      {},\n", client->kind);
  std::string text;
  if (client->servers.empty()) {
    // A JSON string without control characters is a TOML basic string too.
    text = fmt::format("[mcp_servers.quarry]\ncommand = {}\nargs = {}\n", command, arguments);
  } else {
    text = fmt::format(
        "{{\n  \"{}\": {{\n    \"quarry\": {{\n{}      \"command\": {},\n      \"args\": {}\n    "
        "}}\n"
        "  }}\n}}\n",
        client->servers, kind, command, arguments);
  }
  std::fprintf(stderr, "# into %s:\n", client->where.data());
  std::fputs(text.c_str(), stdout);
  return kDone;
}

}  // namespace quarry::cli
