#include "server/search/list_entries.h"

#include <algorithm>
#include <vector>

#include "server/base/figures.h"
#include "server/base/format.h"
#include "server/base/newlines.h"
#include "server/base/utf8.h"
#include "server/search/coverage.h"
#include "server/search/known_walk.h"
#include "server/search/snapshot.h"

namespace quarry::search {
namespace {

using sandbox::Kind;
using sandbox::Metadata;
using sandbox::Path;

constexpr std::size_t kListTailBytes = 1024;
constexpr std::int64_t kCountLinesBytes = 1 << 20;  // larger files are not read for their lines
constexpr std::size_t kNamedIgnored = 8;

// Whether a symlink in `directory` that leads to `target` stays below the root, read as text.
bool stays_inside(const sandbox::Workspace& workspace, const Path& directory,
                  std::string_view target) {
  if (target.starts_with('/')) return workspace.parse(target).has_value();
  std::size_t depth = 0;
  if (!directory.is_root()) {
    depth = 1 + static_cast<std::size_t>(std::ranges::count(directory.text(), '/'));
  }
  for (std::size_t at = 0; at <= target.size();) {
    const std::size_t end = std::min(target.find('/', at), target.size());
    const std::string_view component = target.substr(at, end - at);
    if (component == "..") {
      if (depth == 0) return false;
      --depth;
    } else if (!component.empty() && component != ".") {
      ++depth;
    }
    at = end + 1;
  }
  return true;
}

void append_target(std::string& out, const sandbox::Workspace& workspace, const Path& directory,
                   std::string_view target) {
  out.append(" -> ");
  if (stays_inside(workspace, directory, target)) {
    utf8::append_escaped_name(out, target);
  } else {
    out.append("(outside the root)");
  }
}

std::string utc(std::int64_t ns) {
  std::string text;
  append_utc(text, ns / 1'000'000'000 - (ns % 1'000'000'000 < 0 ? 1 : 0));
  return text;
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kFile:
      return "file";
    case Kind::kDirectory:
      return "directory";
    case Kind::kSymlink:
      return "symlink";
    case Kind::kOther:
    case Kind::kUnknown:
      break;
  }
  return "special file";
}

std::string describe(const Path& path, const Metadata& metadata, const Engine& engine) {
  std::string out;
  utf8::append_escaped_name(out, path.display());
  if (metadata.kind == Kind::kSymlink) {
    append_target(out, engine.workspace, path.parent(), metadata.link_target);
  }
  out += fmt::format("\n{}, {}", kind_name(metadata.kind),
                     counted(static_cast<std::uint64_t>(metadata.stamp.size), "byte"));
  if (metadata.kind == Kind::kFile && metadata.stamp.size <= kCountLinesBytes) {
    std::string text;
    auto file = engine.workspace.open_file(path);
    if (file && file->read_all(text, kCountLinesBytes)) {
      if (text.substr(0, 8192).contains('\0')) {
        out += ", binary";
      } else {
        const bool open = !text.empty() && text.back() != '\n';
        out += ", " + counted(count_newlines(text) + (open ? 1 : 0), "line");
      }
    }
  }
  out += fmt::format(", mode {:03o}, modified {}\n", metadata.mode, utc(metadata.stamp.mtime_ns));
  return out;
}

// Where the link `index` of a snapshot's listing leads; nothing when that cannot be read.
void append_snapshot_target(std::string& out, const Engine& engine, const Listing& listing,
                            std::size_t index) {
  if (listing.sizes[index] > Path::kMaxBytes) return;
  const auto content = engine.snapshot->read({&listing.ids[index], 1}, engine.cancel);
  if (!content || content->front() == nullptr) return;
  append_target(out, engine.workspace, listing.path, *content->front());
}

std::string describe_in_snapshot(const Path& path, const Engine& engine, const SnapshotPart& part) {
  const Listing& listing = part.walk.listing(part.entry->directory);
  const std::size_t index = part.entry->entry;
  const Kind kind = listing.entries[index].kind;
  std::string out;
  utf8::append_escaped_name(out, path.display());
  if (kind == Kind::kSymlink) append_snapshot_target(out, engine, listing, index);
  out += fmt::format("\n{}, ", snapshot_kind(kind));
  if (kind == Kind::kFile) out += counted(listing.sizes[index], "byte") + ", ";
  return out + engine.snapshot->label() + "\n";
}

// Writes the page of a tree.
class TreeWriter {
 public:
  TreeWriter(const ListQuery& query, const Engine& engine, const TreeNode& top, std::size_t limit)
      : query_(query), engine_(engine), limit_(limit) {
    open_.push_back({&top, 0});
  }

  // Every line is counted, those of the page are written.
  void write(std::string& out) {
    while (!open_.empty()) {
      Open& at = open_.back();
      const Listing& listing = *at.node->listing;
      if (at.next == listing.entries.size()) {
        open_.pop_back();
        continue;
      }
      const WalkEntry& entry = listing.entries[at.next++];
      if (entry.ignored) continue;
      const TreeNode* const below =
          entry.child >= 0 ? at.node->children[static_cast<std::size_t>(entry.child)].get()
                           : nullptr;
      if (total_ >= query_.offset && shown_ < query_.limit && !cut_) {
        write_line(out, listing, entry, below);
      }
      ++total_;
      if (below != nullptr && static_cast<int>(open_.size()) < query_.depth) {
        open_.push_back({below, 0});  // `at` is void from here
      }
    }
  }

  std::uint64_t total() const { return total_; }
  std::uint64_t shown() const { return shown_; }

 private:
  // A directory whose entries are being written.
  struct Open {
    const TreeNode* node;
    std::size_t next;
  };

  static void indent(std::string& out, std::size_t level) { out.append(2 * level, ' '); }

  void write_line(std::string& out, const Listing& listing, const WalkEntry& entry,
                  const TreeNode* below) {
    const std::size_t size = out.size();
    if (shown_ == 0) {
      for (std::size_t level = 0; level + 1 < open_.size(); ++level) {
        indent(out, level);
        utf8::append_escaped_name(out, open_[level + 1].node->listing->path.name());
        out.append("/\n");
      }
    }
    indent(out, open_.size() - 1);
    append_entry(out, listing, entry, below);
    out.push_back('\n');
    if (out.size() > limit_ && shown_ > 0) {
      out.resize(size);
      cut_ = true;
      return;
    }
    ++shown_;
  }

  void append_entry(std::string& out, const Listing& listing, const WalkEntry& entry,
                    const TreeNode* below) {
    utf8::append_escaped_name(out, listing.name(entry));
    if (entry.kind == Kind::kDirectory) {
      out.push_back('/');
      if (below == nullptr) return;
      const Listing& inner = *below->listing;
      if (inner.worktree) {
        out.append(" (linked worktree)");
      } else if (inner.unreadable || !inner.read) {
        out.append(inner.unreadable ? " (unreadable)" : " (not read)");
      } else if (static_cast<int>(open_.size()) >= query_.depth) {
        out += fmt::format(" ({})", counted(inner.visible, "entry"));
      }
      return;
    }
    const bool link = entry.kind == Kind::kSymlink;
    if (!link && entry.kind != Kind::kFile) {
      out.append(engine_.snapshot != nullptr ? " (submodule)" : " (special file)");
      return;
    }
    if (!link && !query_.sizes) return;
    if (engine_.snapshot != nullptr) return append_content(out, listing, entry, link);
    auto metadata = engine_.workspace.metadata(listing.path.child(listing.name(entry)));
    if (!metadata) return;  // gone since the directory was read
    if (link) {
      append_target(out, engine_.workspace, listing.path, metadata->link_target);
    } else {
      out +=
          fmt::format(" ({})", counted(static_cast<std::uint64_t>(metadata->stamp.size), "byte"));
    }
  }

  // The size, or a link's target, as the snapshot has it.
  void append_content(std::string& out, const Listing& listing, const WalkEntry& entry, bool link) {
    const auto index = static_cast<std::size_t>(&entry - listing.entries.data());
    if (link) {
      append_snapshot_target(out, engine_, listing, index);
    } else {
      out += fmt::format(" ({})", counted(listing.sizes[index], "byte"));
    }
  }

  const ListQuery& query_;
  const Engine& engine_;
  std::size_t limit_;
  std::vector<Open> open_;   // innermost last
  std::uint64_t total_ = 0;  // lines there are
  std::uint64_t shown_ = 0;
  bool cut_ = false;
};

// What a listing leaves out, in the directories that it shows.
struct LeftOut {
  std::uint64_t ignored = 0;
  Parts names;
  std::vector<std::string> notes;

  void add(const TreeNode& node, int depth) {
    const Listing& listing = *node.listing;
    notes.insert(notes.end(), listing.notes.begin(), listing.notes.end());
    if (depth > 0) {
      for (const WalkEntry& entry : listing.entries) {
        if (entry.ignored && ++ignored <= kNamedIgnored) add_name(listing, entry);
      }
      for (const auto& child : node.children) add(*child, depth - 1);
    }
  }

 private:
  void add_name(const Listing& listing, const WalkEntry& entry) {
    std::string name;
    utf8::append_escaped_name(name, listing.path.child(listing.name(entry)).text());
    if (entry.kind == Kind::kDirectory) name.push_back('/');
    names.add(name);
  }
};

// The tree as deep as the listing goes, with the entries below for their numbers.
Result<KnownTree> read(const ListQuery& query, const Engine& engine, const Stop& stop,
                       LeftOut& left_out) {
  WalkOptions options;
  options.include_ignored = query.include_ignored;
  options.depth = std::min(query.depth + 1, WalkOptions::kMaxDepth);
  options.max_entries = ListQuery::kMaxEntries;
  TRY_ASSIGN(KnownTree known, known_tree(engine, query.path, options, stop, Effort::kPeek));
  left_out.add(*known.top, query.depth);
  return known;
}

}  // namespace

Result<ListAnswer> list_entries(const ListQuery& query, const Engine& engine) {
  std::atomic<std::int64_t> steps{ListQuery::kMaxSteps};
  const Stop stop = Stop(engine.cancel, engine.clock).spending(steps);
  if (engine.snapshot != nullptr) {
    TRY_ASSIGN(const SnapshotPart part, find_part(*engine.snapshot, query.path));
    if (part.entry) return ListAnswer{describe_in_snapshot(query.path, engine, part)};
  } else {
    const Result<Metadata> found = engine.workspace.metadata(query.path);
    if (!found && found.error().code == Code::kNotFound)
      return engine.workspace.missing(query.path);
    TRY_ASSIGN(const Metadata metadata, found);
    if (metadata.kind != Kind::kDirectory) {
      const auto target = engine.workspace.target_metadata(query.path);
      const bool leads_to_directory =
          metadata.kind == Kind::kSymlink && target && target->kind == Kind::kDirectory;
      if (!leads_to_directory) return ListAnswer{describe(query.path, metadata, engine)};
    }
  }
  LeftOut left_out;
  TRY_ASSIGN(const KnownTree known, read(query, engine, stop, left_out));
  if (stop.cancelled()) return fail(Code::kCancelled, "cancelled");
  std::string out;
  const std::size_t limit =
      query.max_bytes > 2 * kListTailBytes ? query.max_bytes - kListTailBytes : query.max_bytes / 2;
  TreeWriter writer(query, engine, *known.top, limit);
  writer.write(out);
  const std::uint64_t next = query.offset + writer.shown();
  if (!out.empty()) out.push_back('\n');
  if (writer.shown() > 0 && next < writer.total()) {
    out += fmt::format("{} more; call again with offset={}\n", writer.total() - next, next);
  } else if (writer.total() > 0 && query.offset >= writer.total()) {
    out += fmt::format("offset={} is behind the last of {}\n", query.offset,
                       counted(writer.total(), "entry"));
  }
  std::string shown;
  utf8::append_escaped_name(shown, query.path.display());
  out += fmt::format("{} in {}", counted(writer.total(), "entry"), shown);
  if (query.depth > 1) out += fmt::format(" to depth {}", query.depth);
  if (engine.snapshot != nullptr) out += " " + engine.snapshot->label();
  out.push_back('\n');
  if (left_out.ignored > 0) {
    out += fmt::format("{} ignored: {}{} (include_ignored=true lists them)\n", left_out.ignored,
                       left_out.names.text(), left_out.ignored > kNamedIgnored ? ", ..." : "");
  }
  if (known.stopped && stop.used_up()) {
    out +=
        "incomplete: the ignore rules take too long to judge all entries; narrow path, or "
        "include_ignored=true\n";
    append_cuts(out, false, known.full_at);
  } else {
    append_cuts(out, known.stopped, known.full_at);
  }
  append_notes(out, known.notes);
  append_notes(out, left_out.notes);
  if (known.full_at > 0) out += "note: glob finds files by name in directories of any size\n";
  const EntryCounts& counts = known.top->counts;
  return ListAnswer{std::move(out), !stop.now() && counts.unreadable + counts.unsure == 0};
}

}  // namespace quarry::search
