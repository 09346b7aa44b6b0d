#include <chrono>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/git/everything.h"
#include "tests/git/git_fixture.h"

namespace quarry::git::test {
namespace {

// Every way of reading the object must end, in an error or an answer, and the next call works.
void check_damaged(const char* name, const std::string& setup) {
  INFO(name);
  Fixture repo{{"f", "content\n"}, {"g", "content\n"}};
  repo.workspace.write("f", "changed\n");
  repo.commit("second");
  repo.workspace.write("f", "in the tree\n");
  repo.shell(setup);
  DiffOptions options;
  options.from = "HEAD~1";
  const auto diff = repo.diff(options);
  CHECK(message_of(diff).find("did not answer") == std::string::npos);
  CHECK(message_of(diff).find("ended while") == std::string::npos);
  CHECK(everything(repo).find("did not answer") == std::string::npos);
  CHECK(repo.client.stats().crashes == 0);
}

TEST_CASE("git ends on damaged loose objects") {
  const std::string path =
      "id=$(git rev-parse HEAD:f); o=.git/objects/$(echo $id | cut -c1-2)/"
      "$(echo $id | cut -c3-); chmod u+w $o; ";
  const std::string commit =
      "id=$(git rev-parse HEAD); o=.git/objects/$(echo $id | cut -c1-2)/"
      "$(echo $id | cut -c3-); chmod u+w $o; ";
  const std::string lie =
      "perl -MCompress::Zlib -e 'print compress($ARGV[0] . \"\\0\" . (\"A\" x "
      "$ARGV[1]))' ";
  for (const std::string& object : {path, commit}) {
    check_damaged("cut to 3 bytes", object + "truncate -s 3 $o");
    check_damaged("cut to half", object + "truncate -s $(($(stat -c %s $o)/2)) $o");
    check_damaged("one byte short", object + "truncate -s -1 $o");
    check_damaged("empty", object + "truncate -s 0 $o");
    check_damaged("garbage", object + "echo garbage > $o");
    check_damaged("trailing bytes", object + "echo more >> $o");
    check_damaged("a symlink", object + "rm $o && ln -s /etc/passwd $o");
    check_damaged("a FIFO", object + "rm $o && mkfifo $o");
    check_damaged("a directory", object + "rm $o && mkdir $o");
    for (const char* header :
         {"blob 10", "blob 8589934592", "blob 1099511627776", "blob -1",
          "blob 99999999999999999999999", "tree 5000", "commit 4999", "blob"}) {
      check_damaged(header, object + lie + "'" + header + "' 5000 > $o");
    }
    check_damaged("a bomb", object + lie + "'blob 67108864' 67108864 > $o");
    // Right in itself, but it is not what its id says.
    check_damaged("another object's bytes", object + lie + "'blob 5' 5 > $o");
  }
}

TEST_CASE("git tells an object that is not what its id says") {
  Fixture repo{{"f", "content\n"}};
  repo.shell(
      "id=$(git rev-parse HEAD:f); o=.git/objects/$(echo $id | cut -c1-2)/$(echo $id | cut "
      "-c3-); chmod u+w $o; perl -MCompress::Zlib -e 'print compress(\"blob 5\\0AAAAA\")' > "
      "$o; echo new > f");
  const auto diff = repo.diff();
  CHECK(!diff);
  CHECK(repo.log());
}

TEST_CASE("git ends on damaged packs and their indexes") {
  Fixture repo;
  repo.init();
  for (int i = 0; i < 30; ++i) {
    repo.workspace.write("f" + std::to_string(i), std::string(1000, static_cast<char>('a' + i)));
    repo.workspace.write("g", std::string(3000, 'x') + std::to_string(i));
    repo.commit(std::to_string(i));
  }
  repo.shell("git gc -q && chmod -R u+w .git/objects && cp -r .git/objects ../keep");
  const std::string restore = "rm -rf .git/objects && cp -r ../keep .git/objects; ";
  const std::string files = "i=$(ls .git/objects/pack/*.idx); p=$(ls .git/objects/pack/*.pack); ";
  const std::pair<const char*, const char*> damages[] = {
      {"fan-out of all ones",
       "printf '\\377%.0s' $(seq 1024) | dd of=$i bs=1 seek=8 conv=notrunc "
       "2>/dev/null"},
      {"fan-out claims 2^32 objects",
       "printf '\\377\\377\\377\\377' | dd of=$i bs=1 seek=1028 conv=notrunc 2>/dev/null"},
      {"index cut", "truncate -s 2000 $i"},
      {"index empty", "truncate -s 0 $i"},
      {"index missing", "rm $i"},
      {"index without pack", "rm $p"},
      {"offsets of all ones",
       "perl -e 'local $/; open F, q(+<), $ARGV[0]; $_ = <F>; my $n = "
       "unpack q(N), substr($_, 1028, 4); substr($_, 1032 + 24*$n, 4*$n) = "
       "qq(\\xff) x (4*$n); seek F, 0, 0; print F $_' $i"},
      {"pack cut to half", "truncate -s $(($(stat -c %s $p)/2)) $p"},
      {"pack empty", "truncate -s 0 $p"},
  };
  LogOptions all;
  all.max_count = 100;
  all.stat = true;
  for (const auto& [name, damage] : damages) {
    INFO(name);
    repo.shell(restore + files + damage);
    const auto log = repo.log(all);
    CHECK(message_of(log).find("did not answer") == std::string::npos);
    CHECK(message_of(log).find("ended while") == std::string::npos);
    CHECK((!log || log->commits.size() <= 30));
  }
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    const int seek = static_cast<int>(random() % 3500) + (round % 2 == 0 ? 12 : 1032);
    INFO("flip at " << seek);
    repo.shell(restore + files + "printf '\\" + std::to_string(200 + random() % 70 / 8 * 8 % 50) +
               "' | dd of=" + (round % 2 == 0 ? "$p" : "$i") +
               " bs=1 seek=" + std::to_string(seek) + " conv=notrunc 2>/dev/null");
    const auto log = repo.log(all);
    CHECK(message_of(log).find("did not answer") == std::string::npos);
  }
  repo.shell(restore);
  auto log = repo.log(all);
  // libgit2 does crash on some of the flips; after several of those the client pauses a moment.
  while (!log && log.error().message.find("in a row") != std::string::npos) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    log = repo.log(all);
  }
  INFO(message_of(log));
  REQUIRE(log);
  CHECK(log->commits.size() == 30);
}

TEST_CASE("git ends on a damaged index") {
  const std::pair<const char*, const char*> damages[] = {
      {"empty", "truncate -s 0 .git/index"},
      {"cut", "truncate -s 40 .git/index"},
      {"version 5", "printf '\\005' | dd of=.git/index bs=1 seek=7 conv=notrunc 2>/dev/null"},
      {"2^32 entries",
       "printf '\\377\\377\\377\\377' | dd of=.git/index bs=1 seek=8 conv=notrunc 2>/dev/null"},
      {"checksum", "printf 'xxxx' | dd of=.git/index bs=1 seek=40 conv=notrunc 2>/dev/null"},
      {"garbage", "head -c 5000 /dev/urandom > .git/index"},
      {"a directory", "rm .git/index && mkdir .git/index"},
  };
  for (const auto& [name, damage] : damages) {
    INFO(name);
    Fixture repo{{"f", "1\n"}};
    CHECK(repo.status());
    repo.shell(damage);
    const auto status = repo.status();
    INFO(message_of(status));
    CHECK(message_of(status).find("did not answer") == std::string::npos);
    CHECK(repo.client.stats().crashes == 0);
  }
}

TEST_CASE("git is bounded in time on bombs, and works again afterwards") {
  Fixture repo{{"f", "1\n"}};
  // Ten levels of ten: 10^7 paths from 9 objects.
  repo.shell(
      "b=$(echo x | git hash-object -w --stdin); t=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf "
      "'100644 blob %s\\tf%s\\n' $b $i; done | git mktree); for l in 1 2 3 4 5 6; do "
      "t=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\\td%s\\n' $t $i; done | "
      "git mktree); done; git update-ref refs/heads/bomb $(git commit-tree -m bomb $t)");
  // libgit2 matches ignore patterns with backtracking.
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "*a";
  repo.workspace.write(".gitignore", pattern + "*b\n");
  for (std::size_t i = 0; i < 20; ++i) repo.workspace.write(std::string(60 + i, 'a') + "c", "x");
  {
    DiffOptions options;
    options.from = "main";
    options.to = "bomb";
    const CancelToken cancel = repo.token(1500);
    const auto diff = repo.client.diff(options, cancel);
    INFO(message_of(diff));
    CHECK(!diff);
  }
  {
    const CancelToken cancel = repo.token(1500);
    const auto status = repo.client.status({}, cancel);
    INFO(message_of(status));
    REQUIRE(!status);
    CHECK(status.error().code == Code::kTimeout);
  }
  CHECK(repo.log());
  CHECK(repo.client.stats().kills >= 1);
}

TEST_CASE("git of a partial clone says what is not here") {
  Fixture repo{{"f", "1\n"}};
  repo.workspace.write("f", "2\n");
  repo.commit("second");
  repo.git({"config", "uploadpack.allowFilter", "true"});
  Fixture clone;
  clone.shell("git clone -q --filter=blob:none --no-checkout file://" + repo.workspace.root() +
              " . 2>/dev/null");
  CHECK(clone.log()->commits.size() == 2);
  DiffOptions options;
  options.from = "HEAD~1";
  options.to = "HEAD";
  CHECK(message_of(clone.diff(options)).find("not present locally") != std::string::npos);
}

}  // namespace
}  // namespace quarry::git::test
