#include "server/git/protocol.h"

#include "server/git/codec.h"

namespace quarry::git {

// In the namespace of the structs, where the codec's unqualified call finds them.
template <class Io>
void fields(Io& io, StatusOptions& s) {
  io(s.path, s.ignored, s.untracked, s.limit);
}
template <class Io>
void fields(Io& io, StatusEntry& s) {
  io(s.code, s.path, s.old_path);
}
template <class Io>
void fields(Io& io, Status& s) {
  io(s.branch, s.detached, s.unborn, s.head, s.upstream, s.upstream_gone, s.ahead, s.behind,
     s.operation, s.staged, s.unstaged, s.untracked, s.conflicts, s.ignored, s.staged_count,
     s.unstaged_count, s.untracked_count, s.conflict_count, s.ignored_count);
}
template <class Io>
void fields(Io& io, LogOptions& s) {
  io(s.ref, s.path, s.max_count, s.skip, s.since, s.until, s.author, s.grep, s.follow, s.stat);
}
template <class Io>
void fields(Io& io, FileStat& s) {
  io(s.code, s.path, s.old_path, s.added, s.removed, s.binary);
}
template <class Io>
void fields(Io& io, Commit& s) {
  io(s.id, s.parents, s.author_name, s.author_email, s.author_time, s.author_offset,
     s.committer_name, s.committer_email, s.commit_time, s.message, s.refs, s.files);
}
template <class Io>
void fields(Io& io, Log& s) {
  io(s.commits, s.more, s.shallow_boundary);
}
template <class Io>
void fields(Io& io, DiffOptions& s) {
  io(s.from, s.to, s.staged, s.path, s.context, s.ignore_whitespace, s.patch, s.first_patch,
     s.max_patch_bytes);
}
template <class Io>
void fields(Io& io, DiffFile& s) {
  io(s.stat, s.patch, s.patch_omitted);
}
template <class Io>
void fields(Io& io, Diff& s) {
  io(s.files, s.from_label, s.to_label);
}
template <class Io>
void fields(Io& io, TrackedFile& s) {
  io(s.path, s.mode, s.size, s.blob);
}
template <class Io>
void fields(Io& io, FileAtOptions& s) {
  io(s.ref, s.path);
}
template <class Io>
void fields(Io& io, FileAt& s) {
  io(s.commit, s.content);
}
template <class Io>
void fields(Io& io, TreeOptions& s) {
  io(s.ref, s.path);
}
template <class Io>
void fields(Io& io, TreeFiles& s) {
  io(s.commit, s.files);
}
template <class Io>
void fields(Io& io, BlobsOptions& s) {
  io(s.ids, s.max_bytes);
}
template <class Io>
void fields(Io& io, Blob& s) {
  io(s.present, s.size, s.content);
}
template <class Io>
void fields(Io& io, RepositoryFacts& s) {
  io(s.head, s.branch, s.detached, s.unborn, s.shallow, s.bare, s.remotes, s.branches, s.tags,
     s.stashes, s.worktrees, s.last_commit_time, s.last_commit_subject);
}

namespace protocol {

template <class Io>
void fields(Io&, Nothing&) {}
template <class Io>
void fields(Io& io, Head& s) {
  io(s.operation, s.budget_ms);
}
template <class Io>
void fields(Io& io, Reply& s) {
  io(s.ok, s.worn, s.code, s.message);
}

namespace {

constexpr std::uint8_t kCodes = static_cast<std::uint8_t>(Code::kInternal) + 1;

// Puts the length in front of what was appended since `start`.
Result<void> close_frame(std::string& out, std::size_t start, std::size_t limit) {
  const std::size_t size = out.size() - start - kHeadBytes;
  if (size > limit) {
    out.resize(start);
    return fail(Code::kTooLarge, "the git answer is over {} MiB; narrow it by path or count",
                limit >> 20);
  }
  for (std::size_t i = 0; i < kHeadBytes; ++i) {
    out[start + i] = static_cast<char>(static_cast<unsigned char>(size >> (8 * i)));
  }
  return {};
}

Failure malformed() {
  return fail(Code::kInternal, "the git helper sent a malformed message");
}

}  // namespace

std::uint32_t frame_length(const char* head) {
  std::uint32_t length = 0;
  Decoder(std::string_view(head, kHeadBytes))(length);
  return length;
}

template <class Options>
Result<void> append_request(std::string& out, const Head& head, const Options& options) {
  const std::size_t start = out.size();
  out.resize(start + kHeadBytes);
  Head head_copy = head;
  Options options_copy = options;
  Encoder encoder(out);
  encoder(head_copy, options_copy);
  return close_frame(out, start, kMaxRequestBytes);
}

template <class Answer>
Result<void> append_answer(std::string& out, bool worn, const Result<Answer>& answer) {
  const std::size_t start = out.size();
  out.resize(start + kHeadBytes);
  Encoder encoder(out);
  Reply reply;
  reply.ok = answer.has_value();
  reply.worn = worn;
  if (!answer) {
    reply.code = answer.error().code;
    reply.message = answer.error().message;
  }
  encoder(reply);
  // The Encoder takes mutable references to share the field lists; it changes nothing.
  if (answer) encoder(const_cast<Answer&>(*answer));
  return close_frame(out, start, kMaxAnswerBytes);
}

Result<Head> parse_head(std::string_view& body) {
  Decoder decoder(body);
  Head head;
  decoder(head);
  if (!decoder.good() || static_cast<std::uint8_t>(head.operation) >= kOperations) {
    return malformed();
  }
  body = decoder.rest();
  return head;
}

template <class Options>
Result<Options> parse_options(std::string_view body) {
  Decoder decoder(body);
  Options options;
  decoder(options);
  if (!decoder.finished()) return malformed();
  return options;
}

template <class Answer>
Result<Answer> parse_answer(std::string_view body, bool& worn) {
  Decoder decoder(body);
  Reply reply;
  decoder(reply);
  if (!decoder.good() || static_cast<std::uint8_t>(reply.code) >= kCodes) return malformed();
  worn = reply.worn;
  Answer answer;
  if (reply.ok) decoder(answer);
  if (!decoder.finished()) return malformed();
  if (!reply.ok) return fail(reply.code, "{}", reply.message);
  return answer;
}

template Result<void> append_request(std::string&, const Head&, const StatusOptions&);
template Result<void> append_request(std::string&, const Head&, const LogOptions&);
template Result<void> append_request(std::string&, const Head&, const DiffOptions&);
template Result<void> append_request(std::string&, const Head&, const FileAtOptions&);
template Result<void> append_request(std::string&, const Head&, const TreeOptions&);
template Result<void> append_request(std::string&, const Head&, const BlobsOptions&);
template Result<void> append_request(std::string&, const Head&, const Nothing&);
template Result<StatusOptions> parse_options(std::string_view);
template Result<LogOptions> parse_options(std::string_view);
template Result<DiffOptions> parse_options(std::string_view);
template Result<FileAtOptions> parse_options(std::string_view);
template Result<TreeOptions> parse_options(std::string_view);
template Result<BlobsOptions> parse_options(std::string_view);
template Result<Nothing> parse_options(std::string_view);
template Result<void> append_answer(std::string&, bool, const Result<Status>&);
template Result<void> append_answer(std::string&, bool, const Result<Log>&);
template Result<void> append_answer(std::string&, bool, const Result<Diff>&);
template Result<void> append_answer(std::string&, bool, const Result<RepositoryFacts>&);
template Result<void> append_answer(std::string&, bool, const Result<std::vector<TrackedFile>>&);
template Result<void> append_answer(std::string&, bool, const Result<FileAt>&);
template Result<void> append_answer(std::string&, bool, const Result<TreeFiles>&);
template Result<void> append_answer(std::string&, bool, const Result<std::vector<Blob>>&);
template Result<void> append_answer(std::string&, bool, const Result<Nothing>&);
template Result<Status> parse_answer(std::string_view, bool&);
template Result<Log> parse_answer(std::string_view, bool&);
template Result<Diff> parse_answer(std::string_view, bool&);
template Result<RepositoryFacts> parse_answer(std::string_view, bool&);
template Result<FileAt> parse_answer(std::string_view, bool&);
template Result<std::vector<TrackedFile>> parse_answer(std::string_view, bool&);
template Result<TreeFiles> parse_answer(std::string_view, bool&);
template Result<std::vector<Blob>> parse_answer(std::string_view, bool&);

}  // namespace protocol
}  // namespace quarry::git
