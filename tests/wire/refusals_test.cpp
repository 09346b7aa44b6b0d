// {every tool that writes} x {read-only server, read-only session, protected path, file for
// secrets}: refused with a text that says why, nothing is changed, and no secret comes out.

#include "tests/wire/siege.h"

namespace quarry::wire {
namespace {

// What a call does with the path that it is about.
enum class Does {
  kChanges,  // it, knowing what it holds
  kSearches,
  kOverwrites,  // it, or takes it away, not knowing what it holds
  kShows,       // it under another name
  kCopies,      // it to another name
  kUndoes,      // what was done last, to whatever
};

struct Call {
  const char* tool;
  Json arguments;
  Does does;
};

std::vector<Call> calls_on(const std::string& path) {
  const std::string update =
      "--- a/" + path + "\n+++ b/" + path + "\n@@ -1,1 +1,1 @@\n-KEY\n+KEYS\n";
  const std::string remove = "*** Begin Patch\n*** Delete File: " + path + "\n*** End Patch\n";
  const auto rename = [](const std::string& from, const std::string& to) {
    return "diff --git a/" + from + " b/" + to + "\nrename from " + from + "\nrename to " + to +
           "\n";
  };
  const Json one = {{"old_string", "KEY"}, {"new_string", "KEYS"}};
  return {
      {"edit_file",
       {{"path", path}, {"old_string", "KEY"}, {"new_string", "KEYS"}},
       Does::kChanges},
      {"edit_file", {{"path", path}, {"edits", Json::array({one})}}, Does::kChanges},
      {"apply_patch", {{"patch", update}}, Does::kChanges},
      {"apply_patch", {{"patch", remove}}, Does::kChanges},
      {"apply_patch", {{"patch", rename(path, "taken")}}, Does::kShows},
      {"apply_patch", {{"patch", rename("other", path)}}, Does::kOverwrites},
      {"replace_in_files",
       {{"pattern", "KEY"}, {"replacement", "KEYS"}, {"path", path}, {"dry_run", false}},
       Does::kSearches},
      {"write_file", {{"path", path}, {"content", "new\n"}}, Does::kOverwrites},
      {"write_file", {{"path", path}, {"content", "new\n"}, {"append", true}}, Does::kOverwrites},
      {"move_path", {{"source", path}, {"destination", "taken"}}, Does::kShows},
      {"move_path", {{"source", path}, {"destination", "taken"}, {"copy", true}}, Does::kCopies},
      {"move_path",
       {{"source", "other"}, {"destination", path}, {"overwrite", true}},
       Does::kOverwrites},
      {"move_path",
       {{"source", "other"}, {"destination", path}, {"copy", true}, {"overwrite", true}},
       Does::kOverwrites},
      {"delete_path", {{"path", path}}, Does::kOverwrites},
      {"undo", Json::object(), Does::kUndoes},
  };
}

const std::map<std::string, std::string> kFiles = {
    {"file", "KEY\n"},
    {"other", "other\n"},
    {".env", std::string("KEY\n") + kToken + "\n"},
    {"innocent.txt", std::string("-----BEGIN OPENSSH PRIVATE KEY-----\n") + std::string(64, 'k') +
                         "\nKEY\n" + kToken + "\n-----END OPENSSH PRIVATE KEY-----\n"},
    {".mcp.json", "KEY\n"},
    {".vscode/settings.json", "KEY\n"},
    {".git/config", "KEY\n"},
    {"bare/HEAD", "KEY\n"},
    {"bare/objects/x", "x\n"},
    {"bare/refs/x", "x\n"},
};

void in_a_fork(const std::function<void(Report&)>& body) {
  CHECK(forked(body) == "");
}

TEST_CASE("refused: whatever writes, on a read-only server") {
  in_a_fork([](Report& report) {
    Besieged siege(report, "read-only server", kFiles,
                   {.arguments = {"--read-only"}, .workers = 0});
    const auto before = snapshot_of(siege.tree.root());
    for (const Call& call : calls_on("file")) {
      siege.must_fail(call.tool, call.arguments, "--read-only");
    }
    siege.claim(snapshot_of(siege.tree.root()) == before, "the tree changed");
  });
}

TEST_CASE("refused: whatever writes, in a read-only session, and only there") {
  in_a_fork([](Report& report) {
    Besieged siege(report, "read-only session", kFiles);
    const Said opened = siege.ask("session_open", {{"read_only", true}});
    const std::string handle = Json::parse(opened.text).at("session");
    // There is something that an undo could take back.
    siege.must_work("write_file", {{"path", "made"}, {"content", "x"}});
    const auto before = snapshot_of(siege.tree.root());
    for (Call& call : calls_on("file")) {
      call.arguments["session"] = handle;
      siege.must_fail(call.tool, call.arguments, "the session is read-only");
    }
    siege.claim(snapshot_of(siege.tree.root()) == before, "the tree changed");
    siege.must_work("undo", Json::object());
  });
}

TEST_CASE("refused: whatever writes to a protected path or a git directory") {
  in_a_fork([](Report& report) {
    Besieged siege(report, "protected", kFiles);
    const std::pair<const char*, const char*> paths[] = {
        {".mcp.json", "is protected by the pattern"},
        {".vscode/settings.json", "is protected by the pattern"},
        {".git/config", "git directory"},
        {"bare/HEAD", "git directory"}};
    for (const auto& [path, why] : paths) {
      const auto before = snapshot_of(siege.tree.root());
      for (const Call& call : calls_on(path)) {
        switch (call.does) {
          case Does::kUndoes:
            siege.must_fail(call.tool, call.arguments, "no change");
            break;
          case Does::kSearches:
            siege.must_work(call.tool, call.arguments, "nothing was changed");
            break;
          case Does::kCopies:
            // It may be read, so it may be copied.
            siege.must_work(call.tool, call.arguments);
            siege.must_work("undo", Json::object());
            break;
          default:
            siege.must_fail(call.tool, call.arguments, why);
        }
        siege.claim(snapshot_of(siege.tree.root()) == before,
                    std::string(call.tool) + " changed " + path);
      }
    }
    siege.must_fail("delete_path", {{"path", "bare"}, {"recursive", true}}, "git directory");
    siege.must_fail("delete_path", {{"path", ".vscode"}, {"recursive", true}}, "protected");
    siege.must_fail("move_path", {{"source", ".vscode"}, {"destination", "x"}}, "protected");
  });
}

TEST_CASE("refused: the undo of a change to what is protected by now") {
  in_a_fork([](Report& report) {
    Besieged siege(report, "protected since", kFiles,
                   {.arguments = {"--no-fsync", "--unprotect", ".mcp.json"}, .workers = 0});
    siege.must_work("edit_file",
                    {{"path", ".mcp.json"}, {"old_string", "KEY"}, {"new_string", "KEYS"}});
    siege.server = std::make_unique<ServerProcess>(ServerOptions{
        .argv = command_line(siege.tree, siege.state, {.arguments = {"--no-fsync"}})});
    siege.must_fail("undo", Json::object(), "is protected by the pattern");
    siege.claim(siege.tree.read(".mcp.json") == "KEYS\n", "undone");
  });
}

TEST_CASE("refused: whatever would show a secret by changing it, moving it or taking it back") {
  in_a_fork([](Report& report) {
    for (const std::string path : {".env", "innocent.txt"}) {
      Besieged siege(report, "secret " + path, kFiles);
      const auto before = snapshot_of(siege.tree.root());
      const bool by_name = path == ".env";
      for (const Call& call : calls_on(path)) {
        const bool refused = call.does == Does::kChanges ||
                             (by_name && (call.does == Does::kShows || call.does == Does::kCopies));
        if (refused) {
          siege.must_fail(call.tool, call.arguments, by_name ? "secrets" : "private key");
        } else if (call.does == Does::kSearches) {
          const Said said = siege.ask(call.tool, call.arguments);
          siege.claim(said.failed || said.text.find("nothing was changed") != std::string::npos,
                      "replaced in it: " + said.text);
        } else if (!siege.ask(call.tool, call.arguments).failed && call.does != Does::kUndoes) {
          // Overwriting it, or giving a key another name, shows nothing, and nor does the undo.
          siege.ask("read_file", {{"path", "taken"}});
          siege.must_work("undo", {{"dry_run", true}});
          siege.must_work("undo", Json::object());
        }
        siege.claim(snapshot_of(siege.tree.root()) == before,
                    std::string(call.tool) + " changed " + path);
      }
    }
  });
}

}  // namespace
}  // namespace quarry::wire
