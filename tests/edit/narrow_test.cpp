#include "server/edit/narrow.h"

#include <random>

#include <catch2/catch.hpp>

namespace quarry::edit {
namespace {

std::vector<Splice> narrow(std::string_view text, std::span<const Splice> splices) {
  const SystemClock clock;
  const CancelToken cancel(clock);
  return narrowed(text, splices, cancel).value();
}

TEST_CASE("narrow: what a splice puts back is left out, by lines and by characters") {
  const std::string text = "one\ncaf\u00E9 = 1\ntwo\n";
  const std::vector<Splice> whole = {{4, text.size(), "caf\u00E9 = 2\ntwo\nthree\n"}};
  CHECK(narrow(text, whole) == std::vector<Splice>{{12, 13, "2"}, {18, 18, "three\n"}});
  // Not within a character, though the two begin with the same byte.
  CHECK(narrow("\u00E9", std::vector<Splice>{{0, 2, "\u00E8"}}) ==
        std::vector<Splice>{{0, 2, "\u00E8"}});
  CHECK(narrow("ab", std::vector<Splice>{{0, 2, "ab"}}).empty());
  CHECK(narrow("ab", std::vector<Splice>{{1, 1, "x"}, {2, 2, ""}}) ==
        std::vector<Splice>{{1, 1, "x"}});
  CHECK(narrow("ab", std::vector<Splice>{{0, 2, ""}}) == std::vector<Splice>{{0, 2, ""}});
}

TEST_CASE("narrow: long lines are compared from both ends, and within when not too long") {
  const std::string front(std::size_t{3} << 20U, 'a');
  const std::string line = front + "b\u00E9c" + front;
  CHECK(narrow(line, std::vector<Splice>{{0, line.size(), front + "x\u00E9y" + front}}) ==
        std::vector<Splice>{{front.size(), front.size() + 1, "x"},
                            {front.size() + 3, front.size() + 4, "y"}});
  const std::string other(front.size(), 'z');
  CHECK(narrow(line, std::vector<Splice>{{0, line.size(), "b" + other + "c" + front}}) ==
        std::vector<Splice>{{0, front.size() + 3, "b" + other}});
}

TEST_CASE("narrow: a cancelled call ends") {
  const SystemClock clock;
  CancelToken cancel(clock);
  cancel.cancel();
  const auto stopped = narrowed("ab", std::vector<Splice>{{0, 2, "ac"}}, cancel);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Code::kCancelled);
}

TEST_CASE("narrow: what comes out is the same, whatever the splices") {
  std::mt19937 random(20261130);
  const auto pick = [&](std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
  };
  const std::string_view characters[] = {"a", "b", "\n", "\r", "\u00E9", "\uFFFD"};
  const auto any_text = [&](std::size_t most) {
    std::string text;
    for (std::size_t left = pick(most + 1); left > 0; --left) text += characters[pick(6)];
    return text;
  };
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    std::vector<Splice> splices;
    for (std::size_t left = pick(4); left > 0; --left) {
      text += any_text(8);
      const std::size_t begin = text.size();
      text += any_text(12);
      splices.push_back({begin, text.size(), any_text(12)});
    }
    text += any_text(8);
    REQUIRE(spliced(text, narrow(text, splices)) == spliced(text, splices));
  }
}

}  // namespace
}  // namespace quarry::edit
