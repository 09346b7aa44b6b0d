#include "server/analysis/project/gather.h"

#include <algorithm>
#include <iterator>

#include "server/analysis/manifest/text.h"
#include "server/analysis/project/aside.h"
#include "server/analysis/project/members.h"

namespace quarry::analysis::project {
namespace {

using ecosystem::Role;

// Directories of a mobile app that hold what its framework made, and hidden ones, which hold
// settings of tools: no modules of their own.
bool is_no_module(std::string_view directory, const std::map<std::string_view, bool>& mobile) {
  for (std::string_view at = directory; !at.empty();) {
    const std::string_view parent = directory_of(at);
    const std::string_view name = parent.empty() ? at : at.substr(parent.size() + 1);
    if (name.starts_with('.')) return true;
    if (is_platform(name) && mobile.contains(parent)) return true;
    at = parent;
  }
  return false;
}

// What tests are made of, and templates of files, say nothing about the project itself.
bool is_material(std::string_view path) {
  for (const std::string_view part : manifest::split(directory_of(path), '/')) {
    if (part == "fixtures" || part == "__fixtures__" || part == "testdata" || part == "test-data" ||
        part == "__tests__" || part == "test-fixtures" || part == "testcases") {
      return true;
    }
  }
  const std::string_view name = path.substr(directory_of(path).size());
  const bool image = name.find("ockerfile") != std::string_view::npos;
  for (const std::string_view end : {".eex", ".erb", ".j2", ".tmpl", ".tpl", ".template", ".ejs"}) {
    if (image && path.ends_with(end)) return true;
  }
  return false;
}

// The manifests among the files that are wanted, read; in the order of paths.
template <class Wanted>
std::vector<Manifest> read_those(const Tree& tree, std::size_t most, std::uint64_t& left_out,
                                 Wanted wanted) {
  std::vector<Manifest> manifests;
  for (const File& file : tree.files) {
    if (!wanted(file)) continue;
    const ecosystem::Reader* reader = ecosystem::find_reader(file.path);
    if (reader == nullptr || is_material(file.path)) continue;
    if (file.own_place && !file.source && reader->role == Role::kModule) continue;
    if (manifests.size() >= most) {
      ++left_out;
      continue;
    }
    manifests.push_back({reader, directory_of(file.path), {}});
    manifests.back().facts.path = file.path;
  }
  tree.for_each(manifests.size(), [&](std::size_t i) {
    Manifest& one = manifests[i];
    if (one.reader->read == nullptr) return;
    one.facts = tree.facts(*one.reader, one.facts.path);
  });
  return manifests;
}

// With those in directories of documentation and examples that a workspace names as members.
std::vector<Manifest> read_all(const Tree& tree, std::uint64_t& left_out) {
  std::vector<Manifest> manifests =
      read_those(tree, kMaxManifests, left_out, [](const File& file) { return file.own_place; });
  const Workspaces workspaces(manifests);
  std::string_view last;
  bool named = false;
  std::vector<Manifest> more =
      read_those(tree, kMaxManifests - manifests.size(), left_out, [&](const File& file) {
        if (file.own_place || !file.documents) return false;
        if (ecosystem::find_reader(file.path) == nullptr) return false;
        const std::string_view directory = directory_of(file.path);
        if (directory != last) named = workspaces.names(directory);
        last = directory;
        return named;
      });
  if (more.empty()) return manifests;
  manifests.insert(manifests.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
  std::ranges::stable_sort(manifests, {},
                           [](const Manifest& one) -> std::string_view { return one.facts.path; });
  return manifests;
}

// src/main/resources of Maven and Gradle: what a program carries with it, as a bundle for browsers.
bool is_resource(std::string_view path) {
  const std::size_t at = path.find("/resources/");
  const std::string_view set = at == std::string_view::npos ? "" : directory_of(path.substr(0, at));
  return set == "src" || set.ends_with("/src");
}

// Scripts that a server gives to browsers as they are: mostly libraries of others.
bool is_served(std::string_view path) {
  for (const std::string_view part : manifest::split(directory_of(path), '/')) {
    if (part == "public" || part == "static" || part == "assets" || part == "wwwroot" ||
        part == "www" || part == "webroot" || part == "javascripts") {
      return true;
    }
  }
  for (const std::string_view part : manifest::split(path, '.')) {
    if (part == "min" || part == "slim" || part == "bundle") return true;
  }
  return false;
}

// Whether a file is code of the project: neither a manifest that is a program (a Gemfile says
// nothing about Ruby in the project) nor a language of build systems.
bool is_code(const File& file) {
  if (!file.source || file.language.empty() || is_resource(file.path)) return false;
  for (const std::string_view one :
       {"Makefile", "CMake", "Meson", "Starlark", "Dockerfile", "M4"}) {
    if (file.language == one) return false;
  }
  const ecosystem::Reader* reader = ecosystem::find_reader(file.path);
  if (reader == nullptr) return true;
  // Terraform and Nix consist of nothing else.
  const bool content = reader->ecosystem == "terraform" || reader->ecosystem == "nix";
  return reader->language == file.language && (reader->role != Role::kModule || content);
}

// Not a licence's text, nor a file of a name that anything may have.
bool tells_of_project(const Manifest& one) {
  const ecosystem::Reader& reader = *one.reader;
  const bool anything = reader.role == Role::kPart && reader.tool.empty() &&
                        (reader.ecosystem.empty() || reader.ecosystem == "jar");
  return reader.ecosystem != ecosystem::kLicence && !anything;
}

// The first page of a site that is served as it is.
const File* find_page(std::span<const File> files) {
  for (const std::string_view path : {"index.html", "public/index.html"}) {
    const auto at = std::ranges::lower_bound(files, path, {}, &File::path);
    if (at != files.end() && at->path == path && at->own_place) return &*at;
  }
  return nullptr;
}

}  // namespace

bool is_mobile(const Manifest& manifest) {
  if (manifest.reader->role != Role::kModule) return false;
  return std::ranges::any_of(manifest.facts.dependencies, [](const ecosystem::Dependency& one) {
    return one.name == "flutter" || one.name == "react-native" || one.name == "expo" ||
           one.name == "@capacitor/core";
  });
}

bool is_marker(const Manifest& one) {
  const ecosystem::Facts& facts = one.facts;
  return one.reader->pattern == "package.json" && facts.name.empty() && facts.version.empty() &&
         facts.dependencies.empty() && facts.scripts.empty() && facts.members.empty() &&
         facts.versions.empty() && facts.managers.empty() && facts.problems.empty();
}

bool is_guess(const ecosystem::Entry& entry) {
  return entry.how.starts_with("OutputType") || entry.how == ecosystem::kByStartScript ||
         entry.how == ecosystem::kByDevScript || entry.how.starts_with(ecosystem::kProgram);
}

bool is_platform(std::string_view name) {
  return name == "android" || name == "ios" || name == "macos" || name == "windows" ||
         name == "linux" || name == "web";
}

Draft* draft_above(std::string_view directory, std::map<std::string_view, Draft>& drafts) {
  while (true) {
    const auto found = drafts.find(directory);
    if (found != drafts.end()) return &found->second;
    if (directory.empty()) return nullptr;
    directory = directory_of(directory);
  }
}

void count_bytes(Draft& draft) {
  draft.bytes.clear();
  draft.weights.clear();
  const std::size_t cut = draft.directory.empty() ? 0 : draft.directory.size() + 1;
  std::string_view last;
  bool aside = false;
  std::string_view language;
  std::uint64_t* bytes = nullptr;  // of `language`
  std::uint64_t* weights = nullptr;
  for (const File* file : draft.sources) {
    if (bytes == nullptr || file->language != language) {
      language = file->language;
      bytes = &draft.bytes[language];
      weights = nullptr;
    }
    *bytes += file->size;
    const std::string_view directory = directory_of(file->path.substr(cut));
    if (directory != last) aside = is_secondary(directory);
    last = directory;
    if (aside || (file->language == "JavaScript" && is_served(file->path.substr(cut)))) continue;
    if (weights == nullptr) weights = &draft.weights[language];
    *weights += file->size;
  }
}

bool wants_top(const Gathered& gathered) {
  const TopRule& top = gathered.top;
  if (top.declared) return false;
  std::uint64_t outside = 0;
  for (const File* file : gathered.loose) outside += file->size;
  std::uint64_t all = outside;
  for (const auto& [directory, draft] : gathered.drafts) {
    for (const auto& [language, bytes] : draft.bytes) {
      all += bytes;
      if (directory.empty()) outside += bytes;
    }
  }
  // When it is much, or when there is no other.
  return (top.lonely && (all > 0 || top.told || top.page != nullptr)) ||
         (outside > 0 && outside * 4 >= all);
}

std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string joined(std::string_view directory, std::string_view name) {
  return directory.empty() ? std::string(name) : std::string(directory).append("/").append(name);
}

namespace {

// Drops the modules that nothing but a marker declares, where another lies above.
void drop_marked(const std::vector<Manifest>& manifests,
                 std::map<std::string_view, Draft>& drafts) {
  std::map<std::string_view, bool> marked;  // false: declared by another manifest, too
  for (const Manifest& one : manifests) {
    if (one.reader->role != Role::kModule || one.facts.no_module) continue;
    const bool marker = is_marker(one);
    const auto [at, added] = marked.emplace(one.directory, marker);
    if (!added) at->second = at->second && marker;
  }
  for (const auto& [directory, marker] : marked) {
    const bool top = directory.empty() || !marker;
    if (!top && draft_above(directory_of(directory), drafts) != nullptr) drafts.erase(directory);
  }
}

}  // namespace

Gathered gather(const Tree& tree) {
  Gathered gathered;
  gathered.manifests = read_all(tree, gathered.left_out);
  for (const Manifest& one : gathered.manifests) {
    gathered.by_directory[one.directory].push_back(&one);
  }

  std::map<std::string_view, bool> mobile;
  for (const Manifest& one : gathered.manifests) {
    if (is_mobile(one)) mobile[one.directory] = true;
  }
  for (const Manifest& one : gathered.manifests) {
    if (one.reader->role != Role::kModule || one.facts.no_module) continue;
    if (gathered.drafts.size() == kMaxModules && !gathered.drafts.contains(one.directory)) {
      ++gathered.left_out;
      continue;
    }
    if (is_no_module(one.directory, mobile)) continue;
    gathered.drafts[one.directory].directory = one.directory;
  }
  drop_marked(gathered.manifests, gathered.drafts);
  std::vector<const File*> code;
  for (const File& file : tree.files) {
    if (is_code(file)) code.push_back(&file);
  }
  gathered.top.declared = gathered.drafts.contains("");
  gathered.top.lonely = gathered.drafts.empty();
  gathered.top.told = std::ranges::any_of(gathered.manifests, tells_of_project);
  if (gathered.top.lonely) gathered.top.page = find_page(tree.files);
  Draft* draft = nullptr;
  std::string_view last;
  bool first = true;
  for (const File* file : code) {
    const std::string_view directory = directory_of(file->path);
    if (first || directory != last) draft = draft_above(directory, gathered.drafts);
    first = false;
    last = directory;
    if (draft == nullptr) {
      gathered.loose.push_back(file);
    } else {
      draft->sources.push_back(file);
    }
  }
  for (auto& [directory, one] : gathered.drafts) count_bytes(one);
  gathered.top.added = wants_top(gathered);
  if (gathered.top.added) {
    Draft& top = gathered.drafts[""];
    top.directory = "";
    top.page = gathered.top.page;
    top.sources = std::move(gathered.loose);
    gathered.loose.clear();
    count_bytes(top);
  }
  for (auto& [directory, one] : gathered.drafts) one.mobile = mobile.contains(directory);
  for (const Manifest& one : gathered.manifests) {
    Draft* above = draft_above(one.directory, gathered.drafts);
    (above == nullptr ? gathered.orphans : *above).manifests.push_back(&one);
  }
  return gathered;
}

}  // namespace quarry::analysis::project
