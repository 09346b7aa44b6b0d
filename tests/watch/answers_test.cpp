#include "server/watch/answers.h"

#include <catch2/catch.hpp>

#include "server/watch/tree.h"

namespace quarry::watch {
namespace {

std::shared_ptr<const Answer> answer(std::string text) {
  return std::make_shared<const Answer>(Answer{std::move(text), {}});
}

Version at(std::uint64_t tree, std::uint64_t git = 0) {
  return {{tree, 0}, {git, 0}};
}

std::string found(Answers& answers, const std::string& key, const Version& version,
                  std::int64_t now_ns = 0) {
  bool flying = false;
  const auto answer = answers.find(key, version, now_ns, flying);
  return answer ? answer->text : flying ? "flying" : "none";
}

TEST_CASE("an answer is given out at its own version only") {
  Answers answers({});
  answers.keep("k", at(1), answer("one"), 0);
  CHECK(found(answers, "k", at(1)) == "one");
  CHECK(found(answers, "other", at(1)) == "none");
  CHECK(found(answers, "k", at(2)) == "none");
  CHECK(found(answers, "k", at(1)) == "none");  // what was outdated is forgotten
  CHECK(answers.stats().invalidated == 1);
  answers.keep("k", at(2, 7), answer("two"), 0);
  CHECK(found(answers, "k", at(2, 8)) == "none");
}

TEST_CASE("an answer is given out for its age at most") {
  Answers answers({});
  answers.keep("k", at(1), answer("one"), 1000);
  CHECK(found(answers, "k", at(1), 1000 + kMaxAnswerAgeNs) == "one");
  CHECK(found(answers, "k", at(1), 1001 + kMaxAnswerAgeNs) == "none");
}

TEST_CASE("the least recently used answer goes first, by entries") {
  Answers answers({.entries = 2});
  answers.keep("a", at(1), answer("a"), 0);
  answers.keep("b", at(1), answer("b"), 0);
  CHECK(found(answers, "a", at(1)) == "a");
  answers.keep("c", at(1), answer("c"), 0);
  CHECK(found(answers, "b", at(1)) == "none");
  CHECK(found(answers, "a", at(1)) == "a");
  CHECK(found(answers, "c", at(1)) == "c");
  CHECK(answers.stats().evicted == 1);
  CHECK(answers.stats().entries == 2);
}

TEST_CASE("answers are bounded by bytes, and none may take the most of them") {
  Answers answers({.entries = 1000, .bytes = 10'000});
  answers.keep("big", at(1), answer(std::string(5'000, 'x')), 0);
  CHECK(found(answers, "big", at(1)) == "none");
  for (int i = 0; i < 100; ++i) {
    answers.keep(std::to_string(i), at(1), answer(std::string(1'000, 'x')), 0);
    CHECK(answers.stats().bytes <= 10'000);
  }
  CHECK(answers.stats().entries >= 5);
  CHECK(found(answers, "99", at(1)) == std::string(1'000, 'x'));
  answers.keep("99", at(2), answer("small"), 0);
  for (int i = 0; i < 100; ++i) (void)found(answers, std::to_string(i), at(3));
  CHECK(answers.stats().bytes == 0);
  CHECK(answers.stats().entries == 0);
}

TEST_CASE("a tree's answers are forgotten, another's are not") {
  Answers answers({});
  std::string one, two;
  Answers::begin_key(one, 1);
  Answers::begin_key(two, 2);
  answers.keep(one + "q", at(1), answer("one"), 0);
  answers.keep(two + "q", at(1), answer("two"), 0);
  answers.forget(1);
  CHECK(found(answers, one + "q", at(1)) == "none");
  CHECK(found(answers, two + "q", at(1)) == "two");
}

TEST_CASE("one call leads at each version and the others are handed back when it lands") {
  Answers answers({});
  int first = 0, second = 0;
  CHECK_FALSE(answers.join("k", at(1), &first));
  CHECK(answers.lead("k", at(1)));
  CHECK_FALSE(answers.lead("k", at(1)));
  CHECK(answers.lead("k", at(2)));
  CHECK(found(answers, "k", at(1)) == "flying");
  CHECK(answers.join("k", at(1), &first));
  CHECK(answers.join("k", at(1), &second));
  CHECK(answers.land("k", at(2), true).empty());
  CHECK(answers.land("k", at(1), true) == std::vector<Answers::Ticket>{&first, &second});
  CHECK(answers.land("k", at(1), true).empty());
  CHECK_FALSE(answers.join("k", at(1), &first));
  CHECK(answers.stats().joined == 2);
}

}  // namespace
}  // namespace quarry::watch
