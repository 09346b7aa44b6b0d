#include "server/search/grep.h"

#include <algorithm>
#include <vector>

#include "server/base/format.h"
#include "server/search/count_matches.h"
#include "server/search/coverage.h"
#include "server/search/file_filter.h"
#include "server/search/grep_render.h"
#include "server/search/line_scanner.h"
#include "server/search/second_look.h"
#include "server/search/selection.h"
#include "server/search/snapshot.h"

namespace quarry::search {
namespace {

constexpr std::size_t kGrepTailBytes = 1024;  // of the answer, kept for what follows the body

CountOptions count_options(const GrepQuery& query) {
  CountOptions options;
  options.max_file_bytes = query.max_file_bytes;
  const std::uint64_t page = query.offset + query.head_limit + 1;
  if (query.mode == OutputMode::kContent) {
    options.enough = options.per_file = std::max(page, GrepQuery::kMaxShown);
  } else if (query.mode == OutputMode::kFiles) {
    options.per_file = 1;
    options.enough = std::max(page, GrepQuery::kMaxShown);
  }
  return options;
}

std::string size_text(std::int64_t bytes) {
  if (bytes % (1 << 30) == 0) return fmt::format("{} GiB", bytes >> 30);
  if (bytes % (1 << 20) == 0) return fmt::format("{} MiB", bytes >> 20);
  return fmt::format("{} bytes", bytes);
}

// The largest file that is searched.
std::int64_t largest(const GrepQuery& query, const Engine& engine) {
  if (query.match.multiline) return static_cast<std::int64_t>(TextReader::kWholeBytes);
  if (engine.snapshot == nullptr) return query.max_file_bytes;
  return std::min(query.max_file_bytes, static_cast<std::int64_t>(Snapshot::kMaxBytes));
}

// What there is beyond the page, and how to get it.
void append_more(std::string& out, const GrepQuery& query, const Counts& counts,
                 const Rendered& rendered) {
  const bool content = query.mode == OutputMode::kContent;
  const std::uint64_t all = content ? counts.matches : counts.files_matched;
  const std::uint64_t next = query.offset + rendered.shown;
  if (all == 0) return;
  if (query.offset >= all) {
    out += fmt::format("offset={} is behind the last of {}\n", query.offset,
                       content ? counted(all, "match") : counted(all, "file"));
    return;
  }
  if (next >= all || rendered.shown == 0) return;
  const bool open = counts.not_reached > 0 || (content && counts.capped);
  out += fmt::format("{}{} more{}; call again with offset={}\n", open ? "at least " : "",
                     all - next, rendered.cut ? " (max_tokens reached)" : "", next);
}

void append_coverage(std::string& out, const GrepQuery& query, const Engine& engine,
                     const Walk* walk, std::uint64_t filtered, const Counts& counts,
                     const std::string& elsewhere) {
  const std::string files = counted(counts.files_searched, "file");
  const bool early = (counts.not_reached > 0 && !counts.stopped) ||
                     (query.mode == OutputMode::kContent && counts.capped);
  if (query.mode == OutputMode::kFiles) {
    out += fmt::format("{}{} of {} match", early ? "at least " : "", counts.files_matched, files);
  } else {
    out += fmt::format("{}{} in {} of {}", early ? "at least " : "",
                       counted(counts.matches, "match"), counts.files_matched, files);
  }
  if (engine.snapshot != nullptr) out += " " + engine.snapshot->label();
  if (!elsewhere.empty()) out += fmt::format("; but {}", elsewhere);
  Parts skipped;
  skipped.add(counts.binary, "binary");
  skipped.add(counts.too_large, fmt::format("over {}", size_text(largest(query, engine))));
  skipped.add(counts.unreadable, "unreadable");
  skipped.add(counts.secret, counts.secret == 1 ? "file for secrets" : "files for secrets");
  if (counts.lines_over_limit > 0) {
    skipped.add(counted(counts.lines_over_limit, query.match.multiline ? "file" : "line") +
                " over the match limit");
  }
  if (counts.not_reached > 0) {
    skipped.add(counts.not_reached, counts.stopped ? "not reached in time" : "not reached");
  }
  skipped.add(filtered, query.glob.empty()   ? "of other types"
                        : query.type.empty() ? "outside glob"
                                             : "outside glob and type");
  if (walk != nullptr && engine.snapshot != nullptr) {
    add_snapshot(skipped, *walk);
  } else if (walk != nullptr) {
    add_walk(skipped, *walk, "searches");
  }
  if (!skipped.text().empty()) out += fmt::format("; not searched: {}", skipped.text());
  out.push_back('\n');
}

void append_notes(std::string& out, const Walk* walk, const Matcher& matcher, const Counts& counts,
                  const Rendered& rendered) {
  if (counts.stopped) {
    out += "incomplete: time was up; narrow path or glob\n";
  } else if (rendered.late) {
    out += "incomplete: time was up before all were shown; narrow path or glob\n";
  }
  if (!matcher.note().empty()) out += fmt::format("note: pattern is {}\n", matcher.note());
  if (matcher.fell_to_ascii()) {
    out +=
        "note: no engine takes this pattern by Unicode's rules: in lines that are not ASCII, \\w, "
        "\\d, \\s, \\b and case were ASCII's\n";
  }
  if (counts.decoded > 0) {
    out += fmt::format("note: {} decoded from an encoding that is not UTF-8\n",
                       counted(counts.decoded, "file"));
  }
  if (counts.not_utf8 > 0) {
    out += fmt::format("note: {} in no encoding that is known, matched as bytes\n",
                       counted(counts.not_utf8, "file"));
  }
  if (counts.lines_in_pieces > 0) {
    out += fmt::format("note: {} with lines over {} KiB, searched in pieces\n",
                       counted(counts.lines_in_pieces, "file"), LineScanner::kSliceBytes >> 10);
  }
  if (counts.in_parts > 0) {
    out += fmt::format("note: {} of over {} MiB once decoded, searched in parts\n",
                       counted(counts.in_parts, "file"), TextReader::kWholeBytes >> 20);
  }
  if (walk == nullptr && counts.binary > 0) {
    out +=
        "note: the file is binary (a NUL in its first 8 KiB); read_file with mode=hex shows it\n";
  }
  if (walk != nullptr) append_walk_notes(out, *walk);
}

void append_reading_notes(std::string& out, const GrepQuery& query,
                          const Selection::Reading& reading, const Counts& counts) {
  if (!reading.dated) out += "incomplete: time was up before all were dated; sorted by path\n";
  if (reading.scan == Sifted::Scan::kNoText) {
    out += "note: read every file: no text of 3 characters is in all matches for the index\n";
  }
  if (counts.files_searched > 0 || reading.filtered == 0) return;
  if (const std::string listed = listed_globs(query.glob); !listed.empty()) {
    out += fmt::format("note: glob is one pattern; for a list write {}\n", listed);
  } else if (query.glob.find_first_of("*?[{!") == std::string_view::npos && !query.glob.empty()) {
    out += "note: glob names files; for those in a directory add /**\n";
  } else if (query.glob.contains('/') && !query.glob.starts_with("**/")) {
    out += "note: a glob with / is taken from path or the root on; **/ before it is any depth\n";
  }
}

}  // namespace

Result<GrepAnswer> grep(const GrepQuery& asked, const Engine& engine) {
  GrepQuery query = asked;
  if (query.head_limit == 0) query.head_limit = GrepQuery::kMaxShown;
  const Stop stop(engine.cancel, engine.clock);
  TRY_ASSIGN(const auto compiled, Matcher::compile(query.pattern, query.match));
  const Matcher& matcher = *compiled;
  TRY_ASSIGN(const FileFilter filter, FileFilter::make(query.glob, query.type, query.path));
  TRY_ASSIGN(const Selection selection,
             Selection::make(engine, query.path, filter, query.include_ignored, stop));
  const Walk* const walk = selection.walk();
  const std::vector<Variant> variants = variants_of(query);
  CountOptions options = count_options(query);
  for (const Variant& variant : variants) options.also.push_back(variant.matcher.get());
  std::vector<const Matcher*> wanted = options.also;
  wanted.push_back(&matcher);
  const Selection::Reading reading =
      selection.reading(wanted, stop, query.sort == GrepOrder::kMtime);
  Counts counts = count_matches(engine, reading.corpus, matcher, options, stop);
  reading.count_unread(counts);
  GrepAnswer answer;
  std::string elsewhere;
  if (counts.matches == 0) {
    elsewhere = look_again({query, engine, matcher, walk, filter, stop}, variants, counts,
                           options.also_enough, answer.repeatable);
  }
  const Stop finish = stop.extended(1'000'000'000);
  const RenderInput input{query, reading.corpus, matcher, counts, finish};
  const std::size_t body =
      query.max_bytes > 2 * kGrepTailBytes ? query.max_bytes - kGrepTailBytes : query.max_bytes / 2;
  const Rendered rendered = query.mode == OutputMode::kContent
                                ? append_content(answer.text, input, body)
                                : append_files(answer.text, input, body);
  if (stop.cancelled()) return fail(Code::kCancelled, "cancelled");
  if (!answer.text.empty()) answer.text.push_back('\n');
  append_more(answer.text, query, counts, rendered);
  append_coverage(answer.text, query, engine, walk, reading.filtered, counts, elsewhere);
  append_notes(answer.text, walk, matcher, counts, rendered);
  append_reading_notes(answer.text, query, reading, counts);
  answer.matches = counts.matches;
  answer.files_matched = counts.files_matched;
  answer.files_searched = counts.files_searched;
  answer.repeatable = answer.repeatable && reading.dated && !counts.stopped &&
                      counts.unreadable == 0 && counts.lines_over_limit == 0 && !finish.now() &&
                      (walk == nullptr || (!walk->stopped && walk->unreadable + walk->unsure == 0));
  answer.complete = counts.not_reached == 0 && !counts.stopped && !rendered.late &&
                    (walk == nullptr || (!walk->stopped && walk->full_at == 0));
  return answer;
}

}  // namespace quarry::search
