// quarry-tour SERVER DIRECTORY: starts the server as a client would, on that directory, talks to it
// and prints the conversation. Exit code 1 when an answer is not right.
//
// The answers are judged by what this program sees of the directory with its own eyes.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/server_process.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using quarry::test::ServerOptions;
using quarry::test::ServerProcess;

constexpr std::size_t kShownLines = 14;
constexpr std::size_t kShownBytes = 160;  // of one line

void print_text(const std::string& text) {
  std::size_t shown = 0;
  std::size_t left = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (shown < kShownLines) {
      const std::size_t size = std::min(end - at, kShownBytes);
      std::printf("    %.*s%s\n", static_cast<int>(size), text.c_str() + at,
                  size < end - at ? "..." : "");
      ++shown;
    } else {
      ++left;
    }
    at = end + 1;
  }
  if (left > 0) std::printf("    ... %zu more lines\n", left);
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A word worth searching for: the longest of letters in the file's first lines.
std::string word_of(const std::string& text) {
  std::string best;
  std::string word;
  for (const char c : text.substr(0, 4000) + " ") {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') {
      word += c;
    } else {
      if (word.size() > best.size() && word.size() <= 24) best = word;
      word.clear();
    }
  }
  return best;
}

// A text file of ordinary size near the top of the tree.
std::optional<fs::path> find_text_file(const fs::path& root) {
  const std::set<std::string> text = {".md", ".txt", ".c",  ".h",  ".cpp",  ".py",
                                      ".rs", ".go",  ".js", ".ts", ".java", ".toml"};
  std::vector<fs::path> found;
  auto it = fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied);
  for (; it != fs::recursive_directory_iterator() && found.size() < 50; ++it) {
    if (it->path().filename().string().starts_with(".") || it.depth() > 3) {
      it.disable_recursion_pending();
      continue;
    }
    if (!it->is_regular_file() || it->is_symlink()) continue;
    const auto size = it->file_size();
    if (size > 100 && size < 20'000 && text.contains(it->path().extension().string())) {
      found.push_back(it->path());
    }
  }
  if (found.empty()) return std::nullopt;
  return *std::min_element(found.begin(), found.end(), [](const auto& a, const auto& b) {
    const auto depth = [](const fs::path& path) { return std::distance(path.begin(), path.end()); };
    return depth(a) != depth(b) ? depth(a) < depth(b) : a < b;
  });
}

class Tour {
 public:
  Tour(const std::string& server, const fs::path& root, const fs::path& state)
      : server_(ServerOptions{.argv = {server, "serve", "--root", root, "--state-dir", state}}) {}

  Json request(const std::string& method, const Json& params) {
    Json message = {{"jsonrpc", "2.0"}, {"id", ++id_}, {"method", method}};
    if (!params.is_null()) message["params"] = params;
    const std::string line = message.dump();
    std::printf("\n> %s\n", line.c_str());
    const auto start = std::chrono::steady_clock::now();
    if (!server_.write(line + "\n")) throw std::runtime_error("the server does not read");
    while (auto answer = server_.read_line()) {
      const auto spent = std::chrono::steady_clock::now() - start;
      Json got = Json::parse(*answer);
      if (got.value("id", Json()) != id_) continue;  // a notification
      std::printf("< answered in %lld us, %zu bytes\n",
                  static_cast<long long>(
                      std::chrono::duration_cast<std::chrono::microseconds>(spent).count()),
                  answer->size());
      if (!got.contains("result")) throw std::runtime_error("no result: " + answer->substr(0, 500));
      return got["result"];
    }
    throw std::runtime_error("no answer; stderr says: " + server_.stderr_text());
  }

  void notify(const std::string& method) {
    const std::string line = Json{{"jsonrpc", "2.0"}, {"method", method}}.dump();
    std::printf("\n> %s\n", line.c_str());
    server_.write(line + "\n");
  }

  // A tool's text, printed; `must_hold` has to be in it.
  std::string call(const std::string& tool, const Json& arguments, const std::string& must_hold) {
    const Json result = request("tools/call", {{"name", tool}, {"arguments", arguments}});
    std::string text;
    for (const Json& block : result.at("content")) text += block.value("text", "");
    print_text(text);
    if (result.value("isError", false)) wrong(tool + " failed");
    if (text.empty()) wrong(tool + " answered nothing");
    if (text.find(must_hold) == std::string::npos) wrong(tool + " does not say: " + must_hold);
    return text;
  }

  void finish() {
    server_.close_stdin();
    const auto exit = server_.wait_exit();
    if (!exit || exit->signalled || exit->code != 0) wrong("the server did not end in order");
  }

  void wrong(const std::string& what) {
    std::printf("! WRONG: %s\n", what.c_str());
    ++wrong_;
  }
  int wrong_count() const { return wrong_; }

 private:
  ServerProcess server_;
  int id_ = 0;
  int wrong_ = 0;
};

void greet(Tour& tour) {
  const Json hello =
      tour.request("initialize", {{"protocolVersion", "2025-11-25"},
                                  {"capabilities", Json::object()},
                                  {"clientInfo", {{"name", "quarry-tour"}, {"version", "1"}}}});
  print_text(hello.dump(2));
  if (hello.value("protocolVersion", "") != "2025-11-25") tour.wrong("another revision");
  tour.notify("notifications/initialized");
  const Json tools = tour.request("tools/list", nullptr).at("tools");
  for (const Json& tool : tools) {
    std::printf("    %-20s %s\n", tool.at("name").get<std::string>().c_str(),
                tool.at("description").get<std::string>().substr(0, 100).c_str());
  }
  if (tools.empty()) tour.wrong("no tools");
}

void look_around(Tour& tour, const fs::path& root) {
  tour.call("analyze_repository", Json::object(), "");
  tour.call("list_directory", {{"path", "."}}, "");
  const auto file = find_text_file(root);
  if (!file) return;
  const std::string path = file->lexically_relative(root).generic_string();
  const std::string content = read_file(*file);
  const std::string word = word_of(content);
  tour.call("glob", {{"pattern", "**/*" + file->extension().string()}}, file->extension().string());
  tour.call("grep", {{"pattern", word}, {"path", path}, {"head_limit", 5}}, word);
  tour.call("read_file", {{"path", path}, {"limit", 20}},
            content.substr(0, std::min<std::size_t>(content.find('\n'), 60)));
}

void look_at_git(Tour& tour, const fs::path& root) {
  // A linked worktree's git directory lies outside the root, where the server does not go.
  if (!fs::is_directory(root / ".git")) {
    std::printf("\n(no git directory here: the git tools are left out)\n");
    return;
  }
  std::string branch;
  const std::string head = read_file(root / ".git" / "HEAD");
  if (head.starts_with("ref: refs/heads/")) {
    branch = head.substr(16, head.find('\n') - 16);
  }
  tour.call("git_status", Json::object(), branch);
  tour.call("git_log", {{"max_count", 5}}, "");
  tour.call("git_diff", {{"mode", "stat"}}, "");
}

int run(const std::string& server, const std::string& directory) {
  const fs::path root = fs::canonical(directory);
  std::string pattern = (fs::temp_directory_path() / "quarry-tour-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  std::printf("A conversation with %s about %s, over its stdin and stdout.\n", server.c_str(),
              root.c_str());
  int wrong = 0;
  {
    Tour tour(server, root, pattern);
    greet(tour);
    look_around(tour, root);
    look_at_git(tour, root);
    tour.call("server_status", Json::object(), "");
    tour.finish();
    wrong = tour.wrong_count();
  }
  fs::remove_all(pattern);
  std::printf("\n%s\n", wrong == 0 ? "Every answer was right." : "Some answers were wrong.");
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: quarry-tour SERVER DIRECTORY\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "quarry-tour: %s\n", error.what());
    return 1;
  }
}
