// Whatever bytes arrive, a Path that parse lets through is normalised and stays beneath the root,
// and what it prints parses to the same Path.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/base/utf8.h"
#include "server/sandbox/path.h"

namespace {

using quarry::Code;
using quarry::sandbox::Path;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_normal(std::string_view text) {
  require(text.size() <= Path::kMaxBytes);
  require(text.find('\0') == std::string_view::npos);
  if (text.empty()) return;
  while (true) {
    const std::size_t slash = text.find('/');
    const std::string_view component = text.substr(0, slash);
    require(!component.empty() && component != "." && component != "..");
    require(component.size() <= Path::kMaxComponentBytes);
    if (slash == std::string_view::npos) return;
    text.remove_prefix(slash + 1);
  }
}

void check(std::string_view text, std::string_view root) {
  const auto path = Path::parse(text, root);
  if (!path) {
    const std::string& message = path.error().message;
    require(path.error().code == Code::kInvalidArgs || path.error().code == Code::kDenied);
    require(quarry::utf8::valid(message) && message.size() < 1200);
    require(message.find('\n') == std::string::npos);
    return;
  }
  require_normal(path->text());
  require(path->parent().join(Path().child(path->name())) == *path || path->is_root());
  std::string printed;
  quarry::utf8::append_escaped_name(printed, path->display());
  const auto again = Path::parse(printed, root);
  require(again && *again == *path);
  (void)path->enters_git_directory();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (const std::string_view root : {"/srv/tree", "/", "/a b\\c\n"}) {
    check(text, root);
    check(std::string(root) + "/" + std::string(text), root);
    check("file://" + std::string(text), root);
  }
  return 0;
}
