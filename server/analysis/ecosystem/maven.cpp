// Maven: a module per pom.xml; ${properties} of the same file are put in, others are left as
// "$(name)" for the poms above it to tell.
//
// Version of Java, the first that is told: .java-version, .sdkmanrc, asdf files, system.properties
// (settings), maven.compiler.release / source / target and java.version, release of the compiler
// plugin, the same of a parent pom (by the module's tree).

#include <map>

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr std::string_view kMain = "main class";

class Pom {
 public:
  Pom(const Value& root, Facts& facts) : root_(root), facts_(facts) {
    for (const Value& one : root["properties"].items) properties_[one.name] = &one;
  }

  void read() {
    share_properties();
    facts_.name = resolved(root_["artifactId"].text);
    facts_.version = resolved(root_["version"].text);
    for (const Value& licence : root_["licenses"].items) set_licence(facts_, licence["name"]);
    read_parent();
    for (const Value& one : root_["dependencies"].items) add(one, scope_of(one));
    for (const Value& one : root_.find({"dependencyManagement", "dependencies"}).items) {
      facts_.shared.push_back(
          {name_of_artifact(one), resolved(one["version"].text), Use::kRuntime, one.line});
    }
    for (const Value& plugin : root_.find({"build", "plugins"}).items) read_plugin(plugin);
    for (const Value& one : root_["modules"].items) add_member(facts_, one.text, one.line);
    for (const Value& profile : root_["profiles"].items) {
      for (const Value& one : profile["modules"].items) add_member(facts_, one.text, one.line);
    }
    read_java();
    facts_.no_module = root_["packaging"].text == "pom" && root_["modules"];
  }

 private:
  // group:artifact, as answers name it.
  std::string name_of_artifact(const Value& one) {
    return resolved(one["groupId"].text) + ":" + resolved(one["artifactId"].text);
  }
  static Use scope_of(const Value& one) {
    const std::string_view scope = one["scope"].text;
    if (scope == "test") return Use::kTest;
    if (scope == "provided") return Use::kBuild;
    return one["optional"].is_true() ? Use::kOptional : Use::kRuntime;
  }
  // What a property of this pom stands for, as it is written; null: not told here.
  const Value* property(std::string_view key) const {
    const Value* parent = &root_["parent"];
    for (const std::string_view name : {"version", "groupId", "artifactId"}) {
      const bool of_parent = key == "project.parent." + std::string(name);
      if (!of_parent && key != "project." + std::string(name)) continue;
      const Value& own = root_[name];
      const Value& value = own && !of_parent ? own : (*parent)[name];
      return value ? &value : nullptr;
    }
    const auto own = properties_.find(key);
    return own == properties_.end() ? nullptr : own->second;
  }
  // With the properties of this pom put in, and those in them; each is worked out once.
  std::string resolved(std::string_view text, int depth = 0) {
    constexpr int kDeepest = 4;         // of properties in properties
    constexpr int kMostReferences = 8;  // of one text
    std::string found;
    for (int count = 0; !text.empty(); ++count) {
      if (count > kMostReferences) return {};
      const std::size_t open = text.find("${");
      const std::size_t close = text.find('}', std::min(open, text.size()));
      found.append(text.substr(0, open));
      if (open == std::string_view::npos) break;
      if (close == std::string_view::npos) return {};
      const std::string_view key = text.substr(open + 2, close - open - 2);
      const Value* value = depth < kDeepest ? property(key) : nullptr;
      if (value != nullptr) {
        auto known = resolved_.find({key, depth});
        if (known == resolved_.end()) {
          known = resolved_.emplace(std::pair(key, depth), resolved(value->text, depth + 1)).first;
        }
        found.append(known->second);
      } else {
        found.append("$(").append(key).append(")");
      }
      text.remove_prefix(close + 1);
      if (found.size() > kLongestValue) return {};
    }
    return found.size() > kLongestValue ? std::string() : found;
  }
  // Versions, for the poms of the modules below. Anything else is none of theirs to show.
  void share_properties() {
    constexpr std::size_t kLongest = 40;
    for (const Value& one : root_["properties"].items) {
      const bool part = one.name == "revision" || one.name == "sha1" || one.name == "changelist";
      const bool number = !one.text.empty() && manifest::is_digit(one.text.front());
      const bool named = manifest::lower(one.name).find("version") != std::string::npos;
      if (!part && !number && !named) continue;
      std::string value = resolved(one.text);
      if (value.size() > kLongest || facts_.shared.size() >= kMostFacts) continue;
      facts_.shared.push_back({"$(" + one.name + ")", std::move(value), Use::kBuild, one.line});
    }
  }
  void add(const Value& one, Use use) {
    if (one["artifactId"]) {
      add_dependency(facts_, name_of_artifact(one), resolved(one["version"].text), use, one.line);
    }
  }
  // A parent may be where a framework comes from and where its version is.
  void read_parent() {
    const Value& parent = root_["parent"];
    if (!parent) return;
    if (facts_.version.empty()) facts_.version = resolved(parent["version"].text);
    add(parent, Use::kBuild);
    if (parent["groupId"].text == "org.springframework.boot") {
      facts_.shared.push_back({"org.springframework.boot:*", resolved(parent["version"].text),
                               Use::kRuntime, parent.line});
    }
  }
  void read_plugin(const Value& plugin) {
    add_dependency(
        facts_,
        (plugin["groupId"] ? resolved(plugin["groupId"].text) : "org.apache.maven.plugins") + ":" +
            resolved(plugin["artifactId"].text),
        resolved(plugin["version"].text), Use::kPlugin, plugin.line);
    const Value& configuration = plugin["configuration"];
    if (plugin["artifactId"].text == "maven-compiler-plugin") {
      for (const std::string_view key : {"release", "source", "target"}) {
        const Value& value = configuration[key];
        add_java(value, 54);
      }
    }
    const bool exec = plugin["artifactId"].text == "exec-maven-plugin";
    add_main(configuration["start-class"], kMain);
    add_mains(configuration, exec ? kMainOfExec : kMain);
    for (const Value& execution : plugin["executions"].items) {
      add_mains(execution["configuration"], kMain);
    }
  }
  // The class that a plugin starts, or writes into a jar: <archive><manifest><mainClass>,
  // <transformer><mainClass>.
  void add_mains(const Value& configuration, std::string_view how) {
    for (const Value& one : configuration.items) {
      if (one.name == "mainClass") {
        add_main(one, how);
      } else {
        add_mains(one, how == kMainOfExec ? kMain : how);
      }
    }
  }
  void add_main(const Value& main, std::string_view how) {
    const std::string name = resolved(main.text);
    if (name.find('$') == std::string::npos) add_entry(facts_, name, how, main.line);
  }
  void read_java() {
    const Value& properties = root_["properties"];
    std::uint8_t rank = 50;
    for (const std::string_view key : {"maven.compiler.release", "java.version", "version.java",
                                       "maven.compiler.source", "maven.compiler.target"}) {
      add_java(properties[key], rank++);
    }
    const Value& kotlin = properties["kotlin.version"];
    const std::string version = resolved(kotlin.text);
    if (version.find('$') == std::string::npos) {
      add_version(facts_, "Kotlin", version, kotlin.line, 50);
    }
    add_main(properties["start-class"], kMain);
    add_main(properties["exec.mainClass"], kMainOfExec);
  }
  void add_java(const Value& value, std::uint8_t rank) {
    std::string text = resolved(value.text);
    if (text.starts_with("1.")) text.erase(0, 2);
    if (text.find('$') == std::string::npos) add_version(facts_, "Java", text, value.line, rank);
  }

  static constexpr std::size_t kLongestValue = 4000;

  const Value& root_;
  Facts& facts_;
  std::map<std::string_view, const Value*> properties_;  // the last of a name
  // By their names, and by how deep in others they stand.
  std::map<std::pair<std::string_view, int>, std::string> resolved_;
};

void read_pom(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_xml(source.text), facts);
  if (root.name != "project") {
    facts.no_module = true;
    return;
  }
  Pom(root, facts).read();
}

constexpr Reader kMavenReaders[] = {
    {"pom.xml", "maven", "Java", "Maven", Role::kModule, read_pom},
    {"mvnw", "maven", "", "Maven wrapper", Role::kPart},
};

}  // namespace

std::span<const Reader> maven_readers() {
  return kMavenReaders;
}

}  // namespace quarry::analysis::ecosystem
