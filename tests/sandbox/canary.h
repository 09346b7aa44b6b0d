// A root with a directory beside it that nobody may reach: outside/ holds files with a random
// token. A test ends by asking that the token never came back and that outside/ is as it was.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/base/ids.h"
#include "server/sandbox/confine.h"
#include "server/sandbox/workspace.h"
#include "tests/support/temp_workspace.h"

namespace quarry::sandbox::test {

using Resolver = Workspace::Resolver;

inline const char* name_of(Resolver resolver) {
  return resolver == Resolver::kOpenat2 ? "openat2" : "component walk";
}

// Every resolver that this machine offers.
inline std::vector<Resolver> resolvers() {
  std::vector<Resolver> all{Resolver::kComponentWalk};
  if (probe().openat2) all.push_back(Resolver::kOpenat2);
  return all;
}

class Canary {
 public:
  Canary() : token_("token-" + random_id()) {
    namespace fs = std::filesystem;
    outside_ = fs::path(tree.root()).parent_path().string() + "/outside";
    fs::create_directories(outside_ + "/deep");
    for (const char* name : {"/s", "/deep/s"}) std::ofstream(outside_ + name) << token_;
    before_ = snapshot();
  }

  const std::string& token() const { return token_; }
  const std::string& outside() const { return outside_; }
  bool leaked(const std::string& text) const { return text.find(token_) != std::string::npos; }
  bool outside_unchanged() const { return snapshot() == before_; }

  std::unique_ptr<Workspace> open(Resolver resolver) const {
    auto workspace = Workspace::open(tree.root(), resolver);
    if (!workspace) FAIL(workspace.error().message);
    return std::move(*workspace);
  }

  const quarry::test::TempWorkspace tree;

 private:
  std::map<std::string, std::string> snapshot() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(outside_)) {
      std::string& content = found[entry.path().string()];
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      content.assign(std::istreambuf_iterator<char>(file), {});
    }
    return found;
  }

  std::string token_;
  std::string outside_;
  std::map<std::string, std::string> before_;
};

// The content at `text`, or the error.
inline Result<std::string> read_text(const Workspace& workspace, std::string_view text) {
  TRY_ASSIGN(const Path path, workspace.parse(text));
  TRY_ASSIGN(const File file, workspace.open_file(path));
  std::string content;
  TRY(file.read_all(content, 1 << 20));
  return content;
}

// The names in the directory at `text`, in no order, or the error.
inline Result<std::vector<std::string>> list_names(const Workspace& workspace,
                                                   std::string_view text) {
  TRY_ASSIGN(const Path path, workspace.parse(text));
  TRY_ASSIGN(Dir dir, workspace.open_directory(path));
  std::vector<std::string> names;
  Dir::Entry entry;
  while (true) {
    TRY_ASSIGN(const bool more, dir.next(entry));
    if (!more) return names;
    names.emplace_back(entry.name);
  }
}

}  // namespace quarry::sandbox::test
