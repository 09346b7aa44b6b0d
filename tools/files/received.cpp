#include "tools/files/received.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "server/base/figures.h"
#include "server/base/format.h"
#include "server/base/hash.h"
#include "server/base/utf8.h"
#include "server/edit/diff.h"
#include "server/files/encoding.h"
#include "server/files/text.h"
#include "server/sandbox/workspace.h"
#include "server/session/ledger.h"

namespace quarry::tools {
namespace {

using session::Ledger;

std::int64_t now_ms(const ToolContext& context) {
  return context.clock.steady_ns() / 1'000'000;
}

std::string key_of(const sandbox::Path& real, std::string_view commit, std::string_view encoding) {
  std::string key(real.text());
  key.append("\n").append(commit).append("\n").append(encoding);
  return key;
}

// After what earlier files of the same call have to note.
void when_sent(ToolOutput& output, std::move_only_function<void()> note) {
  if (!output.on_sent) {
    output.on_sent = std::move(note);
    return;
  }
  output.on_sent = [first = std::move(output.on_sent), then = std::move(note)]() mutable {
    first();
    then();
  };
}

// "just now", "4 minutes ago".
std::string ago(std::int64_t milliseconds) {
  const std::int64_t minutes = milliseconds / 60'000;
  if (minutes == 0) return "less than a minute ago";
  return fmt::format("{} {} ago", minutes, minutes == 1 ? "minute" : "minutes");
}

std::string hash_text(std::uint64_t hash) {
  std::string text;
  append_hash(text, hash);
  return text;
}

std::string unchanged(const sandbox::Path& path, const Ledger::Reading& reading, std::int64_t total,
                      std::int64_t age_ms) {
  std::string text;
  utf8::append_escaped_name(text, path.display());
  const std::string since = fmt::format("{} (hash {})", ago(age_ms), hash_text(reading.hash));
  text += total == 0
              ? fmt::format(": empty, as this session received it {}\n", since)
              : fmt::format(
                    ": unchanged since this session received lines {}-{} of {}, {}; force=true "
                    "sends them again\n",
                    reading.first, reading.last, total, since);
  return text;
}

// What became of a file that this session knows as it was before. Leaves the answer from `begin`
// on as it is, with a line behind it, where the difference cannot be told or is no shorter.
void show_change(const Ledger::Look& look, Ledger::Reading& reading, std::size_t begin,
                 std::string& out) {
  const std::string since = fmt::format("changed since this session received it {} (hash {})",
                                        ago(look.age_ms), hash_text(look.old_hash));
  std::string_view reason = "the difference is no shorter";
  if (!look.whole) {
    reason = "only a part of it had been received";
  } else if (!look.old_text || !reading.text) {
    reason = "the text before is not kept";
  } else {
    const edit::DiffText diff =
        edit::unified_diff(*look.old_text, *reading.text, out.size() - begin);
    const std::string head = fmt::format("{}: +{} -{} lines; force=true sends the text\n", since,
                                         diff.added, diff.removed);
    const std::size_t header_end = out.find('\n', begin) + 1;
    if (header_end + head.size() + diff.text.size() < out.size()) {
      out.resize(header_end);
      out.append(head).append(diff.text);
      reading.first = 1;
      reading.last = reading.total;
      return;
    }
  }
  out.append(since).append("; this is its text, since ").append(reason).push_back('\n');
}

}  // namespace

void account_for(const ToolContext& context, const sandbox::Path& path,
                 const files::ReadRequest& request, files::ReadReport& report, bool force,
                 std::size_t begin, ToolOutput& output) {
  Ledger* ledger = context.ledger;
  const bool nothing_shown = report.count == 0 && report.total > 0;
  if (ledger == nullptr || !report.known || report.clipped || nothing_shown) return;
  const auto real = context.files.real(path, sandbox::Workspace::Last::kFollow);
  if (!real) return;
  Ledger::Reading reading{
      .key = key_of(*real, request.commit, request.encoding ? request.encoding->name() : ""),
      .hash = report.hash,
      .first = report.first,
      .last = report.first + std::max<std::int64_t>(report.count, 1) - 1,
      .total = std::max<std::int64_t>(report.total, 1),
      .text = report.text ? std::make_shared<const std::string>(std::move(*report.text)) : nullptr};
  if (!force) {
    const Ledger::Look look = ledger->look(reading, now_ms(context));
    if (look.kind == Ledger::Look::Kind::kReceived) {
      output.text.resize(begin);
      output.text += unchanged(path, reading, report.total, look.age_ms);
      return;
    }
    if (look.kind == Ledger::Look::Kind::kChanged) {
      show_change(look, reading, begin, output.text);
    }
  }
  when_sent(output, [ledger, reading = std::move(reading), at = now_ms(context)] {
    ledger->note(reading, at);
  });
}

void note_change(const ToolContext& context, const sandbox::Path& path, const OwnChange& change,
                 ToolOutput& output) {
  Ledger* ledger = context.ledger;
  if (ledger == nullptr || change.after.size() > kComparedBytes) return;
  auto decoded = files::decode(change.after);
  if (!decoded || decoded->damaged) return;
  Ledger::Reading after{.key = key_of(path, {}, {}),
                        .hash = hash64(change.after),
                        .first = 1,
                        .last = 1,
                        .total = std::max<std::int64_t>(files::find_shape(decoded->text).lines, 1),
                        .text = nullptr};
  after.last = after.total;
  after.text = std::make_shared<const std::string>(std::move(decoded->text));
  when_sent(output, [ledger, after = std::move(after), before = hash64(change.before),
                     whole = change.sent_whole, at = now_ms(context)] {
    if (whole) {
      ledger->note(after, at);
    } else {
      ledger->note_change(before, after, at);
    }
  });
}

}  // namespace quarry::tools
