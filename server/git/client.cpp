#include "server/git/client.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>

#include "server/base/guarded.h"
#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/git/channel.h"
#include "server/git/protocol.h"
#include "server/process/child.h"

namespace quarry::git {
namespace {

using protocol::Operation;

constexpr std::uint64_t kCallsPerHelper = 1000;  // then a fresh one, so that no leak adds up
constexpr std::uint32_t kMaxCommits = standard<std::uint32_t>(Limit::kGitCommits);
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSlice = 10 * kMillisecond;
constexpr int kFreeCrashes = 2;  // in a row, before starting again has to wait
constexpr std::int64_t kFirstPause = 250 * kMillisecond;
constexpr int kMaxDoublings = 7;  // 32 s

}  // namespace

struct GitClient::State {
  // The one helper. While `busy`, the call that set it uses `child` without the lock.
  struct Slot {
    bool busy = false;
    std::optional<process::Child> child;
    std::uint64_t calls_of_child = 0;
    int crashes_in_a_row = 0;
    std::int64_t not_before_ns = 0;  // no start until then
    ClientStats stats;
  };

  std::string root;
  std::string helper;
  const Clock& clock;
  Guarded<Slot> slot;
  std::condition_variable freed;

  State(std::string root_in, std::string helper_in, const Clock& clock_in)
      : root(std::move(root_in)), helper(std::move(helper_in)), clock(clock_in) {}

  Result<void> acquire(const CancelToken& cancel);
  void release();
  Result<void> ensure_child();
  void drop_child(bool crashed);
  Result<void> exchange(std::string_view request, std::string& body, const CancelToken& cancel);
  template <class Answer, class Options>
  Result<Answer> call(Operation operation, const Options& options, const CancelToken& cancel);
};

// Waits for its turn, no longer than the call may take.
Result<void> GitClient::State::acquire(const CancelToken& cancel) {
  auto held = slot.lock();
  while (held->busy) {
    TRY(cancel.check());
    const std::int64_t wait = std::min(cancel.remaining_ns(), kSlice);
    (void)held.wait_for(freed, std::chrono::nanoseconds(wait), [&] { return !held->busy; });
  }
  held->busy = true;
  ++held->stats.calls;
  return {};
}

void GitClient::State::release() {
  slot.lock()->busy = false;
  freed.notify_one();
}

// REQUIRES: acquired. Starting takes a fork, so it happens without the lock.
Result<void> GitClient::State::ensure_child() {
  std::optional<process::Child> worn;
  {
    auto held = slot.lock();
    if (held->child && held->calls_of_child >= kCallsPerHelper) worn = std::move(held->child);
    if (worn) held->child.reset();
    if (held->child) return {};
    const std::int64_t wait_ns = held->not_before_ns - clock.steady_ns();
    if (wait_ns > 0) {
      return fail(Code::kUnavailable,
                  "the git helper ended unexpectedly {} times in a row, most likely on damaged "
                  "repository data; git is tried again in {} ms",
                  held->crashes_in_a_row, wait_ns / kMillisecond + 1);
    }
  }
  auto started = process::Child::start(helper, {root});
  if (!started) {
    return fail(Code::kUnavailable, "git is not available: the helper '{}' does not start ({})",
                helper.substr(helper.rfind('/') + 1), started.error().message);
  }
  auto held = slot.lock();
  held->child.emplace(std::move(*started));
  held->calls_of_child = 0;
  ++held->stats.starts;
  return {};
}

// REQUIRES: acquired.
void GitClient::State::drop_child(bool crashed) {
  std::optional<process::Child> dropped;  // killed and reaped after the lock is gone
  {
    auto held = slot.lock();
    dropped = std::move(held->child);
    held->child.reset();
    if (!crashed) {
      ++held->stats.kills;
      return;
    }
    ++held->stats.crashes;
    ++held->crashes_in_a_row;
    const int doublings = std::min(held->crashes_in_a_row - kFreeCrashes, kMaxDoublings);
    if (doublings >= 0) held->not_before_ns = clock.steady_ns() + (kFirstPause << doublings);
  }
  log::warning("the git helper ended unexpectedly");
}

// One request to a running helper, started if need be. REQUIRES: acquired.
Result<void> GitClient::State::exchange(std::string_view request, std::string& body,
                                        const CancelToken& cancel) {
  // Every operation only reads, so a helper that has worked before and ended now is no reason to
  // fail: one fresh start is tried. What kills that one too lies in this request.
  for (bool fresh = false;; fresh = true) {
    TRY(ensure_child());
    const int channel = slot.lock()->child->channel();
    const bool used = slot.lock()->calls_of_child++ > 0;
    auto done = send_frame(channel, request, cancel);
    if (done) done = receive_frame(channel, body, cancel);
    if (done || done.error().code != Code::kUnavailable || !used || fresh) return done;
    drop_child(true);
  }
}

template <class Answer, class Options>
Result<Answer> GitClient::State::call(Operation operation, const Options& options,
                                      const CancelToken& cancel) {
  TRY(cancel.check());
  const std::int64_t left = cancel.remaining_ns();
  const std::int64_t day_ms = 86'400'000;
  const std::int64_t budget_ms = std::min(left / kMillisecond, day_ms);
  std::string request;
  TRY(protocol::append_request(request, {operation, static_cast<std::uint64_t>(budget_ms)},
                               options));
  TRY(acquire(cancel));
  struct Turn {
    State& state;
    ~Turn() { state.release(); }
  } turn{*this};
  std::string body;
  if (const auto done = exchange(request, body, cancel); !done) {
    const bool started = slot.lock()->child.has_value();
    if (!started) return Failure(done.error());
    const bool stopped = cancel.stopped();
    drop_child(!stopped && done.error().code == Code::kUnavailable);
    if (stopped && !cancel.cancelled()) {
      return fail(Code::kTimeout,
                  "git did not answer within the call's time; narrow it with 'path' or a smaller "
                  "count, or look for damage with 'git fsck'");
    }
    if (done.error().code != Code::kUnavailable) return Failure(done.error());
    return fail(Code::kUnavailable,
                "the git helper ended while it worked on this call, most likely on damaged "
                "repository data ('git fsck' tells); other calls are not affected");
  }
  bool worn = false;
  auto answer = protocol::parse_answer<Answer>(body, worn);
  if (worn) drop_child(false);
  slot.lock()->crashes_in_a_row = 0;
  return answer;
}

GitClient::GitClient(std::string workspace_root, std::string helper, const Clock& clock)
    : state_(std::make_unique<State>(std::move(workspace_root), std::move(helper), clock)) {}
GitClient::~GitClient() = default;

Result<Status> GitClient::status(const StatusOptions& options, const CancelToken& cancel) {
  return state_->call<Status>(Operation::kStatus, options, cancel);
}

Result<Log> GitClient::log(const LogOptions& options, const CancelToken& cancel) {
  if (options.max_count == 0 || options.max_count > kMaxCommits) {
    return fail(Code::kInvalidArgs, "argument 'max_count' must be 1 to {}", kMaxCommits);
  }
  return state_->call<Log>(Operation::kLog, options, cancel);
}

Result<Diff> GitClient::diff(const DiffOptions& options, const CancelToken& cancel) {
  return state_->call<Diff>(Operation::kDiff, options, cancel);
}

Result<RepositoryFacts> GitClient::facts(const CancelToken& cancel) {
  return state_->call<RepositoryFacts>(Operation::kFacts, protocol::Nothing{}, cancel);
}

Result<std::vector<TrackedFile>> GitClient::tracked_files(const CancelToken& cancel) {
  return state_->call<std::vector<TrackedFile>>(Operation::kTrackedFiles, protocol::Nothing{},
                                                cancel);
}

Result<FileAt> GitClient::file_at(const FileAtOptions& options, const CancelToken& cancel) {
  return state_->call<FileAt>(Operation::kFileAt, options, cancel);
}

Result<TreeFiles> GitClient::tree_files(const TreeOptions& options, const CancelToken& cancel) {
  return state_->call<TreeFiles>(Operation::kTreeFiles, options, cancel);
}

Result<std::vector<Blob>> GitClient::blobs(const BlobsOptions& options, const CancelToken& cancel) {
  TRY_ASSIGN(std::vector<Blob> blobs,
             state_->call<std::vector<Blob>>(Operation::kBlobs, options, cancel));
  if (blobs.size() != options.ids.size()) {
    return fail(Code::kInternal, "the git helper sent a malformed message");
  }
  return blobs;
}

ClientStats GitClient::stats() const {
  return state_->slot.lock()->stats;
}

}  // namespace quarry::git
