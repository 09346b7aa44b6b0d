#include "server/analysis/contested.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace quarry::analysis {
namespace {

using Extensions = std::initializer_list<std::string_view>;

std::uint64_t count(const Neighbours& tree, Extensions extensions) {
  std::uint64_t sum = 0;
  for (const std::string_view extension : extensions) {
    const auto at = tree.by_extension.find(extension);
    if (at != tree.by_extension.end()) sum += at->second;
  }
  return sum;
}

std::uint64_t c_files(const Neighbours& tree) {
  return count(tree, {".c"});
}
std::uint64_t cpp_files(const Neighbours& tree) {
  return count(tree, {".cpp", ".cc", ".cxx", ".c++", ".C", ".hpp", ".hh", ".hxx", ".cppm", ".ipp"});
}

std::string_view of_h(const Neighbours& tree) {
  const std::uint64_t objective = count(tree, {".m", ".mm"});
  const std::uint64_t c = c_files(tree);
  const std::uint64_t cpp = cpp_files(tree);
  if (objective > c && objective > cpp) return "Objective-C";
  return cpp > c ? "C++" : "C";
}

std::string_view of_inc(const Neighbours& tree) {
  struct Candidate {
    std::string_view language;
    std::uint64_t files;
  };
  const auto candidates = std::to_array<Candidate>({
      {"C", c_files(tree)},
      {"C++", cpp_files(tree)},
      {"PHP", count(tree, {".php"})},
      {"BitBake", count(tree, {".bb", ".bbclass"})},
      {"Pascal", count(tree, {".pas", ".dpr", ".lpr"})},
      {"Assembly", count(tree, {".asm", ".s", ".S"})},
  });
  const auto most = std::ranges::max_element(candidates, {}, &Candidate::files);
  return most->files > 0 ? most->language : std::string_view();
}

// Objective-C shows by Apple's other files, or by headers that no C source can own.
std::string_view of_m(const Neighbours& tree) {
  if (count(tree, {".mm", ".swift", ".xib", ".storyboard"}) > 0) return "Objective-C";
  const std::uint64_t sources = c_files(tree) + cpp_files(tree);
  const bool headers = count(tree, {".h"}) > 0;
  return headers && count(tree, {".m"}) * 10 >= sources ? "Objective-C" : "MATLAB";
}

std::string_view of_pl(const Neighbours& tree) {
  const bool prolog = count(tree, {".pro", ".prolog", ".plt"}) > 0;
  return prolog && count(tree, {".pm", ".t"}) == 0 ? "Prolog" : "Perl";
}

std::string_view of_t(const Neighbours& tree) {
  return count(tree, {".pl", ".pm"}) > 0 ? "Perl" : "";
}

std::string_view of_v(const Neighbours& tree) {
  if (tree.at_top("v.mod")) return "V";
  return tree.at_top("_CoqProject") ? "Coq" : "Verilog";
}

std::string_view of_ts(const Neighbours& tree) {
  const bool web = tree.at_top("package.json") || tree.at_top("tsconfig.json") ||
                   count(tree, {".tsx", ".mts", ".js"}) > 0;
  return !web && count(tree, {".qrc", ".ui", ".pro", ".qml"}) > 0 ? "XML" : "TypeScript";
}

std::string_view of_d(const Neighbours& tree) {
  const bool dub = tree.at_top("dub.json") || tree.at_top("dub.sdl");
  if (dub || count(tree, {".di"}) > 0 || c_files(tree) + cpp_files(tree) == 0) return "D";
  return "";
}

std::string_view of_cls(const Neighbours& tree) {
  if (tree.at_top("sfdx-project.json") || count(tree, {".trigger", ".apex"}) > 0) return "Apex";
  return count(tree, {".bas", ".frm"}) > 0 ? "VBA" : "LaTeX";
}

std::string_view of_cl(const Neighbours& tree) {
  return count(tree, {".lisp", ".asd"}) > 0 ? "Common Lisp" : "OpenCL";
}

std::string_view of_l(const Neighbours& tree) {
  return count(tree, {".lisp", ".asd"}) > 0 && count(tree, {".y", ".yy"}) == 0 ? "Common Lisp"
                                                                               : "Lex";
}

std::string_view of_pro(const Neighbours& tree) {
  if (count(tree, {".ui", ".pri"}) > 0 || cpp_files(tree) > 0) return "QMake";
  return count(tree, {".prolog", ".plt"}) > 0 ? "Prolog" : "";
}

std::string_view of_pp(const Neighbours& tree) {
  return count(tree, {".pas", ".lpr", ".dpr"}) > 0 ? "Pascal" : "Puppet";
}

std::string_view of_vs(const Neighbours& tree) {
  return count(tree, {".fs", ".frag", ".glsl"}) > 0 ? "GLSL" : "";
}

std::string_view of_tpl(const Neighbours& tree) {
  return count(tree, {".php", ".smarty"}) > 0 ? "Smarty" : "";
}

// Templates of C that a script unrolls carry the extension too.
std::string_view of_uc(const Neighbours& tree) {
  return c_files(tree) > 0 ? "" : "UnrealScript";
}

struct Rule {
  std::string_view extension;
  std::string_view (*decide)(const Neighbours&);
};

constexpr auto kRules = std::to_array<Rule>({
    {".h", of_h},
    {".inc", of_inc},
    {".m", of_m},
    {".pl", of_pl},
    {".t", of_t},
    {".v", of_v},
    {".ts", of_ts},
    {".d", of_d},
    {".cls", of_cls},
    {".cl", of_cl},
    {".l", of_l},
    {".pro", of_pro},
    {".pp", of_pp},
    {".vs", of_vs},
    {".tpl", of_tpl},
    {".uc", of_uc},
});

}  // namespace

bool is_contested(std::string_view extension) {
  return std::ranges::find(kRules, extension, &Rule::extension) != kRules.end();
}

void add_neighbour(Neighbours& neighbours, std::string_view path) {
  std::string_view name = base_name(path);
  if (name.ends_with(".in")) name.remove_suffix(3);
  const std::string_view extension = extension_of(name);
  if (!extension.empty()) ++neighbours.by_extension[extension];
}

std::optional<LanguageId> language_among(std::string_view path, const Neighbours& neighbours) {
  if (const auto by_name = language_by_name(path)) return by_name;
  const auto decided = decide_contested(extension_of(base_name(path)), neighbours);
  return decided ? decided : language_by_path(path);
}

std::optional<LanguageId> decide_contested(std::string_view extension,
                                           const Neighbours& neighbours) {
  const auto rule = std::ranges::find(kRules, extension, &Rule::extension);
  return rule == kRules.end() ? std::nullopt : find_language(rule->decide(neighbours));
}

}  // namespace quarry::analysis
