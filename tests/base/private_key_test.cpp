#include "server/base/private_key.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

namespace quarry {
namespace {

const std::string kBody(64, 'M');

std::string block(const std::string& label, const std::string& body = kBody) {
  return "-----BEGIN " + label + "-----\n" + body + "\n" + body + "\n-----END " + label + "-----\n";
}

TEST_CASE("a file that begins with a private key is one, whatever wrote it") {
  const std::string keys[] = {
      block("RSA PRIVATE KEY"),
      block("PRIVATE KEY"),
      block("ENCRYPTED PRIVATE KEY"),
      block("EC PRIVATE KEY"),
      block("OPENSSH PRIVATE KEY"),
      block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + kBody),
      block("PGP PRIVATE KEY BLOCK", "Version: GnuPG v2\n\n" + kBody),
      block("PGP PRIVATE KEY BLOCK", "\n" + kBody),
      "\xEF\xBB\xBF" + block("PRIVATE KEY"),
      "\n\n# the deploy key\n" + block("PRIVATE KEY"),
      "Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n" +
          block("PRIVATE KEY"),
      block("EC PARAMETERS") + block("EC PRIVATE KEY"),
      block("CERTIFICATE") + block("CERTIFICATE") + block("PRIVATE KEY"),
      "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
      "# created: 2026-01-01\n# public key: age1xyz\nAGE-SECRET-KEY-1QQQQ\n",
      R"({"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\n)" + kBody +
          R"(\n-----END PRIVATE KEY-----\n"})",
      "{\n  \"type\" : \"service_account\",\n  \"x\": \"" + std::string(3000, 'x') +
          "\",\n  \"private_key\" :\n \"-----BEGIN RSA PRIVATE KEY-----\\n" + kBody + "\"\n}\n",
  };
  for (const std::string& key : keys) {
    INFO(key);
    CHECK(holds_private_key(key));
    std::string crlf;
    for (const char c : key) crlf.append(c == '\n' ? "\r\n" : std::string(1, c));
    CHECK(holds_private_key(crlf));
    std::string cr = key;
    std::replace(cr.begin(), cr.end(), '\n', '\r');
    CHECK(holds_private_key(cr));
    if (key.starts_with("\xEF")) continue;
    for (const bool mark : {true, false}) {
      std::string little = mark ? "\xFF\xFE" : "";
      std::string big = mark ? "\xFE\xFF" : "";
      for (const char c : key) {
        little.append({c, '\0'});
        big.append({'\0', c});
      }
      CHECK(holds_private_key(little));
      CHECK(holds_private_key(big));
    }
  }
}

TEST_CASE("ordinary text is no private key, also when it speaks of one") {
  const std::string texts[] = {
      "",
      "\n\n\n",
      block("CERTIFICATE"),
      block("PUBLIC KEY"),
      block("PGP PUBLIC KEY BLOCK"),
      block("CERTIFICATE REQUEST") + block("CERTIFICATE"),
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@host\n",
      "const key = `" + block("RSA PRIVATE KEY") + "`;\n",
      "static const char kKey[] =\n    \"-----BEGIN RSA PRIVATE KEY-----\\n\"\n",
      "# How to make a key\n\nRun openssl; the file begins with\n\n" + block("PRIVATE KEY"),
      "-----BEGIN PRIVATE KEY-----\nYOUR KEY HERE\n-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\n",
      "# a script\nset -e\n" + block("PRIVATE KEY"),
      "apiVersion: v1\nkind: Secret\n",
      R"({"private_key": "-----BEGIN PRIVATE KEY-----\nYOUR KEY HERE\n"})",
      R"({"type": "service_account", "private_key": ""})",
      R"({"private_key": )",
      "\xFF\xFE",
      std::string(5000, '#') + "\n",
      std::string(5000, '\n'),
      std::string("\0\1\2", 3),
  };
  for (const std::string& text : texts) {
    INFO(text);
    CHECK_FALSE(holds_private_key(text));
  }
}

std::string patch(const std::string& hunk) {
  return "diff --git a/k b/k\nindex 1..2 100644\n--- a/k\n+++ b/k\n" + hunk;
}

TEST_CASE("a patch shows a key when it shows a block's start and data, or only a block's inside") {
  const std::string begin = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
  const std::string other(64, 'N');
  const std::string shows[] = {
      "@@ -0,0 +1,3 @@\n+" + begin + "+" + kBody + "\n+" + kBody + "\n",
      "@@ -1,3 +1,3 @@\n " + begin + "-" + kBody + "\n+" + other + "\n",
      "@@ -2,2 +2,2 @@\n-" + kBody + "\n-" + kBody + "\n+" + other + "\n+" + other + "\n",
      "@@ -9,3 +9,3 @@\n " + kBody + "\n-" + kBody + "\n+" + other + "\n QUJD==\n" +
          " -----END OPENSSH PRIVATE KEY-----\n",
      "@@ -0,0 +1 @@\n+-----BEGIN PRIVATE KEY-----\r" + kBody + "\r" + kBody + "\r\n",
      "@@ -1 +1 @@\n-int a;\n+int b;\n@@ -8,0 +9,2 @@\n+" + begin + "+" + kBody + "\n",
  };
  for (const std::string& hunk : shows) {
    INFO(hunk);
    CHECK(patch_shows_key(patch(hunk)));
  }
  const std::string plain[] = {
      "@@ -1,2 +1,2 @@\n-int a;\n+int b;\n",
      "@@ -1,3 +1,3 @@\n -----BEGIN CERTIFICATE-----\n-" + kBody + "\n+" + other + "\n",
      "@@ -5,2 +5,2 @@\n   \"digest\": [\n-" + kBody + "\n-" + kBody + "\n+" + other + "\n",
      "@@ -5 +5 @@\n-" + kBody + "\n+" + std::string(40, 'a') + "\n",
      "@@ -1,2 +1,2 @@\n-\"-----BEGIN RSA PRIVATE KEY-----\\n\"\n+\"x\"\n",
      "@@ -1,0 +2,2 @@\n+" + begin + "+YOUR KEY HERE\n",
      "",
  };
  for (const std::string& hunk : plain) {
    INFO(hunk);
    CHECK_FALSE(patch_shows_key(patch(hunk)));
  }
}

}  // namespace
}  // namespace quarry
