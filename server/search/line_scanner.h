// LineScanner: the lines of one text that a Matcher matches, window by window.
//
// The text is searched in slices of at most kSliceBytes, and Stop is asked before each; within one
// the engines ask (match_scratch.h). A line
// longer than a slice is searched in pieces that overlap. A line is reported once.
//
// Belongs to one thread.

#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "server/search/matcher.h"
#include "server/search/stop.h"
#include "server/search/text_reader.h"

namespace quarry::search {

// Matching lines: text[begin, end) of the window, without the last line break. One line, or with
// a multiline matcher those that the match touches and that were not reported before.
struct LineMatch {
  std::uint64_t line = 0;  // number of the first, from 1
  std::size_t begin = 0;
  std::size_t end = 0;
  // Where the pattern matched, when that is known: in multiline, where it may reach beyond
  // [begin, end), and in long lines. LineScanner::locate() tells the rest.
  Span match{0, 0};
};

class LineScanner {
 public:
  static constexpr std::size_t kSliceBytes = 256 << 10;

  // `numbers`: whether LineMatch::line is wanted.
  LineScanner(const Matcher& matcher, const Stop& stop, bool numbers)
      : matcher_(&matcher), stop_(&stop), numbers_(numbers), scratch_(&stop) {}

  // Before the first window of a text.
  void start();
  // Calls `visit` for each match; false ends the scan. Returns false when ended or stopped.
  bool scan(const TextReader::Window& window, const std::function<bool(const LineMatch&)>& visit);
  // Where in a line of `text` that was reported the pattern matched.
  Span locate(std::string_view text, const LineMatch& found);
  // Number of the line at the start of the next window, when `numbers`.
  std::uint64_t line() const { return line_; }
  // A match may have been missed: stopped by Stop.
  bool stopped() const { return stopped_; }
  // Some line was so long that it was searched in pieces.
  bool pieces() const { return pieces_; }
  // Lines of all texts that were given up, and so may have a match; in multiline, texts.
  std::uint64_t over_limit() const { return scratch_.over_limit; }

 private:
  bool scan_lines(const TextReader::Window& window,
                  const std::function<bool(const LineMatch&)>& visit);
  bool scan_whole(const TextReader::Window& window,
                  const std::function<bool(const LineMatch&)>& visit);
  void count_to(std::string_view text, std::size_t position);

  const Matcher* matcher_;
  const Stop* stop_;
  bool numbers_;
  bool stopped_ = false;
  bool pieces_ = false;
  bool open_matched_ = false;  // the line that goes on in the next window has been reported
  std::uint64_t line_ = 1;     // number of the line at counted_
  std::size_t counted_ = 0;    // position in the window
  MatchScratch scratch_;
};

}  // namespace quarry::search
