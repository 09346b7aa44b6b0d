#include "server/analysis/ecosystem/locks.h"

#include <algorithm>
#include <utility>

#include "server/analysis/manifest/text.h"

namespace quarry::analysis::ecosystem {
namespace {

std::size_t lock_indent(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

std::string_view without_quotes(std::string_view text) {
  text = manifest::trim(text);
  if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

// "name: value" and "name = value" with the quotes off; an empty key when it is none.
struct Setting {
  std::string_view key;
  std::string_view value;
};
Setting setting_of(std::string_view line, char mark) {
  line = manifest::trim(line);
  std::size_t from = 0;
  if (line.starts_with('"') || line.starts_with('\'')) from = line.find(line.front(), 1);
  const std::size_t at = from == std::string_view::npos ? from : line.find(mark, from);
  if (at == std::string_view::npos) return {};
  return {without_quotes(line.substr(0, at)), without_quotes(line.substr(at + 1))};
}

// "express@npm:^4.18.0" is "express@^4.18.0".
std::string without_protocol(std::string_view descriptor) {
  const std::size_t at = descriptor.find("@npm:", 1);
  if (at == std::string_view::npos) return std::string(descriptor);
  return std::string(descriptor.substr(0, at + 1)).append(descriptor.substr(at + 5));
}

// "4.18.2(peer@1.0.0)", "4.18.2_peer@1.0.0": without who else takes part.
std::string_view without_peers(std::string_view version) {
  version = version.substr(0, version.find_first_of("(_"));
  const std::size_t link = version.find(':');
  return link == std::string_view::npos ? version : std::string_view();
}

struct Numbers {
  std::uint64_t part[3] = {0, 0, 0};
  std::size_t count = 0;
};

Numbers numbers_of(std::string_view text) {
  Numbers numbers;
  text.remove_prefix(std::min(text.find_first_of("0123456789"), text.size()));
  while (!text.empty() && numbers.count < 3 && manifest::is_digit(text.front())) {
    std::uint64_t number = 0;
    while (!text.empty() && manifest::is_digit(text.front()) && number < 1'000'000'000) {
      number = number * 10 + static_cast<std::uint64_t>(text.front() - '0');
      text.remove_prefix(1);
    }
    numbers.part[numbers.count++] = number;
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return numbers;
}

// Whether a version may be what a range chose: the same up to its first number that is not zero.
// Only asked where several versions are locked.
bool may_fit(std::string_view range, std::string_view version) {
  const Numbers want = numbers_of(range);
  const Numbers have = numbers_of(version);
  for (std::size_t i = 0; i < want.count; ++i) {
    if (want.part[i] != have.part[i]) return false;
    if (want.part[i] != 0) return true;
  }
  return want.count > 0;
}

}  // namespace

// Entries begin in the first column: `express@^4.17.1, "express@npm:^4.18.0":`.
void read_yarn_lock(const Source& source, Facts& facts) {
  std::string_view entry;
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t) {
    if (line.empty() || line.front() == '#') return;
    if (line.front() != ' ') {
      entry = line;
      return;
    }
    if (entry.empty() || lock_indent(line) != 2) return;
    std::string_view rest = manifest::trim(line);
    if (!rest.starts_with("version")) return;
    rest.remove_prefix(7);
    if (!rest.starts_with(' ') && !rest.starts_with(':')) return;
    if (rest.starts_with(':')) rest.remove_prefix(1);
    const std::string_view version = without_quotes(rest);
    if (entry.ends_with(':')) entry.remove_suffix(1);
    for (std::string_view one : manifest::split(entry, ',')) {
      one = manifest::trim(one);
      while (one.starts_with('"')) one.remove_prefix(1);
      while (one.ends_with('"')) one.remove_suffix(1);
      // Members of the workspace itself are no packages.
      if (one.find("@workspace:") == std::string_view::npos) {
        add_locked(facts, without_protocol(one), version);
      }
    }
    entry = {};
  });
}

// "importers:" by directory since version 6, the lists themselves for a single package.
void read_pnpm_lock(const Source& source, Facts& facts) {
  bool importers = false;
  bool single = true;
  bool list = false;
  std::string importer;
  std::string name;
  const auto key = [&](std::string_view of) {
    return importer.empty() || importer == "." ? std::string(of) : importer + ":" + std::string(of);
  };
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t) {
    const std::size_t indent = lock_indent(line);
    if (indent == line.size() || line[indent] == '#') return;
    const auto [word, value] = setting_of(line, ':');
    const bool dependencies = word.ends_with("ependencies");
    if (indent == 0) {
      importers = word == "importers";
      single = single && !importers;
      importer.clear();
      list = single && dependencies;
      return;
    }
    const std::size_t base = importers ? 4 : 0;
    if (importers && indent == 2) {
      importer = word;
      list = false;
    } else if (importers && indent == 4) {
      list = dependencies;
    } else if (list && indent == base + 2) {
      name = word;
      if (!value.empty()) add_locked(facts, key(word), without_peers(value));
    } else if (list && indent == base + 4 && word == "version") {
      add_locked(facts, key(name), without_peers(value));
    }
  });
}

// "[[package]]" with `name = "x"` and `version = "1"` below.
void read_package_tables(const Source& source, Facts& facts) {
  const bool python = !source.path.ends_with("Cargo.lock");
  bool package = false;
  std::string name;
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    if (line.starts_with('[')) {
      package = line == "[[package]]";
      name.clear();
      return;
    }
    if (line.empty() || line.front() == ' ') return;
    const auto [key, value] = setting_of(line, '=');
    // Of uv, what the whole was resolved for, before the first package.
    if (python && !package && key == "requires-python" && facts.locked.empty()) {
      facts.versions.push_back({"Python", std::string(value), number, 99});
    }
    if (!package) return;
    if (key == "name") name = value;
    if (key != "version") return;
    if (python) {
      name = manifest::lower(name);
      std::ranges::replace(name, '_', '-');
      std::ranges::replace(name, '.', '-');
    }
    add_locked(facts, std::exchange(name, {}), value);
  });
}

void read_specs_lock(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t) {
    if (lock_indent(line) != 4) return;
    const std::size_t open = line.find(" (");
    const std::size_t close = line.find(')', std::min(open, line.size()));
    if (open == std::string_view::npos || close == std::string_view::npos) return;
    const std::string_view version = line.substr(open + 2, close - open - 2);
    if (!version.empty() && manifest::is_digit(version.front())) {
      add_locked(facts, std::string(line.substr(4, open - 4)), version);
    }
  });
}

// `  "phoenix": {:hex, :phoenix, "1.7.2", ...`
void read_mix_lock(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t) {
    const auto [name, value] = setting_of(line, ':');
    if (!value.starts_with("{:hex")) return;
    const std::size_t open = value.find('"');
    const std::size_t close = value.find('"', std::min(open, value.size() - 1) + 1);
    if (open == std::string_view::npos || close == std::string_view::npos) return;
    add_locked(facts, std::string(name), value.substr(open + 1, close - open - 1));
  });
}

void read_pubspec_lock(const Source& source, Facts& facts) {
  bool packages = false;
  std::string name;
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t) {
    const std::size_t indent = lock_indent(line);
    const auto [key, value] = setting_of(line, ':');
    if (indent == 0) packages = key == "packages";
    if (!packages) return;
    if (indent == 2) name = key;
    if (indent == 4 && key == "version") add_locked(facts, name, value);
  });
}

void order_locked(Facts& facts) {
  std::ranges::sort(facts.locked, {}, [](const Locked& one) {
    return std::pair<std::string_view, std::string_view>(one.name, one.version);
  });
  const auto rest = std::unique(facts.locked.begin(), facts.locked.end(),
                                [](const Locked& one, const Locked& other) {
                                  return one.name == other.name && one.version == other.version;
                                });
  facts.locked.erase(rest, facts.locked.end());
}

std::string_view locked_version(const std::vector<Locked>& locked, std::string_view directory,
                                std::string_view name, std::string_view range) {
  const auto find = [&](const std::string& wanted) -> std::string_view {
    auto at = std::ranges::lower_bound(locked, wanted, {}, &Locked::name);
    const auto end = std::ranges::upper_bound(locked, wanted, {}, &Locked::name);
    if (at == end) return {};
    if (end - at == 1) return at->version;
    std::string_view found;
    for (; at != end; ++at) {
      if (!may_fit(range, at->version)) continue;
      if (!found.empty()) return {};
      found = at->version;
    }
    return found;
  };
  const std::string plain(name);
  if (!directory.empty()) {
    const std::string_view found = find(std::string(directory).append(":").append(name));
    if (!found.empty()) return found;
  }
  const std::string_view found = find(without_protocol(plain + "@" + std::string(range)));
  return found.empty() ? find(plain) : found;
}

}  // namespace quarry::analysis::ecosystem
