// The hot path of the room allocates nothing once it is warm. Counted, not timed.

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include <catch2/catch.hpp>
#include <malloc.h>

#include "server/json/document.h"
#include "server/json/fields.h"
#include "server/json/writer.h"

namespace {
std::atomic<std::size_t> allocations{0};
std::atomic<std::ptrdiff_t> live_bytes{0};

std::ptrdiff_t size_of(void* bytes) {
  return static_cast<std::ptrdiff_t>(::malloc_usable_size(bytes));
}
}  // namespace

// Every form, since a sanitizer's own would not go together with ours.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  void* const bytes = std::malloc(size == 0 ? 1 : size);
  if (bytes != nullptr) live_bytes += size_of(bytes);
  return bytes;
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
  if (bytes != nullptr) live_bytes -= size_of(bytes);
  std::free(bytes);
}
void operator delete(void* bytes, std::size_t) noexcept {
  operator delete(bytes);
}
void operator delete[](void* bytes) noexcept {
  operator delete(bytes);
}
void operator delete[](void* bytes, std::size_t) noexcept {
  operator delete(bytes);
}

namespace quarry::json {
namespace {

struct Args {
  std::string_view path;
  std::optional<std::int64_t> first_line;
  bool deep = false;
};
constexpr auto kFields = fields(field<&Args::path>("path"), field<&Args::first_line>("first_line"),
                                field<&Args::deep>("deep").optional());

TEST_CASE("a call is parsed, bound and written without an allocation") {
  std::string line =
      R"({"jsonrpc":"2.0","id":12345,"method":"tools/call","params":{"name":"read_file",)"
      R"("arguments":{"path":"src/\u0061/main.cpp","first_line":"10","deep":true},)"
      R"("_meta":{"progressToken":"t1"}}})";
  const std::size_t size = line.size();
  line.resize(size + kPadding);
  const std::string_view view = std::string_view(line).substr(0, size);
  const std::string text = "int main() {\n\treturn \"\xC3\xA9\";\n}\n";
  Parser parser;
  Document document;
  std::string out;
  bool right = true;
  const auto once = [&] {
    right = right && document.parse(parser, view).has_value();
    Args args{};
    const Value call = document.root().find("params").find("arguments");
    right = right && bind(kFields, call, args).has_value();
    right = right && args.path == "src/a/main.cpp" && args.first_line == 10 && args.deep;
    out.clear();
    Writer(out).begin_object().field("text", text).field("n", *args.first_line).end_object();
  };
  once();
  once();
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) once();
  const std::size_t after = allocations;
  CHECK(right);
  CHECK(after - before == 0);
  const std::string proof(100, 'x');  // the counter counts
  CHECK(allocations > after);
}

TEST_CASE("a huge line's memory is given back") {
  Parser parser;
  Document document;
  const auto parse = [&](std::string text) {
    const std::size_t size = text.size();
    text.resize(size + kPadding);
    return document.parse(parser, std::string_view(text).substr(0, size)).has_value();
  };
  REQUIRE(parse("[\"\\n\"]"));
  const std::ptrdiff_t before = live_bytes;
  std::string huge = "[\"\\n";
  huge.append(4'000'000, 'x').append("\"");
  for (int i = 0; i < 50'000; ++i) huge.append(",{}");
  REQUIRE(parse(huge + "]"));
  CHECK(live_bytes - before > 4'000'000);
  REQUIRE(parse("[\"\\n\"]"));
  CHECK(live_bytes - before - static_cast<std::ptrdiff_t>(huge.capacity()) < 600'000);
}

}  // namespace
}  // namespace quarry::json
