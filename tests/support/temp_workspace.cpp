#include "tests/support/temp_workspace.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace quarry::test {
namespace fs = std::filesystem;
namespace {

std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

}  // namespace

TempWorkspace::TempWorkspace() {
  std::string pattern = (fs::temp_directory_path() / "quarry-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  outer_ = fs::canonical(pattern).string();
  root_ = outer_ + "/root";
  fs::create_directory(root_);
}

TempWorkspace::TempWorkspace(const std::map<std::string, std::string>& files) : TempWorkspace() {
  for (const auto& [name, content] : files) write(name, content);
}

TempWorkspace::~TempWorkspace() {
  std::error_code ignored;
  fs::remove_all(outer_, ignored);
}

std::string TempWorkspace::path(std::string_view relative) const {
  return root_ + "/" + std::string(relative);
}

void TempWorkspace::write(std::string_view relative, std::string_view content) const {
  const fs::path target = path(relative);
  fs::create_directories(target.parent_path());
  std::ofstream(target, std::ios::binary)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
}

void TempWorkspace::link(std::string_view target, std::string_view relative) const {
  const fs::path where = path(relative);
  fs::create_directories(where.parent_path());
  fs::create_symlink(fs::path(target), where);
}

void TempWorkspace::make_directory(std::string_view relative) const {
  fs::create_directories(path(relative));
}

std::string TempWorkspace::read(std::string_view relative) const {
  std::ifstream file(path(relative), std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string TempWorkspace::run(const std::vector<std::string>& argv) const {
  std::string command =
      "cd " + quoted(root_) + " && HOME=" + quoted(outer_) +
      " GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.org"
      " GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.org"
      " GIT_AUTHOR_DATE=\"${GIT_AUTHOR_DATE:-2024-01-02T03:04:05Z}\""
      " GIT_COMMITTER_DATE=\"${GIT_COMMITTER_DATE:-2024-01-02T03:04:05Z}\"";
  for (const std::string& word : argv) command += " " + quoted(word);
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  std::string output;
  std::array<char, 4096> piece{};
  for (std::size_t got = 0; (got = fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    output.append(piece.data(), got);
  }
  const int status = pclose(pipe);
  if (status != 0) throw std::runtime_error("command failed: " + command);
  return output;
}

}  // namespace quarry::test
