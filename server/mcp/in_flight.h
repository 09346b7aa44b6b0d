// InFlight: the requests that were handed to a worker and are not answered yet, by id.
//
// The reader thread adds and cancels; the worker that ends a call removes it, before the answer is
// sent, so that a client may use the id again as soon as it has read the answer.
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/base/guarded.h"
#include "server/mcp/call.h"

namespace quarry::mcp {

class InFlight {
 public:
  // False when a request with this id (type and value) is in flight already.
  bool add(Call& call);
  void remove(Call& call);
  bool contains(json::Value id) const;
  // True when there was such a call. Any value: what is no id names no call.
  bool cancel(json::Value id);
  void cancel_all();
  void beat();  // lets each call's progress tell that it is alive
  std::size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  using Calls = std::unordered_map<std::string, Call*>;

  mutable Guarded<Calls> calls_;
  // As many as calls_ has: most often none, and then nobody needs the lock to know it.
  std::atomic<std::size_t> size_{0};
};

}  // namespace quarry::mcp
