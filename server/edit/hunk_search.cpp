#include "server/edit/hunk_search.h"

#include <algorithm>
#include <set>

#include "server/edit/hunks.h"

namespace quarry::edit {
namespace {

constexpr std::size_t kShownPlaces = 10;
constexpr std::size_t kCheckEvery = 4096;  // lines looked at between two looks at the clock

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

Wanted side(const Hunk& hunk, PatchLine::Kind other) {
  using Kind = PatchLine::Kind;
  Wanted wanted{.lines = {}, .at_end = hunk.at_end};
  for (const PatchLine& line : hunk.lines) {
    if (line.kind != other) wanted.lines.push_back(ImageLine::added(line.body, line.end));
  }
  const auto& lines = hunk.lines;
  while (wanted.lead < lines.size() && lines[wanted.lead].kind == Kind::kContext) ++wanted.lead;
  while (wanted.tail < lines.size() - wanted.lead &&
         lines[lines.size() - 1 - wanted.tail].kind == Kind::kContext) {
    ++wanted.tail;
  }
  return wanted;
}

// Looks for one hunk, with the same lines of it left out.
class Search {
 public:
  Search(const Image& image, const Wanted& wanted, const CancelToken& cancel)
      : image_(image), wanted_(wanted), cancel_(cancel) {}

  void leave_out(std::size_t front, std::size_t back) {
    front_ = front;
    back_ = back;
  }
  std::size_t count() const { return wanted_.lines.size() - front_ - back_; }
  // Whether those that are left say anything.
  bool says() const {
    for (std::size_t i = front_; i < wanted_.lines.size() - back_; ++i) {
      if (!without_blanks(wanted_.lines[i].body).empty()) return true;
    }
    return false;
  }
  // Where the last place is at which the lines would be within the text, plus 1.
  std::size_t places() const { return count() <= image_.size() ? image_.size() - count() + 1 : 0; }

  bool fits(std::size_t at) {
    const std::size_t wanted = count();
    if (at + wanted > image_.size()) return false;
    if (wanted_.at_end && back_ == 0 && at + wanted != image_.size()) return false;
    std::size_t i = 0;
    for (; i < wanted; ++i) {
      const ImageLine& has = image_[at + i];
      const ImageLine& wants = wanted_.lines[front_ + i];
      if (has.hash != wants.hash || has.body != wants.body) break;
      if (wants.end.empty() && at + i + 1 != image_.size()) break;
    }
    looked_ += i + 1;
    return i == wanted;
  }
  Result<void> check() {
    if (looked_ < kCheckEvery) return {};
    looked_ = 0;
    return cancel_.check();
  }

  // The nearest to `guess`; nullopt: none. kInvalidArgs: one on each side, equally far.
  Result<std::optional<std::size_t>> nearest(std::size_t guess) {
    const std::size_t end = places();
    if (end == 0) return std::optional<std::size_t>();
    // A number far behind the end is as good as the end.
    const std::size_t first = guess >= end ? guess - end + 1 : 0;
    for (std::size_t far = first; far < std::max(end, guess + 1); ++far) {
      TRY(check());
      const bool below = guess + far < end && fits(guess + far);
      const bool above = far > 0 && guess >= far && guess - far < end && fits(guess - far);
      if (below && above) {
        return fail(Code::kInvalidArgs,
                    "fits at line {} and at line {}, equally far from where it says that it "
                    "belongs; give more lines around the change",
                    guess - far + 1, guess + far + 1);
      }
      if (below) return std::optional(guess + far);
      if (above) return std::optional(guess - far);
    }
    return std::optional<std::size_t>();
  }

  Result<std::vector<std::size_t>> all(std::size_t floor, std::size_t most) {
    std::vector<std::size_t> found;
    for (std::size_t at = floor; at < places() && found.size() < most; ++at) {
      TRY(check());
      if (fits(at)) found.push_back(at);
    }
    return found;
  }

 private:
  const Image& image_;
  const Wanted& wanted_;
  const CancelToken& cancel_;
  std::size_t front_ = 0;
  std::size_t back_ = 0;
  std::size_t looked_ = 0;
};

Failure several(const std::vector<std::size_t>& places, std::string_view advice) {
  std::string lines;
  for (std::size_t i = 0; i < std::min(places.size(), kShownPlaces); ++i) {
    lines += fmt::format("{}{}", i == 0 ? "" : ", ", places[i] + 1);
  }
  if (places.size() > kShownPlaces) lines += " and more";
  return fail(Code::kInvalidArgs, "fits on lines {}; {}", lines, advice);
}

// Behind the lines from `from` to `end` that are `anchor`, else behind those that begin with it.
std::vector<std::size_t> behind_anchor(const Image& image, std::string_view anchor,
                                       std::size_t from, std::size_t end) {
  std::vector<std::size_t> found;
  std::vector<std::size_t> begun;
  for (std::size_t at = from; at < end; ++at) {
    const std::string_view line = without_blanks(image[at].body);
    if (line.starts_with(anchor)) (line == anchor ? found : begun).push_back(at + 1);
  }
  return found.empty() ? begun : found;
}

// Lines behind which what `anchors` announce may stand, from 0; at most one for each last anchor.
Result<std::vector<std::size_t>> behind_anchors(const Image& image, const Hunk& hunk,
                                                std::size_t floor, const CancelToken& cancel) {
  std::vector<std::size_t> starts = {floor};
  for (const std::string_view anchor : hunk.anchors) {
    TRY(cancel.check());
    std::vector<std::size_t> found = behind_anchor(image, anchor, starts.front(), image.size());
    if (found.empty()) {
      const auto above = behind_anchor(image, anchor, 0, std::min(starts.front(), image.size()));
      if (!above.empty()) {
        return fail(Code::kNotFound,
                    "has its anchor '@@ {}' at line {}, above what comes before it in the patch; "
                    "give all in the order of the file",
                    anchor, above.front());
      }
      return fail(
          Code::kNotFound,
          "has an anchor '@@ {}' that is no line of the file; take one that is, or leave it "
          "out",
          anchor);
    }
    starts = std::move(found);
  }
  return starts;
}

// Of a hunk without a line number.
Result<std::optional<Fit>> find_unnumbered(const Image& image, const Hunk& hunk, Search& search,
                                           const Wanted& wanted, std::size_t floor,
                                           const CancelToken& cancel) {
  TRY_ASSIGN(const std::vector<std::size_t> starts, behind_anchors(image, hunk, floor, cancel));
  if (wanted.lines.empty()) {
    // Lines are added behind the anchor or, when that is said, at the end.
    if (hunk.at_end || image.size() == 0) return std::optional(Fit{.at = image.size()});
    if (hunk.anchors.empty()) {
      return fail(Code::kInvalidArgs,
                  "adds lines and does not say where; give the lines around them");
    }
    if (starts.size() > 1) return several(starts, "give the lines around the change");
    return std::optional(Fit{.at = starts.front()});
  }
  std::set<std::size_t> places;
  constexpr std::size_t kMost = kShownPlaces + 1;
  for (const std::size_t start : starts) {
    // What was found behind an earlier one is the first behind this one, too.
    if (!places.empty() && !hunk.anchors.empty() && *places.rbegin() >= start) continue;
    TRY_ASSIGN(const auto found, search.all(start, hunk.anchors.empty() ? kMost : 1));
    if (found.empty()) break;  // nor behind a later one
    places.insert(found.begin(), found.end());
    if (places.size() >= kMost) break;
  }
  // The anchor may be the hunk's first line once more.
  if (places.empty() && !hunk.anchors.empty()) {
    for (const std::size_t start : starts) {
      if (search.fits(start - 1)) places.insert(start - 1);
    }
  }
  if (places.empty()) return std::optional<Fit>();
  if (places.size() > 1) {
    return several({places.begin(), places.end()},
                   "give more lines around the change, or an anchor: @@ LINE BEFORE IT");
  }
  return std::optional(Fit{.at = *places.begin()});
}

}  // namespace

Wanted old_side(const Hunk& hunk) {
  return side(hunk, PatchLine::Kind::kAdd);
}

Wanted new_side(const Hunk& hunk) {
  return side(hunk, PatchLine::Kind::kRemove);
}

Result<std::vector<std::size_t>> find_all(const Image& image, const Wanted& wanted,
                                          std::size_t floor, std::size_t most,
                                          const CancelToken& cancel) {
  return Search(image, wanted, cancel).all(floor, most);
}

Result<std::optional<Fit>> find_fit(const Image& image, const Hunk& hunk, const Wanted& wanted,
                                    std::size_t floor, std::size_t guess,
                                    const CancelToken& cancel) {
  Search search(image, wanted, cancel);
  if (!hunk.old_start) return find_unnumbered(image, hunk, search, wanted, floor, cancel);
  if (wanted.lines.empty()) {
    // Nothing around it says where it belongs but its number.
    if (guess > image.size()) return std::optional<Fit>();
    return std::optional(Fit{.at = guess});
  }
  const std::size_t context = std::max(wanted.lead, wanted.tail);
  for (std::size_t fuzz = 0; fuzz <= std::min(kMostFuzz, context); ++fuzz) {
    // Of the side with less context as much less goes.
    const std::size_t front = fuzz + wanted.lead > context ? fuzz + wanted.lead - context : 0;
    const std::size_t back = fuzz + wanted.tail > context ? fuzz + wanted.tail - context : 0;
    if (front + back >= wanted.lines.size()) break;
    search.leave_out(front, back);
    if (fuzz > 0) {
      if (!search.says()) break;
      // As patch(1) has it: with that much less context on one side the text ends there.
      const bool at_begin = fuzz + wanted.lead < context;
      const bool at_end = fuzz + wanted.tail < context;
      if (search.places() == 0) continue;
      const std::size_t first = floor + front;
      const std::size_t near = at_begin ? front : at_end ? search.places() - 1 : guess + front;
      if (near >= first && search.fits(near)) {
        return std::optional(Fit{.at = near, .front = front, .back = back, .fuzz = fuzz});
      }
      if (at_begin || at_end) continue;
      TRY_ASSIGN(const auto found, search.all(first, kShownPlaces + 1));
      if (found.size() > 1) {
        return several(found, "and only without some of its context; give it as the file has it");
      }
      if (found.empty()) continue;
      return std::optional(Fit{.at = found[0], .front = front, .back = back, .fuzz = fuzz});
    }
    TRY_ASSIGN(const auto found, search.nearest(guess));
    if (found) return std::optional(Fit{.at = *found});
  }
  return std::optional<Fit>();
}

}  // namespace quarry::edit
