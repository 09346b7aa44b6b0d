// ReplacementTemplate: what comes in place of a match, with references to what its groups matched.
//
//   $1 ${1} \1 \g<1>   a group; the longest number of at most two digits that is one
//   ${name} \g<name>   a named group
//   $0 $& \0           the whole match
//   $$                 a dollar sign; a backslash before a reference's own makes it text: \\1
//
// All else is text: $name, \n, a lone $. Immutable; const, safe from any thread.

#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"

namespace quarry::search {

class ReplacementTemplate {
 public:
  // Text alone.
  explicit ReplacementTemplate(std::string_view text);
  // kInvalidArgs for a group that the pattern does not have.
  static Result<ReplacementTemplate> parse(std::string_view text, int groups,
                                           const std::map<std::string, int>& names);

  // Groups that are asked for beyond the whole match.
  bool asks_for_groups() const { return asks_for_groups_; }
  // `groups[0]` is the whole match. At most `most` bytes, else false.
  bool append(std::string& out, std::span<const std::string_view> groups, std::size_t most) const;

 private:
  ReplacementTemplate() = default;
  void add_text(std::string_view text);
  struct Piece {
    int group = -1;  // -1: text
    std::string text;
  };
  std::vector<Piece> pieces_;
  bool asks_for_groups_ = false;
};

}  // namespace quarry::search
