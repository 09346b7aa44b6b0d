// ChangeSet: what one change of durable tables has done so far, kept in memory over what is stored.
//
// Nothing of it is stored until its owner applies writes(); thrown away, it leaves nothing behind.
// Where there is no more than a reserve left, a change must not make what is stored larger: what
// erases, and books that it did, goes on as long as there is any room.
// Belongs to the thread of the change.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "server/store/layer.h"
#include "server/store/store.h"

namespace quarry::store {

class ChangeSet final : public Transaction {
 public:
  // What the change finds stored. Keys and records are those of the database.
  class Base {
   public:
    virtual ~Base() = default;
    virtual Result<bool> find(std::string_view key, std::string& record) = 0;
    virtual Result<Layer> list(std::string_view prefix, std::string_view after) = 0;
    // Whether `more` bytes of records fit: kDiskReserve, only into the disk that is kept for
    // changes that make room.
    enum class Room : std::uint8_t { kPlenty, kDiskReserve, kReserve, kNone };
    virtual Room room(std::size_t more) = 0;
  };
  // By database key; nullopt: erased.
  using Writes = std::map<std::string, std::optional<std::string>, std::less<>>;

  // `on_damage` is called for each damaged record that is met. `generation`: of what `base` finds.
  ChangeSet(Base& base, std::uint32_t second, const std::function<void()>& on_damage,
            std::uint64_t generation = kNoGeneration)
      : base_(base), second_(second), on_damage_(on_damage), generation_(generation) {}

  std::uint64_t generation() const override {
    return writes_.empty() ? generation_ : kNoGeneration;
  }

  std::optional<std::string> get(Table table, std::string_view key) override;
  Result<void> put(Table table, std::string_view key, std::string_view value) override;
  Result<void> erase(Table table, std::string_view key) override;
  Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                    const Visit& visit) override;

  // What a get() could not read; a change that took it for absent must not be stored.
  const Result<void>& read() const { return read_; }
  const Writes& writes() const { return writes_; }
  std::size_t bytes() const { return bytes_; }  // of keys and records, at least
  std::uint64_t put_count() const { return puts_; }

 private:
  // Keys and records that writes() concerns: as they are stored, and as they will be.
  struct Sizes {
    std::size_t before = 0;
    std::size_t after = 0;
  };
  Result<void> check_room(std::string_view key, std::size_t record);
  Result<std::size_t> stored_bytes(std::string_view key);
  // What sizes_ will be with one more record of `record` bytes; nullopt: erased.
  Result<Sizes> sizes_with(std::string_view key, std::optional<std::size_t> record);

  Base& base_;
  const std::uint32_t second_;
  const std::function<void()>& on_damage_;
  const std::uint64_t generation_;
  Writes writes_;
  std::optional<Sizes> sizes_;  // from when there is no more than a reserve left
  std::size_t bytes_ = 0;
  std::uint64_t puts_ = 0;
  Result<void> read_;
};

}  // namespace quarry::store
