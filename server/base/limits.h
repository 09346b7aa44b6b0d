// Limits: every bound that a client can run into, in one table: its name, what holds when nobody
// says otherwise, and the most that may be set.
//
// Rooms read their bounds from here: what is set when the server starts through a Limits object
// that main makes and hands down, what never changes (`fixed`) as a constant by standard().
//
// The table is constant data; a Limits object is thread-compatible and not changed after the start.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "server/base/result.h"

namespace quarry {

enum class Limit : std::uint8_t {
  kLineBytes,
  kJsonDepth,
  kJsonValues,
  kBatchMessages,
  kQueuedCalls,
  kUnsentBytes,
  kAnswerTokens,
  kMaxTokens,
  kAnswerBytes,
  kSessionHeavyCalls,
  kSessions,
  kSessionStateBytes,
  kAllStateBytes,
  kSessionKeys,
  kSessionKeyBytes,
  kSessionValueBytes,
  kSessionLabelBytes,
  kSessionTtl,
  kSessionMaxTtl,
  kSessionBatch,
  kSessionExpiredKept,
  kSessionsLoaded,
  kSessionDirectories,
  kLedgerBytes,
  kLedgersBytes,
  kLedgerAge,
  kFileWholeBytes,
  kFileImageBytes,
  kFileImagePixels,
  kChangeFiles,
  kChangeBytes,
  kJournalBytes,
  kJournalAge,
  kListEntries,
  kCatalogueEntries,
  kCatalogueBytes,
  kIndexBytes,
  kRevisionBytes,
  kSearchShown,
  kSearchEntries,
  kSearchDepth,
  kSearchFileBytes,
  kSearchLineBytes,
  kPatternBytes,
  kPatternNesting,
  kPatternMemory,
  kGlobBytes,
  kGlobAlternatives,
  kGitCommits,
  kGitFiles,
  kGitObjectBytes,
  kGitDiffedBytes,
  kGitPatchBytes,
  kGitRefs,
  kGitHelperMemory,
  kCount,
};

struct LimitRow {
  Limit limit;
  std::string_view name;
  std::int64_t standard;
  std::int64_t hard;  // equal to `standard` when fixed
  std::string_view unit;
  std::string_view meaning;
  std::int64_t least = 1;  // 0 where a process can do without: it switches it off

  bool fixed() const { return standard == hard; }
};

namespace limits_detail {

inline constexpr std::int64_t kKiB = 1024;
inline constexpr std::int64_t kMiB = 1024 * kKiB;
inline constexpr std::int64_t kGiB = 1024 * kMiB;

// In the order of the enumerators.
inline constexpr auto kTable = std::to_array<LimitRow>({
    {Limit::kLineBytes, "line_bytes", 8 * kMiB, 64 * kMiB, "bytes",
     "a request line; a longer one is skipped and answered with an error"},
    {Limit::kJsonDepth, "json_depth", 64, 64, "levels", "nesting of a request"},
    {Limit::kJsonValues, "json_values", 100'000, 100'000, "values", "values in one request"},
    {Limit::kBatchMessages, "batch_messages", 1000, 1000, "messages",
     "messages of one array (revision 2025-03-26)"},
    {Limit::kQueuedCalls, "queued_calls", 16'384, 65'536, "calls",
     "calls of one lane that wait for a worker; beyond, the server is busy"},
    {Limit::kUnsentBytes, "unsent_bytes", 64 * kMiB, 256 * kMiB, "bytes",
     "answers that the client has not read; beyond, no further request is read"},
    {Limit::kAnswerTokens, "answer_tokens", 8000, 500'000, "tokens",
     "an answer whose call does not say max_tokens; a token is four bytes"},
    {Limit::kMaxTokens, "max_tokens", 24'000, 500'000, "tokens",
     "the largest max_tokens that a call may ask for"},
    {Limit::kAnswerBytes, "answer_bytes", 8 * kMiB, 8 * kMiB, "bytes",
     "a line of the server's, whatever is in it"},
    {Limit::kSessionHeavyCalls, "session_heavy_calls", 8, 64, "calls",
     "heavy calls of one session with the workers; more wait in the session's order"},
    {Limit::kSessions, "sessions", 100'000, 1'000'000, "sessions",
     "sessions stored, of all processes; when full, expired ones make room"},
    {Limit::kSessionStateBytes, "session_state_bytes", 1 * kMiB, 16 * kMiB, "bytes",
     "state of one session: names, values, and 64 for each key"},
    // The store keeps 1 GiB, a value may take up to twice its bytes there, and 100,000 sessions
    // without state take about a tenth of it.
    {Limit::kAllStateBytes, "all_state_bytes", 256 * kMiB, 384 * kMiB, "bytes",
     "state of all sessions together"},
    {Limit::kSessionKeys, "session_keys", 1000, 10'000, "keys", "keys of one session's state"},
    {Limit::kSessionKeyBytes, "session_key_bytes", 256, 256, "bytes", "the name of a key"},
    {Limit::kSessionValueBytes, "session_value_bytes", 256 * kKiB, 4 * kMiB, "bytes",
     "the value of a key"},
    {Limit::kSessionLabelBytes, "session_label_bytes", 200, 1024, "bytes", "a label"},
    {Limit::kSessionTtl, "session_ttl_s", 86'400, 31'536'000, "seconds",
     "from the last use to expiry, when the opening call does not say"},
    {Limit::kSessionMaxTtl, "session_max_ttl_s", 31'536'000, 31'536'000, "seconds",
     "the longest ttl_s that a call may ask for"},
    {Limit::kSessionBatch, "session_batch", 1000, 10'000, "sessions",
     "sessions that one batch changes together"},
    {Limit::kSessionExpiredKept, "session_expired_kept_s", 604'800, 31'536'000, "seconds",
     "how long an expired session's root is remembered for the error text"},
    {Limit::kSessionsLoaded, "sessions_loaded", 4096, 65'536, "sessions",
     "sessions that this process keeps at hand between calls"},
    {Limit::kSessionDirectories, "session_directories", 256, 4096, "directories",
     "different roots of sessions that this process keeps open between calls"},
    {Limit::kLedgerBytes, "ledger_bytes", 1 * kMiB, 64 * kMiB, "bytes",
     "what one session's ledger remembers of the files it has received"},
    {Limit::kLedgersBytes, "ledgers_bytes", 32 * kMiB, 1 * kGiB, "bytes", "all ledgers together"},
    {Limit::kLedgerAge, "ledger_age_s", 3600, 86'400, "seconds",
     "how long text that a session with a ledger has received counts as known to it"},
    {Limit::kFileWholeBytes, "file_whole_bytes", 16 * kMiB, 16 * kMiB, "bytes",
     "a file that is read whole; larger ones are read by ranges"},
    {Limit::kFileImageBytes, "file_image_bytes", 3'750'000, 3'750'000, "bytes",
     "an image that is answered as one"},
    {Limit::kFileImagePixels, "file_image_pixels", 8000, 8000, "pixels", "an image's longer side"},
    {Limit::kChangeFiles, "change_files", 10'000, 100'000, "files",
     "files and directories that one call changes"},
    {Limit::kChangeBytes, "change_bytes", 64 * kMiB, 512 * kMiB, "bytes",
     "old and new content of the files that one call changes"},
    {Limit::kJournalBytes, "journal_bytes", 256 * kMiB, 16 * kGiB, "bytes",
     "changes that are kept to be undone, of all roots; the oldest go"},
    {Limit::kJournalAge, "journal_age_s", 2'592'000, 31'536'000, "seconds",
     "how long a change is kept to be undone"},
    {Limit::kListEntries, "list_entries", 50'000, 50'000, "entries",
     "entries that one list_directory reads"},
    {Limit::kCatalogueEntries, "catalogue_entries", 1'000'000, 10'000'000, "entries",
     "a tree whose names are kept in memory while it is watched"},
    {Limit::kCatalogueBytes, "catalogue_bytes", 96 * kMiB, 1 * kGiB, "bytes",
     "names of all trees together; the least recently used go"},
    {Limit::kIndexBytes, "index_bytes", 128 * kMiB, 4 * kGiB, "bytes",
     "what is known of the content of all trees; 0 keeps nothing", 0},
    {Limit::kRevisionBytes, "revision_bytes", 64 * kMiB, 4 * kGiB, "bytes",
     "trees and files of git revisions that are kept in memory; some go by chance"},
    {Limit::kSearchShown, "search_shown", 10'000, 10'000, "matches",
     "matches or paths of one answer, whatever its budget"},
    {Limit::kSearchEntries, "search_entries", 2'000'000, 2'000'000, "entries",
     "entries of a tree that one search visits"},
    {Limit::kSearchDepth, "search_depth", 128, 128, "levels", "directories inside each other"},
    {Limit::kSearchFileBytes, "search_file_bytes", 1 * kGiB, 1 * kGiB, "bytes",
     "a file that is searched; larger ones are counted as skipped"},
    {Limit::kSearchLineBytes, "search_line_bytes", 512, 512, "bytes",
     "shown of a line that matches"},
    {Limit::kPatternBytes, "pattern_bytes", 4096, 4096, "bytes", "a search pattern"},
    {Limit::kPatternNesting, "pattern_nesting", 250, 250, "levels", "groups inside each other"},
    {Limit::kPatternMemory, "pattern_memory", 8 * kMiB, 8 * kMiB, "bytes", "a compiled pattern"},
    {Limit::kGlobBytes, "glob_bytes", 4096, 4096, "bytes", "a glob"},
    {Limit::kGlobAlternatives, "glob_alternatives", 256, 256, "patterns",
     "what a glob's braces expand to"},
    {Limit::kGitCommits, "git_commits", 10'000, 10'000, "commits", "commits of one git_log"},
    {Limit::kGitFiles, "git_files", 50'000, 50'000, "files", "files that differ in one diff"},
    {Limit::kGitObjectBytes, "git_object_bytes", 64 * kMiB, 64 * kMiB, "bytes",
     "a git object that is read"},
    {Limit::kGitDiffedBytes, "git_diffed_bytes", 16 * kMiB, 16 * kMiB, "bytes",
     "a file whose lines are compared; larger ones count as binary"},
    {Limit::kGitPatchBytes, "git_patch_bytes", 16 * kMiB, 16 * kMiB, "bytes",
     "patches of one diff before they are shortened"},
    {Limit::kGitRefs, "git_refs", 50'000, 50'000, "refs", "refs whose names git_log shows"},
    {Limit::kGitHelperMemory, "git_helper_memory", 1 * kGiB, 1 * kGiB, "bytes",
     "address space of a git helper"},
});

static_assert(kTable.size() == static_cast<std::size_t>(Limit::kCount));
static_assert([] {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].limit != static_cast<Limit>(i) || kTable[i].standard > kTable[i].hard) {
      return false;
    }
  }
  return true;
}());

}  // namespace limits_detail

inline constexpr std::span<const LimitRow> kLimitTable = limits_detail::kTable;

// What holds when nobody says otherwise; of a fixed limit, always. In the type of the place that
// it bounds.
template <class Number = std::int64_t>
consteval Number standard(Limit limit) {
  return static_cast<Number>(limits_detail::kTable[static_cast<std::size_t>(limit)].standard);
}

class Limits {
 public:
  Limits();

  std::int64_t operator[](Limit limit) const { return values_[static_cast<std::size_t>(limit)]; }
  std::size_t size(Limit limit) const { return static_cast<std::size_t>((*this)[limit]); }

  // kInvalidArgs: no such limit, a fixed one, or not from its least to its hard maximum.
  Result<void> set(std::string_view name, std::int64_t value);
  // "name=value".
  Result<void> set(std::string_view assignment);

 private:
  std::array<std::int64_t, limits_detail::kTable.size()> values_;
};

}  // namespace quarry
