#include "server/journal/journal.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_workspace.h"

namespace quarry::journal {
namespace {

namespace fs = std::filesystem;
using quarry::test::TempWorkspace;

Entry entry(const std::string& id, std::string old_bytes = "old") {
  Entry made{.id = id,
             .time_ms = 1'700'000'000'000,
             .session = "one",
             .root = "/root of " + id.substr(0, 1),
             .tool = "write_file",
             .undoes = {},
             .steps = {}};
  made.steps.push_back({.kind = Step::Kind::kFile,
                        .path = "a/b",
                        .to = {},
                        .before = State{.hash = "h", .mode = 0644, .size = old_bytes.size()},
                        .after = {},
                        .old_bytes = std::move(old_bytes)});
  return made;
}

class HandClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return system_.steady_ns(); }
  std::int64_t wall_ms() const override { return now_ms; }
  std::int64_t now_ms = 1'700'000'000'000;

 private:
  SystemClock system_;
};

class World {
 public:
  std::unique_ptr<Journal> open(std::uint64_t max_bytes = 1 << 20U,
                                std::uint64_t segment_bytes = 4096) const {
    return Journal::open({.directory = directory(),
                          .sync = false,
                          .max_bytes = max_bytes,
                          .max_age = max_age,
                          .segment_bytes = segment_bytes},
                         clock)
        .value();
  }
  std::string directory() const { return place.path("journal"); }
  std::vector<std::string> segments() const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(directory())) {
      if (file.path().extension() == ".log") names.push_back(file.path());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  TempWorkspace place;
  HandClock clock;
  std::chrono::hours max_age{24 * 30};
};

// "id outcome" of each, newest first.
std::vector<std::string> listed(const Journal& journal) {
  std::vector<std::string> all;
  REQUIRE(journal.each([&](const Listed& one) {
    all.push_back(one.entry.id + " " + std::to_string(static_cast<int>(one.outcome)));
    return true;
  }));
  return all;
}

std::vector<std::string> open_ids(Journal& journal, const std::string& root) {
  std::vector<std::string> ids;
  for (const OpenEntry& open : journal.open_entries(root)) {
    ids.push_back(open.id);
    const auto loaded = journal.load(open.frame);
    REQUIRE(loaded);
    CHECK(loaded->id == open.id);
  }
  return ids;
}

Frame frame_in(const Journal& journal, const std::string& id) {
  Frame found;
  REQUIRE(journal.each([&](const Listed& one) {
    if (one.entry.id == id) found = one.frame;
    return one.entry.id != id;
  }));
  return found;
}

TEST_CASE("journal: entries come back newest first, with what became of them") {
  World world;
  {
    const auto journal = world.open();
    REQUIRE(journal->begin(entry("a1")));
    CHECK(open_ids(*journal, "/root of a") == std::vector<std::string>{"a1"});
    REQUIRE(journal->end("a1", Outcome::kDone));
    REQUIRE(journal->begin(entry("b1", std::string(5000, 'x'))));
    REQUIRE(journal->begin(entry("a2")));
    REQUIRE(journal->end("a2", Outcome::kReverted));
  }
  const auto journal = world.open();
  CHECK(listed(*journal) == std::vector<std::string>{"a2 2", "b1 0", "a1 1"});
  CHECK(journal->open_entries("/root of a").empty());
  CHECK(open_ids(*journal, "/root of b") == std::vector<std::string>{"b1"});
  // What is said later, in another segment, counts.
  REQUIRE(journal->end("b1", Outcome::kPartly));
  CHECK(listed(*journal) == std::vector<std::string>{"a2 2", "b1 3", "a1 1"});
  const Frame frame = frame_in(*journal, "b1");
  const auto whole = journal->load(frame);
  REQUIRE(whole);
  CHECK(journal->outcome_of("b1", frame).value() == Outcome::kPartly);
  CHECK(whole->steps.at(0).old_bytes == std::string(5000, 'x'));
  CHECK(whole->steps.at(0).before == entry("b1", std::string(5000, 'x')).steps.at(0).before);
  CHECK(journal->load({.segment = 9}).error().code == Code::kNotFound);
  Frame wrong = frame;
  ++wrong.offset;
  CHECK(journal->load(wrong).error().code == Code::kNotFound);
  std::size_t seen = 0;
  REQUIRE(journal->each([&](const Listed&) { return ++seen < 2; }));
  CHECK(seen == 2);
}

TEST_CASE("journal: what a killed process left half is overwritten, whole frames are kept") {
  World world;
  REQUIRE(world.open()->begin(entry("a1")));
  const std::string file = world.segments().at(0);
  const auto whole = fs::file_size(file);
  // Every length of a torn frame, and one that is longer than the next whole one.
  REQUIRE(world.open()->begin(entry("a2", std::string(900, 'y'))));
  std::ifstream in(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t cut = whole; cut < bytes.size(); cut += 37) {
    INFO(cut);
    std::ofstream(file, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(cut));
    // As if the process had not come to say how far the segment is whole.
    fs::remove(world.directory() + "/lock");
    const auto journal = world.open();
    REQUIRE(journal->begin(entry("a3")));
    CHECK(listed(*journal) == std::vector<std::string>{"a3 0", "a1 0"});
  }
}

TEST_CASE("journal: a damaged frame hides what follows it in its segment and nothing else") {
  World world;
  const auto journal = world.open(1 << 20U, 1);  // a segment for each
  for (const char* id : {"a1", "a2", "a3"}) REQUIRE(journal->begin(entry(id)));
  const auto segments = world.segments();
  REQUIRE(segments.size() == 3);
  std::fstream file(segments[1], std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(40);
  file.put('#');
  file.close();
  CHECK(listed(*journal) == std::vector<std::string>{"a3 0", "a1 0"});
}

TEST_CASE("journal: the oldest segments go when there is too much or they are too old") {
  World world;
  const auto journal = world.open(20'000, 4096);
  for (int i = 0; i < 40; ++i) {
    REQUIRE(journal->begin(entry("a" + std::to_string(i), std::string(1000, 'z'))));
  }
  CHECK(journal->bytes() <= 20'000 + 4096 + 2000);
  const auto kept = listed(*journal);
  CHECK(kept.size() < 25);
  CHECK(kept.size() > 10);
  CHECK(kept.front() == "a39 0");
  const auto refused = journal->begin(entry("big", std::string(20'000, 'z')));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kTooLarge);
  for (const std::string& segment : world.segments()) {
    const timespec old[2] = {{.tv_sec = 1'690'000'000, .tv_nsec = 0},
                             {.tv_sec = 1'690'000'000, .tv_nsec = 0}};
    REQUIRE(utimensat(AT_FDCWD, segment.c_str(), old, 0) == 0);
  }
  for (int i = 0; i < 6; ++i) {
    REQUIRE(journal->begin(entry("b" + std::to_string(i), std::string(1000, 'z'))));
  }
  const auto young = listed(*journal);
  CHECK(std::find(young.begin(), young.end(), "b5 0") != young.end());
  CHECK(young.size() < 12);
}

TEST_CASE("journal: processes append side by side, and none is lost") {
  World world;
  constexpr int kProcesses = 4;
  constexpr int kEntries = 25;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const auto journal = world.open();
      bool good = true;
      for (int i = 0; i < kEntries; ++i) {
        const std::string id = std::to_string(process) + "-" + std::to_string(i);
        good = good && journal->begin(entry(id)) && journal->end(id, Outcome::kDone);
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  const auto all = listed(*world.open());
  CHECK(all.size() == kProcesses * kEntries);
  CHECK(std::all_of(all.begin(), all.end(), [](const auto& one) { return one.ends_with(" 1"); }));
}

TEST_CASE(
    "journal: the list of open entries is kept whatever its length, and hostile bytes are none") {
  Head head{.segment = 3, .tail = 77, .open = {}};
  for (std::size_t i = 0; i < Head::kMostOpen + 5; ++i) {
    head.add({.id = std::to_string(i), .root = "/root", .frame = {.segment = 2, .offset = i}});
  }
  const std::string bytes = encode(head);
  const auto whole = decode_head(bytes);
  REQUIRE(whole);
  CHECK(whole->segment == 3);
  CHECK(whole->tail == 77);
  REQUIRE(whole->open.size() == Head::kMostOpen);
  CHECK(whole->open.front().id == "5");  // the oldest went
  CHECK(whole->open.back().frame == head.open.back().frame);
  for (std::size_t cut = 0; cut < bytes.size(); cut += 11) {
    const auto half = decode_head(std::string_view(bytes).substr(0, cut));
    CHECK((!half || (half->segment == 3 && half->tail == 0 && half->open.empty())));
  }
  std::string damaged = bytes;
  damaged[100] = static_cast<char>(~damaged[100]);
  CHECK(decode_head(damaged)->open.empty());

  // In the file: more than is read at once.
  World world;
  const auto journal = world.open();
  for (int i = 0; i < 200; ++i) REQUIRE(journal->begin(entry("a" + std::to_string(i), "")));
  CHECK(open_ids(*world.open(), "/root of a").size() == 200);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(world.open()->end("a" + std::to_string(i), Outcome::kDone));
  }
  CHECK(journal->open_entries("/root of a").empty());
}

TEST_CASE("journal: goes on in the last segment when it does not know how far it is whole") {
  World world;
  for (const char* id : {"a1", "a2", "a3"}) {
    REQUIRE(world.open(1 << 20U, 1)->begin(entry(id)));  // a segment for each
  }
  fs::remove(world.directory() + "/lock");
  REQUIRE(world.open(1 << 20U, 4096)->begin(entry("a4")));
  CHECK(world.segments().size() == 3);
  CHECK(listed(*world.open()).front() == "a4 0");
}

TEST_CASE("journal: what somebody removed while it was open is made again") {
  World world;
  const auto journal = world.open();
  REQUIRE(journal->begin(entry("a1")));
  fs::remove(world.segments().at(0));
  REQUIRE(journal->begin(entry("a2")));
  CHECK(listed(*journal) == std::vector<std::string>{"a2 0"});
  // Or a crash of the machine took a part of.
  REQUIRE(journal->begin(entry("a3")));
  const std::string segment = world.segments().at(0);
  fs::resize_file(segment, fs::file_size(segment) - 10);
  REQUIRE(journal->begin(entry("a4")));
  CHECK(listed(*journal) == std::vector<std::string>{"a4 0", "a2 0"});
}

TEST_CASE("journal: says that its directory was taken away, and what to do") {
  World world;
  const auto journal = world.open();
  REQUIRE(journal->begin(entry("a1")));
  fs::remove_all(world.directory());
  const auto begun = journal->begin(entry("a2"));
  REQUIRE_FALSE(begun);
  CHECK(begun.error().message ==
        "the state directory was removed or replaced while quarry used it; start quarry again");
  const auto read = journal->each([](const Listed&) { return true; });
  REQUIRE_FALSE(read);
  CHECK(read.error().message == begun.error().message);
}

TEST_CASE("journal: an entry that the head does not list is open all the same") {
  const std::pair<const char*, std::function<void(const std::string& lock)>> losses[] = {
      {"the head went", [](const std::string& lock) { fs::remove(lock); }},
      {"the head is torn", [](const std::string& lock) { fs::resize_file(lock, 40); }},
  };
  for (const auto& [name, lose] : losses) {
    INFO(name);
    World world;
    REQUIRE(world.open()->begin(entry("a1")));
    REQUIRE(world.open()->end("a1", Outcome::kDone));
    REQUIRE(world.open()->begin(entry("a2")));
    lose(world.directory() + "/lock");
    CHECK(open_ids(*world.open(), "/root of a") == std::vector<std::string>{"a2"});
  }
  // An older head, of before the frame and of before its segment.
  for (const std::uint64_t segment_bytes : {std::uint64_t{4096}, std::uint64_t{1}}) {
    World world;
    REQUIRE(world.open(1 << 20U, segment_bytes)->begin(entry("a1")));
    REQUIRE(world.open(1 << 20U, segment_bytes)->end("a1", Outcome::kDone));
    fs::copy_file(world.directory() + "/lock", world.place.path("old"));
    REQUIRE(world.open(1 << 20U, segment_bytes)->begin(entry("a2")));
    fs::copy_file(world.place.path("old"), world.directory() + "/lock",
                  fs::copy_options::overwrite_existing);
    const auto journal = world.open(1 << 20U, segment_bytes);
    CHECK(open_ids(*journal, "/root of a") == std::vector<std::string>{"a2"});
    REQUIRE(journal->begin(entry("a3")));
    CHECK(open_ids(*journal, "/root of a") == std::vector<std::string>{"a2", "a3"});
    REQUIRE(journal->end("a2", Outcome::kDone));
    CHECK(open_ids(*journal, "/root of a") == std::vector<std::string>{"a3"});
  }
}

TEST_CASE("journal: open entries are those of a root and of what lies below it") {
  World world;
  const auto journal = world.open();
  for (const char* root : {"/p", "/p/sub", "/p2", "/"}) {
    Entry one = entry(std::string("id") + root);
    one.root = root;
    REQUIRE(journal->begin(one));
  }
  CHECK(journal->open_entries("/p").size() == 2);
  CHECK(journal->open_entries("/p/sub").size() == 1);
  CHECK(journal->open_entries("/").size() == 4);
}

TEST_CASE("journal: what is too old is not kept, however little is written") {
  World world;
  constexpr std::int64_t kDayMs = 86'400'000;
  const auto put = [&](const std::string& id) {
    Entry one = entry(id);
    one.time_ms = world.clock.now_ms;
    REQUIRE(world.open()->begin(one));
    // As the kernel would have it.
    const timespec now[2] = {{.tv_sec = world.clock.now_ms / 1000, .tv_nsec = 0},
                             {.tv_sec = world.clock.now_ms / 1000, .tv_nsec = 0}};
    REQUIRE(utimensat(AT_FDCWD, world.segments().back().c_str(), now, 0) == 0);
  };
  for (int day = 0; day < 60; day += 2) {
    put("a" + std::to_string(day));
    world.clock.now_ms += 2 * kDayMs;
  }
  const auto kept = listed(*world.open());
  CHECK(kept.size() <= 15);
  CHECK(kept.front() == "a58 0");
  CHECK(world.segments().size() <= 6);
  // Nor when it is in the last segment; a server that starts removes the others.
  world.clock.now_ms += 40 * kDayMs;
  const auto journal = world.open();
  CHECK(listed(*journal).empty());
  CHECK(world.segments().size() == 1);
}

}  // namespace
}  // namespace quarry::journal
