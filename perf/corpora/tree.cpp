#include "perf/corpora/tree.h"

#include <array>
#include <cstdint>
#include <fstream>
#include <string_view>

namespace quarry::perf {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 16> kWords = {
    "return", "value", "(index)", "\"quoted\"", "while", "buffer",  "+=",     "{",
    "}",      "size",  "path\\",  "result",     "if",    "\ttable", "const ", "line;"};

// The whole generator: its constants are Knuth's (MMIX).
class Sequence {
 public:
  explicit Sequence(unsigned seed) : state_(seed) {}
  std::size_t below(std::size_t bound) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(state_ >> 33) % bound;
  }

 private:
  std::uint64_t state_;
};

void put(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(text.data(), static_cast<std::streamsize>(text.size()));
}

// `bytes` with `head` at their start, `tail` at their end and nothing between, which takes no disk.
void put_sparse(const fs::path& path, std::string_view head, std::size_t bytes,
                std::string_view tail) {
  put(path, head);
  fs::resize_file(path, bytes - tail.size());
  std::ofstream(path, std::ios::binary | std::ios::app)
      .write(tail.data(), static_cast<std::streamsize>(tail.size()));
}

}  // namespace

std::string make_text(std::size_t bytes, unsigned seed) {
  Sequence sequence(seed);
  std::string text;
  text.reserve(bytes);
  while (text.size() < bytes) {
    std::string line;
    while (line.size() < kLineBytes - 1) {
      line += kWords[sequence.below(kWords.size())];
      line += ' ';
    }
    line.resize(kLineBytes - 1);
    text += line;
    text += '\n';
  }
  text.resize(bytes);
  return text;
}

void make_corpus(const fs::path& root, std::size_t files) {
  put(root / "one_kib.txt", make_text(1024, 1));
  put(root / "ten_kib.txt", make_text(std::size_t{10} * 1024, 4));
  put(root / "sixty_four_kib.txt", make_text(std::size_t{64} * 1024, 2));
  put(root / "one_mib.txt", make_text(std::size_t{1024} * 1024, 3));
  put_sparse(root / "one_gib.log", make_text(kMarginBytes, 4), kGib, make_text(kMarginBytes, 5));
  for (unsigned i = 0; i < 20; ++i) {
    put(root / "batch" / ("file_" + std::to_string(i) + ".txt"), make_text(1024, i));
  }
  for (unsigned i = 0; i < 100; ++i) {
    put(root / "hundred" / ("file_" + std::to_string(i) + ".txt"), make_text(64, i));
  }
  for (std::size_t i = 0; i < files; ++i) {
    std::string text = make_text(4096, static_cast<unsigned>(i) + 100);
    if (i == files / 2) text += std::string(kNeedle) + "\n";
    put(root / "tree" / ("folder_" + std::to_string(i / 50)) /
            ("source_" + std::to_string(i) + (i % 10 == 0 ? ".h" : ".cpp")),
        text);
  }
}

}  // namespace quarry::perf
