#include "server/edit/v4a.h"

#include "server/base/format.h"
#include "server/edit/unified.h"

namespace quarry::edit {
namespace {

constexpr std::string_view kBegin = "*** Begin Patch";
constexpr std::string_view kEnd = "*** End Patch";
constexpr std::string_view kUpdate = "*** Update File: ";
constexpr std::string_view kAdd = "*** Add File: ";
constexpr std::string_view kDelete = "*** Delete File: ";
constexpr std::string_view kMove = "*** Move to: ";
constexpr std::string_view kEndOfFile = "*** End of File";

class V4aParser {
 public:
  explicit V4aParser(const PatchLines& lines) : lines_(lines) {}

  Result<std::vector<FilePatch>> parse() {
    skip_to_section();
    while (at_ < lines_.size()) {
      if (trimmed_line(lines_.header(at_)) == kBegin || lines_.header(at_).empty()) {
        ++at_;
      } else if (lines_.starts(at_, kEnd)) {
        skip_to_section();
      } else if (begins_file()) {
        TRY(parse_section());
      } else {
        return fail(Code::kInvalidArgs,
                    "line {} of the patch belongs to no file; a file begins with '{}NAME', "
                    "'{}NAME' or '{}NAME'",
                    at_ + 1, kUpdate, kAdd, kDelete);
      }
    }
    return std::move(done_);
  }

 private:
  bool begins_file() const {
    return lines_.starts(at_, kUpdate) || lines_.starts(at_, kAdd) || lines_.starts(at_, kDelete);
  }
  bool begins_section() const { return begins_file() || lines_.starts(at_, kBegin); }
  bool ends_section() const {
    return at_ == lines_.size() || begins_section() || lines_.starts(at_, kEnd);
  }
  void skip_to_section() {
    while (at_ < lines_.size() && !begins_section()) ++at_;
  }
  std::string name_after(std::string_view keyword) const {
    return std::string(trimmed_line(lines_.header(at_).substr(keyword.size())));
  }

  Result<void> parse_section() {
    FilePatch patch{.patch_line = at_ + 1};
    patch.names_plain = true;
    // A patch is converted as a whole, or not at all.
    converted_ = lines_.carriage_return(at_);
    if (lines_.starts(at_, kDelete)) {
      patch.kind = FilePatch::Kind::kDelete;
      patch.old_path = name_after(kDelete);
      patch.whole = true;
      ++at_;
    } else if (lines_.starts(at_, kAdd)) {
      patch.kind = FilePatch::Kind::kCreate;
      patch.new_path = name_after(kAdd);
      ++at_;
      TRY(parse_added(patch));
    } else {
      patch.old_path = patch.new_path = name_after(kUpdate);
      ++at_;
      if (lines_.starts(at_, kMove)) {
        patch.kind = FilePatch::Kind::kRename;
        patch.new_path = name_after(kMove);
        ++at_;
      }
      // The same once more, as a unified diff says it.
      if (lines_.starts(at_, "--- ") && lines_.starts(at_ + 1, "+++ ")) at_ += 2;
      while (!ends_section()) TRY(parse_hunk(patch));
      if (patch.hunks.empty() && patch.kind == FilePatch::Kind::kModify) {
        return fail(Code::kInvalidArgs, "line {} of the patch: '{}' has no hunk", patch.patch_line,
                    patch.new_path);
      }
    }
    done_.push_back(std::move(patch));
    return {};
  }

  Result<void> parse_added(FilePatch& patch) {
    Hunk hunk{.patch_line = at_ + 1, .old_start = 0};
    while (!ends_section()) {
      std::size_t next = at_;
      while (next < lines_.size() && lines_.header(next).empty()) ++next;
      if (lines_.starts(next, "+")) {
        // Empty lines before another one are the file's, at the end they are the patch's.
        while (at_ <= next) take(hunk, PatchLine::Kind::kAdd);
        continue;
      }
      if (next == at_) {
        return fail(Code::kInvalidArgs,
                    "line {} of the patch: each line of an added file begins with +", at_ + 1);
      }
      at_ = next;
    }
    if (!hunk.lines.empty()) patch.hunks.push_back(std::move(hunk));
    return {};
  }

  Result<void> parse_hunk(FilePatch& patch) {
    Hunk hunk{.patch_line = at_ + 1};
    bool headed = false;
    while (!ends_section() && lines_.starts(at_, "@@")) {
      headed = true;
      const std::string_view anchor = named_in_header(lines_.header(at_));
      if (!anchor.empty()) hunk.anchors.push_back(anchor);
      ++at_;
    }
    while (!ends_section() && !lines_.starts(at_, "@@")) {
      const std::string_view line = lines_.header(at_);
      if (line == kEndOfFile) {
        hunk.at_end = true;
        ++at_;
        break;
      }
      if (line.empty() || line.starts_with(' ')) {
        take(hunk, PatchLine::Kind::kContext);
      } else if (line.starts_with('-')) {
        take(hunk, PatchLine::Kind::kRemove);
      } else if (line.starts_with('+')) {
        take(hunk, PatchLine::Kind::kAdd);
      } else if (line.starts_with("\\ ")) {
        ++at_;
      } else {
        return fail(Code::kInvalidArgs,
                    "line {} of the patch: a line of a hunk begins with a blank (kept), - "
                    "(removed) or + (added)",
                    at_ + 1);
      }
    }
    // Empty lines at its end stand between it and what follows.
    std::size_t end = hunk.at_end ? at_ - 1 : at_;
    for (; !hunk.lines.empty() && lines_.header(end - 1).empty(); --end) hunk.lines.pop_back();
    if (!hunk.lines.empty()) {
      patch.hunks.push_back(std::move(hunk));
    } else if (headed) {
      return fail(Code::kInvalidArgs, "line {} of the patch: a hunk without lines",
                  hunk.patch_line);
    }
    return {};
  }

  void take(Hunk& hunk, PatchLine::Kind kind) {
    std::string_view line = converted_ ? lines_.header(at_) : lines_.raw(at_);
    if (!line.empty() && line != "\r") line.remove_prefix(1);
    PatchLine taken{.kind = kind, .body = line, .end = "\n"};
    if (taken.body.ends_with('\r')) {
      taken.body.remove_suffix(1);
      taken.end = "\r\n";
    }
    hunk.lines.push_back(taken);
    ++at_;
  }

  const PatchLines& lines_;
  std::size_t at_ = 0;
  bool converted_ = false;
  std::vector<FilePatch> done_;
};

}  // namespace

bool is_v4a(const PatchLines& lines) {
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (lines.starts(at, kBegin) || lines.starts(at, kUpdate) || lines.starts(at, kAdd) ||
        lines.starts(at, kDelete)) {
      return true;
    }
    if (lines.starts(at, "@@ -") || lines.starts(at, "diff --git ")) return false;
  }
  return false;
}

Result<std::vector<FilePatch>> parse_v4a(const PatchLines& lines) {
  return V4aParser(lines).parse();
}

}  // namespace quarry::edit
