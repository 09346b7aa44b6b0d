#include <random>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/git/git_fixture.h"

namespace quarry::git::test {
namespace {

std::string ids_of(const Result<Log>& log) {
  std::string ids;
  if (!log) return "failed: " + log.error().message;
  for (const Commit& commit : log->commits) ids += commit.id + "\n";
  return ids;
}

// A history of `count` commits on several branches that merge at random, with dates that repeat
// and sometimes run backwards, as git's fast-import stream.
std::string random_history(unsigned seed, int count) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::ostringstream out;
  for (int i = 1; i <= count; ++i) {
    const int time = 1'700'000'000 + i / 4 * 10 - (below(12) == 0 ? below(400) : 0);
    out << "commit refs/heads/" << (i == count ? "main" : "b" + std::to_string(below(5))) << "\n"
        << "mark :" << i << "\n"
        << "author A U Thor <a@example.org> " << time << " +0100\n"
        << "committer C O Mitter <c@example.org> " << time << " -0200\n"
        << "data <<EOT\ncommit " << i << "\nEOT\n";
    if (i > 1) {
      const int first = std::max(1, i - 1 - below(6));
      out << "from :" << first << "\n";
      for (int extra = below(10) < 3 ? 1 + below(2) : 0; extra > 0; --extra) {
        const int other = std::max(1, i - 1 - below(20));
        if (other != first) out << "merge :" << other << "\n";
      }
    }
    if (below(10) < 8) {
      const int file = below(6);
      out << "M 100644 inline d" << file % 2 << "/f" << file << "\ndata <<EOT\n"
          << below(3) << "\nEOT\n";
    }
    if (below(20) == 0) out << "D d0/f" << 2 * below(3) << "\n";
  }
  return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// What git lists of a range, without the commits that it lists wrongly when clocks ran backwards:
// with a commit graph, a topological walk of git's is exact.
std::string exact_range(const Fixture& repo, const std::string& range, const std::string& path) {
  const auto exact = lines_of(repo.git({"rev-list", "--topo-order", range}));
  const std::set<std::string> wanted(exact.begin(), exact.end());
  std::vector<std::string> words = {"log", "--format=%H", range, "--"};
  if (!path.empty()) words.push_back(path);
  std::string ids;
  for (const std::string& id : lines_of(repo.git(words))) {
    if (wanted.contains(id)) ids += id + "\n";
  }
  return ids;
}

void check_range(Fixture& repo, const std::string& range, const std::string& path) {
  LogOptions options;
  options.ref = range;
  options.path = path;
  options.max_count = 10'000;
  options.follow = false;
  INFO(range << " -- " << path);
  CHECK(ids_of(repo.log(options)) == exact_range(repo, range, path));
}

void check(Fixture& repo, const std::string& ref, const std::string& path,
           const std::vector<std::string>& more = {}, LogOptions options = {}) {
  options.ref = ref;
  options.path = path;
  options.max_count = 10'000;
  options.follow = false;
  std::vector<std::string> words = {"log", "--format=%H", ref};
  words.insert(words.end(), more.begin(), more.end());
  words.emplace_back("--");
  if (!path.empty()) words.push_back(path);
  INFO(ref << " -- " << path);
  CHECK(ids_of(repo.log(options)) == repo.git(words));
}

TEST_CASE("git log yields git's commits in git's order on random histories") {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
    INFO("seed " << seed);
    Fixture repo;
    repo.init();
    repo.workspace.write("../stream", random_history(seed, 300));
    repo.shell("git fast-import --quiet < ../stream");
    repo.git({"commit-graph", "write", "--reachable"});
    for (const char* path : {"", "d0", "d1", "d0/f2", "d1/f1", "d0/f0", "none"}) {
      for (const char* ref : {"main", "main~7", "b0"}) check(repo, ref, path);
      for (const char* range : {"b1..main", "main..b2", "b3..b4", "b0...b1", "main~20..main~2"}) {
        check_range(repo, range, path);
      }
    }
  }
}

TEST_CASE("git log bounds by date as git does") {
  Fixture repo;
  repo.init();
  repo.workspace.write("../stream", random_history(7, 200));
  repo.shell("git fast-import --quiet < ../stream");
  for (const char* path : {"", "d0"}) {
    LogOptions options;
    options.since = 1'700'000'200;
    check(repo, "main", path, {"--since=@1700000200"}, options);
    options.until = 1'700'000'400;
    check(repo, "main", path, {"--since=@1700000200", "--until=@1700000400"}, options);
    options.since = 0;
    check(repo, "main", path, {"--until=@1700000400"}, options);
  }
}

TEST_CASE("git log pages with skip, and says whether more commits match") {
  Fixture repo{{"f", "0\n"}};
  for (int i = 1; i < 10; ++i) {
    repo.workspace.write("f", std::to_string(i));
    repo.commit(i % 2 == 0 ? "Even " + std::to_string(i) : "odd " + std::to_string(i));
  }
  LogOptions options;
  options.max_count = 4;
  std::string pages;
  for (const bool more : {true, true, false}) {
    const auto log = repo.log(options);
    REQUIRE(log);
    CHECK(log->more == more);
    CHECK(!log->shallow_boundary);
    pages += ids_of(log);
    options.skip += 4;
  }
  CHECK(pages == repo.git({"log", "--format=%H"}));

  options.skip = 0;
  options.grep = "eVEN";
  const auto even = repo.log(options);
  REQUIRE(even);
  CHECK(even->commits.size() == 4);
  CHECK(!even->more);
  options.grep = "";
  options.author = "ann@EXAMPLE";
  CHECK(repo.log(options)->commits.size() == 4);
  options.author = "bob";
  CHECK(repo.log(options)->commits.empty());
}

TEST_CASE("git log finds words of any script in any case") {
  Fixture repo{{"f", "0\n"}};
  std::string history;
  for (const char* message : {"\u00DCber alles", "\u041F\u0440\u0438\u0432\u0435\u0442",
                              "\u0394\u03AD\u03BB\u03C4\u03B1", "a \xFF byte"}) {
    history +=
        "commit refs/heads/words\ncommitter C <c@example.org> 1700000000 +0000\ndata <<EOT\n";
    history += message + std::string("\nEOT\n");
  }
  repo.workspace.write("history", history);
  repo.shell("git fast-import --quiet < history");
  const auto found = [&](const char* part) {
    const auto log = repo.log({.ref = "words", .grep = part});
    REQUIRE(log);
    return log->commits.size();
  };
  CHECK(found("\u00FCBER") == 1);
  CHECK(found("\u043F\u0420\u0418\u0412") == 1);
  CHECK(found("\u03B4\u03AD\u039B") == 1);
  CHECK(found("uber") == 0);
  CHECK(found("\xFF BYTE") == 1);
  CHECK(found("\xFE byte") == 0);
}

TEST_CASE("git log follows a file through renames") {
  Fixture repo{{"one", "1\n2\n3\n4\n5\n6\n7\n8\n"}, {"other", "x\n"}};
  repo.workspace.write("one", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  repo.commit("grow");
  repo.shell("mkdir dir && git mv one dir/two");
  repo.workspace.write("dir/two", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
  repo.commit("move");
  repo.workspace.write("other", "y\n");
  repo.commit("unrelated");
  repo.git({"mv", "dir/two", "three"});
  repo.commit("move again");
  LogOptions options;
  options.path = "three";
  options.stat = true;
  const auto followed = repo.log(options);
  CHECK(ids_of(followed) == repo.git({"log", "--follow", "--format=%H", "--", "three"}));
  REQUIRE(followed);
  REQUIRE(followed->commits.size() == 4);
  REQUIRE(followed->commits[1].files.size() == 1);
  CHECK(followed->commits[1].files[0].code == 'R');
  CHECK(followed->commits[1].files[0].old_path == "one");
  CHECK(followed->commits[1].files[0].path == "dir/two");
  CHECK(followed->commits[1].files[0].added == 1);
  options.follow = false;
  CHECK(repo.log(options)->commits.size() == 1);
}

TEST_CASE("git log tells people, times, parents, messages, refs and counts") {
  Fixture repo{{"f", "1\n2\n"}, {"bin", "x"}};
  repo.git({"tag", "light"});
  repo.git({"tag", "-a", "-m", "x", "heavy"});
  repo.git({"branch", "side"});
  repo.workspace.write("f", "1\n3\n4\n");
  repo.shell(
      "printf '\\0\\1' > bin && git add -A && GIT_AUTHOR_NAME='J\xC3\xBCrgen' "
      "GIT_AUTHOR_DATE='2024-05-06T07:08:09 -0330' git commit -q -m 'subject\n\nbody'");
  LogOptions options;
  options.stat = true;
  const auto log = repo.log(options);
  REQUIRE(log);
  REQUIRE(log->commits.size() == 2);
  const Commit& last = log->commits[0];
  CHECK(last.author_name == "J\xC3\xBCrgen");
  CHECK(last.author_email == "ann@example.org");
  CHECK(last.committer_name == "Ann");
  CHECK(last.author_offset == -210);
  CHECK(fmt::format("{}\n", last.author_time) == repo.git({"log", "-1", "--format=%at"}));
  CHECK(last.message == "subject\n\nbody\n");
  CHECK(last.parents == std::vector<std::string>{log->commits[1].id});
  CHECK(last.refs == std::vector<std::string>{"HEAD -> main"});
  REQUIRE(last.files.size() == 2);
  CHECK(last.files[0].path == "bin");
  CHECK(last.files[0].binary);
  CHECK(last.files[1].added == 2);
  CHECK(last.files[1].removed == 1);
  CHECK(log->commits[1].refs == std::vector<std::string>{"tag: heavy", "tag: light", "side"});
  CHECK(log->commits[1].files.size() == 2);
}

TEST_CASE("git log sees refs that changed a moment ago") {
  Fixture repo{{"f", "1\n"}};
  for (int i = 0; i < 20; ++i) {
    repo.git({"branch", "-f", "b" + std::to_string(i % 3)});
    const auto log = repo.log();
    REQUIRE(log);
    CHECK(log->commits[0].refs.size() == static_cast<std::size_t>(1 + std::min(i + 1, 3)));
  }
  repo.commit("second");
  CHECK(repo.log()->commits[0].refs == std::vector<std::string>{"HEAD -> main"});
  repo.shell("git pack-refs --all && git gc -q");
  repo.commit("third");
  CHECK(repo.log()->commits.size() == 3);
}

TEST_CASE("git log sees a ref that was written over in place") {
  Fixture repo{{"f", "1\n"}};
  const std::string first = repo.git({"rev-parse", "HEAD"});
  repo.git({"branch", "side"});
  repo.commit("second");
  // Of an age at which the names that were read are kept.
  repo.shell("sleep 0.2");
  CHECK(repo.log()->commits[1].refs == std::vector<std::string>{"side"});
  repo.workspace.write(".git/refs/heads/side", repo.git({"rev-parse", "HEAD"}));
  CHECK(repo.log()->commits[0].refs == std::vector<std::string>{"HEAD -> main", "side"});
  CHECK(repo.log()->commits[1].refs.empty());
}

TEST_CASE("git log of a shallow clone shows what is there and says where it ends") {
  Fixture repo{{"f", "1\n"}};
  for (int i = 0; i < 6; ++i) {
    repo.workspace.write("f", std::to_string(i / 2));
    repo.commit(std::to_string(i));
  }
  for (const int depth : {1, 3}) {
    Fixture clone;
    clone.shell("git clone -q --depth " + std::to_string(depth) + " file://" +
                repo.workspace.root() + " .");
    auto log = clone.log();
    INFO(message_of(log));
    REQUIRE(log);
    CHECK(log->commits.size() == static_cast<std::size_t>(depth));
    CHECK(log->shallow_boundary);
    check(clone, "HEAD", "f");
    const auto status = clone.status();
    REQUIRE(status);
    CHECK(status->ahead == 0);
    DiffOptions options;
    options.from = "HEAD~1";
    const auto diff = clone.diff(options);
    CHECK(diff.has_value() == (depth == 3));
    if (!diff) CHECK(diff.error().message.find("shallow") != std::string::npos);
  }
}

TEST_CASE("git log tells a branch whose commit cannot be read from one that is not there") {
  Fixture repo{{"f", "1\n"}};
  repo.git({"branch", "other"});
  repo.commit("second");
  LogOptions options;
  options.ref = "@~1";
  REQUIRE(repo.log(options));
  CHECK(repo.log(options)->commits.size() == 1);

  // Refused in one request, of no meaning to the next.
  repo.git({"config", "core.excludesFile", "/etc/hostname"});
  repo.workspace.write("untracked", "1\n");
  CHECK(repo.status());
  options.ref = "other";
  const std::string id = repo.git({"rev-parse", "other"}).substr(0, 40);
  const std::string object = ".git/objects/" + id.substr(0, 2) + "/" + id.substr(2);
  repo.shell("chmod u+w " + object + " && printf x > " + object);
  auto log = repo.log(options);
  REQUIRE(!log);
  CHECK(log.error().message ==
        "argument 'ref': reading 'other' failed; git says: a loose object is damaged: it has no "
        "header");
  CHECK(repo.status());
  repo.shell("rm -f " + object);
  log = repo.log(options);
  REQUIRE(!log);
  CHECK(log.error().code == Code::kNotFound);
  CHECK(log.error().message.find("'other' failed: an object is not present") != std::string::npos);
  options.ref = "HEAD";
  log = repo.log(options);
  REQUIRE(!log);
  CHECK(log.error().message.find("an object is not present") != std::string::npos);
  options.ref = "no-such";
  log = repo.log(options);
  REQUIRE(!log);
  CHECK(log.error().message.find("no revision 'no-such' here") != std::string::npos);
}

TEST_CASE("git log answers odd revisions with a text, not with a hang or an option") {
  Fixture repo{{"f", "1\n"}};
  repo.git({"tag", "-a", "-m", "tree", "treetag", "HEAD^{tree}"});
  for (const std::string& ref :
       {std::string("-x"), std::string("--output=f"), std::string("HEAD^{/(a+)+$}"),
        std::string("@{u}"), std::string("HEAD~9999999999"), std::string("HEAD:f"),
        std::string(10'000, 'a'), std::string("a\0b", 3), std::string(""),
        std::string("none..HEAD"), std::string("HEAD..-x"), std::string("treetag"),
        std::string("HEAD^{tree}")}) {
    INFO(ref.substr(0, 40));
    LogOptions options;
    options.ref = ref;
    const auto log = repo.log(options);
    REQUIRE(!log);
    CHECK((log.error().code == Code::kInvalidArgs || log.error().code == Code::kNotFound));
    CHECK(log.error().message.find("'ref'") != std::string::npos);
    CHECK(log.error().message.size() < 2000);
  }
  LogOptions options;
  options.ref = ":/first";
  CHECK(repo.log(options)->commits.size() == 1);
  CHECK(!std::filesystem::exists(repo.workspace.path("f=")));
}

}  // namespace
}  // namespace quarry::git::test
