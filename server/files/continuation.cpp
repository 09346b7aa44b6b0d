#include "server/files/continuation.h"

#include <algorithm>

#include "server/base/figures.h"
#include "server/base/utf8.h"

namespace quarry::files {
namespace {

// Of a clipped line as UTF-8, with its mark.
constexpr std::size_t kMaxClippedBytes = 4 * 2000 + 64;

}  // namespace

std::int64_t fitting_tail(std::string_view text, std::int64_t count, std::size_t max_bytes,
                          char separator) {
  if (text.empty()) return 0;
  std::size_t at = text.size() - (text.back() == separator ? 1U : 0U);
  std::size_t used = 0;
  std::int64_t lines = 0;
  while (lines < count) {
    const std::size_t end = text.substr(0, at).rfind(separator);
    const std::size_t begin = end == std::string_view::npos ? 0 : end + 1;
    used += std::min(at - begin, kMaxClippedBytes) + 8;
    if (used > max_bytes && lines > 0) break;
    ++lines;
    if (end == std::string_view::npos) break;
    at = end;
  }
  return lines;
}

void append_place(std::string& out, const sandbox::Path& path, const ReadRequest& request) {
  if (request.name_path) {
    out.append("path=");
    utf8::append_escaped_name(out, path.display());
    out.append(", ");
  }
  if (!request.ref.empty()) {
    out.append("ref=");
    utf8::append_escaped_name(out, request.ref);
    out.append(", ");
  }
}

void append_continuation(std::string& out, const Continuation& where) {
  const std::int64_t last = where.first + where.shown.lines - 1;
  const bool more = where.total < 0 ? where.more : last < where.total;
  const ReadRequest& request = where.request;
  const auto append_path = [&] { append_place(out, where.path, request); };
  const bool before = request.tail > 0 && where.shown.lines < request.tail && where.first > 1;
  if (more || before) {
    out.append("lines ");
    append_count(out, static_cast<std::uint64_t>(where.first));
    out.push_back('-');
    append_count(out, static_cast<std::uint64_t>(last));
    if (where.total >= 0) {
      out.append(" of ");
      append_count(out, static_cast<std::uint64_t>(where.total));
    }
    out.append(before ? "; the lines before them with " : "; continue with ");
    append_path();
    const std::int64_t begin =
        before ? std::max<std::int64_t>(1, where.total - request.tail + 1) : last + 1;
    out.append("offset=");
    append_integer(out, begin);
    const std::int64_t limit = before ? where.first - begin : request.limit;
    if (before || limit != kDefaultLines) {
      out.append(", limit=");
      append_integer(out, limit);
    }
    out.push_back('\n');
  }
  if (where.shown.clipped > 0) {
    append_count(out, static_cast<std::uint64_t>(where.shown.clipped));
    out.append(where.shown.clipped == 1 ? " line is clipped; " : " lines are clipped; ");
    if (request.limit == 1 && request.tail == 0) {
      out.append("a larger max_tokens shows more of it, mode=hex any part of it\n");
    } else {
      append_path();
      out.append("offset=");
      append_integer(out, where.shown.first_clipped);
      out.append(", limit=1 shows the first of them as far as max_tokens goes\n");
    }
  }
}

}  // namespace quarry::files
