#include "tests/transcripts/match.h"

#include <stdexcept>

#include <catch2/catch.hpp>

#include "tests/transcripts/transcript.h"

namespace quarry::transcripts {
namespace {

struct Row {
  const char* name;
  const char* expected;
  const char* actual;
  bool same;
};

TEST_CASE("an answer matches only what the transcript says") {
  const Row rows[] = {
      {"equal", R"({"a":1,"b":[2]})", R"({"b":[2],"a":1})", true},
      {"a member missing", R"({"a":1,"b":2})", R"({"a":1})", false},
      {"a member left over", R"({"a":1})", R"({"a":1,"b":2})", false},
      {"another value", R"({"a":1})", R"({"a":2})", false},
      {"another type", R"({"a":1})", R"({"a":"1"})", false},
      {"fraction for integer", R"({"a":1})", R"({"a":1.0})", false},
      {"a longer array", R"([1])", R"([1,2])", false},
      {"large ids", R"({"id":9007199254740993})", R"({"id":9007199254740992})", false},
      {"any value", R"({"a":"{{any}}"})", R"({"a":{"b":[1]}})", true},
      {"any value does not excuse absence", R"({"a":"{{any}}"})", R"({})", false},
      {"any text inside", R"({"a":"x{{any}}z"})", R"({"a":"xyz"})", true},
      {"any text inside, wrong end", R"({"a":"x{{any}}z"})", R"({"a":"xy"})", false},
      {"not JSON", R"({})", "hello", false},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(difference(row.expected, row.actual).empty() == row.same);
  }
}

TEST_CASE("exact lines are compared byte by byte") {
  CHECK(matches_text(R"({"id":1})", R"({"id":1})"));
  CHECK_FALSE(matches_text(R"({"id":1})", R"({"id": 1})"));
  CHECK(matches_text(R"({"id":1.0,{{any}}})", R"({"id":1.0,"result":{}})"));
  CHECK_FALSE(matches_text(R"({"id":1.0,{{any}}})", R"({"id":1,"result":{}})"));
}

TEST_CASE("a rewritten line keeps its wildcards and takes the rest from the answer") {
  CHECK(golden_line(R"({"a":"{{any}}","b":1})", R"({"a":7,"b":2})") == R"({"a":"{{any}}","b":2})");
  CHECK(golden_line(R"({"a":1})", R"({"a":2,"c":[ 3 ]})") == R"({"a":2,"c":[ 3 ]})");
}

TEST_CASE("a transcript is read into its exchanges") {
  const Transcript got = parse_transcript(
      "Prose.\n@file a/b.txt\n| one\n|\n| two\n@bytes raw \\xff\\n\n@args --read-only\n"
      "> one\n> two\n< {}\n<~ {}\n\n> three\n\n> four\n=< x\n");
  REQUIRE(got.setup.size() == 2);
  CHECK(got.setup[0].content == "one\n\ntwo\n");
  CHECK(got.setup[1].content == "\xff\n");
  CHECK(got.arguments == std::vector<std::string>{"--read-only"});
  REQUIRE(got.exchanges.size() == 3);
  CHECK(got.exchanges[0].sent.size() == 2);
  CHECK(got.exchanges[0].expected.size() == 2);
  CHECK(got.exchanges[1].expected.empty());
  CHECK(got.exchanges[2].sent[0].bytes == "four\n");
  CHECK(got.exchanges[2].expected[0].order == Order::kExact);
}

TEST_CASE("a transcript that cannot be understood is refused") {
  for (const char* text : {"@nonsense x\n", "< {}\n", ">x\n", "> a\n<x\n", ">\\ \\q\n"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_transcript(text), std::runtime_error);
  }
}

}  // namespace
}  // namespace quarry::transcripts
