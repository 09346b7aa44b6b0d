#include "server/analysis/project/commands.h"

#include <algorithm>

#include "server/analysis/languages.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/project/application.h"
#include "server/analysis/project/ci_commands.h"
#include "server/analysis/project/declared.h"
#include "server/analysis/project/default_commands.h"
#include "server/analysis/project/formatters.h"
#include "server/analysis/project/place.h"
#include "server/analysis/project/script_command.h"

namespace quarry::analysis::project {
namespace {

using ecosystem::Role;
using enum CommandRole;

struct ScriptName {
  std::string_view script;
  CommandRole role;
};
// The first of a role that a module has is the preferred one.
constexpr ScriptName kNames[] = {
    {"build", kBuild},    {"compile", kBuild},  {"dist", kBuild},        {"build:prod", kBuild},
    {"bundle", kBuild},   {"all", kBuild},      {"assemble", kBuild},    {"package", kBuild},
    {"test", kTest},      {"tests", kTest},     {"test:unit", kTest},    {"unit", kTest},
    {"check", kTest},     {"test-unit", kTest}, {"lint", kLint},         {"eslint", kLint},
    {"format", kLint},    {"fmt", kLint},       {"format:check", kLint}, {"format-check", kLint},
    {"fmt:check", kLint}, {"fmt-check", kLint}, {"check:format", kLint}, {"dev", kDev},
    {"develop", kDev},    {"start:dev", kDev},  {"watch", kDev},         {"start", kStart},
    {"serve", kStart},    {"server", kStart},   {"run", kStart},         {"start:prod", kStart},
    {"preview", kStart},
};

// npm's own words for a package without tests.
bool is_stub(const ecosystem::Script& script) {
  return script.command.find("no test specified") != std::string::npos;
}

// Of an image that is made to test in.
bool runs_tests(std::string_view command) {
  constexpr std::string_view kTests[] = {"test", "tests", "spec", "pytest", "rspec", "tox"};
  for (const std::string_view word : manifest::words(command)) {
    for (const std::string_view part : manifest::split(word, '/')) {
      if (std::ranges::find(kTests, part) != std::end(kTests)) return true;
    }
  }
  return false;
}

class Commands {
 public:
  using Exists = std::function<bool(const std::string&)>;
  Commands(Module& module, const Draft& draft, const Exists& exists)
      : module_(module), draft_(draft), exists_(exists) {}

  void add() {
    containers();
    scripts(From::kOwn);
    scripts(From::kRunners);
    lints_ = module_.command(kLint) != nullptr;
    defaults();
    starts();
    scripts(From::kOthers);
    installs_of_npm();
    shell_scripts();
    site();
    nix();
    continuous_integration();
    std::ranges::stable_sort(module_.commands, {}, &CommandFact::role);
  }

 private:
  void put(CommandRole role, std::string text, std::string runs, Evidence at) {
    const auto same = [&](const CommandFact& one) { return one.role == role && one.text == text; };
    const auto count = std::ranges::count(module_.commands, role, &CommandFact::role);
    if (count >= 3 || std::ranges::any_of(module_.commands, same)) return;
    module_.commands.push_back({role, std::move(text), std::move(runs), std::move(at)});
  }

  // A Procfile or an image's command starts the module as it is run.
  void containers() {
    const ContainerFiles files(draft_);
    for (const bool procfile : {true, false}) {
      for (const Manifest* manifest : draft_.manifests) {
        if (!files.count(*manifest)) continue;
        if ((manifest->reader->ecosystem == "procfile") != procfile) continue;
        for (const ecosystem::Script& script : manifest->facts.scripts) {
          if (script.name == "start" && !runs_tests(script.command)) {
            put(kStart, script.command, "", {manifest->facts.path, script.line});
          }
        }
      }
    }
  }

  enum class From : std::uint8_t { kOwn, kRunners, kOthers };

  From from_of(const Manifest& manifest) const {
    const std::string_view of = manifest.reader->ecosystem;
    if (of == "make" || of == "just" || of == "task") return From::kRunners;
    const bool own = module_.ecosystem.empty() || of == module_.ecosystem || of.empty() ||
                     (of == "npm" && module_.ecosystem == "nx");
    return own ? From::kOwn : From::kOthers;
  }

  // The manager of npm's scripts in a module that is of another ecosystem.
  std::string_view npm_manager() const {
    if (module_.ecosystem == "npm" || module_.ecosystem == "nx") return module_.manager.name;
    const Manifest* lock = nullptr;
    for (const Manifest* one : draft_.manifests) {
      if (one->reader->role != Role::kLock || one->reader->ecosystem != "npm") continue;
      if (lock == nullptr || one->reader < lock->reader) lock = one;
    }
    return lock == nullptr ? "npm" : lock->reader->tool;
  }

  void scripts(From from) {
    for (const ScriptName& name : kNames) {
      for (const Manifest* manifest : draft_.manifests) {
        const bool known = manifest->reader->role == Role::kModule ||
                           manifest->reader->role == Role::kPart || manifest->reader->tool.empty();
        if (from_of(*manifest) != from || !known || manifest->directory != draft_.directory)
          continue;
        for (const ecosystem::Script& script : manifest->facts.scripts) {
          if (script.name != name.script || is_stub(script) || writes(script)) continue;
          // By make's convention an archive of the sources.
          if (name.script == "dist" && manifest->reader->ecosystem == "make") continue;
          if (runner_of(*manifest, module_, npm_manager()).empty()) continue;
          put(role_of(name, *manifest, script),
              script_command(*manifest, module_, npm_manager(), script), script.command,
              {manifest->facts.path, script.line});
        }
      }
    }
  }

  // Scripts of npm need its packages, beside those of the module's own manager.
  void installs_of_npm() {
    const auto of_npm = [&](const CommandFact& one) {
      return base_name(one.at.path) == "package.json" &&
             directory_of(one.at.path) == draft_.directory;
    };
    const auto script = std::ranges::find_if(module_.commands, of_npm);
    const bool own = module_.ecosystem == "npm" || module_.ecosystem == "nx";
    if (own || script == module_.commands.end()) return;
    const std::string_view manager = npm_manager();
    const bool locked = std::ranges::any_of(draft_.manifests, [](const Manifest* one) {
      return one->reader->ecosystem == "npm" && ecosystem::is_lock(*one->reader);
    });
    put(kInstall, manager == "npm" && locked ? "npm ci" : std::string(manager) + " install", "",
        {script->at.path, 0});
  }

  // What npm's scripts call "check" is about types and form, unless it runs tests too.
  static CommandRole role_of(const ScriptName& name, const Manifest& manifest,
                             const ecosystem::Script& script) {
    const std::string_view of = manifest.reader->ecosystem;
    const bool form = name.script == "check" && (of == "npm" || of == "deno" || of == "nx") &&
                      !script.command.empty() && script.command.find("test") == std::string::npos;
    return form ? kLint : name.role;
  }

  std::string filled(std::string_view text) const {
    std::string command(text);
    if (command.starts_with("{c}")) return command.replace(0, 3, configure_of(draft_, exists_));
    if (command.starts_with("{m}")) command.replace(0, 3, module_.manager.name);
    if (!command.starts_with("{w}")) return command;
    const bool maven = module_.ecosystem == "maven";
    const bool wrapped = std::ranges::any_of(module_.build_systems, [&](const auto& one) {
      return one.name == (maven ? "Maven wrapper" : "Gradle wrapper");
    });
    return command.replace(0, 3,
                           maven     ? wrapped ? "./mvnw" : "mvn"
                           : wrapped ? "./gradlew"
                                     : "gradle");
  }

  void defaults() {
    const auto has_system = [&](std::string_view name) {
      return std::ranges::any_of(module_.build_systems,
                                 [&](const auto& one) { return one.name == name; });
    };
    const std::string_view of =
        module_.ecosystem == "nx" ? "npm" : std::string_view(module_.ecosystem);
    for (const DefaultCommand& one : default_commands(module_, draft_)) {
      const Evidence& at = one.role == kInstall && !module_.manager.at.path.empty()
                               ? module_.manager.at
                               : module_.at;
      put(one.role, filled(one.text), "", at);
    }
    if (of == "pypi") python();
    if (of == "rubygems" && module_.command(kTest) == nullptr) {
      for (const FrameworkFact& one : module_.frameworks) {
        if (one.name == "RSpec") put(kTest, "bundle exec rspec", "", one.at);
      }
      for (const FrameworkFact& one : module_.frameworks) {
        if (one.name == "Rails") put(kTest, "bin/rails test", "", one.at);
      }
    }
    if (of == "packagist" && module_.command(kTest) == nullptr) {
      for (const FrameworkFact& one : module_.frameworks) {
        if (one.name == "PHPUnit") put(kTest, "vendor/bin/phpunit", "", one.at);
        if (one.name == "Pest") put(kTest, "vendor/bin/pest", "", one.at);
      }
    }
    if (of == "pub") {
      const bool flutter = std::ranges::any_of(
          module_.frameworks, [](const auto& one) { return one.name == "Flutter"; });
      put(kTest, flutter ? "flutter test" : "dart test", "", module_.at);
      if (flutter) put(kBuild, "flutter build", "", module_.at);
    }
    if (has_system("Make") && module_.command(kBuild) == nullptr &&
        make_builds(make_at(), draft_)) {
      put(kBuild, "make", "", make_at());
    }
    if (has_system("Bazel") && module_.command(kBuild) == nullptr) {
      put(kBuild, "bazel build //...", "", system_at("Bazel"));
      put(kTest, "bazel test //...", "", system_at("Bazel"));
    }
  }

  Evidence make_at() const { return system_at("Make"); }
  Evidence system_at(std::string_view name) const {
    for (const Named& one : module_.build_systems) {
      if (one.name == name) return one.at;
    }
    return module_.at;
  }

  void python() {
    const std::string& manager = module_.manager.name;
    const bool frontend = manager == "hatch" || manager == "flit" || manager == "maturin";
    if (manager == "pip" || frontend) {
      const bool list = std::ranges::any_of(draft_.manifests, [&](const Manifest* one) {
        return one->directory == draft_.directory && one->facts.path.ends_with("requirements.txt");
      });
      put(kInstall, list ? "pip install -r requirements.txt" : "pip install .", "", module_.at);
    }
    if (manager == "conda" && directory_of(module_.at.path) == draft_.directory &&
        base_name(module_.at.path).starts_with("environment.")) {
      put(kInstall, "conda env create -f " + std::string(base_name(module_.at.path)), "",
          module_.at);
    }
    const std::string prefix =
        manager == "poetry" || manager == "uv" || manager == "pdm" || manager == "pipenv"
            ? manager + " run "
            : "";
    for (const FrameworkFact& one : module_.frameworks) {
      if (one.name == "pytest") put(kTest, prefix + "pytest", "", one.at);
      if (one.name == "Django" && one.has_file)
        put(kTest, prefix + "python manage.py test", "", one.at);
    }
    for (const Manifest* manifest : draft_.manifests) {
      const std::string_view tool = manifest->reader->tool;
      if (manifest->directory != draft_.directory) continue;
      if (tool == "tox" || tool == "nox")
        put(kTest, std::string(tool), "", {manifest->facts.path, 0});
    }
  }

  void starts() {
    const bool application = is_application(module_, draft_);
    if (const FrameworkFact* one = module_.primary_framework();
        one != nullptr && !one->start.empty() && !one->peer && application &&
        has_needed_file(*one)) {
      std::string start = one->name == "Flask" ? start_of_flask(module_) : one->start;
      constexpr std::string_view kBundled = "bundle exec ";
      const bool bundled = module_.ecosystem == "rubygems" || one->name != "Jekyll";
      if (!bundled && start.starts_with(kBundled)) start.erase(0, kBundled.size());
      if (!start.empty()) put(kStart, start, "", one->at);
    }
    for (const FrameworkFact& one : module_.frameworks) {
      if (!application) break;
      if (one.name == "Spring Boot" && module_.ecosystem == "maven") {
        put(kStart, filled("{w} spring-boot:run"), "", one.at);
      }
      if (one.name == "Play" && module_.ecosystem == "sbt" && one.has_file) {
        put(kStart, "sbt run", "", one.at);
      }
      if (one.name == "Spring Boot" && module_.ecosystem == "gradle" &&
          may_have_boot_run(module_, draft_)) {
        put(kStart, filled("{w} bootRun"), "", one.at);
      }
    }
    for (const EntryFact& one : module_.entries) {
      if (module_.command(kStart) != nullptr) return;
      const std::string start = start_of(module_, draft_, one);
      if (!start.empty()) put(kStart, filled(start), "", one.at);
    }
    if (const Manifest* run = run_of_dotnet(draft_);
        run != nullptr && module_.ecosystem == "nuget" && names_sdk(module_, draft_) &&
        module_.command(kStart) == nullptr) {
      put(kStart, "dotnet run", "", {run->facts.path, run->facts.scripts.front().line});
    }
    for (const DependencyFact& one : module_.dependencies) {
      const bool none = module_.command(kStart) == nullptr;
      if (one.name == "lein-ring" && none) put(kStart, "lein ring server", "", one.at);
    }
    if (module_.ecosystem == "cmake" && module_.command(kStart) == nullptr) {
      if (auto program = program_of_cmake(module_, draft_)) {
        put(kStart, std::move(program->start), "", std::move(program->at));
      }
    }
  }

  // What makes the pages of a static site, where that is what the module is.
  void site() {
    constexpr std::pair<std::string_view, std::string_view> kSites[] = {{"Jekyll", "jekyll build"},
                                                                        {"Hugo", "hugo"},
                                                                        {"Zola", "zola build"},
                                                                        {"mdBook", "mdbook build"},
                                                                        {"MkDocs", "mkdocs build"}};
    const FrameworkFact* one = module_.primary_framework();
    const bool alone = module_.ecosystem.empty() || draft_.sources.empty();
    if (one == nullptr || !one->has_file || !alone) return;
    for (const auto& [name, command] : kSites) {
      const bool wanted = name == one->name && module_.command(kBuild) == nullptr;
      if (wanted) put(kBuild, std::string(command), "", one->at);
    }
  }

  // Without a flake, where nothing else builds the module or is there to develop it.
  void nix() {
    const Manifest* build = nullptr;
    const Manifest* shell = nullptr;
    for (const Manifest* one : draft_.manifests) {
      if (one->reader->ecosystem != "nix" || one->directory != draft_.directory) continue;
      if (one->reader->role == Role::kModule) return;
      for (const ecosystem::Script& script : one->facts.scripts) {
        (script.name == "nix-build" ? build : shell) = one;
      }
    }
    const auto take = [&](CommandRole role, const Manifest* of) {
      if (of == nullptr || module_.command(role) != nullptr) return;
      const ecosystem::Script& script = of->facts.scripts.front();
      put(role, script.name, "", {of->facts.path, script.line});
    };
    take(kBuild, build);
    take(kDev, shell);
  }

  // Scripts of the shell that are called as what starts a program, where nothing else does.
  void shell_scripts() {
    if (module_.command(kStart) != nullptr || is_library(module_, draft_)) return;
    // Libraries of C are not told apart from programs; theirs run benchmarks.
    const bool native = module_.language == "C" || module_.language == "C++";
    if (native && !is_application(module_, draft_)) return;
    for (const std::string_view name : {"start.sh", "run.sh"}) {
      const std::string path = joined(draft_.directory, name);
      const auto file = std::ranges::find(draft_.sources, std::string_view(path), &File::path);
      if (file == draft_.sources.end() || (*file)->language != "Shell") continue;
      return put(kStart, "bash " + std::string(name), "", {path, 0});
    }
  }

  // The command of a framework that goes by a file needs that file.
  static bool has_needed_file(const FrameworkFact& one) {
    const auto row = std::ranges::find(frameworks(), one.name, &FrameworkRow::name);
    return one.has_file || (row != frameworks().end() && row->files.empty() && row->proof.empty());
  }

  // What a machine builds and tests with, where nothing else tells; what it checks the code with,
  // where no script does.
  void continuous_integration() {
    const bool build = module_.command(kBuild) == nullptr;
    const bool test = module_.command(kTest) == nullptr;
    for (const Manifest* manifest : draft_.manifests) {
      if (manifest->reader->role != Role::kCi || !is_ci_of_root(*manifest)) continue;
      for (const ecosystem::Script& script : manifest->facts.scripts) {
        const auto role = role_of_ci_line(script.command);
        if (!role) continue;
        if (script.command == "make" && !make_builds(make_at(), draft_)) continue;
        const bool wanted = *role == kBuild ? build : *role == kTest ? test : !lints_;
        if (wanted) put(*role, script.command, "", {manifest->facts.path, script.line});
      }
    }
  }

  Module& module_;
  const Draft& draft_;
  const Exists& exists_;
  bool lints_ = false;  // by a script
};

}  // namespace

void add_commands(Module& module, const Draft& draft,
                  const std::function<bool(const std::string&)>& exists) {
  Commands(module, draft, exists).add();
}

}  // namespace quarry::analysis::project
