// Attackers rename without pause while a reader opens. No content from outside may ever come
// back, nothing may block, and paths that are not touched must go on working.

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sandbox/canary.h"

namespace quarry::sandbox {
namespace {

namespace fs = std::filesystem;
using test::Canary;
using test::read_text;

// Runs `attack` in `threads` threads for as long as it lives.
class Attackers {
 public:
  template <class Attack>
  Attackers(int threads, Attack attack) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, attack] {
        while (!stop_.load(std::memory_order_relaxed)) attack();
      });
    }
  }
  ~Attackers() {
    stop_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

// Swaps two names of the tree.
auto exchange(const Canary& canary, const char* a, const char* b) {
  return [one = canary.tree.path(a), two = canary.tree.path(b)] {
    renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, two.c_str(), RENAME_EXCHANGE);
  };
}

// Whether the tree's file system can exchange names, without which there is no race.
bool can_exchange(const Canary& canary, const char* a, const char* b) {
  if (renameat2(AT_FDCWD, canary.tree.path(a).c_str(), AT_FDCWD, canary.tree.path(b).c_str(),
                RENAME_EXCHANGE) == 0) {
    return true;
  }
  WARN("left out: this file system does not exchange names");
  return false;
}

struct Score {
  int tries = 0;
  int read = 0;
  int leaks = 0;
  int unexpected = 0;  // an error that does not fit the race
};

// Calls `attempt(score)` for a fraction of a second.
template <class Attempt>
Score raced(Attempt attempt) {
  Score score;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 50; ++i) {
      ++score.tries;
      attempt(score);
    }
  }
  return score;
}

bool fits_race(Code code) {
  return code == Code::kDenied || code == Code::kNotFound || code == Code::kUnavailable ||
         code == Code::kInvalidArgs;
}

void count(const Canary& canary, const Result<std::string>& content, Score& score) {
  if (!content) {
    score.unexpected += fits_race(content.error().code) ? 0 : 1;
    score.leaks += canary.leaked(content.error().message) ? 1 : 0;
  } else if (canary.leaked(*content)) {
    ++score.leaks;
  } else {
    ++score.read;
  }
}

TEST_CASE("a directory swapped with a link to outside never lets content out") {
  const Canary canary;
  canary.tree.write("d/s", "inside");
  canary.tree.write("d/deep/s", "inside");
  canary.tree.link("../outside", "l");
  if (!can_exchange(canary, "d", "l") || !can_exchange(canary, "d", "l")) return;
  const int threads = GENERATE(1, 4, 8);
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  INFO(threads << " attackers, " << test::name_of(workspace->resolver()));
  const Attackers attackers(threads, exchange(canary, "d", "l"));
  const Score score = raced([&](Score& now) {
    count(canary, read_text(*workspace, "d/s"), now);
    count(canary, read_text(*workspace, "d/deep/s"), now);
  });
  CHECK(score.leaks == 0);
  CHECK(score.unexpected == 0);
  CHECK(score.read > 0);
  CHECK(canary.outside_unchanged());
}

TEST_CASE("a link target that climbs never leads out while its directory moves") {
  const Canary canary;
  canary.tree.write("a/b/s", "inside");
  canary.tree.write("x/s", "inside");
  canary.tree.link("../../x/s", "a/b/up");
  canary.tree.make_directory("flat");
  canary.tree.write("outside/s", "inside");
  canary.tree.link("../../outside/s", "a/b/out");  // inside from a/b, outside from flat/b's parent
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  INFO(test::name_of(workspace->resolver()));
  const std::string deep = canary.tree.path("a/b");
  const std::string shallow = canary.tree.path("b");
  const Attackers attackers(2, [&] {
    renameat2(AT_FDCWD, deep.c_str(), AT_FDCWD, shallow.c_str(), RENAME_NOREPLACE);
    renameat2(AT_FDCWD, shallow.c_str(), AT_FDCWD, deep.c_str(), RENAME_NOREPLACE);
  });
  const Score score = raced([&](Score& now) {
    for (const char* path : {"a/b/up", "b/out", "a/b/out"}) {
      count(canary, read_text(*workspace, path), now);
    }
  });
  CHECK(score.leaks == 0);
  CHECK(score.unexpected == 0);
  CHECK(score.read > 0);
}

TEST_CASE("a file swapped with a FIFO never blocks the reader") {
  const Canary canary;
  canary.tree.write("f", "inside");
  REQUIRE(mkfifo(canary.tree.path("fifo").c_str(), 0600) == 0);
  if (!can_exchange(canary, "f", "fifo") || !can_exchange(canary, "f", "fifo")) return;
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  const Dir root = *workspace->open_directory(Path());
  const Attackers attackers(2, exchange(canary, "f", "fifo"));
  int refused = 0;
  const Score score = raced([&](Score& now) {
    const auto content = read_text(*workspace, "f");
    count(canary, content, now);
    if (!content && content.error().message == "'f' is not a regular file") ++refused;
    const auto file = root.open_file("f");
    if (!file && file.error().code != Code::kInvalidArgs) ++now.unexpected;
  });
  CHECK(score.unexpected == 0);
  CHECK(score.read > 0);
  CHECK(refused > 0);
}

TEST_CASE("a file swapped with a link never lets content out through a directory's handle") {
  const Canary canary;
  canary.tree.write("d/f", "inside");
  canary.tree.write("d/sub/s", "inside");
  canary.tree.link("../../outside/s", "d/l");
  canary.tree.link("../../outside", "d/m");
  if (!can_exchange(canary, "d/f", "d/l")) return;
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  const Attackers files(1, exchange(canary, "d/f", "d/l"));
  const Attackers directories(1, exchange(canary, "d/sub", "d/m"));
  const auto read_entry = [](const Dir& dir, std::string_view name) -> Result<std::string> {
    TRY_ASSIGN(const File file, dir.open_file(name));
    std::string content;
    TRY(file.read_all(content, 1 << 20));
    return content;
  };
  const Score score = raced([&](Score& now) {
    Dir dir = *workspace->open_directory(*workspace->parse("d"));
    Dir::Entry entry;
    while (*dir.next(entry)) {
      if (const auto below = dir.open_dir(entry.name)) {
        count(canary, read_entry(*below, "s"), now);
      } else {
        count(canary, read_entry(dir, entry.name), now);
      }
    }
  });
  CHECK(score.leaks == 0);
  CHECK(score.unexpected == 0);
  CHECK(score.read > 0);
}

TEST_CASE("a rename storm elsewhere does not disturb other paths") {
  const Canary canary;
  canary.tree.write("stable/deep/f", "inside");
  // Climbs often, so that giving up at the first rename it meets would show.
  std::string winding = "../stable/deep/";
  for (int i = 0; i < 12; ++i) winding += "../deep/";
  canary.tree.link(winding + "f", "stable/up");
  canary.tree.write("a/x", "1");
  canary.tree.write("b/y", "2");
  if (!can_exchange(canary, "a/x", "b/y")) return;
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  INFO(test::name_of(workspace->resolver()));
  const Attackers files(2, exchange(canary, "a/x", "b/y"));
  const Attackers directories(2, exchange(canary, "a", "b"));
  const Score plain =
      raced([&](Score& now) { count(canary, read_text(*workspace, "stable/deep/f"), now); });
  CHECK(plain.read == plain.tries);
  // Only a ".." in a link's target may meet a rename; at most one in a thousand may give up.
  const Score climbing =
      raced([&](Score& now) { count(canary, read_text(*workspace, "stable/up"), now); });
  INFO(climbing.tries << " tries, " << climbing.read << " read");
  CHECK((climbing.tries - climbing.read) * 1000 <= climbing.tries);
}

TEST_CASE("a file truncated and rewritten all the time is read without a fault") {
  const Canary canary;
  const std::string content(100'000, 'c');
  canary.tree.write("f", content);
  const auto workspace = canary.open(test::resolvers().front());
  const std::string path = canary.tree.path("f");
  const Attackers attackers(1, [&] {
    truncate(path.c_str(), 10);
    truncate(path.c_str(), 200'000);
  });
  const Score score = raced([&](Score& now) {
    const File file = *workspace->open_file(*workspace->parse("f"));
    std::string out;
    if (!file.read_all(out, 200'000) || out.size() > 200'000) ++now.unexpected;
    const auto over = file.read_all(out, 50'000);
    if (!over && over.error().code != Code::kTooLarge) ++now.unexpected;
    if (out.size() > 50'000) ++now.unexpected;
    ++now.read;
  });
  CHECK(score.unexpected == 0);
  CHECK(score.read > 0);
}

}  // namespace
}  // namespace quarry::sandbox
