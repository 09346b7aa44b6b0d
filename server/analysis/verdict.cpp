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

PathVerdict judge_path(std::string_view path) {
  PathVerdict out;
  out.extension = extension_of(without_in(path));
  const bool shared = has_content_rules(out.extension);
  if (const auto id = language_by_name(path)) {
    out.verdict = {*id};
    out.by_name = true;
    out.wants_sample = shared || counts(*id);
  } else if (shared || is_contested(out.extension)) {
    const auto unmarked = language_without_marks(out.extension);
    out.verdict = unmarked ? Verdict{*unmarked} : Verdict{Verdict::kNone, false, true};
    out.wants_sample = true;
  } else if (const auto usual = language_by_extension(out.extension)) {
    out.verdict = {*usual};
    out.wants_sample = counts(*usual);
  } else {
    out.wants_sample = !is_binary_extension(out.extension);
  }
  return out;
}

Verdict judge(const PathVerdict& path, const Sample& sample) {
  Verdict verdict = path.verdict;
  if (sample.head.find('\0') != std::string_view::npos) {
    // Binary, whatever it is called.
    return {};
  }
  if (const auto by_modeline = language_by_modeline(sample)) {
    verdict = {*by_modeline};
  } else if (!path.by_name) {
    const auto by_shebang = language_by_shebang(sample.head);
    // A script that starts another interpreter begins as one of the shell.
    const bool known = verdict.language != Verdict::kNone || verdict.undecided;
    const bool kin =
        known && is_of_javascript(verdict.language) && by_shebang && is_of_javascript(*by_shebang);
    if (by_shebang && !kin && !(known && is_shell(*by_shebang))) {
      verdict = {*by_shebang};
    } else if (const auto by_content = language_by_content(path.extension, sample.head)) {
      verdict = {*by_content};
    }
  }
  if (verdict.language == Verdict::kNone && !verdict.undecided) return verdict;
  verdict.generated = is_marked_generated(path.extension, sample);
  return verdict;
}

std::uint32_t judgement_version() {
  return language_table_version() * 31 + content_rules_version() * 7 + kCodeVersion;
}

}  // namespace quarry::analysis
