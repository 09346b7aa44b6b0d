// Any JSON as the arguments of a tool with every type of field: bound within its rules, or refused
// with a message fit for the wire.

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/utf8.h"
#include "server/json/document.h"
#include "server/json/fields.h"
#include "server/json/writer.h"
#include "tests/fuzz/check.h"

namespace quarry {
namespace {

enum class Mode { kAuto, kText };

struct Args {
  std::string_view path;
  std::int64_t limit = 10;
  std::optional<std::int64_t> line;
  std::optional<bool> deep;
  Mode mode = Mode::kAuto;
  std::vector<std::string_view> globs;
  json::Value any;
};

}  // namespace

template <>
inline constexpr std::array json::enum_names<Mode> = {std::string_view("auto"),
                                                      std::string_view("text")};

namespace {

constexpr auto kFields = json::fields(
    json::field<&Args::path>("path").synonyms("file_path", "file"),
    json::field<&Args::limit>("limit").range(1, 100).optional(), json::field<&Args::line>("line"),
    json::field<&Args::deep>("deep"), json::field<&Args::mode>("mode").optional(),
    json::field<&Args::globs>("globs").optional(), json::field<&Args::any>("any").optional());

void check(std::string_view text) {
  json::Parser parser;
  json::Document document;
  if (!document.parse_copy(parser, text)) return;
  Args args{};
  const auto bound = json::bind(kFields, document.root(), args);
  if (bound) {
    FUZZ_CHECK(document.root().is(json::Type::kObject));
    FUZZ_CHECK(args.path.find('\0') == std::string_view::npos);
    FUZZ_CHECK(args.limit >= 1 && args.limit <= 100);
    FUZZ_CHECK(args.mode == Mode::kAuto || args.mode == Mode::kText);
    for (const std::string_view glob : args.globs)
      FUZZ_CHECK(glob.find('\0') == std::string_view::npos && utf8::valid(glob));
    return;
  }
  const std::string& message = bound.error().message;
  FUZZ_CHECK(bound.error().code == Code::kInvalidArgs);
  FUZZ_CHECK(!message.empty() && message.size() < 1000);
  FUZZ_CHECK(message.find('\n') == std::string::npos && utf8::valid(message));
  std::string out;
  json::append_string(out, message);
  FUZZ_CHECK(document.parse_copy(parser, out));
  FUZZ_CHECK(document.root().string() == message);
}

}  // namespace
}  // namespace quarry

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  quarry::check({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
