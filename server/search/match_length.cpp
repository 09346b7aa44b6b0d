#include "server/search/match_length.h"

#include <algorithm>

namespace quarry::search {
namespace {

constexpr std::size_t kCharacterBytes = 4;
constexpr std::size_t kMost = std::size_t{1} << 32U;  // longer is as good as without a bound

class Measurer {
 public:
  explicit Measurer(const std::vector<Token>& tokens) : tokens_(tokens) {}

  std::size_t alternatives() {
    std::size_t longest = sequence();
    while (at_ < tokens_.size() && tokens_[at_].kind == TokenKind::kBar) {
      ++at_;
      longest = std::max(longest, sequence());
    }
    return longest;
  }
  bool whole() const { return at_ == tokens_.size(); }

 private:
  std::size_t sequence() {
    std::size_t sum = 0;
    while (at_ < tokens_.size() && tokens_[at_].kind != TokenKind::kBar &&
           tokens_[at_].kind != TokenKind::kClose) {
      std::size_t part = one();
      while (at_ < tokens_.size() && tokens_[at_].kind == TokenKind::kRepeat) {
        const int times = tokens_[at_++].max;
        if (part > 0) part = times < 0 ? kMost : part * static_cast<std::size_t>(times);
        part = std::min(part, kMost);
      }
      sum = std::min(sum + part, kMost);
    }
    return sum;
  }

  std::size_t one() {
    const Token& token = tokens_[at_++];
    switch (token.kind) {
      case TokenKind::kText:
      case TokenKind::kClass:
      case TokenKind::kShorthand:
      case TokenKind::kProperty:
      case TokenKind::kAny:
        return kCharacterBytes;
      case TokenKind::kOpen:
      case TokenKind::kAtomic:
      case TokenKind::kLook: {
        const bool counts = token.kind != TokenKind::kLook;
        const std::size_t inner = alternatives();
        if (at_ < tokens_.size()) ++at_;
        return counts ? inner : 0;
      }
      case TokenKind::kBack:
      case TokenKind::kOther:
        return kMost;
      default:
        return 0;
    }
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t longest_match(const std::vector<Token>& tokens) {
  Measurer measurer(tokens);
  const std::size_t longest = measurer.alternatives();
  return measurer.whole() && longest < kMost ? longest : kAnyLength;
}

}  // namespace quarry::search
