#include "tests/mcp/fake_server.h"

#include <csignal>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/mcp/server.h"
#include "tests/mcp/fake_world.h"
#include "tests/support/temp_workspace.h"

namespace quarry::test {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    read = Fd(ends[0]);
    write = Fd(ends[1]);
  }
  Fd read, write;
};

std::unique_ptr<store::Store> make_store(const std::string& directory) {
  if (directory.empty()) return store::Store::in_memory();
  return store::Store::at(directory, {.retry = std::chrono::milliseconds(0)});
}

}  // namespace

struct FakeServer::State {
  TempWorkspace workspace;
  Pipe to_server, from_server;
  std::string received;
  std::thread thread;

  bool take_line(std::string& line) {
    const std::size_t newline = received.find('\n');
    if (newline == std::string::npos) return false;
    line = received.substr(0, newline);
    received.erase(0, newline + 1);
    return true;
  }

  // False at the end of output or when nothing came in time.
  bool fill(int milliseconds) {
    pollfd ready{from_server.read.get(), POLLIN, 0};
    if (poll(&ready, 1, milliseconds) <= 0) return false;
    char piece[4096];
    const ssize_t got = read(from_server.read.get(), piece, sizeof piece);
    if (got <= 0) return false;
    received.append(piece, static_cast<std::size_t>(got));
    return true;
  }

  void serve(std::span<const tools::Entry> entries, const Options& options) {
    FakeWorld world(entries, options.workers, options.heavy_limit, workspace.root(),
                    from_server.write.get(), make_store(options.state_directory));
    rpc::LineReader reader(to_server.read.get(), 1 << 20);
    mcp::Server server({.in = to_server.read.get(),
                        .reader = reader,
                        .writer = world.writer,
                        .tools = world.tools,
                        .runner = world.runner,
                        .in_flight = world.in_flight,
                        .calls = world.calls,
                        .sessions = world.sessions,
                        .pool = world.pool,
                        .clock = world.clock,
                        .roots_patience_ms = options.roots_patience_ms});
    server.run(options.drain_ms);
  }
};

FakeServer::FakeServer(std::span<const tools::Entry> entries, const Options& options)
    : state_(std::make_unique<State>()) {
  signal(SIGPIPE, SIG_IGN);
  state_->thread = std::thread([this, entries, options] {
    state_->serve(entries, options);
    state_->from_server.write.reset();
  });
}

FakeServer::~FakeServer() {
  if (state_->thread.joinable()) finish();
}

const TempWorkspace& FakeServer::workspace() const {
  return state_->workspace;
}

void FakeServer::send(std::string_view line) {
  std::string bytes(line);
  bytes.push_back('\n');
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t wrote = write(state_->to_server.write.get(), rest.data(), rest.size());
    if (wrote <= 0) throw std::runtime_error("the server takes no input");
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void FakeServer::send_call(int id, std::string_view tool, std::string_view arguments,
                           std::string_view meta) {
  send(fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{"name":"{}",)"
                   R"("arguments":{}{}}}}})",
                   id, tool, arguments,
                   meta.empty() ? std::string() : fmt::format(R"(,"_meta":{})", meta)));
}

nlohmann::json FakeServer::receive() {
  std::string line;
  while (!state_->take_line(line)) {
    if (!state_->fill(10'000)) throw std::runtime_error("no answer");
  }
  return nlohmann::json::parse(line);
}

bool FakeServer::silent(int milliseconds) {
  return state_->received.empty() && !state_->fill(milliseconds);
}

std::vector<nlohmann::json> FakeServer::finish() {
  state_->to_server.write.reset();
  while (state_->fill(10'000)) {
  }
  state_->thread.join();
  std::vector<nlohmann::json> lines;
  std::string line;
  while (state_->take_line(line)) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::string text_of(const nlohmann::json& answer) {
  return answer["result"]["content"][0]["text"];
}

}  // namespace quarry::test
