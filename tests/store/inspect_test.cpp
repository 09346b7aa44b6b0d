// What the inspection of a data file finds, and what it must not take for damage.

#include "server/store/inspect.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>
#include <fcntl.h>

#include "server/base/fd.h"
#include "server/store/data_page.h"
#include "server/store/store.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

using quarry::test::TempWorkspace;

constexpr std::size_t kPage = 4096;

// A data file that is changed in memory.
struct DataFile {
  explicit DataFile(const std::string& file) : path(file) {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  bool is_sound() const {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return inspect_data_file(file.get(), true).has_value();
  }
  std::string_view page(std::size_t number) const {
    return std::string_view(bytes).substr(number * kPage, kPage);
  }
  template <class Number>
  bool is_sound_with(std::size_t at, Number number) {
    const std::string before = bytes;
    std::memcpy(bytes.data() + at, &number, sizeof number);
    const bool sound = is_sound();
    bytes = before;
    return sound;
  }

  std::string path;
  std::string bytes;
};

TEST_CASE("inspection finds entries that overlap or leave a hole") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  {
    const auto store = Store::at(directory);
    for (int i = 0; i < 40; ++i) {
      const std::string value(static_cast<std::size_t>(i) * 20, 'v');
      REQUIRE(store->put(Table::kSessionState, "key " + std::to_string(i), value));
    }
    REQUIRE(store->put(Table::kSessionState, "long", std::string(20'000, 'l')));
  }
  DataFile file(directory + "/state/data.mdb");
  REQUIRE(file.is_sound());
  std::set<std::uint16_t> kinds;
  for (std::size_t number = 2; number < file.bytes.size() / kPage; ++number) {
    const std::size_t begin = number * kPage;
    // A page that is not in use may hold anything.
    if (file.is_sound_with(begin, std::uint64_t{0})) continue;
    const std::string_view page = file.page(number);
    const std::uint16_t kind = data_page::kind_of(page);
    if (kind != data_page::kLeaf && kind != data_page::kBranch) continue;
    kinds.insert(kind);
    for (std::size_t i = 0; i < data_page::node_count(page); ++i) {
      INFO("entry " << i << " of page " << number);
      const std::size_t node = data_page::node_at(page, i);
      REQUIRE(node != std::string_view::npos);
      const auto size = data_page::number_at<std::uint16_t>(page, node);
      const auto key = data_page::number_at<std::uint16_t>(page, node + 6);
      const bool big = (data_page::number_at<std::uint16_t>(page, node + 4) & 1U) != 0;
      for (const int by : {-64, -2, 2, 8, 64, 1000}) {
        if (kind == data_page::kLeaf && !big && size + by >= 0) {
          CHECK_FALSE(file.is_sound_with(begin + node, static_cast<std::uint16_t>(size + by)));
        }
        if (kind == data_page::kBranch && key + by >= 0) {
          CHECK_FALSE(file.is_sound_with(begin + node + 6, static_cast<std::uint16_t>(key + by)));
        }
      }
      const std::size_t place = begin + data_page::kPageHeader + 2 * i;
      CHECK_FALSE(file.is_sound_with(place, static_cast<std::uint16_t>(node + 2)));
    }
    const auto upper = data_page::number_at<std::uint16_t>(page, 14);
    CHECK_FALSE(file.is_sound_with(begin + 14, static_cast<std::uint16_t>(upper - 2)));
  }
  CHECK(kinds.size() == 2);
}

TEST_CASE("store sets aside a file whose entries overlap, and goes on") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  const std::string value(100, 'v');
  {
    const auto store = Store::at(directory);
    for (const char* key : {"a", "b", "c"}) REQUIRE(store->put(Table::kSessionState, key, value));
  }
  DataFile file(directory + "/state/data.mdb");
  for (std::size_t number = 2; number < file.bytes.size() / kPage; ++number) {
    const std::string_view page = file.page(number);
    if (data_page::kind_of(page) != data_page::kLeaf) continue;
    for (std::size_t i = 0; i < data_page::node_count(page); ++i) {
      const std::size_t node = number * kPage + data_page::node_at(page, i);
      if (file.bytes.compare(node + 8, 2, "\2b") == 0) file.bytes[node + 1] = 3;
    }
  }
  REQUIRE_FALSE(file.is_sound());
  CHECK(run_process([&] {
          const auto store = Store::at(directory);
          for (const char* key : {"a", "b", "c"}) {
            if (!store->put(Table::kSessionState, key, "new")) return 1;
            if (store->get(Table::kSessionState, key) != "new") return 2;
          }
          return store->erase(Table::kSessionState, "a") && store->flush() ? 0 : 3;
        }) == 0);
  CHECK(std::filesystem::exists(directory + "/state.damaged"));
}

TEST_CASE("inspection takes a long value that was written twice at once for sound") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  {
    const auto store = Store::at(directory, {.durability = Durability::kFull});
    const std::vector<Entry> twice = {{"k", std::string(50'000, 'a')},
                                      {"k", std::string(9000, 'b')},
                                      {"l", std::string(50'000, 'a')},
                                      {"l", "short"}};
    REQUIRE(store->put_all(Table::kGit, twice));
  }
  CHECK(DataFile(directory + "/cache/data.mdb").is_sound());
  const auto store = Store::at(directory);
  CHECK(store->get(Table::kGit, "k") == std::string(9000, 'b'));
  CHECK(store->get(Table::kGit, "l") == "short");
}

}  // namespace
}  // namespace quarry::store
