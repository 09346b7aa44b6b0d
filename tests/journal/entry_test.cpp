#include "server/journal/entry.h"

#include <catch2/catch.hpp>

namespace quarry::journal {
namespace {

Entry entry() {
  Entry made{.id = "a1",
             .time_ms = 1'700'000'000'000,
             .session = "one",
             .root = "/root",
             .tool = "write_file",
             .undoes = {},
             .steps = {}};
  for (const char* path : {"a/b", "a/c"}) {
    made.steps.push_back({.kind = Step::Kind::kFile,
                          .path = path,
                          .to = {},
                          .before = State{.hash = "h", .mode = 0644, .size = 3},
                          .after = {},
                          .old_bytes = "old"});
  }
  return made;
}

void check_hostile(const std::string& bytes) {
  CHECK(decode(bytes, true));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, cut), true));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(0xFF);
    static_cast<void>(decode(damaged, true));  // whatever it says, it ends
  }
  CHECK_FALSE(decode(bytes + "x", true));
}

TEST_CASE("entry: hostile bytes are none") {
  check_hostile(encode(entry()));
}

TEST_CASE("entry: has only the form that it needs") {
  Entry one = entry();
  CHECK(encode(one)[0] == 1);
  one.steps[0].attributes = std::string("\0\1attributes", 12);
  const std::string with_attributes = encode(one);
  CHECK(with_attributes[0] == 2);
  CHECK(decode(with_attributes, true)->steps[0].attributes == one.steps[0].attributes);
  check_hostile(with_attributes);
  one.steps[0].file = one.steps[1].file = 300;
  const std::string with_files = encode(one);
  CHECK(with_files[0] == 3);
  CHECK(decode(with_files, true)->steps[0].attributes == one.steps[0].attributes);
  CHECK(decode(with_files, true)->steps[1].file == 300);
  CHECK(decode_time(with_files) == one.time_ms);
  check_hostile(with_files);
}

}  // namespace
}  // namespace quarry::journal
