// Session: one client's view of one tree: a handle, a root inside the allowed ones, whether it may
// write, and the order of its calls.
//
// The handle is 128 random bits and the only way to a session. Sessions made by open() are durable
// and outlive the process; the default session is made from the command line and called "default".
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "server/git/client.h"
#include "server/sandbox/workspace.h"
#include "server/session/order.h"

namespace quarry::session {

inline constexpr std::string_view kDefaultHandle = "default";

// What is stored of a session. Times are Unix milliseconds.
struct Record {
  std::string handle;
  std::string root;  // absolute, resolved
  std::string label;
  bool read_only = false;
  std::int64_t created_ms = 0;
  std::int64_t used_ms = 0;
  std::int64_t ttl_s = 86'400;  // after the last use; 0 = never

  std::int64_t expires_ms() const { return ttl_s == 0 ? 0 : used_ms + ttl_s * 1000; }
};

std::string encode(const Record& record);
// False when `bytes` is not one whole record of this version.
bool decode(std::string_view bytes, Record& record);

class Session {
 public:
  Session(Record record, std::shared_ptr<const sandbox::Workspace> workspace,
          std::shared_ptr<git::GitClient> git);

  const std::string& handle() const { return record_.handle; }
  const std::string& label() const { return record_.label; }
  bool read_only() const { return record_.read_only; }
  const sandbox::Workspace& workspace() const { return *workspace_; }
  const std::shared_ptr<const sandbox::Workspace>& shared_workspace() const { return workspace_; }
  git::GitClient& git() const { return *git_; }
  Order& order() { return order_; }

  // As it would be stored now.
  Record record() const;
  void touch(std::int64_t now_ms) {
    used_ms_.store(now_ms, std::memory_order_relaxed);
    calls_.fetch_add(1, std::memory_order_relaxed);
  }
  // Calls that were sent before the closing finish; later ones find closed().
  void close() { closed_.store(true, std::memory_order_relaxed); }
  bool closed() const { return closed_.load(std::memory_order_relaxed); }
  std::uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }

 private:
  const Record record_;  // used_ms as it was stored; used_ms_ is current
  // Owners: every session on one root, since a root has one descriptor and one warm git helper.
  std::shared_ptr<const sandbox::Workspace> workspace_;
  std::shared_ptr<git::GitClient> git_;
  Order order_;
  std::atomic<std::int64_t> used_ms_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace quarry::session
