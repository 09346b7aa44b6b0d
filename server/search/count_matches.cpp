#include "server/search/count_matches.h"

#include <algorithm>
#include <cstring>

#include "server/base/utf8.h"
#include "server/search/line_scanner.h"

namespace quarry::search {
namespace {

constexpr std::size_t kChunkFiles = 32;  // one body of the fork-join
constexpr std::size_t kFirstWave = 256;  // files; later waves are larger
constexpr std::size_t kLargestWave = 16384;

// utf8::valid, past plain ASCII eight bytes at a time: most text has nothing else.
bool valid_utf8(std::string_view text) {
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  return utf8::valid(text.substr(at));
}

struct Chunk {
  bool stopped = false;
  std::uint64_t pieces = 0;
  std::uint64_t over_limit = 0;
};

// Counts the matches of single files, with one buffer for all of them.
class Counter {
 public:
  Counter(const Corpus& corpus, const Matcher& matcher, const CountOptions& options,
          const Stop& stop)
      : opener_(corpus), matcher_(matcher), options_(options), scanner_(matcher, stop, false) {}

  std::uint64_t over_limit() const { return scanner_.over_limit(); }

  FileCount count(std::size_t index, Chunk& chunk) {
    FileCount result;
    auto file = opener_.open(index);
    if (!file) {
      result.skip = opener_.hidden(index) ? Skip::kSecret : Skip::kUnreadable;
      return result;
    }
    result.skip = reader_.open(std::move(*file), reader_options(matcher_, options_.max_file_bytes));
    if (result.skip != Skip::kNone) return result;
    result.searched = true;
    scanner_.start();
    TextReader::Window window;
    const auto visit = [&](const LineMatch&) { return ++result.matches < options_.per_file; };
    while (reader_.next(window, 0)) {
      if (!matcher_.plain() && !window.continues && !window.open_end &&
          !valid_utf8(window.text.substr(window.fresh))) {
        result.not_utf8 = true;
      }
      if (!scanner_.scan(window, visit)) break;
    }
    chunk.stopped = chunk.stopped || scanner_.stopped();
    chunk.pieces += scanner_.pieces() ? 1 : 0;
    if (reader_.failed()) result.skip = Skip::kUnreadable;
    return result;
  }

 private:
  Corpus::Opener opener_;
  const Matcher& matcher_;
  const CountOptions& options_;
  TextReader reader_;
  LineScanner scanner_;
};

void add(Counts& counts, const FileCount& file) {
  counts.matches += file.matches;
  counts.files_matched += file.matches > 0 ? 1 : 0;
  counts.files_searched += file.searched ? 1 : 0;
  counts.not_utf8 += file.not_utf8 ? 1 : 0;
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
  options.fold_line_ends = matcher.folds_line_ends();
  return options;
}

Counts count_matches(const Engine& engine, const Corpus& corpus, const Matcher& matcher,
                     const CountOptions& options, const Stop& stop) {
  Counts counts;
  counts.files.resize(corpus.size());
  std::size_t wave = kFirstWave;
  std::size_t begin = 0;
  while (begin < corpus.size() && counts.matches < options.enough && !counts.stopped) {
    const std::size_t end = std::min(begin + wave, corpus.size());
    std::vector<Chunk> chunks((end - begin + kChunkFiles - 1) / kChunkFiles);
    const auto run = [&](std::size_t n) {
      Counter counter(corpus, matcher, options, stop);
      const std::size_t first = begin + n * kChunkFiles;
      for (std::size_t i = first; i < std::min(first + kChunkFiles, end); ++i) {
        if (stop.now()) {
          chunks[n].stopped = true;
          break;
        }
        counts.files[i] = counter.count(i, chunks[n]);
      }
      chunks[n].over_limit = counter.over_limit();
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
      counts.lines_over_limit += chunk.over_limit;
    }
    begin = end;
    wave = std::min(wave * 4, kLargestWave);
  }
  for (const FileCount& file : counts.files) {
    if (!file.searched && file.skip == Skip::kNone) ++counts.not_reached;
  }
  return counts;
}

}  // namespace quarry::search
