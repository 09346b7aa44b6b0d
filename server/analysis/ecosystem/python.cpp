// Python: pip, poetry, uv, pdm, hatch, pipenv, setuptools, conda.
//
// Version, the first that is told: .python-version, runtime.txt, asdf and mise files (settings),
// Pipfile, requires-python of pyproject.toml, poetry's python, python_requires of setup.cfg and
// setup.py, conda's python. Manager: lock files, then [tool.*] tables, then the build backend.

#include <algorithm>

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/python_requirements.h"
#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr std::string_view kPython3 = "Python";
constexpr std::uint8_t kBuilds = 59;  // of a manager: only how the package is built

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
  for (const Value& one : poetry["dependencies"].items) {
    const Value& version = one["version"];
    add_dependency(facts, one.name, version ? version.text : one.text,
                   one["optional"].is_true() ? Use::kOptional : Use::kRuntime, one.line);
  }
  add_members(facts, poetry["dev-dependencies"], Use::kDev);
  for (const Value& group : poetry["group"].items) {
    add_members(facts, group["dependencies"], group.name == "test" ? Use::kTest : Use::kDev);
  }
  // Poetry has no workspaces: packages of one repository name each other by their paths.
  for (const Value& one : poetry["dependencies"].items) {
    if (one["path"]) add_member(facts, one["path"].text, one.line);
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
    const bool builds = std::ranges::all_of(
        pdm.items, [](const Value& one) { return one.name == "build" || one.name == "version"; });
    facts.managers.push_back({"pdm", "", pdm.line, builds ? kBuilds : std::uint8_t{31}});
    for (const Value& group : pdm["dev-dependencies"].items) {
      add_requirements(facts, group, Use::kDev);
    }
    for (const Value& script : pdm["scripts"].items) {
      facts.scripts.push_back({script.name, script.text, script.line});
    }
  }
  // Most tables of Hatch say how the package is built.
  if (const Value& hatch = tool["hatch"]) {
    facts.managers.push_back({"hatch", "", hatch.line, kBuilds});
  }
  for (const Value& task : tool["poe"]["tasks"].items) {
    facts.scripts.push_back({task.name, task.text, task.line, "poe"});
  }
}

void read_backend(const Value& build, Facts& facts) {
  constexpr std::pair<std::string_view, std::string_view> kBackends[] = {
      {"poetry", "poetry"}, {"hatchling", "hatch"},       {"pdm", "pdm"},
      {"flit", "flit"},     {"setuptools", "pip"},        {"maturin", "maturin"},
      {"mesonpy", "pip"},   {"scikit_build_core", "pip"}, {"uv_build", "uv"}};
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
    const bool runs = group.name.starts_with("prod") || group.name.starts_with("deploy") ||
                      group.name.starts_with("server") || group.name == "main";
    add_requirements(facts, group,
                     runs                             ? Use::kRuntime
                     : group.name.starts_with("test") ? Use::kTest
                                                      : Use::kDev);
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

// "name = package.module:function" of console_scripts.
void add_program(Facts& facts, std::string_view text, std::uint32_t line) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view target = text.substr(equals + 1);
  add_entry(facts, manifest::trim(target.substr(0, target.find('['))),
            std::string("script ").append(manifest::trim(text.substr(0, equals))), line);
}

void read_setup_cfg(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_ini(source.text), facts);
  // "attr: package.__version__", "file: VERSION": what is told elsewhere.
  const auto elsewhere = [](const Value& value) {
    return value.text.starts_with("attr:") || value.text.starts_with("file:");
  };
  facts.name = root["metadata"]["name"].text;
  const Value& version = root["metadata"]["version"];
  if (!elsewhere(version)) facts.version = version.text;
  set_licence(facts, root["metadata"]["license"]);
  const auto add = [&](const Value& list, Use use) {
    if (elsewhere(list)) return;
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
  const Value& programs = root["options.entry_points"]["console_scripts"];
  manifest::for_each_line(programs.text, [&](std::string_view line, std::uint32_t number) {
    add_program(facts, line, programs.line + number - 1);
  });
  facts.no_module = !root["metadata"] && !options;
}

// setup.py is a program: what it gives to setup() as literals is read, the rest is not known.
void read_setup_py(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPython);
  std::vector<bool>
      calls;  // the open ones, whether they are of something else: Extension(name="x")
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const Token& key = tokens[i];
    if (key.is("(")) {
      const std::string_view name = i > 0 ? tokens[i - 1].text : std::string_view();
      const bool other = !name.ends_with("setup") && name != "dict";
      calls.push_back(other || (!calls.empty() && calls.back()));
    } else if (key.is(")") && !calls.empty()) {
      calls.pop_back();
    }
    if (key.is_string() && key.text == "console_scripts" && tokens[i + 2].is("[")) {
      for (std::size_t j = i + 3; j < list_end(tokens, i) && !tokens[j].is("]"); ++j) {
        if (tokens[j].is_string()) add_program(facts, tokens[j].text, tokens[j].line);
      }
    }
    if (!key.is_word() || !tokens[i + 1].is("=")) continue;
    const Token& value = tokens[i + 2];
    if (value.is_string() && (calls.empty() || !calls.back())) {
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
    const std::string_view name = text.substr(0, text.find_first_of("=<>!~ "));
    const std::string_view version = manifest::trim(text.substr(name.size()));
    if (name == "python") {
      add_version(facts, kPython3, manifest::first_version(version), one.line, 60);
    } else {
      add_dependency(facts, name, version, Use::kRuntime, one.line);
    }
  }
}

// "python-3.12.1" of Heroku, "3.12" of Netlify; Binder has "r-4.2-2023-01-01" there too.
void read_runtime(const Source& source, Facts& facts) {
  const std::string_view text = manifest::trim(source.text);
  const bool told = text.starts_with("python-") || (!text.empty() && manifest::is_digit(text[0]));
  if (told) add_version(facts, kPython3, manifest::first_version(text), 1, 12);
}

// Other frameworks have a script of this name too.
void read_manage(const Source& source, Facts& facts) {
  facts.no_module = manifest::lower(source.text).find("django") == std::string::npos;
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
    {"requirements*.in", "pypi", "", "pip-tools", Role::kPart, read_requirements},
    {"environment.yml", "pypi", kPython3, "conda", Role::kModule, read_conda},
    {"environment.yaml", "pypi", kPython3, "conda", Role::kModule, read_conda},
    {"manage.py", "pypi", kPython3, "Django", Role::kPart, read_manage},
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
