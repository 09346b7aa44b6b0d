#include "server/search/recency.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace quarry::search {
namespace {

constexpr std::size_t kChunkFiles = 256;

struct Dated {
  std::int64_t mtime_ns = 0;
  std::uint32_t index = 0;
};

// Asks for times, opening each directory once.
class Dater {
 public:
  // `now_ns`: when the system had not been asked yet.
  Dater(const sandbox::Workspace& files, const Walk& walk, std::int64_t now_ns)
      : files_(files), walk_(walk), now_ns_(now_ns) {}

  std::int64_t mtime_ns(Walk::Place place) {
    const KeptTimes& kept = walk_.listing(place.directory).times;
    const std::int64_t known = kept.get(place.entry, now_ns_);
    if (known != KeptTimes::kNone) return known;
    if (!open_ || current_ != place.directory) {
      auto opened = files_.open_directory(walk_.listing(place.directory).path);
      if (!opened) return 0;
      open_ = std::move(*opened);
      current_ = place.directory;
    }
    const auto metadata = open_->metadata(walk_.name(place));
    if (!metadata) return 0;  // gone since its directory was read
    if (metadata->links == 1) kept.keep(place.entry, metadata->stamp.mtime_ns, now_ns_);
    return metadata->stamp.mtime_ns;
  }

 private:
  const sandbox::Workspace& files_;
  const Walk& walk_;
  const std::int64_t now_ns_;
  std::uint32_t current_ = 0;
  std::optional<sandbox::Dir> open_;
};

// Fills in what is kept; false when some are not.
bool date_from_memory(const Walk& walk, const std::vector<Walk::Place>& places, std::int64_t now_ns,
                      std::vector<Dated>& dated) {
  bool all = true;
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    const std::int64_t known = walk.listing(places[i].directory).times.get(places[i].entry, now_ns);
    dated[i] = {known, i};
    all = all && known != KeptTimes::kNone;
  }
  return all;
}

}  // namespace

bool order_by_mtime(const Engine& engine, const Walk& walk, const std::vector<Walk::Place>& places,
                    std::size_t wanted, const Stop& stop, std::vector<std::uint32_t>& order) {
  std::vector<Dated> dated(places.size());
  order.resize(places.size());
  std::iota(order.begin(), order.end(), 0U);
  const std::int64_t now_ns = engine.clock.steady_ns();
  if (!date_from_memory(walk, places, now_ns, dated)) {
    const auto ask = [&](std::size_t chunk) {
      Dater dater(engine.workspace, walk, now_ns);
      const std::size_t first = chunk * kChunkFiles;
      for (std::size_t i = first; i < std::min(first + kChunkFiles, places.size()); ++i) {
        if (stop.now()) return;
        if (dated[i].mtime_ns == KeptTimes::kNone) dated[i].mtime_ns = dater.mtime_ns(places[i]);
      }
    };
    const std::size_t chunks = (places.size() + kChunkFiles - 1) / kChunkFiles;
    if (chunks == 1) {
      ask(0);
    } else {
      engine.pool.fork_join(chunks, ask);
    }
    if (stop.now()) return false;
  }
  const std::size_t sorted = std::min(wanted, dated.size());
  std::partial_sort(dated.begin(), dated.begin() + static_cast<std::ptrdiff_t>(sorted), dated.end(),
                    [](const Dated& a, const Dated& b) {
                      return a.mtime_ns != b.mtime_ns ? a.mtime_ns > b.mtime_ns : a.index < b.index;
                    });
  std::ranges::transform(dated, order.begin(), &Dated::index);
  return true;
}

}  // namespace quarry::search
