// Batch: collects the answers to the members of one array (protocol revision 2025-03-26) and
// delivers them as one array when the last member is answered or dropped; nothing when no member
// was answered. Should the array grow past the longest line, what there is goes out as an array of
// its own.
//
// Shared by its members' Replies; the last one ends it. Safe from any thread.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/guarded.h"
#include "server/rpc/line.h"
#include "server/rpc/reply_sink.h"

namespace quarry::rpc {

class Batch final : public ReplySink {
 public:
  // `members` answers are expected, by deliver() or dropped(); one per request and one per
  // malformed member. `line` is what the members' views point into.
  Batch(std::shared_ptr<ReplySink> sink, std::size_t members, Line line)
      : sink_(std::move(sink)), line_(std::move(line)), state_(std::in_place, members) {}

  void deliver(std::string_view line) override;
  void dropped() override;
  void forgotten(std::string_view id) override { sink_->forgotten(id); }

 private:
  struct State {
    explicit State(std::size_t members = 0) : left(members) {}
    std::string answers;  // '[' and answers, each but the first with a comma before it
    std::size_t left;
  };
  void finish_member(Guarded<State>::Lock state);

  std::shared_ptr<ReplySink> sink_;
  Line line_;
  Guarded<State> state_;
};

}  // namespace quarry::rpc
