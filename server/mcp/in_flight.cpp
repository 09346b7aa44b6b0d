#include "server/mcp/in_flight.h"

#include "server/rpc/envelope.h"

namespace quarry::mcp {
namespace {

std::string key(json::Value id) {
  std::string text;
  rpc::append_id_key(text, id);
  return text;
}

void stop(Call& call) {
  call.cancel->cancel();
  call.state.cancel();
  call.progress.close();
}

}  // namespace

bool InFlight::add(Call& call) {
  auto calls = calls_.lock();
  call.tracked = calls->emplace(key(call.request.id_value), &call).second;
  size_.store(calls->size(), std::memory_order_release);
  return call.tracked;
}

void InFlight::remove(Call& call) {
  if (!call.tracked) return;
  call.tracked = false;
  auto calls = calls_.lock();
  calls->erase(key(call.request.id_value));
  size_.store(calls->size(), std::memory_order_release);
}

bool InFlight::contains(json::Value id) const {
  return size() > 0 && calls_.lock()->contains(key(id));
}

bool InFlight::cancel(json::Value id) {
  if (!rpc::usable_id(id)) return false;
  auto calls = calls_.lock();
  const auto found = calls->find(key(id));
  if (found == calls->end()) return false;
  stop(*found->second);
  return true;
}

void InFlight::cancel_all() {
  auto calls = calls_.lock();
  for (auto& [id, call] : *calls) stop(*call);
}

void InFlight::beat() {
  auto calls = calls_.lock();
  for (auto& [id, call] : *calls) call->progress.beat();
}

}  // namespace quarry::mcp
