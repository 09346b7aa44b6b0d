// Engine: what a search may use. All of it must outlive the call. Thread-compatible.

#pragma once

#include "server/base/cancel.h"
#include "server/base/clock.h"
#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"

namespace quarry::search {

class Catalogue;
class Snapshot;

struct Engine {
  const sandbox::Workspace& workspace;
  pool::Pool& pool;
  const CancelToken& cancel;
  const Clock& clock;
  Catalogue* catalogue = nullptr;      // null: every search reads the directories
  const Snapshot* snapshot = nullptr;  // searched instead of what is on disk; null: the disk
};

}  // namespace quarry::search
