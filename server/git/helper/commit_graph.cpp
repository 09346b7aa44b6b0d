#include "server/git/helper/commit_graph.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace quarry::git::helper {
namespace {

// Takes "<name> <40 digits>\n" off `text`; false when it starts otherwise.
bool take_id(std::string_view& text, std::string_view name, git_oid& id) {
  const std::size_t size = name.size() + 1 + GIT_OID_HEXSZ + 1;
  if (text.size() < size || !text.starts_with(name) || text[name.size()] != ' ') return false;
  if (git_oid_fromstrn(&id, text.data() + name.size() + 1, GIT_OID_HEXSZ) != 0) return false;
  if (text[size - 1] != '\n') return false;
  text.remove_prefix(size);
  return true;
}

// The date of the "committer" line as git reads it: what follows the last '>' of the line, 0 when
// that is no number.
std::int64_t commit_time(std::string_view headers) {
  const std::size_t start = headers.find("\ncommitter ");
  if (start == std::string_view::npos) return 0;
  const std::size_t end = headers.find('\n', start + 1);
  std::string_view line = headers.substr(start, end - start);
  const std::size_t bracket = line.rfind('>');
  if (bracket == std::string_view::npos) return 0;
  line.remove_prefix(bracket + 1);
  while (line.starts_with(' ')) line.remove_prefix(1);
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), seconds);
  return parsed.ec == std::errc() && seconds > 0 ? seconds : 0;
}

}  // namespace

void CommitGraph::prepare() {
  if (generation_ == repository_.generation() && commits_.size() < kMaxNodes) return;
  generation_ = repository_.generation();
  commits_.clear();
  parents_.clear();
  numbers_.clear();
}

CommitGraph::Node CommitGraph::node_of(const git_oid& id) {
  const auto [place, added] = numbers_.try_emplace(id, static_cast<Node>(commits_.size()));
  if (added) commits_.emplace_back().id = id;
  return place->second;
}

Result<void> CommitGraph::load(Node node) {
  if (commits_[node].loaded) return {};
  git_odb_object* raw = nullptr;
  if (const int status = git_odb_read(&raw, repository_.odb(), &commits_[node].id); status < 0) {
    return library_failure(status, "reading commit " + hex(commits_[node].id));
  }
  const OdbObject object(raw);
  if (git_odb_object_type(raw) != GIT_OBJECT_COMMIT) {
    return fail(Code::kInternal, "object {} is not a commit, though the history says so",
                hex(commits_[node].id));
  }
  return parse(node,
               {static_cast<const char*>(git_odb_object_data(raw)), git_odb_object_size(raw)});
}

Result<void> CommitGraph::parse(Node node, std::string_view text) {
  // The headers end at the first empty line; the message is not looked at.
  std::string_view headers = text.substr(0, text.find("\n\n"));
  git_oid tree;
  if (!take_id(headers, "tree", tree)) {
    return fail(Code::kInternal, "commit {} is damaged: it names no tree", hex(commits_[node].id));
  }
  const bool boundary = repository_.shallow().contains(commits_[node].id);
  const auto first = static_cast<std::uint32_t>(parents_.size());
  git_oid parent;
  bool cut = false;
  while (take_id(headers, "parent", parent)) {
    if (boundary) {
      cut = true;
    } else {
      const Node number = node_of(parent);
      parents_.push_back(number);
    }
  }
  Commit& commit = commits_[node];
  commit.tree = tree;
  commit.first_parent = first;
  commit.parent_count = static_cast<std::uint32_t>(parents_.size()) - first;
  commit.time = commit_time(headers);
  commit.boundary = cut;
  commit.loaded = true;
  return {};
}

}  // namespace quarry::git::helper
