#include "server/edit/locate.h"

#include <algorithm>

#include "server/base/newlines.h"
#include "server/edit/closest.h"
#include "server/edit/find_text.h"
#include "server/edit/flat_text.h"
#include "server/edit/line_ends.h"
#include "server/edit/lines.h"

namespace quarry::edit {
namespace {

constexpr std::size_t kNamedPlaces = 10;
constexpr std::size_t kNew = SIZE_MAX;

// Of the same size, with every carriage return as a line break.
std::string with_returns_as_breaks(std::string text) {
  std::ranges::replace(text, '\r', '\n');
  return text;
}

std::size_t line_at(std::string_view text, std::size_t at) {
  return 1 + count_newlines(text.substr(0, at));
}

// A text that is being edited: pieces of the original one and new ones.
class Draft {
 public:
  explicit Draft(const std::string& text) : text_(text) {
    if (!text.empty()) pieces_.push_back({.origin = 0, .length = text.size()});
  }
  const std::string& text() const { return text_; }

  // `places` are ascending, each `length` long.
  void replace(const std::vector<std::size_t>& places, std::size_t length, std::string_view with) {
    std::string text;
    std::vector<Piece> pieces;
    std::size_t from = 0;
    Cursor cursor{*this};
    for (const std::size_t place : places) {
      text.append(text_, from, place - from).append(with);
      cursor.copy(place - from, &pieces);
      cursor.copy(length, nullptr);
      pieces.push_back({.origin = kNew, .length = with.size()});
      from = place + length;
    }
    text.append(text_, from);
    cursor.copy(text_.size() - from, &pieces);
    text_ = std::move(text);
    pieces_ = std::move(pieces);
  }

  // In offsets of the text that it began with, which is `size` long.
  std::vector<Splice> splices(std::size_t size) const {
    std::vector<Splice> found;
    std::size_t original = 0;  // up to which is said
    std::size_t at = 0;
    std::string with;
    const auto close = [&](std::size_t next) {
      if (next != original || !with.empty()) {
        found.push_back({.begin = original, .end = next, .with = std::move(with)});
      }
      with.clear();
    };
    for (const Piece& piece : pieces_) {
      if (piece.origin == kNew) {
        with.append(text_, at, piece.length);
      } else if (piece.length > 0) {
        close(piece.origin);
        original = piece.origin + piece.length;
      }
      at += piece.length;
    }
    close(size);
    return found;
  }

 private:
  struct Piece {
    std::size_t origin;  // in the first text; kNew: not from there
    std::size_t length;
  };
  struct Cursor {
    const Draft& draft;
    std::size_t piece = 0;
    std::size_t used = 0;  // of that piece
    // Takes the next `count` bytes; into `pieces`, or (null) leaves them out.
    void copy(std::size_t count, std::vector<Piece>* pieces) {
      while (count > 0) {
        const Piece& from = draft.pieces_[piece];
        const std::size_t take = std::min(count, from.length - used);
        if (pieces != nullptr && take > 0) {
          pieces->push_back({from.origin == kNew ? kNew : from.origin + used, take});
        }
        used += take;
        count -= take;
        if (used == from.length) {
          ++piece;
          used = 0;
        }
      }
    }
  };

  std::string text_;
  std::vector<Piece> pieces_;
};

std::string edit_name(std::size_t at, std::size_t count) {
  return count == 1 ? "" : fmt::format("edit {} of {}: ", at + 1, count);
}

std::string lines_of(std::string_view text, const std::vector<std::size_t>& places) {
  std::string out;
  for (std::size_t i = 0; i < std::min(places.size(), kNamedPlaces); ++i) {
    out += fmt::format("{}{}", i == 0 ? "" : ", ", line_at(text, places[i]));
  }
  if (places.size() > kNamedPlaces)
    out += fmt::format(" and {} more", places.size() - kNamedPlaces);
  return out;
}

// What a text says that was escaped once too often.
std::string without_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = text[at] == '\\' && at + 1 < text.size() ? text[at + 1] : '\0';
    const char meant = next == 'n'                                   ? '\n'
                       : next == 't'                                 ? '\t'
                       : next == '"' || next == '\'' || next == '\\' ? next
                                                                     : '\0';
    plain.push_back(meant != '\0' ? meant : text[at]);
    at += meant != '\0' ? 1 : 0;
  }
  return plain;
}

// The places of `wanted`, one behind the other, and at most one more than there may be.
std::vector<std::size_t> find_all(const std::string& text, const std::string& wanted) {
  std::vector<std::size_t> places;
  for (std::size_t at = find_text(text, wanted);
       at != text.npos && places.size() <= kMaxReplacements;
       at = find_text(text, wanted, at + wanted.size())) {
    places.push_back(at);
  }
  return places;
}

// `original`: what the draft was before all edits.
Result<std::size_t> make(Draft& draft, const std::string& original, const Replacement& edit,
                         char separator, const std::string& name) {
  const std::string old_text = FlatText(edit.old_text, separator).text();
  const std::string new_text = FlatText(edit.new_text, separator).text();
  if (old_text.empty()) {
    return fail(Code::kInvalidArgs,
                "{}old_string is empty; give the text to replace, or use write_file for a new file",
                name);
  }
  if (old_text == new_text) {
    return fail(Code::kInvalidArgs, "{}old_string and new_string are the same", name);
  }
  const std::string& text = draft.text();
  std::vector<std::size_t> places = find_all(text, old_text);
  if (places.empty() && text.find('\r') != text.npos) {
    places = find_all(with_returns_as_breaks(text), with_returns_as_breaks(old_text));
  }
  if (places.size() > kMaxReplacements) {
    return fail(Code::kTooLarge,
                "{}old_string occurs more than {} times; replace_in_files takes more", name,
                kMaxReplacements);
  }
  if (places.empty()) {
    const std::string unescaped = without_escapes(old_text);
    if (unescaped != old_text && find_text(text, unescaped) != text.npos) {
      return fail(Code::kNotFound,
                  "{}old_string is not in the file as it was sent, but fits when its escapes (\\n, "
                  "\\t, \\\", \\\\) are taken for what they stand for: send real line breaks and "
                  "characters, in new_string too",
                  name);
    }
    if (find_text(original, old_text) != original.npos) {
      return fail(Code::kNotFound,
                  "{}an edit before it changes its old_string; give the text as that edit leaves "
                  "it, or make one edit of both",
                  name);
    }
    return fail(Code::kNotFound, "{}{}", name, explain_miss(text, old_text));
  }
  if (places.size() > 1 && !edit.replace_all) {
    return fail(Code::kInvalidArgs,
                "{}old_string occurs {} times, on lines {}; add lines around it until it is "
                "unique, or set replace_all",
                name, places.size(), lines_of(text, places));
  }
  draft.replace(places, old_text.size(), new_text);
  return places.size();
}

}  // namespace

Result<Located> locate(std::string_view text, std::span<const Replacement> edits,
                       const CancelToken& cancel) {
  const char separator = separator_of(text);
  const FlatText flat(text, separator);
  Draft draft(flat.text());
  Located located;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    TRY(cancel.check());
    TRY_ASSIGN(const std::size_t made,
               make(draft, flat.text(), edits[i], separator, edit_name(i, edits.size())));
    located.replacements += made;
  }
  located.splices = draft.splices(flat.text().size());
  LineEnds ends(text);
  for (Splice& splice : located.splices) {
    TRY(cancel.check());
    splice.begin = flat.original(splice.begin);
    splice.end = flat.original(splice.end);
    splice.with = ends.fit(splice.with, splice.begin, splice.end);
  }
  return located;
}

}  // namespace quarry::edit
