// transcript_runner SERVER FILE.rpc...: plays golden conversations against the real binary.
// With UPDATE_GOLDEN=1 rewrites the answers in the files, and nothing else.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <sstream>

#include "tests/transcripts/play.h"

namespace {

using namespace quarry::transcripts;

bool run(const std::string& server, const std::string& file, bool update) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
    return false;
  }
  std::ostringstream text;
  text << stream.rdbuf();
  const Played played = play(server, parse_transcript(text.str()));
  if (update) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    for (const std::string& line : played.golden) out << line << '\n';
    return true;
  }
  for (const std::string& problem : played.problems) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), problem.c_str());
  }
  return played.problems.empty();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: transcript_runner SERVER FILE.rpc...\n");
    return 2;
  }
  const char* update = std::getenv("UPDATE_GOLDEN");
  const bool updating = update != nullptr && std::string(update) == "1";
  bool good = true;
  for (int i = 2; i < argc; ++i) {
    try {
      good = run(argv[1], argv[i], updating) && good;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", argv[i], error.what());
      good = false;
    }
  }
  return good ? 0 : 1;
}
