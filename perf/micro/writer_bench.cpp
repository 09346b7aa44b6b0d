// Text to a JSON string, beside a plain copy of the same bytes; and lines to a pipe.

#include <array>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/json/writer.h"
#include "server/rpc/line_writer.h"

namespace quarry {
namespace {

// Source text: an escape in every 15 bytes or so, at places that no branch predictor learns.
std::string source(std::size_t bytes) {
  std::mt19937 random(1);
  std::string text;
  while (text.size() < bytes) {
    text.append(4 + random() % 22, 'x');
    text.append(std::array{"\n  ", "\n\t", "\"", " \\", "\n"}[random() % 5]);
  }
  text.resize(bytes);
  return text;
}

void escape(benchmark::State& state, const std::string& text) {
  std::string out;
  json::append_string(out, text);
  if (out != nlohmann::json(text).dump()) std::abort();
  for (auto _ : state) {
    out.clear();
    json::append_string(out, text);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(text.size()));
}

void source_64k(benchmark::State& state) {
  escape(state, source(65536));
}
void plain_64k(benchmark::State& state) {
  escape(state, std::string(65536, 'x'));
}
void utf8_64k(benchmark::State& state) {
  std::string text;
  while (text.size() < 65536) text += "\xC3\xA9t\xC3\xA9 \xE2\x82\xAC ";
  escape(state, text);
}
void short_21(benchmark::State& state) {
  escape(state, "server/rpc/line_rd.cc");
}
BENCHMARK(source_64k)->Name("writer/source_64k");
BENCHMARK(plain_64k)->Name("writer/plain_64k");
BENCHMARK(utf8_64k)->Name("writer/utf8_64k");
BENCHMARK(short_21)->Name("writer/short_21");

void copy_64k(benchmark::State& state) {
  const std::string text = source(65536);
  std::string out(text.size(), ' ');
  for (auto _ : state) {
    std::memcpy(out.data(), text.data(), text.size());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(copy_64k)->Name("writer/copy_64k");

void base64_64k(benchmark::State& state) {
  const std::string bytes = source(65536);
  std::string out;
  json::append_base64(out, "foobar");
  if (out != "Zm9vYmFy") std::abort();
  for (auto _ : state) {
    out.clear();
    json::append_base64(out, bytes);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(base64_64k)->Name("writer/base64_64k");

// Lines of `size` to a thread that reads them all; every byte is counted.
void to_pipe(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string line(size, 'x');
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  const Fd client(ends[0]);
  Fd server(ends[1]);
  std::size_t got = 0;
  std::thread reader([&] {
    std::string piece(1U << 20U, ' ');
    for (ssize_t n; (n = ::read(client.get(), piece.data(), piece.size())) > 0;)
      got += static_cast<std::size_t>(n);
  });
  {
    rpc::LineWriter writer(server.get());
    for (auto _ : state) {
      writer.send(line);
      if (!writer.flush_for(std::chrono::seconds(10))) std::abort();
    }
  }
  server.reset();
  reader.join();
  if (got != static_cast<std::size_t>(state.iterations()) * (size + 1)) std::abort();
  state.SetBytesProcessed(static_cast<std::int64_t>(got));
}
BENCHMARK(to_pipe)->Name("writer/to_pipe")->Arg(200)->Arg(65536)->Arg(1 << 20)->UseRealTime();

}  // namespace
}  // namespace quarry
