#include "tools/files/text_file.h"

#include <algorithm>

#include "server/base/hash.h"
#include "server/edit/diff.h"
#include "server/files/text.h"

namespace quarry::tools {

Result<EditableText> editable(std::string_view bytes, std::string_view shown) {
  constexpr std::size_t kMark = 3;
  const files::Encoding encoding = files::find_encoding(bytes);
  if (encoding == files::Encoding::kUtf16Le || encoding == files::Encoding::kUtf16Be) {
    return fail(Code::kInvalidArgs, "'{}' is UTF-16 text, which is shown but not edited", shown);
  }
  if (files::holds_nul(bytes)) {
    return fail(Code::kInvalidArgs, "'{}' is a binary file, which is not edited as text", shown);
  }
  EditableText found;
  found.offset = encoding == files::Encoding::kUtf8Bom ? kMark : 0;
  found.text = bytes.substr(found.offset);
  found.utf8 = files::is_utf8(found.text);
  return found;
}

Result<void> check_hash(std::string_view expected, std::string_view bytes, std::string_view shown) {
  if (expected.empty()) return {};
  const std::string hash = content_hash(bytes);
  if (hash == expected) return {};
  return fail(Code::kConflict,
              "'{}' has another content than expected: its hash is {}, not {}; read it again",
              shown, hash, expected);
}

Result<void> check_fits(const EditableText& into, std::string_view text, std::string_view shown) {
  if (into.utf8) return {};
  const auto strange = std::find_if(text.begin(), text.end(),
                                    [](char c) { return static_cast<signed char>(c) < 0; });
  if (strange == text.end()) return {};
  return fail(Code::kInvalidArgs,
              "'{}' is not UTF-8, so only ASCII text can be put into it; the new text has other "
              "characters from byte {} on",
              shown, strange - text.begin());
}

Result<std::optional<change::Found>> read_file_or_none(change::Change& change,
                                                       const sandbox::Path& path) {
  TRY_ASSIGN(std::optional<change::Found> found, change.read(path));
  if (!found || found->metadata.kind == sandbox::Kind::kFile) return found;
  if (found->metadata.kind == sandbox::Kind::kDirectory) {
    return fail(Code::kInvalidArgs, "'{}' is a directory", path.display());
  }
  return fail(Code::kInvalidArgs, "'{}' is not a regular file", path.display());
}

void append_edit(std::string& out, std::string_view head, std::string_view before,
                 std::string_view after, std::size_t max_bytes) {
  const edit::DiffText diff = edit::unified_diff(before, after, max_bytes);
  out += fmt::format("{}: +{} -{} lines, hash {}\n", head, diff.added, diff.removed,
                     content_hash(after));
  out += diff.text;
}

}  // namespace quarry::tools
