#include "server/search/listing.h"

#include <algorithm>
#include <cstring>

#include "server/search/ignore_files.h"

namespace quarry::search {
namespace {

using sandbox::Dir;
using sandbox::Kind;

constexpr std::string_view kGit = ".git";
constexpr std::int64_t kStepsARuleByte = 16;  // to compile an ignore file's patterns

// A name as it sorts among whole paths: followed by '/' when it is a directory's.
struct Key {
  std::string_view name;
  bool directory;

  bool operator<(const Key& other) const {
    const std::size_t common = std::min(name.size(), other.name.size());
    const int order = std::memcmp(name.data(), other.name.data(), common);
    if (order != 0) return order < 0;
    return behind(common) < other.behind(common);
  }

 private:
  int behind(std::size_t at) const {
    if (name.size() > at) return static_cast<unsigned char>(name[at]);
    return directory ? '/' : -1;
  }
};

// Reads the names and kinds; says which ignore files there are.
IgnoreNames read_entries(Dir& opened, Listing& listing, const ListingOptions& options,
                         const Stop& stop) {
  IgnoreNames names;
  Dir::Entry entry;
  while (true) {
    auto more = opened.next(entry);
    if (!more) listing.unreadable = listing.unsure = true;
    if (!more || !*more) break;
    if (entry.name == kGit) {
      (entry.kind == Kind::kDirectory ? names.git_dir : names.git_file) = true;
      continue;
    }
    if (entry.name == ".gitignore") names.git = true;
    if (entry.name == ".ignore") names.ignore = true;
    if (listing.entries.size() >= options.max_entries) {
      listing.full = true;
      break;
    }
    if (listing.entries.size() % 1024 == 1023 && stop.now()) {
      listing.cut = true;
      break;
    }
    listing.entries.push_back({static_cast<std::uint32_t>(listing.names.size()),
                               static_cast<std::uint16_t>(entry.name.size()), entry.kind, false, -1,
                               static_cast<std::uint32_t>(entry.inode)});
    listing.names.append(entry.name);
  }
  return names;
}

// Entries that were not come to in time are left out: they may be ignored.
void judge(Listing& listing, const Stop& stop) {
  Pace pace(stop);
  std::string path = listing.path.text();
  if (!path.empty()) path.push_back('/');
  const std::size_t base = path.size();
  for (WalkEntry& entry : listing.entries) {
    path.resize(base);
    path.append(listing.name(entry));
    entry.ignored = ignored(listing.level.get(), path, entry.kind == Kind::kDirectory, &pace);
    if (pace.over()) {
      listing.cut = true;
      listing.entries.resize(static_cast<std::size_t>(&entry - listing.entries.data()));
      return;
    }
  }
}

// Of files with one name only: what is written through another one nobody tells of.
void date(const Dir& opened, const Wanted& wanted, const Stop& stop, Listing& listing) {
  const std::int64_t asked_ns = stop.steady_ns();
  for (std::size_t i = 0; i < listing.entries.size(); ++i) {
    const WalkEntry& entry = listing.entries[i];
    const std::string_view name = listing.name(entry);
    if (entry.ignored || (entry.kind != Kind::kFile && entry.kind != Kind::kSymlink)) continue;
    if (i % 1024 == 1023 && stop.now()) return;
    if (!wanted(name)) continue;
    const auto metadata = opened.metadata(name);
    if (!metadata || metadata->links > 1) continue;
    listing.times.keep(i, metadata->stamp.mtime_ns, asked_ns);
  }
}

}  // namespace

EntryCounts& EntryCounts::operator+=(const EntryCounts& other) {
  regular += other.regular;
  symlinks += other.symlinks;
  special += other.special;
  ignored_files += other.ignored_files;
  ignored_directories += other.ignored_directories;
  unreadable += other.unreadable;
  unsure += other.unsure;
  too_deep += other.too_deep;
  worktrees += other.worktrees;
  noted += other.noted;
  far_rules += other.far_rules;
  listings += other.listings;
  entries += other.entries;
  bytes += other.bytes;
  return *this;
}

void Listing::count() {
  for (const WalkEntry& entry : entries) {
    if (entry.ignored) {
      ++(entry.kind == Kind::kDirectory ? counts.ignored_directories : counts.ignored_files);
      continue;
    }
    ++visible;
    if (entry.kind == Kind::kFile) {
      ++counts.regular;
    } else if (entry.kind == Kind::kSymlink) {
      ++counts.symlinks;
    } else if (entry.kind != Kind::kDirectory) {
      ++counts.special;
    }
  }
  counts.entries = entries.size();
  counts.noted = notes.size();
  counts.unreadable = unreadable ? 1 : 0;
  counts.unsure = unsure ? 1 : 0;
  counts.worktrees = worktree ? 1 : 0;
  counts.listings = 1;
  counts.bytes = sizeof(Listing) + path.text().capacity() + names.capacity() +
                 entries.size() * (sizeof(WalkEntry) + sizeof(std::int64_t)) +
                 ids.size() * (sizeof(ObjectId) + sizeof(std::uint64_t));
}

const WalkEntry* Listing::find(std::string_view wanted) const {
  for (const bool directory : {false, true}) {
    const Key key{wanted, directory};
    const auto at = std::lower_bound(
        entries.begin(), entries.end(), key, [this](const WalkEntry& entry, const Key& wanted_key) {
          return Key{name(entry), entry.kind == Kind::kDirectory} < wanted_key;
        });
    if (at != entries.end() && name(*at) == wanted) return &*at;
  }
  return nullptr;
}

Result<void> read_listing(const sandbox::Workspace& workspace, const sandbox::Path& path,
                          const std::shared_ptr<const IgnoreLevel>& parents,
                          const ListingOptions& options, const Stop& stop, Listing& listing) {
  listing.path = path;
  listing.level = parents;
  auto opened = workspace.open_directory(path);
  if (!opened) {
    // Gone since its parent was listed: as if it had been before.
    listing.unreadable = opened.error().code != Code::kNotFound;
    listing.unsure = may_be_over(opened.error());
    listing.count();
    return Failure(std::move(opened).error());
  }
  listing.read = true;
  if (const auto stamp = opened->stamp()) listing.inode = stamp->inode;
  const IgnoreNames names = read_entries(*opened, listing, options, stop);
  if (names.git_file && !options.enter_worktree && !options.include_ignored &&
      is_worktree_of_enclosing(workspace, *opened, path, parents.get())) {
    listing.worktree = true;
    listing.entries.clear();
    listing.names.clear();
  }
  // All names of one directory differ, so the order is total.
  std::ranges::sort(listing.entries, [&](const WalkEntry& a, const WalkEntry& b) {
    return Key{listing.name(a), a.kind == Kind::kDirectory} <
           Key{listing.name(b), b.kind == Kind::kDirectory};
  });
  if (!options.include_ignored && !listing.worktree) {
    listing.level = load_level(workspace, *opened, path, names, parents, listing.notes);
    // Reading rules takes its time too.
    if (listing.level != parents && listing.level != nullptr) {
      (void)stop.after(static_cast<std::int64_t>(listing.level->bytes) * kStepsARuleByte);
    }
    if (listing.level != nullptr) {
      judge(listing, stop);
      listing.unsure = listing.unsure || listing.level->unsure;
    }
    if (listing.level != parents && !listing.level->far_files.empty()) listing.counts.far_rules = 1;
  }
  listing.entries.shrink_to_fit();
  listing.names.shrink_to_fit();
  listing.times.begin(listing.entries.size());
  if (options.dated != nullptr) date(*opened, *options.dated, stop, listing);
  listing.count();
  return {};
}

}  // namespace quarry::search
