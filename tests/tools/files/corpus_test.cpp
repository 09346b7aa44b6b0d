// What every tool that changes text promises of every other byte: {encoding} x {byte order mark} x
// {line ends} x {final newline} x {place of the edit} x {tool}, each taken back by undo to the
// bytes and the mode that were there.

#include "server/files/encoding.h"
#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool apply_patch;
extern const Tool edit_file;
extern const Tool replace_in_files;
extern const Tool undo;
extern const Tool write_file;

namespace {

using Catch::Contains;
using quarry::test::ChangeCall;

constexpr int kLines = 7;
constexpr std::string_view kTarget = "target";  // alone on its line
constexpr std::string_view kGoal = "another goal";

struct Language {
  const char* encoding;
  const char* words;  // that the encoding has
};

constexpr Language kLanguages[] = {
    {"utf-8", "na\u00EFve \u65E5\u672C"},
    {"utf-16le", "na\u00EFve \u65E5\u672C"},
    {"utf-16be", "na\u00EFve \U0001F600"},
    {"iso-8859-1", "d\u00E9j\u00E0 vu"},
    {"windows-1252", "\u201Cquoted\u201D \u20AC"},
    {"windows-1251", "\u043F\u0440\u0438\u0432\u0435\u0442"},
    {"koi8-r", "\u043F\u0440\u0438\u0432\u0435\u0442"},
    {"gbk", "\u4F60\u597D\u4E16\u754C"},
    {"shift_jis", "\u65E5\u672C\u8A9E \u8868\uFF71"},
    {"euc-jp", "\u65E5\u672C\u8A9E"},
    {"euc-kr", "\uC548\uB155"},
};

// To a patch, as to git, a carriage return in a file that has line feeds is a character like any
// other, so the target's own line stands between line feeds.
const std::vector<std::vector<std::string>> kEnds = {
    {"\n"}, {"\r\n"}, {"\r"}, {"\r\n", "\r", "\n"}};

// One file of the corpus.
struct Text {
  const Language* language;
  files::Charset charset;
  std::string mark;  // "" or the encoding's
  std::vector<std::string> ends;
  bool closed = false;  // its last line has an end
  int at = 0;           // the line with the target

  std::string end_of(int line) const {
    return line < kLines - 1 || closed ? ends[static_cast<std::size_t>(line) % ends.size()] : "";
  }
  // The bytes with `line` where the target is.
  std::string with(std::string_view line) const {
    std::string text;
    for (int i = 0; i < kLines; ++i) {
      text += i == at ? std::string(line) : language->words + std::to_string(i);
      text += end_of(i);
    }
    return mark + files::encode(text, charset).value();
  }
  std::string name() const {
    return fmt::format("{}{}, {} kinds of line ends from 0x{:02x}{}, line {}", language->encoding,
                       mark.empty() ? "" : " marked", ends.size(), ends.front()[0],
                       closed ? ", closed" : "", at);
  }
};

void for_each_text(const Language& language, const std::function<void(const Text&)>& body) {
  const files::Charset charset = files::find_charset(language.encoding).value();
  for (const bool marked : {false, true}) {
    const std::string mark(files::Charset(*charset.row, marked, charset.found).bom());
    if (marked && mark.empty()) continue;
    for (const auto& ends : kEnds) {
      for (const bool closed : {true, false}) {
        for (const int at : {0, kLines / 2, kLines - 1}) {
          body({.language = &language,
                .charset = charset,
                .mark = mark,
                .ends = ends,
                .closed = closed,
                .at = at});
        }
      }
    }
  }
}

std::string object(std::initializer_list<std::pair<const char*, std::string>> members) {
  std::string text = "{";
  for (const auto& [name, value] : members) {
    if (text.size() > 1) text += ',';
    text += fmt::format("\"{}\":", name);
    quarry::json::append_string(text, value);
  }
  return text + "}";
}

// A tool, what it is asked, and what it must make of the file.
struct Writer {
  const Tool& tool;
  std::string (*arguments)(const Text&);
  std::string (*want)(const Text&);
};

std::string with_goal(const Text& text) {
  return text.with(kGoal);
}

const Writer kEdit = {edit_file,
                      [](const Text& text) {
                        return object({{"path", "f"},
                                       {"old_string", std::string(kTarget)},
                                       {"new_string", text.language->words},
                                       {"encoding", text.language->encoding}});
                      },
                      [](const Text& text) { return text.with(text.language->words); }};

const Writer kAppend = {write_file,
                        [](const Text& text) {
                          return object({{"path", "f"},
                                         {"content", std::string(text.language->words) + "\n"},
                                         {"append", "true"},
                                         {"encoding", text.language->encoding}});
                        },
                        [](const Text& text) {
                          // One kind of line ends is kept; a mixed file has no kind.
                          const std::string end = text.ends.size() == 1 ? text.ends.front() : "\n";
                          return text.with(kTarget) +
                                 files::encode(text.language->words + end, text.charset).value();
                        }};

const Writer kReplace = {replace_in_files,
                         [](const Text&) {
                           return object({{"pattern", std::string(kTarget)},
                                          {"replacement", std::string(kGoal)},
                                          {"path", "f"},
                                          {"dry_run", "false"},
                                          {"expected_count", "1"}});
                         },
                         with_goal};

const Writer kUnified = {
    apply_patch,
    [](const Text& text) {
      const char* open = text.end_of(text.at).empty() ? "\\ No newline at end of file\n" : "";
      return object({{"patch", fmt::format("--- a/f\n+++ b/f\n@@ -{0} +{0} @@\n-{1}\n{2}+{3}\n{2}",
                                           text.at + 1, kTarget, open, kGoal)}});
    },
    with_goal};

const Writer kV4a = {
    apply_patch,
    [](const Text&) {
      return object({{"patch", fmt::format("*** Begin Patch\n*** Update File: f\n@@\n-{}\n+{}\n"
                                           "*** End Patch\n",
                                           kTarget, kGoal)}});
    },
    with_goal};

void check(ChangeCall& call, const Writer& writer, const Text& text) {
  INFO(text.name());
  const std::string before = text.with(kTarget);
  const auto mode = std::filesystem::perms(text.closed ? 0640 : 0751);
  call.files.write("f", before);
  std::filesystem::permissions(call.files.path("f"), mode);
  const auto mode_now = [&] { return std::filesystem::status(call.files.path("f")).permissions(); };
  const std::string answer = call(writer.tool, writer.arguments(text));
  INFO(answer);
  CHECK(call.files.read("f") == writer.want(text));
  CHECK(mode_now() == mode);
  CHECK_THAT(call(undo, "{}"), Contains("put back as it was"));
  CHECK(call.files.read("f") == before);
  CHECK(mode_now() == mode);
}

void check_corpus(const Writer& writer) {
  for (const Language& language : kLanguages) {
    ChangeCall call({});
    int done = 0;
    for_each_text(language, [&](const Text& text) {
      check(call, writer, text);
      ++done;
    });
    CHECK(done >= 4 * 2 * 3);
  }
}

TEST_CASE("edit_file keeps every other byte, in every encoding, and undo gives back them all") {
  check_corpus(kEdit);
}

TEST_CASE("write_file appends in the encoding and line ends of the file, and undo gives it back") {
  check_corpus(kAppend);
}

TEST_CASE("replace_in_files keeps every other byte, in every encoding, and undo gives back all") {
  check_corpus(kReplace);
}

TEST_CASE("apply_patch keeps every other byte, in every encoding, and undo gives back them all") {
  check_corpus(kUnified);
}

TEST_CASE("apply_patch keeps every other byte with V4A, and undo gives back them all") {
  check_corpus(kV4a);
}

}  // namespace
}  // namespace quarry::tools
