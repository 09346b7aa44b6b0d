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
  return call.tracked;
}

void InFlight::remove(Call& call) {
  if (!call.tracked) return;
  call.tracked = false;
  calls_.lock()->erase(key(call.request.id_value));
}

bool InFlight::contains(json::Value id) const {
  auto calls = calls_.lock();
  return !calls->empty() && calls->contains(key(id));
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

std::size_t InFlight::size() const {
  return calls_.lock()->size();
}

}  // namespace quarry::mcp
