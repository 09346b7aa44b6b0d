#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/wait.h>

namespace quarry::tidy {
namespace fs = std::filesystem;
namespace {

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> walk() {
  std::vector<std::string> paths;
  const fs::path root = QUARRY_SOURCE_DIR;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory() && (name == "build" || name == "node_modules" || name == ".git")) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file()) {
      paths.push_back(it->path().lexically_relative(root).generic_string());
    }
  }
  return paths;
}

std::vector<std::string> tracked_paths() {
  int code = 0;
  const std::string listing =
      output_of("git ls-files --cached --others --exclude-standard 2>/dev/null", code);
  if (code != 0 || listing.empty()) return walk();
  std::vector<std::string> paths;
  for (const std::string_view line : lines_of(listing)) paths.emplace_back(line);
  return paths;
}

// Blanks comments, string and character literals; newlines stay, so that line numbers hold.
std::string blanked(std::string_view text) {
  std::string out(text);
  std::size_t i = 0;
  const auto blank_to = [&](std::size_t end) {
    for (; i < std::min(end, text.size()); ++i) {
      if (out[i] != '\n') out[i] = ' ';
    }
  };
  while (i < text.size()) {
    if (text.substr(i, 2) == "//") {
      blank_to(text.find('\n', i));
    } else if (text.substr(i, 2) == "/*") {
      blank_to(text.find("*/", i + 2) + 2);
    } else if (text.substr(i, 2) == "R\"") {
      const std::size_t open = text.find('(', i);
      const std::string close = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
      blank_to(text.find(close, open) + close.size());
    } else if (text[i] == '"' ||
               (text[i] == '\'' &&
                (i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0))) {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != text[i] && text[end] != '\n') {
        end += text[end] == '\\' ? 2 : 1;
      }
      blank_to(end + 1);
    } else {
      ++i;
    }
  }
  return out;
}

std::vector<SourceFile> load() {
  std::vector<SourceFile> files;
  for (std::string& path : tracked_paths()) {
    const fs::path full = fs::path(QUARRY_SOURCE_DIR) / path;
    if (!fs::is_regular_file(full)) continue;  // deleted, not yet committed
    SourceFile file{std::move(path), read_file(full), {}};
    if (file.is_cpp()) file.code = blanked(file.text);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

}  // namespace

const std::vector<SourceFile>& source_tree() {
  static const std::vector<SourceFile> files = load();
  return files;
}

const SourceFile* find_file(std::string_view path) {
  for (const SourceFile& file : source_tree()) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Include> includes_of(const SourceFile& file) {
  std::vector<Include> found;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(file.text)) {
    ++number;
    if (!line.starts_with("#include")) continue;
    const std::size_t open = line.find_first_of("<\"");
    if (open == std::string_view::npos) continue;
    const std::size_t close = line.find_first_of(">\"", open + 1);
    found.push_back(
        {std::string(line.substr(open + 1, close - open - 1)), line[open] == '"', number});
  }
  return found;
}

void report_word(const SourceFile& file, std::string_view word, std::string_view rule,
                 std::vector<std::string>& offences) {
  std::size_t number = 0;
  for (const std::string_view line : lines_of(file.code)) {
    ++number;
    for (std::size_t at = line.find(word); at != std::string_view::npos;
         at = line.find(word, at + 1)) {
      const std::size_t end = at + word.size();
      const bool starts = !is_word(word.front()) || at == 0 || !is_word(line[at - 1]);
      const bool ends = !is_word(word.back()) || end == line.size() || !is_word(line[end]);
      if (!starts || !ends) continue;
      offences.push_back(file.path + ":" + std::to_string(number) + ": " + std::string(rule));
      break;
    }
  }
}

std::string listed(const std::vector<std::string>& offences) {
  std::string text;
  for (const std::string& offence : offences) text += offence + "\n";
  return text;
}

std::string output_of(const std::string& command, int& code) {
  const std::string in_root = std::string("cd '") + QUARRY_SOURCE_DIR + "' && " + command;
  std::string output;
  code = -1;
  FILE* pipe = popen(in_root.c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 4096> piece{};
  for (std::size_t got = 0; (got = fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    output.append(piece.data(), got);
  }
  const int status = pclose(pipe);
  code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

}  // namespace quarry::tidy
