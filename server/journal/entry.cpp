#include "server/journal/entry.h"

#include "server/base/bytes.h"

namespace quarry::journal {
namespace {

constexpr std::uint64_t kPlain = 1;           // without attributes
constexpr std::uint64_t kWithAttributes = 2;  // of each step
constexpr std::uint64_t kWithFiles = 3;       // and with the number of its file
bool is_known(std::uint64_t version) {
  return version >= kPlain && version <= kWithFiles;
}

// A version of this program that knows nothing of attributes or files reads what has none.
std::uint64_t version_of(const Entry& entry) {
  std::uint64_t version = kPlain;
  for (const Step& step : entry.steps) {
    if (step.file != 0) return kWithFiles;
    if (!step.attributes.empty()) version = kWithAttributes;
  }
  return version;
}

void write_state(ByteWriter& out, const std::optional<State>& state) {
  out.boolean(state.has_value());
  if (state) out.string(state->hash).number(state->mode).number(state->size);
}

std::optional<State> read_state(ByteReader& in) {
  if (!in.boolean()) return std::nullopt;
  State state;
  state.hash = in.string();
  state.mode = static_cast<std::uint32_t>(in.number());
  state.size = in.number();
  return state;
}

}  // namespace

bool Entry::is_replaced_by_next(std::size_t at) const {
  if (at + 1 >= steps.size()) return false;
  const Step& next = steps[at + 1];
  const bool removes = steps[at].kind == Step::Kind::kFile || steps[at].kind == Step::Kind::kLink;
  return removes && !steps[at].after && next.kind == Step::Kind::kMove && next.to == steps[at].path;
}

std::size_t Entry::bytes() const {
  constexpr std::size_t kAround = 64;
  std::size_t sum = kAround + session.size() + root.size();
  for (const Step& step : steps) {
    sum += kAround + step.path.size() + step.to.size() + step.old_bytes.size() +
           step.attributes.size();
  }
  return sum;
}

std::string encode(const Entry& entry) {
  std::string bytes;
  bytes.reserve(entry.bytes());
  ByteWriter out(bytes);
  const std::uint64_t version = version_of(entry);
  out.number(version);
  out.string(entry.id).signed_number(entry.time_ms).string(entry.session);
  out.string(entry.root).string(entry.tool).string(entry.undoes).number(entry.steps.size());
  for (const Step& step : entry.steps) {
    out.number(static_cast<std::uint64_t>(step.kind)).string(step.path).string(step.to);
    write_state(out, step.before);
    write_state(out, step.after);
    out.string(step.old_bytes);
    if (version >= kWithAttributes) out.string(step.attributes);
    if (version >= kWithFiles) out.number(step.file);
  }
  return bytes;
}

std::optional<Entry> decode(std::string_view bytes, bool with_bytes) {
  constexpr std::size_t kLeastStep = 6;
  ByteReader in(bytes);
  const std::uint64_t version = in.number();
  if (!is_known(version)) return std::nullopt;
  Entry entry;
  entry.id = in.string();
  entry.time_ms = in.signed_number();
  entry.session = in.string();
  entry.root = in.string();
  entry.tool = in.string();
  entry.undoes = in.string();
  const std::size_t count = in.count(kLeastStep);
  entry.steps.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Step step;
    const std::uint64_t kind = in.number();
    if (kind < 1 || kind > 4) return std::nullopt;
    step.kind = static_cast<Step::Kind>(kind);
    step.path = in.string();
    step.to = in.string();
    step.before = read_state(in);
    step.after = read_state(in);
    const std::string_view old_bytes = in.string();
    if (with_bytes) step.old_bytes = old_bytes;
    if (version >= kWithAttributes) step.attributes = in.string();
    if (version >= kWithFiles) step.file = in.number();
    entry.steps.push_back(std::move(step));
  }
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return entry;
}

std::optional<std::int64_t> decode_time(std::string_view bytes) {
  ByteReader in(bytes);
  if (!is_known(in.number())) return std::nullopt;
  (void)in.string();
  const std::int64_t time_ms = in.signed_number();
  return in.ok() ? std::optional(time_ms) : std::nullopt;
}

}  // namespace quarry::journal
