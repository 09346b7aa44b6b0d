#include "server/edit/narrow.h"

#include "server/base/utf8.h"
#include "server/edit/common_ends.h"
#include "server/edit/line_runs.h"
#include "server/edit/lines.h"

namespace quarry::edit {
namespace {

using Pieces = std::vector<std::string_view>;

// Of two parts that are compared by characters, each of which takes more room than its bytes.
constexpr std::size_t kMostBytes = 1 << 20;

Pieces lines_of(std::string_view text) {
  return split_lines(text, '\n');
}

Pieces characters_of(std::string_view text) {
  Pieces pieces;
  while (!text.empty()) {
    const std::size_t length = utf8::next(text).length;
    pieces.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

// A part of one text, which is another in the other.
struct Difference {
  std::size_t begin = 0;  // in the old one
  std::string_view before;
  std::string_view after;
};

std::vector<Difference> differences(const Difference& whole, Pieces (*split)(std::string_view)) {
  const Pieces before = split(whole.before);
  const Pieces after = split(whole.after);
  const auto part = [](std::string_view text, const Pieces& pieces, std::size_t from,
                       std::size_t to) {
    const auto offset = [&](std::size_t at) {
      return at < pieces.size() ? static_cast<std::size_t>(pieces[at].data() - text.data())
                                : text.size();
    };
    return text.substr(offset(from), offset(to) - offset(from));
  };
  std::vector<Difference> found;
  for (const LineRun& run : differing_runs(before, after)) {
    const std::string_view old_part = part(whole.before, before, run.a, run.a_end);
    const auto skipped = static_cast<std::size_t>(old_part.data() - whole.before.data());
    found.push_back({.begin = whole.begin + skipped,
                     .before = old_part,
                     .after = part(whole.after, after, run.b, run.b_end)});
  }
  return found;
}

// Without the characters at which both begin and end.
Difference trimmed(Difference whole) {
  std::string_view& before = whole.before;
  std::string_view& after = whole.after;
  std::size_t front = common_start(before, after);
  const auto within = [](std::string_view text, std::size_t at) {
    return at < text.size() && utf8::continues(text[at]);
  };
  while (front > 0 && (within(before, front) || within(after, front))) --front;
  std::size_t back = common_end(before.substr(front), after.substr(front));
  while (back > 0 && utf8::continues(before[before.size() - back])) --back;
  whole.begin += front;
  before = before.substr(front, before.size() - front - back);
  after = after.substr(front, after.size() - front - back);
  return whole;
}

void append(std::vector<Splice>& splices, const Difference& one) {
  splices.push_back(
      {.begin = one.begin, .end = one.begin + one.before.size(), .with = std::string(one.after)});
}

}  // namespace

Result<std::vector<Splice>> narrowed(std::string_view text, std::span<const Splice> splices,
                                     const CancelToken& cancel) {
  std::vector<Splice> narrow;
  for (const Splice& splice : splices) {
    const Difference whole{.begin = splice.begin,
                           .before = text.substr(splice.begin, splice.end - splice.begin),
                           .after = splice.with};
    for (const Difference& lines : differences(whole, lines_of)) {
      TRY(cancel.check());
      const Difference rest = trimmed(lines);
      if (rest.before.size() + rest.after.size() > kMostBytes) {
        append(narrow, rest);
        continue;
      }
      for (const Difference& one : differences(rest, characters_of)) append(narrow, one);
    }
  }
  return narrow;
}

}  // namespace quarry::edit
