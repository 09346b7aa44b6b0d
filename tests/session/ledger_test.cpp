#include "server/session/ledger.h"

#include <string>

#include <catch2/catch.hpp>

namespace quarry::session {
namespace {

using Kind = Ledger::Look::Kind;

Ledger::Reading lines(std::int64_t first, std::int64_t last, std::uint64_t hash = 1,
                      const std::string& key = "a.c") {
  return {.key = key, .hash = hash, .first = first, .last = last, .total = 100, .text = nullptr};
}

struct SmallLedger {
  std::shared_ptr<LedgerMemory> memory = std::make_shared<LedgerMemory>(std::size_t{1} << 20U);
  Ledger ledger{{.bytes = 100'000, .age_ms = 1000}, memory};
};

TEST_CASE("lines count as received when every one of them was, of this content, in time") {
  SmallLedger world;
  Ledger& ledger = world.ledger;
  CHECK(ledger.look(lines(1, 5), 0).kind == Kind::kNew);
  ledger.note(lines(1, 50), 0);
  ledger.note(lines(60, 100), 500);
  struct Row {
    std::int64_t first, last, now;
    Kind kind;
  };
  const Row rows[] = {
      {1, 50, 500, Kind::kReceived},    {10, 20, 500, Kind::kReceived},
      {1, 51, 500, Kind::kNew},         {51, 59, 500, Kind::kNew},
      {40, 70, 500, Kind::kNew},        {60, 60, 500, Kind::kReceived},
      {1, 50, 1000, Kind::kReceived},   {1, 50, 1001, Kind::kNew},
      {60, 100, 1001, Kind::kReceived},
  };
  for (const Row& row : rows) {
    INFO(row.first << "-" << row.last << " at " << row.now);
    CHECK(ledger.look(lines(row.first, row.last), row.now).kind == row.kind);
  }
  ledger.note(lines(51, 59), 500);
  const Ledger::Look all = ledger.look(lines(1, 100), 600);
  CHECK(all.kind == Kind::kReceived);
  CHECK(all.age_ms == 600);
  CHECK(ledger.look(lines(1, 5, 1, "b.c"), 600).kind == Kind::kNew);
}

TEST_CASE("other content is a change, of which the whole and its text are known or not") {
  SmallLedger world;
  Ledger& ledger = world.ledger;
  ledger.note(lines(1, 50), 0);
  Ledger::Look look = ledger.look(lines(1, 50, 2), 10);
  CHECK(look.kind == Kind::kChanged);
  CHECK(look.old_hash == 1);
  CHECK_FALSE(look.whole);
  CHECK(look.old_text == nullptr);

  Ledger::Reading rest = lines(51, 100);
  rest.text = std::make_shared<const std::string>("the text");
  ledger.note(rest, 20);
  look = ledger.look(lines(1, 50, 2), 30);
  CHECK(look.whole);
  REQUIRE(look.old_text != nullptr);
  CHECK(*look.old_text == "the text");
  // In part too old: no longer whole; all of it: as if it had never been read.
  CHECK_FALSE(ledger.look(lines(1, 50, 2), 1010).whole);
  CHECK(ledger.look(lines(1, 50, 2), 1030).kind == Kind::kNew);

  ledger.note(lines(1, 10, 2), 40);
  CHECK(ledger.look(lines(1, 10, 2), 50).kind == Kind::kReceived);
  CHECK(ledger.look(lines(1, 100, 1), 50).kind == Kind::kChanged);
  CHECK_FALSE(ledger.look(lines(1, 100, 1), 50).whole);
}

TEST_CASE("who changes a file that it had received in full knows what it is now") {
  SmallLedger world;
  Ledger& ledger = world.ledger;
  ledger.note_change(1, lines(1, 100, 2), 0);
  CHECK(ledger.look(lines(1, 100, 2), 1).kind == Kind::kNew);
  ledger.note(lines(1, 99), 0);
  ledger.note_change(1, lines(1, 100, 2), 0);
  CHECK(ledger.look(lines(1, 100, 2), 1).kind == Kind::kChanged);
  ledger.note(lines(100, 100), 0);
  ledger.note_change(7, lines(1, 100, 2), 0);
  CHECK(ledger.look(lines(1, 100, 2), 1).kind == Kind::kChanged);
  ledger.note_change(1, lines(1, 100, 2), 0);
  CHECK(ledger.look(lines(1, 100, 2), 1).kind == Kind::kReceived);
  // And for as long as it would have known the rest of it, however often it changes it.
  ledger.note_change(2, lines(1, 100, 3), 900);
  ledger.note_change(3, lines(1, 100, 4), 950);
  CHECK(ledger.look(lines(1, 100, 4), 1000).age_ms == 1000);
  CHECK(ledger.look(lines(1, 100, 4), 1001).kind == Kind::kNew);
}

TEST_CASE("a ledger takes no more than its bounds, and the longest unread is forgotten first") {
  const auto memory = std::make_shared<LedgerMemory>(60'000);
  const auto text = std::make_shared<const std::string>(std::string(5000, 'x'));
  {
    Ledger ledger({.bytes = 50'000, .age_ms = 1000}, memory);
    for (int i = 0; i < 100; ++i) {
      Ledger::Reading reading = lines(1, 100, 1, "file " + std::to_string(i));
      reading.text = text;
      ledger.note(reading, 0);
      CHECK(ledger.bytes() <= 50'000);
    }
    CHECK(ledger.look(lines(1, 100, 1, "file 99"), 1).kind == Kind::kReceived);
    CHECK(ledger.look(lines(1, 100, 1, "file 80"), 1).kind == Kind::kNew);
    // Of many small ranges the oldest is forgotten.
    for (int i = 0; i < 200; ++i) ledger.note(lines(2 * i + 1, 2 * i + 1), 0);
    CHECK(ledger.look(lines(399, 399), 1).kind == Kind::kReceived);
    CHECK(ledger.look(lines(1, 1), 1).kind == Kind::kNew);
    CHECK(memory->used == ledger.bytes());

    Ledger other({.bytes = 50'000, .age_ms = 1000}, memory);
    for (int i = 0; i < 20; ++i) {
      Ledger::Reading reading = lines(1, 100, 1, "file " + std::to_string(i));
      reading.text = text;
      other.note(reading, 0);
      CHECK(memory->used <= 60'000);
    }
    Ledger::Reading large = lines(1, 100);
    large.text = std::make_shared<const std::string>(std::string(20'000, 'x'));
    other.note(large, 0);
    CHECK(other.look(lines(1, 1, 2), 1).old_text == nullptr);
  }
  CHECK(memory->used == 0);
}

}  // namespace
}  // namespace quarry::session
