// quarry_replacefile ROOT sync|nosync: the least that a change of a file can be. Finds `"path":"`
// in the line, reads that file below ROOT, writes its bytes to a new file beside it, waits for the
// disk when asked, renames it into its place, waits for the directory, and writes one line.

#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr const char* kDraft = ".replacefile";

bool replace(int root, const std::string& path, bool sync, std::string& content) {
  const int from = openat(root, path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (from < 0 || fstat(from, &facts) != 0) return false;
  content.resize(static_cast<std::size_t>(facts.st_size));
  const bool read_all =
      read(from, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  close(from);
  const int to = openat(root, kDraft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (!read_all || to < 0) return false;
  const bool written =
      write(to, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      (!sync || fsync(to) == 0);
  close(to);
  return written && renameat(root, kDraft, root, path.c_str()) == 0 && (!sync || fsync(root) == 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool sync = std::string_view(argv[2]) == "sync";
  constexpr std::string_view kKey = "\"path\":\"";
  constexpr std::string_view kReply = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n";
  std::string input;
  std::string content;
  while (true) {
    const std::size_t kept = input.size();
    input.resize(kept + 65536);
    const ssize_t got = read(0, input.data() + kept, 65536);
    if (got <= 0) return 0;
    input.resize(kept + static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = input.find('\n', begin)) != std::string::npos;) {
      const std::string_view line = std::string_view(input).substr(begin, end - begin);
      const std::size_t name = line.find(kKey) + kKey.size();
      const std::string path(line.substr(name, line.find('"', name) - name));
      if (!replace(root, path, sync, content)) return 1;
      if (write(1, kReply.data(), kReply.size()) < 0) return 0;
      begin = end + 1;
    }
    input.erase(0, begin);
  }
}
