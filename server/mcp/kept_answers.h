// KeptAnswers: gives an answer that is known to be current instead of running the tool again.
//
// A call of a tool that says what its answers depend on is looked up by its tool, budget and
// arguments (all but the session's handle) among its root's answers, at the state that the tree
// has when the call is looked at: every change that was finished before the call was sent is in
// it. Equal calls at one state run once; the others wait without a thread and get that answer, or
// run for themselves when there is none that may be given to others.
//
// An answer belongs to the state before its call began; what a changing tree made of it goes to
// its caller alone.
//
// Calls that run find the catalogue of their root here: what is known of a tree has one owner.
//
// Safe from any thread.

#pragma once

#include <memory>
#include <vector>

#include "server/base/background.h"
#include "server/base/clock.h"
#include "server/mcp/call.h"
#include "server/mcp/in_flight.h"
#include "server/pool/pool.h"
#include "server/search/catalogues.h"
#include "server/watch/answers.h"
#include "server/watch/trees.h"

namespace quarry::mcp {

class KeptAnswers {
 public:
  struct Options {
    bool keep = true;  // false: every call runs
    watch::TreeLimits tree;
    watch::Answers::Limits answers;
    search::CatalogueLimits catalogue;
    search::Indexer* indexer = nullptr;  // outlives the answers; null: no content is learnt
  };
  enum class Turn : std::uint8_t {
    kRun,
    kAnswered,  // call.output holds the answer
    kParked,    // the call is taken; finish() of another call hands it back
  };
  struct Landed {
    std::vector<watch::Answers::Ticket> waiting;  // Calls
    std::shared_ptr<const watch::Answer> answer;  // null: each must run
  };

  // Everything outlives the answers; `background` may be null.
  KeptAnswers(const Clock& clock, pool::Pool& pool, Background* background, const Options& options);

  // Before the call runs. `cost_ns`: what running it is likely to cost, on a thread that may spend
  // that much on finding out; negative: nothing may be spent.
  Turn arrive(std::unique_ptr<Call>& call, InFlight& in_flight, std::int64_t cost_ns);
  // After every call that arrived and was told to run, with what became of it. `kept` may be null.
  static Landed finish(KeptAnswers* kept, Call& call, const Result<void>& result);
  static void give(Call& call, const watch::Answer& answer);
  // Of the call's root; null when nothing is kept.
  std::shared_ptr<search::Catalogue> catalogue(const Call& call);

  const Options& options() const { return options_; }
  watch::AnswerStats stats() const { return answers_.stats(); }
  std::vector<watch::Standing> standing() const { return trees_.standing(); }
  std::size_t watched() const { return trees_.watched(); }
  search::CatalogueStats catalogue_stats() const { return catalogues_.stats(); }
  search::ContentIndex::Stats content_stats() const { return catalogues_.content_stats(); }

 private:
  void start(std::shared_ptr<watch::Tree> tree);
  // Fills question.version and its flags. False: the state is not known.
  bool read_version(Call& call, std::int64_t cost_ns);
  Landed land(Call& call, bool answered);

  const Clock& clock_;
  pool::Pool& pool_;
  const Options options_;
  watch::Answers answers_;
  watch::Trees trees_;
  search::Catalogues catalogues_;  // behind the trees, whose watches they hold
};

}  // namespace quarry::mcp
