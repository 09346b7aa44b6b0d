// Settled: records of `state` that this process has written or read, kept at hand.
//
// They are what `state` holds after one of its changes, named by its number, and count for nothing
// else: any other change of `state`, of whatever process, makes them unknown. A change that takes
// over what is pending is the exception, since this process makes it and knows what it writes: so
// what is updated again and again is not read from the database each time, where each of its pages
// is a new one after each taking over.
//
// Bounded by kMostBytes; begun anew when full. Safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/base/guarded.h"
#include "server/store/layer.h"

namespace quarry::store {

class Settled {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{2} << 20U;
  enum class Known : std::uint8_t { kNo, kAbsent, kPresent };

  // What is known of `key` after the change `state`; the record is copied when it is present.
  Known find(std::uint64_t state, std::string_view key, std::string& record) const;
  // What was read after the change `state`.
  void note(std::uint64_t state, std::string_view key, std::optional<std::string_view> record);

  // A change that writes `pending` and nothing else that was ever read is about to begin; end it
  // with wrote(), or with failed(). One at a time.
  void writing() { entries_.lock()->writing = true; }
  // Its number, which is `state`.
  void wrote(std::uint64_t state, const Layer& pending);
  void failed();

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Entries {
    std::uint64_t state = 0;
    bool writing = false;
    std::size_t bytes = 0;
    std::unordered_map<std::string, std::optional<std::string>, Hash, std::equal_to<>> by_key;

    void begin(std::uint64_t at);
    void put(std::string_view key, std::optional<std::string_view> record);
  };

  Guarded<Entries> mutable entries_;
};

}  // namespace quarry::store
