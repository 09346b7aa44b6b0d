#include "server/edit/v4a.h"

#include "server/base/format.h"

namespace quarry::edit {
namespace {

constexpr std::string_view kBegin = "*** Begin Patch";
constexpr std::string_view kEnd = "*** End Patch";
constexpr std::string_view kUpdate = "*** Update File: ";
constexpr std::string_view kAdd = "*** Add File: ";
constexpr std::string_view kDelete = "*** Delete File: ";
constexpr std::string_view kMove = "*** Move to: ";
constexpr std::string_view kEndOfFile = "*** End of File";

std::string_view trimmed_line(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Line numbers as unified diffs have them, `-1,2 +1,3`: nothing to look for.
bool begins_with_range(std::string_view anchor) {
  const auto digits = [&] {
    const std::size_t count = std::min(anchor.find_first_not_of("0123456789"), anchor.size());
    anchor.remove_prefix(count);
    return count > 0;
  };
  const auto range = [&](char sign) {
    if (!anchor.starts_with(sign)) return false;
    anchor.remove_prefix(1);
    if (!digits()) return false;
    if (!anchor.starts_with(',')) return true;
    anchor.remove_prefix(1);
    return digits();
  };
  if (!range('-')) return false;
  anchor = trimmed_line(anchor);
  return range('+');
}

class V4aParser {
 public:
  explicit V4aParser(const PatchLines& lines) : lines_(lines) {}

  Result<std::vector<FilePatch>> parse() {
    while (at_ < lines_.size() && !begins_section()) ++at_;
    while (at_ < lines_.size()) {
      if (trimmed_line(lines_.header(at_)) == kBegin || lines_.header(at_).empty()) {
        ++at_;
      } else if (lines_.starts(at_, kEnd)) {
        while (at_ < lines_.size() && !begins_section()) ++at_;
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
  std::string name_after(std::string_view keyword) const {
    return std::string(trimmed_line(lines_.header(at_).substr(keyword.size())));
  }

  Result<void> parse_section() {
    FilePatch patch{.patch_line = at_ + 1};
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
      std::string_view anchor = trimmed_line(lines_.header(at_).substr(2));
      if (anchor.ends_with("@@")) anchor = trimmed_line(anchor.substr(0, anchor.size() - 2));
      if (!anchor.empty() && !begins_with_range(anchor)) hunk.anchors.push_back(anchor);
      ++at_;
    }
    std::size_t empty = 0;  // lines at the end so far
    while (!ends_section() && !lines_.starts(at_, "@@")) {
      const std::string_view line = lines_.header(at_);
      empty = line.empty() ? empty + 1 : line == kEndOfFile ? empty : 0;
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
    hunk.lines.resize(hunk.lines.size() - empty);
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
