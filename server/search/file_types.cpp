#include "server/search/file_types.h"

#include <algorithm>
#include <array>
#include <string>

namespace quarry::search {
namespace {

struct Type {
  std::string_view name;
  std::string_view also;   // other names that people use, space separated
  std::string_view globs;  // space separated
};

constexpr auto kTypes = std::to_array<Type>({
    {"ada", "", "*.adb *.ads"},
    {"asm", "", "*.asm *.s *.S"},
    {"awk", "", "*.awk"},
    {"bazel", "", "*.bazel *.bazelrc *.bzl *.BUILD BUILD WORKSPACE"},
    {"c", "", "*.[chH] *.[chH].in *.cats"},
    {"clojure", "clj", "*.clj *.cljc *.cljs *.cljx"},
    {"cmake", "", "*.cmake CMakeLists.txt"},
    {"config", "", "*.cfg *.conf *.config *.ini"},
    {"cpp", "c++ cc cxx",
     "*.[ChH] *.cc *.[ch]pp *.[ch]xx *.hh *.inl *.[ChH].in *.cc.in "
     "*.[ch]pp.in *.[ch]xx.in *.hh.in"},
    {"cs", "csharp", "*.cs"},
    {"css", "", "*.css *.scss"},
    {"csv", "", "*.csv"},
    {"cuda", "", "*.cu *.cuh"},
    {"d", "", "*.d"},
    {"dart", "", "*.dart"},
    {"docker", "dockerfile", "*Dockerfile*"},
    {"elixir", "", "*.ex *.eex *.exs *.heex *.leex *.livemd"},
    {"elm", "", "*.elm"},
    {"erlang", "", "*.erl *.hrl"},
    {"fortran", "", "*.f *.F *.f77 *.F77 *.f90 *.F90 *.f95 *.F95 *.pfo"},
    {"fsharp", "", "*.fs *.fsi *.fsx"},
    {"go", "golang", "*.go"},
    {"gradle", "", "*.gradle"},
    {"graphql", "", "*.graphql *.graphqls"},
    {"groovy", "", "*.gradle *.groovy"},
    {"h", "", "*.h *.hh *.hpp"},
    {"haskell", "hs", "*.c2hs *.cpphs *.hs *.hsc *.lhs"},
    {"html", "", "*.ejs *.htm *.html"},
    {"java", "", "*.java *.jsp *.jspx *.properties"},
    {"js", "javascript jsx", "*.js *.jsx *.vue *.cjs *.mjs"},
    {"json", "", "*.json composer.lock *.sarif"},
    {"jsonl", "", "*.jsonl"},
    {"julia", "", "*.jl"},
    {"kotlin", "kt", "*.kt *.kts"},
    {"less", "", "*.less"},
    {"lua", "", "*.lua"},
    {"make", "makefile",
     "*.mak *.mk [Gg][Nn][Uu]makefile [Gg][Nn][Uu]makefile.am "
     "[Gg][Nn][Uu]makefile.in [Mm]akefile [Mm]akefile.am [Mm]akefile.in"},
    {"markdown", "md", "*.markdown *.md *.mdown *.mdwn *.mkd *.mkdn *.mdx"},
    {"meson", "", "meson.build meson_options.txt"},
    {"nim", "", "*.nim *.nimf *.nimble *.nims"},
    {"nix", "", "*.nix"},
    {"objc", "", "*.h *.m"},
    {"ocaml", "ml", "*.ml *.mli *.mll *.mly"},
    {"org", "", "*.org *.org_archive"},
    {"perl", "", "*.perl *.pl *.PL *.plh *.plx *.pm *.t"},
    {"php", "", "*.php *.php3 *.php4 *.php5 *.phtml"},
    {"protobuf", "proto", "*.proto"},
    {"ps", "powershell", "*.cdxml *.ps1 *.ps1xml *.psd1 *.psm1"},
    {"py", "python", "*.py *.pyi"},
    {"r", "", "*.R *.r *.Rmd *.Rnw"},
    {"rst", "", "*.rst"},
    {"ruby", "rb", "*.gemspec *.rb *.rbw .irbrc Gemfile Rakefile config.ru"},
    {"rust", "rs", "*.rs"},
    {"sass", "", "*.sass *.scss"},
    {"scala", "", "*.scala *.sbt"},
    {"sh", "bash shell",
     "*.bash *.bashrc *.csh *.cshrc *.ksh *.kshrc *.sh *.tcsh *.zsh .bash_login .bash_logout "
     ".bash_profile .bashrc .cshrc .kshrc .login .logout .profile .tcshrc .zlogin .zlogout "
     ".zprofile .zshenv .zshrc bash_login bash_logout bash_profile bashrc profile zlogin zlogout "
     "zprofile zshenv zshrc"},
    {"sql", "", "*.psql *.sql"},
    {"svelte", "", "*.svelte"},
    {"swift", "", "*.swift"},
    {"tcl", "", "*.tcl"},
    {"tex", "", "*.bib *.cls *.dtx *.ins *.ltx *.sty *.tex"},
    {"tf", "terraform",
     "*.auto.tfvars *.tf *.tf.json *.tfrc *.tfvars.json .terraformrc "
     "terraform.rc terraform.tfvars"},
    {"toml", "", "*.toml Cargo.lock"},
    {"ts", "typescript tsx", "*.ts *.tsx *.cts *.mts"},
    {"txt", "text", "*.txt"},
    {"vim", "", "*.vim .gvimrc .vimrc _gvimrc _vimrc gvimrc vimrc"},
    {"vue", "", "*.vue"},
    {"xml", "", "*.dtd *.rng *.sch *.xhtml *.xjb *.xml *.xml.dist *.xsd *.xsl *.xslt"},
    {"yaml", "yml", "*.yaml *.yml"},
    {"zig", "", "*.zig"},
});

template <class Visit>
bool each_word(std::string_view words, Visit visit) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (visit(words.substr(0, end))) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace

Result<std::vector<Glob>> find_file_type(std::string_view name) {
  const auto* const type = std::ranges::find_if(kTypes, [&](const Type& one) {
    return one.name == name ||
           each_word(one.also, [&](std::string_view other) { return other == name; });
  });
  if (type == kTypes.end()) {
    std::string names;
    for (const Type& one : kTypes) {
      names.append(names.empty() ? "" : " ").append(one.name);
    }
    return fail(Code::kInvalidArgs, "no file type '{}'; use glob, or one of: {}",
                name.substr(0, 50), names);
  }
  std::vector<Glob> globs;
  Result<void> result;
  each_word(type->globs, [&](std::string_view text) {
    auto glob = Glob::compile(text, Glob::Flavour::kTool);
    if (!glob) {
      result = Failure(std::move(glob).error());
      return true;
    }
    globs.push_back(std::move(*glob));
    return false;
  });
  TRY(std::move(result));
  return globs;
}

}  // namespace quarry::search
