#include "server/git/diff_text.h"

#include "server/base/newlines.h"
#include "server/base/private_key.h"
#include "server/base/secret_names.h"
#include "server/base/utf8.h"
#include "server/git/noise.h"

namespace quarry::git {
namespace {

std::string shown(const std::string& path) {
  std::string text;
  utf8::append_escaped_name(text, path);
  return text;
}

std::string stat_line(const FileStat& file, bool counts) {
  std::string line = fmt::format("{} ", file.code);
  if (!file.old_path.empty()) line += shown(file.old_path) + " -> ";
  line += shown(file.path);
  if (counts && file.binary) line += " binary";
  if (counts && !file.binary) line += fmt::format(" +{} -{}", file.added, file.removed);
  return line + '\n';
}

// Builds the answer within the budget: all rows, then patches; less, said so, when it is tight.
class Rendering {
 public:
  Rendering(const Diff& diff, const DiffTextOptions& options, std::string& out)
      : diff_(diff), options_(options), budget_(options.max_bytes), out_(out) {}

  void run() {
    const std::size_t first = options_.offset;
    if (diff_.files.empty()) {
      out_ += fmt::format("no differences between {} and {}\n", diff_.from_label, diff_.to_label);
      return;
    }
    append_header();
    if (first >= diff_.files.size()) {
      out_ += fmt::format("offset={} is beyond the last file\n", first);
      return;
    }
    const bool patches = options_.mode == DiffMode::kPatch;
    // Rows may take half of what is there for patches too.
    const std::size_t listed = append_rows(first, patches ? budget_ / 2 : budget_);
    if (listed < diff_.files.size()) {
      if (patches) out_ += "too many files for patches in one answer: counts only\n";
      out_ += fmt::format(
          "{} more files; call git_diff again with the same arguments and {}offset={}, or narrow "
          "with path\n",
          diff_.files.size() - listed,
          options_.mode == DiffMode::kNames ? "" : "mode='names' for a shorter list, or ", listed);
      return;
    }
    if (patches) append_patches(first);
  }

 private:
  void append_header() {
    std::uint64_t added = 0, removed = 0;
    for (const DiffFile& file : diff_.files) {
      added += file.stat.added;
      removed += file.stat.removed;
    }
    out_ +=
        fmt::format("{} -> {}: {} {}, +{} -{}\n", diff_.from_label, diff_.to_label,
                    diff_.files.size(), diff_.files.size() == 1 ? "file" : "files", added, removed);
  }

  // How many files are listed, counted from the first of all.
  std::size_t append_rows(std::size_t first, std::size_t limit) {
    for (std::size_t i = first; i < diff_.files.size(); ++i) {
      const std::string line = stat_line(diff_.files[i].stat, options_.mode != DiffMode::kNames);
      if (out_.size() + line.size() > limit && i > first) return i;
      out_ += line;
    }
    return diff_.files.size();
  }

  void append_patches(std::size_t first) {
    for (std::size_t i = first; i < diff_.files.size(); ++i) {
      const DiffFile& file = diff_.files[i];
      if (append_note(file)) continue;
      if (file.patch_omitted && i > first) return append_left_out(i);
      if (file.patch_omitted) {
        out_ += fmt::format("\n{}: the patch is too large to show\n", shown(file.stat.path));
        continue;
      }
      std::string patch;
      utf8::append_repaired(patch, file.patch);
      if (out_.size() + 1 + patch.size() <= budget_) {
        out_.append("\n").append(patch);
        continue;
      }
      if (i == first) {
        append_cut(file, patch);
        if (i + 1 == diff_.files.size()) return;
        ++i;
      }
      return append_left_out(i);
    }
  }

  void append_left_out(std::size_t from) {
    out_ += fmt::format(
        "\npatches of {} more files left out; call git_diff again with the same arguments and "
        "offset={}\n",
        diff_.files.size() - from, from);
  }

  // True when a line stands for the patch.
  bool append_note(const DiffFile& file) {
    const std::string name = shown(file.stat.path);
    if (file.stat.code == 'U') {
      out_ += fmt::format("\n{}: in conflict, no patch\n", name);
      return true;
    }
    if (file.stat.binary) return true;  // its row says so
    if (!options_.show_secrets &&
        (names_secret(file.stat.path) || names_secret(file.stat.old_path))) {
      out_ += fmt::format("\n{}: a file for secrets, whose changes are not shown\n", name);
      return true;
    }
    if (!options_.show_secrets && patch_shows_key(file.patch)) {
      out_ += fmt::format("\n{}: a private key, whose changes are not shown\n", name);
      return true;
    }
    const std::string_view noise = noise_of(file.stat.path, file.patch);
    if (noise.empty() || diff_.files.size() == 1) return false;
    out_ += fmt::format("\n{}: {}, +{} -{} not shown; call git_diff with path='{}' to see it\n",
                        name, noise, file.stat.added, file.stat.removed, name);
    return true;
  }

  // One patch that is over the budget alone: as many whole lines as fit.
  void append_cut(const DiffFile& file, const std::string& patch) {
    const std::size_t room = budget_ > out_.size() ? budget_ - out_.size() : 0;
    std::string_view part = utf8::clip(patch, room);
    if (const std::size_t end = part.rfind('\n'); end != std::string_view::npos) {
      part = part.substr(0, end + 1);
    }
    out_.append("\n").append(part);
    out_ += fmt::format(
        "... {} of {} lines of this patch are shown; call git_diff with path='{}' and a larger "
        "max_tokens, or context=0\n",
        count_newlines(part), count_newlines(patch), shown(file.stat.path));
  }

  const Diff& diff_;
  const DiffTextOptions& options_;
  std::size_t budget_;
  std::string& out_;
};

}  // namespace

void append_diff_text(const Diff& diff, const DiffTextOptions& options, std::string& out) {
  Rendering(diff, options, out).run();
}

}  // namespace quarry::git
