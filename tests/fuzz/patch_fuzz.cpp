// Any bytes as a patch, unified or V4A, and as a text that it is applied to: what stands before the
// first NUL is the patch, the rest the text.
//
// Checked: what a patch says lies in it and is of the kind that it claims; its files and hunks come
// in the order of its lines; what it changes in the text lies there, piece behind piece.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "server/base/clock.h"
#include "server/edit/hunks.h"
#include "server/edit/patch.h"
#include "tests/fuzz/check.h"

namespace quarry::edit {
namespace {

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_hunk(const Hunk& hunk, std::string_view patch, std::size_t lines) {
  FUZZ_CHECK(hunk.patch_line >= 1 && hunk.patch_line <= lines);
  for (const std::string_view anchor : hunk.anchors) FUZZ_CHECK(lies_in(anchor, patch));
  for (const PatchLine& line : hunk.lines) {
    FUZZ_CHECK(lies_in(line.body, patch));
    FUZZ_CHECK(!line.body.contains('\n'));
    FUZZ_CHECK(line.end.empty() || line.end == "\n" || line.end == "\r\n");
  }
}

void check_file(const FilePatch& file, std::string_view patch, std::size_t lines) {
  using Kind = FilePatch::Kind;
  FUZZ_CHECK(file.patch_line >= 1 && file.patch_line <= lines);
  FUZZ_CHECK(file.old_path.empty() == (file.kind == Kind::kCreate));
  FUZZ_CHECK(file.new_path.empty() == (file.kind == Kind::kDelete));
  std::size_t before = 0;
  for (const Hunk& hunk : file.hunks) {
    check_hunk(hunk, patch, lines);
    FUZZ_CHECK(hunk.patch_line > before);
    before = hunk.patch_line;
  }
}

void check_applied(const FilePatch& file, std::string_view text) {
  const SystemClock clock;
  const CancelToken never(clock);
  const auto patched = apply_hunks(text, file.hunks, never);
  if (!patched) {
    FUZZ_CHECK(!patched.error().message.empty());
    return;
  }
  FUZZ_CHECK(patched->places.size() == file.hunks.size());
  std::size_t before = 0;
  for (const Splice& splice : patched->splices) {
    FUZZ_CHECK(splice.begin >= before && splice.begin <= splice.end && splice.end <= text.size());
    before = splice.end;
  }
}

}  // namespace
}  // namespace quarry::edit

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace quarry::edit;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const std::size_t cut = std::min(input.find('\0'), input.size());
  const std::string_view patch = input.substr(0, cut);
  const auto files = parse_patch(patch);
  if (!files) {
    FUZZ_CHECK(!files.error().message.empty());
    return 0;
  }
  FUZZ_CHECK(!files->empty());
  const auto lines = static_cast<std::size_t>(std::ranges::count(patch, '\n')) + 1;
  const std::string_view text = input.substr(std::min(cut + 1, input.size()));
  for (const FilePatch& file : *files) {
    check_file(file, patch, lines);
    check_applied(file, text);
  }
  return 0;
}
