// What a search need not read: the lookups of ContentIndex.

#include <utility>

#include "server/search/content_index.h"

namespace quarry::search {
namespace {

bool is_searched_file(const WalkEntry& entry) {
  return entry.kind == sandbox::Kind::kFile && !entry.ignored;
}

}  // namespace

struct ContentIndex::Knowledge {
  enum class Verdict : std::uint8_t { kRead, kText, kBinary };

  struct Directory {
    bool known = false;
    bool quiet = false;       // no file needs to be read, and no filter is asked
    std::uint32_t first = 0;  // of its entries' verdicts, when known and not quiet
    std::uint32_t text = 0, binary = 0;
  };
  std::vector<Directory> directories;  // by their numbers in the walk
  std::vector<Verdict> verdicts;
};

// Goes through a walk in the order of whole paths, as Walk::files() does.
class ContentIndex::Sifter {
 public:
  using Verdict = Knowledge::Verdict;

  Sifter(const Walk& walk, const Knowledge& known, const FileFilter& filter, const Stop& stop)
      : walk_(walk), known_(known), filter_(filter), pace_(stop) {}

  Sifted sift() {
    if (!walk_.directories.empty()) directory(*walk_.directories.front());
    result_.by_index = result_.searched + result_.binary > 0;
    return std::move(result_);
  }

 private:
  // The directories come in the order of their numbers.
  void directory(const TreeNode& node) {
    const std::uint32_t number = next_++;
    const Knowledge::Directory& known = known_.directories[number];
    if (known.quiet) {
      result_.searched += known.text;
      result_.binary += known.binary;
      for (const auto& child : node.children) directory(*child);
      return;
    }
    const std::vector<WalkEntry>& entries = node.listing->entries;
    for (std::uint32_t entry = 0; entry < entries.size(); ++entry) {
      if (entries[entry].child >= 0) {
        directory(*node.children[static_cast<std::size_t>(entries[entry].child)]);
      } else if (is_searched_file(entries[entry])) {
        file({number, entry}, known.known ? known_.verdicts[known.first + entry] : Verdict::kRead);
      }
    }
  }

  void file(Walk::Place place, Verdict verdict) {
    if (!filter_.takes_all()) {
      path_.clear();
      walk_.append_path(path_, place);
      if (pace_.over(filter_.steps(path_.size()))) {
        ++result_.unjudged;
        return;
      }
      if (!filter_.takes(path_)) {
        ++result_.filtered;
        return;
      }
    }
    if (verdict == Verdict::kRead) {
      result_.read.push_back(place);
    } else {
      ++(verdict == Verdict::kBinary ? result_.binary : result_.searched);
    }
  }

  const Walk& walk_;
  const Knowledge& known_;
  const FileFilter& filter_;
  Pace pace_;
  Sifted result_;
  std::uint32_t next_ = 0;
  std::string path_;
};

bool ContentIndex::trusted(const State& state) const {
  return state.verified_ns != 0 && clock_.steady_ns() - state.verified_ns <= kMostAgeNs;
}

ContentIndex::Knowledge ContentIndex::look_up(const Walk& walk, const index::Query& query,
                                              bool takes_all) const {
  using Verdict = Knowledge::Verdict;
  Knowledge known;
  known.directories.resize(walk.directories.size());
  if (query.anything()) return known;
  auto state = state_.lock();
  if (!trusted(*state)) return known;
  std::vector<bool> candidate(state->files.size());
  std::vector<bool> hit(state->directories.size());
  state->signatures.each_candidate(query, [&](FileId id) {
    candidate[id] = true;
    hit[state->files[id].directory] = true;
  });
  for (std::uint32_t number = 0; number < walk.directories.size(); ++number) {
    const auto found = state->by_listing.find(&walk.listing(number));
    if (found == state->by_listing.end()) continue;
    const Directory& directory = state->directories[found->second];
    Knowledge::Directory& mine = known.directories[number];
    mine.known = true;
    if (directory.unknown == 0 && !hit[found->second] && takes_all) {
      mine.quiet = true;
      mine.text = directory.text;
      mine.binary = directory.binary;
      continue;
    }
    mine.first = static_cast<std::uint32_t>(known.verdicts.size());
    for (const FileId id : directory.files) {
      known.verdicts.push_back(id == kNone || candidate[id]                       ? Verdict::kRead
                               : state->files[id].state.kind == TextKind::kBinary ? Verdict::kBinary
                                                                                  : Verdict::kText);
    }
  }
  return known;
}

Sifted ContentIndex::sift(const Walk& walk, const index::Query& query, const FileFilter& filter,
                          const Stop& stop) const {
  // A filter may take its time: the lock is not held while it is asked.
  const Knowledge known = look_up(walk, query, filter.takes_all());
  Sifted result = Sifter(walk, known, filter, stop).sift();
  auto state = state_.lock();
  if (result.by_index) ++state->sifted;
  if (state->files.empty()) return result;
  if (query.anything()) {
    result.scan = Sifted::Scan::kNoText;
  } else if (!trusted(*state)) {
    result.scan = Sifted::Scan::kNotSure;
  }
  return result;
}

}  // namespace quarry::search
