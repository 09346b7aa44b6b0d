// Facts: what one manifest says, before it is put together with the others of its module.
//
// A reader is a pure function of a file's path and bytes, so its facts may be kept under the id of
// the file's content. What a reader does not understand it leaves out; what is ill-formed is a
// problem among the facts, never a failure. Values of secrets are not taken up.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/manifest/value.h"

namespace quarry::analysis::ecosystem {

// What a dependency is for, in the order in which answers give them.
enum class Use : std::uint8_t {
  kRuntime,
  kOptional,
  kPeer,
  kBuild,
  kPlugin,
  kTest,
  kDev,
  kIndirect
};
std::string_view name_of(Use use);

struct Dependency {
  std::string name;
  std::string version;  // or a range, as it is written; "" when none is given
  Use use = Use::kRuntime;
  std::uint32_t line = 0;
};

// A command under a name: of package.json's scripts, a target of a Makefile.
struct Script {
  std::string name;
  std::string command;  // what runs; "" when the name is all
  std::uint32_t line = 0;
  std::string runner;  // "poe"; "" when it is the one of the manifest's ecosystem
};

struct Member {
  std::string pattern;  // a directory, relative to the manifest's, with '*' and "**"
  std::uint32_t line = 0;
  bool excluded = false;
  bool optional = false;  // under a condition
};

// Of a language or a tool. The lowest rank of a module counts; ranks are in each ecosystem's file.
struct Version {
  std::string of;
  std::string text;
  std::uint32_t line = 0;
  std::uint8_t rank = 0;
};

// The text of a version that is the one of the workspace, which tells it of "X of the workspace".
// The same of a package's own version and of its licence, which `shared` has under these names.
inline constexpr std::string_view kOfWorkspace = "of the workspace";
inline constexpr std::string_view kSharedVersion = "version of the workspace";
inline constexpr std::string_view kSharedLicence = "licence of the workspace";

// How an entry is told that a start script names: its path may be of no file.
inline constexpr std::string_view kByStartScript = "script start";
inline constexpr std::string_view kByDevScript = "script dev";
// Of a program by its name, whose file is where the build looks for it: "program app".
inline constexpr std::string_view kProgram = "program ";
// Of Cargo: a script that is the program to run where there are several.
inline constexpr std::string_view kDefaultRun = "default-run";
// Of CMake: a script that is a target, and the shared value that is where all of them are put.
inline constexpr std::string_view kExecutable = "executable";
inline constexpr std::string_view kCmakeOutput = "CMAKE_RUNTIME_OUTPUT_DIRECTORY";
// Of a directory of Swift's sources, and of the class that a jar begins with.
inline constexpr std::string_view kExecutableTarget = "executable target";
inline constexpr std::string_view kMainOfJar = "main class of MANIFEST.MF";
// Of a class that `mvn exec:java` runs.
inline constexpr std::string_view kMainOfExec = "main class of exec";

struct Entry {
  std::string path;  // relative to the manifest's directory, or a name ("com.example.Main")
  std::string how;   // "main", "bin", "web: of Procfile"
  std::uint32_t line = 0;
};

// Where a port is told, the most telling first.
enum class PortSource : std::uint8_t { kExpose, kCompose, kCall, kConfig, kScript, kEnv, kDefault };
std::string_view name_of(PortSource source);

struct Port {
  std::uint32_t number = 0;
  PortSource source = PortSource::kConfig;
  bool own = true;      // false: of a database or another service that this one uses
  std::string service;  // whose, when it is not its own: "postgres"
  std::uint32_t line = 0;
  bool udp = false;
};

struct Variable {
  std::string name;
  std::string value;  // a default; "" for secrets and where there is none
  std::uint32_t line = 0;
};

// A database, queue or other service by what names it: an image, a URL's scheme, a provider.
struct Service {
  std::string name;  // as the table of services has it
  std::string how;
  std::uint32_t line = 0;
};

// What a lock file resolved; the form of names: locks.h.
struct Locked {
  std::string name;
  std::string version;
};

// What a set of containers tells of one that is built from a directory.
struct Built {
  std::string directory;  // relative to the manifest's; "" when only its name tells
  std::string file;       // the Dockerfile, where it lies in a folder of what is built
  std::string name;       // of the service
  std::string image;      // what it is called without its registry and tag; "" when it is built
  std::vector<Port> ports;
  std::vector<Variable> variables;
  std::vector<Service> services;
};

struct Facts {
  std::string path;  // of the manifest
  std::string name;
  std::string version;
  std::string licence;
  std::uint32_t licence_line = 0;
  std::vector<Dependency> dependencies;
  std::vector<Script> scripts;
  std::vector<Member> members;
  std::vector<Version> versions;
  std::vector<Version> managers;  // `of`: "pnpm"
  std::vector<Entry> entries;
  std::vector<Port> ports;
  std::vector<Variable> variables;
  std::vector<Service> services;
  std::vector<Built> built;  // what may be of other directories than the manifest's
  // Values that other manifests refer to: versions of a workspace, a catalogue, a parent.
  std::vector<Dependency> shared;
  std::vector<Locked> locked;       // in the order of names
  std::vector<std::string> images;  // base images of a Dockerfile, the last stage's last
  std::vector<manifest::Problem> problems;
  bool no_module = false;  // the manifest is only of a workspace, or of a part of a module
  std::vector<std::string> languages;  // when the manifest tells better than its row
};

struct Source {
  std::string_view path;
  std::string_view text;
};

enum class Role : std::uint8_t {
  kModule,    // its directory is a module
  kPart,      // tells of the module that its directory lies in
  kLock,      // the package manager of its workspace
  kSettings,  // version files and the like
  kContainer,
  kCi,
};

// A kind of manifest. Constant data.
struct Reader {
  std::string_view pattern;  // of a path's end: "package.json", "*.csproj", ".circleci/config.yml"
  std::string_view ecosystem;  // "npm"
  std::string_view language;   // of its module; "" when it tells none
  std::string_view tool;       // build system or package manager: "Maven", "yarn"
  Role role = Role::kModule;
  void (*read)(const Source& source, Facts& facts) = nullptr;  // null: the name is all
  bool resolves = true;  // of a lock: false when it only says which manager there is
};

// Whether a file that it reads fixes the versions of dependencies.
bool is_lock(const Reader& reader);

std::span<const Reader> javascript_readers();
std::span<const Reader> python_readers();
std::span<const Reader> go_readers();
std::span<const Reader> rust_readers();
std::span<const Reader> maven_readers();
std::span<const Reader> gradle_readers();
std::span<const Reader> jvm_readers();
std::span<const Reader> dotnet_readers();
std::span<const Reader> php_readers();
std::span<const Reader> ruby_readers();
std::span<const Reader> native_readers();
std::span<const Reader> native_package_readers();
std::span<const Reader> beam_readers();
std::span<const Reader> swift_readers();
std::span<const Reader> dart_readers();
std::span<const Reader> functional_readers();
std::span<const Reader> small_readers();
std::span<const Reader> nix_readers();
std::span<const Reader> site_readers();
std::span<const Reader> infrastructure_readers();
std::span<const Reader> container_readers();
std::span<const Reader> settings_readers();
std::span<const Reader> server_readers();
std::span<const Reader> ci_readers();
std::span<const Reader> command_readers();
std::span<const Reader> licence_readers();
std::span<const Reader> kubernetes_readers();

// The ecosystem of files that are no manifests: texts of licences.
inline constexpr std::string_view kLicence = "licence";

// The reader of a path, if any. The first pattern of the lists above that fits.
const Reader* find_reader(std::string_view path);

// The identifier of SPDX for how a manifest writes a licence: "MIT" of "The MIT License". What is
// not known stays as it is written.
std::string spdx_of(std::string_view licence);

// Reads `source` with `reader`. Bounded, never fails.
Facts read(const Reader& reader, const Source& source);

}  // namespace quarry::analysis::ecosystem
