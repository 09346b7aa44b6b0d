#include "server/search/content_index.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace quarry::search {
namespace {

bool is_searched(const WalkEntry& entry) {
  return entry.kind == sandbox::Kind::kFile && !entry.ignored;
}

}  // namespace

// What a directory's files hold, by entry, before it is entered.
struct ContentIndex::Reading {
  std::shared_ptr<const Listing> listing;
  struct Entry {
    FileId known = kNone;             // as an earlier state of the directory had it
    std::optional<IndexedText> text;  // else, when it could be read
  };
  std::vector<Entry> entries;
};

bool ContentIndex::advance(const sandbox::Workspace& files,
                           const std::shared_ptr<const TreeNode>& tree, const Stop& slice) {
  if (plan_.tree != tree || (plan_.waiting.empty() && due())) plan(tree);
  while (!plan_.waiting.empty() && !slice.now()) {
    const TreeNode& node = *plan_.waiting.back();
    plan_.waiting.pop_back();
    read_directory(files, node);
    state_.lock()->waiting = plan_.waiting.size();
  }
  if (!plan_.waiting.empty()) return true;
  if (plan_.began_ns != 0) state_.lock()->verified_ns = std::exchange(plan_.began_ns, 0);
  return false;
}

// Finds the directories whose listings are new, and forgets those that are gone. Where it is time
// to ask all files, all directories are to be read; what is left of that when the tree changes
// stays to be done.
void ContentIndex::plan(const std::shared_ptr<const TreeNode>& tree) {
  const bool begins = plan_.began_ns == 0 && due();
  if (begins) plan_.began_ns = clock_.steady_ns();
  std::unordered_set<const Listing*> unasked;
  for (const TreeNode* node : plan_.waiting) unasked.insert(node->listing.get());
  const std::shared_ptr<const TreeNode> before = std::exchange(plan_.tree, tree);
  plan_.waiting.clear();
  std::vector<const TreeNode*> open = {tree.get()};
  auto state = state_.lock();
  std::vector<bool> present(state->directories.size());
  while (!open.empty()) {
    const TreeNode* node = open.back();
    open.pop_back();
    for (const auto& child : node->children) open.push_back(child.get());
    if (const auto same = state->by_listing.find(node->listing.get());
        same != state->by_listing.end()) {
      present[same->second] = true;
      if (!begins && !unasked.contains(node->listing.get())) continue;
      plan_.waiting.push_back(node);
      continue;
    }
    plan_.waiting.push_back(node);
    const auto older = state->by_path.find(node->listing->path.text());
    if (older != state->by_path.end()) present[older->second] = true;
  }
  for (std::uint32_t number = 0; number < present.size(); ++number) {
    if (!present[number] && state->directories[number].listing != nullptr) {
      forget_directory(*state, number);
    }
  }
  state->waiting = plan_.waiting.size();
}

void ContentIndex::read_directory(const sandbox::Workspace& files, const TreeNode& node) {
  Reading reading;
  reading.listing = node.listing;
  const Listing& listing = *node.listing;
  reading.entries.resize(listing.entries.size());
  // What is known under the same names, with the states that it was read in.
  std::vector<std::pair<FileId, TextState>> before(listing.entries.size(), {kNone, {}});
  {
    auto state = state_.lock();
    const auto older = state->by_path.find(listing.path.text());
    if (older != state->by_path.end()) {
      const Directory& directory = state->directories[older->second];
      for (std::size_t i = 0; i < directory.files.size(); ++i) {
        const FileId id = directory.files[i];
        if (id == kNone || !state->files[id].state.settled) continue;
        const Listing& old = *directory.listing;
        const WalkEntry* same = listing.find(old.name(old.entries[i]));
        if (same == nullptr) continue;
        before[static_cast<std::size_t>(same - listing.entries.data())] = {id,
                                                                           state->files[id].state};
      }
    }
  }
  if (const auto opened = files.open_directory(listing.path)) {
    for (std::size_t i = 0; i < listing.entries.size(); ++i) {
      if (!is_searched(listing.entries[i])) continue;
      const std::string_view name = listing.name(listing.entries[i]);
      if (files.hides(name)) continue;
      const auto metadata = opened->metadata(name);
      if (!metadata) continue;
      if (metadata->links > 1) continue;
      if (before[i].first != kNone && metadata->stamp == before[i].second.stamp) {
        reading.entries[i].known = before[i].first;
        continue;
      }
      reading.entries[i].text = texts_.look(*opened, name, *metadata);
    }
  }
  auto state = state_.lock();
  enter(*state, reading);
  state->read_bytes = texts_.read_bytes();
  state->from_store = texts_.from_store();
}

void ContentIndex::enter(State& state, Reading& reading) {
  const Listing& listing = *reading.listing;
  Directory next;
  next.listing = reading.listing;
  next.files.assign(reading.entries.size(), kNone);
  const std::string path = listing.path.text();
  const auto older = state.by_path.find(path);
  // Files that stay are taken out of the older state; the rest goes with it.
  std::vector<FileId> kept;
  for (std::size_t i = 0; i < reading.entries.size(); ++i) {
    next.files[i] = reading.entries[i].known;
    if (next.files[i] != kNone) kept.push_back(next.files[i]);
  }
  std::sort(kept.begin(), kept.end());
  if (older != state.by_path.end()) {
    for (FileId& id : state.directories[older->second].files) {
      if (std::binary_search(kept.begin(), kept.end(), id)) id = kNone;
    }
    forget_directory(state, older->second);
  }
  std::uint32_t number = 0;
  if (state.free_directories.empty()) {
    number = static_cast<std::uint32_t>(state.directories.size());
    state.directories.emplace_back();
  } else {
    number = state.free_directories.back();
    state.free_directories.pop_back();
  }
  for (std::size_t i = 0; i < reading.entries.size(); ++i) {
    if (!is_searched(listing.entries[i])) continue;
    FileId& id = next.files[i];
    if (id == kNone && reading.entries[i].text) {
      id = add_file(state, *reading.entries[i].text);
    }
    if (id == kNone) {
      ++next.unknown;
      continue;
    }
    state.files[id].directory = number;
    const bool binary = state.files[id].state.kind == TextKind::kBinary;
    ++(binary ? next.binary : next.text);
  }
  state.by_listing[&listing] = number;
  state.by_path[path] = number;
  state.directories[number] = std::move(next);
  settle(state);
}

void ContentIndex::settle(State& state) {
  const std::size_t bytes = state.signatures.bytes();
  budget_.used += bytes - state.in_budget;
  state.in_budget = bytes;
}

ContentIndex::FileId ContentIndex::add_file(State& state, const IndexedText& text) {
  File file;
  file.state = text.state;
  if (text.signature &&
      budget_.used + index::Signatures::block_bytes(text.signature->length_log2()) > budget_.most) {
    state.full = true;
    return kNone;
  }
  FileId id = static_cast<FileId>(state.files.size());
  if (state.free_files.empty()) {
    state.files.emplace_back();
  } else {
    id = state.free_files.back();
    state.free_files.pop_back();
  }
  if (text.signature) {
    file.place = state.signatures.add(id, *text.signature);
    file.has_signature = true;
    settle(state);
  }
  state.files[id] = file;
  return id;
}

void ContentIndex::forget_file(State& state, FileId id) {
  const File& file = state.files[id];
  if (file.has_signature) state.signatures.remove(file.place);
  state.free_files.push_back(id);
}

void ContentIndex::forget_directory(State& state, std::uint32_t number) {
  Directory& directory = state.directories[number];
  for (const FileId id : directory.files) {
    if (id != kNone) forget_file(state, id);
  }
  state.by_listing.erase(directory.listing.get());
  state.by_path.erase(directory.listing->path.text());
  directory = {};
  state.free_directories.push_back(number);
}

bool ContentIndex::due() const {
  const std::int64_t verified_ns = state_.lock()->verified_ns;
  return verified_ns == 0 || clock_.steady_ns() - verified_ns > kMostAgeNs / 2;
}

void ContentIndex::drop() {
  plan_ = {};
  State dropped;  // freed without the lock
  auto state = state_.lock();
  std::swap(*state, dropped);
  budget_.used -= dropped.in_budget;
  state.unlock();
}

ContentIndex::Stats ContentIndex::stats() const {
  auto state = state_.lock();
  Stats stats;
  stats.files = state->files.size() - state->free_files.size();
  stats.bytes = state->signatures.bytes() + state->files.size() * sizeof(File) +
                state->directories.size() * sizeof(Directory);
  stats.read_bytes = state->read_bytes;
  stats.from_store = state->from_store;
  stats.sifted = state->sifted;
  stats.waiting = state->waiting;
  stats.full = state->full;
  return stats;
}

}  // namespace quarry::search
