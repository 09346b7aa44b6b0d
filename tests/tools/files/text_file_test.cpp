#include "tools/files/text_file.h"

#include <atomic>

#include <catch2/catch.hpp>
#include <dlfcn.h>
#include <iconv.h>

namespace {

std::atomic<int> opened{0};

}  // namespace

// The C library's own, counted.
extern "C" iconv_t iconv_open(const char* to, const char* from) {
  static const auto real =
      reinterpret_cast<iconv_t (*)(const char*, const char*)>(dlsym(RTLD_NEXT, "iconv_open"));
  ++opened;
  return real(to, from);
}

namespace quarry::tools {
namespace {

TEST_CASE("a file's codec is opened as often for many splices as for one") {
  constexpr int kSplices = 50;
  const SystemClock clock;
  const CancelToken cancel(clock);
  for (const char* name : {"shift_jis", "windows-1252"}) {
    INFO(name);
    const auto charset = charset_of(name);
    REQUIRE(charset);
    std::string bytes;
    std::vector<edit::Splice> splices;
    for (std::size_t i = 0; i < kSplices; ++i) {
      splices.push_back({.begin = bytes.size(), .end = bytes.size() + 1, .with = "c"});
      bytes += "ab\n";
    }
    const auto decoded = editable(bytes, *charset, "f");
    REQUIRE(decoded);
    opened = 0;
    const auto made = spliced_bytes(bytes, *decoded, splices, cancel);
    REQUIRE(made);
    CHECK(made->bytes.starts_with("cb\ncb\n"));
    CHECK(opened == 2);  // to and from UTF-8
  }
}

TEST_CASE("splicing ends when the call is cancelled") {
  const SystemClock clock;
  CancelToken cancel(clock);
  cancel.cancel();
  const auto decoded = editable("ab", std::nullopt, "f");
  REQUIRE(decoded);
  const auto made = spliced_bytes("ab", *decoded, std::vector<edit::Splice>{{0, 1, "c"}}, cancel);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Code::kCancelled);
}

}  // namespace
}  // namespace quarry::tools
