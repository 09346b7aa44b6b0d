#include "server/mcp/client_roots.h"

#include <algorithm>
#include <vector>

#include "server/base/log.h"
#include "server/sandbox/shown.h"

namespace quarry::mcp {
void ClientRoots::begin(bool declared) {
  if (narrowed_) sessions_.widen_roots();
  narrowed_ = false;
  declared_ = declared;
  ready_ = false;
  pending_.clear();
  due_ns_ = 0;
}

void ClientRoots::initialized() {
  if (!declared_) return;
  if (!ready_) due_ns_ = clock_.steady_ns() + patience_ns_;
  ready_ = true;
  ask();
}

void ClientRoots::list_changed() {
  if (ready_) ask();
}

void ClientRoots::ask() {
  // A string of our own: no client numbers its requests like this.
  pending_ = fmt::format("quarry-roots-{}", ++asked_);
  writer_.send(fmt::format(R"({{"jsonrpc":"2.0","id":"{}","method":"roots/list"}})", pending_));
}

bool ClientRoots::take(const rpc::Envelope& response) {
  const json::Value id = response.id_value;
  if (pending_.empty() || !id.is(json::Type::kString) || id.string() != pending_) return false;
  pending_.clear();
  due_ns_ = 0;
  judge(response);
  return true;
}

void ClientRoots::judge(const rpc::Envelope& response) {
  if (const json::Value error = response.message.find("error")) {
    const json::Value text = error.find("message");
    log::warning("the client answered roots/list with an error: {}",
                 text.is(json::Type::kString) ? sandbox::shown_argument(text.string())
                                              : std::string("no message"));
    return;
  }
  const json::Value roots = response.message.find("result").find("roots");
  if (!roots.is(json::Type::kArray)) {
    log::warning("the client's answer to roots/list holds no list of roots");
    return;
  }
  std::vector<std::string> uris;
  for (json::Value root = roots.first(); root; root = roots.after(root)) {
    const json::Value uri = root.find("uri");
    uris.emplace_back(uri.is(json::Type::kString) ? uri.string() : std::string_view());
  }
  narrowed_ = true;
  for (const std::string& note : sessions_.narrow_roots(uris).notes) log::warning("{}", note);
}

bool ClientRoots::awaited() {
  if (due_ns_ == 0) return false;
  if (clock_.steady_ns() < due_ns_) return true;
  due_ns_ = 0;
  log::warning("the client has not answered roots/list in time; its calls go on without");
  return false;
}

int ClientRoots::patience_ms() const {
  if (due_ns_ == 0) return 0;
  const std::int64_t left_ns = due_ns_ - clock_.steady_ns();
  return static_cast<int>(std::clamp<std::int64_t>(left_ns / 1'000'000 + 1, 0, 60'000));
}

}  // namespace quarry::mcp
