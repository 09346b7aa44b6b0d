// Choices of a module between what its manifests and its code say. Pure; safe from any thread.

#pragma once

#include "server/analysis/project/gather.h"
#include "server/analysis/project/members.h"

namespace quarry::analysis::project {

// The language of a module that is pages alone.
inline constexpr std::string_view kPages = "HTML";

// The language of a module, and the manifest whose ecosystem it is of (null when there is none).
// A manifest names a family of languages ("JavaScript" is TypeScript's too), of which the one with
// most bytes counts; of several families the one with most bytes. Tests, tools and what is served
// as it is count only where there is nothing else. When the manifests' families hold less than a
// fifth of the code, they are tools beside it, and the code decides - unless it is in a language
// whose projects have manifests.
struct Language {
  std::string_view name;
  const Manifest* manifest = nullptr;
};
Language choose_language(const Draft& draft);

// "Node.js" of JavaScript, ".NET" of C#; the language itself otherwise.
std::string_view runtime_of(std::string_view language, std::string_view ecosystem);

// The version of the runtime, from the manifests in the module's directory and in those above it.
Named choose_version(const Gathered& gathered, const Draft& draft, std::string_view language,
                     std::string_view ecosystem);

// The package manager of an ecosystem in a directory: of the nearest level that has a lock file or
// names one. What builds a package (a rank of 50 or more) says only little about what installs it:
// it counts where no level above tells more.
Named choose_manager(const Gathered& gathered, const Workspaces& workspaces, const Draft& draft,
                     std::string_view ecosystem);

// The nearest file that fixes the versions of the module's dependencies, but none of a workspace
// that the module is no member of; no path when none does.
Evidence choose_lock(const Gathered& gathered, const Workspaces& workspaces, const Draft& draft,
                     std::string_view ecosystem);

// Index of the main module: one that starts the others, the top's when it has code or is alone,
// else the module with most of it, or with most dependencies; secondary ones (aside.h) come last.
// REQUIRES: modules is not empty.
std::size_t choose_main(const std::vector<std::shared_ptr<const Module>>& modules);

}  // namespace quarry::analysis::project
