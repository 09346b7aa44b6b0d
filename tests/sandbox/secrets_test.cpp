// Files for secrets are not opened for reading, by whatever name or link, unless allowed.

#include "tests/sandbox/canary.h"

namespace quarry::sandbox {
namespace {

using test::Canary;
using test::read_text;

TEST_CASE("a file for secrets is hidden from every way of reading it") {
  Canary canary;
  canary.tree.write(".env", "TOKEN=1");
  canary.tree.write("sub/id_rsa", "key");
  canary.tree.write("plain", "text");
  canary.tree.link(".env", "innocent");
  canary.tree.link("sub", "dir");
  canary.tree.link("plain", "to_plain");
  for (const auto resolver : test::resolvers()) {
    const auto workspace = canary.open(resolver);
    INFO(test::name_of(resolver));
    for (const char* path : {".env", "sub/id_rsa", "innocent", "dir/id_rsa"}) {
      INFO(path);
      const auto text = read_text(*workspace, path);
      REQUIRE_FALSE(text);
      CHECK(text.error().code == Code::kDenied);
      CHECK_THAT(text.error().message, Catch::Contains("--allow-secrets"));
    }
    CHECK(read_text(*workspace, "to_plain").value() == "text");
    const auto sub = workspace->open_workspace(workspace->parse("sub").value()).value();
    CHECK_FALSE(read_text(*sub, "id_rsa"));
    const Dir directory = workspace->open_directory(Path()).value();
    CHECK_FALSE(directory.open_file(".env"));
    CHECK_FALSE(directory.open_dir("sub").value().open_file("id_rsa"));
    // That it is there, and how large, is no secret.
    CHECK(workspace->metadata(workspace->parse(".env").value()).value().stamp.size == 7);
    workspace->allow_secrets();
    for (const char* path : {".env", "sub/id_rsa", "innocent", "dir/id_rsa"}) {
      CHECK(read_text(*workspace, path));
    }
    CHECK(workspace->open_directory(Path()).value().open_file(".env"));
  }
}

}  // namespace
}  // namespace quarry::sandbox
