// Files for secrets are not opened for reading, by whatever name or link, unless allowed.

#include <array>

#include "server/sandbox/place.h"
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

TEST_CASE("a private key is not read under any name, from any place, by any way") {
  Canary canary;
  std::string key = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
  for (int i = 0; i < 100; ++i) key += std::string(70, 'b') + "\n";
  const std::string certificate =
      "-----BEGIN CERTIFICATE-----\n" + std::string(64, 'c') + "\n-----END CERTIFICATE-----\n";
  canary.tree.write("notes.txt", key);
  canary.tree.write("bundle", certificate + key);
  canary.tree.write("public", certificate);
  std::string wide = "\xFF\xFE";
  for (const char c : certificate + key) wide.append({c, '\0'});
  canary.tree.write("wide", wide);
  for (const auto resolver : test::resolvers()) {
    INFO(test::name_of(resolver));
    const auto workspace = canary.open(resolver);
    for (const char* name : {"notes.txt", "bundle", "wide"}) {
      INFO(name);
      const auto path = workspace->parse(name).value();
      std::string text;
      std::array<char, 16> some{};
      const Dir directory = workspace->open_directory(Path()).value();
      for (const bool by_directory : {true, false}) {
        const auto open = [&] {
          return by_directory ? directory.open_file(name) : workspace->open_file(path);
        };
        const auto all = open().value().read_all(text, 1 << 20);
        REQUIRE_FALSE(all);
        CHECK(all.error().code == Code::kDenied);
        CHECK(text.empty());
        CHECK_THAT(all.error().message, Catch::Contains("private key"));
        for (const std::int64_t offset : {0, 1, 5000}) {
          const auto part = open().value().read_at(offset, some);
          REQUIRE_FALSE(part);
          CHECK(part.error().code == Code::kDenied);
        }
      }
      // What changes files keeps the old content, whatever it is.
      CHECK(workspace->place(path).value().open_file().value().read_all(text, 1 << 20));
    }
    CHECK(read_text(*workspace, "public").value() == certificate);
    workspace->allow_secrets();
    std::array<char, 4> some{};
    CHECK(read_text(*workspace, "notes.txt").value() == key);
    CHECK(workspace->open_directory(Path()).value().open_file("bundle").value().read_at(5, some));
  }
}

}  // namespace
}  // namespace quarry::sandbox
