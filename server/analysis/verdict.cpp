#include "server/analysis/verdict.h"

#include "server/analysis/content_rules.h"
#include "server/analysis/contested.h"
#include "server/analysis/generated_marks.h"
#include "server/analysis/modeline.h"

namespace quarry::analysis {
namespace {

// Raise when the code here, or of what it calls, judges the same content otherwise.
constexpr std::uint32_t kCodeVersion = 3;

// "a.h.in" is a template of "a.h".
std::string_view without_in(std::string_view path) {
  if (path.ends_with(".in") && base_name(path).size() > 3) path.remove_suffix(3);
  return path;
}

// What runs one of them runs the other too: the extension tells which it is.
bool is_of_javascript(LanguageId id) {
  if (id == Verdict::kNone) return false;
  const std::string_view name = language_name(id);
  return name == "JavaScript" || name == "TypeScript" || name == "TSX" || name == "JSX";
}

bool counts(LanguageId id) {
  const LanguageKind kind = language_kind(id);
  return kind == LanguageKind::kProgramming || kind == LanguageKind::kMarkup;
}

}  // namespace

bool wants_sample(std::string_view path) {
  const std::string_view extension = extension_of(without_in(path));
  if (has_content_rules(extension)) return true;
  if (const auto id = language_by_path(path)) return counts(*id);
  return !is_binary_extension(extension);
}

Verdict judge_path(std::string_view path) {
  if (const auto id = language_by_name(path)) return {*id};
  const std::string_view extension = extension_of(without_in(path));
  if (has_content_rules(extension) || is_contested(extension)) {
    const auto id = language_without_marks(extension);
    return id ? Verdict{*id} : Verdict{Verdict::kNone, false, true};
  }
  if (const auto id = language_by_path(path)) return {*id};
  return {};
}

Verdict judge(std::string_view path, const Sample& sample) {
  Verdict verdict = judge_path(path);
  if (sample.head.find('\0') != std::string_view::npos) {
    // Binary, whatever it is called.
    return {};
  }
  const std::string_view extension = extension_of(without_in(path));
  if (const auto by_modeline = language_by_modeline(sample)) {
    verdict = {*by_modeline};
  } else if (!language_by_name(path)) {
    const auto by_shebang = language_by_shebang(sample.head);
    // A script that starts another interpreter begins as one of the shell.
    const bool known = verdict.language != Verdict::kNone || verdict.undecided;
    const bool kin =
        known && is_of_javascript(verdict.language) && by_shebang && is_of_javascript(*by_shebang);
    if (by_shebang && !kin && !(known && is_shell(*by_shebang))) {
      verdict = {*by_shebang};
    } else if (const auto by_content = language_by_content(extension, sample.head)) {
      verdict = {*by_content};
    }
  }
  if (verdict.language == Verdict::kNone && !verdict.undecided) return verdict;
  verdict.generated = is_marked_generated(extension, sample);
  return verdict;
}

std::uint32_t judgement_version() {
  return language_table_version() * 31 + content_rules_version() * 7 + kCodeVersion;
}

}  // namespace quarry::analysis
