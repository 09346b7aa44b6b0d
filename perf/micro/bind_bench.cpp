// Arguments to a struct.

#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>

#include "server/json/document.h"
#include "server/json/fields.h"

namespace quarry {
namespace {

enum class Encoding { kAuto, kUtf8, kLatin1 };

struct Args {
  std::string_view path;
  std::optional<std::int64_t> first_line;
  std::optional<std::int64_t> line_count;
  bool numbers = true;
  Encoding encoding = Encoding::kAuto;
};

}  // namespace

template <>
inline constexpr std::array json::enum_names<Encoding> = {
    std::string_view("auto"), std::string_view("utf-8"), std::string_view("latin-1")};

namespace {

constexpr auto kFields =
    json::fields(json::field<&Args::path>("path").synonyms("file_path", "filePath"),
                 json::field<&Args::first_line>("first_line").range(1, 1'000'000'000),
                 json::field<&Args::line_count>("line_count").range(1, 1'000'000),
                 json::field<&Args::numbers>("numbers").optional(),
                 json::field<&Args::encoding>("encoding").optional());

void five_fields(benchmark::State& state) {
  json::Parser parser;
  json::Document document;
  if (!document.parse_copy(parser, R"({"path":"server/rpc/line_reader.cpp","first_line":10,)"
                                   R"("line_count":200,"numbers":false,"encoding":"utf-8"})"))
    std::abort();
  const auto right = [&] {
    Args args{};
    return json::bind(kFields, document.root(), args).has_value() && args.path.size() == 26 &&
           args.first_line == 10 && args.line_count == 200 && !args.numbers &&
           args.encoding == Encoding::kUtf8;
  };
  if (!right()) std::abort();
  bool all_right = true;
  for (auto _ : state) all_right &= right();
  if (!all_right) std::abort();
}
BENCHMARK(five_fields)->Name("bind/five_fields");

}  // namespace
}  // namespace quarry
