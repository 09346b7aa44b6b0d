#include "tools/files/text_file.h"

#include <algorithm>

#include "server/base/hash.h"
#include "server/edit/diff.h"
#include "server/edit/narrow.h"
#include "server/files/text.h"

namespace quarry::tools {
namespace {

bool is_guess(const files::Decoded& decoded) {
  return decoded.charset.found == files::CharsetFound::kDetected && !decoded.charset.utf16();
}

// The splice without what it puts back. kInvalidArgs when it makes characters of bytes that are
// none, and only show as one.
Result<std::vector<edit::Splice>> kept_apart(const files::Decoded& decoded,
                                             const edit::Splice& splice,
                                             const CancelToken& cancel) {
  TRY_ASSIGN(std::vector<edit::Splice> parts, edit::narrowed(decoded.text, {&splice, 1}, cancel));
  const std::string_view replaced =
      std::string_view(decoded.text).substr(splice.begin, splice.end - splice.begin);
  const bool loses = decoded.damaged && replaced.find(kReplacement) != replaced.npos &&
                     std::ranges::any_of(parts, [](const edit::Splice& part) {
                       return part.with.find(kReplacement) != part.with.npos;
                     });
  if (!loses) return parts;
  return fail(Code::kInvalidArgs,
              "the new text would put the character U+FFFD in the place of bytes that are no {}; "
              "leave those out of what is replaced",
              decoded.charset.name());
}

}  // namespace

Result<std::optional<files::Charset>> charset_of(std::string_view encoding) {
  if (encoding.empty()) return std::optional<files::Charset>();
  const auto charset = files::find_charset(encoding);
  if (charset) return charset;
  return fail(Code::kInvalidArgs, "argument 'encoding': '{}' is not known; it may be one of {}",
              encoding.substr(0, 60), files::charset_names());
}

Result<files::Decoded> editable(std::string_view bytes, std::optional<files::Charset> wanted,
                                std::string_view shown) {
  TRY_ASSIGN(files::Decoded decoded, files::decode(bytes, wanted));
  if (!decoded.charset.utf16() && files::holds_nul(bytes)) {
    return fail(Code::kInvalidArgs, "'{}' is a binary file, which is not edited as text", shown);
  }
  return decoded;
}

std::string guess_note(const files::Decoded& decoded, std::string_view written) {
  if (!is_guess(decoded) || files::find_shape(written).ascii) return {};
  return fmt::format(
      ", written as {}, a guess: if it is another, undo and give edit_file the encoding",
      decoded.charset.name());
}

Result<Spliced> spliced_bytes(std::string_view bytes, const files::Decoded& decoded,
                              std::span<const edit::Splice> splices, const CancelToken& cancel) {
  Spliced made;
  TRY_ASSIGN(const files::Encoder encoder, files::Encoder::open(decoded.charset));
  std::string written;
  std::size_t at = 0;
  const auto put = [&](const edit::Splice& splice) -> Result<void> {
    TRY(cancel.check());
    const std::size_t begin = decoded.raw_offset(splice.begin);
    TRY_ASSIGN(const std::string with, encoder.encode(splice.with));
    made.bytes.append(bytes.substr(at, begin - at)).append(with);
    at = decoded.raw_offset(splice.end);
    written += splice.with;
    return {};
  };
  const bool exact = decoded.lossless && !is_guess(decoded);
  for (const edit::Splice& splice : splices) {
    if (exact) {
      TRY(put(splice));
      continue;
    }
    TRY_ASSIGN(const std::vector<edit::Splice> parts, kept_apart(decoded, splice, cancel));
    for (const edit::Splice& part : parts) TRY(put(part));
  }
  made.bytes.append(bytes.substr(at));
  made.note = guess_note(decoded, written);
  return made;
}

Result<void> check_hash(std::string_view expected, std::string_view bytes, std::string_view shown,
                        bool hidden) {
  if (expected.empty()) return {};
  const std::string hash = content_hash(bytes);
  if (hash == expected) return {};
  if (hidden) {
    return fail(Code::kConflict, "'{}' has another content than expected", shown);
  }
  return fail(Code::kConflict,
              "'{}' has another content than expected: its hash is {}, not {}; read it again",
              shown, hash, expected);
}

Result<std::optional<change::Found>> read_file_or_none(change::Change& change,
                                                       const sandbox::Path& path) {
  TRY_ASSIGN(std::optional<change::Found> found, change.read(path));
  if (!found || found->metadata.kind == sandbox::Kind::kFile) return found;
  if (found->metadata.kind == sandbox::Kind::kDirectory) {
    return fail(Code::kInvalidArgs, "'{}' is a directory; name a file in it", path.display());
  }
  return fail(Code::kInvalidArgs, "'{}' is not a regular file", path.display());
}

void append_edit(std::string& out, std::string_view head, std::string_view before,
                 std::string_view after, std::string_view hash, std::size_t max_bytes) {
  const edit::DiffText diff = edit::unified_diff(before, after, max_bytes);
  out += fmt::format("{}: +{} -{} lines, hash {}\n", head, diff.added, diff.removed, hash);
  out += diff.text;
}

}  // namespace quarry::tools
