#include "server/cli/instance.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/rpc/descriptors.h"
#include "tools/all.h"

namespace quarry::cli {
namespace {

std::string real_path(const std::string& path) {
  std::array<char, PATH_MAX> resolved{};
  return realpath(path.c_str(), resolved.data()) == nullptr ? std::string() : resolved.data();
}

bool lies_in(std::string_view path, std::string_view directory) {
  return path == directory || (path.starts_with(directory) && path.size() > directory.size() &&
                               path[directory.size()] == '/');
}

std::string own_directory() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (length <= 0) return {};
  std::string text(path.data(), static_cast<std::size_t>(length));
  return text.substr(0, text.rfind('/'));
}

Result<void> open_roots(const Options& options, Ground& ground) {
  std::vector<std::string> wanted = options.roots;
  if (wanted.empty()) wanted.emplace_back(".");
  std::string problem;
  for (const std::string& root : wanted) {
    std::string absolute = root;
    if (!absolute.starts_with('/')) {
      std::array<char, PATH_MAX> here{};
      if (getcwd(here.data(), here.size()) == nullptr) {
        problem = "the current directory is gone";
        continue;
      }
      absolute = root == "." ? std::string(here.data()) : fmt::format("{}/{}", here.data(), root);
    }
    auto opened = sandbox::Workspace::open(absolute, options.resolver, options.force_root);
    if (opened) {
      if (options.allow_secrets) (*opened)->allow_secrets();
      ground.roots.emplace_back(std::move(*opened));
    } else {
      problem = opened.error().message;
      log::warning("{}", problem);
    }
  }
  if (ground.roots.empty()) {
    return fail(Code::kUnavailable, "no root to serve: {}; name one with --root", problem);
  }
  return {};
}

bool make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return false;
    if (slash == std::string::npos) return true;
  }
}

// Sessions and caches lie outside every root; where they cannot, they live in memory.
void find_state_directory(const Options& options, Ground& ground) {
  const std::string wanted =
      options.state_dir.empty() ? store::default_state_directory() : options.state_dir;
  if (wanted.empty()) {
    ground.state_note = "there is no home directory";
    return;
  }
  if (!wanted.starts_with('/')) {
    ground.state_note = "the state directory must be an absolute path";
    return;
  }
  if (!make_directories(wanted)) {
    ground.state_note =
        fmt::format("the state directory cannot be made: {}", strerrordesc_np(errno));
    return;
  }
  const std::string real = real_path(wanted);
  if (real.empty()) {
    ground.state_note =
        fmt::format("the state directory cannot be found: {}", strerrordesc_np(errno));
    return;
  }
  for (const auto& root : ground.roots) {
    if (lies_in(real, root->root())) {
      ground.state_note = "the state directory lies inside a root; name another with --state-dir";
      return;
    }
  }
  ground.state_dir = real;
}

// In the state directory, or where that cannot be, among the system's temporary files; never inside
// a root.
Result<void> try_resolvers(const Options& options, const Ground& ground) {
  std::vector<std::string> places;
  const char* const named = std::getenv("TMPDIR");
  for (const std::string& wanted : {ground.state_dir, std::string(named != nullptr ? named : ""),
                                    std::string("/tmp"), std::string("/var/tmp")}) {
    const std::string real = wanted.starts_with('/') ? real_path(wanted) : std::string();
    const bool inside = std::ranges::any_of(
        ground.roots, [&](const auto& root) { return lies_in(real, root->root()); });
    if (!real.empty() && !inside) places.push_back(real);
  }
  Result<void> tried =
      sandbox::test_resolvers(ground.state_dir, places, ground.roots.front()->resolver());
  if (tried || tried.error().code != Code::kUnavailable) return tried;
  if (options.require_sandbox) {
    return fail(Code::kUnavailable, "--require-sandbox: {}", tried.error().message);
  }
  log::warning("the sandbox was not tried out: {}", tried.error().message);
  return {};
}

sandbox::Grants grants_for(const Options& options, const Ground& ground) {
  sandbox::Grants grants;
  for (const auto& root : ground.roots) {
    (options.read_only ? grants.read_only : grants.read_write).push_back(root->root());
  }
  if (!ground.state_dir.empty()) grants.read_write.push_back(ground.state_dir);
  grants.read_only.insert(grants.read_only.end(),
                          {"/proc/self", "/etc/ld.so.cache", "/proc/sys/kernel/random"});
  // What the helper needs to start: itself, the dynamic loader and its libraries.
  grants.execute = {ground.git_helper, "/lib",       "/lib64",
                    "/usr/lib",        "/usr/lib64", "/usr/local/lib"};
  return grants;
}

std::vector<std::string> protected_by(const Options& options) {
  std::vector<std::string> patterns = change::Protection::standard_patterns();
  patterns.insert(patterns.end(), options.protect.begin(), options.protect.end());
  std::erase_if(patterns, [&](const std::string& pattern) {
    return std::ranges::find(options.unprotect, pattern) != options.unprotect.end();
  });
  return patterns;
}

std::size_t worker_count(int wanted) {
  if (wanted >= 0) return static_cast<std::size_t>(wanted);
  cpu_set_t mine;
  const int cores = sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : 2;
  return static_cast<std::size_t>(std::clamp(cores, 2, 16));
}

}  // namespace

Result<Ground> prepare_ground(const Options& options) {
  Ground ground;
  TRY(open_roots(options, ground));
  for (const auto& root : ground.roots) {
    if (!options.config_file.empty() && lies_in(options.config_file, root->root())) {
      return fail(Code::kDenied,
                  "the configuration file lies inside a root: a repository must not configure the "
                  "server");
    }
  }
  ground.git_helper = own_directory() + "/quarry-git";
  find_state_directory(options, ground);
  if (!ground.state_note.empty()) {
    log::warning("sessions and caches are kept in memory only: {}", ground.state_note);
  }
  TRY(try_resolvers(options, ground));
  if (options.landlock) {
    TRY_ASSIGN(ground.confinement, sandbox::confine(grants_for(options, ground)));
  } else {
    ground.confinement = sandbox::probe();
    ground.confinement.enforced = false;
    ground.confinement.note = "switched off by --no-landlock";
  }
  if (!ground.confinement.enforced) {
    if (options.require_sandbox) {
      return fail(Code::kUnavailable, "--require-sandbox: landlock is not in force: {}",
                  ground.confinement.note);
    }
    log::warning("landlock is not in force: {}", ground.confinement.note);
  }
  TRY(sandbox::test_landlock(ground.confinement));
  if (geteuid() == 0) log::info("running as root; capabilities that are not needed were dropped");
  return ground;
}

Instance::Instance(const Options& options, const Ground& ground, int out_fd)
    : single_threaded_(options.workers == 0),
      store_(ground.state_dir.empty()
                 ? store::Store::in_memory(ground.state_note)
                 : store::Store::at(ground.state_dir, {.durability = options.durability,
                                                       .background = background()})),
      sessions_({.roots = ground.roots,
                 .read_only = options.read_only,
                 .git_helper = ground.git_helper,
                 .limits = options.limits,
                 .background = background()},
                *store_, clock_),
      revisions_(options.limits.size(Limit::kRevisionBytes)),
      changes_({.state_directory = ground.state_dir,
                .sync = options.sync_files,
                .protect = protected_by(options),
                .limits = options.limits},
               clock_),
      tools_(tools::all(), {.groups = options.groups, .read_only = options.read_only}),
      metrics_(tools_.size()),
      writer_(out_fd, {.max_pending = options.limits.size(Limit::kUnsentBytes),
                       .on_broken = &rpc::end_input}),
      calls_(clock_, writer_),
      memory_({.calls = calls_,
               .memory = process_memory_,
               .clock = clock_,
               .background = background(),
               .limits = {.soft_bytes = options.memory_soft_mb << 20U,
                          .hard_bytes = options.memory_hard_mb << 20U}}),
      indexer_({.background = index_background_,
                .store = *store_,
                .clock = clock_,
                .most_bytes = options.limits.size(Limit::kIndexBytes)}),
      kept_(clock_, pool_, background(),
            {.keep = options.cache,
             .tree = {.may_watch = options.watch},
             .answers = {},
             .catalogue = {.entries = options.limits.size(Limit::kCatalogueEntries),
                           .bytes = options.limits.size(Limit::kCatalogueBytes)},
             .indexer = single_threaded_ || options.limits.size(Limit::kIndexBytes) == 0
                            ? nullptr
                            : &indexer_}),
      facts_({.tools = tools_,
              .sessions = sessions_,
              .store = *store_,
              .line_indexes = line_indexes_,
              .pool = pool_,
              .writer = &writer_,
              .in_flight = in_flight_,
              .metrics = metrics_,
              .memory = memory_,
              .clock = clock_,
              .confinement = ground.confinement,
              .limits = options.limits,
              .kept = &kept_,
              .revisions = &revisions_}),
      runner_({.tools = tools_,
               .sessions = sessions_,
               .store = *store_,
               .line_indexes = line_indexes_,
               .changes = changes_,
               .pool = pool_,
               .clock = clock_,
               .facts = facts_,
               .metrics = metrics_,
               .in_flight = in_flight_,
               .calls = calls_,
               .memory = memory_,
               .limits = options.limits,
               .kept = &kept_,
               .revisions = &revisions_}),
      background_("quarry-later"),
      index_background_("quarry-index"),
      pool_({.workers = worker_count(options.workers),
             .quick_limit = options.limits.size(Limit::kQueuedCalls),
             .heavy_limit = options.limits.size(Limit::kQueuedCalls)}) {}

}  // namespace quarry::cli
