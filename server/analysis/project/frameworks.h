// Frameworks: what a module is built on, by its dependencies, and by its files where no dependency
// tells. A row is all that a new one needs.
//
// The most specific first: rank decides, so that a meta-framework stands before the library below
// it and a library before a tool; a row is left out when one of its `not_with` is a dependency too.
//
// Constant data; safe from any thread.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace quarry::analysis::project {

// Also the rank: a lower kind is more specific.
enum class FrameworkKind : std::uint8_t {
  kMeta,  // builds on another framework of the table
  kWeb,   // serves HTTP
  kMobile,
  kDesktop,
  kUi,      // a library of components
  kStatic,  // makes a static site
  kGame,
  kData,     // data and machine learning
  kRuntime,  // servers, actors, messaging
  kCli,
  kOrm,
  kBuild,
  kTest,
};
std::string_view name_of(FrameworkKind kind);

struct FrameworkRow {
  std::string_view name;
  FrameworkKind kind;
  std::string_view dependencies;   // as in dependency_names.h
  std::string_view not_with = {};  // dependencies
  std::string_view files = {};     // in the module's directory
  std::uint16_t port = 0;          // that it listens on unless told otherwise
  std::string_view start = {};     // a command that starts it
  std::string_view proof = {};     // files that an application of it has, among others'
};

std::span<const FrameworkRow> javascript_frameworks();
std::span<const FrameworkRow> backend_frameworks();
std::span<const FrameworkRow> other_frameworks();
std::span<const FrameworkRow> test_frameworks();

// All of the above, in that order.
std::span<const FrameworkRow> frameworks();

}  // namespace quarry::analysis::project
