// Runs a fuzz target over the files of a corpus, and over prefixes and small changes of each, when
// there is no fuzzing engine. Deterministic.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

void run(const std::string& input) {
  // A copy of the exact size, so that a sanitizer sees a read behind its end.
  const auto exact = std::make_unique<std::uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), exact.get());
  LLVMFuzzerTestOneInput(exact.get(), input.size());
}

void run_with_changes(const std::string& input) {
  run(input);
  constexpr std::size_t kMostChanges = 300;
  for (std::size_t size = 0; size < std::min(input.size(), kMostChanges); ++size)
    run(input.substr(0, size));
  std::mt19937 random(static_cast<std::uint32_t>(input.size()));
  constexpr char kMarks[] = "\"\\{}[]:,0-.eEntu \n\t\x01\x7f\x80\xc3\xed\xf0\xff";
  for (std::size_t i = 0; i < kMostChanges && !input.empty(); ++i) {
    std::string changed = input;
    const std::size_t place = random() % changed.size();
    const char mark = kMarks[random() % sizeof kMarks];
    switch (random() % 3) {
      case 0:
        changed[place] = mark;
        break;
      case 1:
        changed.insert(place, 1, mark);
        break;
      default:
        changed.erase(place, 1 + random() % 3);
    }
    run(changed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      run_with_changes({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
      ++files;
    }
  }
  std::fprintf(stderr, "%zu files\n", files);
  return files == 0 ? 1 : 0;
}
