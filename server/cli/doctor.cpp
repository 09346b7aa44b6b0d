#include <cstdio>

#include <sys/utsname.h>

#include "server/base/fd.h"
#include "server/base/ids.h"
#include "server/cli/commands.h"
#include "server/cli/instance.h"
#include "server/rpc/descriptors.h"

namespace quarry::cli {
namespace {

enum class State { kGood, kWeaker, kBroken };

class Report {
 public:
  void line(State state, std::string_view what, std::string_view text) {
    const char* mark = "ok     ";
    if (state == State::kWeaker) mark = "weaker ";
    if (state == State::kBroken) mark = "BROKEN ";
    broken_ = broken_ || state == State::kBroken;
    std::printf("%s %-10.*s %.*s\n", mark, static_cast<int>(what.size()), what.data(),
                static_cast<int>(text.size()), text.data());
  }
  bool broken() const { return broken_; }

 private:
  bool broken_ = false;
};

void check_store(Report& report, const Ground& ground, store::Store& store) {
  if (ground.state_dir.empty()) {
    report.line(State::kWeaker, "state", "in memory only: " + ground.state_note);
    return;
  }
  // A record of its own: written, read back and removed.
  const std::string key = "doctor:" + random_id();
  const bool works = store.put(store::Table::kSessions, key, key).has_value() &&
                     store.get(store::Table::kSessions, key) == key &&
                     store.erase(store::Table::kSessions, key).has_value();
  const store::StoreStats stats = store.stats();
  if (!works) {
    report.line(State::kBroken, "state", "a record could not be written and read back");
  } else if (stats.mode == "lmdb") {
    report.line(State::kGood, "state", "durable, in " + ground.state_dir);
  } else {
    report.line(State::kWeaker, "state", "in memory only: " + stats.note);
  }
}

void check_git(Report& report, Instance& instance) {
  const CancelToken cancel(instance.clock(), instance.clock().steady_ns() + 10'000'000'000);
  const auto facts = instance.sessions().default_session()->git().facts(cancel);
  if (facts) {
    report.line(State::kGood, "git",
                facts->unborn ? std::string("a repository without commits")
                              : "HEAD is " + facts->head.substr(0, 12));
  } else if (facts.error().code == Code::kNotFound) {
    report.line(State::kGood, "git", facts.error().message);
  } else {
    report.line(State::kBroken, "git", facts.error().message);
  }
}

}  // namespace

int doctor(const Options& options) {
  Report report;
  utsname kernel{};
  uname(&kernel);
  report.line(State::kGood, "version",
              fmt::format("quarry {}, {} {}", QUARRY_VERSION, kernel.sysname, kernel.release));
  auto prepared = prepare_ground(options);
  if (!prepared) {
    report.line(State::kBroken, "start", prepared.error().message);
    return kEnvironment;
  }
  const Ground& ground = *prepared;
  for (const auto& root : ground.roots) report.line(State::kGood, "root", root->root());
  report.line(ground.confinement.openat2 ? State::kGood : State::kWeaker, "paths",
              ground.confinement.openat2 ? "resolved by the kernel beneath the root (openat2)"
                                         : "resolved by a walk over their components");
  report.line(ground.confinement.enforced ? State::kGood : State::kWeaker, "landlock",
              ground.confinement.enforced
                  ? fmt::format("in force, ABI {}", ground.confinement.landlock_abi)
                  : ground.confinement.note);
  const Fd nowhere = rpc::open_null();
  Instance instance(options, ground, nowhere.get());
  check_store(report, ground, instance.store());
  check_git(report, instance);
  report.line(State::kGood, "workers", fmt::format("{}", instance.pool().workers()));
  report.line(State::kGood, "tools", fmt::format("{}", instance.tools().size()));
  return report.broken() ? kEnvironment : kDone;
}

}  // namespace quarry::cli
