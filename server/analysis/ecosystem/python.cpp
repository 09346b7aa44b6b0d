// Python: pip, poetry, uv, pdm, hatch, pipenv, setuptools, conda.
//
// Version, the first that is told: .python-version, runtime.txt, asdf and mise files (settings),
// Pipfile, requires-python of pyproject.toml, poetry's python, python_requires of setup.cfg and
// setup.py, conda's python. Manager: lock files, then [tool.*] tables, then the build backend.

#include <algorithm>

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr std::string_view kPython3 = "Python";

// "name[extra] >=1.0,<2 ; marker" of PEP 508; "name @ url" has the URL for a version.
void add_requirement(Facts& facts, std::string_view text, Use use, std::uint32_t line) {
  text = manifest::trim(text);
  std::size_t end = 0;
  while (end < text.size() &&
         (manifest::is_word(text[end]) || text[end] == '-' || text[end] == '.')) {
    ++end;
  }
  const std::string_view name = text.substr(0, end);
  std::string_view rest = text.substr(end);
  rest = manifest::trim(rest);
  if (rest.starts_with('[')) rest = rest.substr(std::min(rest.find(']'), rest.size() - 1) + 1);
  rest = manifest::trim(rest.substr(0, rest.find(';')));
  rest = manifest::trim(rest.substr(0, rest.find(" --")));
  if (rest.starts_with('@')) rest = manifest::trim(rest.substr(1));
  if (rest.starts_with('(') && rest.ends_with(')')) rest = rest.substr(1, rest.size() - 2);
  add_dependency(facts, name, rest, use, line);
}

// A file of requirements: comments, continued lines, options, URLs; never a hash for a name.
void read_requirements(const Source& source, Facts& facts) {
  const std::string name = manifest::lower(source.path.substr(source.path.rfind('/') + 1));
  Use use = Use::kRuntime;
  if (name.find("test") != std::string::npos) use = Use::kTest;
  if (name.find("dev") != std::string::npos || name.find("lint") != std::string::npos ||
      name.find("doc") != std::string::npos) {
    use = Use::kDev;
  }
  bool continued = false;
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const bool goes_on = continued;
    continued = line.ends_with('\\');
    const std::size_t comment = line.find(" #");
    std::string_view text = manifest::trim(line.substr(0, comment));
    if (text.ends_with('\\')) text = manifest::trim(text.substr(0, text.size() - 1));
    if (goes_on || text.empty() || text.front() == '#') return;
    const bool editable = text.starts_with("-e ") || text.starts_with("--editable");
    if (text.front() == '-' && !editable) return;
    const std::size_t egg = text.find("#egg=");
    if (egg != std::string_view::npos) {
      const std::string_view rest = text.substr(egg + 5);
      add_dependency(facts, rest.substr(0, rest.find_first_of("&[ ")), "", use, number);
    } else if (!editable && (text.find("://") == std::string_view::npos ||
                             text.find(" @ ") != std::string_view::npos)) {
      add_requirement(facts, text, use, number);
    }
  });
}

void add_requirements(Facts& facts, const Value& list, Use use) {
  for (const Value& one : list.items) {
    if (one.is_string()) add_requirement(facts, one.text, use, one.line);
  }
}

void read_poetry(const Value& poetry, Facts& facts) {
  if (!poetry) return;
  facts.managers.push_back({"poetry", "", poetry.line, 30});
  if (facts.name.empty()) facts.name = poetry["name"].text;
  if (facts.version.empty()) facts.version = poetry["version"].text;
  if (facts.licence.empty()) set_licence(facts, poetry["license"]);
  add_members(facts, poetry["dependencies"], Use::kRuntime);
  add_members(facts, poetry["dev-dependencies"], Use::kDev);
  for (const Value& group : poetry["group"].items) {
    add_members(facts, group["dependencies"], group.name == "test" ? Use::kTest : Use::kDev);
  }
  std::erase_if(facts.dependencies, [](const Dependency& one) { return one.name == "python"; });
  const Value& python = poetry["dependencies"]["python"];
  add_version(facts, kPython3, python.text, python.line, 52);
  for (const Value& script : poetry["scripts"].items) {
    add_entry(facts, script.text, "script " + script.name, script.line);
  }
}

void read_tools(const Value& tool, Facts& facts) {
  read_poetry(tool["poetry"], facts);
  if (const Value& uv = tool["uv"]) {
    facts.managers.push_back({"uv", "", uv.line, 25});
    add_requirements(facts, uv["dev-dependencies"], Use::kDev);
    for (const Value& one : uv["workspace"]["members"].items) {
      add_member(facts, one.text, one.line);
    }
    for (const Value& one : uv["workspace"]["exclude"].items) {
      add_member(facts, "!" + one.text, one.line);
    }
  }
  if (const Value& pdm = tool["pdm"]) {
    facts.managers.push_back({"pdm", "", pdm.line, 31});
    for (const Value& group : pdm["dev-dependencies"].items) {
      add_requirements(facts, group, Use::kDev);
    }
    for (const Value& script : pdm["scripts"].items) {
      facts.scripts.push_back({script.name, script.text, script.line});
    }
  }
  if (const Value& hatch = tool["hatch"]) {
    facts.managers.push_back({"hatch", "", hatch.line, 32});
  }
  for (const Value& task : tool["poe"]["tasks"].items) {
    facts.scripts.push_back({task.name, task.text, task.line});
  }
}

void read_backend(const Value& build, Facts& facts) {
  constexpr std::pair<std::string_view, std::string_view> kBackends[] = {
      {"poetry", "poetry"}, {"hatchling", "hatch"},      {"pdm", "pdm"},
      {"flit", "flit"},     {"setuptools", "pip"},       {"maturin", "maturin"},
      {"mesonpy", "pip"},   {"scikit_build_core", "pip"}};
  for (const auto& [backend, manager] : kBackends) {
    const Value& name = build["build-backend"];
    if (!name.text.starts_with(backend)) continue;
    facts.managers.push_back({std::string(manager), "", name.line, 60});
  }
  add_requirements(facts, build["requires"], Use::kBuild);
}

void read_pyproject(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  if (!root.is_map()) return;
  const Value& project = root["project"];
  facts.name = project["name"].text;
  facts.version = project["version"].text;
  const Value& licence = project["license"];
  set_licence(facts, licence.is_map() ? licence["text"] : licence);
  add_requirements(facts, project["dependencies"], Use::kRuntime);
  for (const Value& extra : project["optional-dependencies"].items) {
    const bool dev = extra.name.starts_with("dev") || extra.name.starts_with("doc");
    const bool test = extra.name.starts_with("test");
    add_requirements(facts, extra, test ? Use::kTest : dev ? Use::kDev : Use::kOptional);
  }
  for (const Value& group : root["dependency-groups"].items) {
    add_requirements(facts, group, group.name.starts_with("test") ? Use::kTest : Use::kDev);
  }
  const Value& python = project["requires-python"];
  add_version(facts, kPython3, python.text, python.line, 51);
  for (const std::string_view table : {"scripts", "gui-scripts"}) {
    for (const Value& script : project[table].items) {
      add_entry(facts, script.text, "script " + script.name, script.line);
    }
  }
  read_tools(root["tool"], facts);
  read_backend(root["build-system"], facts);
  // A file of settings for linters alone is no module.
  facts.no_module = !project && !root["build-system"] && !root.find({"tool", "poetry"});
}

void read_pipfile(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_toml(source.text), facts);
  add_members(facts, root["packages"], Use::kRuntime);
  add_members(facts, root["dev-packages"], Use::kDev);
  for (const std::string_view key : {"python_full_version", "python_version"}) {
    const Value& python = root["requires"][key];
    add_version(facts, kPython3, python.text, python.line, 45);
  }
  for (const Value& script : root["scripts"].items) {
    facts.scripts.push_back({script.name, script.text, script.line});
  }
  facts.managers.push_back({"pipenv", "", 0, 20});
}

void read_setup_cfg(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_ini(source.text), facts);
  facts.name = root["metadata"]["name"].text;
  facts.version = root["metadata"]["version"].text;
  set_licence(facts, root["metadata"]["license"]);
  const auto add = [&](const Value& list, Use use) {
    manifest::for_each_line(list.text, [&](std::string_view line, std::uint32_t number) {
      if (!line.empty() && line.front() != '#') {
        add_requirement(facts, line, use, list.line + number - 1);
      }
    });
  };
  const Value& options = root["options"];
  add(options["install_requires"], Use::kRuntime);
  add(options["tests_require"], Use::kTest);
  add(options["setup_requires"], Use::kBuild);
  for (const Value& extra : root["options.extras_require"].items) add(extra, Use::kOptional);
  const Value& python = options["python_requires"];
  add_version(facts, kPython3, python.text, python.line, 53);
  facts.no_module = !root["metadata"] && !options;
}

// setup.py is a program: what it gives to setup() as literals is read, the rest is not known.
void read_setup_py(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPython);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const Token& key = tokens[i];
    if (!key.is_word() || !tokens[i + 1].is("=")) continue;
    const Token& value = tokens[i + 2];
    if (value.is_string()) {
      if (key.text == "name" && facts.name.empty()) facts.name = value.text;
      if (key.text == "version" && facts.version.empty()) facts.version = value.text;
      if (key.text == "license") {
        facts.licence = value.text;
        facts.licence_line = value.line;
      }
      if (key.text == "python_requires") {
        add_version(facts, kPython3, value.text, value.line, 54);
      }
    }
    const bool runtime = key.is("install_requires") || key.is("requirements");
    const bool test = key.is("tests_require");
    if (!value.is("[") || (!runtime && !test && !key.is("setup_requires"))) continue;
    const Use use = runtime ? Use::kRuntime : test ? Use::kTest : Use::kBuild;
    for (std::size_t j = i + 3; j < list_end(tokens, i) && !tokens[j].is("]"); ++j) {
      if (tokens[j].is_string()) add_requirement(facts, tokens[j].text, use, tokens[j].line);
    }
  }
}

void read_conda(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  facts.no_module = !root["dependencies"];
  for (const Value& one : root["dependencies"].items) {
    for (const Value& pip : one["pip"].items) {
      add_requirement(facts, pip.text, Use::kRuntime, pip.line);
    }
    if (!one.is_string()) continue;
    std::string_view text = one.text;
    if (const std::size_t channel = text.find("::"); channel != std::string_view::npos) {
      text.remove_prefix(channel + 2);
    }
    const std::string_view name = text.substr(0, text.find_first_of("=<> "));
    const std::string_view version = manifest::trim(text.substr(name.size()));
    if (name == "python") {
      add_version(facts, kPython3, manifest::first_version(version), one.line, 60);
    } else {
      add_dependency(facts, name, version, Use::kRuntime, one.line);
    }
  }
}

void read_runtime(const Source& source, Facts& facts) {
  add_version(facts, kPython3, manifest::first_version(source.text), 1, 12);
}

constexpr Reader kPythonReaders[] = {
    {"pyproject.toml", "pypi", kPython3, "pyproject", Role::kModule, read_pyproject},
    {"setup.py", "pypi", kPython3, "setuptools", Role::kModule, read_setup_py},
    {"setup.cfg", "pypi", kPython3, "setuptools", Role::kModule, read_setup_cfg},
    {"Pipfile", "pypi", kPython3, "pipenv", Role::kModule, read_pipfile},
    {"requirements.txt", "pypi", kPython3, "pip", Role::kModule, read_requirements},
    {"requirements*.txt", "pypi", "", "pip", Role::kPart, read_requirements},
    {"*-requirements.txt", "pypi", "", "pip", Role::kPart, read_requirements},
    {"requirements/*.txt", "pypi", "", "pip", Role::kPart, read_requirements},
    {"requirements*.in", "pypi", "", "pip-tools", Role::kPart},
    {"environment.yml", "pypi", kPython3, "conda", Role::kModule, read_conda},
    {"environment.yaml", "pypi", kPython3, "conda", Role::kModule, read_conda},
    {"manage.py", "pypi", kPython3, "Django", Role::kPart},
    {"runtime.txt", "pypi", "", "", Role::kSettings, read_runtime},
    {"uv.lock", "pypi", "", "uv", Role::kLock, read_package_tables},
    {"poetry.lock", "pypi", "", "poetry", Role::kLock, read_package_tables},
    {"pdm.lock", "pypi", "", "pdm", Role::kLock, read_package_tables},
    {"Pipfile.lock", "pypi", "", "pipenv", Role::kLock, read_pipfile_lock},
    {"conda-lock.yml", "pypi", "", "conda", Role::kLock},
    {"tox.ini", "pypi", "", "tox", Role::kPart},
    {"noxfile.py", "pypi", kPython3, "nox", Role::kPart},
    {"pants.toml", "pants", "", "Pants", Role::kPart},
};

}  // namespace

std::span<const Reader> python_readers() {
  return kPythonReaders;
}

}  // namespace quarry::analysis::ecosystem
