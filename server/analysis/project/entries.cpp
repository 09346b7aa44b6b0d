#include <algorithm>
#include <array>

#include "server/analysis/languages.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/project/aside.h"
#include "server/analysis/project/detect.h"
#include "server/analysis/project/source_facts.h"

namespace quarry::analysis::project {
namespace {

constexpr std::size_t kMaxEntries = 12;
constexpr std::size_t kMaxCandidates = 64;
constexpr std::size_t kMaxRead = 8;
constexpr std::uint64_t kMaxSourceBytes = 1UL << 20U;
constexpr std::size_t kMaxSettings = 8;
constexpr std::uint64_t kMaxSettingsBytes = 256UL << 10U;

constexpr std::ptrdiff_t kDeepestEntry = 3;  // slashes in a path of kEntryNames

struct Names {
  std::string_view language;
  // Apart by blanks, most telling first; '*' for one component, "{name}" for the module's name.
  std::string_view paths;
  bool verified;  // counts only where a program begins
};
constexpr Names kEntryNames[] = {
    {"JavaScript",
     "server.js app.js index.js main.js src/server.js src/app.js src/index.js src/main.js "
     "src/index.jsx src/main.jsx server/index.js bin/* cli.js",
     false},
    {"TypeScript",
     "server.ts app.ts index.ts main.ts src/server.ts src/main.ts src/app.ts src/index.ts "
     "src/main.tsx src/index.tsx server/index.ts",
     false},
    {"Python",
     "manage.py main.py app.py server.py run.py wsgi.py asgi.py __main__.py src/main.py src/app.py "
     "app/main.py app/__init__.py */manage.py */__main__.py src/*/__main__.py src/*/main.py "
     "src/*/app.py bin/* "
     "scripts/*",
     false},
    {"Go", "main.go cmd/main.go cmd/*/main.go cmd/*/*.go */main.go */*/main.go */*/*/main.go *.go",
     true},
    {"Rust", "src/main.rs src/bin/*.rs src/bin/*/main.rs src/lib.rs", false},
    {"PHP", "public/index.php index.php app.php main.php artisan bin/console", false},
    {"Ruby", "config.ru main.rb app.rb server.rb bin/* exe/*", false},
    {"C#", "Program.cs Startup.cs", false},
    {"F#", "Program.fs", false},
    {"Elixir", "lib/*/application.ex lib/{name}.ex", false},
    {"D", "source/app.d src/app.d source/main.d src/main.d", false},
    {"Dart", "lib/main.dart bin/server.dart bin/main.dart bin/*.dart", false},
    {"Swift", "Sources/*/main.swift Sources/*/App.swift Sources/*/entrypoint.swift", false},
    {"Zig", "src/main.zig src/root.zig", false},
    {"Nim", "src/main.nim src/{name}.nim", false},
    {"Crystal", "src/server.cr src/main.cr src/{name}.cr", false},
    {"Haskell", "app/Main.hs src/Main.hs Main.hs", false},
    {"OCaml", "bin/main.ml main.ml src/main.ml", false},
    {"C",
     "main.c src/main.c src/server.c server.c {name}.c src/{name}.c */main.c src/*/main.c "
     "src/*main.c *main.c src/*.c *.c",
     true},
    {"C++",
     "main.cpp main.cc src/main.cpp src/main.cc src/{name}.cpp src/{name}.cc */main.cpp */main.cc "
     "src/*/main.cpp "
     "src/*/main.cc src/*.cpp",
     true},
    {"Clojure", "src/*/core.clj src/*/main.clj", false},
    {"Erlang", "src/*_app.erl", false},
    {"Gleam", "src/*.gleam", true},
    {"Lua", "main.lua init.lua", false},
    {"Perl", "app.pl script/* bin/*", false},
    {"R", "app.R server.R", false},
    {"Julia", "src/{name}.jl", false},
    {"Shell", "install.sh run.sh main.sh start run main bin/*", false},
};

static_assert(std::ranges::all_of(kEntryNames, [](const Names& names) {
  std::ptrdiff_t slashes = 0;
  for (const char c : names.paths) {
    slashes = c == ' ' ? 0 : slashes + (c == '/' ? 1 : 0);
    if (slashes > kDeepestEntry) return false;
  }
  return true;
}));

// What developers run, in the folders where programs lie too.
constexpr auto kUpkeepNames = std::to_array<std::string_view>(
    {"setup", "console", "bundle",  "rspec", "rubocop",   "brakeman", "spring",           "update",
     "dev",   "ci",      "test",    "lint",  "format",    "yarn",     "importmap",        "thrust",
     "jobs",  "rake",    "release", "build", "bootstrap", "cibuild",  "docker-entrypoint"});

bool is_tool(std::string_view path) {
  const std::string_view name = base_name(path);
  return std::ranges::find(kUpkeepNames, name.substr(0, name.find('.'))) != kUpkeepNames.end() &&
         path != "bin/console";  // Symfony's
}

// Programs of Go below such folders are for whoever works on the others.
bool is_helper(std::string_view path) {
  constexpr auto kFolders = std::to_array<std::string_view>(
      {"test", "tests", "e2e", "hack", "tools", "internal", "scripts", "gen"});
  while (path.find('/') != std::string_view::npos) {
    if (std::ranges::find(kFolders, path.substr(0, path.find('/'))) != kFolders.end()) return true;
    path.remove_prefix(path.find('/') + 1);
  }
  return false;
}

// '*' of a pattern is one component.
bool fits(std::string_view pattern, std::string_view path) {
  for (;;) {
    const std::size_t want = pattern.find('/');
    const std::size_t have = path.find('/');
    if ((want == std::string_view::npos) != (have == std::string_view::npos)) return false;
    if (!manifest::matches(pattern.substr(0, want), path.substr(0, have))) return false;
    if (want == std::string_view::npos) return true;
    pattern.remove_prefix(want + 1);
    path.remove_prefix(have + 1);
  }
}

bool is_jvm(std::string_view language) {
  return language == "Java" || language == "Kotlin" || language == "Scala" || language == "Groovy";
}

// Java and its kin: any depth of packages, told by the name and by the code.
bool is_jvm_entry(std::string_view language, std::string_view path) {
  if (!is_jvm(language)) return false;
  const std::string_view name = base_name(path);
  const std::string_view stem = name.substr(0, name.rfind('.'));
  return path.find("test/") == std::string_view::npos &&
         (stem.ends_with("Application") || stem == "Main" || stem == "App" ||
          stem.ends_with("Main") || stem.ends_with("Server"));
}

struct Found {
  const File* file = nullptr;
  std::string_view path;  // in the module
  bool verified = false;
};

// "src/{name}.c" of the module; "" when it has no name that a file may have.
std::string with_name(std::string_view pattern, std::string_view name) {
  constexpr std::string_view kName = "{name}";
  std::string text(pattern);
  const std::size_t at = text.find(kName);
  if (at == std::string::npos) return text;
  name = base_name(name);
  if (name.empty() || name.find('*') != std::string_view::npos) return {};
  return text.replace(at, kName.size(), name);
}

std::vector<Found> candidates(const Module& module, const Draft& draft) {
  std::vector<Found> found;
  const std::size_t cut = draft.directory.empty() ? 0 : draft.directory.size() + 1;
  for (const File* file : draft.sources) {
    if (is_jvm_entry(module.language, file->path.substr(cut))) {
      found.push_back({file, file->path.substr(cut), true});
    }
  }
  // No pattern goes deeper, and most files of a large tree do.
  std::vector<const File*> shallow;
  for (const File* file : draft.sources) {
    if (std::ranges::count(file->path.substr(cut), '/') <= kDeepestEntry) shallow.push_back(file);
  }
  for (const Names& names : kEntryNames) {
    const bool kin = names.language == "JavaScript" && module.language == "TypeScript";
    if (names.language != module.language && !kin) continue;
    for (const std::string_view written : manifest::words(names.paths)) {
      const std::string pattern = with_name(written, module.name);
      if (pattern.empty()) continue;
      for (const File* file : shallow) {
        const std::string_view path = file->path.substr(cut);
        if (!fits(pattern, path)) continue;
        if (pattern.starts_with("*/*/") && is_helper(path)) continue;
        const bool anywhere = pattern.starts_with("*/") || pattern.starts_with("src/*/main.c");
        if (anywhere && is_secondary(directory_of(path))) continue;
        if (path.ends_with("_test.go")) continue;
        const bool known = std::ranges::find(found, file, &Found::file) != found.end();
        // A program in a folder of programs has no extension: the others are what it is made of.
        const bool named = !pattern.ends_with("/*") || extension_of(path).empty();
        if (!known && named && !is_tool(path) && found.size() < kMaxCandidates) {
          // In a package of src a file of such a name is as often a part of a library.
          const bool part = names.language == "Python" && path.starts_with("src/") &&
                            pattern.find('*') != std::string_view::npos &&
                            !path.ends_with("/__main__.py");
          found.push_back({file, path, names.verified || part});
        }
      }
    }
  }
  return found;
}

// Classes under other names that may have a main method: those first whose names say so, then those
// nearest the module's directory.
std::vector<const File*> other_classes(const Draft& draft) {
  constexpr auto kHints =
      std::to_array<std::string_view>({"Main", "Launcher", "Bootstrap", "Runner", "Start", "Boot",
                                       "Cli", "CLI", "Program", "Console", "Driver", "Daemon"});
  const std::size_t cut = draft.directory.empty() ? 0 : draft.directory.size() + 1;
  std::vector<std::pair<std::ptrdiff_t, const File*>> files;
  for (const File* file : draft.sources) {
    const std::string_view path = file->path.substr(cut);
    if (!is_jvm(file->language) || file->size > kMaxSourceBytes) continue;
    if (is_jvm_entry(file->language, path)) continue;  // read before
    // Packages have any names: com.example.
    const bool aside = is_secondary(path.substr(0, std::min(path.find("src/"), path.size())));
    if (aside || path.find("test/") != std::string_view::npos) continue;
    const bool hinted = std::ranges::any_of(kHints, [&](std::string_view hint) {
      return base_name(path).find(hint) != std::string_view::npos;
    });
    files.emplace_back(hinted ? -1 : std::ranges::count(path, '/'), file);
  }
  std::ranges::stable_sort(files, {}, [](const auto& one) { return one.first; });
  std::vector<const File*> found;
  for (std::size_t i = 0; i < std::min(files.size(), kMaxRead); ++i) {
    found.push_back(files[i].second);
  }
  return found;
}

void take(Module& module, const SourceFacts& facts, std::string_view path) {
  const bool configured = std::ranges::any_of(module.ports, [](const PortFact& one) {
    return one.own && one.source == ecosystem::PortSource::kConfig;
  });
  for (const ecosystem::Port& one : facts.ports) {
    // A default for what the settings of Spring tell.
    if (configured && is_jvm(module.language) && one.source == ecosystem::PortSource::kEnv) {
      continue;
    }
    module.ports.push_back({one.number, one.source, true, "", {std::string(path), one.line}});
  }
  for (const ecosystem::Variable& one : facts.variables) {
    module.variables.push_back(
        {one.name, kind_of_variable(one.name), "", {std::string(path), one.line}});
  }
  for (const ecosystem::Service& one : facts.services) {
    module.services.push_back({one.name, "", one.how, {std::string(path), one.line}});
  }
}

// Sources that are called as settings are: config, settings, env, db, database, server.
bool is_called_settings(std::string_view path) {
  constexpr std::size_t kLongest = 15;
  constexpr std::string_view kFirsts = "csedCSED";
  const std::string_view name = base_name(path);
  if (name.empty() || kFirsts.find(name.front()) == std::string_view::npos) return false;
  const std::size_t dot = std::min(name.find('.'), name.size());
  if (dot > kLongest) return false;
  const std::string stem = manifest::lower(name.substr(0, dot));  // short: not on the heap
  for (const std::string_view begin : {"config", "settings", "env", "db", "database", "server"}) {
    if (!stem.starts_with(begin)) continue;
    const std::string_view rest = std::string_view(stem).substr(begin.size());
    if (rest.empty() || rest[0] == '_' || rest[0] == '-' || rest == "s" || rest == "uration" ||
        rest == "ironment") {
      return true;
    }
  }
  return false;
}

// config/runtime.exs is read where the program runs, the others where it is built.
bool is_elixir_settings(std::string_view path) {
  return path.starts_with("config/") && path.ends_with(".exs");
}

// Nearest the module's directory first, a few of them.
void read_settings(Module& module, const Draft& draft, const Tree& tree) {
  const std::size_t cut = draft.directory.empty() ? 0 : draft.directory.size() + 1;
  std::vector<std::pair<std::ptrdiff_t, const File*>> files;
  for (const File* file : draft.sources) {
    const std::string_view path = file->path.substr(cut);
    const bool elixir = is_elixir_settings(path);
    if (file->size > kMaxSettingsBytes || (!elixir && !is_called_settings(path))) continue;
    if (is_secondary(directory_of(path))) continue;
    const bool known =
        std::ranges::find(module.entries, path, &EntryFact::path) != module.entries.end();
    const bool first = path == "config/runtime.exs";
    if (!known) files.emplace_back(first ? 0 : std::ranges::count(path, '/'), file);
  }
  std::ranges::stable_sort(files, {}, [](const auto& one) { return one.first; });
  for (std::size_t i = 0; i < std::min(files.size(), kMaxSettings); ++i) {
    if (auto facts = tree.source(module.language, files[i].second->path)) {
      // What listens deep in a tree is a class of a library.
      const bool deep = files[i].first > 1;
      std::erase_if(facts->ports, [&](const ecosystem::Port& one) {
        return deep && one.source == ecosystem::PortSource::kCall;
      });
      take(module, *facts, files[i].second->path);
    }
  }
}

}  // namespace

void add_entries(Module& module, const Draft& draft, const Tree& tree) {
  std::size_t read = 0;
  const std::string prefix =
      draft.directory.empty() ? "" : std::string(draft.directory).append("/");
  for (const Found& one : candidates(module, draft)) {
    if (module.entries.size() >= kMaxEntries) break;
    std::uint32_t line = 0;
    std::string application;
    if (read < kMaxRead * (one.verified ? 4U : 1U) && one.file->size <= kMaxSourceBytes) {
      ++read;
      if (const auto facts = tree.source(module.language, one.file->path)) {
        application = facts->application;
        line = facts->main_line > 0 ? facts->main_line : facts->application_line;
        if (one.verified && line == 0) continue;
        take(module, *facts, one.file->path);
      } else if (one.verified) {
        continue;
      }
    } else if (one.verified) {
      continue;
    }
    const auto known = std::ranges::find(module.entries, one.path, &EntryFact::path);
    if (known != module.entries.end()) continue;
    module.entries.push_back({std::string(one.path),
                              "by name",
                              {std::string(one.file->path), line},
                              std::move(application)});
  }
  if (draft.page != nullptr && module.at.path == draft.page->path) {
    module.entries.push_back({module.at.path, "by name", module.at});
  }
  if (module.entries.empty() && is_jvm(module.language)) {
    for (const File* file : other_classes(draft)) {
      const auto facts = tree.source(file->language, file->path);
      if (!facts || facts->main_line == 0) continue;
      take(module, *facts, file->path);
      module.entries.push_back({std::string(file->path.substr(prefix.size())),
                                "by name",
                                {std::string(file->path), facts->main_line}});
    }
  }
  read_settings(module, draft, tree);
  // What manifests name is read too, where it is a source file.
  for (const EntryFact& one : module.entries) {
    if (one.how == "by name") continue;
    const bool started = one.how == ecosystem::kByStartScript || one.how == ecosystem::kByDevScript;
    if (read >= kMaxRead && !started) continue;
    const std::string path = prefix + one.path;
    const auto file = std::ranges::find_if(draft.sources, [&](const File* source) {
      return source->path == path && source->size <= kMaxSourceBytes;
    });
    if (file == draft.sources.end()) continue;
    ++read;
    if (const auto facts = tree.source(module.language, path)) take(module, *facts, path);
  }
}

}  // namespace quarry::analysis::project
