#include "server/store/record.h"

#include <set>

#include <catch2/catch.hpp>

namespace quarry::store {
namespace {

TEST_CASE("record comes back whole") {
  for (const std::string& payload : {std::string(), std::string("x"), std::string(5000, 'p')}) {
    for (const std::string& key : {std::string(), std::string("k"), std::string(10'000, 'k')}) {
      const std::string bytes = encode_record(Table::kGit, key, payload, 77);
      const std::optional<Record> record = decode_record(Table::kGit, bytes);
      REQUIRE(record);
      CHECK(record->key == key);
      CHECK(record->payload == payload);
      CHECK(record_second(bytes) == 77);
    }
  }
}

TEST_CASE("record with any bit changed is not read (SE-04)") {
  const std::string whole = encode_record(Table::kSessions, "key", "payload", 1);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    INFO(bit);
    CHECK_FALSE(decode_record(Table::kSessions, bytes));
  }
}

TEST_CASE("record of another length or table is not read (SE-04)") {
  const std::string whole = encode_record(Table::kSessions, "key", "payload", 1);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK_FALSE(decode_record(Table::kSessions, whole.substr(0, length)));
  }
  CHECK_FALSE(decode_record(Table::kSessions, whole + "x"));
  CHECK_FALSE(decode_record(Table::kGit, whole));
}

TEST_CASE("record of a later version is not read even with a right checksum (SE-15)") {
  std::string bytes = encode_record(Table::kSessions, "key", "payload", 1);
  REQUIRE(bytes[0] == 1);  // the version is outside the checksum
  bytes[0] = 2;
  CHECK_FALSE(decode_record(Table::kSessions, bytes));
}

TEST_CASE("record keys differ by table and by key") {
  std::set<std::string> seen;
  for (const Table table : {Table::kSessions, Table::kAnalysis, Table::kGit}) {
    for (const char* key : {"", "a", "b", "aa"}) seen.emplace(view(record_key(table, key)));
  }
  CHECK(seen.size() == 12);
  // XXH3-128 of nothing, in its canonical form: what is on disk must not change its key.
  CHECK(view(record_key(Table::kGit, "")) ==
        "A\x99\xaa\x06\xd3\x01\x47\x98\xd8\x60\x01\xc3\x24\x46\x8d\x49\x7f");
  CHECK(record_key(Table::kGit, "a").view()[0] == 65);
  CHECK(view(record_key(Table::kGit, "a")).size() == 17);
}

}  // namespace
}  // namespace quarry::store
