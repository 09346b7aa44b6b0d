// Gradle, in Groovy and in Kotlin: read by the statements of the script, not run.
//
// Version of Java, the first that is told: version files (settings), languageVersion of the
// toolchain, jvmToolchain, sourceCompatibility, targetCompatibility, jvmTarget.

#include "server/analysis/ecosystem/gradle_catalogue.h"
#include "server/analysis/ecosystem/gradle_versions.h"
#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

using manifest::Statement;

struct Configuration {
  std::string_view name;
  Use use;
};
constexpr Configuration kConfigurations[] = {
    {"implementation", Use::kRuntime},
    {"api", Use::kRuntime},
    {"compile", Use::kRuntime},
    {"runtimeOnly", Use::kRuntime},
    {"runtime", Use::kRuntime},
    {"compileOnly", Use::kBuild},
    {"annotationProcessor", Use::kBuild},
    {"kapt", Use::kBuild},
    {"ksp", Use::kBuild},
    {"developmentOnly", Use::kDev},
    {"classpath", Use::kPlugin},
    {"testImplementation", Use::kTest},
    {"testCompile", Use::kTest},
    {"testRuntimeOnly", Use::kTest},
    {"androidTestImplementation", Use::kTest},
    {"debugImplementation", Use::kDev},
    {"providedCompile", Use::kBuild},
    {"compileOnlyApi", Use::kBuild},
};

// "17" of VERSION_17, JavaVersion.VERSION_1_8, JvmTarget.JVM_17, "1.8", 17, of(17).
std::string java_version(std::string_view text) {
  for (const std::string_view mark : {"VERSION_", "JVM_"}) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) continue;
    text.remove_prefix(at + mark.size());
    if (text.starts_with("1_")) text.remove_prefix(2);
  }
  if (text.starts_with("1.")) text.remove_prefix(2);
  const std::string_view number = manifest::first_version(text);
  return std::string(number);
}

class GradleScript {
 public:
  GradleScript(std::string_view text, Facts& facts)
      : tokens_(manifest::tokens(text, manifest::kCurly)),
        statements_(manifest::statements(tokens_)),
        facts_(facts) {}

  void read_build() {
    for (const Statement& one : statements_) {
      read_assignment(one);
      read_attribute(one);
      read_property(one);
      if (inside(one, "plugins")) read_plugin(one);
      if (inside(one, "dependencies")) read_dependency(one);
      if (inside(one, "version")) read_rich_version(one);
      if (token(one, 0).is("apply")) read_apply(one);
      if (token(one, 0).is("version")) read_project_version(one);
    }
    resolve_versions(facts_);
  }

  void read_settings() {
    for (const Statement& one : statements_) {
      const Token& first = token(one, 0);
      if (first.is("include") || first.is("includeBuild")) {
        for (std::uint32_t i = one.first + 1; i < one.last; ++i) {
          if (tokens_[i].is_string()) add_include(tokens_[i]);
        }
      }
      if (first.is("project")) read_place(one);
      if (first.is("rootProject.name")) facts_.name = string_of(one);
      if (inside(one, "plugins")) read_plugin(one);
    }
  }

 private:
  const Token& token(const Statement& one, std::uint32_t index) const {
    return tokens_[std::min<std::size_t>(one.first + index, tokens_.size() - 1)];
  }
  bool has(const Statement& one, std::string_view word) const {
    const auto begin = tokens_.begin();
    return std::any_of(begin + one.first, begin + one.last,
                       [&](const Token& token) { return token.is(word); });
  }
  std::string_view string_of(const Statement& one) const {
    for (std::uint32_t i = one.first; i < one.last; ++i) {
      if (tokens_[i].is_string()) return tokens_[i].text;
    }
    return {};
  }
  // Whether a statement stands right in a block that begins with `word`.
  bool inside(const Statement& one, std::string_view word) const {
    const Statement& parent = statements_[one.parent];
    return &parent != &one && parent.last > parent.first && tokens_[parent.last - 1].is_word() &&
           tokens_[parent.last - 1].text.ends_with(word);
  }

  // ":services:api" lies in services/api.
  void add_include(const Token& name) {
    std::string path(name.text);
    if (path.starts_with(':')) path.erase(0, 1);
    for (char& c : path) {
      if (c == ':') c = '/';
    }
    add_member(facts_, path, name.line);
  }

  // project(":web").projectDir = file("x/web")
  void read_place(const Statement& one) {
    const bool placed = token(one, 4).text.ends_with("projectDir") ||
                        (token(one, 4).is(".") && token(one, 5).is("projectDir"));
    if (!placed) return;
    for (std::uint32_t i = one.last; i > one.first + 5; --i) {
      if (tokens_[i - 1].is_string())
        return add_member(facts_, tokens_[i - 1].text, token(one, 0).line);
    }
  }

  // Of this script's project, or of all below it.
  void read_project_version(const Statement& one) {
    const std::string_view text = string_of(one);
    if (text.empty() || text.find('$') != std::string_view::npos) return;
    if (facts_.shared.size() >= kMostFacts) return;
    if (one.depth == 0) facts_.version = text;
    if (one.depth == 0 || inside(one, "allprojects") || inside(one, "subprojects")) {
      facts_.shared.push_back(
          {std::string(kSharedVersion), std::string(text), Use::kBuild, token(one, 0).line});
    }
  }

  // id("x") version "1", id 'x' version '1', kotlin("jvm") version "1", java, `java-library`,
  // alias(libs.plugins.x)
  void read_plugin(const Statement& one) {
    const Token& first = token(one, 0);
    std::string name;
    std::string_view version;
    for (std::uint32_t i = one.first; i < one.last; ++i) {
      if (tokens_[i].is("version") && i + 1 < one.last && tokens_[i + 1].is_string()) {
        version = tokens_[i + 1].text;
      }
      if (tokens_[i].is("version") && i + 2 < one.last && tokens_[i + 2].is_string()) {
        version = tokens_[i + 2].text;
      }
    }
    if (first.is("id") || first.is("kotlin")) {
      name = string_of(one);
      if (first.is("kotlin")) name.insert(0, "org.jetbrains.kotlin.");
    } else if (first.is("alias") && one.last > one.first + 2) {
      name = token(one, 2).text;
    } else if (first.is("`")) {
      for (std::uint32_t i = one.first + 1; i < one.last && !tokens_[i].is("`"); ++i) {
        name.append(tokens_[i].text);
      }
    } else if (first.is_word() && one.last == one.first + 1) {
      name = first.text;
    }
    use_plugin(name, version, first.line, is_applied(one));
  }

  // Not where only its version is told, for the projects that apply it.
  bool is_applied(const Statement& one) const {
    for (std::uint32_t i = one.first; i + 1 < one.last; ++i) {
      const std::uint32_t value = tokens_[i + 1].is("(") ? i + 2 : i + 1;
      if (tokens_[i].text.ends_with("apply") && value < one.last && tokens_[value].is("false")) {
        return false;
      }
    }
    return !inside(statements_[one.parent], "pluginManagement");
  }

  // apply plugin: 'x', apply(plugin = "x"); of `apply from:` it is another script.
  void read_apply(const Statement& one) {
    if (has(one, "plugin")) use_plugin(std::string(string_of(one)), "", token(one, 0).line, true);
  }

  void use_plugin(const std::string& name, std::string_view version, std::uint32_t line,
                  bool applied) {
    if (name.empty()) return;
    if (applied) {
      add_dependency(facts_, name, version_or_property(version), Use::kPlugin, line);
    } else if (!version.empty() && facts_.shared.size() < kMostFacts) {
      facts_.shared.push_back({name, version_or_property(version), Use::kPlugin, line});
    }
    const bool catalogued = name.starts_with("libs.plugins.") &&
                            manifest::lower(name).find("kotlin") != std::string::npos;
    if (name.starts_with("org.jetbrains.kotlin") || name == "kotlin" || name == "kotlin-android" ||
        catalogued) {
      facts_.languages.emplace_back("Kotlin");
      add_version(facts_, "Kotlin", version, line, 50);
    }
    if (name == "groovy") facts_.languages.emplace_back("Groovy");
    if (name == "scala") facts_.languages.emplace_back("Scala");
  }

  static const Configuration* configuration_of(std::string_view name) {
    for (const Configuration& one : kConfigurations) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }

  // implementation("g:a:v"), implementation 'g:a:v', group: 'g', name: 'a', platform("..."),
  // implementation(libs.a), implementation(project(":x")), implementation(kotlin("test"))
  void read_dependency(const Statement& one) {
    const Configuration* configuration = configuration_of(token(one, 0).text);
    if (configuration == nullptr) return;
    std::string named;
    std::string version;
    for (std::uint32_t i = one.first + 1; i < one.last; ++i) {
      const Token& at = tokens_[i];
      if (at.is("project")) return;
      // version: ver
      if (i > 1 && at.is_word() && tokens_[i - 1].is(":") && tokens_[i - 2].is("version")) {
        version = version_or_property("$" + std::string(at.text));
      }
      if (at.is_word() && at.text.starts_with("libs.")) {
        add_dependency(facts_, at.text, "", configuration->use, at.line);
        return;
      }
      if (!at.is_string()) continue;
      const Token& before = tokens_[i - 1];
      const Token& key = tokens_[i - std::min<std::uint32_t>(i, 2)];
      if (before.is(":") && key.is("group")) named = std::string(at.text) + ":";
      if (before.is(":") && key.is("name")) named += at.text;
      if (before.is(":") && key.is("version")) version = version_or_property(at.text);
      if (before.is(":")) continue;
      std::vector<std::string_view> parts = manifest::split(at.text, ':');
      if (parts.size() < 2) continue;
      // One of several: implementation 'g:a:1', 'g:b:2'
      if (!named.empty()) add_dependency(facts_, named, version, configuration->use, at.line);
      version.clear();
      named = std::string(parts[0]) + ":" + std::string(parts[1]);
      // What a property stands for may have a ':' or a string of its own.
      if (parts.size() > 2) version = version_or_property(parts[2].substr(0, parts[2].find('@')));
    }
    if (named.empty()) return;
    add_dependency(facts_, named, version, configuration->use, token(one, 0).line);
    declared_ = static_cast<std::uint32_t>(&one - statements_.data());
    rank_ = std::size(kRichVersions);
    // The way before plugins were a block.
    if (named == "org.jetbrains.kotlin:kotlin-gradle-plugin") {
      facts_.languages.emplace_back("Kotlin");
      add_version(facts_, "Kotlin", version, token(one, 0).line, 50);
    }
  }

  // implementation("g:a") { version { strictly("1.7"); prefer("1.7.25") } }
  void read_rich_version(const Statement& one) {
    const auto* kind = std::ranges::find(kRichVersions, token(one, 0).text);
    const auto rank = static_cast<std::size_t>(kind - std::begin(kRichVersions));
    if (rank >= rank_ || facts_.dependencies.empty()) return;
    if (statements_[one.parent].parent != declared_) return;
    facts_.dependencies.back().version = version_or_property(string_of(one));
    rank_ = rank;
  }

  // val ver = "1", def ver = '1', ext.ver = '1', ver = '1' in ext, ext['ver'] = '1',
  // set('ver', '1'), val ver by extra("1")
  void read_property(const Statement& one) {
    std::uint32_t at = 0;
    const Token& first = token(one, 0);
    if (!first.is_word()) return;
    if (first.is("private") || first.is("const")) ++at;
    if (token(one, at).is("val") || token(one, at).is("def") || token(one, at).is("String")) {
      ++at;
    }
    if (token(one, at).is("String") && one.first + at + 1 < one.last) ++at;
    const Token& name = token(one, at);
    const auto value = [&](std::uint32_t index) -> const Token* {
      return one.first + index < one.last && token(one, index).is_string() ? &token(one, index)
                                                                           : nullptr;
    };
    const Token* text = nullptr;
    std::string_view key = name.text;
    if (first.is("set") && token(one, 1).is("(") && token(one, 3).is(",")) {
      key = token(one, 2).text;
      text = value(4);
    } else if ((key == "ext" || key == "extra" || key.ends_with(".ext") ||
                key.ends_with(".extra")) &&
               token(one, at + 1).is("[") && token(one, at + 4).is("=")) {
      key = token(one, at + 2).text;
      text = value(at + 5);
    } else if (token(one, at + 1).is("by") && token(one, at + 2).is("extra")) {
      text = value(at + 4);
    } else {
      const std::uint32_t equals = token(one, at + 1).is(":") ? at + 3 : at + 1;  // behind a type
      const bool told = at > 0 || inside(one, "ext") || key.find("ext.") != std::string_view::npos;
      if (told && token(one, equals).is("=")) text = value(equals + 1);
      key = key.substr(key.rfind('.') + 1);
    }
    if (text != nullptr) share_property(facts_, key, text->text, text->line);
  }

  // attributes 'Main-Class': 'x', attributes["Main-Class"] = "x", "Main-Class" to "x"
  void read_attribute(const Statement& one) {
    for (std::uint32_t i = one.first; i + 2 < one.last; ++i) {
      if (!tokens_[i].is_string() || tokens_[i].text != "Main-Class") continue;
      const std::uint32_t value = tokens_[i + 1].is("]") ? i + 3 : i + 2;
      if (value >= one.last || !tokens_[value].is_string()) continue;
      if (tokens_[value].text.find('$') != std::string_view::npos) continue;
      add_entry(facts_, tokens_[value].text, "main class", tokens_[i].line);
    }
  }

  void read_assignment(const Statement& one) {
    const Token& first = token(one, 0);
    if (!first.is_word()) return;
    std::string_view key = first.text;
    if (key.ends_with(".set")) key.remove_suffix(4);
    key = key.substr(key.rfind('.') + 1);
    const bool own = first.text == "version" || first.text == "project.version" ||
                     first.text == "version.set" || first.text == "project.version.set";
    if (own && string_of(one).size() > 0 && one.depth == 0 && !inside(one, "plugins")) {
      facts_.version = string_of(one);
    }
    struct Rule {
      std::string_view key;
      std::uint8_t rank;
    };
    constexpr Rule kRules[] = {{"languageVersion", 40},     {"jvmToolchain", 41},
                               {"sourceCompatibility", 50}, {"targetCompatibility", 51},
                               {"jvmTarget", 52},           {"release", 49}};
    for (const Rule& rule : kRules) {
      if (key != rule.key) continue;
      // Kotlin's own has the same name.
      if (key == "languageVersion" && !has(one, "JavaLanguageVersion.of")) continue;
      for (std::uint32_t i = one.first + 1; i < one.last; ++i) {
        const std::string number = java_version(tokens_[i].text);
        if (!number.empty()) {
          add_version(facts_, "Java", number, tokens_[i].line, rule.rank);
          break;
        }
      }
    }
    if (key == "mainClass" || key == "mainClassName") {
      if (const std::string_view main = string_of(one); !main.empty()) {
        add_entry(facts_, main, "main class", first.line);
      }
    }
  }

  static constexpr std::string_view kRichVersions[] = {"strictly", "require", "prefer"};

  std::vector<Token> tokens_;
  std::vector<Statement> statements_;
  Facts& facts_;
  std::uint32_t declared_ = 0;  // the statement of the last dependency
  std::size_t rank_ = 0;        // of what told its version, in kRichVersions
};

void read_build(const Source& source, Facts& facts) {
  GradleScript(source.text, facts).read_build();
}

void read_settings(const Source& source, Facts& facts) {
  GradleScript(source.text, facts).read_settings();
}

// gradle.properties: only what may be a version is taken up.
void read_gradle_properties(const Source& source, Facts& facts) {
  const Value root = manifest::parse_ini(source.text).root;
  for (const Value& one : root.items) share_property(facts, one.name, one.text, one.line);
}

constexpr Reader kGradleReaders[] = {
    {"build.gradle", "gradle", "Java", "Gradle", Role::kModule, read_build},
    {"build.gradle.kts", "gradle", "Java", "Gradle", Role::kModule, read_build},
    {"settings.gradle", "gradle", "", "Gradle", Role::kPart, read_settings},
    {"settings.gradle.kts", "gradle", "", "Gradle", Role::kPart, read_settings},
    {"gradle/libs.versions.toml", "gradle", "", "", Role::kPart, read_gradle_catalogue},
    {"gradle.properties", "gradle", "", "", Role::kPart, read_gradle_properties},
    {"gradle.lockfile", "gradle", "", "gradle", Role::kLock},
    {"gradlew", "gradle", "", "Gradle wrapper", Role::kPart},
};

}  // namespace

std::span<const Reader> gradle_readers() {
  return kGradleReaders;
}

}  // namespace quarry::analysis::ecosystem
