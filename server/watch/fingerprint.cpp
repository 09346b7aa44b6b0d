#include "server/watch/fingerprint.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "server/base/hash.h"
#include "server/sandbox/file_system.h"
#include "server/watch/area.h"

namespace quarry::watch {
namespace {

using sandbox::Dir;
using sandbox::Kind;
using sandbox::Path;
using sandbox::Stamp;
using sandbox::Workspace;

struct Part {
  Path path;
  Area area = Area::kTree;
  // Results. Sums of hashes: the order in which entries come does not count.
  std::array<std::uint64_t, 2> tree{};
  std::array<std::uint64_t, 2> git{};
  std::int64_t newest_ns = 0;  // ctime
  std::size_t entries = 0;
  bool git_away = false;
  bool foreign = false;
  bool failed = false;
  std::vector<Part> below;
};

void add(std::array<std::uint64_t, 2>& sum, std::string_view record) {
  const auto hash = hash128(record);
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), hash.data(), sizeof words);
  sum[0] += words[0];
  sum[1] += words[1];
}

template <class Number>
void append(std::string& record, Number number) {
  record.append(reinterpret_cast<const char*>(&number), sizeof number);
}

class PartReader {
 public:
  PartReader(const Workspace& files, Part& part) : files_(files), part_(part) {}

  void run(std::uint64_t device) {
    auto directory = files_.open_directory(part_.path);
    if (!directory) {
      part_.failed = hidden(directory.error());
      return;
    }
    const auto stamp = directory->stamp();
    if (!stamp) {
      part_.failed = true;
      return;
    }
    if (stamp->device != device || part_.path.is_root()) {
      part_.foreign = !sandbox::why_not_own(directory->descriptor()).empty();
    }
    if (part_.path.is_root()) add_entry("", Kind::kDirectory, 0, *stamp);
    Dir::Entry entry;
    while (true) {
      const auto more = directory->next(entry);
      if (!more) {
        part_.failed = true;
        return;
      }
      if (!*more) return;
      take(*directory, entry);
    }
  }

 private:
  // Whether a directory that does not open may hold what an answer has seen.
  bool hidden(const Error& error) const {
    if (error.code == Code::kNotFound) return true;  // it was there a moment ago
    const auto inside = files_.metadata(part_.path.child("a name to try"));
    return inside.has_value() || inside.error().code != Code::kDenied;
  }

  void take(const Dir& directory, const Dir::Entry& entry) {
    const bool is_directory = entry.kind == Kind::kDirectory;
    const Area below =
        is_directory ? settled_area(area_below(part_.area, entry.name),
                                    [&](std::string_view name) {
                                      return directory.metadata(std::string(name)).has_value();
                                    })
                     : Area::kSkipped;
    if (is_directory && below == Area::kSkipped) return;
    const auto metadata = directory.metadata(entry.name);
    if (!metadata) {
      part_.failed = true;
      return;
    }
    if (part_.path.is_root() && entry.name == ".git" && !is_directory) part_.git_away = true;
    if (in_git_of_root() && leads_away(part_.area, entry.name, metadata->kind == Kind::kSymlink)) {
      part_.git_away = true;
    }
    add_entry(entry.name, metadata->kind, metadata->mode, metadata->stamp);
    if (is_directory) {
      if (part_.path.text().size() + 1 + entry.name.size() > Path::kMaxBytes) {
        part_.failed = true;  // each deeper one would take longer to open
        return;
      }
      part_.below.emplace_back();
      part_.below.back().path = part_.path.child(entry.name);
      part_.below.back().area = below;
    }
  }

  bool in_git_of_root() const {
    return part_.path.text() == ".git" || part_.path.text().starts_with(".git/");
  }

  void add_entry(std::string_view name, Kind kind, std::uint32_t mode, const Stamp& stamp) {
    ++part_.entries;
    // Locks come and go in git directories, which change the directories' own times.
    const bool times = part_.area == Area::kTree && name != ".git";
    const bool is_directory = kind == Kind::kDirectory;
    record_.assign(part_.path.text()).push_back('\0');
    record_.append(name).push_back('\0');
    append(record_, kind);
    append(record_, mode);
    append(record_, stamp.device);
    append(record_, stamp.inode);
    if (!is_directory || times) {
      append(record_, stamp.size);
      append(record_, stamp.mtime_ns);
      append(record_, stamp.ctime_ns);
      part_.newest_ns = std::max(part_.newest_ns, stamp.ctime_ns);
    }
    const Counts counts = counts_for(part_.area, name);
    if (counts.tree) add(part_.tree, record_);
    if (counts.git) add(part_.git, record_);
  }

  const Workspace& files_;
  Part& part_;
  std::string record_;
};

void sum_up(Fingerprint& whole, Part& part, std::int64_t& newest_ns, bool& foreign) {
  for (std::size_t i = 0; i < 2; ++i) {
    whole.version.tree[i] += part.tree[i];
    whole.version.git[i] += part.git[i];
  }
  newest_ns = std::max(newest_ns, part.newest_ns);
  foreign = foreign || part.foreign;
  whole.entries += part.entries;
  whole.git_known = whole.git_known && !part.git_away;
}

}  // namespace

std::optional<Fingerprint> take_fingerprint(const Workspace& files, const Parallel& parallel,
                                            const Clock& clock, const CancelToken& cancel) {
  const std::int64_t begun_ms = clock.wall_ms();
  Fingerprint whole;
  std::int64_t newest_ns = 0;
  bool foreign = false;
  std::uint64_t device = 0;
  if (const auto root = files.metadata(Path())) device = root->stamp.device;
  std::vector<Part> level(1);
  while (!level.empty()) {
    parallel(level.size(), [&](std::size_t i) { PartReader(files, level[i]).run(device); });
    if (cancel.stopped()) return std::nullopt;
    std::vector<Part> next;
    for (Part& part : level) {
      if (part.failed) return std::nullopt;
      sum_up(whole, part, newest_ns, foreign);
      std::ranges::move(part.below, std::back_inserter(next));
    }
    if (whole.entries > Fingerprint::kMaxEntries) return std::nullopt;
    level = std::move(next);
  }
  const std::int64_t settle = foreign ? Fingerprint::kForeignSettleMs : Fingerprint::kSettleMs;
  whole.settled = newest_ns / 1'000'000 + settle < begun_ms;
  return whole;
}

}  // namespace quarry::watch
