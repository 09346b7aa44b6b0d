#include "server/base/secret_names.h"

#include <catch2/catch.hpp>

namespace quarry {
namespace {

TEST_CASE("names of files for secrets are known, and those that are made to be shared are not") {
  for (const char* name : {".env",
                           "a/b/.env",
                           ".ENV",
                           ".env.local",
                           ".env.production",
                           "prod.env",
                           "id_rsa",
                           "keys/id_ed25519",
                           "server.pem",
                           "SERVER.KEY",
                           "store.jks",
                           ".netrc",
                           ".git-credentials",
                           ".envrc",
                           ".env~",
                           ".env-local",
                           ".env_prod",
                           ".env.local~",
                           "id_rsa~",
                           "server.pem~",
                           ".env-example.local"}) {
    INFO(name);
    CHECK(names_secret(name));
  }
  for (const char* name :
       {"", "/", ".env/", ".env.example", ".env.sample", ".env-example", ".env_sample",
        ".env.example~", "id_rsa.pub", ".environment", "~", "env", "environment.ts", "key",
        "keys.c", "pem.go", "monkey", "a.env.md", ".env.d.ts.example"}) {
    INFO(name);
    CHECK_FALSE(names_secret(name));
  }
  CHECK_FALSE(names_secret(std::string(300, 'a') + ".key"));
}

}  // namespace
}  // namespace quarry
