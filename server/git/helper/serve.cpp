#include "server/git/helper/serve.h"

#include <cerrno>
#include <new>
#include <string_view>

#include <sys/socket.h>
#include <unistd.h>

#include "server/git/helper/confinement.h"
#include "server/git/helper/files.h"
#include "server/git/helper/operations.h"
#include "server/git/protocol.h"

namespace quarry::git::helper {
namespace {

using protocol::Operation;

constexpr std::uint64_t kMaxResidentBytes = std::uint64_t{512} << 20;
constexpr std::size_t kKeptBytes = 1u << 20;  // buffers beyond that are given back

bool receive(int channel, char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t got = recv(channel, into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool send_all(int channel, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(channel, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool receive_frame(int channel, std::string& body) {
  char head[protocol::kHeadBytes];
  if (!receive(channel, head, sizeof head)) return false;
  const std::uint32_t length = protocol::frame_length(head);
  if (length > protocol::kMaxRequestBytes) return false;
  body.resize(length);
  return receive(channel, body.data(), length);
}

template <class Options, class Run>
void answer(std::string& out, Warm& warm, std::string_view body, Run run) {
  using Answer = decltype(run(std::declval<const Options&>()));
  const auto work = [&]() -> Answer {
    TRY_ASSIGN(const Options options, protocol::parse_options<Options>(body));
    TRY(warm.repository.refresh());
    warm.graph.prepare();
    return run(options);
  };
  const Answer result = work();
  const bool worn = resident_bytes() > kMaxResidentBytes;
  const Result<void> written = protocol::append_answer(out, worn, result);
  if (written) return;
  // An error message is short, so that this one always fits.
  (void)protocol::append_answer(out, worn, Answer(Failure(written.error())));
}

void run(Warm& warm, Operation operation, std::string_view body, std::string& out) {
  switch (operation) {
    case Operation::kStatus:
      return answer<StatusOptions>(out, warm, body, [&](const StatusOptions& options) {
        return read_status(warm, options);
      });
    case Operation::kLog:
      return answer<LogOptions>(out, warm, body,
                                [&](const LogOptions& options) { return read_log(warm, options); });
    case Operation::kDiff:
      return answer<DiffOptions>(
          out, warm, body, [&](const DiffOptions& options) { return read_diff(warm, options); });
    case Operation::kFacts:
      return answer<protocol::Nothing>(out, warm, body,
                                       [&](const protocol::Nothing&) { return read_facts(warm); });
    case Operation::kTrackedFiles:
      return answer<protocol::Nothing>(
          out, warm, body, [&](const protocol::Nothing&) { return read_tracked_files(warm); });
    case Operation::kFileAt:
      return answer<FileAtOptions>(out, warm, body, [&](const FileAtOptions& options) {
        return read_file_at(warm, options);
      });
    case Operation::kTreeFiles:
      return answer<TreeOptions>(out, warm, body, [&](const TreeOptions& options) {
        return read_tree_files(warm, options);
      });
    case Operation::kBlobs:
      return answer<BlobsOptions>(out, warm, body,
                                  [&](const BlobsOptions& options) -> Result<std::vector<Blob>> {
                                    return warm.blobs.read(warm.repository, options);
                                  });
  }
}

}  // namespace

void serve(int channel, const std::string& root) {
  Warm warm(root);
  std::string body, out;
  while (receive_frame(channel, body)) {
    std::string_view rest = body;
    const auto head = protocol::parse_head(rest);
    if (!head) return;
    limit_processor_time(head->budget_ms * reading_threads());
    out.clear();
    try {
      run(warm, head->operation, rest, out);
    } catch (const std::bad_alloc&) {
      // The address space limit: what is held now is worth nothing, so the next answer may come
      // from a new process.
      out.clear();
      const Result<Status> failure =
          fail(Code::kTooLarge, "the answer needs more memory than the git helper may use");
      (void)protocol::append_answer(out, true, failure);
    }
    if (!send_all(channel, out)) return;
    if (out.capacity() > kKeptBytes) std::string().swap(out);
    if (body.capacity() > kKeptBytes) std::string().swap(body);
  }
}

}  // namespace quarry::git::helper
