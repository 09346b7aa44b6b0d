#include "server/search/grep_render.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "server/base/format.h"
#include "server/base/newlines.h"
#include "server/base/utf8.h"
#include "server/search/line_scanner.h"

namespace quarry::search {
namespace {

constexpr std::size_t kBeforeMatch = 128;  // bytes shown before the match in a cut line

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void append_path(std::string& out, const Corpus& corpus, std::size_t index) {
  std::string path;
  corpus.append_path(path, index);
  utf8::append_escaped_name(out, path);
}

// Appends numbered lines until a number of bytes is reached; what does not fit is not begun.
class Sink {
 public:
  struct Place {
    std::size_t bytes;
    std::uint64_t last;
  };

  Sink(std::string& out, std::size_t limit, bool groups)
      : out_(out), limit_(limit), groups_(groups) {}

  // `always`: whether it fits or not.
  void add(std::uint64_t number, char mark, std::string_view line, Span match,
           bool always = false) {
    if (full_ && !always) return;
    const std::size_t size = out_.size();
    if (groups_ && last_ != 0 && number > last_ + 1) out_.append("--\n");
    append_number(out_, number);
    out_.push_back(mark);
    append_shown_line(out_, line, match);
    out_.push_back('\n');
    full_ = out_.size() > limit_;
    if (full_ && !always) {
      out_.resize(size);
      return;
    }
    last_ = number;
  }
  // Instead of lines that did not fit.
  void add_left_out(std::uint64_t lines) {
    out_ += fmt::format("({} more {} of this match: read_file shows them)\n", lines,
                        lines == 1 ? "line" : "lines");
    full_ = true;
  }
  Place place() const { return {out_.size(), last_}; }
  // Takes back what was added since. Whether it is full is for the caller to say.
  void rewind(Place place, bool full) {
    out_.resize(place.bytes);
    last_ = place.last;
    full_ = full;
  }
  std::uint64_t last() const { return last_; }
  bool full() const { return full_; }

 private:
  std::string& out_;
  std::size_t limit_;
  bool groups_;
  bool full_ = false;
  std::uint64_t last_ = 0;  // line
};

// Shows one file's matches with their context.
class FileRenderer {
 public:
  // `first`: its first match is the first of the page, which is shown whatever it takes.
  FileRenderer(const RenderInput& input, Sink& sink, std::uint64_t skip, std::uint64_t take,
               bool first)
      : query_(input.query),
        matcher_(input.matcher),
        sink_(sink),
        skip_(skip),
        take_(take),
        first_(first),
        scanner_(input.matcher, input.stop, true) {}

  // Returns the number of matches shown.
  std::uint64_t render(TextReader& reader, sandbox::File file) {
    const TextReader::Options options = reader_options(matcher_, query_.max_file_bytes);
    if (reader.open(std::move(file), options) != Skip::kNone) return 0;
    scanner_.start();
    TextReader::Window window;
    bool more = true;
    while (!sink_.full() && (more || after_left_ > 0) && reader.next(window, query_.before)) {
      text_ = window.text;
      cursor_ = window.fresh;
      // The rest of a line that has been shown is none of its context.
      const bool rest = window.continues && (!more || sink_.last() == scanner_.line());
      if (rest) cursor_ = std::min(text_.find('\n', cursor_), text_.size() - 1) + 1;
      if (more) {
        cursor_line_ = scanner_.line() + (rest ? 1 : 0);
        more = scanner_.scan(window, [this](const LineMatch& m) { return visit(m); });
        if (sink_.full() || scanner_.stopped()) break;
      }
      append_after(text_.size());
    }
    // Without all the lines behind it a match is the next page's.
    if (after_cut_ && !(first_ && shown_ == 1)) {
      sink_.rewind(last_shown_, true);
      --shown_;
    }
    return shown_;
  }

 private:
  bool visit(const LineMatch& match) {
    if (++seen_ <= skip_) return true;
    append_after(match.begin);
    const Sink::Place place = sink_.place();
    if (sink_.full()) return false;
    std::uint64_t before = query_.before;
    append_before(match, before);
    std::uint64_t number = append_match(match, false);
    const bool first = first_ && shown_ == 0;
    if (sink_.full() && !first) {
      sink_.rewind(place, true);
      return false;
    }
    while (sink_.full() && before > 0) {
      before /= 2;
      sink_.rewind(place, false);
      append_before(match, before);
      number = append_match(match, false);
    }
    if (sink_.full()) {
      sink_.rewind(place, false);
      number = append_match(match, true);
    }
    cursor_ = std::min(match.end + 1, text_.size());
    cursor_line_ = number;
    after_left_ = query_.after;
    last_shown_ = place;
    return ++shown_ < take_;
  }

  // Returns the number of the line behind it. `always`: its first line is shown whether it fits or
  // not, and how many others are not.
  std::uint64_t append_match(const LineMatch& match, bool always) {
    // Only a line that is cut must be cut around its match.
    const bool cut = match.end - match.begin > GrepQuery::kMaxLineBytes;
    const Span where = cut ? scanner_.locate(text_, match) : match.match;
    std::uint64_t number = match.line;
    for (std::size_t at = match.begin; at <= match.end; ++number) {
      if (sink_.full() && number > match.line) {
        number += count_newlines(text_.substr(at, match.end - at)) + 1;
        break;
      }
      const std::size_t end = std::min(text_.find('\n', at), match.end);
      const Span span{std::max(where.begin, at) - at, std::min(std::max(where.end, at), end) - at};
      sink_.add(number, ':', text_.substr(at, end - at), span, always && number == match.line);
      at = end + 1;
    }
    if (always && sink_.last() + 1 < number) sink_.add_left_out(number - 1 - sink_.last());
    return number;
  }

  // The lines behind the last match, up to `limit`.
  void append_after(std::size_t limit) {
    for (; after_left_ > 0 && cursor_ < limit; --after_left_, ++cursor_line_) {
      const std::size_t end = std::min(text_.find('\n', cursor_), text_.size());
      sink_.add(cursor_line_, '-', text_.substr(cursor_, end - cursor_), {0, 0});
      after_cut_ = sink_.full();
      if (after_cut_) return;
      cursor_ = end + 1;
    }
  }

  // At most `most` of the lines before it, and none that has been shown.
  void append_before(const LineMatch& match, std::uint64_t most) {
    std::uint64_t wanted = std::min<std::uint64_t>(most, match.line - 1 - sink_.last());
    std::uint64_t number = match.line;
    std::size_t at = match.begin;
    // A line that goes on has none before it here.
    for (; wanted > 0 && at > 0 && text_[at - 1] == '\n'; --wanted, --number) {
      const std::size_t before = at < 2 ? std::string_view::npos : text_.rfind('\n', at - 2);
      at = before == std::string_view::npos ? 0 : before + 1;
    }
    for (; at < match.begin; ++number) {
      const std::size_t end = text_.find('\n', at);
      sink_.add(number, '-', text_.substr(at, end - at), {0, 0});
      at = end + 1;
    }
  }

  const GrepQuery& query_;
  const Matcher& matcher_;
  Sink& sink_;
  std::uint64_t skip_, take_;
  bool first_;
  LineScanner scanner_;
  std::string_view text_;   // of the reader's window
  std::size_t cursor_ = 0;  // in text_: behind the last line looked at as context
  std::uint64_t cursor_line_ = 1;
  std::uint64_t after_left_ = 0;
  bool after_cut_ = false;        // it does not fit
  Sink::Place last_shown_{0, 0};  // where the last match that is shown begins
  std::uint64_t seen_ = 0;
  std::uint64_t shown_ = 0;
};

struct Page {
  std::uint64_t shown = 0;
  bool cut = false;
  bool late = false;
  std::size_t file = 0;          // the next to show
  std::uint64_t file_shown = 0;  // matches of it that are shown, or before the page
};

Page append_page(std::string& out, const RenderInput& input, std::size_t limit) {
  const GrepQuery& query = input.query;
  Corpus::Opener opener(input.corpus);
  TextReader reader;
  Page page;
  std::uint64_t skip = query.offset;
  for (; page.file < input.counts.files.size() && page.shown < query.head_limit; ++page.file) {
    const std::uint64_t matches = input.counts.files[page.file].matches;
    if (skip >= matches) {
      skip -= matches;
      continue;
    }
    page.late = input.stop.now();
    if (page.late) return page;
    auto file = opener.open(page.file);
    if (!file) continue;
    const std::size_t begin = out.size();
    if (page.shown > 0) out.push_back('\n');
    append_path(out, input.corpus, page.file);
    out.push_back('\n');
    Sink sink(out, limit, query.before + query.after > 0);
    const std::uint64_t take = std::min(query.head_limit - page.shown, matches - skip);
    const std::uint64_t shown =
        FileRenderer(input, sink, skip, take, page.shown == 0).render(reader, std::move(*file));
    page.shown += shown;
    if (shown == 0) out.resize(begin);
    page.late = !sink.full() && shown < take && input.stop.now();
    if (page.late) return page;
    if (sink.full()) {
      page.cut = true;
      page.file_shown = skip + shown;
      return page;
    }
    skip = 0;
  }
  return page;
}

}  // namespace

void append_shown_line(std::string& out, std::string_view line, Span match) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  constexpr std::size_t most = GrepQuery::kMaxLineBytes;
  if (line.size() <= most) {
    utf8::append_repaired(out, line);
    return;
  }
  std::size_t begin = match.begin > kBeforeMatch ? match.begin - kBeforeMatch : 0;
  begin = std::min(begin, line.size() - most);
  for (int i = 0; i < 3 && begin > 0 && utf8::continues(line[begin]); ++i) ++begin;
  std::size_t end = std::min(begin + most, line.size());
  for (int i = 0; i < 3 && end < line.size() && end > begin && utf8::continues(line[end]); ++i)
    --end;
  if (begin > 0) out.append("\u2026");
  utf8::append_repaired(out, line.substr(begin, end - begin));
  if (end < line.size()) out.append("\u2026");
}

Rendered append_content(std::string& out, const RenderInput& input, std::size_t max_bytes) {
  const std::size_t begin = out.size();
  Page page = append_page(out, input, begin + max_bytes);
  if (!page.cut) return {page.shown, false, page.late};
  out.resize(begin);
  page = append_page(out, input, begin + max_bytes / 4 * 3);
  const std::size_t limit = begin + max_bytes;
  std::string rest = "\nmax_tokens reached; matches in the files that follow:\n";
  const std::size_t heading = rest.size();
  for (std::size_t i = page.file; i < input.counts.files.size(); ++i) {
    const std::uint64_t before = i == page.file ? page.file_shown : 0;
    if (input.counts.files[i].matches <= before) continue;
    std::string line;
    append_path(line, input.corpus, i);
    line += fmt::format(":{}\n", input.counts.files[i].matches - before);
    if (out.size() + rest.size() + line.size() > limit) {
      if (rest.size() > heading) rest += "(and more files)\n";
      break;
    }
    rest += line;
  }
  if (rest.size() > heading) out += rest;
  return {page.shown, true, page.late};
}

Rendered append_files(std::string& out, const RenderInput& input, std::size_t max_bytes) {
  const std::size_t limit = out.size() + max_bytes;
  Rendered rendered;
  std::uint64_t skip = input.query.offset;
  for (std::size_t i = 0; i < input.counts.files.size(); ++i) {
    if (rendered.shown >= input.query.head_limit) break;
    const FileCount& file = input.counts.files[i];
    if (file.matches == 0) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    std::string line;
    append_path(line, input.corpus, i);
    if (input.query.mode == OutputMode::kCount) line += fmt::format(":{}", file.matches);
    line.push_back('\n');
    if (out.size() + line.size() > limit && rendered.shown > 0) {
      rendered.cut = true;
      break;
    }
    out += line;
    ++rendered.shown;
  }
  return rendered;
}

}  // namespace quarry::search
