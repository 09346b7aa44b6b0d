// Any bytes as a manifest: the first line is its path, the rest its content.
//
// Checked: the parsers of every form keep to their bounds and name lines that are there; tokens lie
// in the text; the facts of the path's reader and of its language come out the same twice, and
// survive being kept.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/analysis/ecosystem/stored_facts.h"
#include "server/analysis/languages.h"
#include "server/analysis/manifest/tokens.h"
#include "tests/fuzz/check.h"

namespace quarry::analysis {
namespace {

struct Bounds {
  std::size_t values = 0;
  std::size_t lines = 0;
};

void check_value(const manifest::Value& value, std::size_t depth, Bounds& bounds) {
  FUZZ_CHECK(depth <= manifest::kMaxDepth + 2);
  FUZZ_CHECK(value.line <= bounds.lines + 1);
  // Values that aliases repeat are counted when they are named as well.
  FUZZ_CHECK(++bounds.values <= 2 * manifest::kMaxValues);
  for (const manifest::Value& item : value.items) check_value(item, depth + 1, bounds);
}

void check_forms(std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  for (const auto parse : {manifest::parse_json, manifest::parse_toml, manifest::parse_yaml,
                           manifest::parse_xml, manifest::parse_ini}) {
    const manifest::Parsed parsed = parse(text);
    Bounds bounds{0, lines};
    check_value(parsed.root, 0, bounds);
    if (parsed.problem) FUZZ_CHECK(!parsed.problem->message.empty());
  }
}

void check_tokens(std::string_view text) {
  using namespace manifest;
  for (const Syntax& syntax : {kCurly, kHcl, kRuby, kPython, kCmake, kLisp, kLua, kErlang}) {
    const std::vector<Token> all = tokens(text, syntax);
    for (const Token& one : all) {
      if (one.text.empty()) continue;
      FUZZ_CHECK(one.text.data() >= text.data());
      FUZZ_CHECK(one.text.data() + one.text.size() <= text.data() + text.size());
    }
    for (const Statement& one : statements(all)) {
      FUZZ_CHECK(one.first <= one.last && one.last <= all.size());
    }
  }
}

void check_facts(std::string_view path, std::string_view text) {
  if (const ecosystem::Reader* reader = ecosystem::find_reader(path)) {
    const std::string kept = ecosystem::encode(ecosystem::read(*reader, {path, text}));
    FUZZ_CHECK(kept == ecosystem::encode(ecosystem::read(*reader, {path, text})));
    const auto again = ecosystem::decode_facts(kept);
    FUZZ_CHECK(again.has_value());
    FUZZ_CHECK(ecosystem::encode(*again) == kept);
  }
  if (const auto language = language_by_path(path)) {
    const auto facts = project::source_facts(language_name(*language), text);
    const auto again = ecosystem::decode_source_facts(ecosystem::encode(facts));
    FUZZ_CHECK(again.has_value());
    FUZZ_CHECK(ecosystem::encode(*again) == ecosystem::encode(facts));
  }
}

}  // namespace
}  // namespace quarry::analysis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const std::size_t cut = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(std::min(cut + 1, input.size()));
  quarry::analysis::check_forms(text);
  quarry::analysis::check_tokens(text);
  // What is kept without a reader says nothing; damaged bytes are refused, never believed half.
  (void)quarry::analysis::ecosystem::decode_facts(input);
  (void)quarry::analysis::ecosystem::decode_source_facts(input);
  quarry::analysis::check_facts(input.substr(0, cut), text);
  return 0;
}
