#include "server/store/settled.h"

#include <catch2/catch.hpp>

namespace quarry::store {
namespace {

using Known = Settled::Known;

Layer pending(Layer::Records records) {
  Layer layer;
  layer.records = std::move(records);
  return layer;
}

TEST_CASE("settled knows what was read, for the state it was read from") {
  Settled settled;
  std::string record;
  CHECK(settled.find(7, "a", record) == Known::kNo);
  settled.note(7, "a", "one");
  settled.note(7, "b", std::nullopt);
  CHECK(settled.find(7, "a", record) == Known::kPresent);
  CHECK(record == "one");
  CHECK(settled.find(7, "b", record) == Known::kAbsent);
  CHECK(settled.find(7, "c", record) == Known::kNo);
  CHECK(settled.find(8, "a", record) == Known::kNo);
  CHECK(settled.find(6, "a", record) == Known::kNo);
  settled.note(8, "c", "three");
  CHECK(settled.find(8, "a", record) == Known::kNo);
  CHECK(settled.find(7, "a", record) == Known::kNo);
  settled.note(7, "a", "late");  // by a reader that was held up
  CHECK(settled.find(8, "c", record) == Known::kPresent);
}

TEST_CASE("settled follows a change of its own, and no other") {
  Settled settled;
  std::string record;
  settled.note(7, "a", "one");
  settled.note(7, "b", "two");
  settled.writing();
  settled.note(8, "c", "of a change that may be its own");
  CHECK(settled.find(7, "a", record) == Known::kPresent);
  settled.wrote(8, pending({{"b", "new"}, {"d", std::nullopt}}));
  CHECK(settled.find(8, "a", record) == Known::kPresent);
  CHECK(settled.find(8, "b", record) == Known::kPresent);
  CHECK(record == "new");
  CHECK(settled.find(8, "d", record) == Known::kAbsent);
  CHECK(settled.find(8, "c", record) == Known::kNo);
  settled.writing();
  settled.wrote(10, pending({{"e", "five"}}));  // 9 was somebody else's
  CHECK(settled.find(10, "a", record) == Known::kNo);
  CHECK(settled.find(10, "e", record) == Known::kPresent);
  settled.writing();
  settled.failed();
  CHECK(settled.find(10, "e", record) == Known::kNo);
  settled.note(11, "f", "six");
  CHECK(settled.find(11, "f", record) == Known::kPresent);
}

TEST_CASE("settled begins anew when it is full") {
  Settled settled;
  std::string record;
  const std::string large(Settled::kMostBytes / 8, 'x');
  for (int i = 0; i < 100; ++i) {
    settled.note(1, "k" + std::to_string(i), large);
    REQUIRE(settled.find(1, "k" + std::to_string(i), record) == Known::kPresent);
  }
  CHECK(settled.find(1, "k0", record) == Known::kNo);
  settled.note(1, "huge", std::string(Settled::kMostBytes, 'y'));
  CHECK(settled.find(1, "huge", record) == Known::kNo);
  settled.note(1, "k99", std::string(Settled::kMostBytes, 'y'));
  CHECK(settled.find(1, "k99", record) == Known::kNo);
}

}  // namespace
}  // namespace quarry::store
