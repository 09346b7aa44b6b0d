// Any bytes as a search: a pattern, a glob, the lines of an ignore file, and a text.
//
// The input is a byte of options and then a pattern, a line break, and a text; each part also
// serves as a glob and as a path. Checked: nothing crashes or hangs; a match lies where it says;
// a line that the scanner reports is found by the matcher on that line alone; what is required of
// every match is in it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/base/clock.h"
#include "server/base/utf8.h"
#include "server/search/glob.h"
#include "server/search/grep_render.h"
#include "server/search/ignore.h"
#include "server/search/line_scanner.h"
#include "server/search/matcher.h"

namespace quarry::search {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_globs(std::string_view pattern, std::string_view path) {
  for (const auto flavour : {Glob::Flavour::kTool, Glob::Flavour::kIgnore}) {
    for (const bool fold : {false, true}) {
      const auto glob = Glob::compile(pattern, flavour, fold);
      if (!glob) continue;
      const bool whole = glob->matches(path);
      if (!path.contains('/')) require(!whole || glob->matches_name_or_path(path));
    }
  }
  require(Glob::literal(path).matches(path));
}

void check_ignore(std::string_view rules, std::string_view path) {
  const auto parsed = IgnoreRules::parse(rules);
  if (!parsed || path.empty()) return;
  // A rule for directories only never makes a file ignored that is none as a directory, unless
  // a negation stands in between.
  const auto as_file = parsed->judge(path, false);
  const auto as_directory = parsed->judge(path, true);
  if (as_file != IgnoreRules::Verdict::kNone) {
    require(as_directory != IgnoreRules::Verdict::kNone);
  }
}

void check_lines(const Matcher& matcher, std::string_view text) {
  const SystemClock clock;
  const CancelToken never(clock);
  const Stop stop(never, clock);
  LineScanner scanner(matcher, stop, true);
  scanner.start();
  TextReader::Window window;
  window.text = text;
  std::uint64_t last = 0;
  scanner.scan(window, [&](const LineMatch& found) {
    require(found.begin <= found.end && found.end <= text.size());
    require(found.line > last);
    last = found.line;
    const std::string_view lines = text.substr(found.begin, found.end - found.begin);
    if (!matcher.multiline()) {
      require(!lines.contains('\n'));
      MatchScratch scratch;
      const auto again = matcher.find_line(lines, 0, lines.size(), scratch);
      require((again && again->begin == 0 && again->end == lines.size()) || scratch.over_limit > 0);
    }
    std::string shown;
    append_shown_line(shown, lines, {0, 0});
    require(utf8::valid(shown));
    return true;
  });
}

}  // namespace
}  // namespace quarry::search

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace quarry::search;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  if (input.empty()) return 0;
  const unsigned flags = static_cast<unsigned char>(input.front());
  const std::string_view rest = input.substr(1);
  const std::size_t cut = std::min(rest.find('\n'), rest.size());
  const std::string_view pattern = rest.substr(0, cut);
  const std::string_view text = rest.substr(std::min(cut + 1, rest.size()));
  check_globs(pattern, text.substr(0, 4096));
  check_ignore(pattern, text.substr(0, 4096));
  check_ignore(text, pattern);
  MatchOptions options;
  options.fixed = (flags & 1U) != 0;
  options.ignore_case = (flags & 2U) != 0;
  options.word = (flags & 4U) != 0;
  options.multiline = (flags & 8U) != 0;
  const auto matcher = Matcher::compile(pattern, options);
  if (matcher) check_lines(**matcher, text);
  return 0;
}
