// Searches of a snapshot that is made by hand: order, and contents that cannot be had.

#include "server/search/snapshot.h"

#include <catch2/catch.hpp>

#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

// Has contents by name; `broken` instead of them.
class MadeSnapshot final : public Snapshot {
 public:
  explicit MadeSnapshot(const std::map<std::string, std::string>& content) {
    std::vector<SnapshotFile> files;
    for (const auto& [path, text] : content) {
      ObjectId id{};
      id[0] = static_cast<char>(texts_.size());
      texts_.push_back(std::make_shared<const std::string>(text));
      files.push_back({path, sandbox::Kind::kFile, id, text.size()});
    }
    tree_ = make_snapshot_tree(files);
  }
  const std::shared_ptr<const TreeNode>& tree() const override { return tree_; }
  const std::string& label() const override { return label_; }
  Result<std::vector<Content>> read(std::span<const ObjectId> ids,
                                    const CancelToken& /*cancel*/) const override {
    if (broken) return Failure(*broken);
    std::vector<Content> contents;
    for (const ObjectId& id : ids) {
      const auto at = static_cast<std::size_t>(static_cast<unsigned char>(id[0]));
      contents.push_back(at == missing ? nullptr : texts_[at]);
    }
    return contents;
  }

  std::optional<Error> broken;
  std::size_t missing = SIZE_MAX;

 private:
  std::vector<Content> texts_;
  std::shared_ptr<const TreeNode> tree_;
  std::string label_ = "at v1 (1234)";
};

std::string search(SearchedTree& tree, const MadeSnapshot& snapshot) {
  GrepQuery query;
  query.pattern = "x";
  query.mode = OutputMode::kFiles;
  Engine engine = {*tree.workspace, tree.pool, tree.cancel, tree.clock, nullptr, &snapshot};
  auto answer = grep(query, engine);
  return answer ? answer->text : "error: " + answer.error().message;
}

std::map<std::string, std::string> some_files() {
  return {{"a", "x\n"}, {"a-b", "x\n"}, {"a/b", "x\n"}, {"b/c/d", "x\n"}, {"b/c0", "y\n"}};
}

TEST_CASE("a snapshot is searched in path order, whatever lies on disk") {
  SearchedTree tree(std::map<std::string, std::string>{{"on_disk", "x\n"}});
  const MadeSnapshot snapshot(some_files());
  CHECK(search(tree, snapshot) == "a\na-b\na/b\nb/c/d\n\n4 of 5 files match at v1 (1234)\n");
  const auto part = find_part(snapshot, tree.path("b/c/d"));
  REQUIRE(part);
  REQUIRE(part->entry);
  CHECK(part->walk.path(*part->entry).text() == "b/c/d");
  const auto below = find_part(snapshot, tree.path("b"));
  REQUIRE(below);
  CHECK(!below->entry);
  CHECK(below->walk.files().size() == 2);
  CHECK(!find_part(snapshot, tree.path("b/c/none")));
  CHECK(!find_part(snapshot, tree.path("none/c")));
}

TEST_CASE("a content that is missing is a file that could not be read") {
  SearchedTree tree;
  MadeSnapshot snapshot(some_files());
  snapshot.missing = 1;
  CHECK(search(tree, snapshot) ==
        "a\na/b\nb/c/d\n\n3 of 4 files match at v1 (1234); not searched: 1 unreadable\n");
}

TEST_CASE("contents that do not come in time are files that were not reached") {
  SearchedTree tree;
  MadeSnapshot snapshot(some_files());
  snapshot.broken = Error{Code::kTimeout, "late"};
  CHECK(search(tree, snapshot) ==
        "0 of 0 files match at v1 (1234); not searched: 5 not reached in time\n"
        "incomplete: time was up; narrow path or glob\n");
}

TEST_CASE("a file that is larger than an object may be is not asked for") {
  SearchedTree tree;
  std::vector<SnapshotFile> files{{"huge", sandbox::Kind::kFile, {}, Snapshot::kMaxBytes + 1}};
  struct Huge final : Snapshot {
    const std::shared_ptr<const TreeNode>& tree() const override { return top; }
    const std::string& label() const override { return name; }
    Result<std::vector<Content>> read(std::span<const ObjectId>,
                                      const CancelToken&) const override {
      return fail(Code::kInternal, "asked");
    }
    std::shared_ptr<const TreeNode> top;
    std::string name = "at v1";
  } snapshot;
  snapshot.top = make_snapshot_tree(files);
  GrepQuery query;
  query.pattern = "x";
  Engine engine = {*tree.workspace, tree.pool, tree.cancel, tree.clock, nullptr, &snapshot};
  const auto answer = grep(query, engine);
  REQUIRE(answer);
  CHECK(answer->text == "0 matches in 0 of 0 files at v1; not searched: 1 over 64 MiB\n");
}

}  // namespace
}  // namespace quarry::search
