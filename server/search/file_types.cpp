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
    {"agda", "", "*.agda *.lagda"},
    {"aidl", "", "*.aidl"},
    {"amake", "", "*.bp *.mk"},
    {"asciidoc", "adoc", "*.adoc *.asc *.asciidoc"},
    {"asm", "", "*.asm *.s *.S"},
    {"asp", "", "*.ascx *.ascx.cs *.ascx.vb *.aspx *.aspx.cs *.aspx.vb *.asp"},
    {"ats", "", "*.ats *.dats *.hats *.sats"},
    {"avro", "", "*.avdl *.avpr *.avsc"},
    {"awk", "", "*.awk"},
    {"bazel", "", "*.bazel *.bazelrc *.bzl *.BUILD BUILD WORKSPACE"},
    {"bitbake", "", "*.bb *.bbappend *.bbclass *.conf *.inc"},
    {"brotli", "", "*.br"},
    {"buildstream", "", "*.bst"},
    {"bzip2", "", "*.bz2 *.tbz2"},
    {"c", "", "*.[chH] *.[chH].in *.cats"},
    {"cabal", "", "*.cabal"},
    {"candid", "", "*.did"},
    {"carp", "", "*.carp"},
    {"cbor", "", "*.cbor"},
    {"ceylon", "", "*.ceylon"},
    {"clojure", "clj", "*.clj *.cljc *.cljs *.cljx"},
    {"cmake", "", "*.cmake CMakeLists.txt"},
    {"coffeescript", "coffee", "*.coffee"},
    {"config", "", "*.cfg *.conf *.config *.ini"},
    {"coq", "", "*.v"},
    {"cpp", "c++ cc cxx",
     "*.[ChH] *.cc *.[ch]pp *.[ch]xx *.hh *.inl *.[ChH].in *.cc.in "
     "*.[ch]pp.in *.[ch]xx.in *.hh.in"},
    {"creole", "", "*.creole"},
    {"crystal", "", "*.cr Projectfile *.ecr shard.yml"},
    {"cs", "csharp", "*.cs"},
    {"cshtml", "", "*.cshtml"},
    {"css", "", "*.css *.scss"},
    {"csv", "", "*.csv"},
    {"cuda", "", "*.cu *.cuh"},
    {"cython", "", "*.pxd *.pxi *.pyx"},
    {"d", "", "*.d"},
    {"dart", "", "*.dart"},
    {"devicetree", "dts", "*.dts *.dtsi"},
    {"dhall", "", "*.dhall"},
    {"diff", "patch", "*.diff *.patch"},
    {"docker", "dockerfile", "*Dockerfile*"},
    {"dockercompose", "", "docker-compose.yml docker-compose.*.yml"},
    {"dvc", "", "*.dvc Dvcfile"},
    {"ebuild", "", "*.ebuild"},
    {"edn", "", "*.edn"},
    {"elisp", "emacs", "*.el"},
    {"elixir", "", "*.ex *.eex *.exs *.heex *.leex *.livemd"},
    {"elm", "", "*.elm"},
    {"erb", "", "*.erb"},
    {"erlang", "", "*.erl *.hrl"},
    {"fennel", "", "*.fnl"},
    {"fidl", "", "*.fidl"},
    {"fish", "", "*.fish"},
    {"flatbuffers", "", "*.fbs"},
    {"fortran", "", "*.f *.F *.f77 *.F77 *.f90 *.F90 *.f95 *.F95 *.pfo"},
    {"fsharp", "", "*.fs *.fsi *.fsx"},
    {"fut", "", "*.fut .fut"},
    {"gap", "", "*.g *.gap *.gd *.gi *.tst"},
    {"gn", "", "*.gn *.gni"},
    {"go", "golang", "*.go"},
    {"gradle", "", "*.gradle"},
    {"graphql", "", "*.graphql *.graphqls"},
    {"groovy", "", "*.gradle *.groovy"},
    {"gzip", "", "*.gz *.tgz"},
    {"h", "", "*.h *.hh *.hpp"},
    {"haml", "", "*.haml"},
    {"hare", "", "*.ha"},
    {"haskell", "hs", "*.c2hs *.cpphs *.hs *.hsc *.lhs"},
    {"hbs", "handlebars", "*.hbs"},
    {"html", "", "*.ejs *.htm *.html"},
    {"hy", "", "*.hy"},
    {"idris", "", "*.idr *.lidr"},
    {"janet", "", "*.janet"},
    {"java", "", "*.java *.jsp *.jspx *.properties"},
    {"jinja", "j2", "*.j2 *.jinja *.jinja2"},
    {"js", "javascript jsx", "*.js *.jsx *.vue *.cjs *.mjs"},
    {"json", "", "*.json composer.lock *.sarif"},
    {"jsonl", "", "*.jsonl"},
    {"julia", "jl", "*.jl"},
    {"jupyter", "ipynb notebook", "*.ipynb *.jpynb"},
    {"k", "", "*.k"},
    {"kotlin", "kt", "*.kt *.kts"},
    {"less", "", "*.less"},
    {"license", "",
     "*[.-]LICEN[CS]E* AGPL-*[0-9]* APACHE-*[0-9]* BSD-*[0-9]* CC-BY-* COPYING COPYING[.-]* "
     "COPYRIGHT COPYRIGHT[.-]* EULA EULA[.-]* GFDL-*[0-9]* GNU-*[0-9]* GPL-*[0-9]* LGPL-*[0-9]* "
     "LICEN[CS]E LICEN[CS]E[.-]* MIT-*[0-9]* MPL-*[0-9]* NOTICE NOTICE[.-]* OFL-*[0-9]* PATENTS "
     "PATENTS[.-]* UNLICEN[CS]E UNLICEN[CS]E[.-]* agpl[.-]* gpl[.-]* lgpl[.-]* licen[cs]e "
     "licen[cs]e.*"},
    {"lilypond", "", "*.ily *.ly"},
    {"lisp", "", "*.el *.jl *.lisp *.lsp *.sc *.scm"},
    {"lock", "", "*.lock package-lock.json"},
    {"log", "", "*.log"},
    {"lua", "", "*.lua"},
    {"lz4", "", "*.lz4"},
    {"lzma", "", "*.lzma"},
    {"m4", "", "*.ac *.m4"},
    {"make", "makefile",
     "*.mak *.mk [Gg][Nn][Uu]makefile [Gg][Nn][Uu]makefile.am "
     "[Gg][Nn][Uu]makefile.in [Mm]akefile [Mm]akefile.am [Mm]akefile.in"},
    {"mako", "", "*.mako *.mao"},
    {"man", "", "*.[0-9][cEFMmpSx] *.[0-9lnpx]"},
    {"markdown", "md", "*.markdown *.md *.mdown *.mdwn *.mkd *.mkdn *.mdx"},
    {"matlab", "", "*.m"},
    {"meson", "", "meson.build meson_options.txt"},
    {"minified", "", "*.min.css *.min.html *.min.js"},
    {"mint", "", "*.mint"},
    {"mk", "", "mkfile"},
    {"motoko", "", "*.mo"},
    {"msbuild", "csproj",
     "*.csproj *.fsproj *.proj *.props *.targets *.vcxproj *.sln *.slnf *.slnx"},
    {"nim", "", "*.nim *.nimf *.nimble *.nims"},
    {"nix", "", "*.nix"},
    {"objc", "", "*.h *.m"},
    {"objcpp", "", "*.h *.mm"},
    {"ocaml", "ml", "*.ml *.mli *.mll *.mly"},
    {"org", "", "*.org *.org_archive"},
    {"pants", "", "BUILD"},
    {"pascal", "", "*.dpr *.inc *.lpr *.pas *.pp"},
    {"pdf", "", "*.pdf"},
    {"perl", "", "*.perl *.pl *.PL *.plh *.plx *.pm *.t"},
    {"php", "", "*.php *.php3 *.php4 *.php5 *.phtml"},
    {"po", "", "*.po"},
    {"pod", "", "*.pod"},
    {"postscript", "", "*.eps *.ps"},
    {"protobuf", "proto", "*.proto"},
    {"ps", "powershell", "*.cdxml *.ps1 *.ps1xml *.psd1 *.psm1"},
    {"puppet", "", "*.erb *.pp *.rb"},
    {"purs", "purescript", "*.purs"},
    {"py", "python", "*.py *.pyi"},
    {"qmake", "", "*.prf *.pri *.pro"},
    {"qml", "", "*.qml"},
    {"r", "", "*.R *.r *.Rmd *.Rnw"},
    {"racket", "", "*.rkt"},
    {"rdoc", "", "*.rdoc"},
    {"readme", "", "*README README*"},
    {"reasonml", "", "*.re *.rei"},
    {"red", "", "*.r *.red *.reds"},
    {"rescript", "", "*.res *.resi"},
    {"robot", "", "*.robot"},
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
    {"slim", "", "*.skim *.slim *.slime"},
    {"smarty", "", "*.tpl"},
    {"sml", "", "*.sig *.sml"},
    {"solidity", "sol", "*.sol"},
    {"soy", "", "*.soy"},
    {"spark", "", "*.spark"},
    {"spec", "", "*.spec"},
    {"sql", "", "*.psql *.sql"},
    {"stylus", "", "*.styl"},
    {"sv", "", "*.h *.sv *.svh *.v *.vg"},
    {"svelte", "", "*.svelte"},
    {"svg", "", "*.svg"},
    {"swift", "", "*.swift"},
    {"swig", "", "*.def *.i"},
    {"systemd", "",
     "*.automount *.conf *.device *.link *.mount *.path *.scope *.service *.slice *.socket *.swap "
     "*.target *.timer"},
    {"taskpaper", "", "*.taskpaper"},
    {"tcl", "", "*.tcl"},
    {"tex", "", "*.bib *.cls *.dtx *.ins *.ltx *.sty *.tex"},
    {"texinfo", "", "*.texi"},
    {"textile", "", "*.textile"},
    {"tf", "terraform",
     "*.auto.tfvars *.tf *.tf.json *.tfrc *.tfvars.json .terraformrc "
     "terraform.rc terraform.tfvars"},
    {"thrift", "", "*.thrift"},
    {"toml", "", "*.toml Cargo.lock"},
    {"ts", "typescript tsx", "*.ts *.tsx *.cts *.mts"},
    {"twig", "", "*.twig"},
    {"txt", "text", "*.txt"},
    {"typoscript", "", "*.ts *.typoscript"},
    {"vala", "", "*.vala"},
    {"vb", "visualbasic", "*.vb"},
    {"vcl", "", "*.vcl"},
    {"verilog", "", "*.sv *.svh *.v *.vh"},
    {"vhdl", "", "*.vhd *.vhdl"},
    {"vim", "vimscript", "*.vim .gvimrc .vimrc _gvimrc _vimrc gvimrc vimrc"},
    {"vue", "", "*.vue"},
    {"webidl", "idl", "*.idl *.webidl *.widl"},
    {"wiki", "", "*.mediawiki *.wiki"},
    {"xml", "", "*.dtd *.rng *.sch *.xhtml *.xjb *.xml *.xml.dist *.xsd *.xsl *.xslt"},
    {"xz", "", "*.txz *.xz"},
    {"yacc", "", "*.y"},
    {"yaml", "yml", "*.yaml *.yml"},
    {"yang", "", "*.yang"},
    {"z", "", "*.Z"},
    {"zig", "", "*.zig"},
    {"zsh", "",
     "*.zsh .zlogin .zlogout .zprofile .zshenv .zshrc zlogin zlogout zprofile zshenv zshrc"},
    {"zstd", "", "*.zst *.zstd"},
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
