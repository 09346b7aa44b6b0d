// IndexedTexts: what the content index knows of single files, read from disk or, where the same
// content was read before by any process, from the cache store.
//
// A file's signature is stored under a hash of its content, so branches, worktrees and processes
// share it. The hash has a random key, which the store keeps: who writes files cannot make two with
// one hash, of which one would hide what the other holds. Which content a file has, under its
// stamp, so that a file that has not changed need not be read to know. Both may vanish at any time.
//
// Belongs to one thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/base/clock.h"
#include "server/base/hash.h"
#include "server/index/signature.h"
#include "server/sandbox/workspace.h"
#include "server/search/text_reader.h"
#include "server/store/store.h"

namespace quarry::search {

enum class TextKind : std::uint8_t { kText, kBinary };

// Of a file whose content is known.
struct TextState {
  TextKind kind = TextKind::kText;
  sandbox::Stamp stamp;
  // The stamp cannot belong to later content as well.
  bool settled = false;
};

struct IndexedText {
  TextState state;
  std::optional<index::Signature> signature;  // unless binary
};

class IndexedTexts {
 public:
  // `clock` and `store` outlive it.
  IndexedTexts(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // What the file `name` of `in` holds, whose `metadata` was just asked for. Nothing when it cannot
  // be opened, is longer than TextReader::kWholeBytes, is in another encoding than UTF-8, changed
  // while it was read, or has several names: what is written through another one, nobody tells of.
  std::optional<IndexedText> look(const sandbox::Dir& in, std::string_view name,
                                  const sandbox::Metadata& metadata);

  std::uint64_t read_bytes() const { return read_bytes_; }
  std::uint64_t from_store() const { return from_store_; }

 private:
  std::optional<IndexedText> find_stored(const sandbox::Stamp& stamp);
  // Leaves in key_ where it is stored, or would be.
  std::optional<index::Signature> signature_of(std::string_view content);
  std::optional<IndexedText> read(sandbox::File file, TextState state);
  index::Signature sign(std::string_view text);
  const KeyedHash& hash();

  store::Store& store_;
  const Clock& clock_;
  TextReader reader_;
  index::TrigramCollector trigrams_;
  std::optional<KeyedHash> hash_;
  std::string key_, value_;
  std::uint64_t read_bytes_ = 0;
  std::uint64_t from_store_ = 0;
};

}  // namespace quarry::search
