// Query: which texts a search must find in a file for the file to be worth reading.
//
// A tree of "all of" and "any of" over texts. It never says more than the search does: a file that
// the search matches satisfies it. Built by whoever knows the pattern; values, thread-compatible.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "server/index/trigrams.h"

namespace quarry::index {

class Query {
 public:
  enum class Kind : std::uint8_t {
    kAnything,  // every file may match
    kAll,       // what holds its trigrams and satisfies all its parts
    kAny,       // what satisfies one of its parts
  };

  // Every file may match.
  Query() = default;
  // What contains `text`, in any case where `ignore_case`.
  static Query text(std::string_view text, bool ignore_case);
  // What satisfies all of `parts`, or one of them. No part at all: kAnything.
  static Query all(std::vector<Query> parts);
  static Query any(std::vector<Query> parts);

  Kind kind() const { return kind_; }
  bool anything() const { return kind_ == Kind::kAnything; }
  const std::vector<Trigram>& trigrams() const { return trigrams_; }  // of kAll
  const std::vector<Query>& parts() const { return parts_; }

 private:
  Kind kind_ = Kind::kAnything;
  std::vector<Trigram> trigrams_;
  std::vector<Query> parts_;
};

}  // namespace quarry::index
