// ClassText: one class of characters of a pattern in the words of an engine: shorthands, properties
// and named classes written out, as Unicode and ripgrep have them.
//
// Pure functions; safe from any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/search/pattern.h"

namespace quarry::search {

struct ClassText {
  bool negated = false;
  std::string listed;                // what stands inside the brackets
  std::vector<std::string> outside;  // and, for each of these lists, every character not in it
  bool possible = true;              // the dialect can say it
};

// How the classes at one place of a pattern are meant.
struct ClassMeaning {
  Dialect dialect = Dialect::kUnicode;
  bool unicode = true;  // no (?-u)
  bool folds = false;   // (?i)
};

// `text`: all of a class, with its brackets.
ClassText read_class(std::string_view text, const ClassMeaning& meaning);
// What \w holds, as it is written inside of brackets.
std::string_view word_characters(const ClassMeaning& meaning);

}  // namespace quarry::search
