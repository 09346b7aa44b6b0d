#include "server/analysis/project/application.h"

#include <algorithm>
#include <array>

#include "server/analysis/languages.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/project/aside.h"
#include "server/analysis/project/dependency_names.h"
#include "server/analysis/project/place.h"
#include "server/analysis/project/rust_application.h"

namespace quarry::analysis::project {
namespace {

constexpr auto kServerNames = std::to_array<std::string_view>({"server", "app", "main", "start"});

bool has_framework(const Module& module, std::string_view name) {
  return std::ranges::find(module.frameworks, name, &FrameworkFact::name) !=
         module.frameworks.end();
}

bool has_web_framework(const Module& module) {
  return std::ranges::any_of(module.frameworks, [](const FrameworkFact& one) {
    return one.kind == FrameworkKind::kWeb || one.kind == FrameworkKind::kMeta;
  });
}

bool depends_on(const Module& module, std::string_view wanted) {
  return std::ranges::any_of(module.dependencies, [&](const DependencyFact& one) {
    return table_name(one.ecosystem, one.name) == wanted;
  });
}

// Of languages whose programs are started by their build.
bool was_read_to_begin(const Module& module, const EntryFact& entry) {
  return entry.how == "by name" && entry.at.line > 0 && module.language != "Go";
}

std::string file_of(const Module& module, const EntryFact& entry) {
  return joined(module.path == "." ? "" : module.path, entry.path);
}

// Whether a port is told in the source of an entry point.
bool tells_port(const Module& module, const EntryFact& entry) {
  return std::ranges::any_of(module.ports, [&](const PortFact& one) {
    const bool told =
        one.source == ecosystem::PortSource::kCall || one.source == ecosystem::PortSource::kEnv;
    if (!told || !one.own) return false;
    const bool script =
        entry.how == ecosystem::kByStartScript || entry.how == ecosystem::kByDevScript;
    return one.at.path == entry.at.path || (script && one.at.path == file_of(module, entry));
  });
}

// src/pkg/web.py: src itself is no package.
bool is_below_src(std::string_view path) {
  return path.starts_with("src/") && path.find('/', 4) != std::string_view::npos;
}

// "src/pkg/__main__.py" is started as "pkg".
std::string module_of_main(std::string_view path) {
  std::string_view package = directory_of(path);
  for (const std::string_view root : {"src/", "lib/", "python/"}) {
    if (package.starts_with(root)) package.remove_prefix(root.size());
  }
  std::string dotted(package);
  std::ranges::replace(dotted, '/', '.');
  return dotted;
}

// "pkg.web" of "src/pkg/web.py", whose folder is where its package lies.
std::string module_of_file(std::string_view path) {
  if (is_below_src(path)) path.remove_prefix(4);
  path = path.substr(0, path.rfind('.'));
  if (path.ends_with("/__init__")) path.remove_suffix(9);
  std::string dotted(path);
  std::ranges::replace(dotted, '/', '.');
  return dotted;
}

std::string start_of_python(const Module& module, const EntryFact& entry) {
  const std::string& path = entry.path;
  if (path.ends_with("/__main__.py")) return "python -m " + module_of_main(path);
  const std::string_view name = base_name(path);
  const std::string_view stem = name.substr(0, name.rfind('.'));
  // Alone it lists what it can do.
  if (name == "manage.py") {
    return has_framework(module, "Django") ? "python " + path + " runserver" : "";
  }
  const bool framework = has_framework(module, "FastAPI") || has_framework(module, "Starlette");
  const bool asgi = framework || stem == "asgi";
  if (asgi && !entry.application.empty()) {
    if (!framework && !depends_on(module, "pypi:uvicorn")) return {};
    const bool made = entry.application.ends_with("()");
    std::string start = "uvicorn " + module_of_file(path) + ":";
    start += entry.application.substr(0, entry.application.size() - (made ? 2 : 0));
    if (made) start += " --factory";
    return is_below_src(path) ? start + " --app-dir src" : start;
  }
  // What lies in a package is imported by it; alone it finds nothing.
  if (path.ends_with("__init__.py") || path == "wsgi.py" || is_below_src(path)) return {};
  const bool main = entry.application.empty() && entry.at.line > 0;
  return !asgi || main ? "python " + path : "";
}

// A package at the top that is no program makes the programs below it tools of a library.
bool is_go_library(const Module& module, const Draft& draft) {
  const bool main = std::ranges::any_of(module.entries,
                                        [](const EntryFact& one) { return one.path == "main.go"; });
  if (main) return false;
  return std::ranges::any_of(draft.sources, [&](const File* one) {
    return directory_of(one->path) == draft.directory && one->path.ends_with(".go") &&
           !one->path.ends_with("_test.go");
  });
}

std::string start_of_go(const Module& module, const Draft& draft, const EntryFact& entry) {
  const std::string_view folder = directory_of(entry.path);
  if (!entry.path.ends_with(".go") || entry.at.line == 0 || is_secondary(folder)) return {};
  if (folder.empty()) return "go run .";
  if (folder.find("gen") != std::string_view::npos) return {};
  if (!folder.starts_with("cmd") && is_go_library(module, draft)) return {};
  // Of several that lie deep none is the program.
  const bool deep = !folder.starts_with("cmd") && folder.find('/') != std::string_view::npos;
  if (deep && module.entries.size() > 1) return {};
  return "go run ./" + std::string(folder);
}

// A project of .NET runs when its SDK or its output says so.
bool is_dotnet_program(const Module& module, const Draft& draft) {
  return depends_on(module, "nuget:microsoft.net.sdk.web") ||
         depends_on(module, "nuget:microsoft.net.sdk.worker") ||
         depends_on(module, "nuget:microsoft.net.sdk.blazorwebassembly") ||
         run_of_dotnet(draft) != nullptr;
}

// How many entries have such a `how`, which ends with the name of a program.
std::ptrdiff_t count_of(const Module& module, std::string_view how) {
  return std::ranges::count_if(module.entries,
                               [&](const EntryFact& one) { return one.how.starts_with(how); });
}

// Of several programs the one that is called as the module is, else the first.
std::string_view chosen_program(const Module& module, const EntryFact& entry,
                                std::string_view how) {
  if (!entry.how.starts_with(how)) return {};
  const std::string_view name = std::string_view(entry.how).substr(how.size());
  const bool other = std::ranges::any_of(module.entries, [&](const EntryFact& one) {
    return one.how.starts_with(how) && std::string_view(one.how).substr(how.size()) == module.name;
  });
  return other && name != module.name ? "" : name;
}

// sbt asks which one to run where there are several.
bool is_only_main(const Module& module, const EntryFact& entry) {
  const auto begins = [](const EntryFact& one) {
    return one.how == "by name" && one.at.line > 0 && one.path.starts_with("src/main/");
  };
  return begins(entry) && std::ranges::count_if(module.entries, begins) == 1;
}

bool is_library_of_dub(const Draft& draft) {
  return std::ranges::any_of(draft.manifests, [&](const Manifest* one) {
    return one->reader->ecosystem == "dub" && one->directory == draft.directory &&
           !one->facts.scripts.empty();
  });
}

std::string start_of_swift(const Module& module, const EntryFact& entry) {
  if (entry.how != ecosystem::kExecutableTarget) {
    const bool target = count_of(module, ecosystem::kExecutableTarget) > 0;
    return entry.path.starts_with("Sources/") && !target ? "swift run" : "";
  }
  if (count_of(module, ecosystem::kExecutableTarget) == 1) return "swift run";
  return entry.path.starts_with("Sources/") ? "swift run " + std::string(base_name(entry.path))
                                            : "";
}

// Of languages whose builds have a word for running a program by its name.
std::string start_by_build(const Module& module, const EntryFact& entry) {
  if (module.ecosystem == "hackage") {
    const std::string_view name = chosen_program(module, entry, "executable ");
    const bool stack = module.manager.name == "stack";
    // Cabal does not read hpack's file.
    if (name.empty() || (!stack && module.at.path.ends_with("package.yaml"))) return {};
    return (stack ? "stack exec " : "cabal run ") + std::string(name);
  }
  const std::string_view name = chosen_program(module, entry, ecosystem::kProgram);
  if (module.ecosystem == "opam" && entry.path.ends_with(".ml")) {
    return name.empty() ? ""
                        : "dune exec ./" + entry.path.substr(0, entry.path.size() - 3) + ".exe";
  }
  if (module.ecosystem == "nimble" && !name.empty()) {
    const bool only = count_of(module, ecosystem::kProgram) == 1;
    return only ? "nimble run" : "nimble run " + std::string(name);
  }
  return module.ecosystem == "sbt" && is_only_main(module, entry) ? "sbt run" : "";
}

bool has_scripts(const Draft& draft) {
  return std::ranges::any_of(draft.manifests, [&](const Manifest* one) {
    return one->directory == draft.directory && one->reader->ecosystem == "npm" &&
           !one->facts.scripts.empty();
  });
}

bool is_node_server(const Module& module, const EntryFact& entry) {
  if (tells_port(module, entry)) return true;
  const std::string_view name = base_name(entry.path);
  const std::string_view stem = name.substr(0, name.find('.'));
  return has_web_framework(module) && std::ranges::find(kServerNames, stem) != kServerNames.end();
}

}  // namespace

bool names_sdk(const Module& module, const Draft& draft) {
  const auto project = std::ranges::find(draft.manifests, module.at.path, [](const Manifest* one) {
    return std::string_view(one->facts.path);
  });
  if (project == draft.manifests.end()) return true;
  return std::ranges::any_of((*project)->facts.dependencies, [](const auto& one) {
    return one.use == ecosystem::Use::kBuild && !one.name.starts_with("Use");
  });
}

const Manifest* run_of_dotnet(const Draft& draft) {
  const auto found = std::ranges::find_if(draft.manifests, [&](const Manifest* one) {
    return one->reader->ecosystem == "nuget" && one->directory == draft.directory &&
           !one->facts.scripts.empty();
  });
  return found == draft.manifests.end() ? nullptr : *found;
}

bool may_have_boot_run(const Module& module, const Draft& draft) {
  return !draft.directory.empty() ||
         std::ranges::any_of(module.dependencies, [](const DependencyFact& one) {
           return one.name == "org.springframework.boot" || one.name.ends_with("-gradle-plugin");
         });
}

std::string start_of_flask(const Module& module) {
  for (const EntryFact& one : module.entries) {
    if (one.application.empty()) continue;
    if (one.path == "app.py" || one.path == "wsgi.py") return "flask run";
    std::string_view path = one.path;
    if (path.ends_with("/__init__.py")) path = directory_of(path);
    std::string start = "flask --app " + std::string(path);
    // Others it does not find by itself.
    const bool known = one.application == "app" || one.application == "application" ||
                       one.application.ends_with("()");
    if (!known) start += ":" + one.application;
    return start + " run";
  }
  return {};
}

std::string start_of(const Module& module, const Draft& draft, const EntryFact& entry) {
  const std::string& path = entry.path;
  const std::string& language = module.language;
  if (path.ends_with("/") || path.find(' ') != std::string::npos) return {};
  const bool program = extension_of(path).empty() && entry.how == "by name";
  if (module.ecosystem == "bazel") {
    return entry.how.starts_with("binary ") ? "bazel run :" + entry.path : "";
  }
  if (language == "Go") return start_of_go(module, draft, entry);
  if (language == "Rust") return start_of_rust(module, draft, entry);
  if (language == "Python" && path.ends_with(".py")) return start_of_python(module, entry);
  if (module.ecosystem == "npm" && path.ends_with(".js")) {
    return is_node_server(module, entry) ? "node " + path : "";
  }
  if (module.ecosystem == "deno" && path.ends_with(".ts")) {
    return tells_port(module, entry) && path.find('/') == std::string::npos ? "deno run -A " + path
                                                                            : "";
  }
  if (module.ecosystem == "maven") {
    return entry.how == ecosystem::kMainOfExec ? "{w} compile exec:java" : "";
  }
  if (module.ecosystem == "nuget") {
    return (path.ends_with("Program.cs") || path.ends_with("Program.fs")) &&
                   is_dotnet_program(module, draft) && names_sdk(module, draft)
               ? "dotnet run"
               : "";
  }
  if (module.ecosystem == "leiningen") {
    return entry.how == "main namespace" ? "lein run" : "";
  }
  if (language == "PHP" && path == "public/index.php") {
    return "php -S localhost:8000 -t public";
  }
  if (language == "PHP" && program) return "php " + path;
  if (language == "Ruby" && path.ends_with(".rb")) return "ruby " + path;
  if (language == "Ruby" && path == "config.ru") return "bundle exec rackup";
  if (language == "Dart" && path.starts_with("bin/")) return "dart run " + path;
  if (module.ecosystem == "dub") return is_library_of_dub(draft) ? "" : "dub run";
  if (module.ecosystem == "swiftpm") return start_of_swift(module, entry);
  if (std::string start = start_by_build(module, entry); !start.empty()) return start;
  if (language == "Gleam" && entry.at.line > 0) return "gleam run";
  if (language == "Perl" && path.ends_with(".pl")) return "perl " + path;
  if (language == "Crystal" && entry.how.starts_with("target ")) {
    return "shards run " + entry.how.substr(7);
  }
  if (language == "R" && path == "app.R") return "Rscript app.R";
  if (program && (language == "Python" || language == "Shell")) return "./" + path;
  return {};
}

bool is_application(const Module& module, const Draft& draft) {
  if (!module.image.empty()) return true;
  const ContainerFiles files(draft);
  for (const Manifest* one : draft.manifests) {
    if (one->reader->ecosystem == "procfile" && files.count(*one)) return true;
    if (one->directory != draft.directory || one->reader->role == ecosystem::Role::kContainer) {
      continue;
    }
    for (const ecosystem::Script& script : one->facts.scripts) {
      const bool runs = script.name == "start" || script.name == "serve" || script.name == "dev" ||
                        script.name == "run" || script.name == "preview";
      if (runs) return true;
    }
  }
  const bool framework = std::ranges::any_of(module.frameworks, [](const FrameworkFact& one) {
    return one.has_file && one.kind != FrameworkKind::kTest;
  });
  if (framework || is_dotnet_program(module, draft)) return true;
  if (depends_on(module, "maven:spring-boot-maven-plugin") ||
      depends_on(module, "maven:org.springframework.boot")) {
    return true;
  }
  const auto told = [](const PortFact& one) {
    return one.own && one.source != ecosystem::PortSource::kDefault;
  };
  if (std::ranges::any_of(module.ports, told)) return true;
  return std::ranges::any_of(module.entries, [&](const EntryFact& one) {
    return !start_of(module, draft, one).empty() || was_read_to_begin(module, one) ||
           one.how.starts_with("main class") || one.how.starts_with("executable") ||
           one.how.starts_with(ecosystem::kProgram) || one.path.ends_with("/application.ex");
  });
}

bool is_library(const Module& module, const Draft& draft) {
  if (is_application(module, draft)) return false;
  const auto has = [&](std::string_view tool) {
    return std::ranges::any_of(draft.manifests, [&](const Manifest* one) {
      return one->directory == draft.directory && one->reader->tool == tool &&
             one->reader->role == ecosystem::Role::kModule && !one->facts.no_module;
    });
  };
  const std::string_view of = module.ecosystem;
  if (of == "nuget") return true;
  if (of == "rubygems") return has("RubyGems");
  if (of == "pypi") {
    return has("setuptools") || std::ranges::any_of(module.dependencies, [](const auto& one) {
             return one.use == ecosystem::Use::kBuild && one.ecosystem == "pypi";
           });
  }
  if (of == "npm") {
    return std::ranges::any_of(module.entries, [](const EntryFact& one) {
      return one.how == "main" || one.how == "exports" || one.how.starts_with("bin");
    });
  }
  // Of these a program would have been seen in the code.
  const bool seen = of == "go" || of == "cargo" || of == "maven" || of == "gradle" ||
                    of == "leiningen" || of == "gleam";
  return seen && !draft.sources.empty() && !depends_on(module, "maven:lein-ring");
}

bool may_listen(const Module& module, const Draft& draft, const FrameworkFact& framework) {
  if (framework.port == 0 || framework.kind == FrameworkKind::kTest || framework.peer) return false;
  if (framework.kind != FrameworkKind::kBuild) {
    // What a workspace only has for its tools no script of it runs.
    const bool idle = framework.development && has_scripts(draft) && !is_application(module, draft);
    return !idle && !is_library(module, draft);
  }
  // A bundler's server runs when a script calls it, or its settings are there.
  if (framework.has_file) return true;
  const std::string tool = manifest::lower(framework.name);
  bool scripts = false;
  for (const Manifest* one : draft.manifests) {
    if (one->directory != draft.directory) continue;
    for (const ecosystem::Script& script : one->facts.scripts) {
      scripts = true;
      const auto words = manifest::words(script.command);
      if (std::ranges::find(words, tool) != words.end()) return true;
    }
  }
  return !scripts && !is_library(module, draft);
}

}  // namespace quarry::analysis::project
