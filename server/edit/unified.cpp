#include "server/edit/unified.h"

#include <charconv>

#include "server/base/format.h"
#include "server/edit/patch_names.h"

namespace quarry::edit {
namespace {

constexpr std::string_view kNothing = "/dev/null";

// One file while its headers are read.
struct UnifiedDraft {
  FilePatch patch;
  std::optional<std::string> old_name;  // of "---" and "+++"
  std::optional<std::string> new_name;
  bool named = false;     // by those two
  bool in_header = true;  // no hunk, and nothing that is no header, has come
  bool no_old = false;
  bool no_new = false;
  std::optional<std::string> from;  // of a rename or copy
  std::optional<std::string> to;
  bool copies = false;
  bool binary = false;
};

Failure bad_line(std::size_t at, std::string_view what) {
  return fail(Code::kInvalidArgs, "line {} of the patch: {}", at + 1, what);
}

// The time of a file that is not there, as diff -N writes it.
bool is_epoch(std::string_view header) {
  const std::size_t tab = header.find('\t');
  if (tab == std::string_view::npos) return false;
  const std::string_view time = header.substr(tab + 1);
  return time.starts_with("1970-01-01 ") || time.starts_with("1969-12-31 ");
}

std::optional<std::uint32_t> read_mode(std::string_view text) {
  std::uint32_t mode = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return mode;
}

class UnifiedParser {
 public:
  explicit UnifiedParser(const PatchLines& lines) : lines_(lines) {}

  Result<std::vector<FilePatch>> parse() {
    while (at_ < lines_.size()) {
      if (lines_.starts(at_, "diff --git ")) {
        TRY(finish());
        begin_git();
      } else if (lines_.starts(at_, "--- ") && lines_.starts(at_ + 1, "+++ ")) {
        TRY(read_names());
      } else if (lines_.starts(at_, "*** ") && lines_.starts(at_ + 1, "--- ")) {
        return bad_line(at_, "this is a context diff; make a unified one (diff -u, git diff)");
      } else if (lines_.starts(at_, "diff --cc ") || lines_.starts(at_, "diff --combined ")) {
        return bad_line(at_,
                        "this is the diff of a merge, which cannot be applied; make the "
                        "diff against one parent");
      } else if (lines_.starts(at_, "@@")) {
        if (!open_) {
          return bad_line(at_,
                          "a hunk without a file; name it in lines before: --- a/FILE and "
                          "+++ b/FILE");
        }
        draft_.in_header = false;
        TRY_ASSIGN(Hunk hunk, parse_unified_hunk(lines_, at_));
        draft_.patch.hunks.push_back(std::move(hunk));
      } else {
        if (open_) TRY(read_other());
        ++at_;
      }
    }
    TRY(finish());
    return std::move(done_);
  }

 private:
  // A line of the header, or of what stands between files: a mail's end and the next mail, say.
  Result<void> read_other() {
    if (lines_.header(at_).empty() || lines_.starts(at_, "--")) draft_.in_header = false;
    if (draft_.in_header && (lines_.starts(at_, "+") || lines_.starts(at_, "-"))) {
      return no_hunk();
    }
    return read_extended();
  }

  Failure no_hunk() const {
    return bad_line(draft_.patch.patch_line - 1, "a file without a hunk; a hunk begins with @@");
  }

  void begin() {
    draft_ = {};
    draft_.patch.patch_line = at_ + 1;
    open_ = true;
  }

  void begin_git() {
    begin();
    if (auto names = read_git_names(lines_.header(at_).substr(11))) {
      draft_.old_name = std::move(names->first);
      draft_.new_name = std::move(names->second);
    }
    ++at_;
  }

  Result<void> read_names() {
    if (open_ && (draft_.named || !draft_.patch.hunks.empty())) TRY(finish());
    if (!open_) begin();
    draft_.named = true;
    const std::string_view old_header = lines_.header(at_).substr(4);
    const std::string_view new_header = lines_.header(at_ + 1).substr(4);
    auto old_name = read_name(old_header);
    auto new_name = read_name(new_header);
    if (!old_name || !new_name) {
      return bad_line(old_name ? at_ + 1 : at_, "a name whose quotes do not end");
    }
    draft_.no_old = draft_.no_old || *old_name == kNothing || is_epoch(old_header);
    draft_.no_new = draft_.no_new || *new_name == kNothing || is_epoch(new_header);
    // What "diff --git" names both of says more than one name beside /dev/null.
    if (*old_name != kNothing) draft_.old_name = std::move(*old_name);
    if (*new_name != kNothing) draft_.new_name = std::move(*new_name);
    at_ += 2;
    return {};
  }

  Result<void> read_name_after(std::size_t length, std::optional<std::string>& name) {
    name = read_name(lines_.header(at_).substr(length));
    if (!name) return bad_line(at_, "a name whose quotes do not end");
    return {};
  }

  // A header line of git's, or nothing that matters.
  Result<void> read_extended() {
    const std::string_view line = lines_.header(at_);
    const auto mode_after = [&](std::size_t length) -> Result<void> {
      draft_.patch.mode = read_mode(line.substr(length));
      if (!draft_.patch.mode) return bad_line(at_, "a mode that is no octal number");
      return {};
    };
    if (line.starts_with("new file mode ")) {
      draft_.no_old = true;
      return mode_after(14);
    }
    if (line.starts_with("deleted file mode ")) {
      draft_.no_new = true;
      return mode_after(18);
    }
    if (line.starts_with("new mode ")) return mode_after(9);
    if (line.starts_with("index ") && line.ends_with(" 120000")) return mode_after(line.size() - 6);
    if (line.starts_with("rename from ")) return read_name_after(12, draft_.from);
    if (line.starts_with("rename to ")) return read_name_after(10, draft_.to);
    if (line.starts_with("copy from ")) {
      draft_.copies = true;
      return read_name_after(10, draft_.from);
    }
    if (line.starts_with("copy to ")) return read_name_after(8, draft_.to);
    if (line == "GIT binary patch" ||
        (line.starts_with("Binary files ") && line.ends_with(" differ"))) {
      draft_.binary = true;
    }
    return {};
  }

  Result<void> finish() {
    if (!open_) return {};
    open_ = false;
    FilePatch& patch = draft_.patch;
    if (draft_.from && draft_.to) {
      patch.kind = draft_.copies ? FilePatch::Kind::kCopy : FilePatch::Kind::kRename;
      patch.old_path = std::move(*draft_.from);
      patch.new_path = std::move(*draft_.to);
    } else {
      strip_prefixes(draft_.old_name, draft_.new_name);
      patch.kind = draft_.no_old   ? FilePatch::Kind::kCreate
                   : draft_.no_new ? FilePatch::Kind::kDelete
                                   : FilePatch::Kind::kModify;
      const auto& any = draft_.new_name ? draft_.new_name : draft_.old_name;
      if (!any) {
        return bad_line(patch.patch_line - 1,
                        "the names of the file cannot be told apart; say "
                        "them in lines --- a/FILE and +++ b/FILE");
      }
      if (!draft_.no_old) patch.old_path = draft_.old_name.value_or(*any);
      if (!draft_.no_new) patch.new_path = *any;
    }
    if (draft_.binary) {
      return fail(Code::kInvalidArgs,
                  "'{}' is a binary file in this patch, which changes text alone; leave it out "
                  "and write it by other means",
                  patch.new_path.empty() ? patch.old_path : patch.new_path);
    }
    // Names alone change nothing.
    if (patch.hunks.empty() && patch.kind == FilePatch::Kind::kModify && !patch.mode) {
      return draft_.named ? Result<void>(no_hunk()) : Result<void>();
    }
    done_.push_back(std::move(patch));
    return {};
  }

  const PatchLines& lines_;
  std::size_t at_ = 0;
  bool open_ = false;  // draft_ is begun
  UnifiedDraft draft_;
  std::vector<FilePatch> done_;
};

}  // namespace

Result<std::vector<FilePatch>> parse_unified(const PatchLines& lines) {
  return UnifiedParser(lines).parse();
}

}  // namespace quarry::edit
