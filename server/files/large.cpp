#include "server/files/large.h"

#include <algorithm>
#include <memory>
#include <span>

#include "server/base/figures.h"
#include "server/base/utf8.h"
#include "server/files/continuation.h"
#include "server/files/encoding.h"

namespace quarry::files {
namespace {

constexpr std::size_t kPiece = 256 << 10;
// What is looked at around the lines asked for: enough for what is shown, but where lines are
// clipped, then more, up to a bound where lines are very long.
constexpr std::size_t kMargin = 16 << 10;
constexpr std::size_t kWindow = 1 << 20;

class Buffer {
 public:
  explicit Buffer(std::size_t bytes)
      : bytes_(std::make_unique_for_overwrite<char[]>(bytes)), size_(bytes) {}
  // Fills the first `want` bytes from the file's `offset`, as far as it goes.
  Result<std::string_view> read(const sandbox::File& file, std::int64_t offset, std::size_t want) {
    TRY_ASSIGN(const std::size_t got,
               file.read_at(offset, std::span(bytes_.get(), std::min(want, size_))));
    return std::string_view(bytes_.get(), got);
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

// Reads on from where `index` ends until it has passed the begin of `line` or the file's end.
Result<void> grow(LineIndex& index, const sandbox::File& file, std::int64_t line,
                  const CancelToken& cancel) {
  Buffer buffer(kPiece);
  while (!index.complete() && index.line_at_end() < line) {
    TRY(cancel.check());
    TRY_ASSIGN(const std::string_view piece, buffer.read(file, index.read_to(), kPiece));
    index.add(piece);
    // Where the end is known it is not asked for: a line that would begin there is past it.
    const bool at_end = index.read_to() >= file.stamp().size;
    if (at_end || piece.size() < kPiece) index.finish();
  }
  return {};
}

[[gnu::cold]] Failure out_of_time(const Job& job, const LineIndex& index, bool kept) {
  std::string seen;
  append_size(seen, static_cast<std::uint64_t>(index.read_to()));
  return fail(Code::kTimeout,
              "line {} was not found in time: the first {} of the file hold {} lines; {}",
              job.request.offset, seen, index.line_at_end() - 1,
              kept ? "call again, which goes on from there, or use tail"
                   : "the file is being written; use tail");
}

// The index of the file, as far as the line asked for.
Result<std::shared_ptr<const LineIndex>> find_index(const Job& job, const LargeFile& large,
                                                    LineIndexes& indexes,
                                                    const CancelToken& cancel) {
  const LineUnit unit = large.charset ? line_unit(*large.charset) : LineUnit::kLf;
  auto known = indexes.find(large.file.stamp());
  if (known && known->unit() != unit) known = nullptr;
  if (known && (known->complete() || known->line_at_end() >= job.request.offset)) return known;
  const auto mark = find_bom(large.start);
  LineIndex index =
      known ? LineIndex(*known) : LineIndex(unit, mark ? mark->bom() : std::string_view());
  const Result<void> grown = grow(index, large.file, job.request.offset, cancel);
  auto found = std::make_shared<const LineIndex>(index);
  const bool kept = indexes.keep(large.file, std::move(index));
  if (!grown && grown.error().code == Code::kTimeout) return out_of_time(job, *found, kept);
  TRY(grown);
  return found;
}

// Makes `text`, a part of a file, UTF-8 without a byte order mark. `decoded` owns it when it was
// something else before, and says what.
Result<void> decode_part(std::string_view& text, const LargeFile& large, Decoded& decoded) {
  const std::optional<Charset>& charset = large.charset;
  if (!charset && is_utf8(text)) {
    decoded.charset = find_bom(large.start).value_or(Charset());
    if (text.starts_with(decoded.charset.bom())) text.remove_prefix(decoded.charset.bom().size());
    return {};
  }
  TRY_ASSIGN(decoded, decode(text, charset));
  if (charset) {
    decoded.charset.found = charset->found;
    decoded.charset.has_bom = charset->has_bom;
  }
  text = decoded.text;
  return {};
}

// `index`: null, or what is known of the whole.
void append_header(const Job& job, const LargeFile& large, const Decoded& decoded,
                   const LineIndex* index) {
  TextFacts facts;
  const bool known = index != nullptr && index->complete();
  if (known) facts = index->facts();
  facts.bytes = large.file.stamp().size;
  facts.charset = decoded.charset;
  facts.damaged = decoded.damaged;
  const bool whole = known && index->utf8() && decoded.charset.kind() == CharsetKind::kUtf8;
  append_text_header(job, facts, known ? Known::kWhole : Known::kPart, whole);
}

Result<void> append_tail(const Job& job, const LargeFile& large, const LineIndex* index) {
  const std::int64_t size = large.file.stamp().size;
  const LineUnit unit = large.charset ? line_unit(*large.charset) : LineUnit::kLf;
  Buffer window(kWindow);
  std::string_view text;
  bool reached = false;  // the window holds the begin of the first line wanted
  for (std::size_t length = kWindow / 16; !reached; length *= 4) {
    length = std::min(length, kWindow);
    std::int64_t begin = size - static_cast<std::int64_t>(length);
    begin -= begin % static_cast<std::int64_t>(unit_bytes(unit));
    TRY_ASSIGN(text, window.read(large.file, begin, length));
    reached = static_cast<std::int64_t>(count_line_ends(text, unit)) > job.request.tail ||
              length == kWindow;
  }
  // The window begins inside a line, whose rest is not shown unless there is nothing else.
  const std::size_t first_end = after_line_end(text, 0, unit);
  if (first_end != std::string_view::npos && first_end < text.size()) {
    text.remove_prefix(first_end);
  } else if (unit == LineUnit::kLf) {
    while (!text.empty() && utf8::continues(text.front())) {
      text.remove_prefix(1);
    }
  }
  Decoded decoded;
  TRY(decode_part(text, large, decoded));
  const std::int64_t count = fitting_tail(text, job.request.tail, job.request.max_bytes, '\n');
  append_header(job, large, decoded, index);
  const bool known = index != nullptr && index->complete();
  LineRun run;
  run.first = known ? index->facts().shape.lines - count + 1 : 0;
  const LinesShown shown = append_lines(job.out, last_lines(text, count, '\n'), run);
  if (known) {
    report_lines(job, index->facts(), run.first, shown);
    append_continuation(job.out, {.first = run.first,
                                  .shown = shown,
                                  .total = index->facts().shape.lines,
                                  .path = job.path,
                                  .request = job.request});
    return {};
  }
  job.out.append("the last ");
  append_count(job.out, static_cast<std::uint64_t>(shown.lines));
  job.out.append(shown.lines == 1 ? " line" : " lines");
  if (shown.lines < job.request.tail) job.out.append(", as many as fit");
  job.out.append("; their numbers are not known\n");
  return {};
}

// Where the line begins that is asked for; REQUIRES that `index` has seen that begin.
Result<std::int64_t> find_begin(const Job& job, const LargeFile& large, const LineIndex& index) {
  LineIndex::Mark at = index.find_mark(job.request.offset);
  if (at.line == job.request.offset) return at.offset;
  Buffer buffer(kPiece);
  std::size_t want = std::min(kPiece, static_cast<std::size_t>(index.spacing()));
  while (true) {
    TRY_ASSIGN(const std::string_view piece, buffer.read(large.file, at.offset, want));
    const std::size_t begin = offset_of_line(piece, job.request.offset - at.line + 1, index.unit());
    if (begin != std::string_view::npos) return at.offset + static_cast<std::int64_t>(begin);
    if (piece.size() < want) {
      return fail(Code::kConflict, "'{}' is being written by another program; call again",
                  job.path.display());
    }
    at.line += static_cast<std::int64_t>(count_line_ends(piece, index.unit()));
    at.offset += static_cast<std::int64_t>(piece.size());
    want = kPiece;
  }
}

// A part of the file: whole lines, or the start of one.
struct Part {
  std::string_view text;
  bool at_end = false;
  bool goes_on = false;  // it ends inside a line, which is all that it holds
};

Part make_part(std::string_view text, bool at_end, LineUnit unit) {
  Part part{.text = text, .at_end = at_end};
  if (at_end) return part;
  const std::size_t end = after_last_line_end(text, unit);
  part.goes_on = end == std::string_view::npos;
  if (!part.goes_on) {
    part.text = text.substr(0, end);
  } else if (unit == LineUnit::kLf && !text.empty()) {
    part.text = utf8::clip(text, text.size() - 1);  // not inside a character
  }
  return part;
}

Result<void> append_beyond_end(const Job& job, const LargeFile& large, const LineIndex& index) {
  std::string_view start = large.start;
  if (!large.charset) start = start.substr(0, start.rfind('\n') + 1);
  Decoded decoded;
  TRY(decode_part(start, large, decoded));
  append_header(job, large, decoded, &index);
  append_past_end(job, index.facts().shape.lines);
  return {};
}

Result<void> append_range(const Job& job, const LargeFile& large, const LineIndex& index) {
  const ReadRequest& request = job.request;
  if (index.complete() && request.offset > index.facts().shape.lines) {
    return append_beyond_end(job, large, index);
  }
  const std::size_t begin = job.out.size();
  TRY_ASSIGN(const std::int64_t offset, find_begin(job, large, index));
  const std::size_t unit = unit_bytes(index.unit());
  for (std::size_t want = (request.max_bytes + kMargin) * unit;; want *= 4) {
    want = std::min(want, kWindow * unit);
    const bool most = want == kWindow * unit;
    Buffer window(want);
    TRY_ASSIGN(std::string_view text, window.read(large.file, offset, want));
    const Part part = make_part(text, text.size() < want, index.unit());
    if (part.goes_on && !most) continue;
    text = part.text;
    Decoded decoded;
    TRY(decode_part(text, large, decoded));
    append_header(job, large, decoded, &index);
    LineRun run;
    run.first = request.offset;
    run.max_lines = request.limit;
    run.max_bytes = begin + request.max_bytes - std::min(begin + request.max_bytes, job.out.size());
    if (request.limit == 1) run.max_line_chars = LineRun{}.max_bytes;
    run.goes_on = part.goes_on;
    const LinesShown shown = append_lines(job.out, text, run);
    // Lines that are shown clipped take more of the file than of the answer.
    if (!part.at_end && !most && shown.bytes == text.size() && shown.lines < run.max_lines) {
      job.out.resize(begin);
      continue;
    }
    if (index.complete()) report_lines(job, index.facts(), run.first, shown);
    append_continuation(job.out, {.first = run.first,
                                  .shown = shown,
                                  .total = index.complete() ? index.facts().shape.lines : -1,
                                  .more = !part.at_end || shown.bytes < text.size(),
                                  .path = job.path,
                                  .request = request});
    return {};
  }
}

}  // namespace

Result<void> append_large_text(const Job& job, const LargeFile& large, LineIndexes& indexes,
                               const CancelToken& cancel) {
  if (job.request.tail > 0) {
    const auto known = indexes.find(large.file.stamp());
    return append_tail(job, large, known.get());
  }
  TRY_ASSIGN(const auto index, find_index(job, large, indexes, cancel));
  return append_range(job, large, *index);
}

}  // namespace quarry::files
