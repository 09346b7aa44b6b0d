#include "server/rpc/line_reader.h"

#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace quarry::rpc {
namespace {

constexpr std::size_t kReadBytes = LineReader::kBufferBytes;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool blank(std::string_view line) {
  if (!line.empty() && line.front() > ' ') return false;
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

LineReader::LineReader(int fd, std::size_t max_line_bytes)
    : fd_(fd),
      max_line_bytes_(max_line_bytes),
      buffer_(std::make_unique_for_overwrite<char[]>(kReadBytes)) {}

LineReader::Status LineReader::next(Line& into) {
  into.clear();
  for (bool may_read = true; true; may_read = false) {
    while (newline_ != kNone) {
      const auto done = finish_line({buffer_.get() + parsed_, newline_ - parsed_}, into);
      parsed_ = newline_ + 1;
      find_newline(parsed_);
      if (done) return *done;
    }
    if (ended_) return finish_stream(into).value_or(Status::kEnd);
    if (!may_read) return Status::kInterrupted;
    fill();
  }
}

// `rest` ends the current line. Nothing for a blank line.
std::optional<LineReader::Status> LineReader::finish_line(std::string_view rest, Line& into) {
  const bool first = !started_;
  started_ = true;
  if (skipping_) {
    skipping_ = false;
    return Status::kTooLong;
  }
  const bool is_long = long_line_.size() != 0;
  if (is_long) {
    long_line_.append(rest);
    rest = long_line_.view();
  }
  std::string_view line = rest;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (first && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  const bool too_long = line.size() > max_line_bytes_;
  const bool wanted = !too_long && !blank(line);
  if (wanted && is_long && line.data() == rest.data()) {
    long_line_.shrink_to(line.size());
    into.swap(long_line_);
  } else if (wanted) {
    into.assign(line);
  }
  long_line_.clear();
  if (too_long) return Status::kTooLong;
  return wanted ? std::optional(Status::kLine) : std::nullopt;
}

std::optional<LineReader::Status> LineReader::finish_stream(Line& into) {
  const std::string_view rest(buffer_.get() + parsed_, filled_ - parsed_);
  parsed_ = filled_;
  if (rest.empty() && long_line_.size() == 0 && !skipping_) return std::nullopt;
  return finish_line(rest, into);
}

// Reads once, to where the current line is.
void LineReader::fill() {
  if (skipping_) parsed_ = filled_ = 0;
  if (parsed_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + parsed_, filled_ - parsed_);
    filled_ -= parsed_;
    parsed_ = 0;
  }
  if (long_line_.size() == 0 && filled_ > kReadBytes / 2) {
    long_line_.assign({buffer_.get(), filled_});
    filled_ = 0;
  }
  if (long_line_.size() == 0)
    fill_buffer();
  else
    fill_long_line();
}

// 0 when there was nothing to read, or nothing ever will be (ended_).
std::size_t LineReader::read_once(char* to, std::size_t most) {
  const ssize_t got = ::read(fd_, to, most);
  if (got > 0) return static_cast<std::size_t>(got);
  const bool later = got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK);
  ended_ = !later;
  return 0;
}

void LineReader::fill_buffer() {
  const std::size_t before = filled_;
  filled_ += read_once(buffer_.get() + filled_, kReadBytes - filled_);
  find_newline(before);
}

void LineReader::fill_long_line() {
  char* const to = long_line_.room_for(kReadBytes);
  const std::size_t got = read_once(to, kReadBytes);
  if (const void* const found = std::memchr(to, '\n', got)) {
    // The newline and what follows it go where next() looks for them.
    const auto rest = static_cast<std::size_t>(static_cast<const char*>(found) - to);
    filled_ = got - rest;
    std::memcpy(buffer_.get(), found, filled_);
    newline_ = 0;
    long_line_.grown_by(rest);
    return;
  }
  long_line_.grown_by(got);
  constexpr std::size_t kDropped = kByteOrderMark.size() + 1;  // these and '\r' do not count
  if (long_line_.size() > max_line_bytes_ + kDropped) {
    long_line_.clear();
    skipping_ = true;
  }
}

void LineReader::find_newline(std::size_t from) {
  newline_ = kNone;
  while (const void* const found = std::memchr(buffer_.get() + from, '\n', filled_ - from)) {
    newline_ = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.get());
    const std::string_view line(buffer_.get() + parsed_, newline_ - parsed_);
    if (!started_ || skipping_ || !blank(line)) return;
    parsed_ = from = newline_ + 1;
    newline_ = kNone;
  }
}

}  // namespace quarry::rpc
