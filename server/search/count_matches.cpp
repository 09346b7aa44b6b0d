#include "server/search/count_matches.h"

#include <algorithm>
#include <atomic>
#include <deque>

#include "server/base/guarded.h"
#include "server/base/utf8.h"
#include "server/search/line_scanner.h"
#include "server/search/literal_finder.h"

namespace quarry::search {
namespace {

constexpr std::size_t kChunkFiles = 32;  // one body of the fork-join
constexpr std::size_t kFirstWave = 256;  // files; later waves are larger
constexpr std::size_t kLargestWave = 16384;

bool valid_utf8(std::string_view text) {
  return utf8::valid(text.substr(find_non_ascii(text, 0, text.size())));
}

struct Chunk {
  bool stopped = false;
  std::uint64_t pieces = 0;
  std::uint64_t parts = 0;
};

// What the Counters of one search share.
struct Search {
  const Corpus& corpus;
  const Matcher& matcher;
  const CountOptions& options;
  const Stop& stop;
  std::atomic<bool> found = false;  // a match of `matcher`
};

// Counts the matches of single files, with one buffer for all of them.
class Counter {
 public:
  explicit Counter(Search& search)
      : search_(search),
        opener_(search.corpus, kChunkFiles),
        matcher_(search.matcher),
        options_(search.options),
        scanner_(search.matcher, search.stop, false),
        also_(search.options.also.size()) {
    for (const Matcher* matcher : options_.also) {
      also_scanners_.emplace_back(*matcher, search.stop, false);
    }
  }

  std::uint64_t over_limit() const { return scanner_.over_limit(); }
  const std::vector<std::uint64_t>& also() const { return also_; }

  FileCount count(std::size_t index, Chunk& chunk) {
    // Plain ASCII stands in every encoding as itself: text is decoded only where that was found.
    FileCount result = count_as(index, !matcher_.plain(), chunk);
    if (result.not_utf8 && matcher_.plain()) result = count_as(index, true, chunk);
    return result;
  }

 private:
  FileCount count_as(std::size_t index, bool decode, Chunk& chunk) {
    FileCount result;
    auto file = opener_.open(index);
    if (!file) {
      const Code code = file.error().code;
      if (code == Code::kTimeout || code == Code::kCancelled) {
        chunk.stopped = true;
      } else if (code == Code::kTooLarge) {
        result.skip = Skip::kTooLarge;
      } else {
        result.skip = opener_.hidden(index) ? Skip::kSecret : Skip::kUnreadable;
      }
      return result;
    }
    TextReader::Options options = reader_options(matcher_, options_.max_file_bytes);
    options.decode = decode;
    options.fold_line_ends = options.fold_line_ends || options_.fold_line_ends;
    result.skip = reader_.open(std::move(*file), options);
    if (result.skip != Skip::kNone) return result;
    result.searched = true;
    scanner_.start();
    for (LineScanner& scanner : also_scanners_) scanner.start();
    TextReader::Window window;
    const auto valid = [&] {
      return window.continues || window.open_end || valid_utf8(window.text.substr(window.fresh));
    };
    const auto visit = [&](const LineMatch&) {
      if (!decode && result.matches == 0 && !valid()) {
        result.not_utf8 = true;
        return false;
      }
      search_.found = true;
      return ++result.matches < options_.per_file;
    };
    const std::uint64_t slow_before = scanner_.over_limit();
    std::size_t windows = 0;
    while (reader_.next(window, 0)) {
      ++windows;
      if (decode && !valid()) result.not_utf8 = true;
      if (!scanner_.scan(window, visit)) break;
      scan_also(window);
    }
    result.decoded = !reader_.decoded_from().empty();
    chunk.stopped = chunk.stopped || scanner_.stopped();
    chunk.pieces += scanner_.pieces() ? 1 : 0;
    chunk.parts += matcher_.multiline() && windows > 1 ? 1 : 0;
    if (matcher_.multiline() && result.matches == 0 && scanner_.over_limit() > slow_before) {
      result.searched = false;
      result.skip = Skip::kSlow;
    }
    if (reader_.failed()) result.skip = Skip::kUnreadable;
    return result;
  }

  void scan_also(const TextReader::Window& window) {
    for (std::size_t i = 0; i < also_.size() && !search_.found; ++i) {
      if (also_[i] >= options_.also_enough) continue;
      also_scanners_[i].scan(window,
                             [&](const LineMatch&) { return ++also_[i] < options_.also_enough; });
    }
  }

  Search& search_;
  Corpus::Opener opener_;
  const Matcher& matcher_;
  const CountOptions& options_;
  TextReader reader_;
  LineScanner scanner_;
  std::deque<LineScanner> also_scanners_;  // which do not move
  std::vector<std::uint64_t> also_;
};

// Counters for the bodies of a fork-join: as many as run at once, each with its buffer warm.
class Counters {
 public:
  explicit Counters(Search& search) : search_(search) {}

  std::unique_ptr<Counter> take() {
    {
      auto idle = idle_.lock();
      if (!idle->empty()) {
        auto counter = std::move(idle->back());
        idle->pop_back();
        return counter;
      }
    }
    return std::make_unique<Counter>(search_);
  }
  void give_back(std::unique_ptr<Counter> counter) { idle_.lock()->push_back(std::move(counter)); }
  // Of all that were given back.
  void add_to(Counts& counts) {
    counts.also.resize(search_.options.also.size());
    for (const auto& counter : *idle_.lock()) {
      counts.lines_over_limit += counter->over_limit();
      for (std::size_t i = 0; i < counts.also.size(); ++i) counts.also[i] += counter->also()[i];
    }
    // Each counter ends at the limit, so that beyond it the sum says how many there were.
    for (std::uint64_t& count : counts.also) count = std::min(count, search_.options.also_enough);
  }

 private:
  Search& search_;
  Guarded<std::vector<std::unique_ptr<Counter>>> idle_;
};

void add(Counts& counts, const FileCount& file) {
  counts.matches += file.matches;
  counts.files_matched += file.matches > 0 ? 1 : 0;
  counts.files_searched += file.searched ? 1 : 0;
  counts.not_utf8 += file.not_utf8 ? 1 : 0;
  counts.decoded += file.decoded ? 1 : 0;
  counts.binary += file.skip == Skip::kBinary ? 1 : 0;
  counts.too_large += file.skip == Skip::kTooLarge ? 1 : 0;
  counts.secret += file.skip == Skip::kSecret ? 1 : 0;
  counts.unreadable += file.skip == Skip::kUnreadable ? 1 : 0;
}

}  // namespace

TextReader::Options reader_options(const Matcher& matcher, std::int64_t max_file_bytes) {
  TextReader::Options options;
  options.max_bytes = max_file_bytes;
  options.whole = matcher.multiline();
  options.window_bytes = options.whole ? TextReader::kWholeBytes : TextReader::kWindowBytes;
  options.fold_line_ends = matcher.folds_line_ends();
  options.returns_end_lines = !matcher.asks_for_returns();
  return options;
}

Counts count_matches(const Engine& engine, const Corpus& corpus, const Matcher& matcher,
                     const CountOptions& options, const Stop& stop) {
  Counts counts;
  counts.files.resize(corpus.size());
  Search search{corpus, matcher, options, stop};
  Counters counters(search);
  std::size_t wave = kFirstWave;
  std::size_t begin = 0;
  while (begin < corpus.size() && counts.matches < options.enough && !counts.stopped) {
    const std::size_t end = std::min(begin + wave, corpus.size());
    std::vector<Chunk> chunks((end - begin + kChunkFiles - 1) / kChunkFiles);
    const auto run = [&](std::size_t n) {
      auto counter = counters.take();
      const std::size_t first = begin + n * kChunkFiles;
      for (std::size_t i = first; i < std::min(first + kChunkFiles, end); ++i) {
        if (stop.now()) {
          chunks[n].stopped = true;
          break;
        }
        counts.files[i] = counter->count(i, chunks[n]);
      }
      counters.give_back(std::move(counter));
    };
    if (chunks.size() == 1) {
      run(0);
    } else {
      engine.pool.fork_join(chunks.size(), run);
    }
    for (std::size_t i = begin; i < end; ++i) add(counts, counts.files[i]);
    for (const Chunk& chunk : chunks) {
      counts.stopped = counts.stopped || chunk.stopped;
      counts.lines_in_pieces += chunk.pieces;
      counts.in_parts += chunk.parts;
    }
    begin = end;
    wave = std::min(wave * 4, kLargestWave);
  }
  counters.add_to(counts);
  for (const FileCount& file : counts.files) {
    if (!file.searched && file.skip == Skip::kNone) ++counts.not_reached;
    counts.capped = counts.capped || file.matches >= options.per_file;
  }
  return counts;
}

}  // namespace quarry::search
