#include <filesystem>
#include <random>

#include <catch2/catch.hpp>

#include "server/analysis/project/redact.h"
#include "server/analysis/project/variables.h"
#include "server/git/client.h"
#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"
#include "server/store/store.h"
#include "tests/support/temp_workspace.h"
#include "tests/support/tool_call.h"

namespace quarry::tools {
extern const Tool analyze_repository;
namespace {

using analysis::project::kind_of_variable;
using analysis::project::may_show;
using analysis::project::redacted;
using analysis::project::VariableKind;

// Values that no answer may hold, each of them once.
class Secrets {
 public:
  // What somebody would type: no form tells it.
  std::string word() { return keep("Raw" + random(9)); }
  std::string token(std::string_view begin, std::size_t length) {
    return keep(std::string(begin) + random(length));
  }
  const std::vector<std::string>& all() const { return all_; }

 private:
  std::string random(std::size_t length) {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += kLetters[random_() % kLetters.size()];
    return text;
  }
  std::string keep(std::string secret) {
    all_.push_back(secret);
    return secret;
  }
  std::mt19937 random_{7};  // NOLINT: the same on every run
  std::vector<std::string> all_;
};

std::map<std::string, std::string> tree_with(Secrets& s) {
  std::map<std::string, std::string> tree;
  tree[".env.example"] =
      "STRIPE_KEY=" + s.token("sk_live_", 24) + "\nSTRIPE_KEY2=" + s.token("sk_live_", 4) +
      "\nGITHUB=" + s.token("ghp_", 36) + "\nAWS_ID=" + s.token("AKIA", 16) +
      "\nDbConn=Server=db;User Id=sa;Password=" + s.word() + ";\nSESSIONKEY=" + s.word() +
      "\nJWT=" + s.token("eyJ", 30) + "." + s.token("eyJ", 30) +
      "\nWEBHOOK=https://hooks.slack.com/services/T0/B0/" + s.token("", 24) +
      "\nNOTIFY=https://hooks.slack.com/services/T0/B0/" + s.token("", 24) +
      "\nCOOKIE=" + s.word() + "\nexport PLAIN_NAME=\"" + s.word() +
      "\"\nDATABASE_URL=postgres://u:" + s.word() + "@db/x\nHARMLESS=redis://:" + s.word() +
      "@cache:6379\nOTHER=" + s.token("", 40) + "\nSENTRY=https://" + s.token("", 32) +
      "@o1.ingest.sentry.io/1\nKEYTEXT=\"-----BEGIN RSA " + "PRIVATE KEY-----\n" +
      s.token("MIIE", 50) + "==\n" + s.token("", 40) + "=\n-----END\"\n";
  tree["docker-compose.yml"] =
      "services:\n  web:\n    build: .\n    command: serve --password " + s.word() +
      "\n    environment:\n      SOME_KEY: " + s.word() + "\n      OAUTH_CLIENT: " + s.word() +
      "\n      MODE: ${MODE:-" + s.word() + "}\n  job:\n    build: .\n    environment:\n" +
      "      - PGPASSWORD=" + s.word() + "\n      - NAME=" + s.word() + "\n";
  tree["Dockerfile"] = "FROM node:20\nARG TOKEN=" + s.word() + "\nENV A=\"x " + s.word() +
                       " y\" B=" + s.token("ghs_", 30) + "\nENV LEGACY " + s.word() + " and " +
                       s.word() + "\nENTRYPOINT [\"node\", \"a.js\", \"--api-key\", \"" + s.word() +
                       "\"]\nCMD [\"--password=" + s.word() + "\"]\n";
  tree["Procfile"] = "web: SECRET=" + s.word() + " OTHER=" + s.word() +
                     " node a.js --db mysql://r:" + s.word() + "@h/d\nworker: node w.js\n";
  tree["package.json"] =
      R"({"name": "a", "scripts": {"build": "cross-env API=)" + s.word() +
      R"( webpack", "test": "curl -u me:)" + s.word() + " -H 'Authorization: Bearer " + s.word() +
      R"(' x && jest", "start": "mysql -p)" + s.word() + " && node a.js --token '" + s.word() +
      R"('", "dev": "node a.js '{\"password\": \")" + s.word() +
      R"(\"}'"}, "dependencies": {"p": "git+https://me:)" + s.token("ghp_", 36) +
      R"(@github.com/o/p.git", "q": "https://example.com/q.tgz?token=)" + s.word() + R"("}})";
  tree["package-lock.json"] =
      R"({"lockfileVersion": 3, "packages": {"node_modules/p": {"version": "git+ssh://x:)" +
      s.word() + R"(@h/p.git"}}})";
  tree["a.js"] = "const x = process.env.NAME;\nrequire('http').createServer().listen(3000);\n";
  tree["requirements.txt"] = "lib @ https://u:" + s.word() + "@h/lib.whl\nother==1.0\n";
  tree["src/main/resources/application.properties"] =
      "spring.datasource.url=jdbc:mysql://h/d?user=x&password=" + s.word() +
      "\na=${MYVAL:" + s.word() + "}\nserver.port=${PORT:8080}\n";
  tree["k8s/all.yaml"] =
      "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n"
      "        - name: a\n          image: me/a\n          env:\n            - name: GREETING\n"
      "              value: " +
      s.word() + "\n";
  tree[".github/workflows/ci.yml"] = "jobs:\n  a:\n    steps:\n      - run: npm test -- --token " +
                                     s.word() + "\n      - run: make check PASSWORD=" + s.word() +
                                     "\n";
  tree["main.tf"] = "variable \"db_admin\" {\n  default = \"" + s.word() + "\"\n}\n";
  tree["Gemfile"] = "gem 'x', git: 'https://u:" + s.word() + "@h/x.git'\n";
  tree["pyproject.toml"] =
      "[project]\nname = \"p\"\ndependencies = [\"z @ git+https://" + s.token("ghp_", 36) +
      "@github.com/o/z\"]\n[tool.poe.tasks]\ntest = \"TOKEN=" + s.word() + " pytest\"\n";
  tree["app.json"] = "{\"password\": \"" + s.word() + "\"";
  tree["composer.json"] = "{\"name\": \"a/b\", \"scripts\": {\"test\": \"X=" + s.word() + " x\"} " +
                          s.word();  // ill-formed: what a parser says of it is shown
  return tree;
}

TEST_CASE("analyze_repository shows no secret, in whatever file it stands") {
  Secrets secrets;
  const test::TempWorkspace tree(tree_with(secrets));
  tree.run({"git", "init", "-q", "-b", "main"});
  tree.run({"git", "add", "."});
  tree.run({"git", "commit", "-q", "-m", "rotate " + secrets.token("ghp_", 36)});
  tree.run({"git", "remote", "add", "origin", "https://u:" + secrets.word() + "@h/x.git"});

  const SystemClock clock;
  const auto workspace = std::move(*sandbox::Workspace::open(tree.root()));
  git::GitClient git(workspace->root(),
                     std::filesystem::read_symlink("/proc/self/exe").parent_path() / "quarry-git",
                     clock);
  const auto store = store::Store::in_memory();
  pool::Pool pool{{.workers = 0}};
  for (const bool again : {false, true}) {  // as it is read, and as it is remembered
    const test::ToolAnswer answer =
        test::call_tool(analyze_repository, R"({"sections":["all"]})",
                        {.files = *workspace,
                         .git = git,
                         .store = *store,
                         .pool = pool,
                         .clock = &clock,
                         .max_tokens = 24000,
                         .deadline_ns = clock.steady_ns() + 30'000'000'000});
    REQUIRE(answer.error.empty());
    INFO(again << answer.output.text << "\n" << answer.output.structured);
    CHECK(answer.output.text.find("***") != std::string::npos);
    CHECK(answer.output.text.find("MODE") != std::string::npos);
    for (const std::string& secret : secrets.all()) {
      INFO(secret);
      CHECK(answer.output.text.find(secret) == std::string::npos);
      CHECK(answer.output.structured.find(secret) == std::string::npos);
    }
  }
}

TEST_CASE("redacted takes out what opens something and leaves everything else") {
  struct Row {
    std::string_view text, want;
  };
  for (const auto& [text, want] : std::initializer_list<Row>{
           {"npm run build", "npm run build"},
           {"^1.2.3 || ~2", "^1.2.3 || ~2"},
           {"NODE_ENV=production PORT=8080 node a.js", "NODE_ENV=production PORT=8080 node a.js"},
           {"SECRET=abc node a.js", "SECRET=*** node a.js"},
           {"FOO=hunter2 BAR=true x", "FOO=*** BAR=true x"},
           {"x && FOO='a b' y", "x && FOO='***' y"},
           {"PASSWORD=$PASS x", "PASSWORD=$PASS x"},
           {"PASSWORD=${PASS} x", "PASSWORD=${PASS} x"},
           {"PASSWORD=${PASS:-abc} x", "PASSWORD=*** x"},
           {"node a.js --password=abc --port=80", "node a.js --password=*** --port=80"},
           {"node a.js --token abc -v", "node a.js --token *** -v"},
           {"node a.js --no-auth server.js", "node a.js --no-auth server.js"},
           {"uvicorn a:app --ssl-keyfile k.pem", "uvicorn a:app --ssl-keyfile k.pem"},
           {"curl -u me:pw https://h", "curl -u *** https://h"},
           {"git+https://u:t@h/x.git#v1", "git+https://***@h/x.git#v1"},
           {"git+ssh://git@h/x.git", "git+ssh://git@h/x.git"},
           {"https://h/x?a=1&token=t&b=2", "https://h/x?a=1&token=***&b=2"},
           {"https://h/@scope/x", "https://h/@scope/x"},
           {"Server=db;User Id=sa;Password=x y;", "Server=db;User Id=sa;Password=*** y;"},
           {"echo ghp_0123456789abcdefghij", "echo ***"},
           {"github:o/r#0123456789abcdef0123456789abcdef01234567",
            "github:o/r#0123456789abcdef0123456789abcdef01234567"},
           {"cmake -DKEYWORDS=x -B build", "cmake -DKEYWORDS=x -B build"},
       }) {
    INFO(text);
    const std::string got = redacted(text);
    CHECK(got == want);
    CHECK(redacted(got) == got);
  }
}

TEST_CASE("a default is shown when its form says that it is no secret") {
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"PORT", "8080"},
           {"DEBUG", "true"},
           {"TIMEOUT", "30s"},
           {"HOST", "0.0.0.0"},
           {"DB_HOST", "db"},
           {"NODE_ENV", "production"},
           {"DB_CONNECTION", "mysql"},
           {"LOG", "/var/log/app.log"},
           {"CACHE", "cache:6379"},
           {"API", "http://localhost:80/api"},
           {"SITE", "www.example.com"},
           {"LEVEL", "INFO"},
           {"RATIO", "0.5"},
           {"ANY", ""}}) {
    INFO(name << "=" << value);
    CHECK(may_show(name, value));
  }
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"ANY", "hunter2"},
                                                                  {"ANY", "RAWDEFAULT"},
                                                                  {"STRIPE_KEY", "1"},
                                                                  {"PIN", "1234"},
                                                                  {"ANY", "AKIAIOSFODNN7EXAMPLE"},
                                                                  {"ANY", "a=b;pwd=c"},
                                                                  {"ANY", "http://u:p@h"},
                                                                  {"ANY", "1234567890123456"},
                                                                  {"ANY", "${X:-y}"},
                                                                  {"DB_HOST", "ab12cd34ef56gh78"},
                                                                  {"ANY", "/aB3/x9K/dQ2w8E7r6"},
                                                                  {"CONN", "db"},
                                                                  {"ANY", "https://h/a/b?c=d"}}) {
    INFO(name << "=" << value);
    CHECK_FALSE(may_show(name, value));
  }
  for (const std::string_view secret :
       {"API_KEY", "apiKey", "Key", "SESSIONKEY", "KEY2", "PGPASSWORD", "JWT", "COOKIE", "DbConn",
        "SLACK_HOOK", "WEBHOOK_URL", "PRIVATE_KEY", "ConnectionStrings.Default", "db-password"}) {
    INFO(secret);
    CHECK(kind_of_variable(secret) == VariableKind::kSecret);
  }
  for (const std::string_view open :
       {"PUBLIC_KEY", "AUTHOR", "KEYBOARD", "PORT", "DB_HOST", "NODE_ENV", "CONNECTIONS"}) {
    INFO(open);
    CHECK(kind_of_variable(open) != VariableKind::kSecret);
  }
}

}  // namespace
}  // namespace quarry::tools
