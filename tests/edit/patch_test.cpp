// What is read out of a patch text: files, kinds, names, modes, hunks; and what is refused.

#include "server/edit/patch.h"

#include <chrono>

#include <catch2/catch.hpp>

namespace quarry::edit {
namespace {

using Catch::Contains;

// "kind old -> new [mode] hunks" for each file, or the error.
std::string read(std::string_view text) {
  const auto files = parse_patch(text);
  if (!files) return "error: " + files.error().message;
  constexpr std::array kKinds = {"modify", "create", "delete", "rename", "copy"};
  std::string out;
  for (const FilePatch& file : *files) {
    out += fmt::format("{}{} {} -> {}", out.empty() ? "" : "; ",
                       kKinds[static_cast<std::size_t>(file.kind)], file.old_path, file.new_path);
    if (file.mode) out += fmt::format(" {:o}", *file.mode);
    for (const Hunk& hunk : file.hunks) {
      std::size_t kept = 0;
      std::size_t gone = 0;
      std::size_t made = 0;
      for (const PatchLine& line : hunk.lines) {
        ++(line.kind == PatchLine::Kind::kContext  ? kept
           : line.kind == PatchLine::Kind::kRemove ? gone
                                                   : made);
      }
      out += hunk.old_start ? fmt::format(" @{}", *hunk.old_start) : " @";
      for (const std::string_view anchor : hunk.anchors) out += fmt::format("[{}]", anchor);
      out += fmt::format(" ={}-{}+{}", kept, gone, made);
      if (hunk.at_end) out += " end";
      if (hunk.recounted) out += " recounted";
    }
  }
  return out;
}

struct Row {
  const char* name;
  const char* text;
  const char* want;
};

TEST_CASE("patch: files, names and hunks of unified diffs") {
  const Row rows[] = {
      {"plain", "--- a.c\n+++ a.c\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n", "modify a.c -> a.c @1 =1-1+1"},
      {"prefixes", "--- a/d/a.c\n+++ b/d/a.c\n@@ -3 +3 @@ int f()\n-y\n+z\n",
       "modify d/a.c -> d/a.c @3 =0-1+1"},
      {"other prefixes", "--- old/a.c\n+++ new/a.c\n@@ -3 +3 @@\n-y\n+z\n",
       "modify a.c -> a.c @3 =0-1+1"},
      {"times", "--- a.c\t2024-01-01 10:00:00.0 +0100\n+++ a.c\t2024-01-02\n@@ -3 +3 @@\n-y\n+z\n",
       "modify a.c -> a.c @3 =0-1+1"},
      {"made, by diff -N",
       "--- a.c\t1970-01-01 00:00:00.0 +0000\n+++ a.c\t2024-01-02\n@@ -0,0 +1 @@\n+z\n",
       "create  -> a.c @0 =0-0+1"},
      {"made", "--- /dev/null\n+++ b/a.c\n@@ -0,0 +1 @@\n+z\n", "create  -> a.c @0 =0-0+1"},
      {"deleted", "--- a/a.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-z\n", "delete a.c ->  @1 =0-1+0"},
      {"git's empty file", "diff --git a/x y b/x y\nnew file mode 100755\nindex 00..11\n",
       "create  -> x y 100755"},
      {"git's empty file goes", "diff --git a/e b/e\ndeleted file mode 100644\nindex 11..00\n",
       "delete e ->  100644"},
      {"mode", "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", "modify x -> x 100755"},
      {"rename",
       "diff --git a/x b/d/y\nsimilarity index 90%\nrename from x\nrename to d/y\n"
       "--- a/x\n+++ b/d/y\n@@ -1 +1 @@\n-a\n+b\n",
       "rename x -> d/y @1 =0-1+1"},
      {"copy", "diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n",
       "copy x -> y"},
      {"a mail with a list behind a rename",
       "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n-- \n2.39.5\n\n"
       "From 0123 Mon Sep 17 00:00:00 2001\nSubject: [PATCH 2/2] more\n\n- first\n+ second\n---\n"
       " z | 0\n\ndiff --git a/z b/z\nold mode 100644\nnew mode 100755\n",
       "rename x -> y; modify z -> z 100755"},
      {"quoted",
       "diff --git \"a/\\303\\244 \\\"q\\\".txt\" \"b/\\303\\244 \\\"q\\\".txt\"\n"
       "--- \"a/\\303\\244 \\\"q\\\".txt\"\n+++ \"b/\\303\\244 \\\"q\\\".txt\"\n@@ -1 +1 "
       "@@\n-a\n+b\n",
       "modify \u00E4 \"q\".txt -> \u00E4 \"q\".txt @1 =0-1+1"},
      {"no prefix", "diff --git a/x a/x\n--- a/x\n+++ a/x\n@@ -1 +1 @@\n-a\n+b\n",
       "modify a/x -> a/x @1 =0-1+1"},
      {"a mail around it",
       "From 0123 Mon Sep 17\nSubject: x\n\nIt does.\n---\n a.c | 2 +-\n\ndiff --git a/a.c b/a.c\n"
       "index 1..2 100644\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39.5\n\n",
       "modify a.c -> a.c @1 =0-1+1"},
      {"a fence around it", "```diff\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b\n```\n",
       "modify a.c -> a.c @1 =0-1+1"},
      {"lines that look like headers",
       "--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,2 @@\n--- a\n+++ b\n x\n--- a/b.c\n+++ b/b.c\n@@ -1 +1 "
       "@@\n"
       "-a\n+b\n",
       "modify a.c -> a.c @1 =1-1+1; modify b.c -> b.c @1 =0-1+1"},
      {"wrong counts",
       "--- a/a.c\n+++ b/a.c\n@@ -1,9 +1,7 @@\n x\n-a\n+b\n\n@@ -9,1 +9,1 @@\n x\n+y\n",
       "modify a.c -> a.c @1 =1-1+1 recounted @9 =1-0+1 recounted"},
      {"a header that counts too little, before an empty line",
       "--- a/a.c\n+++ b/a.c\n@@ -1,1 +1,2 @@\n x\n+a\n\n+b\n y\n",
       "modify a.c -> a.c @1 =3-0+2 recounted"},
      {"counts beyond all numbers",
       "--- a/a.c\n+++ b/a.c\n@@ -1,99999999999999999999999 +1 @@\n x\n-a\n",
       "modify a.c -> a.c @1 =1-1+0 recounted"},
      {"an empty line has lost its blank", "--- a.c\n+++ a.c\n@@ -1,3 +1,2 @@\n x\n\n-y\n",
       "modify a.c -> a.c @1 =2-1+0"},
      {"no line numbers", "--- a.c\n+++ a.c\n@@ ... @@\n x\n-y\n@@ int f() @@\n-z\n",
       "modify a.c -> a.c @ =1-1+0 @[int f()] =0-1+0"},
      {"carriage returns throughout", "--- a/a.c\r\n+++ b/a.c\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n",
       "modify a.c -> a.c @1 =0-1+1"},
      {"a line that is removed and looks like a mail's end",
       "--- a/q.md\n+++ b/q.md\n@@\n-# T\n+# Title\n-- \n\n-x\n+z\n",
       "modify q.md -> q.md @ =1-3+2"},
      {"commits of a log, with lists",
       "commit 0123\nAuthor: A\n\n    it\n    - does\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n"
       "@@ -1 +1 @@\n-a\n+b\n\ncommit 4567\nAuthor: A\n\n- does\n\ndiff --git a/b b/b\n--- a/b\n"
       "+++ b/b\n@@ -1 +1 @@\n-c\n+d\n",
       "modify a -> a @1 =0-1+1; modify b -> b @1 =0-1+1"},
      {"a link, by its mode",
       "diff --git a/l b/l\nindex 1..2 120000\n--- a/l\n+++ b/l\n@@ -1 +1 @@\n-a\n"
       "\\ No newline at end of file\n+b\n\\ No newline at end of file\n",
       "modify l -> l 120000 @1 =0-1+1"},
      {"no newline at the end", "--- a.c\n+++ a.c\n@@ -1 +1 @@\n-a\n\\ No newline\n+b",
       "modify a.c -> a.c @1 =0-1+1"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(read(row.text) == row.want);
  }
}

TEST_CASE("patch: files and hunks between *** Begin Patch and *** End Patch") {
  const Row rows[] = {
      {"all kinds",
       "*** Begin Patch\n*** Update File: a.c\n*** Move to: d/b.c\n@@ class A\n@@ def f\n "
       "x\n-y\n+z\n"
       "*** End of File\n*** Add File: n.txt\n+one\n+\n*** Delete File: old.c\n*** End Patch\n",
       "rename a.c -> d/b.c @[class A][def f] =1-1+1 end; create  -> n.txt @0 =0-0+2; "
       "delete old.c -> "},
      {"the first hunk without @@", "*** Begin Patch\n*** Update File: a.c\n x\n-y\n@@\n-z\n",
       "modify a.c -> a.c @ =1-1+0 @ =0-1+0"},
      {"neither first nor last line", "*** Update File: a.c\n-y\n+z", "modify a.c -> a.c @ =0-1+1"},
      {"a shell around it",
       "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: e\n*** End Patch\nEOF\n",
       "create  -> e"},
      {"a dash in an anchor is one", "*** Update File: a\n@@ - y: 1 @@\n@@ -x\n-y\n+z\n",
       "modify a -> a @[- y: 1][-x] =0-1+1"},
      {"a second patch behind the first",
       "*** Begin Patch\n*** Delete File: a\n*** End Patch\nEOF\n*** Begin Patch\n"
       "*** Delete File: b\n*** End Patch\n",
       "delete a -> ; delete b -> "},
      {"numbers in an anchor say nothing", "*** Update File: a\n@@ -1,2 +1,2 @@\n-y\n+z\n",
       "modify a -> a @ =0-1+1"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(read(row.text) == row.want);
  }
}

TEST_CASE("patch: what cannot be applied is refused, with the line and what would work") {
  const Row rows[] = {
      {"no patch", "hello\n", "no patch in this text"},
      {"nothing", "", "no patch in this text"},
      {"blocks",
       "a.c\n<<<<<<<"
       " SEARCH\nx\n=======\ny\n>>>>>>>"
       " REPLACE\n",
       "edit_file"},
      {"names alone", "--- a/a\n+++ b/a\n", "line 1 of the patch: a file without a hunk"},
      {"a second file without @@",
       "--- a/c\n+++ b/c\n@@ -1 +1 @@\n-a\n+A\n--- a/d\n+++ b/d\n-x\n+X\n",
       "line 6 of the patch: a file without a hunk"},
      {"the same of git", "diff --git a/d b/d\n-x\n+X\n",
       "line 1 of the patch: a file without a hunk"},
      {"a second patch that is none",
       "*** Begin Patch\n*** Delete File: a\n*** End Patch\n*** Begin Patch\n*** Delete File: \n",
       "line 5 of the patch names no file"},
      {"a hunk of no file", "@@ -1 +1 @@\n-a\n+b\n", "line 1 of the patch: a hunk without a file"},
      {"stray text", "--- a\n+++ a\n@@ -1,2 +1,2 @@\n x\noops\n",
       "line 5 of the patch is no line of the hunk that begins on line 3"},
      {"a line without its blank behind a full hunk",
       "--- a\n+++ a\n@@ -1,1 +1,1 @@\n-a\n+A\nb\n-c\n+C\n",
       "line 6 of the patch is no line of the hunk that begins on line 3"},
      {"the same, and it looks like a log",
       "--- a\n+++ a\n@@ -1,1 +1,1 @@\n-a\n+A\ncommit it\n-c\n+C\n",
       "line 6 of the patch is no line"},
      {"a fence that is a line of the file",
       "--- a\n+++ a\n@@ -1,4 +1,4 @@\n-a\n+b\n```sh\n-make\n+make all\n```\n",
       "line 6 of the patch is no line"},
      {"the same without numbers", "--- a\n+++ a\n@@\n-a\n+b\n\n```sh\n-make\n+make all\n```\n",
       "line 7 of the patch is no line"},
      {"the name of the new file alone",
       "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+A\n+++ b/g\n@@ -1 +1 @@\n-x\n+y\n",
       "line 6 of the patch names a file alone"},
      {"the same behind a hunk without numbers",
       "--- a/f\n+++ b/f\n@@\n-a\n+A\n+++ b/g\n@@\n-x\n+y\n", "line 6 of the patch names"},
      {"binary", "diff --git a/x.png b/x.png\nGIT binary patch\nliteral 4\nabc\n",
       "'x.png' is a binary"},
      {"binary, told only", "diff --git a/x b/x\nBinary files a/x and b/x differ\n",
       "'x' is a binary"},
      {"merge", "diff --cc a.c\n@@@ -1,1 -1,1 +1,1 @@@\n- a\n",
       "line 1 of the patch: this is the diff of"},
      {"context diff", "*** a.c\n--- b.c\n***************\n*** 1 ****\n", "context diff"},
      {"quotes that do not end", "--- \"a\n+++ \"b\n@@ -1 +1 @@\n-a\n+b\n", "quotes do not end"},
      {"a mode that is none", "diff --git a/x b/x\nnew mode 9z\n", "no octal number"},
      {"no name", "*** Begin Patch\n*** Delete File: \n", "line 2 of the patch names no file"},
      {"no name after the prefix", "--- a/a\n+++ b/\n@@ -1 +1 @@\n-x\n+y\n", "names no file"},
      {"a beginning that is none", "*** Begin Patch\n*** Begin Patch*\n", "belongs to no file"},
      {"no lines", "*** Begin Patch\n*** Update File: a.c\n@@\n*** End Patch", "without lines"},
      {"no hunk", "*** Begin Patch\n*** Update File: a.c\n*** End Patch", "has no hunk"},
      {"added without +", "*** Add File: a.c\nint x;\n", "begins with +"},
      {"a line of nothing", "*** Update File: a.c\nint x;\n", "line 2 of the patch"},
  };
  for (const Row& row : rows) {
    INFO(row.name << '\n' << read(row.text));
    CHECK_THAT(read(row.text), Catch::StartsWith("error: ") && Contains(row.want));
  }
}

TEST_CASE("patch: the names in a long header line are told apart in one pass, or not at all") {
  std::string many = "diff --git a";
  while (many.size() < 300'000) many += " a";
  std::string slashes = "diff --git a/";
  while (slashes.size() < 300'000) slashes += " a/";
  const auto begin = std::chrono::steady_clock::now();
  for (std::string header : {many, many + " a", many + "b", slashes, slashes + " b/c"}) {
    static_cast<void>(parse_patch(header + "\nnew mode 100755\n"));
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
  CHECK(read("diff --git x y/z a x y/z a\nnew mode 100755\n") ==
        "modify x y/z a -> x y/z a 100755");
  CHECK(read("diff --git long/x y/z a s/x y/z a\nnew mode 100755\n") ==
        "modify x y/z a -> x y/z a 100755");
}

}  // namespace
}  // namespace quarry::edit
