#include "server/search/line_scanner.h"

#include <algorithm>

#include "server/base/newlines.h"
#include "server/base/utf8.h"

namespace quarry::search {
namespace {

std::size_t line_begin(std::string_view text, std::size_t at, std::size_t least) {
  if (at <= least) return least;
  const std::size_t before = text.rfind('\n', at - 1);
  return before == std::string_view::npos || before < least ? least : before + 1;
}

// Behind the last line, where nothing is.
bool behind_text(std::string_view text, std::size_t at) {
  return at == text.size() && (text.empty() || text.back() == '\n');
}

}  // namespace

void LineScanner::start() {
  stopped_ = pieces_ = open_matched_ = scratch_.stopped = false;
  line_ = 1;
}

Span LineScanner::locate(std::string_view text, const LineMatch& found) {
  if (found.match.end > 0) return found.match;
  return matcher_->find(text, found.begin, found.end, scratch_)
      .value_or(Span{found.begin, found.begin});
}

void LineScanner::count_to(std::string_view text, std::size_t position) {
  if (!numbers_) return;
  line_ += count_newlines(text.substr(counted_, position - counted_));
  counted_ = position;
}

bool LineScanner::scan(const TextReader::Window& window,
                       const std::function<bool(const LineMatch&)>& visit) {
  counted_ = window.fresh;
  scratch_.start_text();
  matcher_->expect(window.text.size() - window.fresh);
  const bool more = matcher_->multiline() ? scan_whole(window, visit) : scan_lines(window, visit);
  if (more) count_to(window.text, window.text.size());
  return more;
}

bool LineScanner::scan_lines(const TextReader::Window& window,
                             const std::function<bool(const LineMatch&)>& visit) {
  const std::string_view text = window.text;
  std::size_t at = window.fresh;
  if (window.continues && open_matched_) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return true;
    at = end + 1;
  }
  open_matched_ = false;
  while (at < window.end) {
    if (stop_->now()) {
      stopped_ = true;
      return false;
    }
    // Whole lines, as many as a slice holds, or of a line that it does not hold a piece.
    const bool begins = at == 0 ? !window.continues : text[at - 1] == '\n';
    std::size_t to = text.size();
    if (window.open_end || to - at > kSliceBytes) {
      to = line_begin(text, std::min(at + kSliceBytes, to), at);
    }
    const bool piece = !begins || to == at;
    std::size_t line_end = to;
    if (piece) {
      line_end = std::min(text.find('\n', at), window.end);
      to = std::min(utf8::character_begin(text, std::min(at + kSliceBytes, text.size())), line_end);
      pieces_ = true;
    }
    while (at < to) {
      LineMatch found;
      if (piece) {
        const auto match = matcher_->find(text, at, to, scratch_);
        if (!match) break;
        found.begin = line_begin(text, match->begin, window.fresh);
        found.end = std::min(text.find('\n', match->begin), text.size());
        found.match = *match;
      } else {
        const auto line = matcher_->find_line(text, at, to, scratch_);
        if (!line) break;
        found.begin = line->begin;
        found.end = line->end;
      }
      count_to(text, found.begin);
      found.line = line_;
      open_matched_ = window.open_end && found.end == text.size();
      if (!visit(found)) return false;
      at = found.end + 1;
    }
    if (scratch_.stopped) {
      stopped_ = true;
      return false;
    }
    if (at > to) continue;
    // What spans two pieces of a line is found when it is no longer than their overlap.
    if (piece && to < line_end) {
      at = utf8::character_begin(text, to - TextReader::kOverlapBytes);
    } else {
      at = piece ? to + 1 : to;
    }
  }
  pieces_ = pieces_ || window.open_end;
  return true;
}

bool LineScanner::scan_whole(const TextReader::Window& window,
                             const std::function<bool(const LineMatch&)>& visit) {
  const std::string_view text = window.text;
  std::size_t reported = window.fresh;  // lines before it have been
  for (std::size_t at = window.fresh; at <= text.size();) {
    if (stop_->now()) {
      stopped_ = true;
      return false;
    }
    const auto match = matcher_->find(text, at, text.size(), scratch_);
    if (scratch_.stopped) {
      stopped_ = true;
      return false;
    }
    if (!match || behind_text(text, match->begin)) break;
    const std::size_t last = match->end > match->begin ? match->end - 1 : match->begin;
    LineMatch found;
    found.begin = std::max(line_begin(text, match->begin, window.fresh), reported);
    found.end = std::min(text.find('\n', last), text.size());
    found.match = *match;
    at = match->end > match->begin ? match->end : match->end + 1;
    if (found.end < found.begin) continue;  // lines that an earlier match has shown
    reported = found.end + 1;
    count_to(text, found.begin);
    found.line = line_;
    if (!visit(found)) return false;
  }
  return true;
}

}  // namespace quarry::search
