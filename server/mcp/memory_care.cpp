#include "server/mcp/memory_care.h"

#include <algorithm>

#include "server/base/log.h"

namespace quarry::mcp {
namespace {

constexpr std::size_t kLargeAnswer = std::size_t{64} << 10U;

std::int64_t mib(std::int64_t bytes) {
  return bytes >> 20U;
}

}  // namespace

void MemoryCare::call_ended(std::size_t request_bytes, std::size_t answer_bytes, bool heavy) {
  request_bytes_.fetch_add(request_bytes, std::memory_order_relaxed);
  const std::uint64_t calls = calls_.fetch_add(1, std::memory_order_relaxed) + 1;
  const bool due = calls % kCallsPerLook == 0;
  if (due) look();
  // A few small calls leave nothing behind that would be worth a thread.
  if (due || heavy || request_bytes + answer_bytes > kLargeAnswer) arm();
}

Result<void> MemoryCare::admit_heavy() {
  const std::int64_t now_ms = parts_.clock.steady_ns() / 1'000'000;
  if (now_ms - looked_ms_.load(std::memory_order_relaxed) >= kLookGapMs) look();
  if (!over_.load(std::memory_order_relaxed)) return {};
  stats_.lock()->refused += 1;
  return fail(Code::kUnavailable,
              "busy: memory: the server holds more than the {} MiB that it may have for further "
              "heavy work; call again after running calls have ended, or start it with a larger "
              "--memory-hard-mb",
              mib(parts_.limits.refuse_at()));
}

void MemoryCare::look() {
  const std::int64_t now_ms = parts_.clock.steady_ns() / 1'000'000;
  looked_ms_.store(now_ms, std::memory_order_relaxed);
  std::int64_t held = parts_.memory.resident();
  std::int64_t never = 0;
  busy_left_.compare_exchange_strong(never, held, std::memory_order_relaxed);
  const std::int64_t trimmed = trimmed_ms_.load(std::memory_order_relaxed);
  if (trimmed == 0 || now_ms - trimmed >= kTrimGapMs) {
    const bool pressed = held > std::min(parts_.limits.soft_bytes, parts_.limits.refuse_at());
    const auto cause = pressed ? &Stats::pressure_trims : &Stats::growth_trims;
    if ((pressed || held - busy_left_.load(std::memory_order_relaxed) > kGrowth) && trim(cause))
      held = parts_.memory.resident();
  }
  const bool over = held > parts_.limits.refuse_at();
  if (over != over_.exchange(over, std::memory_order_relaxed)) {
    if (over) {
      log::warning("memory: {} MiB held; heavy work is declined until it is under {} MiB",
                   mib(held), mib(parts_.limits.refuse_at()));
    } else {
      log::warning("memory: {} MiB held; heavy work is taken again", mib(held));
    }
  }
}

void MemoryCare::arm() {
  if (parts_.background == nullptr || armed_.exchange(true)) return;
  parts_.background->after(kIdle, [this, before = calls()] { idle(before); });
}

void MemoryCare::idle(std::uint64_t calls_before) {
  armed_.store(false);
  if (calls() != calls_before) return arm();  // not idle yet
  const std::int64_t held = parts_.memory.resident();
  if (held - idle_left_.load(std::memory_order_relaxed) <= kIdleGrowth) return;
  if (trim(&Stats::idle_trims)) idle_left_.store(parts_.memory.resident());
}

// False when another thread is at it.
bool MemoryCare::trim(std::uint64_t Stats::*cause) {
  if (trimming_.exchange(true)) return false;
  const std::int64_t before = parts_.memory.resident();
  parts_.calls.shrink();
  parts_.memory.give_back();
  const std::int64_t after = parts_.memory.resident();
  busy_left_.store(after, std::memory_order_relaxed);
  trimmed_ms_.store(parts_.clock.steady_ns() / 1'000'000, std::memory_order_relaxed);
  {
    auto stats = stats_.lock();
    (*stats).*cause += 1;
    stats->given_back += std::max<std::int64_t>(before - after, 0);
    stats->last_trim_ms = parts_.clock.wall_ms();
  }
  trimming_.store(false);
  return true;
}

}  // namespace quarry::mcp
