#include <filesystem>

#include <catch2/catch.hpp>

#include "server/git/client.h"
#include "server/json/document.h"
#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"
#include "server/store/store.h"
#include "tests/support/temp_workspace.h"
#include "tests/support/tool_call.h"

namespace quarry::tools {
extern const Tool analyze_repository;
namespace {

// The helper lies beside the test program.
std::string helper() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "quarry-git";
}

class World {
 public:
  explicit World(const std::string& root, const std::string& git_helper = helper())
      : workspace_(std::move(*sandbox::Workspace::open(root))),
        git_(workspace_->root(), git_helper, clock_) {}

  test::ToolAnswer call(std::string_view arguments, std::int64_t max_tokens = 8000) {
    return test::call_tool(analyze_repository, arguments,
                           {.files = *workspace_,
                            .git = git_,
                            .store = *store_,
                            .pool = pool_,
                            .clock = &clock_,
                            .max_tokens = max_tokens,
                            .deadline_ns = clock_.steady_ns() + 30'000'000'000});
  }

 private:
  SystemClock clock_;
  std::unique_ptr<sandbox::Workspace> workspace_;
  git::GitClient git_;
  std::unique_ptr<store::Store> store_ = store::Store::in_memory();
  pool::Pool pool_{{.workers = 0}};
};

// The member at `path` ("git/branch") as text; "" when it is not there.
std::string text_at(json::Value value, std::string_view path) {
  while (value && !path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    value = value.find(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return value.is(json::Type::kString) ? std::string(value.string()) : std::string();
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const std::map<std::string, std::string> kProject = {
    {"src/main.c", "int main(void) { return 0; }\n"},
    {"src/main.h", "int x;\n"},
    {"vendor/big.go", "package big // and much longer than all the rest of this project\n"},
    {"README.md", "# readme\n"},
    {"Makefile", "all:\n"},
    {"untracked.py", "print()\n"}};

void make_repository(const test::TempWorkspace& tree) {
  tree.run({"git", "init", "-q", "-b", "main"});
  tree.run({"git", "add", "src", "vendor", "README.md", "Makefile"});
  tree.run({"git", "commit", "-q", "-m", "begin"});
  tree.run({"git", "remote", "add", "origin", "https://user:secret@example.org/x.git"});
}

TEST_CASE("analyze_repository looks at a bare repository as its HEAD has it") {
  const test::TempWorkspace tree(kProject);
  make_repository(tree);
  const test::TempWorkspace bare;
  tree.run({"git", "clone", "-q", "--bare", ".", bare.path("r")});
  World world(bare.path("r"));
  const test::ToolAnswer answer = world.call("{}");
  INFO(answer.text());
  REQUIRE(answer.error.empty());
  CHECK(holds(answer.text(), "mainly C"));
  CHECK(holds(answer.text(), "a bare repository: its HEAD is looked at"));
  CHECK(holds(answer.text(), "make (build): Makefile"));
  CHECK_FALSE(holds(answer.text(), "untracked.py"));
  CHECK(holds(answer.output.structured, R"("bare":true)"));
  // A second look says the same, and a state can be named.
  CHECK(world.call("{}").text() == answer.text());
  CHECK(holds(world.call(R"({"ref":"main"})").text(), "mainly C"));
  CHECK_FALSE(world.call(R"({"ref":"gone"})").error.empty());
}

TEST_CASE("analyze_repository answers in text and in structure with evidence") {
  const test::TempWorkspace tree(kProject);
  make_repository(tree);
  World world(tree.root());
  const test::ToolAnswer answer = world.call("{}");
  INFO(answer.error << answer.output.text << "\n" << answer.output.structured);
  REQUIRE(answer.error.empty());
  CHECK(holds(answer.output.text, ".: mainly C ("));
  CHECK(holds(answer.output.text, "; 5 tracked files, "));
  CHECK(holds(answer.output.text, "2 files, largest src/main.c"));
  CHECK(holds(answer.output.text, "left out, vendored: 1 file, 65 B (vendor/)"));
  CHECK(holds(answer.output.text, "make (build): Makefile"));
  CHECK(holds(answer.output.text, "git: branch main at "));
  CHECK(!holds(answer.output.text, "secret"));

  json::Parser parser;
  json::Document document;
  REQUIRE(document.parse_copy(parser, answer.output.structured));
  const json::Value root = document.root();
  CHECK(text_at(root, "main_language") == "C");
  CHECK(text_at(root, "source") == "git index");
  CHECK(root.find("files").integer() == 5);
  const json::Value c = root.find("languages").first();
  REQUIRE(c);
  CHECK(text_at(c, "name") == "C");
  CHECK(c.find("files").integer() == 2);
  CHECK(text_at(c, "evidence") == "src/main.c");
  REQUIRE(root.find("left_out").size() > 0);
  CHECK(text_at(root.find("left_out").first(), "reason") == "vendored");
  REQUIRE(root.find("manifests").size() == 1);
  CHECK(root.find("manifests").first().find("paths").raw() == R"(["Makefile"])");
  CHECK(text_at(root, "git/branch") == "main");
  CHECK(text_at(root, "git/last_commit/subject") == "begin");
  CHECK(root.find("notes").is(json::Type::kArray));
  CHECK(!holds(answer.output.structured, "secret"));
}

TEST_CASE("analyze_repository shows commands that can be run as they are shown") {
  const std::string loop(400, 'x');
  const test::TempWorkspace tree(
      {{"app.py", "print()\n"},
       {"Procfile", "web: python -c 'print(\"a\\tb\")' | sed s/\\./,/\n"},
       {".github/workflows/a.yml", "jobs: {a: {steps: [{run: 'pytest -k a\\b'}]}}\n"},
       {".github/workflows/b.yml", "jobs: {a: {steps: [{run: pytest}]}}\n"}});
  World world(tree.root());
  const auto answer = world.call(R"({"sections": ["commands", "ci", "modules"]})").output;
  INFO(answer.text);
  CHECK(holds(answer.text, R"(start `python -c 'print("a\tb")' | sed s/\./,/` (Procfile:1))"));
  CHECK(holds(answer.text, R"(test `pytest -k a\b` ()"));
  CHECK(holds(answer.text,
              "\nci: GitHub Actions (.github/workflows/a.yml, .github/workflows/b.yml)"));
  json::Parser parser;
  json::Document document;
  REQUIRE(document.parse_copy(parser, answer.structured));
  CHECK(text_at(document.root(), "start_command") == R"(python -c 'print("a\tb")' | sed s/\./,/)");

  const test::TempWorkspace long_tree(
      {{"app.py", "print()\n"}, {"Procfile", "web: python app.py " + loop + "\n"}});
  World other(long_tree.root());
  const std::string text = other.call(R"({"sections": ["commands"]})").output.text;
  CHECK(holds(text, "x ...` (Procfile:1)"));
}

TEST_CASE("analyze_repository gives the sections that are asked for") {
  const test::TempWorkspace tree(kProject);
  make_repository(tree);
  World world(tree.root());
  struct Row {
    const char* arguments;
    bool languages, manifests, git;
  };
  const Row rows[] = {
      {R"({"sections":["languages"]})", true, false, false},
      {R"({"sections":["manifests","git"]})", false, true, true},
      {R"({"sections":"git"})", false, false, true},
      {R"({"sections":["all"]})", true, true, true},
      {R"({"sections":[]})", true, true, true},
      {R"({"path":"src","sections":["languages"]})", true, false, false},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    const test::ToolAnswer answer = world.call(row.arguments);
    REQUIRE(answer.error.empty());
    CHECK(holds(answer.output.structured, "\"languages\":") == row.languages);
    CHECK(holds(answer.output.structured, "\"manifests\":") == row.manifests);
    CHECK(holds(answer.output.structured, "\"git\":") == row.git);
    CHECK(holds(answer.output.text, "languages (") == row.languages);
    CHECK(holds(answer.output.text, "manifests:") == row.manifests);
    CHECK(holds(answer.output.text, "git: ") == row.git);
  }
}

TEST_CASE("analyze_repository says what is wrong with its arguments") {
  const test::TempWorkspace tree(kProject);
  World world(tree.root());
  struct Row {
    const char* arguments;
    const char* want;
  };
  const Row rows[] = {
      {R"({"sections":["weather"]})",
       "argument 'sections' has no 'weather'; it takes languages, modules, frameworks, "
       "dependencies, entry_points, commands, ports, databases, environment, config, containers, "
       "ci, tests, manifests, git, all"},
      {R"({"path":"src/main.c"})", "'src/main.c' is not a directory"},
      {R"({"path":"nowhere"})", "nowhere"},
      {R"({"path":"../x"})", "path"},
      {R"({"refresh":"perhaps"})", "refresh"},
      {R"({"depth":3})", "depth"},
  };
  for (const Row& row : rows) {
    const test::ToolAnswer answer = world.call(row.arguments);
    INFO(row.arguments << "\n" << answer.error);
    CHECK(holds(answer.error, row.want));
  }
}

TEST_CASE("analyze_repository says where a module's version and package manager are told") {
  const test::TempWorkspace tree(
      {{"package.json",
        "{\n\"engines\": {\"node\": \">=20\"},\n\"packageManager\": \"pnpm@9.1.0\"\n}\n"},
       {"index.js", "f();\n"}});
  World world(tree.root());
  const test::ToolAnswer answer = world.call("{}");
  INFO(answer.error << answer.output.text << "\n" << answer.output.structured);
  REQUIRE(answer.error.empty());
  CHECK(holds(answer.output.text, "Node.js >=20 (package.json:2), pnpm 9.1.0 (package.json:3)"));
  CHECK(holds(answer.output.structured, R"("runtime_evidence":"package.json:2")"));
  CHECK(holds(answer.output.structured, R"("package_manager_evidence":"package.json:3")"));
}

TEST_CASE("analyze_repository walks a plain directory and says so") {
  const test::TempWorkspace tree(kProject);
  World world(tree.root());
  const test::ToolAnswer answer = world.call("{}");
  INFO(answer.error << answer.output.text);
  REQUIRE(answer.error.empty());
  CHECK(holds(answer.output.text, "; 6 walked files, "));
  CHECK(holds(answer.output.text, "note: no git repository: the directory was walked"));
  CHECK(holds(answer.output.structured, R"("source":"walk")"));
  CHECK(holds(answer.output.structured, R"("git":null)"));
}

TEST_CASE("analyze_repository looks at a tree of which the ignore rules leave nothing") {
  const test::TempWorkspace tree({{".gitignore", "/*\n"},
                                  {"kernel/fork.c", "int fork(void) { return 0; }\n"},
                                  {"README", "unpacked from an archive\n"}});
  World world(tree.root());
  constexpr std::string_view kHow =
      "note: the ignore rules leave out all of it, so they were not applied";
  const test::ToolAnswer all = world.call("{}");
  INFO(all.error << all.output.text);
  CHECK(holds(all.output.text, ".: mainly C"));
  CHECK(holds(all.output.text, "; 3 walked files, "));
  CHECK(holds(all.output.text, kHow));
  CHECK(!holds(all.output.text, "not looked at"));
  // No later look goes by a tree that does not tell of it.
  tree.write("kernel/exit.c", "void leave(void) {}\n");
  CHECK(holds(world.call(R"({"refresh":true})").output.text, "; 4 walked files, "));
  const test::ToolAnswer inside = world.call(R"({"path":"kernel"})");
  CHECK(holds(inside.output.text, "kernel: mainly C"));
  CHECK(!holds(inside.output.text, kHow));
  tree.write(".gitignore", "/kernel\n");
  const test::ToolAnswer some = world.call(R"({"refresh":true})");
  CHECK(holds(some.output.text, "1 ignored directory"));
  CHECK(!holds(some.output.text, kHow));
}

TEST_CASE("analyze_repository lists as much as its budget holds") {
  std::string manifest = R"({"dependencies": {)";
  for (int i = 100; i < 250; ++i) {
    manifest += (i > 100 ? "," : "") + std::string("\"dep-") + std::to_string(i) + "\":\"^1.0.0\"";
  }
  const test::TempWorkspace tree({{"package.json", manifest + "}}\n"}, {"index.js", "f();\n"}});
  World world(tree.root());
  const test::ToolAnswer all = world.call(R"({"sections":["dependencies"]})", 24'000);
  CHECK(holds(all.output.text, "dep-249"));
  CHECK(holds(all.output.structured, R"("dep-249")"));
  CHECK(!holds(all.output.structured, "dependencies_left_out"));
  const test::ToolAnswer some = world.call("{}", 3'000);
  CHECK(holds(some.output.structured, R"("dependencies_left_out":120)"));
  CHECK(some.output.structured.size() <= 12'000);
}

TEST_CASE("analyze_repository still answers when the git helper does not start") {
  const test::TempWorkspace tree(kProject);
  make_repository(tree);
  World world(tree.root(), "/nonexistent/quarry-git");
  const test::ToolAnswer answer = world.call("{}");
  INFO(answer.error << answer.output.text);
  REQUIRE(answer.error.empty());
  CHECK(holds(answer.output.text, "; 6 walked files, "));
  CHECK(
      holds(answer.output.text, "note: git's index cannot be read, so the directory was walked: "));
}

TEST_CASE("analyze_repository keeps within its budget") {
  const test::TempWorkspace tree;
  for (const char* extension :
       {"c",  "py",   "rs", "go",    "js",  "ts",  "rb", "pl",  "lua", "tcl",
        "sh", "java", "kt", "swift", "zig", "nim", "ex", "erl", "hs",  "ml"}) {
    tree.write(std::string("src/a_file_with_a_rather_long_name.") + extension, "some text\n");
  }
  World world(tree.root());
  const test::ToolAnswer wide = world.call(R"({"sections":["languages"]})");
  const test::ToolAnswer narrow = world.call(R"({"sections":["languages"]})", 300);
  CHECK(wide.output.structured.size() > 1200);
  CHECK(narrow.output.structured.size() <= 1200);
  CHECK(narrow.output.text.size() <= 1200);
  CHECK(holds(narrow.output.structured, "15 smaller languages do not fit"));
}

}  // namespace
}  // namespace quarry::tools
