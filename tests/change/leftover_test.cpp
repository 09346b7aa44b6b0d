// What a process that was killed has left beside a file, for each moment, and what becomes of it.

#include <filesystem>

#include <sys/stat.h>

#include "tests/change/world.h"
#include "tests/support/faulty_process.h"

namespace quarry::change {
namespace {

using test::World;

constexpr const char* kNone = nullptr;
constexpr const char* kOld = "old content\n";
constexpr const char* kNew = "new\n";
constexpr const char* kTheirs = "what another program wrote\n";

struct Leftover {
  const char* name;
  bool removes;        // the change: it replaces else
  const char* there;   // at the path when the process died
  const char* beside;  // under the draft's name
  const char* then;    // at the path when it is settled
  bool stays = false;  // the other one stays where it is
};

const Leftover kLeftovers[] = {
    {"before anything was written", false, kOld, "", kOld},
    {"a part was written", false, kOld, "ne", kOld},
    {"it was written", false, kOld, kNew, kOld},
    {"it was exchanged", false, kNew, kOld, kNew},
    {"what another wrote was exchanged", false, kNew, kTheirs, kTheirs},
    {"it had come out empty", false, kNew, "", kNew},
    {"what another wrote was back", false, kTheirs, kNew, kTheirs},
    {"it was being taken back", false, kNew, "old co", kNew},
    {"another wrote the same meanwhile", false, kNew, "ne", kNew},
    {"another wrote after it was exchanged", false, kTheirs, kOld, kTheirs},
    {"what another wrote was exchanged, and it put the old back", false, kOld, kTheirs, kOld, true},
    {"what another wrote was moved aside, and it put the old back", true, kOld, kTheirs, kOld,
     true},
    {"another wrote twice", false, kTheirs, "what they wrote first\n", kTheirs, true},
    {"another removed it", false, kNone, kOld, kNone},
    {"it was moved aside", true, kNone, kOld, kNone},
    {"what another wrote was moved aside", true, kNone, kTheirs, kTheirs},
    {"what another wrote was moved aside, and it wrote again", true, kTheirs,
     "what they wrote first\n", kTheirs, true},
    {"it was moved aside, and another made it anew", true, kTheirs, kOld, kTheirs},
};

// What a process leaves in the journal that is killed before it makes the first step, whose draft
// has the name that is answered.
std::string begin_and_die(const World& world, const Change& change) {
  auto journal =
      journal::Journal::open({.directory = world.state.root() + "/journal"}, world.clock);
  journal::Entry entry = change.entry();
  entry.time_ms = world.clock.wall_ms();
  REQUIRE((*journal)->begin(entry));
  return sandbox::Place::draft_name(draft_tag(entry.id, 0));
}

void lay(const World& world, const std::string& name, const char* content) {
  std::filesystem::remove(world.tree.path(name));
  if (content != kNone) world.tree.write(name, content);
}

TEST_CASE("what a killed process left beside a file is settled, and no content of others is lost") {
  for (const Leftover& row : kLeftovers) {
    INFO(row.name);
    World world;
    world.tree.write("d/a", kOld);
    std::string beside;
    {
      const auto change = world.begin({"d/a"});
      const auto planned =
          row.removes ? change->remove(world.path("d/a")) : change->put(world.path("d/a"), kNew);
      REQUIRE(planned);
      beside = "d/" + begin_and_die(world, *change);
    }
    lay(world, "d/a", row.there);
    lay(world, beside, row.beside);
    if (row.beside == std::string("ne")) {  // the beginning of a draft
      std::filesystem::permissions(world.tree.path(beside), std::filesystem::perms(0600));
    }
    (void)world.undo({.session = "one", .dry_run = true});  // the next one to come settles it
    const bool is_there = std::filesystem::exists(world.tree.path("d/a"));
    CHECK(is_there == (row.then != kNone));
    if (is_there && row.then != kNone) CHECK(world.tree.read("d/a") == row.then);
    CHECK(std::filesystem::exists(world.tree.path(beside)) == row.stays);
    if (row.stays) CHECK(world.tree.read(beside) == row.beside);
    const auto journal =
        journal::Journal::open({.directory = world.state.root() + "/journal"}, world.clock);
    CHECK((*journal)->open_entries(world.tree.root()).empty());
  }
}

TEST_CASE("a new file that was moved aside to be taken back goes, unless another wrote it") {
  for (const char* content : {"n", kNew, kTheirs}) {
    World world;
    std::string beside;
    {
      const auto change = world.begin({"a"});
      REQUIRE(change->put(world.path("a"), kNew));
      beside = begin_and_die(world, *change);
    }
    world.tree.write(beside, content);
    (void)world.undo({.session = "one", .dry_run = true});
    const bool theirs = content == kTheirs;
    CHECK(world.names() == (theirs ? std::vector<std::string>{"a"} : std::vector<std::string>{}));
    if (theirs) CHECK(world.tree.read("a") == kTheirs);
  }
}

TEST_CASE(
    "a large file that was moved aside to be removed for good goes, unless another wrote it") {
  for (const bool theirs : {false, true}) {
    World world;
    world.tree.write("a", kOld);
    std::string beside;
    {
      const auto change = world.begin({"a"});
      REQUIRE(change->remove(world.path("a"), Change::Keep::kNothing));
      beside = begin_and_die(world, *change);
    }
    std::filesystem::rename(world.tree.path("a"), world.tree.path(beside));
    if (theirs) world.tree.write(beside, kTheirs);
    (void)world.undo({.session = "one", .dry_run = true});
    const auto expected = theirs ? std::vector<std::string>{"a"} : std::vector<std::string>{};
    CHECK(world.names() == expected);
    if (theirs) CHECK(world.tree.read("a") == kTheirs);
  }
}

// Another program changes what has come out and removes what has come there: it cannot go back.
TEST_CASE("what cannot go back from under the name of another name's draft is said") {
  if (!quarry::test::can_trace()) return;
  int acted = 0;
  bool more = true;
  for (std::size_t k = 1; more; ++k) {
    World world;
    world.tree.write("a", kOld);
    world.tree.write("b", kOld);
    std::string beside;
    const auto meanwhile = [&] {
      for (const std::string& name : world.names()) {
        if (name.starts_with(".quarry-") && name.ends_with("-1")) beside = name;
      }
      if (beside.empty() || world.tree.read("b") != kNew || world.tree.read(beside) != kOld) return;
      ++acted;
      chmod(world.tree.path(beside).c_str(), 0600);
      std::filesystem::remove(world.tree.path("b"));
    };
    const auto ran = quarry::test::run_with(
        {.kind = quarry::test::Fault::Kind::kMeanwhile, .at = k, .meanwhile = meanwhile},
        [&](quarry::test::Window& window) -> std::string {
          const auto change = world.begin({"a", "b"});
          const bool planned =
              change->put(world.path("a"), kNew) &&
              change->put_name(world.path("b"), kNew, std::nullopt, "", world.path("a"));
          if (!planned) return "not planned";
          window.open();
          const auto done = change->commit();
          window.close();
          return done ? "done" : done.error().message;
        });
    more = ran.calls.size() > k;
    INFO(k << " of " << ran.calls.size());
    const bool stuck = !beside.empty() && std::filesystem::exists(world.tree.path(beside));
    const bool said = ran.text.find("what was at 'b' is at '" + beside + "' now") == 0;
    CHECK(stuck == said);
  }
  CHECK(acted > 0);
}

}  // namespace
}  // namespace quarry::change
