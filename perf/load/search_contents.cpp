#include "perf/load/search_contents.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "perf/load/cases.h"
#include "perf/load/measure.h"

namespace quarry::perf {
namespace {

using Json = nlohmann::json;
using Entries = std::map<std::string, std::string>;  // what is said of each path, or line

constexpr int kPage = 10'000;
constexpr std::size_t kWholeLine = 200;  // bytes; longer ones may be cut

std::string printed_by(const std::string& command, const std::string& tree) {
  FILE* const pipe = popen(("cd '" + tree + "' && " + command).c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  std::string output;
  std::array<char, 65536> piece{};
  for (std::size_t got = 0; (got = fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    output.append(piece.data(), got);
  }
  pclose(pipe);
  return output;
}

std::string relative(std::string path) {
  if (path.starts_with("./")) path.erase(0, 2);
  while (path.ends_with('/')) path.pop_back();
  return path;
}

// The tool and the arguments of a case.
Json call_of(const SearchCase& search) {
  std::string scratch;
  return Json::parse(numbered(scratch, search.request))["params"];
}

// The answers to a call, page by page.
class Pages {
 public:
  Pages(Peer& server, const SearchCase& search, const Json& changed) : server_(server) {
    const Json asked = call_of(search);
    tool_ = asked["name"];
    arguments_ = asked["arguments"];
    arguments_["max_tokens"] = kContentTokens;
    arguments_.update(changed);
  }

  // False: that was the last.
  bool next(std::string& text) {
    if (done_) return false;
    std::string scratch;
    server_.send(numbered(scratch, tool_call(tool_, arguments_.dump())));
    const Json answer = Json::parse(server_.receive());
    if (!answer.contains("result") || answer["result"].value("isError", false)) {
      throw std::runtime_error("wrong answer: " + answer.dump().substr(0, 500));
    }
    text = answer["result"]["content"][0]["text"];
    if (text.find("\nincomplete: ") != std::string::npos) {
      throw std::runtime_error("cut by time: " + text.substr(0, 500));
    }
    constexpr std::string_view kMore = "call again with offset=";
    const std::size_t more = text.rfind(kMore);
    done_ = more == std::string::npos;
    if (!done_) arguments_["offset"] = std::atoll(text.c_str() + more + kMore.size());
    return true;
  }

 private:
  Peer& server_;
  std::string tool_;
  Json arguments_;
  bool done_ = false;
};

// What an answer lists: nothing where no empty line ends it.
std::string listed_in(const std::string& text) {
  const std::size_t end = text.find("\n\n");
  return end == std::string::npos ? std::string() : text.substr(0, end + 1);
}

// How many files for secrets were not searched.
std::size_t secrets_in(const std::string& text) {
  for (const char* what : {" files for secrets", " file for secrets"}) {
    const std::size_t at = text.rfind(what);
    if (at == std::string::npos) continue;
    return std::strtoull(text.c_str() + text.find_last_not_of("0123456789", at - 1) + 1, nullptr,
                         10);
  }
  return 0;
}

Entries counts_here(Peer& server, const SearchCase& search, std::size_t& secrets) {
  Entries all;
  Pages pages(server, search, {{"output_mode", "count"}, {"head_limit", kPage}, {"offset", 0}});
  for (std::string text; pages.next(text);) {
    secrets = secrets_in(text);
    std::istringstream in(listed_in(text));
    for (std::string line; std::getline(in, line);) {
      const std::size_t colon = line.rfind(':');
      if (colon != std::string::npos) all[line.substr(0, colon)] = line.substr(colon + 1);
    }
  }
  return all;
}

// "path:12" and its text, of the files that the page holds all of; those in `whole`.
Entries lines_here(Peer& server, const SearchCase& search, std::set<std::string>& whole) {
  Entries all;
  Pages pages(server, search, {{"output_mode", "content"}, {"head_limit", kPage}, {"offset", 0}});
  std::string text;
  if (!pages.next(text)) return all;
  const bool more = text.find("call again with offset=") != std::string::npos;
  std::istringstream in(text);
  std::string path;
  Entries of_path;
  bool heading = true;
  const auto close = [&] {
    if (path.empty()) return;
    whole.insert(path);
    all.merge(of_path);
    of_path.clear();
    path.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) {
      heading = true;
    } else if (heading) {
      // Behind the last file stands what the answer says of all of them.
      if (in.peek() < '0' || in.peek() > '9') break;
      close();
      path = line;
      heading = false;
    } else if (const std::size_t colon = line.find(':'); colon != std::string::npos) {
      of_path[path + ":" + line.substr(0, colon)] = line.substr(colon + 1);
    }
  }
  if (!more) close();
  return all;
}

// What ripgrep prints behind a path and a NUL.
void each_printed(const std::string& output,
                  const std::function<void(const std::string&, const std::string&)>& visit) {
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);) {
    const std::size_t end = line.find('\0');
    if (end != std::string::npos) visit(relative(line.substr(0, end)), line.substr(end + 1));
  }
}

Entries paths_here(Peer& server, const SearchCase& search) {
  Entries all;
  const bool tree = call_of(search)["name"] == "list_directory";
  Json changed = {{"limit", kPage}, {"offset", 0}};
  if (!tree) changed["sort"] = "path";
  Pages pages(server, search, changed);
  for (std::string text; pages.next(text);) {
    std::istringstream in(listed_in(text));
    std::vector<std::string> above;
    for (std::string line; std::getline(in, line);) {
      if (!tree) {
        all[line];
        continue;
      }
      const std::size_t indent = line.find_first_not_of(' ');
      std::string name = line.substr(indent, line.find(" (", indent) - indent);
      if (line.find("/ (") == std::string::npos) name = line.substr(indent);
      name = relative(name.substr(0, name.find(" -> ")));
      above.resize(std::min(indent / 2, above.size()));
      std::string path;
      for (const std::string& one : above) path += one + "/";
      all[path + name];
      above.push_back(name);
    }
  }
  return all;
}

// Whether both sides take it for the same text.
bool plain_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  const std::string content = std::move(bytes).str();
  if (content.find('\0') != std::string::npos) return false;
  try {
    (void)Json(content).dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

// `allowed`: so many may be missing here.
std::string difference(const Entries& here, const Entries& there, const std::string& tree,
                       std::size_t allowed) {
  std::string out;
  std::size_t missing = 0;
  const auto counts = [&](const std::string& key) {
    if (key.starts_with(".git/") || key == ".git") return false;
    const std::string path = tree + "/" + key;
    return plain_text(path) && plain_text(path.substr(0, path.rfind(':')));
  };
  const auto add = [&](const std::string& text) {
    if (out.size() < 1000) out += "  " + text + "\n";
  };
  for (const auto& [key, value] : here) {
    const auto other = there.find(key);
    if (other == there.end()) {
      if (counts(key)) add(key + " only here");
    } else if (other->second != value && value.size() < kWholeLine && counts(key)) {
      add(key + ": " + value + " here, " + other->second.substr(0, kWholeLine) + " there");
    }
  }
  for (const auto& [key, value] : there) {
    if (here.contains(key) || !counts(key) || ++missing <= allowed) continue;
    add(key + " only there");
  }
  return out;
}

}  // namespace

std::string content_difference(Peer& server, const SearchCase& search, const std::string& tree) {
  if (search.peer_lines.empty()) {
    Entries there;
    std::istringstream in(printed_by(search.peer, tree));
    for (std::string line; std::getline(in, line);) there[relative(line)];
    return difference(paths_here(server, search), there, tree, 0);
  }
  std::size_t secrets = 0;
  const Entries counts = counts_here(server, search, secrets);
  Entries there;
  each_printed(printed_by(search.peer_counts, tree),
               [&](const std::string& path, const std::string& count) { there[path] = count; });
  std::string out = difference(counts, there, tree, secrets);
  std::set<std::string> whole;
  const Entries lines = lines_here(server, search, whole);
  there.clear();
  each_printed(printed_by(search.peer_lines, tree),
               [&](const std::string& path, const std::string& line) {
                 if (!whole.contains(path)) return;
                 const std::size_t colon = line.find(':');
                 std::string text = line.substr(colon + 1);
                 if (text.ends_with('\r')) text.pop_back();
                 there[path + ":" + line.substr(0, colon)] = text;
               });
  return out + difference(lines, there, tree, 0);
}

}  // namespace quarry::perf
