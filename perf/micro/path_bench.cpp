// Twin of server/sandbox: what it costs to parse a path and to open what it names, by either
// resolver, against the bare system calls.

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/sandbox/workspace.h"

namespace {

namespace fs = std::filesystem;
using quarry::Fd;
using quarry::sandbox::Dir;
using quarry::sandbox::Path;
using quarry::sandbox::Workspace;

constexpr std::string_view kFile = "server/sandbox/path.cpp";
constexpr std::string_view kContent = "content of a small file\n";
constexpr int kEntries = 1000;

// A tree with kFile and a directory "many" of kEntries files.
class Tree {
 public:
  Tree() {
    std::string pattern = (fs::temp_directory_path() / "quarry-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    root_ = fs::canonical(pattern).string();
    fs::create_directories(root_ + "/server/sandbox");
    fs::create_directories(root_ + "/many");
    std::ofstream(path()) << kContent;
    for (int i = 0; i < kEntries; ++i) {
      std::ofstream(root_ + "/many/entry_" + std::to_string(i)).put('x');
    }
  }
  ~Tree() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  const std::string& root() const { return root_; }
  std::string path() const { return root_ + "/" + std::string(kFile); }

 private:
  std::string root_;
};

const Tree& tree() {
  static const Tree one;
  return one;
}

void parse(benchmark::State& state, const std::string& text, std::string_view want) {
  if (Path::parse(text, "/srv/tree")->text() != want) state.SkipWithError("wrong path");
  for (auto _ : state) benchmark::DoNotOptimize(Path::parse(text, "/srv/tree"));
}
BENCHMARK_CAPTURE(parse, normal, "server/sandbox/path.cpp", "server/sandbox/path.cpp");
BENCHMARK_CAPTURE(parse, short, "a.c", "a.c");
BENCHMARK_CAPTURE(parse, dotted, "./server//sandbox/path.cpp", "server/sandbox/path.cpp");
BENCHMARK_CAPTURE(parse, absolute, "/srv/tree/server/sandbox/path.cpp", "server/sandbox/path.cpp");
BENCHMARK_CAPTURE(parse, uri, "file:///srv/tree/server/sandbox/path.cpp",
                  "server/sandbox/path.cpp");

void enters_git_directory(benchmark::State& state) {
  const Path path = *Path::parse("server/.github/sandbox/path.cpp", "/srv/tree");
  if (path.enters_git_directory()) state.SkipWithError("wrong answer");
  for (auto _ : state) benchmark::DoNotOptimize(path.enters_git_directory());
}
BENCHMARK(enters_git_directory);

void open_file(benchmark::State& state, Workspace::Resolver resolver) {
  const auto workspace = Workspace::open(tree().root(), resolver);
  if (!workspace) return state.SkipWithError(workspace.error().message.c_str());
  const Path path = *(*workspace)->parse(kFile);
  std::string content;
  if (!(*workspace)->open_file(path)->read_all(content, 1 << 20) || content != kContent) {
    state.SkipWithError("wrong content");
  }
  for (auto _ : state) benchmark::DoNotOptimize((*workspace)->open_file(path));
}
BENCHMARK_CAPTURE(open_file, openat2, Workspace::Resolver::kOpenat2);
BENCHMARK_CAPTURE(open_file, component_walk, Workspace::Resolver::kComponentWalk);

// What is possible at best: no check at all.
void open_file_bare(benchmark::State& state) {
  const std::string path = tree().path();
  for (auto _ : state) {
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    benchmark::DoNotOptimize(fstat(fd.get(), &status));
  }
}
BENCHMARK(open_file_bare);

void read_small_file(benchmark::State& state) {
  const auto workspace = *Workspace::open(tree().root());
  const Path path = *workspace->parse(kFile);
  std::string content;
  for (auto _ : state) {
    if (!workspace->open_file(path)->read_all(content, 1 << 20)) state.SkipWithError("not read");
  }
}
BENCHMARK(read_small_file);

void metadata(benchmark::State& state) {
  const auto workspace = *Workspace::open(tree().root());
  const Path path = *workspace->parse(kFile);
  for (auto _ : state) benchmark::DoNotOptimize(workspace->metadata(path));
}
BENCHMARK(metadata);

void list_directory(benchmark::State& state) {
  const auto workspace = *Workspace::open(tree().root());
  const Path path = *workspace->parse("many");
  for (auto _ : state) {
    Dir dir = *workspace->open_directory(path);
    Dir::Entry entry;
    int entries = 0;
    while (*dir.next(entry)) ++entries;
    if (entries != kEntries) state.SkipWithError("wrong number of entries");
  }
  state.SetItemsProcessed(state.iterations() * kEntries);
}
BENCHMARK(list_directory);

}  // namespace
