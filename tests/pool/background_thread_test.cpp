#include "server/pool/background_thread.h"

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/hand_background.h"

namespace quarry::pool {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// What works told, and a wait for it.
struct Told {
  Guarded<std::string> text;
  std::condition_variable changed;

  void say(char what) {
    text.lock()->push_back(what);
    changed.notify_all();
  }
  std::string wait_for(std::size_t length) {
    auto now = text.lock();
    now.wait_for(changed, std::chrono::seconds(30), [&] { return now->size() >= length; });
    return *now;
  }
};

int threads() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("Threads:")) return std::stoi(line.substr(8));
  }
  return 0;
}

TEST_CASE("background works run in the order of their time, equal ones in that of the calls") {
  Told told;
  BackgroundThread background("test-back");
  // The first holds the thread until all are queued, so that only their times decide.
  std::atomic<bool> queued = false;
  background.after(milliseconds(0), [&] {
    queued.wait(false);
    told.say('0');
  });
  background.after(milliseconds(3), [&] { told.say('3'); });
  background.after(milliseconds(1), [&] { told.say('1'); });
  background.after(milliseconds(2), [&] { told.say('2'); });
  queued = true;
  queued.notify_all();
  CHECK(told.wait_for(4) == "0123");
}

TEST_CASE("a background work may ask for another") {
  Told told;
  BackgroundThread background("test-back");
  background.after(milliseconds(0), [&] {
    told.say('a');
    background.after(milliseconds(1), [&] { told.say('b'); });
  });
  CHECK(told.wait_for(2) == "ab");
}

TEST_CASE("an earlier work is not held up by a later one that waits") {
  Told told;
  BackgroundThread background("test-back");
  background.after(hours(1), [&] { told.say('x'); });
  background.after(milliseconds(0), [&] { told.say('a'); });
  CHECK(told.wait_for(1) == "a");
}

TEST_CASE("a background without work has no thread") {
  std::thread([] {}).join();  // the thread sanitizer starts one of its own with the first
  const int before = threads();
  REQUIRE(before > 0);
  BackgroundThread background("test-back");
  CHECK(threads() == before);
  background.after(hours(1), [] {});
  CHECK(threads() == before + 1);
}

TEST_CASE("the end waits for the work that runs and drops what is not due") {
  Told told;
  std::atomic<bool> begun = false;
  {
    BackgroundThread background("test-back");
    background.after(milliseconds(0), [&] {
      begun = true;
      begun.notify_all();
      for (int i = 0; i < 20; ++i) threads();
      told.say('a');
    });
    background.after(hours(1), [&] { told.say('x'); });
    begun.wait(false);
  }
  CHECK(*told.text.lock() == "a");
}

TEST_CASE("many threads may hand over works at once, and each runs once") {
  std::atomic<int> ran = 0;
  Told told;
  BackgroundThread background("test-back");
  {
    std::vector<std::unique_ptr<Thread>> givers;
    for (int i = 0; i < 4; ++i) {
      givers.push_back(std::make_unique<Thread>("giver", [&] {
        for (int j = 0; j < 250; ++j) {
          background.after(milliseconds(j % 3), [&] {
            if (ran.fetch_add(1) + 1 == 1000) told.say('.');
          });
        }
      }));
      REQUIRE(givers.back()->start());
    }
  }
  CHECK(told.wait_for(1) == ".");
  CHECK(ran == 1000);
}

TEST_CASE("a background turned by hand runs exactly what comes due") {
  test::HandBackground background;
  std::string told;
  background.after(milliseconds(10), [&] { told += 'b'; });
  background.after(milliseconds(5), [&] {
    told += 'a';
    background.after(milliseconds(4), [&] { told += '+'; });
  });
  CHECK(background.advance(milliseconds(4)) == 0);
  CHECK(background.advance(milliseconds(6)) == 3);
  CHECK(told == "a+b");
  CHECK(background.waiting() == 0);
}

}  // namespace
}  // namespace quarry::pool
