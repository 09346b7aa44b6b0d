#include "server/index/signatures.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>

namespace quarry::index {
namespace {

using Set = std::set<Trigram>;

Signatures::Place add(Signatures& signatures, Signatures::File file, const Set& set) {
  const std::vector<Trigram> trigrams(set.begin(), set.end());
  return signatures.add(file, Signature::of(trigrams));
}

std::set<Signatures::File> candidates(const Signatures& signatures, const Query& query) {
  std::set<Signatures::File> found;
  signatures.each_candidate(query, [&](Signatures::File file) {
    CHECK(found.insert(file).second);  // each once
  });
  return found;
}

bool satisfies(const Set& set, const Query& query) {
  if (query.anything()) return true;
  const auto part = [&](const Query& one) { return satisfies(set, one); };
  if (query.kind() == Query::Kind::kAny) {
    return std::any_of(query.parts().begin(), query.parts().end(), part);
  }
  return std::all_of(query.trigrams().begin(), query.trigrams().end(),
                     [&](Trigram trigram) { return set.contains(trigram); }) &&
         std::all_of(query.parts().begin(), query.parts().end(), part);
}

std::string random_text(std::mt19937& random, std::size_t length) {
  std::string text;
  while (text.size() < length) text.push_back(static_cast<char>('a' + random() % 26));
  return text;
}

Set trigrams_of(const std::string& text) {
  const std::vector<Trigram> found = required_trigrams(text, false);
  return {found.begin(), found.end()};
}

Query random_query(std::mt19937& random, const std::vector<std::string>& words, int depth) {
  if (depth == 0 || random() % 2 == 0) return Query::text(words[random() % words.size()], false);
  std::vector<Query> parts;
  for (std::size_t i = 0; i < 1 + random() % 3; ++i) {
    parts.push_back(random_query(random, words, depth - 1));
  }
  return random() % 2 == 0 ? Query::all(std::move(parts)) : Query::any(std::move(parts));
}

TEST_CASE("no file that satisfies a query is missing, through additions and removals") {
  std::mt19937 random(11);
  std::vector<std::string> words;
  for (int i = 0; i < 60; ++i) words.push_back(random_text(random, 2 + random() % 7));
  Signatures signatures;
  std::map<Signatures::File, std::pair<Set, Signatures::Place>> present;
  Signatures::File next = 0;
  for (int round = 0; round < 3000; ++round) {
    if (present.empty() || random() % 3 != 0) {
      std::string text = random_text(random, random() % 10 == 0 ? 20'000 : random() % 600);
      for (std::size_t i = random() % 4; i > 0; --i) text += words[random() % words.size()];
      const Set set = trigrams_of(text);
      present[next] = {set, add(signatures, next, set)};
      ++next;
    } else {
      const auto gone =
          std::next(present.begin(), static_cast<std::ptrdiff_t>(random() % present.size()));
      signatures.remove(gone->second.second);
      present.erase(gone);
    }
    if (round % 20 != 0) continue;
    const Query query = random_query(random, words, 3);
    const auto found = candidates(signatures, query);
    for (const auto& [file, entry] : present) {
      if (satisfies(entry.first, query)) REQUIRE(found.contains(file));
    }
    for (const Signatures::File file : found) REQUIRE(present.contains(file));
  }
  CHECK(signatures.files() == present.size());
  for (const auto& [file, entry] : present) signatures.remove(entry.second);
  CHECK(signatures.files() == 0);
  CHECK(signatures.bytes() == 0);
}

TEST_CASE("a query of several trigrams lets few other files through") {
  std::mt19937 random(5);
  Signatures signatures;
  for (Signatures::File file = 0; file < 2000; ++file) {
    add(signatures, file, trigrams_of(random_text(random, 400 + random() % 3000)));
  }
  // Digits are in none of the texts, so every candidate is there by chance.
  std::size_t one = 0;
  std::size_t six = 0;
  for (int i = 100; i < 200; ++i) {
    one += candidates(signatures, Query::text(std::to_string(i), false)).size();
    six += candidates(signatures, Query::text(std::to_string(10'000'000 + i * 7919), false)).size();
  }
  CHECK(one < 2000 * 100 / 4);
  CHECK(six < 2000 * 100 / 1000);
}

TEST_CASE("signatures take six bits a trigram, a block more or less") {
  std::mt19937 random(3);
  Signatures signatures;
  std::size_t trigrams = 0;
  for (Signatures::File file = 0; file < 3000; ++file) {
    const Set set = trigrams_of(random_text(random, 200 + random() % 4000));
    trigrams += set.size();
    add(signatures, file, set);
  }
  CHECK(signatures.bytes() < trigrams * 8 / 8 + 8 * Signatures::block_bytes(12));
}

TEST_CASE("a signature is the same after it was stored, and other bytes are none") {
  for (const std::size_t length : {0UL, 3UL, 17UL, 500UL, 70'000UL}) {
    std::mt19937 random(static_cast<unsigned>(length));
    const Set set = trigrams_of(random_text(random, length));
    const Signature made = Signature::of(std::vector<Trigram>(set.begin(), set.end()));
    const auto again = Signature::from_bytes(made.bytes());
    REQUIRE(again);
    CHECK(again->bytes() == made.bytes());
    CHECK(again->length_log2() == made.length_log2());
  }
  for (const std::size_t size : {0UL, 1UL, 4UL, 7UL, 9UL, 24UL, 1'048'576UL}) {
    CHECK_FALSE(Signature::from_bytes(std::string(size, 'x')));
  }
}

TEST_CASE("a query over nothing in particular takes every file") {
  Signatures signatures;
  add(signatures, 7, {});
  add(signatures, 8, trigrams_of("abcdef"));
  CHECK(candidates(signatures, Query()).size() == 2);
  CHECK(candidates(signatures, Query::text("ab", false)).size() == 2);
  CHECK(candidates(signatures, Query::any({Query::text("zzz", false), Query()})).size() == 2);
  CHECK(candidates(signatures, Query::all({Query(), Query::text("abcd", true)})) ==
        std::set<Signatures::File>{8});
}

}  // namespace
}  // namespace quarry::index
