#include "server/analysis/project/choose.h"

#include <algorithm>

#include "server/analysis/manifest/text.h"
#include "server/analysis/project/place.h"

namespace quarry::analysis::project {
namespace {

using ecosystem::Role;

struct Family {
  std::string_view language;  // as manifests name it
  std::string_view members;   // apart by ','
};
constexpr Family kFamilies[] = {
    {"JavaScript", "TypeScript,JavaScript,TSX,JSX,Vue,Svelte,Astro,CoffeeScript"},
    {"TypeScript", "TypeScript,JavaScript,TSX,JSX"},
    {"Java", "Java,Kotlin,Groovy,Scala"},
    {"Kotlin", "Kotlin,Java,Groovy"},
    {"Scala", "Scala,Java"},
    {"Groovy", "Groovy,Java"},
    {"C++", "C++,C,CUDA,Cuda,Objective-C++"},
    {"C", "C,C++,Objective-C"},
    {"Swift", "Swift,Objective-C,Objective-C++"},
    {"Clojure", "Clojure,ClojureScript"},
    {"Python", "Python,Cython,Jupyter Notebook"},
    {"Elixir", "Elixir,Erlang,HTML+EEX"},
    {"Ruby", "Ruby,HTML+ERB,ERB"},
    {"PHP", "PHP,Blade,Hack"},
    {"C#", "C#,Razor,HTML+Razor"},
    {"Fortran", "Fortran,Fortran Free Form"},
    {"HCL", "HCL,Terraform"},
};

std::vector<std::string_view> family_of(std::string_view language) {
  for (const Family& one : kFamilies) {
    if (one.language == language) return manifest::split(one.members, ',');
  }
  return {language};
}

std::string_view plain_name(std::string_view language) {
  if (language == "TSX") return "TypeScript";
  if (language == "JSX") return "JavaScript";
  if (language == "Vue" || language == "Svelte" || language == "Astro") return "JavaScript";
  return language;
}

// Of a module of tests or of pages alone, all that there is.
const std::map<std::string_view, std::uint64_t>& sizes_of(const Draft& draft) {
  return draft.weights.empty() ? draft.bytes : draft.weights;
}

std::uint64_t weight_of(const Draft& draft, std::string_view language) {
  const auto& sizes = sizes_of(draft);
  const auto found = sizes.find(language);
  return found == sizes.end() ? 0 : found->second;
}

// Languages whose projects have a manifest: where it is missing, their files are not what a module
// is, however many they are.
constexpr auto kNeedManifest = std::to_array<std::string_view>(
    {"JavaScript", "TypeScript", "TSX", "JSX", "Vue", "Svelte", "Java", "Kotlin", "Scala", "Go",
     "Rust", "C#", "F#", "Dart", "Elixir", "Swift", "Haskell"});

constexpr std::uint64_t kWholeModule = 10'000;  // bytes that may be a module beside a manifest

// The languages of a manifest, as its row or it itself tells.
std::vector<std::string_view> languages_of(const Manifest& manifest) {
  if (manifest.facts.languages.empty()) return {manifest.reader->language};
  return {manifest.facts.languages.begin(), manifest.facts.languages.end()};
}

// Calls level(manifests) for `directory` and those above it, while it returns true.
template <class Level>
void for_each_level(const Gathered& gathered, std::string_view directory, Level level) {
  while (true) {
    const auto here = gathered.by_directory.find(directory);
    if (here != gathered.by_directory.end() && !level(here->second)) return;
    if (directory.empty()) return;
    directory = directory_of(directory);
  }
}

// Ranks of managers from here on are of what builds a package.
constexpr std::uint8_t kOnlyBuilds = 50;

std::string_view lock_ecosystem(std::string_view ecosystem) {
  return ecosystem == "nx" ? "npm" : ecosystem;
}

std::string_view default_manager(std::string_view ecosystem) {
  constexpr std::pair<std::string_view, std::string_view> kDefaults[] = {{"npm", "npm"},
                                                                         {"deno", "deno"},
                                                                         {"pypi", "pip"},
                                                                         {"go", "go"},
                                                                         {"cargo", "cargo"},
                                                                         {"maven", "maven"},
                                                                         {"gradle", "gradle"},
                                                                         {"sbt", "sbt"},
                                                                         {"mill", "mill"},
                                                                         {"leiningen", "lein"},
                                                                         {"clojure", "clojure"},
                                                                         {"nuget", "nuget"},
                                                                         {"packagist", "composer"},
                                                                         {"rubygems", "bundler"},
                                                                         {"hex", "mix"},
                                                                         {"rebar", "rebar3"},
                                                                         {"gleam", "gleam"},
                                                                         {"swiftpm", "swiftpm"},
                                                                         {"cocoapods", "cocoapods"},
                                                                         {"pub", "pub"},
                                                                         {"hackage", "cabal"},
                                                                         {"opam", "opam"},
                                                                         {"zig", "zig"},
                                                                         {"nimble", "nimble"},
                                                                         {"shards", "shards"},
                                                                         {"cpan", "cpan"},
                                                                         {"cran", "R"},
                                                                         {"julia", "Pkg"},
                                                                         {"luarocks", "luarocks"},
                                                                         {"helm", "helm"},
                                                                         {"terraform", "terraform"},
                                                                         {"nix", "nix"},
                                                                         {"dub", "dub"},
                                                                         {"fpm", "fpm"},
                                                                         {"elm", "elm"},
                                                                         {"ant", "ant"},
                                                                         {"nx", "npm"}};
  for (const auto& [name, manager] : kDefaults) {
    if (name == ecosystem) return manager;
  }
  return {};
}

// Conda, where its file alone makes the module.
Named conda_of(const Draft& draft) {
  Named found;
  for (const Manifest* one : draft.manifests) {
    if (one->directory != draft.directory || one->reader->ecosystem != "pypi") continue;
    if (one->reader->role != Role::kModule || one->facts.no_module) continue;
    if (one->reader->tool != "conda") return {};
    found = {"conda", "", {one->facts.path, 0}};
  }
  return found;
}

// The app for Apple's platforms of a Kotlin project lies in a folder with an Xcode project, which
// is no module of its own: it is not what the module above it is written in.
bool holds_xcode_of_gradle(const Draft& draft) {
  const auto gradle = [&](const Manifest* one) {
    return one->reader->ecosystem == "gradle" && one->reader->role == Role::kModule &&
           one->directory == draft.directory;
  };
  const auto xcode = [](const Manifest* one) { return one->reader->ecosystem == "xcode"; };
  return std::ranges::any_of(draft.manifests, gradle) &&
         std::ranges::any_of(draft.manifests, xcode);
}

// A podspec publishes what a Package.swift beside it builds.
const Manifest* package_beside(const Manifest& chosen, const Draft& draft) {
  if (chosen.reader->ecosystem != "cocoapods") return &chosen;
  const auto found = std::ranges::find_if(draft.manifests, [&](const Manifest* one) {
    return one->reader->ecosystem == "swiftpm" && one->reader->role == Role::kModule &&
           one->directory == draft.directory;
  });
  return found == draft.manifests.end() ? &chosen : *found;
}

// Of the builds by Maven and by Gradle of one directory the one that tells more: a wrapper where
// the other has none, else more dependencies. Where they tell the same it is Maven's: a pom.xml
// says all it says as data, while a script may compute what is not seen here.
const Manifest* maven_beside(const Manifest& chosen, const Draft& draft) {
  if (chosen.reader->ecosystem != "gradle") return &chosen;
  const auto wrapped = [&](std::string_view name) {
    return std::ranges::any_of(draft.manifests,
                               [&](const Manifest* one) { return one->reader->tool == name; });
  };
  const auto depends = [](const Manifest& one) {
    return std::ranges::count_if(one.facts.dependencies, [](const ecosystem::Dependency& each) {
      return each.use != ecosystem::Use::kPlugin;
    });
  };
  for (const Manifest* one : draft.manifests) {
    if (one->reader->ecosystem != "maven" || one->reader->role != Role::kModule) continue;
    if (one->directory != draft.directory || one->facts.no_module) continue;
    const bool maven = wrapped("Maven wrapper");
    const bool gradle = wrapped("Gradle wrapper");
    if (maven != gradle) return maven ? one : &chosen;
    return depends(*one) >= depends(chosen) ? one : &chosen;
  }
  return &chosen;
}

// Manifests of a directory with the settings of tools that belong to it, but lie in .config.
std::vector<const Manifest*> with_tools(const Gathered& gathered,
                                        const std::vector<const Manifest*>& here) {
  std::vector<const Manifest*> all = here;
  for (const std::string_view folder : {".config", ".config/mise"}) {
    const auto found = gathered.by_directory.find(joined(here.front()->directory, folder));
    if (found == gathered.by_directory.end()) continue;
    all.insert(all.end(), found->second.begin(), found->second.end());
  }
  return all;
}

}  // namespace

Language choose_language(const Draft& draft) {
  std::uint64_t all = 0;
  std::string_view top;
  const bool with_xcode = holds_xcode_of_gradle(draft);
  for (const auto& [language, bytes] : sizes_of(draft)) {
    if (with_xcode && (language == "Swift" || language.starts_with("Objective-C"))) continue;
    all += bytes;
    if (top.empty() || bytes > weight_of(draft, top)) top = language;
  }
  Language best;
  std::uint64_t most = 0;
  for (const Manifest* manifest : draft.manifests) {
    if (manifest->reader->role != Role::kModule || manifest->facts.no_module) continue;
    if (manifest->directory != draft.directory) continue;
    for (const std::string_view language : languages_of(*manifest)) {
      std::uint64_t sum = 0;
      std::string_view largest = language;
      for (const std::string_view member : family_of(language)) {
        const std::uint64_t bytes = weight_of(draft, member);
        sum += bytes;
        if (bytes > weight_of(draft, largest)) largest = member;
      }
      const bool named = best.manifest == nullptr || (best.name.empty() && !language.empty());
      if (named || sum > most) {
        best = {plain_name(largest), manifest};
        most = sum;
      }
    }
  }
  if (best.manifest != nullptr) {
    best.manifest = package_beside(*maven_beside(*best.manifest, draft), draft);
  }
  // A chart is of no programming language, whatever scripts lie beside it.
  if (best.manifest != nullptr && languages_of(*best.manifest).front().empty()) {
    return {{}, best.manifest};
  }
  // A few lines of another language do not outweigh what the manifest is of.
  const bool enough = most == 0 || weight_of(draft, top) >= kWholeModule;
  const bool beside = best.manifest != nullptr && !draft.weights.empty() && most * 5 < all &&
                      enough && std::ranges::find(kNeedManifest, top) == kNeedManifest.end();
  if (best.manifest == nullptr) {
    // Scripts without a manifest are a page's own.
    const bool page = draft.page != nullptr && (top.empty() || top == "JavaScript");
    return {page ? kPages : plain_name(top), nullptr};
  }
  // A manifest of another language than most of the code is of a tool beside it.
  if (beside && !top.empty()) return {plain_name(top), nullptr};
  if (best.name.empty()) best.name = plain_name(top);
  return best;
}

std::string_view runtime_of(std::string_view language, std::string_view ecosystem) {
  if (ecosystem == "deno") return "Deno";
  if (language == "TypeScript" || language == "JavaScript" || language == "CoffeeScript") {
    return "Node.js";
  }
  if (language == "C#" || language == "F#" || language == "Visual Basic .NET") return ".NET";
  if (language == "HCL" || ecosystem == "terraform") return "Terraform";
  return language;
}

Named choose_version(const Gathered& gathered, const Draft& draft, std::string_view language,
                     std::string_view ecosystem) {
  std::vector<std::string_view> wanted = {runtime_of(language, ecosystem)};
  if (language == "Kotlin" || language == "Scala" || language == "Groovy") wanted.push_back("Java");
  if (language == "Java" && ecosystem == "gradle") wanted.push_back("Kotlin");
  if (language == "Swift") wanted.push_back("Swift");
  Named found;
  for (const std::string_view runtime : wanted) {
    const std::string of_workspace =
        std::string(runtime).append(" ").append(ecosystem::kOfWorkspace);
    bool inherits = false;
    for_each_level(gathered, draft.directory, [&](const std::vector<const Manifest*>& level) {
      const std::vector<const Manifest*> here = with_tools(gathered, level);
      const ecosystem::Version* best = nullptr;
      const Manifest* of = nullptr;
      for (const Manifest* manifest : here) {
        for (const ecosystem::Version& one : manifest->facts.versions) {
          inherits |= one.of == runtime && one.text == ecosystem::kOfWorkspace;
        }
      }
      for (const Manifest* manifest : here) {
        for (const ecosystem::Version& one : manifest->facts.versions) {
          const bool own = one.of == runtime && one.text != ecosystem::kOfWorkspace;
          if (!own && !(inherits && one.of == of_workspace)) continue;
          if (best != nullptr && one.rank >= best->rank) continue;
          best = &one;
          of = manifest;
        }
      }
      if (best == nullptr) return true;
      if (best->text.empty()) return false;  // it is told here, but not known
      found = {std::string(runtime), best->text, {of->facts.path, best->line}};
      return false;
    });
    if (!found.name.empty()) return found;
  }
  // Settings below the module's directory: .mvn, gradle/wrapper, src/main.
  for (const Manifest* manifest : draft.manifests) {
    if (place_of(*manifest, draft) > Place::kBelow) continue;
    for (const ecosystem::Version& one : manifest->facts.versions) {
      const bool told = one.text != ecosystem::kOfWorkspace;
      if (one.of == wanted.front() && told && found.name.empty()) {
        found = {one.of, one.text, {manifest->facts.path, one.line}};
      }
    }
  }
  if (found.name.empty()) found.name = wanted.front();
  return found;
}

Evidence choose_lock(const Gathered& gathered, const Workspaces& workspaces, const Draft& draft,
                     std::string_view ecosystem) {
  const std::string_view locks = lock_ecosystem(ecosystem);
  Evidence found;
  for_each_level(gathered, draft.directory, [&](const std::vector<const Manifest*>& here) {
    const Manifest* first = nullptr;
    if (workspaces.leave_out(here.front()->directory, ecosystem, draft.directory)) return true;
    for (const Manifest* one : here) {
      if (one->reader->ecosystem != locks || !ecosystem::is_lock(*one->reader)) continue;
      if (first == nullptr || one->reader < first->reader) first = one;
    }
    if (first != nullptr) found = {first->facts.path, 0};
    return first == nullptr;
  });
  return found;
}

Named choose_manager(const Gathered& gathered, const Workspaces& workspaces, const Draft& draft,
                     std::string_view ecosystem) {
  const std::string_view locks = lock_ecosystem(ecosystem);
  Named found;
  Named fallback;
  for_each_level(gathered, draft.directory, [&](const std::vector<const Manifest*>& here) {
    const ecosystem::Version* named = nullptr;
    const Manifest* of = nullptr;
    const Manifest* lock = nullptr;
    // What a workspace of uv leaves out is not managed by it.
    const std::string_view at = here.front()->directory;
    if (locks == "pypi" && workspaces.leave_out(at, ecosystem, draft.directory)) return true;
    for (const Manifest* manifest : here) {
      const bool settings = manifest->reader->role == Role::kSettings;
      if (manifest->reader->ecosystem != locks && !settings) continue;
      for (const ecosystem::Version& one : manifest->facts.managers) {
        if (settings && locks != "npm" && locks != "pypi") continue;
        if (named != nullptr && one.rank >= named->rank) continue;
        named = &one;
        of = manifest;
      }
      const bool earlier = lock == nullptr || manifest->reader < lock->reader;
      if (manifest->reader->role == Role::kLock && earlier) lock = manifest;
    }
    const bool certain = named != nullptr && named->rank < 10;
    if (lock != nullptr && !certain) {
      found = {std::string(lock->reader->tool), "", {lock->facts.path, 0}};
    } else if (named != nullptr) {
      Named& into = named->rank < kOnlyBuilds ? found : fallback;
      if (into.name.empty()) into = {named->of, named->text, {of->facts.path, named->line}};
    }
    return found.name.empty();
  });
  if (found.name.empty()) found = std::move(fallback);
  for (const Manifest* manifest : draft.manifests) {
    if (!found.name.empty() || manifest->reader->ecosystem != locks) continue;
    if (place_of(*manifest, draft) > Place::kBelow) continue;
    for (const ecosystem::Version& one : manifest->facts.managers) {
      found = {one.of, one.text, {manifest->facts.path, one.line}};
    }
  }
  if (ecosystem == "pypi" && found.name != "conda") {
    if (Named conda = conda_of(draft); !conda.name.empty()) found = std::move(conda);
  }
  if (found.name.empty()) found.name = default_manager(ecosystem);
  return found;
}

}  // namespace quarry::analysis::project
