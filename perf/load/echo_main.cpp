// quarry_echo BYTES: the floor of a line server. Answers every line with a ready-made line of that
// size, without looking at it; many lines in one read are answered with one write.

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include <unistd.h>

namespace {

bool write_all(const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t put = write(1, bytes, size);
    if (put <= 0) return false;
    bytes += put;
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t size = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 64;
  const std::string reply = std::string(size > 0 ? size - 1 : 0, 'x') + "\n";
  std::string replies;
  std::array<char, 65536> input;
  while (true) {
    const ssize_t got = read(0, input.data(), input.size());
    if (got <= 0) return 0;
    replies.clear();
    const char* at = input.data();
    const char* const end = at + got;
    while ((at = static_cast<const char*>(
                std::memchr(at, '\n', static_cast<std::size_t>(end - at)))) != nullptr) {
      replies += reply;
      ++at;
    }
    if (!write_all(replies.data(), replies.size())) return 0;
  }
}
