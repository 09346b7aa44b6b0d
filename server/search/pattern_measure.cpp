#include "server/search/pattern_measure.h"

#include <algorithm>

namespace quarry::search {
namespace {

constexpr std::size_t kCharacterBytes = 4;
constexpr std::size_t kMostBytes = std::size_t{1} << 32U;  // longer is as good as without a bound
constexpr int kEnough = 1'000'000;
constexpr int kMostTimes = 100'000;

int capped(int count, int times) {
  return static_cast<int>(std::min<std::int64_t>(std::int64_t{count} * times, kEnough));
}

class Measurer {
 public:
  explicit Measurer(const std::vector<Token>& tokens) : tokens_(tokens) {}

  PatternMeasure alternatives() {
    PatternMeasure all = sequence();
    while (at_ < tokens_.size() && tokens_[at_].kind == TokenKind::kBar) {
      ++at_;
      const PatternMeasure other = sequence();
      all.longest = std::max(all.longest, other.longest);
      all.shortest = std::min(all.shortest, other.shortest);
      all.places += other.places;
      all.counted += other.counted;
      all.open += other.open;
    }
    return all;
  }
  bool whole() const { return at_ == tokens_.size(); }

 private:
  PatternMeasure sequence() {
    PatternMeasure all;
    while (at_ < tokens_.size() && tokens_[at_].kind != TokenKind::kBar &&
           tokens_[at_].kind != TokenKind::kClose) {
      PatternMeasure part = one();
      while (at_ < tokens_.size() && tokens_[at_].kind == TokenKind::kRepeat) {
        repeat(part, tokens_[at_++]);
      }
      all.longest = std::min(all.longest + part.longest, kMostBytes);
      all.shortest = std::min(all.shortest + part.shortest, kEnough);
      all.places = std::min(all.places + part.places, kEnough);
      all.counted = std::min(all.counted + part.counted, kEnough);
      all.open += part.open;
    }
    return all;
  }

  static void repeat(PatternMeasure& part, const Token& token) {
    if (part.longest > 0) {
      part.longest =
          token.max < 0 ? kMostBytes : part.longest * static_cast<std::size_t>(token.max);
      part.longest = std::min(part.longest, kMostBytes);
    }
    const int times = std::min(std::max({token.min, token.max, 1}), kMostTimes);
    part.open += token.max < 0 ? 1 : 0;
    if (times > 1) part.counted = capped(part.places, times);
    part.places = capped(part.places, times);
    part.shortest = capped(part.shortest, std::min(token.min, 1));
  }

  PatternMeasure one() {
    const Token& token = tokens_[at_++];
    switch (token.kind) {
      case TokenKind::kText:
      case TokenKind::kClass:
      case TokenKind::kShorthand:
      case TokenKind::kProperty:
      case TokenKind::kAny:
        return {.longest = kCharacterBytes, .shortest = 1, .places = 1};
      case TokenKind::kOpen:
      case TokenKind::kAtomic:
      case TokenKind::kLook: {
        const PatternMeasure inner = alternatives();
        if (at_ < tokens_.size()) ++at_;
        return token.kind == TokenKind::kLook ? PatternMeasure{} : inner;
      }
      case TokenKind::kBack:
      case TokenKind::kOther:
        return {.longest = kMostBytes};
      default:
        return {};
    }
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
};

}  // namespace

PatternMeasure measure_pattern(const std::vector<Token>& tokens) {
  Measurer measurer(tokens);
  PatternMeasure measure = measurer.alternatives();
  if (!measurer.whole() || measure.longest >= kMostBytes) measure.longest = kAnyLength;
  return measure;
}

}  // namespace quarry::search
