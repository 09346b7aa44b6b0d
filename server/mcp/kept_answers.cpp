#include "server/mcp/kept_answers.h"

#include <algorithm>

namespace quarry::mcp {
namespace {

constexpr std::size_t kMaxQuestionBytes = std::size_t{64} << 10U;
// A fingerprint that takes no longer than this is taken for any call of the heavy lane.
constexpr std::int64_t kCheapCheckNs = 2'000'000;

// What work() of a tree needs while it waits for a worker.
struct Work {
  std::shared_ptr<watch::Tree> tree;  // owned: it may be let go of meanwhile
};

void run_work(void* what) {
  const std::unique_ptr<Work> work(static_cast<Work*>(what));
  work->tree->work();
}

void append_part(std::string& key, std::string_view part) {
  key.append(part).push_back('\0');  // JSON text and names hold none
}

void write_key(std::string& key, const Call& call) {
  watch::Answers::begin_key(key, call.question.tree->serial());
  append_part(key, call.tool->traits.name);
  key.append(reinterpret_cast<const char*>(&call.max_tokens), sizeof call.max_tokens);
  for (json::Value one = call.arguments.first(); one; one = call.arguments.after(one)) {
    if (one.key() == "session" || one.key() == "max_tokens") continue;
    append_part(key, one.key());
    append_part(key, one.raw());
  }
}

}  // namespace

KeptAnswers::KeptAnswers(const Clock& clock, pool::Pool& pool, Background* background,
                         const Options& options)
    : clock_(clock),
      pool_(pool),
      options_(options),
      answers_(options.answers),
      trees_(clock, background, options.tree,
             [this](std::uint64_t serial) {
               answers_.forget(serial);
               catalogues_.forget(serial);
             }),
      catalogues_(clock, options.catalogue, options.indexer) {}

void KeptAnswers::start(std::shared_ptr<watch::Tree> tree) {
  if (pool_.workers() == 0) return tree->work();
  auto work = std::make_unique<Work>(Work{std::move(tree)});
  if (pool_.post(pool::Lane::kHeavy, {&run_work, work.get()})) {
    (void)work.release();
  } else {
    work->tree->leave_work();
  }
}

bool KeptAnswers::read_version(Call& call, std::int64_t cost_ns) {
  Question& question = call.question;
  watch::Tree& tree = *question.tree;
  const bool git = call.tool->traits.depends == tools::Depends::kTreeAndGit;
  question.version = {};
  if (const auto epochs = tree.epochs()) {
    question.asked = true;
    if (git && !epochs->git_known) return false;
    question.version.tree[0] = epochs->tree;
    if (git) question.version.git[0] = epochs->git;
    question.by_epoch = question.keep = true;
    return true;
  }
  if (cost_ns < 0 || tree.mode() != watch::Mode::kChecking ||
      call.tool->traits.lane != tools::Lane::kHeavy ||
      !tree.fingerprint_pays(std::max(cost_ns, kCheapCheckNs))) {
    return false;
  }
  question.asked = true;
  const auto parallel = [this](std::size_t count, const std::function<void(std::size_t)>& body) {
    pool_.fork_join(count, body);
  };
  const auto print = tree.fingerprint(parallel, *call.cancel);
  if (!print || (git && !print->git_known)) return false;
  question.version.tree = print->version.tree;
  if (git) question.version.git = print->version.git;
  question.by_epoch = false;
  question.keep = print->settled;
  return true;
}

KeptAnswers::Turn KeptAnswers::arrive(std::unique_ptr<Call>& call, InFlight& in_flight,
                                      std::int64_t cost_ns) {
  Question& question = call->question;
  if (!options_.keep || question.asked || call->session->closed() || call->cancel->cancelled() ||
      (call->arguments && call->arguments.raw().size() > kMaxQuestionBytes)) {
    return Turn::kRun;
  }
  if (!question.tree) {
    question.tree = trees_.find(call->session->shared_workspace());
    if (question.tree->use()) start(question.tree);
  }
  question.begun_ns = clock_.steady_ns();
  if (!read_version(*call, cost_ns)) return Turn::kRun;
  // Nothing tells that a directory above the root was moved: a kept answer, too, is about what lies
  // at the root's place now. Where it does not, the call runs and says so.
  if (!call->session->workspace().check_root()) {
    question.keep = false;
    return Turn::kRun;
  }
  write_key(question.key, *call);
  bool flying = false;
  if (const auto answer =
          answers_.find(question.key, question.version, question.begun_ns, flying)) {
    give(*call, *answer);
    return Turn::kAnswered;
  }
  if (!question.by_epoch) return Turn::kRun;
  if (flying) {
    // First: once parked, the call is somebody else's.
    if (!call->tracked) in_flight.add(*call);
    if (answers_.join(question.key, question.version, call.get())) {
      (void)call.release();
      return Turn::kParked;
    }
  }
  question.leads = answers_.lead(question.key, question.version);
  return Turn::kRun;
}

KeptAnswers::Landed KeptAnswers::finish(KeptAnswers* kept, Call& call, const Result<void>& result) {
  if (kept == nullptr || call.question.key.empty()) return {};
  return kept->land(call, result.has_value() && call.output.keep && call.output.images.empty());
}

KeptAnswers::Landed KeptAnswers::land(Call& call, bool answered) {
  Question& question = call.question;
  Landed landed;
  if (answered && (question.keep || question.leads)) {
    landed.answer =
        std::make_shared<watch::Answer>(watch::Answer{call.output.text, call.output.structured});
    bool current = question.keep;
    if (question.by_epoch) {
      const auto epochs = question.tree->epochs();
      current = epochs && epochs->tree == question.version.tree[0] &&
                (question.version.git[0] == 0 || epochs->git == question.version.git[0]);
    } else if (current && question.version.git[0] != 0) {
      // A ref that came and goes again leaves no trace in the fingerprint.
      const watch::Version before = question.version;
      question.asked = false;
      current = read_version(call, INT64_MAX) && question.keep && question.version == before;
    }
    // Before those who wait are let go: whoever comes between finds it.
    if (current) {
      answers_.keep(question.key, question.version, landed.answer, question.begun_ns);
    }
  }
  if (question.leads) {
    landed.waiting = answers_.land(question.key, question.version, landed.answer != nullptr);
  }
  return landed;
}

std::shared_ptr<search::Catalogue> KeptAnswers::catalogue(const Call& call) {
  return call.question.tree ? catalogues_.find(call.question.tree) : nullptr;
}

void KeptAnswers::give(Call& call, const watch::Answer& answer) {
  call.output.clear();
  call.output.text = answer.text;
  call.output.structured = answer.structured;
}

}  // namespace quarry::mcp
