#include "server/files/read_text.h"

#include <algorithm>
#include <memory>
#include <span>

#include "server/base/figures.h"
#include "server/base/hash.h"
#include "server/base/utf8.h"
#include "server/files/continuation.h"
#include "server/files/encoding.h"

namespace quarry::files {
namespace {

// What a window holds beyond the budget: the way from the mark to the first line, and the line
// that the end of the window cuts.
constexpr std::size_t kWindowMargin = 48 << 10;

std::string_view describe(LineEnds ends) {
  switch (ends) {
    case LineEnds::kNone:
      return "";
    case LineEnds::kLf:
      return ", lf";
    case LineEnds::kCrlf:
      return ", crlf";
    case LineEnds::kCr:
      return ", cr";
    case LineEnds::kMixed:
      return ", mixed line ends";
  }
  return "";
}

// The numbered part: the range asked for, and what to call for the rest.
void append_range(const Job& job, std::string_view text, const TextFacts& facts,
                  std::size_t budget_end) {
  const TextShape& shape = facts.shape;
  const ReadRequest& request = job.request;
  LineRun run;
  run.first = request.offset;
  run.max_lines = request.limit;
  run.max_bytes = budget_end - std::min(budget_end, job.out.size());
  run.separator = shape.separator();
  if (request.tail > 0) {
    const std::int64_t count =
        fitting_tail(text, std::min(request.tail, shape.lines), run.max_bytes, run.separator);
    run.first = shape.lines - count + 1;
    run.max_lines = count;
    // fitting_tail has chosen; the estimate may be off by a clip mark, which must not cost a line.
    run.max_bytes = LineRun{}.max_bytes;
    text = last_lines(text, count, run.separator);
  } else {
    text = from_line(text, run.first, run.separator);
    if (run.max_lines == 1) run.max_line_chars = LineRun{}.max_bytes;
  }
  if (run.first > shape.lines) {
    append_past_end(job, shape.lines);
    return;
  }
  const LinesShown shown = append_lines(job.out, text, run);
  report_lines(job, facts, run.first, shown);
  append_continuation(job.out, {.first = run.first,
                                .shown = shown,
                                .total = shape.lines,
                                .path = job.path,
                                .request = request});
}

}  // namespace

void append_text_header(const Job& job, const TextFacts& facts, Known known, bool decoded_whole) {
  std::string& out = job.out;
  append_title(job);
  const bool whole = known == Known::kWhole;
  if (whole && facts.shape.lines == 0) {
    out.append("empty file, ");
  } else if (whole) {
    append_count(out, static_cast<std::uint64_t>(facts.shape.lines));
    out.append(facts.shape.lines == 1 ? " line, " : " lines, ");
  }
  append_size(out, static_cast<std::uint64_t>(facts.bytes));
  if (facts.bytes > 0) out.append(", ").append(describe(facts.charset, facts.damaged));
  if (!decoded_whole) out.append(" as far as shown");
  if (!whole) {
    out.append("; line count and hash are not known until a read reaches the end\n");
    return;
  }
  out.append(describe(facts.shape.ends));
  if (facts.shape.lines > 0 && !facts.shape.final_newline) out.append(", no final newline");
  out.append(", hash ");
  append_hash(out, facts.hash);
  out.push_back('\n');
}

void report_lines(const Job& job, const TextFacts& facts, std::int64_t first,
                  const LinesShown& shown) {
  ReadReport* report = job.request.report;
  if (report == nullptr) return;
  report->known = true;
  report->hash = facts.hash;
  report->first = first;
  report->count = shown.lines;
  report->total = facts.shape.lines;
  report->clipped = shown.clipped > 0;
}

void append_past_end(const Job& job, std::int64_t lines) {
  job.out.append("offset ");
  append_count(job.out, static_cast<std::uint64_t>(job.request.offset));
  job.out.append(" is past the end: the last line is ");
  append_count(job.out, static_cast<std::uint64_t>(lines));
  job.out.push_back('\n');
}

void append_title(const Job& job) {
  utf8::append_escaped_name(job.out, job.path.display());
  if (!job.request.ref.empty()) {
    job.out.append(" at ");
    utf8::append_escaped_name(job.out, job.request.ref);
    job.out.append(" (").append(job.request.commit).append(")");
  }
  job.out.append(": ");
}

std::string describe(const Charset& charset, bool damaged) {
  std::string text(charset.name());
  if (charset.has_bom) text.append(" with bom");
  if (charset.utf16() && !charset.has_bom) text.append(" without bom");
  const bool guessed =
      charset.found == CharsetFound::kDetected && charset.kind() != CharsetKind::kUtf8;
  if (guessed) text.append(" (detected)");
  if (charset.found == CharsetFound::kGiven) text.append(" (as asked)");
  if (damaged) text.append(", damaged (bad bytes shown as U+FFFD)");
  return text;
}

Result<void> append_text(const Job& job, std::string_view raw,
                         const std::optional<Charset>& charset, std::optional<LineIndex>* index) {
  const std::size_t budget_end = job.out.size() + job.request.max_bytes;
  TextFacts facts;
  facts.bytes = static_cast<std::int64_t>(raw.size());
  Decoded decoded;
  std::string_view text = raw;
  if (!charset) {
    if (const auto marked = find_bom(raw)) facts.charset = *marked;
    text.remove_prefix(facts.charset.bom().size());
    facts.shape = find_shape(text);
  }
  if (charset || (!facts.shape.ascii && !is_utf8(text))) {
    TRY_ASSIGN(decoded, decode(raw, charset));
    if (charset) decoded.charset.found = charset->found;
    facts.charset = decoded.charset;
    facts.damaged = decoded.damaged;
    text = decoded.text;
    facts.shape = find_shape(text);
  }
  facts.hash = hash64(raw);

  append_text_header(job, facts, Known::kWhole, true);
  if (text.empty()) {
    report_lines(job, facts, 1, {});
    if (job.request.report != nullptr) job.request.report->text.emplace();
    return {};
  }
  append_range(job, text, facts, budget_end);
  if (ReadReport* report = job.request.report;
      report != nullptr && text.size() <= report->max_text_bytes) {
    report->text.emplace(text);
  }
  if (index != nullptr && !facts.charset.utf16()) {
    const std::size_t skipped = facts.charset.bom().size();
    index->emplace(facts, raw.substr(skipped), static_cast<std::int64_t>(skipped));
  }
  return {};
}

bool append_indexed_text(const Job& job, const sandbox::File& file, const LineIndex& index) {
  const ReadRequest& request = job.request;
  const TextFacts& facts = index.facts();
  const bool was_asked = facts.charset.found == CharsetFound::kGiven;
  const bool same_charset =
      request.encoding ? was_asked && request.encoding->row == facts.charset.row : !was_asked;
  if (!same_charset) return false;
  const std::size_t begin = job.out.size();
  append_text_header(job, facts, Known::kWhole, true);
  const std::int64_t lines = facts.shape.lines;
  const std::int64_t first =
      request.tail > 0 ? std::max<std::int64_t>(lines - request.tail + 1, 1) : request.offset;
  if (first > lines) {
    append_past_end(job, lines);
    return true;
  }
  const auto give_up = [&] {
    job.out.resize(begin);
    return false;
  };
  const auto budget = static_cast<std::int64_t>(request.max_bytes + kWindowMargin);
  LineIndex::Mark mark = index.find_mark(first);
  // Of a tail that does not fit the end is shown.
  if (request.tail > 0 && facts.bytes - mark.offset > budget) {
    mark = index.find_mark_at(facts.bytes - budget);
  }
  const auto rest = static_cast<std::size_t>(facts.bytes - mark.offset);
  const std::size_t want =
      request.tail > 0 ? rest : std::min(rest, static_cast<std::size_t>(budget));
  const auto buffer = std::make_unique_for_overwrite<char[]>(want);
  const auto got = file.read_at(mark.offset, std::span(buffer.get(), want));
  if (!got || *got < want) return give_up();

  const char separator = facts.shape.separator();
  std::string_view text(buffer.get(), want);
  const bool at_end = want == rest;
  if (!at_end) text = text.substr(0, text.rfind(separator) + 1);
  text = from_line(text, first - mark.line + 1, separator);
  Decoded decoded;
  if (facts.damaged || facts.charset.kind() != CharsetKind::kUtf8) {
    auto part = decode(text, facts.charset);
    if (!part) return give_up();
    decoded = std::move(*part);
    text = decoded.text;
  }
  if (text.empty()) return give_up();
  LineRun run;
  run.first = first;
  run.max_lines = request.limit;
  run.max_bytes = begin + request.max_bytes - std::min(begin + request.max_bytes, job.out.size());
  run.separator = separator;
  if (request.tail > 0) {
    const std::int64_t here = lines - std::max(first, mark.line) + 1;
    const std::int64_t count = fitting_tail(text, here, run.max_bytes, separator);
    const bool window_too_small = count == here && here < std::min(request.tail, lines);
    if (window_too_small) return give_up();
    text = last_lines(text, count, separator);
    run.first = lines - count + 1;
    run.max_lines = count;
    run.max_bytes = LineRun{}.max_bytes;  // as in append_range()
  } else if (run.max_lines == 1) {
    run.max_line_chars = LineRun{}.max_bytes;
  }
  const LinesShown shown = append_lines(job.out, text, run);
  // Lines that are shown clipped take more of the file than of the answer.
  const bool window_too_small =
      !at_end && shown.bytes == text.size() && shown.lines < run.max_lines;
  if (window_too_small) return give_up();
  report_lines(job, facts, run.first, shown);
  append_continuation(
      job.out,
      {.first = run.first, .shown = shown, .total = lines, .path = job.path, .request = request});
  return true;
}

}  // namespace quarry::files
