// .NET: projects of MSBuild (C#, F#, Visual Basic), solutions, central package versions.
//
// Version, the first that is told: TargetFramework(s) of the project, of Directory.Build.props, the
// SDK of global.json.

#include <map>

#include "server/analysis/ecosystem/locks.h"
#include "server/analysis/ecosystem/reading.h"
#include "server/analysis/project/services.h"

namespace quarry::analysis::ecosystem {
namespace {

bool is_test_package(std::string_view name) {
  return name == "Microsoft.NET.Test.Sdk" || name.starts_with("xunit") ||
         name.starts_with("NUnit") || name.starts_with("MSTest") || name == "coverlet.collector";
}

// A value that MSBuild computes says nothing.
bool is_computed(std::string_view text) {
  return text.find("$(") != std::string_view::npos;
}

void read_items(const Value& root, Facts& facts) {
  for (const Value& group : root.items) {
    for (const Value& item : group.items) {
      const std::string_view include =
          item["@Include"] ? item["@Include"].text : item["@Update"].text;
      if (item.name == "PackageReference") {
        const Value& own = item["@Version"] ? item["@Version"] : item["Version"];
        const Value& version = item["@VersionOverride"] ? item["@VersionOverride"] : own;
        add_dependency(facts, include, version.text,
                       is_test_package(include) ? Use::kTest : Use::kRuntime, item.line);
      } else if (item.name == "PackageVersion") {
        facts.shared.push_back(
            {std::string(include), item["@Version"].text, Use::kRuntime, item.line});
      } else if (item.name == "FrameworkReference") {
        add_dependency(facts, include, "", Use::kRuntime, item.line);
      } else if (item.name == "TargetFramework" || item.name == "TargetFrameworks") {
        if (!is_computed(item.text)) add_version(facts, ".NET", item.text, item.line, 50);
      } else if (item.name == "TargetFrameworkVersion") {
        add_version(facts, ".NET", item.text, item.line, 51);
      } else if (item.name == "AssemblyName" && !is_computed(item.text)) {
        facts.name = item.text;
      } else if (item.name == "Version" && group.name == "PropertyGroup" &&
                 !is_computed(item.text)) {
        facts.version = item.text;
      } else if (item.name == "PackageLicenseExpression") {
        set_licence(facts, item);
      } else if ((item.name == "UseWPF" || item.name == "UseWindowsForms" ||
                  item.name == "UseMaui") &&
                 manifest::lower(item.text) == "true") {
        add_dependency(facts, item.name, "", Use::kBuild, item.line);
      } else if (item.name == "OutputType" && manifest::lower(item.text) == "exe") {
        facts.scripts.push_back({"run", "", item.line});
      }
    }
  }
}

// Where a program begins by custom; of F# it is the last file that is compiled.
std::string main_file(const Value& root, std::string_view kind) {
  if (kind == ".csproj") return "Program.cs";
  if (kind == ".vbproj") return "Program.vb";
  std::string last = "Program.fs";
  for (const Value& group : root.items) {
    for (const Value& item : group.items) {
      const std::string& include = item["@Include"].text;
      if (item.name == "Compile" && !include.empty() && !is_computed(include)) last = include;
    }
  }
  std::ranges::replace(last, '\\', '/');
  return last;
}

// "Aspire.AppHost.Sdk/13.1.0"
void add_sdk(Facts& facts, std::string_view name, std::string_view version, std::uint32_t line) {
  const std::size_t slash = name.find('/');
  if (slash != std::string_view::npos) version = name.substr(slash + 1);
  add_dependency(facts, name.substr(0, slash), version, Use::kBuild, line);
}

void read_project(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_xml(source.text), facts);
  const std::string_view file = source.path.substr(source.path.rfind('/') + 1);
  facts.name = file.substr(0, file.rfind('.'));
  const std::string_view kind = file.substr(file.rfind('.'));
  if (kind == ".fsproj") facts.languages.emplace_back("F#");
  if (kind == ".vbproj") facts.languages.emplace_back("Visual Basic .NET");
  if (const Value& sdk = root["@Sdk"]) {
    add_sdk(facts, sdk.text, "", sdk.line);
  }
  if (const Value& sdk = root["Sdk"]) {
    add_sdk(facts, sdk["@Name"].text, sdk["@Version"].text, sdk.line);
  }
  for (const Value& one : root.items) {
    // The long way to write the attribute: an import of its beginning and one of its end.
    if (one.name == "Import" && one["@Sdk"] && one["@Project"].text == "Sdk.props") {
      add_sdk(facts, one["@Sdk"].text, "", one.line);
    }
  }
  read_items(root, facts);
  if (!facts.scripts.empty()) {
    add_entry(facts, main_file(root, kind), "OutputType Exe", facts.scripts.front().line);
  }
}

// Properties of the whole tree, for the projects that refer to them, and put into the versions
// here.
void share_properties(const Value& root, Facts& facts) {
  const auto begun = static_cast<std::ptrdiff_t>(facts.shared.size());
  for (const Value& group : root.items) {
    if (group.name != "PropertyGroup") continue;
    for (const Value& one : group.items) {
      if (one.name.starts_with('@') || is_computed(one.text) || one.text.size() > 40) continue;
      if (one.text.empty() || !manifest::is_digit(one.text[0])) continue;
      facts.shared.push_back({"$(" + one.name + ")", one.text, Use::kRuntime, one.line});
    }
  }
  std::map<std::string, std::string> properties;
  std::for_each(facts.shared.begin() + begun, facts.shared.end(),
                [&](const Dependency& one) { properties.emplace(one.name, one.version); });
  for (Dependency& one : facts.shared) {
    const auto found = properties.find(one.version);
    if (found != properties.end()) one.version = found->second;
  }
}

void read_props(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_xml(source.text), facts);
  read_items(root, facts);
  share_properties(root, facts);
  for (Dependency& one : facts.dependencies) one.use = Use::kBuild;
  for (Version& one : facts.versions) one.rank = 55;
}

Use use_of_group(std::string_view group) {
  const std::string name = manifest::lower(group);
  if (name.starts_with("test")) return Use::kTest;
  return name == "build" || name == "docs" || name == "doc" ? Use::kDev : Use::kRuntime;
}

// Paket: "nuget Name ~> 1.0" of the whole tree; which of them a project uses is in its
// paket.references.
void read_paket(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const std::vector<std::string_view> words = manifest::words(line);
    if (words.size() < 2 || manifest::lower(words[0]) != "nuget") return;
    std::string version;
    for (std::size_t i = 2; i < words.size() && i < 4; ++i) {
      const bool ranged = words[i].find_first_not_of("<>=~!") != 0;
      if (!ranged && !manifest::is_digit(words[i][0])) break;
      if (!version.empty()) version.push_back(' ');
      version += words[i];
      if (!ranged) break;
    }
    facts.shared.push_back({std::string(words[1]), std::move(version), Use::kRuntime, number});
  });
}

void read_paket_references(const Source& source, Facts& facts) {
  Use use = Use::kRuntime;
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    const std::vector<std::string_view> words = manifest::words(line);
    if (words.empty() || words[0].starts_with('#') || words[0].starts_with("//")) return;
    if (words[0] == "group" && words.size() > 1) {
      use = use_of_group(words[1]);
    } else if (words[0].find(':') == std::string_view::npos) {  // "File:x.fs" is a source file
      const bool test = use == Use::kRuntime && is_test_package(words[0]);
      add_dependency(facts, words[0], "", test ? Use::kTest : use, number);
    }
  });
}

void read_packages_config(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_xml(source.text), facts);
  for (const Value& one : root.items) {
    if (one.name == "package") {
      add_dependency(facts, one["@id"].text, one["@version"].text, Use::kRuntime, one.line);
    }
  }
}

// Project("{kind}") = "Name", "src\Name\Name.csproj", "{id}"
void read_solution(const Source& source, Facts& facts) {
  manifest::for_each_line(source.text, [&](std::string_view line, std::uint32_t number) {
    if (!manifest::trim(line).starts_with("Project(")) return;
    const std::vector<std::string_view> parts = manifest::split(line, '"');
    if (parts.size() < 6 || !parts[5].ends_with("proj")) return;
    std::string path(parts[5]);
    for (char& c : path) {
      if (c == '\\') c = '/';
    }
    const std::size_t slash = path.rfind('/');
    add_member(facts, slash == std::string::npos ? "." : path.substr(0, slash), number);
  });
}

void read_solution_xml(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_xml(source.text), facts);
  const auto add = [&](const Value& one) {
    if (one.name != "Project") return;
    std::string path = one["@Path"].text;
    std::ranges::replace(path, '\\', '/');
    const std::size_t slash = path.rfind('/');
    add_member(facts, slash == std::string::npos ? "." : path.substr(0, slash), one.line);
  };
  for (const Value& one : root.items) {
    add(one);
    for (const Value& inner : one.items) add(inner);
  }
}

void read_global_json(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  const Value& version = root["sdk"]["version"];
  add_version(facts, ".NET", version.text, version.line, 60);
}

// "profiles": {"x": {"applicationUrl": "https://localhost:7001;http://localhost:5001"}}
void read_launch_settings(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  for (const Value& profile : root["profiles"].items) {
    const Value& url = profile["applicationUrl"];
    for (const std::string_view one : manifest::split(url.text, ';')) {
      if (!one.starts_with("http://")) continue;
      const std::uint32_t port = manifest::leading_port(one.substr(one.rfind(':') + 1));
      if (port > 0) facts.ports.push_back({port, PortSource::kConfig, true, "", url.line});
    }
    std::vector<Variable> variables;
    for (const Value& one : profile["environmentVariables"].items) {
      variables.push_back({one.name, one.text, one.line});
    }
    add_server_ports(variables, PortSource::kConfig, facts.ports);
  }
}

// The database of "Host=db;Database=shop;Username=x": by the words of the providers.
std::string_view provider_of(std::string_view connection) {
  const std::string text = manifest::lower(connection);
  const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  if (has("initial catalog=") || has("(localdb)") || has("trusted_connection=") ||
      has("multipleactiveresultsets") || has("trustservercertificate")) {
    return "sqlserver";
  }
  if (has("data source=") && (has(".db") || has(".sqlite") || has(":memory:"))) return "sqlite";
  if (has("host=") && has("database=")) return "postgresql";
  if (has("server=") && (has("uid=") || has("port=3306"))) return "mysql";
  return {};
}

// appsettings.json: what Kestrel listens on, and connections; their values are not taken up.
void read_appsettings(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_json(source.text), facts);
  const auto listen = [&](const Value& url) {
    for (const std::string_view one : manifest::split(url.text, ';')) {
      if (!one.starts_with("http://")) continue;
      const std::uint32_t port = manifest::leading_port(one.substr(one.rfind(':') + 1));
      if (port > 0) facts.ports.push_back({port, PortSource::kConfig, true, "", url.line});
    }
  };
  listen(root["Urls"]);
  for (const Value& one : root["Kestrel"]["Endpoints"].items) listen(one["Url"]);
  for (const Value& one : root["ConnectionStrings"].items) {
    facts.variables.push_back({"ConnectionStrings__" + one.name, "", one.line});
    const auto* service = project::find_service_by_url(one.text);
    if (service == nullptr) service = project::find_service_by_provider(provider_of(one.text));
    if (service != nullptr) {
      facts.services.push_back({std::string(service->name), "ConnectionStrings", one.line});
    }
  }
}

constexpr Reader kDotnetReaders[] = {
    {"*.csproj", "nuget", "C#", "MSBuild", Role::kModule, read_project},
    {"*.fsproj", "nuget", "F#", "MSBuild", Role::kModule, read_project},
    {"*.vbproj", "nuget", "Visual Basic .NET", "MSBuild", Role::kModule, read_project},
    {"*.sln", "nuget", "", "Visual Studio solution", Role::kPart, read_solution},
    {"*.slnx", "nuget", "", "Visual Studio solution", Role::kPart, read_solution_xml},
    {"Directory.Build.props", "nuget", "", "MSBuild", Role::kPart, read_props},
    {"Directory.Packages.props", "nuget", "", "NuGet", Role::kPart, read_props},
    {"Directory.*.props", "nuget", "", "MSBuild", Role::kPart, read_props},
    {"Directory.*.targets", "nuget", "", "MSBuild", Role::kPart, read_props},
    {"packages.config", "nuget", "", "NuGet", Role::kPart, read_packages_config},
    {"packages.lock.json", "nuget", "", "nuget", Role::kLock, read_nuget_lock},
    {"paket.dependencies", "nuget", "", "paket", Role::kLock, read_paket, false},
    {"paket.lock", "nuget", "", "paket", Role::kLock, read_specs_lock},
    {"paket.references", "nuget", "", "", Role::kPart, read_paket_references},
    {"appsettings.json", "nuget", "", "", Role::kSettings, read_appsettings},
    {"appsettings.*.json", "nuget", "", "", Role::kSettings, read_appsettings},
    {"global.json", "nuget", "", "", Role::kSettings, read_global_json},
    {"Properties/launchSettings.json", "nuget", "", "", Role::kSettings, read_launch_settings},
};

}  // namespace

std::span<const Reader> dotnet_readers() {
  return kDotnetReaders;
}

}  // namespace quarry::analysis::ecosystem
