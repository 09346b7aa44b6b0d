#include "server/session/record.h"

#include <catch2/catch.hpp>

#include "server/base/bytes.h"

namespace quarry::session {
namespace {

Record some() {
  return {{.read_only = true,
           .created_ms = 1'700'000'000'000,
           .used_ms = 1'700'000'000'500,
           .ttl_s = 3600,
           .version = 7,
           .state_bytes = 300,
           .keys = 3},
          std::string(22, 'A'),
          "/some/where",
          "a label"};
}

TEST_CASE("a record comes back as it was") {
  const Record was = some();
  Record now;
  REQUIRE(decode(encode(was), now));
  CHECK(now.handle == was.handle);
  CHECK(now.root == was.root);
  CHECK(now.label == was.label);
  CHECK(now.read_only);
  CHECK(now.created_ms == was.created_ms);
  CHECK(now.used_ms == was.used_ms);
  CHECK(now.ttl_s == was.ttl_s);
  CHECK(now.version == 7);
  CHECK(now.state_bytes == 300);
  CHECK(now.keys == 3);
  CHECK_FALSE(now.expired);
  CHECK(now.indexed);
}

TEST_CASE("a record with a ledger says so, and one without reads as before there were any") {
  Record with = some();
  with.ledger = true;
  Record now;
  REQUIRE(decode(encode(with), now));
  CHECK(now.ledger);
  CHECK(now.keys == 3);
  REQUIRE(decode(encode(some()), now));
  CHECK_FALSE(now.ledger);
  CHECK(ByteReader(encode(some())).number() == 2);
}

TEST_CASE("a record of version 1 is read, without state and index") {
  std::string bytes;
  ByteWriter(bytes)
      .number(1)
      .string("AAAAAAAAAAAAAAAAAAAAAA")
      .string("/some/where")
      .string("old")
      .boolean(false)
      .signed_number(10)
      .signed_number(20)
      .signed_number(30);
  Record record = some();
  REQUIRE(decode(bytes, record));
  CHECK(record.label == "old");
  CHECK(record.ttl_s == 30);
  CHECK(record.version == 0);
  CHECK(record.state_bytes == 0);
  CHECK(record.keys == 0);
  CHECK_FALSE(record.indexed);
}

TEST_CASE("a record that is cut, too long or of another version is refused") {
  const std::string whole = encode(some());
  Record record;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    INFO(length);
    CHECK_FALSE(decode(std::string_view(whole).substr(0, length), record));
  }
  CHECK_FALSE(decode(whole + "x", record));
  std::string later = whole;
  later[0] = 3;
  CHECK_FALSE(decode(later, record));
}

TEST_CASE("a session lapses a little later than its stored use says") {
  struct Row {
    std::int64_t ttl_s, slack_ms;
  };
  for (const Row& row : {Row{10, 500}, Row{1200, 60'000}, Row{86'400, 60'000}}) {
    INFO(row.ttl_s);
    Record record;
    record.used_ms = 1000;
    record.ttl_s = row.ttl_s;
    CHECK(record.slack_ms() == row.slack_ms);
    const std::int64_t end = 1000 + row.ttl_s * 1000 + row.slack_ms;
    CHECK_FALSE(record.lapsed(end - 1));
    CHECK(record.lapsed(end));
  }
  Record always;
  always.ttl_s = 0;
  CHECK_FALSE(always.lapsed(INT64_MAX));
}

TEST_CASE("only what looks like a handle is one") {
  CHECK(is_handle("AZaz09-_AZaz09-_AZaz09"));
  for (const std::string& text :
       {std::string(), std::string("../x"), std::string(21, 'A'), std::string(23, 'A'),
        std::string(22, '\0'), std::string(22, '/'), std::string(1 << 20, 'A')}) {
    CHECK_FALSE(is_handle(text));
  }
}

}  // namespace
}  // namespace quarry::session
