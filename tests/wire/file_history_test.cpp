// Random edits, writes, appends, moves, deletions, undos and reads by eight clients on few files,
// through one server and through four: what they were answered, and what lies there in the end,
// must be what one server that takes the calls one after the other could have made.
//
// QUARRY_LONG_TESTS=1: 1,250 rounds (10,000 calls) each instead of 40.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "tests/wire/servers.h"

namespace quarry::wire {
namespace {

constexpr int kClients = 8;
constexpr std::array kFiles = {"a", "b", "d/c"};
constexpr int kSlots = 3;

// Texts by number, since thousands of states are copied and compared each round.
class Texts {
 public:
  int number(const std::string& text) {
    const auto [found, added] = numbers_.emplace(text, static_cast<int>(texts_.size()));
    if (added) texts_.push_back(text);
    return found->second;
  }
  const std::string& operator[](int number) const {
    return texts_[static_cast<std::size_t>(number)];
  }

 private:
  std::map<std::string, int> numbers_;
  std::vector<std::string> texts_;
};

// The number of the text of each of kFiles.
using Files = std::array<int, kFiles.size()>;
constexpr int kNothing = -1;
constexpr int kUntouched = -2;
constexpr Files kNoChange = {kUntouched, kUntouched, kUntouched};

// What a change found and what it left.
struct Change {
  Files before = kNoChange;
  Files after = kNoChange;
  auto operator<=>(const Change&) const = default;
};

struct State {
  Files files;
  std::array<Change, 2 * kClients> changes;  // of this round and the one before it
  Change& change(int number) { return changes[static_cast<std::size_t>(number) % changes.size()]; }
  auto operator<=>(const State&) const = default;
};

struct Call {
  enum class Kind { kRead, kEdit, kAppend, kWrite, kMove, kDelete, kUndo };
  int number = 0;
  Kind kind = Kind::kRead;
  int undoes = 0;  // the number of the change
  std::size_t file = 0;
  std::size_t target = 0;  // where it is moved
  std::string other;       // the text that is looked for; the change that is undone
  std::string text;        // that is put
  bool worked = false;
  std::string seen;  // by a read
};

void put(State& state, const Files& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i] != kUntouched) state.files[i] = files[i];
  }
}

bool change(State& state, int number, const Files& made) {
  Change& one = state.change(number);
  one = {.before = kNoChange, .after = made};
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i] != kUntouched) one.before[i] = state.files[i];
  }
  put(state, made);
  return true;
}

bool undo(State& state, const Call& call) {
  const Change& one = state.change(call.undoes);
  bool as_left = one.after != kNoChange;
  for (std::size_t i = 0; i < one.after.size(); ++i) {
    as_left = as_left && (one.after[i] == kUntouched || one.after[i] == state.files[i]);
  }
  if (call.worked != as_left) return false;
  if (as_left) put(state, one.before);
  return true;
}

bool shows(const std::string& seen, const std::string& text) {
  std::size_t at = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    at = seen.find(text.substr(begin, end - begin), at);
    if (at == std::string::npos) return false;
    begin = end + 1;
  }
  return true;
}

// Does the call on the model; false when it would have been answered otherwise.
bool apply(State& state, const Call& call, Texts& texts) {
  using Kind = Call::Kind;
  if (call.kind == Kind::kUndo) return undo(state, call);
  const int there = state.files[call.file];
  const bool is_there = there != kNothing;
  const std::string text = is_there ? texts[there] : "";
  const std::size_t at = call.kind == Kind::kEdit ? text.find(call.other) : 0;
  const bool makes = call.kind == Kind::kAppend || call.kind == Kind::kWrite;
  const bool taken = call.kind == Kind::kMove && state.files[call.target] != kNothing;
  const bool works = makes || (is_there && at != std::string::npos && !taken);
  if (call.worked != works) return false;
  if (!works) return true;
  if (call.kind == Kind::kRead) return shows(call.seen, text);
  Files made = kNoChange;
  int& now = made[call.file];
  now = kNothing;
  if (call.kind == Kind::kMove) made[call.target] = there;
  if (call.kind == Kind::kWrite) now = texts.number(call.text);
  if (call.kind == Kind::kAppend) now = texts.number(text + call.text);
  if (call.kind == Kind::kEdit) {
    now = texts.number(std::string(text).replace(at, call.other.size(), call.text));
  }
  return change(state, call.number, made);
}

// Every state that some order of `calls` leads to, with the answers that were given.
void follow(const State& state, const std::vector<Call>& calls, unsigned done, Texts& texts,
            std::set<State>& ends, std::set<std::pair<unsigned, State>>& known) {
  if (!known.emplace(done, state).second) return;
  if (done == (1U << calls.size()) - 1) {
    ends.insert(state);
    return;
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if ((done >> i & 1U) != 0) continue;
    State next = state;
    if (apply(next, calls[i], texts)) {
      follow(next, calls, done | 1U << i, texts, ends, known);
    }
  }
}

class Player {
 public:
  explicit Player(int processes)
      : servers_(processes, {.files = initial(), .arguments = {"--no-fsync"}}),
        random_(static_cast<unsigned>(processes)) {
    states_.insert({.files = found(), .changes = {}});
  }

  void play(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      std::vector<Call> calls;
      for (int client = 0; client < kClients; ++client) {
        calls.push_back(any_call());
        send(client, calls.back());
      }
      for (int client = 0; client < kClients; ++client) {
        const Json answer = servers_.receive(client);
        Call& call = calls[answer["id"].get<std::size_t>()];
        call.worked = !answer["result"].value("isError", false);
        call.seen = text_of(answer);
      }
      std::set<State> ends;
      std::set<std::pair<unsigned, State>> known;
      for (const State& state : states_) follow(state, calls, 0, texts_, ends, known);
      INFO("round " << round << "\n" << described(calls));
      settle(ends, calls);
      REQUIRE_FALSE(states_.empty());
    }
    CHECK(undone_ > rounds / 10);
    CHECK(servers_.workspace().run({"sh", "-c", "find . -name '.quarry-*'"}).empty());
  }

 private:
  static std::map<std::string, std::string> initial() {
    std::map<std::string, std::string> files;
    for (const char* file : kFiles) files[file] = "0=0;\n1=0;\n2=0;\n";
    return files;
  }

  // What lies there now.
  Files found() {
    Files files;
    for (std::size_t i = 0; i < files.size(); ++i) {
      const bool is_there = access(servers_.workspace().path(kFiles[i]).c_str(), F_OK) == 0;
      files[i] = is_there ? texts_.number(servers_.workspace().read(kFiles[i])) : kNothing;
    }
    return files;
  }

  // Leaves the states that fit what lies there now, and the changes that the next round may undo.
  void settle(const std::set<State>& ends, const std::vector<Call>& calls) {
    const Files now = found();
    states_.clear();
    for (State state : ends) {
      if (state.files != now) continue;
      for (const Call& call : calls) state.change(call.number + kClients) = {};
      states_.insert(state);
    }
    ids_.clear();
    for (const Call& call : calls) {
      const std::size_t at = call.seen.find("change ");
      const bool undo = call.kind == Call::Kind::kUndo;
      undone_ += undo && call.worked ? 1 : 0;
      if (undo || !call.worked || at == std::string::npos) continue;
      const std::size_t begin = at + std::string("change ").size();
      ids_.emplace_back(call.number, call.seen.substr(begin, call.seen.find(';', begin) - begin));
    }
  }

  int pick(int count) { return std::uniform_int_distribution<int>(0, count - 1)(random_); }

  // Of what some client may believe to be there.
  Call any_call() {
    const State& state = *states_.begin();
    Call call;
    call.number = ++numbers_;
    const std::string value = std::to_string(call.number);
    call.file = static_cast<std::size_t>(pick(kFiles.size()));
    const int kind = pick(20);
    if (kind < 9) {
      const std::string slot = std::to_string(pick(kSlots)) + "=";
      const int there = state.files[call.file];
      const std::string text = there == kNothing ? "" : texts_[there];
      const std::size_t at = text.find(slot);
      call.kind = Call::Kind::kEdit;
      call.other = at == std::string::npos ? slot : text.substr(at, text.find(';', at) - at + 1);
      call.text = slot + value + ";";
    } else if (kind < 11) {
      call.kind = Call::Kind::kAppend;
      call.text = "more " + value + "\n";
    } else if (kind < 12) {
      call.kind = Call::Kind::kWrite;
      for (int slot = 0; slot < kSlots; ++slot) {
        call.text += std::to_string(slot) + "=" + value + ";\n";
      }
    } else if (kind < 14) {
      call.kind = Call::Kind::kMove;
      do {
        call.target = static_cast<std::size_t>(pick(kFiles.size()));
      } while (call.target == call.file);
    } else if (kind < 15) {
      call.kind = Call::Kind::kDelete;
    } else if (kind < 18 && !ids_.empty()) {
      const auto& [number, id] =
          ids_[static_cast<std::size_t>(pick(static_cast<int>(ids_.size())))];
      call.kind = Call::Kind::kUndo;
      call.undoes = number;
      call.other = id;
    }
    return call;
  }

  void send(int client, const Call& call) {
    using Kind = Call::Kind;
    const Json path = {{"path", kFiles[call.file]}};
    Json arguments = path;
    const char* tool = "read_file";
    switch (call.kind) {
      case Kind::kRead:
        break;
      case Kind::kEdit:
        tool = "edit_file";
        arguments.update({{"old_string", call.other}, {"new_string", call.text}});
        break;
      case Kind::kAppend:
      case Kind::kWrite:
        tool = "write_file";
        arguments.update({{"content", call.text}, {"append", call.kind == Kind::kAppend}});
        break;
      case Kind::kMove:
        tool = "move_path";
        arguments = {{"source", kFiles[call.file]}, {"destination", kFiles[call.target]}};
        break;
      case Kind::kDelete:
        tool = "delete_path";
        break;
      case Kind::kUndo:
        tool = "undo";
        arguments = {{"change_id", call.other}};
        break;
    }
    servers_.send(client, call_of(client, tool, arguments));
  }

  static std::string described(const std::vector<Call>& calls) {
    std::string text;
    for (const Call& call : calls) {
      text += std::to_string(static_cast<int>(call.kind)) + " " + kFiles[call.file] + " " +
              kFiles[call.target] + " [" + call.other + "] [" + call.text + "] " +
              (call.worked ? "worked" : "failed: ") +
              (call.worked ? "" : call.seen.substr(0, 120)) + "\n";
    }
    return text;
  }

  Servers servers_;
  std::mt19937 random_;
  Texts texts_;
  std::set<State> states_;
  std::vector<std::pair<int, std::string>> ids_;  // of the changes of the round before
  int numbers_ = 0;
  int undone_ = 0;
};

TEST_CASE("changes of files by eight clients have one order, through one server and through four") {
  const int rounds = std::getenv("QUARRY_LONG_TESTS") != nullptr ? 1250 : 40;
  for (const int processes : {1, 4}) {
    INFO(processes << " server processes");
    Player(processes).play(rounds);
  }
}

}  // namespace
}  // namespace quarry::wire
