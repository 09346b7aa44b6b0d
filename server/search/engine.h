// Engine: what a search may use. All of it must outlive the call. Thread-compatible.

#pragma once

#include "server/base/cancel.h"
#include "server/base/clock.h"
#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"

namespace quarry::search {

class Catalogue;

struct Engine {
  const sandbox::Workspace& workspace;
  pool::Pool& pool;
  const CancelToken& cancel;
  const Clock& clock;
  Catalogue* catalogue = nullptr;  // null: every search reads the directories
};

}  // namespace quarry::search
