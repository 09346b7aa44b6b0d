// Options: what the command line, QUARRY_* variables and the user's configuration file ask for, in
// that order of strength.
//
// The configuration file is TOML in the user's configuration directory, or the one that --config
// names; a file inside a root is never read, since a repository must not configure the server that
// guards it.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/mcp/tool_list.h"
#include "server/sandbox/workspace.h"
#include "server/store/store.h"

namespace quarry::cli {

enum class Command : std::uint8_t { kServe, kCall, kTools, kDoctor, kConfig };

// A sanitizer keeps shadows and freed memory: its process is judged by more.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::int64_t kMemoryFactor = 16;
#else
inline constexpr std::int64_t kMemoryFactor = 1;
#endif

struct Options {
  Command command = Command::kServe;

  std::vector<std::string> roots;  // as given; the first is the default session's
  bool read_only = false;
  std::vector<tools::Group> groups;  // empty = all
  std::string state_dir;             // empty = the user's default
  store::Durability durability = store::Durability::kNormal;
  int workers = -1;  // -1 = by the machine
  log::Level log_level = log::Level::kWarning;
  log::Style log_style = log::Style::kText;
  sandbox::Workspace::Resolver resolver = sandbox::Workspace::Resolver::kAuto;
  bool landlock = true;
  bool require_sandbox = false;
  bool force_root = false;
  bool allow_secrets = false;          // files for secrets are shown like others
  bool sync_files = true;              // a change of files is on disk when it is answered
  std::vector<std::string> protect;    // besides the standard patterns
  std::vector<std::string> unprotect;  // of those, these not
  bool cache = true;                   // keep answers while they are current
  bool watch = true;                   // false: by fingerprint only
  Limits limits;
  std::int64_t drain_ms = 900;
  std::int64_t memory_soft_mb = 400 * kMemoryFactor;
  std::int64_t memory_hard_mb = 512 * kMemoryFactor;
  std::string config_file;  // that was read, absolute; empty = none

  std::string tool;       // call
  std::string arguments;  // call
  bool json = false;      // tools
  std::string client;     // config
};

// Exit codes of every command.
inline constexpr int kDone = 0;
inline constexpr int kToolFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kEnvironment = 3;

// Fills `options`, or prints help or what is wrong and returns the exit code. Returns -1 to go on.
int parse_options(int argc, char** argv, Options& options);

}  // namespace quarry::cli
