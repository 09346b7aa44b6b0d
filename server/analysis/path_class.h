// Whether a file counts as a project's own source, by its path: code of others (vendored), code
// made by programs (generated), and documentation do not.
//
// Names are compared as whole components or suffixes, never as parts of words. Some names mean
// another project's code in most repositories and the project's own in a few ("deps", "dist",
// "examples"): those are weak, and the caller counts them as source when little else is left.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace quarry::analysis {

enum class Share : std::uint8_t { kSource, kVendored, kGenerated, kDocumentation };
std::string_view name_of(Share share);

struct PathClass {
  Share share = Share::kSource;
  bool weak = false;
  // What decided: the path up to the directory that did ("deps"), into the path; or the name's
  // pattern ("*.pb.go").
  std::string_view rule;
  bool by_directory = false;
  bool operator==(const PathClass&) const = default;
};

// `directory`: relative, without a trailing slash; "" for the top.
PathClass classify_directory(std::string_view directory);

// Of a file's name alone.
PathClass classify_name(std::string_view name);

// A name that means a generated file beside another one: `configure` beside `configure.ac` is
// generated, alone it is somebody's work. The siblings to look for; empty when there are none.
std::span<const std::string_view> siblings_that_generate(std::string_view name);

}  // namespace quarry::analysis
