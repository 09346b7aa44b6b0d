// What is replaced or removed is looked at once more when it has lost its name.

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/sandbox/place.h"
#include "server/sandbox/writers.h"
#include "tests/support/temp_workspace.h"

namespace quarry::sandbox {
namespace {

namespace fs = std::filesystem;

struct ReplaceFixture {
  ReplaceFixture() { tree.write("d/file", "old"); }

  Place place(const std::string& path) const {
    return workspace->place(workspace->parse(path).value()).value();
  }
  Stamp stamp(const std::string& path) const { return place(path).look().value()->stamp; }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(tree.path("d"))) {
      found.push_back(entry.path().filename());
    }
    return found;
  }
  Result<bool> put_over(const Place& at, const Expected& old) const {
    TRY_ASSIGN(Draft draft, at.draft("tag", 0644));
    TRY(draft.write("new"));
    return draft.put_over(old);
  }

  const quarry::test::TempWorkspace tree;
  const std::shared_ptr<Workspace> workspace = Workspace::open(tree.root()).value();
};

TEST_CASE("a file whose content is another under the same times is neither replaced nor removed") {
  const ReplaceFixture fixture;
  const Place at = fixture.place("d/file");
  const Stamp stamp = fixture.stamp("d/file");
  const Expected other{.stamp = stamp, .bytes = "odd", .tells = false};
  CHECK(fixture.put_over(at, other).error().code == Code::kConflict);
  CHECK(fixture.tree.read("d/file") == "old");
  CHECK(fixture.stamp("d/file").inode == stamp.inode);
  CHECK(fixture.names() == std::vector<std::string>{"file"});
  // It has had another name in between, which changes the time of its inode.
  const Expected again{.stamp = fixture.stamp("d/file"), .bytes = "odd", .tells = false};
  CHECK(at.remove_file(again, "tag").error().code == Code::kConflict);
  CHECK(fixture.stamp("d/file").inode == stamp.inode);
  CHECK(fixture.names() == std::vector<std::string>{"file"});
  // Longer and shorter ones.
  for (const char* bytes : {"", "ol", "older"}) {
    const Expected longer{.stamp = fixture.stamp("d/file"), .bytes = bytes, .tells = false};
    CHECK(fixture.put_over(at, longer).error().code == Code::kConflict);
  }
  const Expected same{.stamp = fixture.stamp("d/file"), .bytes = "old", .tells = false};
  CHECK(fixture.put_over(at, same).value());
  CHECK(fixture.tree.read("d/file") == "new");
  const Expected now{.stamp = fixture.stamp("d/file"), .bytes = "new", .tells = false};
  CHECK(at.remove_file(now, "tag").value());
  CHECK(fixture.names().empty());
}

TEST_CASE("a file with other times, one that is gone and one of another kind stay as they are") {
  const ReplaceFixture fixture;
  const Place at = fixture.place("d/file");
  const Expected old{.stamp = fixture.stamp("d/file")};
  fixture.tree.write("d/file", "older");
  CHECK(fixture.put_over(at, old).error().code == Code::kConflict);
  CHECK(at.remove_file(old, "tag").error().code == Code::kConflict);
  CHECK(fixture.tree.read("d/file") == "older");
  fs::remove(fixture.tree.path("d/file"));
  CHECK(fixture.put_over(at, old).error().code == Code::kConflict);
  CHECK(at.remove_file(old, "tag").error().code == Code::kConflict);
  CHECK(fixture.names().empty());
  fs::create_directory(fixture.tree.path("d/file"));
  CHECK(fixture.put_over(at, old).error().code == Code::kConflict);
  CHECK(at.remove_file(old, "tag").error().code == Code::kConflict);
  CHECK(fs::is_directory(fixture.tree.path("d/file")));
}

TEST_CASE("symlinks and what is no file are removed when they are what was seen") {
  const ReplaceFixture fixture;
  fixture.tree.link("file", "d/link");
  REQUIRE(mkfifo(fixture.tree.path("d/pipe").c_str(), 0600) == 0);
  const Place link = fixture.place("d/link");
  const Expected other{.stamp = fixture.stamp("d/link"), .bytes = "fine", .tells = false};
  CHECK(link.remove_file(other, "tag").error().code == Code::kConflict);
  CHECK(link.link_target().value() == "file");
  CHECK(link.remove_file({.stamp = fixture.stamp("d/link"), .bytes = "file", .tells = false}, "tag")
            .value());
  CHECK(fixture.place("d/pipe").remove_file({.stamp = fixture.stamp("d/pipe")}, "tag").value());
  CHECK(fixture.names() == std::vector<std::string>{"file"});
}

TEST_CASE(
    "other names of a file that is replaced keep its content, and what replaces it may be one") {
  const ReplaceFixture fixture;
  fs::create_hard_link(fixture.tree.path("d/file"), fixture.tree.path("name"));
  CHECK(fixture.put_over(fixture.place("d/file"), {.stamp = fixture.stamp("d/file")}).value());
  CHECK(fixture.tree.read("name") == "old");
  CHECK(fixture.tree.read("d/file") == "new");
  for (int i = 0; i < 2; ++i) {  // then both are one already
    const Place at = fixture.place("d/file");
    Draft draft = at.draft_link("tag", fixture.place("name")).value();
    CHECK(draft.put_over({.stamp = fixture.stamp("d/file")}).value());
    CHECK(fixture.tree.read("d/file") == "old");
    CHECK(fixture.stamp("d/file").inode == fixture.stamp("name").inode);
    CHECK(fixture.names() == std::vector<std::string>{"file"});
  }
}

TEST_CASE("a file that somebody has open to write to is not replaced, and can be removed") {
  const ReplaceFixture fixture;
  const Place at = fixture.place("d/file");
  fs::create_hard_link(fixture.tree.path("d/file"), fixture.tree.path("name"));
  for (const char* opened : {"d/file", "name"}) {
    INFO(opened);
    const Fd writer(open(fixture.tree.path(opened).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    REQUIRE(writer);
    const auto refused = fixture.put_over(at, {.stamp = fixture.stamp("d/file")});
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, Catch::Contains("'d/file' open to write to it"));
    CHECK(fixture.tree.read("d/file") == "old");
    CHECK(fixture.names() == std::vector<std::string>{"file"});
  }
  const Fd reader(open(fixture.tree.path("d/file").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(fixture.put_over(at, {.stamp = fixture.stamp("d/file")}).value());
  CHECK(fixture.tree.read("d/file") == "new");
  const Fd writer(open(fixture.tree.path("d/file").c_str(), O_WRONLY | O_CLOEXEC));
  CHECK(at.remove_file({.stamp = fixture.stamp("d/file")}, "tag").value());
}

TEST_CASE("a file that is open to write to for a moment only is replaced after it") {
  const ReplaceFixture fixture;
  std::optional<Fd> writer(
      open(fixture.tree.path("d/file").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    writer.reset();
  });
  Result<bool> put(false);
  // However late the other thread runs.
  for (bool again = true; again;) {
    put = fixture.put_over(fixture.place("d/file"), {.stamp = fixture.stamp("d/file")});
    again = !put && put.error().message.find("open to write") != std::string::npos;
  }
  other.join();
  CHECK(put.value());
  CHECK(fixture.tree.read("d/file") == "new");
}

TEST_CASE("whether a file is written to is asked without a signal to who asks") {
  const ReplaceFixture fixture;
  const Fd file(open(fixture.tree.path("d/file").c_str(), O_RDONLY | O_CLOEXEC));
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) Fd(open(fixture.tree.path("d/file").c_str(), O_WRONLY | O_CLOEXEC));
  });
  int written = 0;
  for (int i = 0; i < 20'000; ++i) written += has_writer(file.get()) ? 1 : 0;
  stop = true;
  other.join();
  CHECK_FALSE(has_writer(file.get()));
  INFO(written << " of 20000");
  SUCCEED();
}

TEST_CASE("who watches the directory hears last that something has come to the name") {
  const ReplaceFixture fixture;
  const Fd watch(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  REQUIRE(inotify_add_watch(watch.get(), fixture.tree.path("d").c_str(), IN_ALL_EVENTS) >= 0);
  REQUIRE(fixture.put_over(fixture.place("d/file"), {.stamp = fixture.stamp("d/file")}).value());
  alignas(inotify_event) char events[4096];
  const ssize_t size = read(watch.get(), events, sizeof events);
  REQUIRE(size > 0);
  std::uint32_t last = 0;
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(events + at);
    const bool about_name = event->mask & (IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_CREATE);
    if (about_name && std::string(event->name) == "file") last = event->mask;
    at += static_cast<ssize_t>(sizeof *event + event->len);
  }
  CHECK((last & IN_MOVED_TO) != 0);
}

}  // namespace
}  // namespace quarry::sandbox
