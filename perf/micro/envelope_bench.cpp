// One line to its envelope and arguments: the first half of every call.

#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>

#include "server/rpc/envelope.h"

namespace quarry {
namespace {

std::string padded(std::string line) {
  line.resize(line.size() + json::kPadding);
  return line;
}

// 214 bytes, as a client of the newest revision sends them.
const char* const kCall =
    R"({"jsonrpc":"2.0","id":12345,"method":"tools/call","params":{"name":"read_file",)"
    R"("arguments":{"path":"server/rpc/line_reader.cpp","first_line":10,"line_count":200},)"
    R"("_meta":{"progressToken":"token-12345"}}})";

std::string write_file_call(std::size_t bytes, std::string_view line_of_text) {
  std::string call =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write_file",)"
      R"("arguments":{"path":"a.c","content":")";
  while (call.size() < bytes) call += line_of_text;
  return call + "\"}}}";
}

void run(benchmark::State& state, const std::string& text, std::string_view tool) {
  const std::string line = padded(text);
  const std::string_view view = std::string_view(line).substr(0, text.size());
  json::Parser parser;
  json::Document document;
  const auto right = [&] {
    const rpc::Envelope envelope = rpc::read_envelope(document, parser, view);
    return envelope.kind == rpc::Kind::kRequest && envelope.method == "tools/call" &&
           envelope.params.find("name").string() == tool &&
           envelope.params.find("arguments").size() >= 2;
  };
  if (!right()) std::abort();
  bool all_right = true;
  for (auto _ : state) all_right &= right();
  if (!all_right) std::abort();
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(text.size()));
}

void short_call(benchmark::State& state) {
  run(state, kCall, "read_file");
}
BENCHMARK(short_call)->Name("envelope/short_call");

void write_source_105k(benchmark::State& state) {
  run(state, write_file_call(105'000, R"(  if (a[i] == \"x\") {\n\t\treturn b;\n)"), "write_file");
}
BENCHMARK(write_source_105k)->Name("envelope/write_source_105k");

void write_plain_44k(benchmark::State& state) {
  run(state, write_file_call(44'000, "text with \xC3\xA9\xE2\x82\xAC and nothing to escape "),
      "write_file");
}
BENCHMARK(write_plain_44k)->Name("envelope/write_plain_44k");

}  // namespace
}  // namespace quarry
