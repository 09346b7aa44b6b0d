#include "server/edit/hunks.h"

#include <algorithm>
#include <optional>

#include "server/edit/closest.h"
#include "server/edit/flat_text.h"
#include "server/edit/hunk_search.h"
#include "server/edit/image.h"

namespace quarry::edit {
namespace {

using Kind = PatchLine::Kind;

// Whether the lines that are found are the hunk's to the byte.
bool is_literal(const Image& image, const Wanted& wanted, const Fit& fit) {
  const std::size_t count = wanted.lines.size() - fit.front - fit.back;
  for (std::size_t i = 0; i < count; ++i) {
    if (image[fit.at + i].end != wanted.lines[fit.front + i].end) return false;
  }
  return true;
}

// The new lines of one hunk, made of the old ones where it keeps them.
class Rewrite {
 public:
  Rewrite(const Image& image, const Hunk& hunk, const Fit& fit, const Wanted& wanted)
      : image_(image), begin_(fit.at), at_(fit.at), literal_(is_literal(image, wanted, fit)) {
    // Lines that come behind a last line without an end give it one.
    if (at_ > 0 && at_ == image.size() && image[at_ - 1].end.empty()) {
      lines_.push_back(image_[--begin_]);
    }
    const std::size_t last = hunk.lines.size() - fit.back;
    for (std::size_t i = fit.front; i < last;) {
      if (hunk.lines[i].kind == Kind::kContext) {
        lines_.push_back(image_[at_++]);
        ++i;
        continue;
      }
      const std::size_t begin = i;
      while (i < last && hunk.lines[i].kind != Kind::kContext) ++i;
      const bool ends_text = fit.back == 0 && i == last;
      replace(std::span(hunk.lines).subspan(begin, i - begin), ends_text);
    }
  }
  const std::vector<ImageLine>& lines() const { return lines_; }
  // The lines of the image that they replace.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return at_; }

 private:
  // Line ends for new lines in place of the lines from `from` to at_.
  std::vector<std::string_view> ends_around(std::size_t from) const {
    std::vector<std::string_view> ends;
    const auto add = [&](std::size_t at) {
      if (!image_[at].end.empty()) ends.push_back(image_[at].end);
    };
    for (std::size_t i = from; i < at_; ++i) add(i);
    if (ends.empty() && at_ < image_.size()) add(at_);
    if (ends.empty() && from > 0) add(from - 1);
    if (ends.empty()) ends.push_back("\n");
    return ends;
  }

  void replace(std::span<const PatchLine> run, bool hunk_ends) {
    const std::size_t from = at_;
    const PatchLine* old_last = nullptr;
    const PatchLine* new_last = nullptr;
    for (const PatchLine& line : run) {
      at_ += line.kind == Kind::kRemove ? 1 : 0;
      (line.kind == Kind::kRemove ? old_last : new_last) = &line;
    }
    if (new_last == nullptr) return;
    const std::vector<std::string_view> ends = ends_around(from);
    const bool ends_text = hunk_ends && at_ == image_.size();
    std::size_t added = 0;
    if (from > 0 && !lines_.empty() && lines_.back().end.empty()) {
      // The text's last line gets an end when lines come behind it.
      lines_.back().end = ends.front();
      lines_.back().end_is_new = lines_.back().origin != ImageLine::kNew;
    }
    for (const PatchLine& line : run) {
      if (line.kind != Kind::kAdd) continue;
      std::string_view end = ends[std::min(added++, ends.size() - 1)];
      if (literal_ && !line.end.empty()) end = line.end;
      if (&line == new_last && ends_text) end = last_end(old_last, line, from, end);
      lines_.push_back(ImageLine::added(line.body, end));
    }
  }

  // The end of what will be the text's last line; `usual` when it has one.
  std::string_view last_end(const PatchLine* old_last, const PatchLine& line, std::size_t from,
                            std::string_view usual) const {
    const bool file_ends = image_.size() == 0 || !image_[image_.size() - 1].end.empty();
    if (image_.size() == 0) return line.end.empty() ? std::string_view() : usual;
    const bool old_ends = old_last != nullptr ? !old_last->end.empty() : true;
    // Where the patch says that this changes, it does; else it stays as it is.
    const bool says = literal_ || old_ends != !line.end.empty();
    const bool keeps = old_last == nullptr && from == image_.size() && !file_ends;
    const bool end = says && !keeps ? !line.end.empty() : file_ends;
    return end ? usual : std::string_view();
  }

  const Image& image_;
  std::size_t begin_;
  std::size_t at_;
  const bool literal_;
  std::vector<ImageLine> lines_;
};

std::string joined(const Wanted& wanted) {
  std::string text;
  for (const ImageLine& line : wanted.lines) text.append(line.body).append("\n");
  if (!text.empty()) text.pop_back();
  return text;
}

std::string name_of(std::size_t at, std::size_t count, const Hunk& hunk) {
  return fmt::format("hunk {} of {} (line {} of the patch)", at + 1, count, hunk.patch_line);
}

Failure misfit(std::string_view text, const Image& image, const Hunk& hunk, const Wanted& wanted,
               const std::string& name, const CancelToken& cancel) {
  if (wanted.lines.empty()) {
    return fail(Code::kNotFound, "{} belongs behind line {}, but the file has {} lines", name,
                hunk.old_start.value_or(0), image.size());
  }
  const auto above = find_all(image, wanted, 0, 1, cancel);
  if (!hunk.old_start && above && !above->empty()) {
    return fail(Code::kNotFound,
                "{} does not fit: its old text is at line {}, before {}; give the hunks in the "
                "order of the file",
                name, above->front() + 1,
                hunk.anchors.empty() ? "what the hunk before changes" : "its anchor");
  }
  const auto before = find_all(Image(text), wanted, 0, 1, cancel);
  if (before && !before->empty()) {
    return fail(Code::kNotFound,
                "{} does not fit: a hunk before it changes its old text, which is at line {}; make "
                "one hunk of both",
                name, before->front() + 1);
  }
  const Wanted made = new_side(hunk);
  std::string done;
  if (!made.lines.empty() && made.lines.size() >= wanted.lines.size()) {
    const auto places = find_all(image, made, 0, 1, cancel);
    if (places && !places->empty()) {
      done = fmt::format("; what it makes is there already, at line {}: it may be applied already",
                         places->front() + 1);
    }
  }
  return fail(Code::kNotFound, "{} does not fit{}: {}", name, done,
              explain_miss(FlatText(text).text(), joined(wanted), "its old text"));
}

}  // namespace

Result<Patched> apply_hunks(std::string_view text, std::span<const Hunk> hunks,
                            const CancelToken& cancel) {
  Image image(text);
  Patched patched;
  std::size_t floor = 0;
  std::ptrdiff_t drift = 0;  // of the hunk before
  struct Growth {
    std::size_t old_start;
    std::ptrdiff_t lines;
  };
  std::ptrdiff_t growth = 0;  // of all hunks before, while they come from top to bottom
  std::size_t highest = 0;
  std::vector<Growth> grown;
  for (std::size_t i = 0; i < hunks.size(); ++i) {
    TRY(cancel.check());
    const Hunk& hunk = hunks[i];
    const std::string name = name_of(i, hunks.size(), hunk);
    const Wanted wanted = old_side(hunk);
    std::ptrdiff_t said = 0;
    if (hunk.old_start) {
      std::ptrdiff_t before = growth;
      if (*hunk.old_start < highest) {
        before = 0;
        for (const Growth& one : grown) before += one.old_start < *hunk.old_start ? one.lines : 0;
      }
      // A range of no lines is said to lie behind the line before it.
      const std::size_t first =
          *hunk.old_start - (wanted.lines.empty() || *hunk.old_start == 0 ? 0 : 1);
      said = static_cast<std::ptrdiff_t>(first) + before;
      highest = std::max(highest, *hunk.old_start);
    }
    const auto guess = static_cast<std::size_t>(std::max<std::ptrdiff_t>(said + drift, 0));
    auto fit = find_fit(image, hunk, wanted, floor, guess, cancel);
    if (!fit) {
      if (fit.error().code == Code::kCancelled || fit.error().code == Code::kTimeout) {
        return Failure(fit.error());
      }
      return fail(fit.error().code, "{} {}", name, fit.error().message);
    }
    if (!*fit) return misfit(text, image, hunk, wanted, name, cancel);
    const Rewrite rewrite(image, hunk, **fit, wanted);
    const std::size_t at = (*fit)->at;
    const std::size_t count = rewrite.end() - rewrite.begin();
    floor = rewrite.begin() + rewrite.lines().size();
    const auto lines =
        static_cast<std::ptrdiff_t>(rewrite.lines().size()) - static_cast<std::ptrdiff_t>(count);
    image.replace(rewrite.begin(), count, rewrite.lines());
    growth += lines;
    if (hunk.old_start) grown.push_back({*hunk.old_start, lines});
    HunkPlace place{.line = at + 1 - (*fit)->front, .offset = 0, .fuzz = (*fit)->fuzz};
    if (hunk.old_start) {
      place.offset = static_cast<std::ptrdiff_t>(at - (*fit)->front) - said;
      drift = place.offset;
    }
    for (const PatchLine& line : hunk.lines) {
      patched.added += line.kind == Kind::kAdd ? 1 : 0;
      patched.removed += line.kind == Kind::kRemove ? 1 : 0;
    }
    patched.places.push_back(place);
  }
  patched.splices = image.splices();
  return patched;
}

}  // namespace quarry::edit
