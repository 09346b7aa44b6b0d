#include "server/git/helper/loose_object.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <zlib.h>

namespace quarry::git::helper {
namespace {

constexpr std::size_t kMaxHeaderBytes = 32;  // "commit 18446744073709551615\0" has 28
constexpr std::array<std::string_view, 4> kTypes = {"commit", "tree", "blob", "tag"};

Failure damaged(std::string_view what) {
  return fail(Code::kInternal, "a loose object is damaged: {}", what);
}

class Inflater {
 public:
  explicit Inflater(std::string_view file) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data()));
    stream_.avail_in = static_cast<uInt>(file.size());
    good_ = inflateInit(&stream_) == Z_OK;
  }
  ~Inflater() {
    if (good_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Bytes written to `into`; fewer than `size` at the stream's end or at damage.
  std::size_t next(char* into, std::size_t size) {
    if (!good_) return 0;
    stream_.next_out = reinterpret_cast<Bytef*>(into);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out > 0 && !ended_) {
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) ended_ = true;
      // Z_BUF_ERROR: no input left before the end. libgit2 goes round for ever here.
      if (status != Z_OK) break;
    }
    return size - stream_.avail_out;
  }
  bool ended_exactly() {
    char one = 0;
    if (!ended_ && next(&one, 1) != 0) return false;
    return ended_ && stream_.avail_in == 0;
  }

 private:
  z_stream stream_{};
  bool good_ = false;
  bool ended_ = false;
};

// Also tells how many inflated bytes the header takes.
Result<LooseHeader> read_header(Inflater& inflater, char* text, std::size_t& got,
                                std::size_t& taken) {
  got = inflater.next(text, kMaxHeaderBytes);
  const char* end = std::find(text, text + got, '\0');
  if (end == text + got) return damaged("it has no header");
  const std::string_view header(text, static_cast<std::size_t>(end - text));
  const std::size_t space = header.find(' ');
  if (space == std::string_view::npos) return damaged("its header is not understood");
  LooseHeader found;
  const auto* type = std::find(kTypes.begin(), kTypes.end(), header.substr(0, space));
  const char* digits = text + space + 1;
  const auto parsed = std::from_chars(digits, end, found.size);
  if (type == kTypes.end() || parsed.ec != std::errc() || parsed.ptr != end || digits == end) {
    return damaged("its header is not understood");
  }
  found.type = *type;
  taken = header.size() + 1;
  return found;
}

}  // namespace

Result<LooseHeader> parse_loose_header(std::string_view file) {
  Inflater inflater(file);
  std::array<char, kMaxHeaderBytes> text{};
  std::size_t got = 0, taken = 0;
  return read_header(inflater, text.data(), got, taken);
}

Result<void> inflate_loose(std::string_view file, const LooseHeader& header, char* into) {
  Inflater inflater(file);
  std::array<char, kMaxHeaderBytes> text{};
  std::size_t got = 0, taken = 0;
  TRY_ASSIGN(const LooseHeader again, read_header(inflater, text.data(), got, taken));
  const std::size_t early = got - taken;
  if (again.size != header.size || early > header.size) return damaged("it is longer than it says");
  std::memcpy(into, text.data() + taken, early);
  const std::size_t wanted = header.size - early;
  if (wanted > 0 && inflater.next(into + early, wanted) != wanted) {
    return damaged("it is cut short");
  }
  if (!inflater.ended_exactly()) return damaged("it is cut short or longer than it says");
  return {};
}

}  // namespace quarry::git::helper
