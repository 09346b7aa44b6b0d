#include "server/watch/answers.h"

#include "server/watch/tree.h"

namespace quarry::watch {
namespace {

std::string flight_key(const std::string& key, const Version& version) {
  std::string flight;
  flight.reserve(key.size() + sizeof version);
  flight.append(key).append(reinterpret_cast<const char*>(&version), sizeof version);
  return flight;
}

std::string_view serial_bytes(const std::uint64_t& serial) {
  return {reinterpret_cast<const char*>(&serial), sizeof serial};
}

}  // namespace

void Answers::begin_key(std::string& key, std::uint64_t serial) {
  key.assign(serial_bytes(serial));
}

void Answers::erase(State& state, Entries::iterator entry) {
  state.stats.bytes -= entry->bytes();
  state.by_key.erase(entry->key);
  state.entries.erase(entry);
}

std::shared_ptr<const Answer> Answers::find(const std::string& key, const Version& version,
                                            std::int64_t now_ns, bool& flying) {
  auto state = state_.lock();
  flying = false;
  const auto found = state->by_key.find(key);
  if (found != state->by_key.end()) {
    const Entries::iterator entry = found->second;
    if (entry->version == version && now_ns - entry->begun_ns <= kMaxAnswerAgeNs) {
      ++state->stats.hits;
      state->entries.splice(state->entries.begin(), state->entries, entry);
      return entry->answer;
    }
    ++state->stats.invalidated;
    erase(*state, entry);
  }
  flying = !state->flights.empty() && state->flights.contains(flight_key(key, version));
  if (!flying) ++state->stats.misses;
  return nullptr;
}

bool Answers::lead(const std::string& key, const Version& version) {
  return state_.lock()->flights.try_emplace(flight_key(key, version)).second;
}

bool Answers::join(const std::string& key, const Version& version, Ticket ticket) {
  auto state = state_.lock();
  const auto flight = state->flights.find(flight_key(key, version));
  if (flight == state->flights.end()) return false;
  flight->second.push_back(ticket);
  return true;
}

std::vector<Answers::Ticket> Answers::land(const std::string& key, const Version& version,
                                           bool answered) {
  auto state = state_.lock();
  const auto flight = state->flights.find(flight_key(key, version));
  if (flight == state->flights.end()) return {};
  std::vector<Ticket> tickets = std::move(flight->second);
  state->flights.erase(flight);
  if (answered) state->stats.joined += tickets.size();
  return tickets;
}

void Answers::keep(const std::string& key, const Version& version,
                   std::shared_ptr<const Answer> answer, std::int64_t begun_ns) {
  Entry entry{key, version, begun_ns, std::move(answer)};
  const std::size_t bytes = entry.bytes();
  // One answer must not drive out all others.
  if (bytes > limits_.bytes / 4 || limits_.entries == 0) return;
  auto state = state_.lock();
  if (const auto older = state->by_key.find(key); older != state->by_key.end()) {
    erase(*state, older->second);
  }
  while (state->entries.size() >= limits_.entries || state->stats.bytes + bytes > limits_.bytes) {
    erase(*state, std::prev(state->entries.end()));
    ++state->stats.evicted;
  }
  state->entries.push_front(std::move(entry));
  state->by_key.emplace(key, state->entries.begin());
  state->stats.bytes += bytes;
}

void Answers::forget(std::uint64_t serial) {
  auto state = state_.lock();
  for (auto entry = state->entries.begin(); entry != state->entries.end();) {
    const auto next = std::next(entry);
    if (entry->key.starts_with(serial_bytes(serial))) erase(*state, entry);
    entry = next;
  }
}

AnswerStats Answers::stats() const {
  auto state = state_.lock();
  AnswerStats stats = state->stats;
  stats.entries = state->entries.size();
  return stats;
}

}  // namespace quarry::watch
