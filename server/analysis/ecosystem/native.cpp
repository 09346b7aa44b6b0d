// C and C++: CMake, Meson, Autotools, Bazel, SCons, Waf, xmake, Premake, plain make (in commands).
//
// Version: the standard of the language, as CMAKE_CXX_STANDARD, cxx_std_N or cpp_std tell it.

#include <set>

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

struct Call {
  std::string_view name;
  std::vector<const Token*> arguments;
  std::uint32_t line = 0;
};

// name(arguments...) of CMake, Meson and Starlark, in order; nested calls are arguments.
template <class Each>
void for_each_call(const std::vector<Token>& tokens, Each each) {
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is_word() || !tokens[i + 1].is("(")) continue;
    Call call{tokens[i].text, {}, tokens[i].line};
    std::size_t depth = 1;
    for (std::size_t j = i + 2; j < list_end(tokens, i) && depth > 0; ++j) {
      if (tokens[j].is("(")) ++depth;
      if (tokens[j].is(")")) --depth;
      if (depth == 1 && tokens[j].kind != Token::Kind::kLineEnd && !tokens[j].is(")")) {
        call.arguments.push_back(&tokens[j]);
      }
    }
    each(call);
  }
}

std::string_view argument(const Call& call, std::size_t index) {
  return index < call.arguments.size() ? call.arguments[index]->text : std::string_view();
}

// What is told as it is: neither by a variable nor by a call.
std::string_view literal(std::string_view text) {
  return text.find('$') == std::string_view::npos ? text : std::string_view();
}

std::string_view after(const Call& call, std::string_view word) {
  for (std::size_t i = 0; i + 1 < call.arguments.size(); ++i) {
    if (call.arguments[i]->text == word) return call.arguments[i + 1]->text;
  }
  return {};
}

// What the programs of a project are called and where its build puts them, for the ones whose names
// and places are told: facts.scripts "executable" has the targets that are always built,
// facts.shared the folder of all of them, from that of the project; "" when it is another.
class CmakePrograms {
 public:
  explicit CmakePrograms(Facts& facts) : facts_(facts) {}

  bool conditional() const { return open_ > 0; }

  void see(const std::string& name, const Call& call) {
    if (opens(name)) ++open_;
    if (closes(name) && open_ > 0) --open_;
    if (name == "add_executable" || name == "qt_add_executable") {
      const std::string target = target_of(call);
      if (!target.empty() && open_ == 0 && !has(call, "EXCLUDE_FROM_ALL")) {
        facts_.scripts.push_back({std::string(kExecutable), target, call.line});
      }
    }
    if (has(call, "OUTPUT_NAME") || has(call, "RUNTIME_OUTPUT_DIRECTORY")) forget(call);
    const std::string_view first = argument(call, 0);
    if (name == "set" && (first == kCmakeOutput || first == "EXECUTABLE_OUTPUT_PATH")) {
      share(open_ > 0 ? "" : folder_of(call), call.line);
    }
    // For another machine than the one that builds.
    if ((name == "set" && first == "CMAKE_SYSTEM_NAME") || name == "pico_sdk_init") {
      share("", call.line);
    }
  }

  // Leaves out what is called otherwise, or put elsewhere.
  void finish() {
    std::erase_if(facts_.scripts, [&](const Script& one) {
      return any_renamed_ || renamed_.contains(one.command);
    });
  }

  // The target of add_executable(app ...), also by the name of the project.
  std::string target_of(const Call& call) const {
    const std::string_view second = argument(call, 1);
    if (second == "IMPORTED" || second == "ALIAS") return {};
    const std::string_view first = argument(call, 0);
    // Of the list that declares the project both are its name.
    const bool quoted = first.starts_with("${") && first.ends_with('}');
    const std::string_view variable = first == "$" ? argument(call, 2)
                                      : quoted     ? first.substr(2, first.size() - 3)
                                                   : "";
    if (variable == "PROJECT_NAME" || variable == "CMAKE_PROJECT_NAME") {
      return facts_.name.find('$') == std::string::npos ? facts_.name : "";
    }
    return first.find('$') == std::string_view::npos ? std::string(first) : "";
  }

 private:
  static bool opens(std::string_view name) {
    return name == "if" || name == "foreach" || name == "while" || name == "function" ||
           name == "macro";
  }
  static bool closes(std::string_view name) {
    return name == "endif" || name == "endforeach" || name == "endwhile" || name == "endfunction" ||
           name == "endmacro";
  }
  static bool has(const Call& call, std::string_view word) {
    return std::ranges::any_of(call.arguments, [&](const Token* one) { return one->text == word; });
  }

  void share(std::string folder, std::uint32_t line) {
    facts_.shared.push_back({std::string(kCmakeOutput), std::move(folder), Use::kBuild, line});
  }

  void forget(const Call& call) {
    for (const Token* one : call.arguments) {
      if (one->text.find('$') != std::string_view::npos) any_renamed_ = true;
      renamed_.insert(one->text);
    }
  }

  // "build/bin" of ${CMAKE_BINARY_DIR}/bin
  static std::string folder_of(const Call& call) {
    std::string value;
    for (std::size_t i = 1; i < call.arguments.size(); ++i) value += argument(call, i);
    const std::size_t end = value.find('}');
    if (!value.starts_with("${") || end == std::string::npos) return {};
    const std::string variable = value.substr(2, end - 2);
    const std::string rest = value.substr(end + 1);
    if (rest.find('$') != std::string::npos || (!rest.empty() && rest.front() != '/')) return {};
    if (variable == "CMAKE_BINARY_DIR" || variable == "PROJECT_BINARY_DIR") return "build" + rest;
    const bool sources = variable == "CMAKE_SOURCE_DIR" || variable == "PROJECT_SOURCE_DIR";
    return sources && rest.size() > 1 ? rest.substr(1) : "";
  }

  Facts& facts_;
  std::size_t open_ = 0;                // conditions, loops and functions
  std::set<std::string_view> renamed_;  // targets, among other words
  bool any_renamed_ = false;            // targets that are not told
};

void read_cmake(const Source& source, Facts& facts) {
  facts.no_module = true;  // until a project() is found
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kCmake);
  CmakePrograms programs(facts);
  for_each_call(tokens, [&](const Call& call) {
    const std::string name = manifest::lower(call.name);
    programs.see(name, call);
    if (name == "project") {
      facts.no_module = false;
      facts.name = literal(argument(call, 0));
      facts.version = literal(after(call, "VERSION"));
      for (const Token* one : call.arguments) {
        if (one->text == "C") facts.languages.emplace_back("C");
        if (one->text == "CXX") facts.languages.emplace_back("C++");
        if (one->text == "Fortran") facts.languages.emplace_back("Fortran");
      }
    } else if (name == "find_package") {
      const std::string_view version = argument(call, 1);
      add_dependency(facts, literal(argument(call, 0)),
                     !version.empty() && manifest::is_digit(version[0]) ? version : "",
                     Use::kRuntime, call.line);
    } else if (name == "pkg_check_modules") {
      for (std::size_t i = 1; i < call.arguments.size(); ++i) {
        const std::string_view text = argument(call, i);
        if (text == "REQUIRED" || text == "IMPORTED_TARGET" || text == "QUIET") continue;
        if (text.empty() || !manifest::is_word(text[0]) || manifest::is_digit(text[0])) continue;
        const std::size_t mark = text.find_first_of("<>=");
        add_dependency(facts, text.substr(0, mark),
                       mark == std::string_view::npos ? "" : text.substr(mark), Use::kRuntime,
                       call.line);
      }
    } else if (name == "fetchcontent_declare" || name == "cpmaddpackage") {
      const std::string_view tag = after(call, "GIT_TAG");
      const std::string_view first = argument(call, 0);
      add_dependency(facts, literal(first == "NAME" ? argument(call, 1) : first),
                     literal(tag.empty() ? after(call, "VERSION") : tag), Use::kBuild, call.line);
    } else if (name == "add_subdirectory") {
      const std::string_view folder = argument(call, 0);
      // A second argument is a folder of the build's, or leaves it out of the build.
      const bool optional = programs.conditional() || call.arguments.size() > 1;
      if (folder.find('$') == std::string_view::npos) {
        add_member(facts, folder, call.line, optional);
      }
    } else if (name == "add_executable" || name == "qt_add_executable") {
      const std::string target = programs.target_of(call);
      if (target.empty()) return;
      for (std::size_t i = 1; i < call.arguments.size(); ++i) {
        const std::string_view file = argument(call, i);
        if (file.find("main.") == std::string_view::npos && call.arguments.size() > 2) continue;
        if (file.find('.') == std::string_view::npos || file.find('$') != std::string_view::npos) {
          continue;
        }
        add_entry(facts, file, "executable " + target, call.line);
        break;
      }
    } else if (name == "set") {
      const std::string_view variable = argument(call, 0);
      if (variable == "CMAKE_CXX_STANDARD") {
        add_version(facts, "C++", literal(argument(call, 1)), call.line, 50);
      }
      if (variable == "CMAKE_C_STANDARD") {
        add_version(facts, "C", literal(argument(call, 1)), call.line, 50);
      }
    } else if (name == "target_compile_features") {
      for (const Token* one : call.arguments) {
        if (one->text.starts_with("cxx_std_")) {
          add_version(facts, "C++", one->text.substr(8), call.line, 51);
        }
        if (one->text.starts_with("c_std_")) {
          add_version(facts, "C", one->text.substr(6), call.line, 51);
        }
      }
    }
  });
  programs.finish();
}

// The string at a place of a call of Meson, or the first of a list there; "" of a variable.
std::string_view string_at(const Call& call, std::size_t index) {
  if (index + 1 < call.arguments.size() && call.arguments[index]->is("[")) ++index;
  const bool told = index < call.arguments.size() && call.arguments[index]->is_string();
  return told ? call.arguments[index]->text : std::string_view();
}

void read_meson(const Source& source, Facts& facts) {
  facts.no_module = true;
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPython);
  for_each_call(tokens, [&](const Call& call) {
    if (call.name == "project") {
      facts.no_module = false;
      facts.name = string_at(call, 0);
      for (std::size_t i = 0; i + 2 < call.arguments.size(); ++i) {
        const std::string_view key = argument(call, i);
        if (!call.arguments[i + 1]->is(":")) {
          if (call.arguments[i]->is_string() && key == "c") facts.languages.emplace_back("C");
          if (call.arguments[i]->is_string() && key == "cpp") facts.languages.emplace_back("C++");
          if (call.arguments[i]->is_string() && key == "rust") facts.languages.emplace_back("Rust");
          if (call.arguments[i]->is_string() && key == "vala") facts.languages.emplace_back("Vala");
          continue;
        }
        if (key == "version") facts.version = string_at(call, i + 2);
        if (key == "license") {
          facts.licence = string_at(call, i + 2);
          facts.licence_line = call.line;
        }
      }
      for (const Token* one : call.arguments) {
        if (one->is_string() && one->text.starts_with("cpp_std=c++")) {
          add_version(facts, "C++", one->text.substr(11), one->line, 50);
        }
        if (one->is_string() && one->text.starts_with("c_std=c")) {
          add_version(facts, "C", one->text.substr(7), one->line, 50);
        }
      }
    } else if (call.name == "dependency" || call.name.ends_with(".find_library")) {
      std::string_view version;
      for (std::size_t i = 0; i + 2 < call.arguments.size(); ++i) {
        if (call.arguments[i]->is("version") && call.arguments[i + 1]->is(":")) {
          version = string_at(call, i + 2);
        }
      }
      add_dependency(facts, string_at(call, 0), version, Use::kRuntime, call.line);
    } else if (call.name == "executable" && call.arguments.size() > 2) {
      const std::string_view file = string_at(call, 2);
      const std::string_view target = string_at(call, 0);
      if (!target.empty())
        add_entry(facts, file, std::string("executable ").append(target), call.line);
    }
  });
}

void read_configure(const Source& source, Facts& facts) {
  manifest::Syntax syntax = manifest::kPython;
  syntax.line_comments = "dnl #";
  syntax.quotes = "\"";
  const std::vector<Token> tokens = manifest::tokens(source.text, syntax);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is_word() || !tokens[i + 1].is("(")) continue;
    std::vector<std::string_view> words;
    for (std::size_t j = i + 2; j < list_end(tokens, i) && words.size() < 12 && !tokens[j].is(")");
         ++j) {
      if (tokens[j].is_word() || tokens[j].is_string() || tokens[j].is(",")) {
        words.push_back(tokens[j].text);
      }
    }
    if (words.empty()) continue;
    if (tokens[i].is("AC_INIT")) {
      facts.name = words[0];
      // What a macro or the shell makes is not known here.
      const bool known = words.size() > 2 && words[1] == "," && manifest::is_digit(words[2][0]);
      if (known) facts.version = words[2];
    }
    if (tokens[i].is("AC_PROG_CXX")) facts.languages.emplace_back("C++");
    if (tokens[i].is("AC_CHECK_LIB") && words[0].find('$') == std::string_view::npos) {
      add_dependency(facts, "lib" + std::string(words[0]), "", Use::kRuntime, tokens[i].line);
    }
    if (tokens[i].is("PKG_CHECK_MODULES") && words.size() > 2) {
      add_dependency(facts, words[2], "", Use::kRuntime, tokens[i].line);
    }
  }
}

void read_bazel_module(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPython);
  for_each_call(tokens, [&](const Call& call) {
    std::string_view name;
    std::string_view version;
    bool dev = false;
    for (std::size_t i = 0; i + 2 < call.arguments.size(); ++i) {
      if (!call.arguments[i + 1]->is("=")) continue;
      if (call.arguments[i]->is("name")) name = argument(call, i + 2);
      if (call.arguments[i]->is("version")) version = argument(call, i + 2);
      if (call.arguments[i]->is("dev_dependency")) dev = argument(call, i + 2) == "True";
    }
    if (call.name == "module") {
      facts.name = name;
      facts.version = version;
    } else if (call.name == "bazel_dep" || call.name == "http_archive") {
      add_dependency(facts, name, version, dev ? Use::kDev : Use::kRuntime, call.line);
    }
  });
}

// A package that has a program is a module: cc_binary(name = "x"). All others are parts of one.
void read_bazel_package(const Source& source, Facts& facts) {
  struct Kind {
    std::string_view rule, language;
  };
  constexpr Kind kBinaries[] = {
      {"cc_binary", "C++"},      {"py_binary", "Python"},      {"java_binary", "Java"},
      {"go_binary", "Go"},       {"rust_binary", "Rust"},      {"kt_jvm_binary", "Kotlin"},
      {"scala_binary", "Scala"}, {"js_binary", "JavaScript"},  {"swift_binary", "Swift"},
      {"csharp_binary", "C#"},   {"haskell_binary", "Haskell"}};
  facts.no_module = true;
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kPython);
  for_each_call(tokens, [&](const Call& call) {
    const auto* kind = std::ranges::find(kBinaries, call.name, &Kind::rule);
    if (kind == std::end(kBinaries)) return;
    for (std::size_t i = 0; i + 2 < call.arguments.size(); ++i) {
      if (!call.arguments[i]->is("name") || !call.arguments[i + 1]->is("=")) continue;
      const std::string name(argument(call, i + 2));
      add_entry(facts, name, "binary " + name, call.line);
      if (facts.name.empty()) facts.name = name;
    }
    facts.languages.emplace_back(kind->language);
    facts.no_module = false;
  });
}

constexpr Reader kNativeReaders[] = {
    {"CMakeLists.txt", "cmake", "C++", "CMake", Role::kModule, read_cmake},
    {"meson.build", "meson", "C", "Meson", Role::kModule, read_meson},
    {"configure.ac", "autotools", "C", "Autotools", Role::kModule, read_configure},
    {"configure.in", "autotools", "C", "Autotools", Role::kModule, read_configure},
    {"Makefile.am", "autotools", "", "Automake", Role::kPart},
    {"MODULE.bazel", "bazel", "", "Bazel", Role::kPart, read_bazel_module},
    {"WORKSPACE", "bazel", "", "Bazel", Role::kPart, read_bazel_module},
    {"WORKSPACE.bazel", "bazel", "", "Bazel", Role::kPart, read_bazel_module},
    {"BUILD.bazel", "bazel", "", "Bazel", Role::kModule, read_bazel_package},
    {"BUILD", "bazel", "", "Bazel", Role::kModule, read_bazel_package},
    {"BUCK", "buck", "", "Buck", Role::kPart},
    {"SConstruct", "scons", "C++", "SCons", Role::kModule},
    {"wscript", "waf", "C++", "Waf", Role::kModule},
    {"xmake.lua", "xmake", "C++", "xmake", Role::kModule},
    {"premake5.lua", "premake", "C++", "Premake", Role::kModule},
    {"*.vcxproj", "msbuild", "C++", "MSBuild", Role::kModule},
    {"*.pro", "qmake", "", "qmake", Role::kPart},
};

}  // namespace

std::span<const Reader> native_readers() {
  return kNativeReaders;
}

}  // namespace quarry::analysis::ecosystem
