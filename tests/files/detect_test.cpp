#include "server/files/detect.h"

#include <vector>

#include <catch2/catch.hpp>

#include "server/files/encoding.h"

namespace quarry::files {
namespace {

using namespace std::literals;

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

constexpr std::string_view kFrench =
    "La fenêtre était déjà ouverte sur la forêt; où êtes-vous allés, demanda-t-il à sa mère.\n";
constexpr std::string_view kGerman =
    "/* Die Größe der Übertragung muß geprüft werden, bevor sie länger wird. */\n";
constexpr std::string_view kRussian =
    "// Этот файл описывает настройки сервера, и менять его нужно осторожно.\n"
    "Если сервер не отвечает, проверьте, что порт открыт и программа запущена.\n";
constexpr std::string_view kChinese =
    "# 这个文件说明如何安装和运行服务器，请先阅读再修改。\n如果服务器没有回答，请检查端口。\n";
constexpr std::string_view kTaiwanese =
    "# 這個檔案說明如何安裝和執行伺服器，請先閱讀再修改。\n如果伺服器沒有回應，請檢查連接埠。\n";
constexpr std::string_view kJapanese =
    "// このファイルはサーバーの設定を説明しています。変更する前に読んでください。\n";
constexpr std::string_view kKorean =
    "// 이 파일은 서버의 설정을 설명합니다. 변경하기 전에 먼저 읽어 주십시오.\n";

TEST_CASE("the charset of a realistic text is found") {
  struct Row {
    const char* charset;
    std::string_view text;
    const char* want;
  };
  const Row rows[] = {
      {"utf-8", kFrench, "utf-8"},
      {"iso-8859-1", kFrench, "iso-8859-1"},
      {"iso-8859-1", kGerman, "iso-8859-1"},
      {"windows-1252", "“smart quotes” and an em dash — in a comment, and a café…\n",
       "windows-1252"},
      {"windows-1251", kRussian, "windows-1251"},
      {"koi8-r", kRussian, "koi8-r"},
      {"gbk", kChinese, "gbk"},
      {"big5", kTaiwanese, "big5"},
      {"shift_jis", kJapanese, "shift_jis"},
      {"euc-jp", kJapanese, "euc-jp"},
      {"euc-kr", kKorean, "euc-kr"},
      {"utf-16le", kFrench, "utf-16le"},
      {"utf-16be", kFrench, "utf-16be"},
      {"utf-16le", kRussian, "utf-16le"},
      {"utf-16be", kRussian, "utf-16be"},
      {"utf-16le", kChinese, "utf-16le"},
      {"utf-16be", kJapanese, "utf-16be"},
      {"utf-16le", kKorean, "utf-16le"},
  };
  for (const Row& row : rows) {
    const auto charset = find_charset(row.charset);
    REQUIRE(charset);
    for (const int times : {1, 20}) {
      INFO(row.charset << " x " << times << ": " << row.text);
      const std::string text = "int main(void) { return 0; }\n" + repeated(row.text, times);
      const auto raw = encode(text, *charset);
      REQUIRE(raw);
      CHECK(detect_charset(*raw).name() == row.want);
      const auto decoded = decode(*raw);
      REQUIRE(decoded);
      CHECK(decoded->text == text);
    }
  }
}

TEST_CASE("bytes that are no utf-16 are not taken for it") {
  std::string numbers;
  for (int i = 0; i < 500; ++i) numbers += {static_cast<char>(i), static_cast<char>(i / 256), 0, 0};
  const std::pair<const char*, std::string> rows[] = {
      {"nothing", ""},
      {"plain text", "two words\n"},
      {"names apart by NUL", repeated("src/main.c\0README.md\0"s, 10)},
      {"short names apart by NUL", "abc\0def\0"s},
      {"numbers of four bytes", numbers},
      {"zeros", std::string(64, '\0')},
      {"a few odd bytes", "\0\x01\x02\xFF"s},
      {"odd length", "a\0b\0c"s},
  };
  for (const auto& [name, raw] : rows) {
    INFO(name);
    CHECK_FALSE(find_utf16(raw));
  }
}

TEST_CASE("few bad bytes among good ones are damage, not another charset") {
  CHECK(detect_charset("\xC3\xBC\xC3\xB6 \xE9").name() == "utf-8");
  CHECK(detect_charset("caf\xE9").name() == "iso-8859-1");
  CHECK(detect_charset("\x93quoted\x94").name() == "windows-1252");
  CHECK(detect_charset("\x81\x8D").name() == "iso-8859-1");
}

}  // namespace
}  // namespace quarry::files
