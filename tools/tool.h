// The porch: what a tool is, what it may use, and what it answers with.
//
// A tool is constant data: a name, traits, the table of its arguments, and a free function. Its
// schema is schemas/<name>.json; the table of all tools is generated from those files' names.
// ToolContext is the whole world of a tool: what is not in it cannot be used. A tool writes its
// answer into ToolOutput and returns, or returns an Error that becomes an `isError` answer.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/clock.h"
#include "server/base/result.h"
#include "server/json/fields.h"
#include "server/json/writer.h"

namespace quarry::sandbox {
class Workspace;
}
namespace quarry::files {
class LineIndexes;
}
namespace quarry::change {
class Changes;
}
namespace quarry::git {
class GitClient;
}
namespace quarry::store {
class Store;
}
namespace quarry::pool {
class Pool;
}
namespace quarry::search {
class Catalogue;
}
namespace quarry::revision {
class Cache;
}
namespace quarry::session {
class Ledger;
class Session;
class Sessions;
}  // namespace quarry::session

namespace quarry::tools {

// Where it runs.
enum class Lane : std::uint8_t {
  kQuick,  // bounded and short, starts no child: may run on the reader thread
  kHeavy,  // search, history, analysis: always on a worker
};

// When it runs, among the calls of its session.
enum class Order : std::uint8_t {
  kShared,  // together with others
  kAlone,   // earlier calls first, later calls after: what changes something
};

enum class Group : std::uint8_t {
  kServer,  // always offered
  kFiles,
  kSearch,
  kGitRead,
  kGitWrite,
  kAnalysis,
  kContainers,
  kSessions,
};

// Whether calls of the group deal with the tree, and so with a root that must still be there.
constexpr bool touches_tree(Group group) {
  return group != Group::kServer && group != Group::kSessions;
}

enum class Effect : std::uint8_t {
  kReads,  // readOnlyHint
  // Changes only the server's own sessions; offered with --read-only too. On a worker whatever its
  // lane, where the store waits for the disk.
  kKeepsState,
  kWrites,  // changes the workspace; not offered with --read-only
};

// What an answer that may be given again depends on, besides the arguments.
enum class Depends : std::uint8_t {
  kOther,  // more than can be watched: the tool runs for every call
  kTree,   // what lies below the root, without the inside of git directories
  kTreeAndGit,
};

// Tells the client how far a call has come; does nothing when the client asked for no progress.
class Progress {
 public:
  virtual ~Progress() = default;
  // `done` never decreases; `total` 0 when unknown. Rate limited by the callee.
  virtual void report(std::int64_t done, std::int64_t total, std::string_view message) = 0;
};

// What server_status asks of the server around it. Appends members to an open JSON object.
class ServerFacts {
 public:
  virtual ~ServerFacts() = default;
  virtual void append_summary(json::Writer& out) const = 0;
  virtual void append_limits(json::Writer& out) const = 0;
  virtual void append_metrics(json::Writer& out) const = 0;
  virtual void append_memory(json::Writer& out) const = 0;
  virtual void append_diagnosis(json::Writer& out) const = 0;
};

struct ToolContext {
  session::Session& session;        // whose call this is
  const sandbox::Workspace& files;  // its tree
  git::GitClient& git;              // its repository
  session::Sessions& sessions;
  store::Store& store;
  files::LineIndexes& line_indexes;
  change::Changes& changes;   // the way to change files
  pool::Pool& pool;           // for fork_join inside the call
  const CancelToken& cancel;  // with the call's deadline
  const Clock& clock;
  Progress& progress;
  const ServerFacts& server;
  session::Ledger* ledger;  // what the session has received; null unless it was opened with one
  search::Catalogue* catalogue = nullptr;  // of the session's tree; null: none is kept
  revision::Cache* revisions = nullptr;    // what is known of git revisions; null: none is kept
  std::int64_t max_tokens;                 // the answer's budget, bytes / 4 (rule 2 of every tool)
};

struct Image {
  std::string bytes;
  std::string_view mime_type;
};

// The answer. `text` is the one text block; `structured` is a JSON object (complete in itself) of
// tools with an outputSchema, empty otherwise.
struct ToolOutput {
  std::string text;
  std::string structured;
  std::vector<Image> images;
  // Runs once the answer was written for the client; not at all when it never is.
  std::move_only_function<void()> on_sent;
  // Whole, and true until what the tool depends on changes: the same call may be given the same
  // answer until then. Not what time cut short.
  bool keep = false;

  void clear() {
    text.clear();
    structured.clear();
    images.clear();
    on_sent = nullptr;
    keep = false;
  }
};

struct Traits {
  std::string_view name;
  Group group = Group::kServer;
  Lane lane = Lane::kQuick;
  Order order = Order::kShared;
  Effect effect = Effect::kReads;
  std::chrono::milliseconds deadline{5000};
  Depends depends = Depends::kOther;
  // The budget of a call that does not say max_tokens, where that is less than usual. 0: as usual.
  std::int64_t usual_tokens = 0;
  // It looks itself at what is stored of the session; else the server does, before the call.
  bool looks_up_session = false;
  // It closes the session, which it names in its arguments: works also where the root is gone, and
  // then runs in the default session.
  bool closes_session = false;
  // Of a quick tool: whether a call with these arguments is of the heavy lane. Looks at them only;
  // they may be anything.
  bool (*heavy)(json::Value arguments) = nullptr;
};

struct Tool {
  Traits traits;
  std::span<const json::FieldInfo> fields;
  Result<void> (*call)(json::Value arguments, ToolContext& context, ToolOutput& output);
};

// `kFields` is a constexpr object with static storage: json::fields(...).
template <class Args, const auto& kFields, auto run>
constexpr Tool make_tool(const Traits& traits) {
  return {traits, std::span<const json::FieldInfo>(kFields),
          [](json::Value arguments, ToolContext& context, ToolOutput& output) -> Result<void> {
            Args args{};
            TRY(json::bind(kFields, arguments, args));
            return run(args, context, output);
          }};
}

}  // namespace quarry::tools
