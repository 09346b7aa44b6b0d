// Names of dependencies in tables: "npm:express pypi:flask maven:spring-boot*".
//
// What stands before the colon is a registry; ecosystems that share one share its names (Gradle and
// sbt take Maven's, by the artifact alone). '*' stands for anything. Go's major suffixes ("/v8")
// and what lies below a module's path do not count; Python's names are compared as PEP 503 says.
//
// '~' behind a name: what carries the thing proves that it is there, and its version is another's.
//
// Pure functions; safe from any thread.

#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/manifest/text.h"

namespace quarry::analysis::project {

// "maven" of "gradle"; the ecosystem itself when it has a registry of its own.
std::string_view registry_of(std::string_view ecosystem);

// A dependency's name in the form of the tables: "go:github.com/redis/go-redis".
std::string table_name(std::string_view ecosystem, std::string_view name);

// Which rows name a dependency. Rows are constant data with a member `dependencies`.
class DependencyIndex {
 public:
  template <class Row>
  explicit DependencyIndex(std::span<const Row> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) add(rows[i].dependencies, i);
  }

  // Indexes of rows, ascending. `name` as table_name() gives it.
  std::vector<std::size_t> find(std::string_view name) const;
  // Whether a dependency only carries what a row of find() is of.
  bool carries(std::string_view name, std::size_t row) const;

 private:
  void add(std::string_view names, std::size_t row);

  std::multimap<std::string_view, std::size_t> exact_;
  std::vector<std::pair<std::string_view, std::size_t>> patterns_;
  std::vector<std::pair<std::string_view, std::size_t>> carriers_;
};

}  // namespace quarry::analysis::project
