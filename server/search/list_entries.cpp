#include "server/search/list_entries.h"

#include <algorithm>
#include <vector>

#include "server/base/figures.h"
#include "server/base/format.h"
#include "server/base/utf8.h"
#include "server/search/corpus.h"
#include "server/search/coverage.h"
#include "server/search/walk.h"

namespace quarry::search {
namespace {

using sandbox::Kind;
using sandbox::Metadata;
using sandbox::Path;

constexpr std::size_t kTailBytes = 1024;
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
        const auto breaks = std::ranges::count(text, '\n');
        const bool open = !text.empty() && text.back() != '\n';
        out += ", " + counted(static_cast<std::uint64_t>(breaks) + (open ? 1 : 0), "line");
      }
    }
  }
  out += fmt::format(", mode {:03o}, modified {}\n", metadata.mode, utc(metadata.stamp.mtime_ns));
  return out;
}

// Writes the page of a walked tree.
class TreeWriter {
 public:
  TreeWriter(const ListQuery& query, const Engine& engine, const Walk& walk, std::size_t limit)
      : query_(query), engine_(engine), walk_(walk), limit_(limit) {}

  // Every line is counted, those of the page are written.
  void write(std::string& out) {
    std::vector<Walk::Place> open = {{0, 0}};
    while (!open.empty()) {
      const Walk::Place at = open.back();
      if (at.entry == walk_.directories[at.directory].entries.size()) {
        open.pop_back();
        continue;
      }
      ++open.back().entry;
      const WalkEntry& entry = walk_.entry(at);
      if (entry.ignored) continue;
      if (total_ >= query_.offset && shown_ < query_.limit && !cut_) write_line(out, open, at);
      ++total_;
      if (entry.directory >= 0 && static_cast<int>(open.size()) < query_.depth) {
        open.push_back({static_cast<std::uint32_t>(entry.directory), 0});
      }
    }
  }

  std::uint64_t total() const { return total_; }
  std::uint64_t shown() const { return shown_; }

 private:
  static void indent(std::string& out, std::size_t level) { out.append(2 * level, ' '); }

  void write_line(std::string& out, const std::vector<Walk::Place>& open, Walk::Place place) {
    const std::size_t size = out.size();
    if (shown_ == 0) {
      for (std::size_t level = 0; level + 1 < open.size(); ++level) {
        indent(out, level);
        // The entry before the next one is the directory that is open.
        utf8::append_escaped_name(out,
                                  walk_.entry({open[level].directory, open[level].entry - 1}).name);
        out.append("/\n");
      }
    }
    indent(out, open.size() - 1);
    append_entry(out, place, open.size());
    out.push_back('\n');
    if (out.size() > limit_ && shown_ > 0) {
      out.resize(size);
      cut_ = true;
      return;
    }
    ++shown_;
  }

  void append_entry(std::string& out, Walk::Place place, std::size_t level) {
    const WalkEntry& entry = walk_.entry(place);
    utf8::append_escaped_name(out, entry.name);
    if (entry.kind == Kind::kDirectory) {
      out.push_back('/');
      if (entry.directory >= 0 && static_cast<int>(level) >= query_.depth) {
        const WalkDirectory& inner = walk_.directories[static_cast<std::size_t>(entry.directory)];
        const auto visible = static_cast<std::uint64_t>(
            std::ranges::count(inner.entries, false, &WalkEntry::ignored));
        out += inner.unreadable ? " (unreadable)"
               : !inner.read    ? " (not read)"
                                : fmt::format(" ({})", counted(visible, "entry"));
      }
      return;
    }
    const bool link = entry.kind == Kind::kSymlink;
    if (!link && entry.kind != Kind::kFile) {
      out.append(" (special file)");
      return;
    }
    if (!link && !query_.sizes) return;
    auto metadata = engine_.workspace.metadata(walk_.path(place));
    if (!metadata) return;  // gone since the directory was read
    if (link) {
      append_target(out, engine_.workspace, walk_.directories[place.directory].path,
                    metadata->link_target);
    } else {
      out +=
          fmt::format(" ({})", counted(static_cast<std::uint64_t>(metadata->stamp.size), "byte"));
    }
  }

  const ListQuery& query_;
  const Engine& engine_;
  const Walk& walk_;
  std::size_t limit_;
  std::uint64_t total_ = 0;  // lines there are
  std::uint64_t shown_ = 0;
  bool cut_ = false;
};

// "3 ignored: build/, a.log, b.log (include_ignored=true lists them)"
void append_ignored(std::string& out, const ListQuery& query, const Walk& walk) {
  std::uint64_t count = 0;
  Parts names;
  for (const WalkDirectory& directory : walk.directories) {
    if (directory.depth > query.depth) continue;
    for (const WalkEntry& entry : directory.entries) {
      if (!entry.ignored || ++count > kNamedIgnored) continue;
      std::string path = directory.path.text();
      if (!path.empty()) path.push_back('/');
      path.append(entry.name);
      std::string name;
      utf8::append_escaped_name(name, path);
      if (entry.kind == Kind::kDirectory) name.push_back('/');
      names.add(name);
    }
  }
  if (count == 0) return;
  out += fmt::format("{} ignored: {}{} (include_ignored=true lists them)\n", count, names.text(),
                     count > kNamedIgnored ? ", ..." : "");
}

}  // namespace

Result<std::string> list_entries(const ListQuery& query, const Engine& engine) {
  const Stop stop(engine.cancel, engine.clock);
  TRY_ASSIGN(const Metadata metadata, engine.workspace.metadata(query.path));
  if (metadata.kind != Kind::kDirectory) {
    const auto target = engine.workspace.target_metadata(query.path);
    const bool leads_to_directory =
        metadata.kind == Kind::kSymlink && target && target->kind == Kind::kDirectory;
    if (!leads_to_directory) return describe(query.path, metadata, engine);
  }
  WalkOptions options;
  options.include_ignored = query.include_ignored;
  options.depth = std::min(query.depth + 1, WalkOptions::kMaxDepth);
  options.max_entries = ListQuery::kMaxEntries;
  TRY_ASSIGN(const Walk walk,
             search::walk(engine.workspace, {&query.path, 1}, options, engine.pool, stop));
  if (stop.cancelled()) return fail(Code::kCancelled, "cancelled");
  std::string out;
  const std::size_t limit =
      query.max_bytes > 2 * kTailBytes ? query.max_bytes - kTailBytes : query.max_bytes / 2;
  TreeWriter writer(query, engine, walk, limit);
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
  out.push_back('\n');
  append_ignored(out, query, walk);
  append_walk_notes(out, walk);
  if (walk.full_at > 0) out += "note: glob finds files by name in directories of any size\n";
  return out;
}

}  // namespace quarry::search
