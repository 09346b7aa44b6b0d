#include "server/files/large.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "server/base/figures.h"
#include "server/base/utf8.h"
#include "server/files/encoding.h"
#include "server/files/read_text.h"

namespace quarry::files {
namespace {

constexpr std::size_t kPiece = 256 << 10;
// What is looked at around the lines asked for. More than any budget holds, and a bound where
// lines are very long.
constexpr std::size_t kWindow = 1 << 20;
// Of a clipped line as UTF-8, with its mark.
constexpr std::size_t kMaxClippedBytes = 4 * 2000 + 64;

// Where a line begins, or how many lines there are when it does not exist.
struct Found {
  std::int64_t offset = -1;
  std::int64_t lines = 0;
};

Result<Found> find_line(const sandbox::File& file, std::int64_t number, std::span<char> piece,
                        const CancelToken& cancel) {
  std::int64_t line = 1;
  std::int64_t offset = 0;
  char last = '\n';
  while (line < number) {
    TRY(cancel.check());
    TRY_ASSIGN(const std::size_t got, file.read_at(offset, piece));
    if (got == 0) return Found{-1, line - (last == '\n' ? 1 : 0)};
    const std::string_view text(piece.data(), got);
    last = text.back();
    const auto newlines = static_cast<std::int64_t>(count_newlines(text));
    if (line + newlines < number) {
      line += newlines;
      offset += static_cast<std::int64_t>(got);
      continue;
    }
    const std::string_view rest = from_line(text, number - line + 1, '\n');
    return Found{offset + static_cast<std::int64_t>(got - rest.size()), number};
  }
  return Found{offset, number};
}

// The window's whole lines; all of it when it holds no whole line.
std::string_view whole_lines(std::string_view window) {
  const std::size_t end = window.rfind('\n');
  return end == std::string_view::npos ? window : window.substr(0, end + 1);
}

// Makes `text`, a part of a file, UTF-8 without a byte order mark. `decoded` owns it when it was
// something else before, and says what.
Result<void> decode_part(std::string_view& text, const ReadRequest& request, Decoded& decoded) {
  if (!request.encoding && is_utf8(text)) {
    decoded.charset = find_bom(text).value_or(Charset());
    text.remove_prefix(decoded.charset.bom().size());
    return {};
  }
  TRY_ASSIGN(decoded, decode(text, request.encoding));
  text = decoded.text;
  return {};
}

void append_header(std::string& out, const LargeJob& job, std::uint64_t size,
                   const Decoded& decoded) {
  utf8::append_escaped_name(out, job.path.display());
  out.append(": ");
  append_size(out, size);
  out.append(", ").append(describe(decoded.charset, decoded.damaged));
  out.append(" as far as shown; above ");
  append_size(out, kMaxWholeBytes);
  out.append(" hash and line count are left out\n");
}

void append_past_end(std::string& out, std::int64_t offset, std::int64_t lines) {
  out.append("offset ");
  append_count(out, static_cast<std::uint64_t>(offset));
  out.append(" is past the end: the last line is ");
  append_count(out, static_cast<std::uint64_t>(lines));
  out.push_back('\n');
}

Result<void> append_tail(const sandbox::File& file, const LargeJob& job, std::span<char> window,
                         std::string& out) {
  const std::int64_t size = file.stamp().size;
  std::string_view text;
  bool reached = false;  // the window holds the begin of the first line wanted
  for (std::size_t length = window.size() / 16; !reached; length *= 4) {
    length = std::min(length, window.size());
    const std::int64_t begin = size - static_cast<std::int64_t>(length);
    TRY_ASSIGN(const std::size_t got, file.read_at(begin, window.first(length)));
    text = std::string_view(window.data(), got);
    reached = static_cast<std::int64_t>(count_newlines(text)) > job.request.tail ||
              length == window.size();
  }
  // The window begins inside a line, whose rest is not shown unless there is nothing else.
  const std::size_t first_end = text.find('\n');
  if (first_end != std::string_view::npos && first_end + 1 < text.size()) {
    text.remove_prefix(first_end + 1);
  } else {
    while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0U) == 0x80U) {
      text.remove_prefix(1);
    }
  }
  Decoded decoded;
  TRY(decode_part(text, job.request, decoded));
  const std::int64_t count = fitting_tail(text, job.request.tail, job.request.max_bytes, '\n');
  append_header(out, job, static_cast<std::uint64_t>(size), decoded);
  LineRun run;
  run.first = 0;
  const LinesShown shown = append_lines(out, last_lines(text, count, '\n'), run);
  out.append("the last ");
  append_count(out, static_cast<std::uint64_t>(shown.lines));
  out.append(shown.lines == 1 ? " line" : " lines");
  if (shown.lines < job.request.tail) out.append(", as many as fit");
  out.append("; their numbers are not known\n");
  return {};
}

}  // namespace

std::int64_t fitting_tail(std::string_view text, std::int64_t count, std::size_t max_bytes,
                          char separator) {
  if (text.empty()) return 0;
  std::size_t at = text.size() - (text.back() == separator ? 1U : 0U);
  std::size_t used = 0;
  std::int64_t lines = 0;
  while (lines < count) {
    const std::size_t end = text.substr(0, at).rfind(separator);
    const std::size_t begin = end == std::string_view::npos ? 0 : end + 1;
    used += std::min(at - begin, kMaxClippedBytes) + 8;
    if (used > max_bytes && lines > 0) break;
    ++lines;
    if (end == std::string_view::npos) break;
    at = end;
  }
  return lines;
}

void append_place(std::string& out, const sandbox::Path& path, const ReadRequest& request) {
  if (request.name_path) {
    out.append("path=");
    utf8::append_escaped_name(out, path.display());
    out.append(", ");
  }
  if (!request.ref.empty()) {
    out.append("ref=");
    utf8::append_escaped_name(out, request.ref);
    out.append(", ");
  }
}

void append_continuation(std::string& out, const Continuation& where) {
  const std::int64_t last = where.first + where.shown.lines - 1;
  const bool more = where.total < 0 ? where.more : last < where.total;
  const ReadRequest& request = where.request;
  const auto append_path = [&] { append_place(out, where.path, request); };
  const bool before = request.tail > 0 && where.shown.lines < request.tail && where.first > 1;
  if (more || before) {
    out.append("lines ");
    append_count(out, static_cast<std::uint64_t>(where.first));
    out.push_back('-');
    append_count(out, static_cast<std::uint64_t>(last));
    if (where.total >= 0) {
      out.append(" of ");
      append_count(out, static_cast<std::uint64_t>(where.total));
    }
    out.append(before ? "; the lines before them with " : "; continue with ");
    append_path();
    const std::int64_t begin =
        before ? std::max<std::int64_t>(1, where.total - request.tail + 1) : last + 1;
    out.append("offset=");
    append_integer(out, begin);
    const std::int64_t limit = before ? where.first - begin : request.limit;
    if (before || limit != kDefaultLines) {
      out.append(", limit=");
      append_integer(out, limit);
    }
    out.push_back('\n');
  }
  if (where.shown.clipped > 0) {
    append_count(out, static_cast<std::uint64_t>(where.shown.clipped));
    out.append(where.shown.clipped == 1 ? " line is clipped; " : " lines are clipped; ");
    if (request.limit == 1 && request.tail == 0) {
      out.append("a larger max_tokens shows more of it\n");
    } else {
      append_path();
      out.append("offset=");
      append_integer(out, where.shown.first_clipped);
      out.append(", limit=1 shows the first of them as far as max_tokens goes\n");
    }
  }
}

Result<void> append_large_text(const sandbox::File& file, const LargeJob& job,
                               const CancelToken& cancel, std::string& out) {
  const ReadRequest& request = job.request;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kWindow);
  const std::span<char> window(buffer.get(), kWindow);
  if (request.tail > 0) return append_tail(file, job, window, out);

  TRY_ASSIGN(const Found found, find_line(file, request.offset, window.first(kPiece), cancel));
  const auto size = static_cast<std::uint64_t>(file.stamp().size);
  std::string_view text;
  bool at_end = true;
  bool goes_on = false;
  if (found.offset >= 0) {
    TRY_ASSIGN(const std::size_t got, file.read_at(found.offset, window));
    at_end = got < window.size();
    text = std::string_view(window.data(), got);
    if (!at_end) text = whole_lines(text);
    goes_on = !at_end && !text.ends_with('\n');
    if (goes_on) text = utf8::clip(text, text.size() - 1);  // not inside a character
  }
  Decoded decoded;
  TRY(decode_part(text, request, decoded));
  const std::size_t budget_end = out.size() + request.max_bytes;
  append_header(out, job, size, decoded);
  if (text.empty()) {
    append_past_end(out, request.offset, found.offset < 0 ? found.lines : request.offset - 1);
    return {};
  }
  LineRun run;
  run.first = request.offset;
  run.max_lines = request.limit;
  run.max_bytes = budget_end - std::min(budget_end, out.size());
  if (request.limit == 1) run.max_line_chars = LineRun{}.max_bytes;
  run.goes_on = goes_on;
  const LinesShown shown = append_lines(out, text, run);
  const bool more = !at_end || from_line(text, shown.lines + 1, '\n').size() > 0;
  append_continuation(out, {.first = run.first,
                            .shown = shown,
                            .total = -1,
                            .more = more,
                            .path = job.path,
                            .request = request});
  return {};
}

}  // namespace quarry::files
