// quarry_readfile ROOT: the least that a server of files can do. Finds `"path":"` in the line,
// opens, fstats, reads and closes that file below ROOT, escapes it into one JSON line, writes.
// Where the line names several files their contents follow each other. Ends where one cannot be
// read.

#include <cstring>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

void append_escaped(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
}

class Reader {
 public:
  explicit Reader(const char* root) : root_(open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  // False when a file cannot be read.
  bool append_reply(std::string_view line, std::string& out) {
    constexpr std::string_view kKey = "\"path\":\"";
    out += R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":")";
    for (std::size_t at = line.find(kKey); at != std::string_view::npos;
         at = line.find(kKey, at + 1)) {
      const std::size_t begin = at + kKey.size();
      if (!read_into(std::string(line.substr(begin, line.find('"', begin) - begin)))) return false;
      append_escaped(out, content_);
    }
    out += "\"}]}}\n";
    return true;
  }

 private:
  bool read_into(const std::string& path) {
    const int fd = openat(root_, path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat facts {};
    if (fd < 0 || fstat(fd, &facts) != 0) return false;
    content_.resize(static_cast<std::size_t>(facts.st_size));
    const ssize_t got = read(fd, content_.data(), content_.size());
    close(fd);
    return got == static_cast<ssize_t>(content_.size());
  }

  int root_;
  std::string content_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  Reader reader(argv[1]);
  std::string input;
  std::string replies;
  while (true) {
    const std::size_t kept = input.size();
    input.resize(kept + 65536);
    const ssize_t got = read(0, input.data() + kept, 65536);
    if (got <= 0) return 0;
    input.resize(kept + static_cast<std::size_t>(got));
    replies.clear();
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = input.find('\n', begin)) != std::string::npos;) {
      if (!reader.append_reply(std::string_view(input).substr(begin, end - begin), replies))
        return 1;
      begin = end + 1;
    }
    input.erase(0, begin);
    for (std::string_view rest = replies; !rest.empty();) {
      const ssize_t put = write(1, rest.data(), rest.size());
      if (put <= 0) return 0;
      rest.remove_prefix(static_cast<std::size_t>(put));
    }
  }
}
