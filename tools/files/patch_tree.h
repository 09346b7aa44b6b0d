// PatchTree: what the files of a patch are before and after it, while nothing is changed yet.
//
// Each file of the patch is planned in the patch's order: what an earlier part made of a file is
// what a later one finds, but a file that the patch renames or deletes somewhere is still found
// under its old name until then (so that two names can be exchanged), and copies are taken of what
// is there before the patch, both as git has it. emit() then says to the change what is different
// in the end.
//
// Belongs to one call.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "server/change/change.h"
#include "server/edit/patch.h"
#include "tools/tool.h"

namespace quarry::tools {

class PatchTree {
 public:
  PatchTree(ToolContext& context, change::Change& change) : context_(context), change_(change) {}

  // Before all else: finds and locks the files. kDenied for what must not be changed.
  Result<void> open(std::span<const edit::FilePatch> patches);
  // Appends what part `at` of them makes, for the answer.
  Result<void> plan(std::size_t at, std::string& said);
  Result<void> emit();

 private:
  struct Part {
    const edit::FilePatch* patch = nullptr;
    edit::FilePatch::Kind kind = edit::FilePatch::Kind::kModify;
    sandbox::Path from;
    sandbox::Path to;
    std::vector<sandbox::Path> given;  // what is changed, as the patch names it
  };
  struct File {
    std::optional<std::string> bytes;  // nullopt: nothing is there
    std::uint32_t mode = 0;
    std::optional<std::uint32_t> new_mode;  // that was asked for
    bool program = false;  // a new file that may be executed, as far as the umask lets it
    std::optional<sandbox::Path> origin;  // what was renamed to here
    bool link = false;  // a symlink, of which `bytes` is the target: only to be deleted
    bool operator==(const File&) const = default;
  };

  Result<Part> find(const edit::FilePatch& patch) const;
  Result<File> source(const Part& part) const;
  // What is at `path` in the tree, without what the patch does.
  Result<File> on_disk(const sandbox::Path& path) const;
  Result<void> check_free(const sandbox::Path& path) const;
  Result<void> make(const Part& part, File file);

  ToolContext& context_;
  change::Change& change_;
  std::vector<Part> parts_;
  std::set<sandbox::Path> leaving_;  // that the patch renames or deletes
  std::map<sandbox::Path, File> planned_;
};

}  // namespace quarry::tools
