#include <sys/stat.h>
#include <unistd.h>

#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool apply_patch;
extern const Tool undo;

namespace {

using Catch::Contains;
using quarry::test::ChangeCall;
using quarry::test::check_mistakes;

std::string arguments(std::string_view patch, bool dry_run = false) {
  std::string text = R"({"patch":)";
  quarry::json::append_string(text, patch);
  return text + (dry_run ? R"(,"dry_run":true})" : "}");
}

std::uint32_t mode_of(const ChangeCall& call, const char* path) {
  struct stat facts {};
  REQUIRE(::stat(call.files.path(path).c_str(), &facts) == 0);
  return facts.st_mode & 0777U;
}

constexpr std::string_view kAllKinds =
    "diff --git a/a.c b/a.c\nold mode 100644\nnew mode 100755\n--- a/a.c\n+++ b/a.c\n"
    "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    "diff --git a/gone.c b/gone.c\ndeleted file mode 100644\n--- a/gone.c\n+++ /dev/null\n"
    "@@ -1 +0,0 @@\n-gone\n"
    "diff --git a/old.c b/new/name.c\nrename from old.c\nrename to new/name.c\n--- a/old.c\n"
    "+++ b/new/name.c\n@@ -1 +1 @@\n-old\n+new\n"
    "diff --git a/kept.c b/copy.c\ncopy from kept.c\ncopy to copy.c\n"
    "diff --git a/made/it.sh b/made/it.sh\nnew file mode 100755\n--- /dev/null\n+++ b/made/it.sh\n"
    "@@ -0,0 +1 @@\n+#!/bin/sh\n";

TEST_CASE("apply_patch says of a renamed file whether other names of it keep the old content") {
  ChangeCall call(std::map<std::string, std::string>{{"a", "one\n"}});
  REQUIRE(link(call.files.path("a").c_str(), call.files.path("b").c_str()) == 0);
  const auto moved = [](const std::string& from) {
    return fmt::format(
        "diff --git a/{0} b/{0}2\nrename from {0}\nrename to {0}2\n--- a/{0}\n+++ b/{0}2\n"
        "@@ -1 +1 @@\n-one\n+two\n",
        from);
  };
  CHECK_THAT(call(apply_patch, arguments(moved("a") + moved("b"))), !Contains("other names"));
  CHECK(call.files.read("b2") == "two\n");
  call(undo, "{}");
  REQUIRE(unlink(call.files.path("b").c_str()) == 0);
  REQUIRE(link(call.files.path("a").c_str(), call.files.path("b").c_str()) == 0);
  CHECK_THAT(call(apply_patch, arguments(moved("a"))),
             Contains("a2: other names (hard links) of the file keep the old content"));
  CHECK(call.files.read("b") == "one\n");
}

TEST_CASE("apply_patch: all that a patch does to several files, and undo takes it back") {
  ChangeCall call(
      {{"a.c", "one\ntwo\n"}, {"gone.c", "gone\n"}, {"old.c", "old\n"}, {"kept.c", "kept\n"}});
  const auto before = call.names();
  const std::string said = call(apply_patch, arguments(kAllKinds, true));
  CHECK_THAT(said, Catch::StartsWith("would patch 5 files\n"));
  CHECK(call.names() == before);
  const std::string done = call(apply_patch, arguments(kAllKinds));
  CHECK_THAT(done, Catch::StartsWith("patched 5 files\n") &&
                       Contains("a.c: mode 644 to 755, +1 -1 lines, 1 hunk, hash ") &&
                       Contains("gone.c: deleted\n") &&
                       Contains("new/name.c: renamed from old.c, +1 -1 lines") &&
                       Contains("copy.c: copied from kept.c, hash ") &&
                       Contains("made/it.sh: created, +1 -0 lines") &&
                       Contains("undo takes it back"));
  CHECK(call.names() == std::vector<std::string>{"a.c", "copy.c", "kept.c", "made/", "made/it.sh",
                                                 "new/", "new/name.c"});
  CHECK(call.files.read("a.c") == "one\n2\n");
  CHECK(call.files.read("new/name.c") == "new\n");
  CHECK(call.files.read("copy.c") == "kept\n");
  CHECK(mode_of(call, "a.c") == 0755);
  CHECK(mode_of(call, "made/it.sh") == 0755);
  CHECK_THAT(call(undo, "{}"), Contains("undone"));
  CHECK(call.names() == before);
  CHECK(call.files.read("a.c") == "one\ntwo\n");
  CHECK(call.files.read("old.c") == "old\n");
  CHECK(mode_of(call, "a.c") == 0644);
}

TEST_CASE("apply_patch: all or nothing, and every file that does not fit is named") {
  ChangeCall call({{"a.c", "one\n"}, {"b.c", "two\n"}, {"c.c", "three\n"}});
  const std::string said =
      call(apply_patch, arguments("--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-one\n+1\n"
                                  "--- a/b.c\n+++ b/b.c\n@@ -1 +1 @@\n-tow\n+2\n"
                                  "--- a/c.c\n+++ b/c.c\n@@ -1 +1 @@\n-there\n+3\n"));
  CHECK_THAT(said, Contains("'b.c': hunk 1 of 1 (line 8 of the patch) does not fit") &&
                       Contains("'c.c': hunk 1 of 1") &&
                       Contains("2 of 3 files of the patch do not apply; nothing was changed"));
  CHECK(call.files.read("a.c") == "one\n");
}

TEST_CASE("apply_patch: a program that is made has the mode that the umask leaves it") {
  for (const auto& [mask, want] : {std::pair{0077U, 0700U}, {0027U, 0750U}, {0U, 0777U}}) {
    ChangeCall call(std::map<std::string, std::string>{{"kept", "k\n"}});
    const mode_t before = umask(mask);
    call(apply_patch,
         arguments("diff --git a/it b/it\nnew file mode 100755\n--- /dev/null\n+++ b/it\n"
                   "@@ -0,0 +1 @@\n+#!/bin/sh\n"));
    umask(before);
    CHECK(mode_of(call, "it") == want);
  }
}

TEST_CASE("apply_patch: V4A, as models write it") {
  ChangeCall call({{"a.py", "class A:\n  def f():\n    pass\n"}, {"old.py", "x\n"}});
  CHECK_THAT(call(apply_patch, R"({"input":"*** Begin Patch\n*** Update File: a.py\n)"
                               R"(*** Move to: b.py\n@@ class A:\n@@   def f():\n-    pass\n)"
                               R"(+    return 1\n*** Add File: n/new.py\n+x = 1\n)"
                               R"(*** Delete File: old.py\n*** End Patch"})"),
             Catch::StartsWith("patched 3 files\n"));
  CHECK(call.names() == std::vector<std::string>{"b.py", "n/", "n/new.py"});
  CHECK(call.files.read("b.py") == "class A:\n  def f():\n    return 1\n");
  CHECK(call.files.read("n/new.py") == "x = 1\n");
}

TEST_CASE("apply_patch: offsets, fuzz and wrong counts are said, hunk by hunk") {
  ChangeCall call(
      std::map<std::string, std::string>{{"a.c", "new\none\ntwo\nthree\nfour\nfive\n"}});
  CHECK_THAT(
      call(apply_patch, arguments("--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,7 @@\n one\n-two\n+2\n"
                                  "@@ -3,3 +3,3 @@\n 3\n-four\n+4\n 5\n")),
      Contains("  hunk 1 at line 2, offset 1, its header counts other lines than it "
               "has\n  hunk 2 at line 4, offset 1, fuzz 1 (outer context does not match)\n"));
  CHECK(call.files.read("a.c") == "new\none\n2\nthree\n4\nfive\n");
}

TEST_CASE("apply_patch: a file whose hunks say much is named nevertheless") {
  std::string text = "new\n";
  std::string patch = "--- a/f\n+++ b/f\n";
  for (int i = 1; i <= 4000; ++i) {
    text += fmt::format("{}\n", i);
    if (i % 2 == 0) patch += fmt::format("@@ -{} +{} @@\n-{}\n+x{}\n", i, i, i, i);
  }
  ChangeCall call(std::map<std::string, std::string>{{"f", text}});
  const std::string said = call(apply_patch, arguments(patch));
  CHECK_THAT(said.substr(0, 500),
             Catch::StartsWith("patched 1 file\nf: +2000 -2000 lines, 2000 hunks, hash ") &&
                 Contains("left out (max_tokens reached)"));
  CHECK(said.size() < 500);
}

TEST_CASE("apply_patch: names may have one prefix for both") {
  ChangeCall call(std::map<std::string, std::string>{{"f.py", "one\n"}, {"b/g.py", "one\n"}});
  const auto patch = [&](std::string_view name) {
    return call(apply_patch,
                arguments(fmt::format("--- {0}\n+++ {0}\n@@ -1 +1 @@\n-one\n+two\n", name)));
  };
  CHECK_THAT(patch("a/f.py"), Contains("f.py: +1 -1 lines"));
  CHECK_THAT(patch("b/g.py"), Contains("b/g.py: +1 -1 lines"));
  CHECK_THAT(patch("a/none.py"), Contains("no file 'a/none.py'"));
  CHECK_THAT(call(apply_patch, arguments("*** Begin Patch\n*** Update File: a/f.py\n@@\n-two\n"
                                         "+three\n*** End Patch\n")),
             Contains("f.py: +1 -1 lines"));
  CHECK(call.files.read("f.py") == "three\n");
}

TEST_CASE("apply_patch: bytes, encodings and marks stay as they are") {
  ChangeCall call(
      {{"latin.txt", "gr\xFC\xDF\r\ntwo\r\nthree"}, {"mark.txt", "\xEF\xBB\xBFone\ntwo\n"}});
  CHECK_THAT(
      call(apply_patch,
           arguments("--- a/latin.txt\n+++ b/latin.txt\n@@ -1,3 +1,3 @@\n gr\u00FC\u00DF\n-two\n"
                     "+zw\u00F6lf\n three\n"
                     "--- a/mark.txt\n+++ b/mark.txt\n@@ -1,2 +1,2 @@\n-one\n+1\n two\n")),
      Catch::StartsWith("patched 2 files"));
  CHECK(call.files.read("latin.txt") == "gr\xFC\xDF\r\nzw\xF6lf\r\nthree");
  CHECK(call.files.read("mark.txt") ==
        "\xEF\xBB\xBF"
        "1\ntwo\n");
  CHECK_THAT(call(apply_patch,
                  arguments("--- a/latin.txt\n+++ b/latin.txt\n@@ -3 +3 @@\n-three\n+\u20AC\n")),
             Contains("latin.txt") && Contains("U+20AC"));
  // Made by bytes, the mark is a part of the first line, and may go.
  call(apply_patch, arguments("--- a/mark.txt\n+++ b/mark.txt\n@@ -1,2 +1,2 @@\n-\uFEFF"
                              "1\n+1\n two\n"));
  CHECK(call.files.read("mark.txt") == "1\ntwo\n");
}

TEST_CASE("apply_patch: lines above the first one come behind the mark, and nothing is lost") {
  const std::string utf16("\xFF\xFEo\0n\0e\0\n\0t\0w\0o\0\n\0", 18);
  const std::string utf16_after("\xFF\xFEz\0\n\0o\0n\0e\0\n\0t\0w\0o\0\n\0", 22);
  const std::string utf8 = "\xEF\xBB\xBFone\ntwo \xFF\xE9 x\nthree\n";
  const std::string utf8_after = "\xEF\xBB\xBFz\none\ntwo \xFF\xE9 x\nthree\n";
  for (const std::string patch : {"--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n+z\n \uFEFFone\n",
                                  "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n+\uFEFFz\n \uFEFFone\n",
                                  "*** Begin Patch\n*** Update File: f\n@@\n+z\n \uFEFFone\n"
                                  "*** End Patch\n"}) {
    INFO(patch);
    for (const auto& [before, after] : {std::pair(utf16, utf16_after), {utf8, utf8_after}}) {
      ChangeCall call({{"f", before}});
      CHECK_THAT(call(apply_patch, arguments(patch)),
                 Contains("+1 -0 lines") && Contains(", its byte order mark stays first\n"));
      CHECK(call.files.read("f") == after);
    }
  }
}

TEST_CASE("apply_patch: a file of which only its mark would be left is deleted, no other") {
  ChangeCall call({{"utf8", "\xEF\xBB\xBFone\ntwo\n"},
                   {"utf16", std::string("\xFE\xFF\0o\0n\0e\0\n\0t\0w\0o\0\n", 18)},
                   {"bytes", "\xEF\xBB\xBFone\ntwo\n"},
                   {"more", "\xEF\xBB\xBFone\ntwo\n\n"},
                   {"twice", "\xEF\xBB\xBF\xEF\xBB\xBFone\ntwo\n"},
                   {"within", "one\ntwo\n\xEF\xBB\xBF"}});
  const auto patch = [&](std::string_view name, std::string_view mark) {
    return call(apply_patch, arguments(fmt::format("--- a/{}\n+++ /dev/null\n@@ -1,2 +0,0 @@\n"
                                                   "-{}one\n-two\n",
                                                   name, mark)));
  };
  CHECK_THAT(patch("utf8", ""), Contains("utf8: deleted"));
  CHECK_THAT(patch("utf16", ""), Contains("utf16: deleted"));
  CHECK_THAT(patch("bytes", "\uFEFF"), Contains("bytes: deleted"));
  for (const char* name : {"more", "twice", "within"}) {
    INFO(name);
    CHECK_THAT(patch(name, ""), Catch::StartsWith("error: "));
    CHECK_THAT(patch(name, "\uFEFF"), Catch::StartsWith("error: "));
  }
  CHECK(call.names() == std::vector<std::string>{"more", "twice", "within"});
  call(undo, "{}");
  CHECK_THAT(call(undo, R"({"count":2})"), Contains("utf8 made again"));
  CHECK(call.files.read("utf8") == "\xEF\xBB\xBFone\ntwo\n");
}

TEST_CASE("apply_patch: V4A makes no name of another system's separators, or of a home") {
  ChangeCall call(std::map<std::string, std::string>{{"sub/a", "one\n"}});
  const auto section = [](std::string_view lines) {
    return arguments(fmt::format("*** Begin Patch\n{}*** End Patch\n", lines));
  };
  for (const auto& [lines, want] :
       {std::pair("*** Add File: sub\\b\n+x\n", "'sub/b'"),
        {"*** Add File: ~/b\n+x\n", "'~'"},
        {"*** Update File: sub/a\n*** Move to: sub\\b\n@@\n-one\n+two\n", "'sub/b'"}}) {
    CHECK_THAT(call(apply_patch, section(lines)), Catch::StartsWith("error: ") && Contains(want));
  }
  CHECK(call.names() == std::vector<std::string>{"sub/", "sub/a"});
  // git puts a name that has one in quotes.
  call(apply_patch, arguments("--- /dev/null\n+++ \"b/back\\\\slash\"\n@@ -0,0 +1 @@\n+x\n"));
  CHECK(call.files.read("back\\slash") == "x\n");
}

TEST_CASE("apply_patch: blank lines that are written count, those around do not") {
  ChangeCall call({{"end", "a\n\n"}, {"two", "x = 1\ny = 2\nx = 1\n\nz\n"}, {"no", "x\ny\n"}});
  CHECK_THAT(call(apply_patch, arguments("*** Begin Patch\n*** Add File: n\n\n+a\n\n\n+b\n\n"
                                         "*** Update File: end\n@@\n-a\n+b\n \n*** End of File\n"
                                         "*** Update File: two\n@@\n-x = 1\n+x = 9\n \n\n"
                                         "*** End Patch\n")),
             Catch::StartsWith("patched 3 files"));
  CHECK(call.files.read("n") == "\na\n\n\nb\n");
  CHECK(call.files.read("end") == "b\n\n");
  CHECK(call.files.read("two") == "x = 1\ny = 2\nx = 9\n\nz\n");
  CHECK_THAT(call(apply_patch, arguments("*** Begin Patch\n*** Update File: no\n@@\n x\n+9\n \n"
                                         "*** End Patch\n")),
             Contains("does not fit"));
  CHECK(call.files.read("no") == "x\ny\n");
}

TEST_CASE("apply_patch: an anchor may begin with a dash") {
  const std::string yaml =
      "steps:\n  - name: one\n    run: a\n  - name: two\n    run: b\njobs:\n  - name: two\n"
      "    run: b\n";
  ChangeCall call({{"y.yml", yaml}});
  CHECK_THAT(call(apply_patch, arguments("*** Begin Patch\n*** Update File: y.yml\n@@ jobs:\n"
                                         "@@ - name: two\n+    if: always()\n*** End Patch\n")),
             Catch::StartsWith("patched 1 file"));
  CHECK(call.files.read("y.yml") ==
        yaml.substr(0, yaml.size() - 11) + "    if: always()\n    run: b\n");
}

TEST_CASE("apply_patch: one file twice, names exchanged, a link followed") {
  ChangeCall call({{"a", "one\ntwo\n"}, {"b", "bee\n"}, {"d/f", "x\n"}});
  call.files.link("d/f", "link");
  CHECK_THAT(call(apply_patch, arguments("--- a\n+++ a\n@@ -1 +1 @@\n-one\n+1\n"
                                         "--- a\n+++ a\n@@ -1,2 +1,2 @@\n 1\n-two\n+2\n"
                                         "--- link\n+++ link\n@@ -1 +1 @@\n-x\n+y\n")),
             Catch::StartsWith("patched 3 files"));
  CHECK(call.files.read("a") == "1\n2\n");
  CHECK(call.files.read("d/f") == "y\n");
  CHECK(std::filesystem::is_symlink(call.files.path("link")));
  CHECK_THAT(call(apply_patch, arguments("diff --git a/a b/b\nrename from a\nrename to b\n"
                                         "diff --git a/b b/a\nrename from b\nrename to a\n")),
             Catch::StartsWith("patched 2 files"));
  CHECK(call.files.read("a") == "bee\n");
  CHECK(call.files.read("b") == "1\n2\n");
  call(undo, "{}");
  CHECK(call.files.read("a") == "1\n2\n");
}

TEST_CASE("apply_patch: every mistake and every attack leaves the tree as it was") {
  ChangeCall call(
      {{"a.c", "one\n"}, {"d/x", "x\n"}, {"bin", std::string("\0\1\2", 3)}, {".env", "KEY=1\n"}});
  call.files.link("/etc/passwd", "out");
  call.files.link("a.c", "link");
  const auto hunk = [](std::string_view name, std::string_view old_line = "one") {
    return fmt::format("--- {0}\n+++ {0}\n@@ -1 +1 @@\n-{1}\n+x\n", name, old_line);
  };
  const auto before = call.names();
  const std::pair<std::string, const char*> rows[] = {
      {hunk("../a.c"), "contains '..'"},
      {hunk("a/../../etc/passwd"), "contains '..'"},
      {hunk("/etc/passwd"), "not below the root"},
      {hunk(".git/config"), "git directory"},
      {hunk("d/.GIT/hooks/pre-commit"), "git directory"},
      {hunk(".vscode/tasks.json"), "protected"},
      {hunk("out", "root:x:0:0:root:/root:/bin/bash"), "out"},
      {hunk(".env", "KEY=1"), "secrets"},
      {hunk("bin"), "binary"},
      {hunk("d"), "directory"},
      {hunk("none.c"), "no file 'none.c'"},
      {hunk("."), "names a file"},
      {"--- /dev/null\n+++ b/a.c\n@@ -0,0 +1 @@\n+x\n",
       "'a.c' exists already, and the patch makes it; send a patch that changes"},
      {"--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+y\n",
       "'n' exists already"},
      {"--- a/a.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n" + hunk("a.c"), "gone by an earlier part"},
      {"diff --git a/d/x b/d/x\ndeleted file mode 100644\n",
       "holds more than the patch that deletes it removes; read it"},
      {"diff --git a/l b/l\nindex 1..2 120000\n--- a/l\n+++ b/l\n@@ -1 +1 @@\n-a\n+b\n",
       "only regular files"},
      {"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n",
       "only regular files"},
      {"diff --git a/a.c b/d/x\nrename from a.c\nrename to d/x\n", "'d/x' exists already"},
      {"diff --git a/.env b/env.txt\ncopy from .env\ncopy to env.txt\n", "secrets"},
      {"*** Begin Patch\n*** Update File: a.c\n*** Move to: b.c\n@@\n-one\n+1\n"
       "*** Update File: link\n*** Move to: b\n@@\n-one\n+1\n*** End Patch\n",
       "'link' is a symbolic link, which this part of the patch does not change"},
      {"diff --git a/link b/link\ndeleted file mode 100644\n--- a/link\n+++ /dev/null\n"
       "@@ -1 +0,0 @@\n-a.c\n\\ No newline at end of file\n",
       "'link' is a symbolic link, which this part of the patch does not delete"},
      {"diff --git a/a.c b/a.c\ndeleted file mode 120000\n--- a/a.c\n+++ /dev/null\n"
       "@@ -1 +0,0 @@\n-one\n",
       "'a.c' is no symbolic link"},
      {"*** Begin Patch\n*** Delete File: d\n*** End Patch\n", "'d' is a directory"},
      {"--- a/a.c\n+++ b/a.c\n@@ -1,4294967295 +1,4294967295 @@\n-two\n", "does not fit"},
  };
  for (const auto& [patch, want] : rows) {
    INFO(patch);
    CHECK_THAT(call(apply_patch, arguments(patch)), Catch::StartsWith("error: ") && Contains(want));
    CHECK(call.names() == before);
    CHECK(call.files.read("a.c") == "one\n");
  }
  check_mistakes(call, apply_patch,
                 {{"{}", "missing required argument 'patch'"},
                  {R"({"patch":""})", "no patch in this text"},
                  {R"({"patch":"x","path":"a"})", "no patch in this text"},
                  {R"({"patch":"@@ -1 +1 @@\n-a\n+b\n","path":"a"})",
                   "'--- a/a' and '+++ b/a' before its first line"},
                  {R"({"patch":"@@\n-a\n+b\n","file_path":"a"})", "'*** Update File: a'"}});
}

TEST_CASE("apply_patch: what git writes about a whole repository gives the same tree") {
  test::TempWorkspace work;
  work.run({"sh", "-c", R"sh(git init -q repo && cd repo && git config core.autocrlf false
    mkdir -p d/e && seq 100 >d/long && seq 30 >"d/sp ace" && printf 'a\r\nb\r\n' >d/dos &&
    printf 'x' >d/e/none && printf 'same\n' >mode && printf 't\n' >"$(printf 'tab\tname')" &&
    seq 200 300 >moves && : >empty && git add -A && git commit -qm 1
    sed -i '10s/.*/ten/;50d;90a more' d/long && sed -i '3d' "d/sp ace" &&
    printf 'a\r\nc\r\n' >d/dos && printf 'x\ny' >d/e/none && chmod +x mode &&
    printf 'u\n' >"$(printf 'tab\tname')" && mkdir n && git mv moves n/moved &&
    sed -i '5s/.*/five/' n/moved && git rm -q empty && printf '\303\244\n' >"$(printf 'n/\303\244')"
    git add -A && git diff --cached -M >../diff && cp -r . ../want && git reset -q --hard)sh"});
  ChangeCall call(std::map<std::string, std::string>{});
  std::filesystem::copy(work.path("repo"), call.files.root(),
                        std::filesystem::copy_options::recursive);
  const std::string said = call(apply_patch, arguments(work.read("diff")));
  CHECK_THAT(said, Catch::StartsWith("patched 9 files\n"));
  CHECK(work.run({"sh", "-c",
                  "diff -r -x .git want '" + call.files.root() +
                      "' && "
                      "stat -c %a want/mode '" +
                      call.files.path("mode") + "' | uniq | wc -l"}) == "1\n");
}

}  // namespace
}  // namespace quarry::tools
