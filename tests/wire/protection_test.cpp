// What is protected stays so from wherever a session looks at it (FS-21, FS-22), over the wire.

#include <filesystem>

#include "tests/wire/siege.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;

// A project below the root, with a repository of its own, and what configures other programs.
std::map<std::string, std::string> project() {
  return {{"proj/main.c", "int main;\n"},
          {"proj/.git/HEAD", "ref: refs/heads/main\n"},
          {"proj/.git/hooks/pre-commit.sample", "#!/bin/sh\n"},
          {"proj/.git/objects/x", "x"},
          {"proj/.git/refs/x", "x"},
          {"proj/.claude/settings.json", "{}"},
          {"proj/.cursor/mcp.json", "{}"},
          {"proj/.vscode/tasks.json", "{}"},
          {"bare/HEAD", "ref: refs/heads/main\n"},
          {"bare/objects/x", "x"},
          {"bare/refs/x", "x"},
          {"bare/hooks/x", "x"}};
}

std::string open_at(Besieged& siege, const std::string& root) {
  const Said said = siege.ask("session_open", {{"root", root}});
  siege.claim(!said.failed, "no session on " + root + ": " + said.text);
  return Json::parse(said.text).value("session", "");
}

TEST_CASE("FS-21 a session on a protected directory, or beneath one, changes nothing in it") {
  struct Row {
    const char* root;
    const char* path;
  };
  const Row rows[] = {
      {"proj/.git", "hooks/planted"},    {"proj/.git/hooks", "planted"},
      {"proj/.git", "config"},           {"proj/.vscode", "tasks.json"},
      {"proj/.claude", "settings.json"}, {"proj/.claude", "settings.local.json"},
      {"proj/.cursor", "mcp.json"},      {"bare", "hooks/planted"},
      {"bare/hooks", "planted"},         {"bare/refs", "deep/planted"},
  };
  on_each_kernel([&](Report& report, const Kernel&) {
    Besieged siege(report, "FS-21", project());
    const Snapshot before = snapshot_of(siege.tree.root());
    for (const Row& row : rows) {
      const std::string handle = open_at(siege, row.root);
      const Json session = {{"session", handle}};
      const auto with = [&](Json more) {
        more.update(session);
        return more;
      };
      siege.must_fail("write_file", with({{"path", row.path}, {"content", "x"}}));
      siege.must_fail("apply_patch",
                      with({{"patch", std::string("*** Begin Patch\n*** Add File: ") + row.path +
                                          "\n+x\n*** End Patch\n"}}));
      siege.must_fail("delete_path", with({{"path", row.path}}));
      siege.claim(snapshot_of(siege.tree.root()) == before, std::string("changed: ") + row.root);
    }
  });
}

TEST_CASE("FS-21 patterns hold below every directory of the root") {
  on_each_kernel([&](Report& report, const Kernel&) {
    Besieged siege(report, "FS-21", project());
    const std::string inside = open_at(siege, "proj/.git/hooks");
    siege.must_fail("write_file", {{"path", "x"}, {"content", "x"}, {"session", inside}},
                    "this session's root belongs to a git directory");
    const std::string settings = open_at(siege, "proj/.vscode");
    siege.must_fail("write_file", {{"path", "x"}, {"content", "x"}, {"session", settings}},
                    "this session's root is protected by the pattern '.vscode/'");
    const Snapshot before = snapshot_of(siege.tree.root());
    for (const char* path : {"proj/.claude/settings.json", "proj/.claude/settings.local.json",
                             "proj/.cursor/mcp.json", "proj/new/.CURSOR/mcp.json"}) {
      siege.must_fail("write_file", {{"path", path}, {"content", "x"}}, "protected by the pattern");
    }
    siege.claim(snapshot_of(siege.tree.root()) == before, "changed");
    siege.must_work("write_file", {{"path", "proj/.claude/notes.md"}, {"content", "x"}});
    const std::string handle = open_at(siege, "proj");
    siege.must_work("write_file", {{"path", "main.c"}, {"content", "x"}, {"session", handle}});
  });
}

TEST_CASE("FS-21 a root that the client names is judged as the directory that it is") {
  const auto roots = [](Client& client, const std::string& directory) {
    client.request("init", "initialize",
                   {{"protocolVersion", "2025-11-25"},
                    {"capabilities", {{"roots", {{"listChanged", true}}}}},
                    {"clientInfo", {{"name", "wire_test"}, {"version", "1"}}}});
    client.send({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}});
    const Json id = client.receive()["id"];
    client.send({{"jsonrpc", "2.0"},
                 {"id", id},
                 {"result", {{"roots", {{{"uri", "file://" + directory}}}}}}});
  };
  Client client({.files = project()});
  roots(client, client.workspace.path("proj/.git"));
  const Json refused =
      client.request(1, "tools/call",
                     {{"name", "write_file"},
                      {"arguments", {{"path", "hooks/planted"}, {"content", "x"}}}})["result"];
  CHECK(refused.value("isError", false));
  CHECK_FALSE(fs::exists(client.workspace.path("proj/.git/hooks/planted")));
}

TEST_CASE("FS-22 a directory is not moved when it holds, or would hold, what is protected") {
  on_each_kernel([&](Report& report, const Kernel&) {
    Besieged siege(report, "FS-22", project());
    siege.tree.write("x/mcp.json", "{}");
    siege.tree.write("y/deep/settings.json", "{}");
    siege.tree.make_directory("clean/deep/er");
    const Snapshot before = snapshot_of(siege.tree.root());
    const std::pair<const char*, const char*> moves[] = {
        {"proj/.claude", "proj/c2"}, {"proj", "p2"},        {"x", ".cursor"},
        {"x", "sub/.cursor"},        {"y/deep", ".claude"}, {"proj/.vscode", "v2"}};
    for (const auto& [from, to] : moves) {
      siege.must_fail("move_path", {{"source", from}, {"destination", to}});
      siege.claim(snapshot_of(siege.tree.root()) == before, std::string("changed: ") + from);
    }
    siege.must_fail("move_path", {{"source", "x"}, {"destination", ".cursor"}, {"copy", true}});
    siege.claim(snapshot_of(siege.tree.root()) == before, "copied");
    siege.must_work("move_path", {{"source", "clean"}, {"destination", "tidy"}});
  });
}

TEST_CASE("FS-22 a protected name that is a link is not written through") {
  on_each_kernel([&](Report& report, const Kernel&) {
    Besieged siege(report, "FS-22", {{"shared.json", "old\n"}, {"dir/settings.json", "old\n"}});
    siege.tree.link("shared.json", ".mcp.json");
    siege.tree.link("dir", ".claude");
    for (const char* path : {".mcp.json", ".claude/settings.json"}) {
      siege.must_fail("write_file", {{"path", path}, {"content", "new\n"}}, "protected");
      siege.must_fail("edit_file", {{"path", path}, {"old_string", "old"}, {"new_string", "new"}});
      siege.must_fail("apply_patch", {{"patch", patch_of(path, "old", "new")}});
      siege.must_work(
          "replace_in_files",
          {{"path", path}, {"pattern", "old"}, {"replacement", "new"}, {"dry_run", false}},
          "nothing was changed");
    }
    siege.tree.write("free.json", "new\n");
    for (const bool copy : {true, false}) {
      siege.must_fail("move_path",
                      {{"source", "free.json"},
                       {"destination", ".claude/settings.json"},
                       {"overwrite", true},
                       {"copy", copy}},
                      "protected");
    }
    siege.must_fail("move_path",
                    {{"source", "free.json"}, {"destination", ".claude/settings.local.json"}});
    siege.must_fail("move_path", {{"source", ".claude/settings.json"}, {"destination", "away"}});
    siege.must_fail("delete_path", {{"path", ".claude/settings.json"}}, "protected");
    siege.claim(siege.tree.read("shared.json") == "old\n", "written through");
    siege.claim(siege.tree.read("dir/settings.json") == "old\n", "written through a directory");
    siege.must_work("write_file", {{"path", "shared.json"}, {"content", "new\n"}});
  });
}

}  // namespace
}  // namespace quarry::wire
