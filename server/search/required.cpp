#include "server/search/required.h"

#include <algorithm>
#include <optional>

namespace quarry::search {
namespace {

using Texts = std::vector<std::string>;

std::size_t shortest(const Texts& texts) {
  std::size_t least = SIZE_MAX;
  for (const std::string& text : texts) least = std::min(least, text.size());
  return texts.empty() ? 0 : least;
}

// What is known of one part of a pattern.
struct Part {
  std::optional<Texts> exact;  // it matches one of these and nothing else
  std::vector<Texts> needs;    // else: a match holds one of each
};

class Finder {
 public:
  Finder(const std::vector<Token>& tokens, bool fold) : tokens_(tokens), fold_(fold) {}

  std::vector<Texts> find() {
    std::vector<Texts> needs = needs_of(alternatives());
    // A closing bracket too many: not a pattern that was understood.
    if (at_ < tokens_.size()) return {};
    std::erase_if(needs, [](const Texts& texts) { return shortest(texts) < Required::kShortest; });
    return needs;
  }

 private:
  static std::vector<Texts> needs_of(Part part) {
    if (part.exact && shortest(*part.exact) > 0) part.needs.push_back(std::move(*part.exact));
    return std::move(part.needs);
  }

  Part alternatives() {
    std::vector<Part> branches;
    branches.push_back(sequence());
    while (at_ < tokens_.size() && tokens_[at_].kind == TokenKind::kBar) {
      ++at_;
      branches.push_back(sequence());
    }
    if (branches.size() == 1) return std::move(branches.front());
    Part all;
    Texts texts;
    if (std::ranges::all_of(branches,
                            [](const Part& branch) { return branch.exact.has_value(); })) {
      for (Part& branch : branches) {
        texts.insert(texts.end(), branch.exact->begin(), branch.exact->end());
      }
      if (texts.size() <= Required::kMostTexts) all.exact = std::move(texts);
      return all;
    }
    for (Part& branch : branches) {
      const std::vector<Texts> needs = needs_of(std::move(branch));
      const auto best = std::ranges::max_element(
          needs, {}, [](const Texts& candidates) { return shortest(candidates); });
      if (best == needs.end()) return all;
      texts.insert(texts.end(), best->begin(), best->end());
    }
    if (texts.size() <= Required::kMostTexts) all.needs.push_back(std::move(texts));
    return all;
  }

  Part sequence() {
    Part all;
    Texts run = {""};  // what stands here since the last part that is not exact
    bool broken = false;
    const auto end_run = [&] {
      if (shortest(run) > 0) all.needs.push_back(run);
      run = {""};
      broken = true;
    };
    while (at_ < tokens_.size() && tokens_[at_].kind != TokenKind::kBar &&
           tokens_[at_].kind != TokenKind::kClose) {
      Part part = one();
      bool ends = false;  // whether what follows stands directly behind it
      if (at_ < tokens_.size() && tokens_[at_].kind == TokenKind::kRepeat) {
        const Token& repeat = tokens_[at_++];
        if (repeat.min == 0) part = {};
        if (repeat.max != 1) ends = true;
        while (at_ < tokens_.size() && tokens_[at_].kind == TokenKind::kRepeat) {
          part = {};
          ++at_;
        }
      }
      if (!part.exact) {
        end_run();
        std::ranges::move(part.needs, std::back_inserter(all.needs));
        continue;
      }
      if (run.size() * part.exact->size() > Required::kMostTexts) end_run();
      Texts longer;
      for (const std::string& before : run) {
        for (const std::string& text : *part.exact) longer.push_back(before + text);
      }
      run = std::move(longer);
      if (ends) end_run();
    }
    if (!broken) {
      all.exact = std::move(run);
    } else {
      end_run();
    }
    return all;
  }

  Part one() {
    const Token& token = tokens_[at_++];
    Part part;
    switch (token.kind) {
      case TokenKind::kText:
        part.exact = text(token.bytes);
        break;
      case TokenKind::kLineBegin:
      case TokenKind::kLineEnd:
      case TokenKind::kWordEdge:
      case TokenKind::kFlags:
        part.exact = {""};
        break;
      case TokenKind::kOpen:
      case TokenKind::kAtomic:
        part = alternatives();
        if (at_ < tokens_.size()) ++at_;
        break;
      case TokenKind::kLook:
        alternatives();
        if (at_ < tokens_.size()) ++at_;
        part.exact = {""};
        break;
      default:
        break;
    }
    return part;
  }

  std::optional<Texts> text(const std::string& bytes) const {
    if (!fold_) return Texts{bytes};
    char c = bytes.front();
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    // U+212A folds to k, U+017F to s.
    if (bytes.size() > 1 || static_cast<signed char>(c) < 0 || c == 'k' || c == 's') {
      return std::nullopt;
    }
    return Texts{std::string(1, c)};
  }

  const std::vector<Token>& tokens_;
  bool fold_;
  std::size_t at_ = 0;
};

}  // namespace

std::string Required::longest() const {
  std::string best;
  for (const Texts& texts : all) {
    if (texts.size() == 1 && texts.front().size() > best.size()) best = texts.front();
  }
  return best;
}

Required required_of(const std::vector<Token>& tokens, bool fold) {
  const PatternShape shape = shape_of(tokens);
  Required required;
  if (!shape.known) return required;
  required.fold = fold || shape.folds;
  required.all = Finder(tokens, required.fold).find();
  return required;
}

}  // namespace quarry::search
