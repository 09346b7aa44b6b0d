#include "tools/files/patch_tree.h"

#include <algorithm>

#include "server/base/hash.h"
#include "server/change/words.h"
#include "server/edit/hunks.h"
#include "server/files/text.h"
#include "server/sandbox/workspace.h"
#include "tools/files/new_name.h"
#include "tools/files/text_file.h"

namespace quarry::tools {
namespace {

using change::shown_path;
using edit::FilePatch;
using sandbox::Path;
using Last = sandbox::Workspace::Last;
using Kind = FilePatch::Kind;

constexpr std::string_view kMark = "\xEF\xBB\xBF";
constexpr std::uint32_t kTypeBits = 0170000;
constexpr std::uint32_t kRegular = 0100000;
constexpr std::uint32_t kLink = 0120000;
constexpr std::uint32_t kExecutable = 0111;

bool only_adds(const FilePatch& patch) {
  return std::all_of(patch.hunks.begin(), patch.hunks.end(), [](const edit::Hunk& hunk) {
    return hunk.old_start == 0 &&
           std::all_of(hunk.lines.begin(), hunk.lines.end(), [](const edit::PatchLine& line) {
             return line.kind == edit::PatchLine::Kind::kAdd;
           });
  });
}

std::string without_prefix(const std::string& name) {
  return name.starts_with("a/") || name.starts_with("b/") ? name.substr(2) : name;
}

bool speaks_of_mark(const FilePatch& patch) {
  for (const edit::Hunk& hunk : patch.hunks) {
    for (const edit::PatchLine& line : hunk.lines) {
      if (line.body.starts_with(kMark)) return true;
    }
  }
  return false;
}

struct NewText {
  std::string bytes;
  edit::Patched patched;
  std::string note;
  bool empty = false;  // but for a byte order mark
};

// The bytes of a file with the hunks applied. A byte order mark is a character of the first line
// to a patch that was made by bytes, and none to one that was made from what read_file shows.
Result<NewText> patched_bytes(std::string_view bytes, const FilePatch& patch,
                              const std::string& name, const CancelToken& cancel) {
  TRY_ASSIGN(const files::Decoded decoded, editable(bytes, std::nullopt, name));
  const bool with_mark = !decoded.charset.bom().empty() && speaks_of_mark(patch);
  std::string text(with_mark ? kMark : "");
  text += decoded.text;
  NewText made;
  TRY_ASSIGN(made.patched, edit::apply_hunks(text, patch.hunks, cancel));
  bool loses_mark = false;
  if (with_mark) {
    for (edit::Splice& splice : made.patched.splices) {
      if (splice.begin == 0) {
        // What is put above the first line comes behind the mark, which stays the file's first.
        const bool takes_mark = splice.end > 0;
        const bool gives_mark = splice.with.starts_with(kMark);
        if (gives_mark) splice.with.erase(0, kMark.size());
        loses_mark = takes_mark && !gives_mark;
        if (!takes_mark) made.note = ", its byte order mark stays first";
      }
      splice.begin -= std::min(splice.begin, kMark.size());
      splice.end -= std::min(splice.end, kMark.size());
    }
  }
  TRY_ASSIGN(Spliced spliced, spliced_bytes(bytes, decoded, made.patched.splices, cancel));
  made.bytes = std::move(spliced.bytes);
  made.note += spliced.note;
  if (loses_mark) made.bytes.erase(0, decoded.charset.bom().size());
  made.empty = made.bytes.empty() || made.bytes == decoded.charset.bom();
  return made;
}

std::string places_of(const FilePatch& patch, const edit::Patched& patched) {
  std::string said;
  for (std::size_t i = 0; i < patched.places.size(); ++i) {
    const edit::HunkPlace& place = patched.places[i];
    const bool recounted = patch.hunks[i].recounted;
    if (place.offset == 0 && place.fuzz == 0 && !recounted) continue;
    said += fmt::format("  hunk {} at line {}", i + 1, place.line);
    if (place.offset != 0) said += fmt::format(", offset {}", place.offset);
    if (place.fuzz != 0) {
      said += fmt::format(", fuzz {} (outer context does not match)", place.fuzz);
    }
    if (recounted) said += ", its header counts other lines than it has";
    said += "\n";
  }
  return said;
}

}  // namespace

Result<PatchTree::Part> PatchTree::find(const FilePatch& patch) const {
  const sandbox::Workspace& files = context_.files;
  Part part{.patch = &patch, .kind = patch.kind, .from = {}, .to = {}, .given = {}};
  const std::uint32_t type = patch.mode.value_or(kRegular) & kTypeBits;
  if (type != kRegular && !(type == kLink && patch.kind == Kind::kDelete)) {
    return fail(Code::kInvalidArgs, "'{}': only regular files are patched, not mode {:o}",
                patch.new_path.empty() ? patch.old_path : patch.new_path, *patch.mode);
  }
  const auto locate = [&](const std::string& name, Last last, Path& path) -> Result<void> {
    TRY_ASSIGN(const Path given, files.parse(name, "patch"));
    if (given.is_root()) return fail(Code::kInvalidArgs, "the patch names a file '{}'", name);
    TRY_ASSIGN(path, files.real(given, last));
    part.given.push_back(given);
    return {};
  };
  const auto is_there = [&](const std::string& name) {
    const auto given = files.parse(name, "patch");
    if (!given) return false;
    const auto path = files.real(*given, Last::kFollow);
    return path && files.metadata(*path).has_value();
  };
  switch (patch.kind) {
    case Kind::kModify: {
      TRY(locate(patch.new_path, Last::kFollow, part.to));
      if (!files.metadata(part.to)) {
        // The name may be the old one, or both may have a prefix that is none of theirs.
        for (const std::string& name : {patch.old_path, without_prefix(patch.new_path)}) {
          if (!is_there(name)) continue;
          part.given.clear();
          TRY(locate(name, Last::kFollow, part.to));
          break;
        }
      }
      part.from = part.to;
      if (!patch.hunks.empty() && only_adds(patch) && !files.metadata(part.to)) {
        part.kind = Kind::kCreate;
      }
      break;
    }
    case Kind::kCreate:
      TRY(locate(patch.new_path, Last::kItself, part.to));
      break;
    case Kind::kDelete:
      TRY(locate(patch.old_path, Last::kItself, part.from));
      break;
    case Kind::kRename:
    case Kind::kCopy:
      TRY(locate(patch.old_path, patch.kind == Kind::kCopy ? Last::kFollow : Last::kItself,
                 part.from));
      // A copy may be taken of what must not be changed.
      if (patch.kind == Kind::kCopy) part.given.clear();
      TRY(locate(patch.new_path, Last::kItself, part.to));
      if (part.from == part.to) part.kind = Kind::kModify;
      break;
  }
  const bool made = part.kind == Kind::kCreate || part.kind == Kind::kRename;
  if (made && patch.names_plain && !files.metadata(part.to)) {
    TRY(check_new_name(files, part.to, "patch"));
  }
  if (!part.from.is_root() && files.hides(part.from.text())) {
    return fail(Code::kDenied,
                "'{}' is a file for secrets: its content is not shown, and so it is not patched",
                shown_path(part.from));
  }
  return part;
}

Result<void> PatchTree::open(std::span<const FilePatch> patches) {
  std::set<Path> paths;
  std::vector<Path> given;
  for (const FilePatch& patch : patches) {
    TRY_ASSIGN(Part part, find(patch));
    given.insert(given.end(), part.given.begin(), part.given.end());
    const bool leaves = part.kind == Kind::kDelete || part.kind == Kind::kRename;
    if (leaves) leaving_.insert(part.from);
    if (leaves) paths.insert(part.from);
    if (part.kind != Kind::kDelete) paths.insert(part.to);
    parts_.push_back(std::move(part));
  }
  return change_.lock(std::vector<Path>(paths.begin(), paths.end()), given);
}

Result<PatchTree::File> PatchTree::on_disk(const Path& path) const {
  TRY_ASSIGN(const auto there, change_.look(path));
  if (there && there->kind == sandbox::Kind::kSymlink) {
    TRY_ASSIGN(std::optional<change::Found> link, change_.read(path));
    if (link) return File{.bytes = std::move(link->bytes), .link = true};
  }
  TRY_ASSIGN(std::optional<change::Found> found, read_file_or_none(change_, path));
  if (!found) return File{};
  TRY(context_.files.check_shown(path, found->bytes));
  return File{.bytes = std::move(found->bytes), .mode = found->metadata.mode};
}

Result<PatchTree::File> PatchTree::source(const Part& part) const {
  const auto planned = planned_.find(part.from);
  const bool leaves = part.kind == Kind::kDelete || part.kind == Kind::kRename;
  File file;
  if (part.kind == Kind::kCopy) {
    TRY_ASSIGN(file, on_disk(part.from));
  }
  if (!file.bytes && planned != planned_.end() && !(leaves && planned->second.origin)) {
    file = planned->second;
  } else if (!file.bytes) {
    TRY_ASSIGN(file, on_disk(part.from));
  }
  const std::uint32_t type = part.patch->mode.value_or(0) & kTypeBits;
  const bool other = file.link ? part.kind != Kind::kDelete || type == kRegular : type == kLink;
  if (file.bytes && other) {
    return fail(Code::kConflict, "'{}' is {}, which this part of the patch does not {}",
                shown_path(part.from), file.link ? "a symbolic link" : "no symbolic link",
                part.kind == Kind::kDelete ? "delete" : "change");
  }
  if (file.bytes) return file;
  TRY(context_.files.open_file(part.from));  // says what is there instead
  return fail(Code::kNotFound, "'{}' is gone by an earlier part of the patch",
              shown_path(part.from));
}

Result<void> PatchTree::check_free(const Path& path) const {
  const auto planned = planned_.find(path);
  bool taken = false;
  if (planned != planned_.end()) {
    taken = planned->second.bytes.has_value();
  } else if (leaving_.count(path) == 0) {
    TRY_ASSIGN(const std::optional<change::Found> there, change_.read(path));
    taken = there.has_value();
  }
  if (!taken) return {};
  return fail(
      Code::kConflict,
      "'{}' exists already, and the patch makes it; send a patch that changes or deletes it",
      shown_path(path));
}

Result<void> PatchTree::plan(std::size_t at, std::string& said) {
  const Part& part = parts_[at];
  const FilePatch& patch = *part.patch;
  const Path& path = part.kind == Kind::kDelete ? part.from : part.to;
  const std::string name = shown_path(path);
  if (part.kind != Kind::kModify && part.kind != Kind::kDelete) TRY(check_free(part.to));
  File file;
  if (part.kind != Kind::kCreate) {
    TRY_ASSIGN(file, source(part));
  }
  const std::uint32_t old_mode = file.mode;
  edit::Patched patched;
  std::string note;
  bool whole = part.kind == Kind::kDelete && patch.whole;
  if (!whole && !patch.hunks.empty()) {
    auto made =
        patched_bytes(file.bytes ? *file.bytes : std::string_view(), patch, name, context_.cancel);
    if (!made) return fail(made.error().code, "'{}': {}", name, made.error().message);
    file.bytes = std::move(made->bytes);
    patched = std::move(made->patched);
    note = std::move(made->note);
    whole = made->empty;
  }
  if (part.kind == Kind::kDelete) {
    if (!whole && !file.bytes->empty()) {
      return fail(Code::kConflict,
                  "'{}' holds more than the patch that deletes it removes; read it again, or use "
                  "delete_path",
                  name);
    }
    planned_[part.from] = {};
    said += fmt::format("{}: deleted\n", name);
    return {};
  }
  if (!file.bytes) file.bytes.emplace();
  std::string facts;
  if (part.kind == Kind::kCreate) facts = ", created";
  if (part.kind == Kind::kRename) facts = fmt::format(", renamed from {}", shown_path(part.from));
  if (part.kind == Kind::kCopy) facts = fmt::format(", copied from {}", shown_path(part.from));
  if (patch.mode && part.kind == Kind::kCreate) {
    file.program = (*patch.mode & kExecutable) != 0;
  } else if (patch.mode) {
    // As git does it: who may read may execute, or nobody.
    const std::uint32_t readers = (old_mode & 0444U) >> 2U;
    const bool executable = (*patch.mode & kExecutable) != 0;
    const std::uint32_t mode = executable ? old_mode | readers : old_mode & ~kExecutable;
    if (mode != old_mode) {
      file.new_mode = file.mode = mode;
      facts += fmt::format(", mode {:o} to {:o}", old_mode, mode);
    }
  }
  if (!patch.hunks.empty()) {
    facts += fmt::format(", +{} -{} lines, {} {}", patched.added, patched.removed,
                         patch.hunks.size(), patch.hunks.size() == 1 ? "hunk" : "hunks");
  }
  said += fmt::format("{}: {}, hash {}{}\n", name, facts.empty() ? "unchanged" : facts.substr(2),
                      content_hash(*file.bytes), note);
  said += places_of(patch, patched);
  return make(part, std::move(file));
}

Result<void> PatchTree::make(const Part& part, File file) {
  if (part.kind == Kind::kRename) {
    const auto planned = planned_.find(part.from);
    // What was renamed to here is not what leaves.
    if (planned == planned_.end() || !planned->second.origin) planned_[part.from] = {};
    if (!file.origin) file.origin = part.from;
  }
  if (part.kind == Kind::kCopy) {
    file.new_mode = file.mode;
    file.origin.reset();
  }
  planned_[part.to] = std::move(file);
  return {};
}

Result<void> PatchTree::emit() {
  std::set<Path> moved;
  // What is renamed to a free name keeps all that the file has.
  for (auto& [path, file] : planned_) {
    if (!file.origin || leaving_.count(path) != 0) continue;
    const auto source = planned_.find(*file.origin);
    if (source == planned_.end() || source->second.bytes) continue;
    TRY_ASSIGN(const File was, on_disk(*file.origin));
    if (!was.bytes) continue;
    TRY(change_.move(*file.origin, path));
    moved.insert(*file.origin);
    if (was.bytes == file.bytes && !file.new_mode) moved.insert(path);
  }
  for (const auto& [path, file] : planned_) {
    if (file.bytes || moved.count(path) != 0) continue;
    TRY_ASSIGN(const File was, on_disk(path));
    if (was.bytes) TRY(change_.remove(path));
  }
  for (auto& [path, file] : planned_) {
    if (!file.bytes || moved.count(path) != 0) continue;
    TRY_ASSIGN(const File was, on_disk(path));
    if (was.link) TRY(change_.remove(path));
    if (!was.link && was.bytes == file.bytes && (!file.new_mode || *file.new_mode == was.mode))
      continue;
    // Content that comes from elsewhere brings its mode along.
    const bool brings = file.mode != 0 && (!was.bytes || was.link || file.origin);
    const auto mode = brings && !file.new_mode ? std::optional(file.mode) : file.new_mode;
    TRY(change_.put(path, std::move(*file.bytes), mode,
                    file.program ? change::Change::kNewProgram : change::Change::kNewFile));
  }
  return {};
}

}  // namespace quarry::tools
