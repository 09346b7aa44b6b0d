// Opening an environment below the state directory, whatever lies there.
//
// A missing one is made whole before it gets its name, so that whoever is killed meanwhile leaves
// none that looks damaged. Files that are there are inspected first (a map of damaged files can end
// the process). Damaged ones are moved aside as `<name>.damaged`, where the last such is kept, with
// one warning, and a new environment is begun. Who is killed meanwhile leaves a mark by which the
// next one goes on.
//
// REQUIRES: the state directory's opening lock. Safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/store/environment.h"
#include "server/store/salvage.h"
#include "server/store/state_directory.h"

namespace quarry::store {

struct OpenedEnvironment {
  std::unique_ptr<Environment> environment;
  bool begun_anew = false;  // because there was a damaged one, which is `<name>.damaged` now
  bool suspected = false;   // somebody met damage; it is so until trust()
};

Result<OpenedEnvironment> open_environment(const StateDirectory& directory, const std::string& name,
                                           const Environment::Options& options);

struct TakenOver {
  std::uint64_t records = 0;
  std::optional<std::uint64_t> lost;  // at least; nullopt: not known
  std::string said;                   // the figures in words
};

// Takes over into the new `state` what can be read of `<name>.damaged`: durable records that are
// whole, together with the doubt about the others (doubt.h). Says it on stderr.
Result<TakenOver> take_over_damaged(const StateDirectory& directory, const std::string& name,
                                    Environment& state);

// Removes the environment `name` when it was last used before the machine was started: what was
// not yet on disk then is lost, and with it the order in which pages were written. False when it
// is unknown when the machine was started; then the environment must be synchronous.
// `before` is called when it is about to be removed.
Result<bool> discard_after_restart(const StateDirectory& directory, const std::string& name,
                                   const std::function<void()>& before = {});

// Whatever `name` is, a missing one too.
Result<void> remove_tree(const StateDirectory& directory, const std::string& name);

// Moves `name` to `<name>.damaged`, where the last such is kept.
Result<void> set_aside(const StateDirectory& directory, const std::string& name);

// Has the next opening look at every page of `name`.
void suspect(const StateDirectory& directory, const std::string& name);
// Takes that back.
void trust(const StateDirectory& directory, const std::string& name);

}  // namespace quarry::store
