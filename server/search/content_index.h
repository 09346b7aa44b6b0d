// ContentIndex: which files of one root's tree may hold a match, known without reading them.
//
// It holds a signature of the text of each file, made by reading the file once. It makes a search
// read fewer files and never give another answer: what it does not rule out is read, and a file
// that it rules out is still counted as searched or as binary, as reading would.
//
// What it says of a directory holds as long as the catalogue gives the same Listing for it. A
// directory that changed is searched by reading until advance() has come to it; then only its
// changed files are read again. A watch does not tell of everything (watch/tree.h), so nothing is
// believed for longer than kMostAgeNs: by then advance() has asked every file for its stamp again,
// or searches read everything until it has.
//
// Left to reading: large files, those in other encodings than UTF-8 and those with several names
// (see IndexedTexts), such as cannot be opened or hold secrets, and whatever does not fit into the
// budget. Where a file gets a second name after it was learnt, its Listing is another one by that
// (search/renewal.h).
//
// sift() and stats() are safe from any thread. advance() and drop() are called by one at a time.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/index/signatures.h"
#include "server/sandbox/workspace.h"
#include "server/search/file_filter.h"
#include "server/search/indexed_text.h"
#include "server/search/stop.h"
#include "server/search/walk.h"
#include "server/watch/tree.h"

namespace quarry::search {

// How much all indexes of a process may hold: their signatures, which are most of what they take; a
// file takes some 80 bytes beside. What they leave on disk is the cache store's to bound
// (store/cache.h). Safe from any thread.
struct IndexBudget {
  std::size_t most = 0;  // bytes; never exceeded
  std::atomic<std::size_t> used{0};
};

// What a search must read, and what is known of the rest.
struct Sifted {
  std::vector<Walk::Place> read;  // in path order
  std::uint64_t filtered = 0;     // files that the filter left out
  std::uint64_t unjudged = 0;     // that time did not allow the filter to be asked about
  // Of the files that need not be read:
  std::uint64_t searched = 0;
  std::uint64_t binary = 0;
  bool by_index = false;  // some were ruled out
  // Why all are read though there is an index.
  enum class Scan : std::uint8_t {
    kNo,
    kNoText,   // every match might hold anything
    kNotSure,  // not all has been learnt yet, or asked for its stamp in time
  } scan = Scan::kNo;
};

class ContentIndex {
 public:
  struct Stats {
    std::uint64_t files = 0;       // known by content
    std::uint64_t bytes = 0;       // of memory
    std::uint64_t read_bytes = 0;  // to make signatures, so far
    std::uint64_t from_store = 0;  // signatures that another run or process had made
    std::uint64_t sifted = 0;      // searches that read less by it
    std::uint64_t waiting = 0;     // directories that advance() has to read
    bool full = false;             // the budget is used up: some files are left to reading
  };
  static constexpr std::int64_t kMostAgeNs = watch::kMaxLookAgeNs;

  // All outlive it.
  ContentIndex(IndexedTexts& texts, IndexBudget& budget, const Clock& clock)
      : texts_(texts), budget_(budget), clock_(clock) {}
  ~ContentIndex() { drop(); }
  ContentIndex(const ContentIndex&) = delete;
  ContentIndex& operator=(const ContentIndex&) = delete;

  // The files of `walk`, of those that `filter` takes, that a search for what satisfies `query` has
  // to read.
  Sifted sift(const Walk& walk, const index::Query& query, const FileFilter& filter,
              const Stop& stop) const;

  // Brings it nearer to `tree`, directory by directory, until `slice` is over. False: there.
  bool advance(const sandbox::Workspace& files, const std::shared_ptr<const TreeNode>& tree,
               const Stop& slice);
  void drop();
  // advance() should be called: it is time to ask the files again.
  bool due() const;
  Stats stats() const;

 private:
  using FileId = index::Signatures::File;
  static constexpr FileId kNone = UINT32_MAX;

  struct File {
    TextState state;
    bool has_signature = false;
    index::Signatures::Place place;  // of the signature
    std::uint32_t directory = 0;
  };
  struct Directory {
    // Owners: this and the trees that hold it. Null: free.
    std::shared_ptr<const Listing> listing;
    std::vector<FileId> files;  // by entry
    std::uint32_t unknown = 0;  // files that must be read always
    std::uint32_t text = 0, binary = 0;
  };
  struct State {
    index::Signatures signatures;
    std::vector<File> files;
    std::vector<FileId> free_files;
    std::vector<Directory> directories;
    std::vector<std::uint32_t> free_directories;
    std::unordered_map<const Listing*, std::uint32_t> by_listing;
    std::unordered_map<std::string, std::uint32_t> by_path;
    std::uint64_t sifted = 0, read_bytes = 0, from_store = 0, waiting = 0;
    std::size_t in_budget = 0;     // bytes
    std::int64_t verified_ns = 0;  // every file was asked for its stamp after that; 0: never
    bool full = false;
  };
  // What advance() has still to do for one tree.
  struct Plan {
    std::shared_ptr<const TreeNode> tree;
    std::vector<const TreeNode*> waiting;  // the last first
    std::int64_t began_ns = 0;             // not 0: all directories are asked, since then
  };
  // What is known of a directory's files before it is entered into the state.
  struct Reading;
  // What a search need not read, by directory and entry, while no filter was asked.
  struct Knowledge;
  class Sifter;

  // Every file was asked for its stamp lately enough.
  bool trusted(const State& state) const;
  Knowledge look_up(const Walk& walk, const index::Query& query, bool takes_all) const;

  void plan(const std::shared_ptr<const TreeNode>& tree);
  void read_directory(const sandbox::Workspace& files, const TreeNode& node);
  void enter(State& state, Reading& reading);
  // kNone: there is no room.
  FileId add_file(State& state, const IndexedText& text);
  static void forget_file(State& state, FileId id);
  // And its files.
  void forget_directory(State& state, std::uint32_t number);
  // What `state` holds now, in the budget.
  void settle(State& state);

  IndexedTexts& texts_;
  IndexBudget& budget_;
  const Clock& clock_;
  Plan plan_;  // advance()'s own
  mutable Guarded<State> state_;
};

}  // namespace quarry::search
