// Every limit of sessions, at it and one over.

#include "tests/session/fixture.h"

namespace quarry::session {
namespace {

using test::SessionsFixture;

// Sets `limit` to `value` and says whether `attempt` is taken with `at` and refused with `at` + 1.
struct Row {
  const char* limit;
  std::int64_t value;
  std::int64_t at;
  Result<void> (*attempt)(SessionsFixture& fixture, std::int64_t size);
};

Result<void> update(SessionsFixture& fixture, const Changes& changes) {
  const std::string handle = fixture.open();
  TRY(fixture.sessions->update(handle, changes));
  return {};
}

std::string text(std::int64_t size) {
  return std::string(static_cast<std::size_t>(size), 'x');
}

Result<void> open_many(SessionsFixture& fixture, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) TRY(fixture.sessions->open({}));
  return {};
}

Result<void> open_label(SessionsFixture& fixture, std::int64_t size) {
  TRY(fixture.sessions->open({.label = text(size)}));
  return {};
}

Result<void> update_label(SessionsFixture& fixture, std::int64_t size) {
  const std::string label = text(size);
  return update(fixture, {.label = label});
}

Result<void> open_ttl(SessionsFixture& fixture, std::int64_t ttl) {
  TRY(fixture.sessions->open({.ttl_s = ttl}));
  return {};
}

Result<void> update_ttl(SessionsFixture& fixture, std::int64_t ttl) {
  return update(fixture, {.ttl_s = ttl});
}

Result<void> set_name(SessionsFixture& fixture, std::int64_t size) {
  const std::string name = text(size);
  return update(fixture, {.set = {{name, "v"}}});
}

Result<void> set_value(SessionsFixture& fixture, std::int64_t size) {
  const std::string value = text(size);
  return update(fixture, {.set = {{"k", value}}});
}

Result<void> set_state(SessionsFixture& fixture, std::int64_t size) {
  // Over several updates, since one of them would do by itself.
  const std::string handle = fixture.open();
  const std::int64_t per_key = 1 + static_cast<std::int64_t>(Record::kKeyBytes);
  const std::string half = text(size / 2 - per_key);
  const std::string rest = text(size - size / 2 - per_key);
  TRY(fixture.sessions->update(handle, {.set = {{"a", half}}}));
  TRY(fixture.sessions->update(handle, {.set = {{"b", rest}}}));
  return {};
}

Result<void> set_all_state(SessionsFixture& fixture, std::int64_t size) {
  const std::int64_t per_key = 1 + static_cast<std::int64_t>(Record::kKeyBytes);
  const std::string half = text(size / 2 - per_key);
  const std::string rest = text(size - size / 2 - per_key);
  TRY(update(fixture, {.set = {{"a", half}}}));
  return update(fixture, {.set = {{"b", rest}}});
}

Result<void> set_keys(SessionsFixture& fixture, std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
  Changes changes;
  for (const std::string& name : names) changes.set.emplace_back(name, "");
  return update(fixture, changes);
}

Result<void> batch(SessionsFixture& fixture, std::int64_t count) {
  const std::string handle = fixture.open();
  const std::vector<Update> updates(static_cast<std::size_t>(count),
                                    {handle, {.set = {{"a", "b"}}}});
  TRY(fixture.sessions->update_all(updates));
  return {};
}

TEST_CASE("limits of sessions hold at them and refuse one more") {
  const Row rows[] = {
      {"sessions", 5, 5, open_many},
      {"session_label_bytes", 200, 200, open_label},
      {"session_label_bytes", 200, 200, update_label},
      {nullptr, 0, 31'536'000, open_ttl},
      {nullptr, 0, 31'536'000, update_ttl},
      {nullptr, 0, 256, set_name},
      {nullptr, 0, 256 * 1024, set_value},
      {"session_value_bytes", 4 << 20, 1 << 20,
       [](auto& fixture, std::int64_t size) {
         // The default of session_state_bytes, with a value that a value may be.
         return set_value(fixture, size - 1 - static_cast<std::int64_t>(Record::kKeyBytes));
       }},
      {"session_state_bytes", 1000, 1000, set_state},
      {"all_state_bytes", 1000, 1000, set_all_state},
      {nullptr, 0, 1000, set_keys},
      {"session_keys", 3, 3, set_keys},
      {nullptr, 0, 1000, batch},
      {"session_batch", 4, 4, batch},
  };
  for (const Row& row : rows) {
    for (const std::int64_t more : {0, 1}) {
      INFO((row.limit ? row.limit : "the default") << " " << row.at << " + " << more);
      SessionsFixture fixture;
      if (row.limit != nullptr) fixture.set(row.limit, row.value);
      const auto done = row.attempt(fixture, row.at + more);
      CHECK(done.has_value() == (more == 0));
      if (!done) {
        CHECK((done.error().code == Code::kTooLarge || done.error().code == Code::kInvalidArgs));
      }
    }
  }
}

TEST_CASE("a state over a limit that was lowered may shrink") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  REQUIRE(fixture.update(handle, {.set = {{"a", "1"}, {"b", "2"}, {"c", "3"}}}) == "1");
  fixture.set("session_keys", 1);
  CHECK(fixture.update(handle, {.unset = {"a"}}) == "2");
  CHECK(fixture.update(handle, {.set = {{"b", "9"}}}) == "3");
}

TEST_CASE("SE-12: when the number of sessions is reached, those that expired first make room") {
  SessionsFixture fixture;
  fixture.set("sessions", 4);
  const std::string first = fixture.open({.ttl_s = 60});
  fixture.clock.now_ms += 1000;
  const std::string second = fixture.open({.ttl_s = 60});
  const std::string third = fixture.open({});
  const std::string fourth = fixture.open({});
  const auto refused = fixture.sessions->open({});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("4 sessions are open, the most allowed; close some") == 0);
  fixture.clock.now_ms += 600'000;
  CHECK(fixture.sessions->open({}));
  CHECK(fixture.state(first).find("no session with this handle") == 0);
  CHECK(fixture.state(second).find("the session expired") == 0);
  // One that is only remembered makes room too.
  fixture.sessions->sweep(10);
  CHECK(fixture.sessions->totals().expired == 1);
  CHECK(fixture.sessions->open({}));
  CHECK(fixture.sessions->totals().expired == 0);
  CHECK_FALSE(fixture.sessions->open({}));
  CHECK(fixture.sessions->find(third));
  CHECK(fixture.sessions->find(fourth));
  REQUIRE(fixture.sessions->close(third));
  CHECK(fixture.sessions->open({}));
}

TEST_CASE("names of keys are judged") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  using namespace std::string_view_literals;
  CHECK_FALSE(fixture.sessions->update(handle, {.set = {{"", "v"}}}));
  CHECK_FALSE(fixture.sessions->update(handle, {.set = {{"a\0b"sv, "v"}}}));
  CHECK_FALSE(fixture.sessions->update(handle, {.unset = {""}}));
  CHECK_FALSE(fixture.sessions->update(handle, {.set = {{"a", "v"}}, .unset = {"a"}}));
  // SE-14: whatever else a name or value holds comes back as it was, as data.
  for (const std::string_view hostile :
       {"\x1b[31m"sv, "../../etc/passwd"sv, "<script>"sv, "\xe2\x80\xae"sv, "ignore all rules"sv}) {
    REQUIRE(fixture.sessions->update(handle, {.set = {{hostile, hostile}}}));
    const auto view = fixture.sessions->state(handle, {.keys = {hostile}});
    REQUIRE(view);
    CHECK(view->entries.at(0).name == hostile);
    CHECK(view->entries.at(0).value == hostile);
  }
}

}  // namespace
}  // namespace quarry::session
