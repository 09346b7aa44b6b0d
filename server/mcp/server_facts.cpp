#include "server/mcp/server_facts.h"

#include <cmath>

#include "server/base/utf8.h"
#include "server/mcp/tool_runner.h"
#include "server/metrics/memory.h"
#include "server/rpc/line_reader.h"

namespace quarry::mcp {
namespace {

double micros(std::uint64_t nanoseconds) {
  return std::round(static_cast<double>(nanoseconds) / 100.0) / 10.0;
}

void append_lane(json::Writer& out, std::string_view name, const pool::LaneStats& lane) {
  out.key(name).begin_object();
  out.field("queued", static_cast<std::uint64_t>(lane.depth));
  out.field("limit", static_cast<std::uint64_t>(lane.limit));
  out.field("accepted", lane.accepted);
  out.field("refused", lane.refused);
  out.field("wait_mean_us", micros(lane.accepted > 0 ? lane.wait_ns_total / lane.accepted : 0));
  out.field("wait_max_us", micros(lane.wait_ns_max));
  out.end_object();
}

void append_kept(json::Writer& out, const KeptAnswers& kept) {
  const watch::AnswerStats stats = kept.stats();
  out.key("kept_answers").begin_object();
  out.field("entries", static_cast<std::uint64_t>(stats.entries));
  out.field("bytes", static_cast<std::uint64_t>(stats.bytes));
  out.field("hits", stats.hits);
  out.field("misses", stats.misses);
  out.field("joined", stats.joined);
  out.field("evicted", stats.evicted);
  out.field("invalidated", stats.invalidated);
  out.field("watched_directories", static_cast<std::uint64_t>(kept.watched()));
  out.end_object();
}

void append_catalogue(json::Writer& out, const search::CatalogueStats& stats) {
  out.key("catalogue").begin_object();
  out.field("entries", stats.entries);
  out.field("directories", stats.directories);
  out.field("bytes", stats.bytes);
  out.field("hits", stats.hits);
  out.field("renewals", stats.renewals);
  out.field("builds", stats.builds);
  out.field("too_large", stats.too_large);
  out.end_object();
}

void append_contents(json::Writer& out, const search::ContentIndex::Stats& stats) {
  out.key("content_index").begin_object();
  out.field("files", stats.files);
  out.field("bytes", stats.bytes);
  out.field("searches", stats.sifted);
  out.field("directories_waiting", stats.waiting);
  out.field("read_bytes", stats.read_bytes);
  out.field("from_store", stats.from_store);
  out.field("full", stats.full);
  out.end_object();
}

std::string_view mode_name(watch::Mode mode) {
  switch (mode) {
    case watch::Mode::kIdle:
      return "not watched yet";
    case watch::Mode::kStarting:
      return "starting";
    case watch::Mode::kWatching:
      return "watch";
    case watch::Mode::kChecking:
      break;
  }
  return "fingerprint";
}

// How changes of each root in use are noticed.
void append_freshness(json::Writer& out, const KeptAnswers& kept) {
  out.key("freshness").begin_array();
  for (const watch::Standing& tree : kept.standing()) {
    std::string shown;
    utf8::append_escaped_name(shown, tree.root);
    out.begin_object().field("root", shown);
    out.field("mode", mode_name(tree.mode)).field("why", tree.why);
    out.field("directories", static_cast<std::uint64_t>(tree.directories));
    out.field("git_watched", tree.mode == watch::Mode::kWatching && tree.git_known);
    out.field("losses", tree.losses).end_object();
  }
  out.end_array();
}

void append_space(json::Writer& out, std::string_view name, const store::StoreStats::Space& space) {
  out.key(name).begin_object();
  out.field("disk_bytes", space.disk_bytes);
  out.field("used_bytes", space.used_bytes);
  out.field("limit_bytes", space.limit_bytes);
  out.end_object();
}

std::string_view sandbox_mode(const sandbox::Confinement& confinement) {
  if (!confinement.enforced) return confinement.openat2 ? "openat2" : "component walk";
  return confinement.openat2 ? "openat2+landlock" : "component walk+landlock";
}

void append_client_roots(json::Writer& out, const session::Roots::Narrowing& narrowing) {
  if (narrowing.given == 0) return;
  out.key("client_roots").begin_object();
  out.field("given", static_cast<std::uint64_t>(narrowing.given));
  out.field("narrowed", narrowing.narrowed);
  if (!narrowing.notes.empty()) {
    out.key("notes").begin_array();
    for (const std::string& note : narrowing.notes) out.string(note);
    out.end_array();
  }
  out.end_object();
}

}  // namespace

std::string LiveFacts::store_note(const store::StoreStats& store) const {
  std::string note = store.note;
  if (const std::string sessions = parts_.sessions.repair_note(); !sessions.empty()) {
    note.append(note.empty() ? "" : "; ").append(sessions);
  }
  return note;
}

void LiveFacts::append_summary(json::Writer& out) const {
  out.field("version", QUARRY_VERSION);
  out.field("uptime_s", (parts_.clock.steady_ns() - started_ns_) / 1'000'000'000);
  out.key("roots").begin_array();
  for (const auto& root : parts_.sessions.roots().allowed()) {
    std::string shown;
    utf8::append_escaped_name(shown, root->root());
    out.string(shown);
  }
  out.end_array();
  append_client_roots(out, parts_.sessions.roots().narrowing());
  out.field("read_only", parts_.sessions.read_only());
  out.field("sandbox", sandbox_mode(parts_.confinement));
  const store::StoreStats store = parts_.store.stats();
  out.field("store", store.mode);
  if (const std::string note = store_note(store); !note.empty()) out.field("store_note", note);
  out.field("sessions", static_cast<std::uint64_t>(parts_.sessions.in_use()));
  out.field("running", static_cast<std::uint64_t>(parts_.in_flight.size()));
  out.field("tools", static_cast<std::uint64_t>(parts_.tools.size()));
}

void LiveFacts::append_limits(json::Writer& out) const {
  out.key("limits").begin_object();
  for (const LimitRow& row : kLimitTable) {
    out.key(row.name).begin_object();
    out.field("value", parts_.limits[row.limit]);
    // A fixed limit has nothing else to say.
    if (!row.fixed()) out.field("default", row.standard).field("hard", row.hard);
    out.field("unit", row.unit).field("meaning", row.meaning);
    out.end_object();
  }
  out.end_object();
  out.field("workers", static_cast<std::uint64_t>(parts_.pool.workers()));
  out.key("deadline_ms").begin_object();
  for (std::size_t i = 0; i < parts_.tools.size(); ++i) {
    const tools::Traits& traits = parts_.tools.tool(i).traits;
    out.field(traits.name, static_cast<std::int64_t>(traits.deadline.count()));
  }
  out.end_object();
}

void LiveFacts::append_metrics(json::Writer& out) const {
  out.key("tools").begin_object();
  for (std::size_t i = 0; i < parts_.tools.size(); ++i) {
    const metrics::CallRow& row = parts_.metrics.row(i);
    const std::uint64_t calls = row.latency.count();
    if (calls == 0) continue;
    out.key(parts_.tools.tool(i).traits.name).begin_object();
    out.field("calls", calls);
    out.field("errors", row.errors.load(std::memory_order_relaxed));
    out.field("cancelled", row.cancelled.load(std::memory_order_relaxed));
    out.field("bytes", row.bytes.load(std::memory_order_relaxed));
    out.field("p50_us", micros(row.latency.percentile_ns(0.50)));
    out.field("p95_us", micros(row.latency.percentile_ns(0.95)));
    out.field("p99_us", micros(row.latency.percentile_ns(0.99)));
    out.end_object();
  }
  out.end_object();
  out.key("queue").begin_object();
  append_lane(out, "quick", parts_.pool.stats(pool::Lane::kQuick));
  append_lane(out, "heavy", parts_.pool.stats(pool::Lane::kHeavy));
  out.end_object();
  const store::StoreStats store = parts_.store.stats();
  out.key("store").begin_object();
  out.field("gets", store.gets);
  out.field("hits", store.hits);
  out.field("puts", store.puts);
  out.field("commits", store.commits);
  out.field("damaged", store.damaged);
  out.field("salvaged", store.salvaged);
  out.field("flushes", store.flushes);
  out.field("pending", store.pending);
  out.field("waits", store.waits);
  append_space(out, "recent", store.recent);
  append_space(out, "state", store.state);
  append_space(out, "cache", store.cache);
  out.end_object();
  const files::LineIndexes::Stats lines = parts_.line_indexes.stats();
  out.key("line_indexes").begin_object();
  out.field("hits", lines.hits);
  out.field("misses", lines.misses);
  out.field("evicted", lines.evicted);
  out.field("files", static_cast<std::uint64_t>(lines.files));
  out.field("bytes", static_cast<std::uint64_t>(lines.bytes));
  out.end_object();
  if (parts_.kept != nullptr) {
    append_kept(out, *parts_.kept);
    append_catalogue(out, parts_.kept->catalogue_stats());
    append_contents(out, parts_.kept->content_stats());
  }
  if (parts_.revisions != nullptr) {
    const revision::Cache::Stats revisions = parts_.revisions->stats();
    out.key("revisions").begin_object();
    out.field("hits", revisions.hits);
    out.field("misses", revisions.misses);
    out.field("objects", revisions.objects);
    out.field("bytes", revisions.bytes);
    out.end_object();
  }
  if (parts_.writer == nullptr) return;
  const rpc::LineWriter::Stats wire = parts_.writer->stats();
  out.key("wire").begin_object();
  out.field("lines", wire.lines);
  out.field("writes", wire.writes);
  out.field("bytes", wire.bytes);
  out.end_object();
}

void LiveFacts::append_memory(json::Writer& out) const {
  const metrics::MemoryFigures figures = metrics::read_memory_figures();
  out.field("rss_bytes", figures.rss_bytes);
  out.field("rss_anon_bytes", figures.rss_anon_bytes);
  out.field("rss_file_bytes", figures.rss_file_bytes);
  out.field("rss_peak_bytes", figures.rss_peak_bytes);
  out.field("heap_live_bytes", figures.heap_live_bytes);
  out.field("heap_held_bytes", figures.heap_held_bytes);
  out.key("cumulative").begin_object();
  out.field("calls", parts_.memory.calls());
  out.field("request_bytes", parts_.memory.request_bytes());
  if (parts_.writer != nullptr) out.field("answer_bytes", parts_.writer->stats().bytes);
  out.field("page_faults", figures.page_faults);
  out.end_object();
  const CallPool::Kept kept = parts_.memory.kept();
  out.key("kept_for_reuse").begin_object();
  out.field("calls", static_cast<std::uint64_t>(kept.calls));
  out.field("call_bytes", static_cast<std::uint64_t>(kept.bytes));
  if (parts_.writer != nullptr) {
    out.field("writer_bytes", static_cast<std::uint64_t>(parts_.writer->stats().kept));
    out.field("reader_bytes", static_cast<std::uint64_t>(rpc::LineReader::kBufferBytes));
  }
  out.end_object();
  const MemoryCare::Stats stats = parts_.memory.stats();
  out.key("trims").begin_object();
  out.field("idle", stats.idle_trims);
  out.field("growth", stats.growth_trims);
  out.field("pressure", stats.pressure_trims);
  out.field("given_back_bytes", stats.given_back);
  if (stats.last_trim_ms != 0) {
    out.field("last_s_ago", (parts_.clock.wall_ms() - stats.last_trim_ms) / 1000);
  }
  out.end_object();
  out.field("soft_limit_bytes", parts_.memory.limits().soft_bytes);
  out.field("refuse_heavy_above_bytes", parts_.memory.limits().refuse_at());
  out.field("heavy_refused", stats.refused);
  out.field("threads", figures.threads);
  out.field("open_descriptors", figures.descriptors);
}

void LiveFacts::append_diagnosis(json::Writer& out) const {
  const sandbox::Confinement& confinement = parts_.confinement;
  out.field("openat2", confinement.openat2);
  out.field("landlock_enforced", confinement.enforced);
  out.field("landlock_abi", confinement.landlock_abi);
  out.field("sandbox_note", confinement.note);
  const store::StoreStats store = parts_.store.stats();
  out.field("store", store.mode);
  out.field("store_note", store_note(store));
  Result<void> unchanged;
  for (const auto& root : parts_.sessions.roots().allowed()) {
    if (unchanged) unchanged = root->check_root();
  }
  out.field("root", unchanged ? std::string_view("unchanged")
                              : std::string_view(unchanged.error().message));
  if (parts_.kept != nullptr && parts_.kept->options().keep) append_freshness(out, *parts_.kept);
  const bool full = parts_.store.durability() == store::Durability::kFull;
  out.field("durability", !parts_.store.lasts() ? "none" : full ? "full" : "normal");
}

}  // namespace quarry::mcp
