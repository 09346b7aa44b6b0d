// A watch for which memory gives out at any allocation: it has failed, and nothing else happens.

#include <cstdlib>
#include <new>

#include <catch2/catch.hpp>

#include "server/watch/watch.h"
#include "tests/support/temp_workspace.h"

namespace {
thread_local long left = -1;  // allocations until one fails; negative: none does
}  // namespace

// Every form, since a sanitizer's own would not go together with ours.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (left == 0) return nullptr;
  if (left > 0) --left;
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new(std::size_t size) {
  if (void* const bytes = operator new(size, std::nothrow)) return bytes;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return operator new(size, std::nothrow);
}
void* operator new[](std::size_t size) {
  return operator new(size);
}
void operator delete(void* bytes) noexcept {
  std::free(bytes);
}
void operator delete(void* bytes, std::size_t) noexcept {
  std::free(bytes);
}
void operator delete[](void* bytes) noexcept {
  std::free(bytes);
}
void operator delete[](void* bytes, std::size_t) noexcept {
  std::free(bytes);
}

namespace quarry::watch {
namespace {

TEST_CASE("a watch for which memory gives out at any moment has failed, and holds nothing then") {
  const test::TempWorkspace tree;
  for (const char* name : {"a/b/c", "a/d", "e", ".git/refs/heads"}) tree.make_directory(name);
  const auto files = sandbox::Workspace::open(tree.root()).value();
  Quota quota;
  long allocations = 0;
  for (bool failed = true; failed; ++allocations) {
    INFO(allocations << " allocations");
    REQUIRE(allocations < 10'000);
    Epochs epochs;
    Changes changes;
    {
      Watch watch(Notifier::open().value(), epochs, changes, quota, 1000);
      left = allocations;
      const Watch::State state = watch.catch_up(*files, 100);
      left = -1;
      failed = state == Watch::State::kFailed;
      if (failed) {
        CHECK(watch.why() == "out of memory");
      } else {
        CHECK(state == Watch::State::kWhole);
        CHECK(watch.directories() > 7);
      }
      CHECK(quota.used.load() == watch.directories());
    }
    CHECK(quota.used.load() == 0);
  }
  CHECK(allocations > 20);
}

}  // namespace
}  // namespace quarry::watch
