#include "server/sandbox/confine.h"

#include <algorithm>

#include <fcntl.h>

#include "server/base/fd.h"
#include "server/sandbox/landlock.h"
#include "server/sandbox/privileges.h"
#include "server/sandbox/resolve.h"

namespace quarry::sandbox {
namespace {

void append_note(std::string& note, std::string_view text) {
  if (!note.empty()) note.append("; ");
  note.append(text);
}

// Rules for each path of `paths`; those that do not exist are left out.
Result<void> allow_all(const landlock::Ruleset& ruleset, const std::vector<std::string>& paths,
                       landlock::Rights rights) {
  for (const std::string& path : paths) TRY(ruleset.allow(path, rights));
  return {};
}

// A rule belongs to an inode, and procfs makes a new one for the same process whenever memory
// pressure has thrown the old one out of the cache: the rule then covers nothing. An open
// descriptor keeps the inode, so this one is left open for the life of the process.
void keep_proc_self() {
  Fd fd(open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC));
  fd.release();
}

Result<void> enforce(const Grants& grants, int abi) {
  TRY_ASSIGN(const landlock::Ruleset ruleset, landlock::Ruleset::make(abi));
  TRY(allow_all(ruleset, grants.read_only, landlock::kReadRights));
  TRY(allow_all(ruleset, grants.execute, landlock::kExecuteRights));
  TRY(allow_all(ruleset, grants.read_write, landlock::kWriteRights));
  // What children get as stdin and stderr, and what the process may ask about itself.
  TRY(ruleset.allow("/dev/null", landlock::kReadFile | landlock::kWriteFile));
  keep_proc_self();
  TRY(ruleset.allow("/proc/self", landlock::kReadRights));
  return ruleset.enforce();
}

bool grants_everything(const Grants& grants) {
  const auto has_root = [](const std::vector<std::string>& paths) {
    return std::ranges::find(paths, "/") != paths.end();
  };
  return has_root(grants.read_only) || has_root(grants.read_write) || has_root(grants.execute);
}

Confinement offered(int max_abi) {
  Confinement offer;
  offer.landlock_abi = std::min(landlock::abi(), max_abi);
  offer.openat2 = has_openat2();
  if (offer.landlock_abi <= 0) {
    append_note(offer.note, "the kernel has no landlock, or it is not enabled");
  } else if (offer.landlock_abi == 1) {
    append_note(offer.note, "landlock abi 1 forbids renames from one directory to another");
  }
  if (!offer.openat2) append_note(offer.note, "no openat2: paths are walked by component");
  return offer;
}

}  // namespace

Confinement probe() {
  return offered(landlock::kNewestAbi);
}

Result<Confinement> confine(const Grants& grants) {
  TRY(forbid_new_privileges());
  TRY(drop_capabilities());
  Confinement confinement = offered(grants.max_abi);
  confinement.grants_everything = grants_everything(grants);
  if (confinement.landlock_abi <= 0) return confinement;
  auto enforced = enforce(grants, std::min(confinement.landlock_abi, landlock::kNewestAbi));
  if (enforced) {
    confinement.enforced = true;
  } else if (enforced.error().code == Code::kUnavailable) {
    append_note(confinement.note, enforced.error().message);
  } else {
    return Failure(std::move(enforced).error());
  }
  return confinement;
}

}  // namespace quarry::sandbox
