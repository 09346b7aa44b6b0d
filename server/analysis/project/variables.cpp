#include "server/analysis/project/variables.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "server/analysis/manifest/text.h"
#include "server/analysis/project/redact.h"

namespace quarry::analysis::project {
namespace {

constexpr auto kSecretWords = std::to_array<std::string_view>(
    {"PASSWORD", "PASSWD", "PASS",       "PWD",   "PW",   "SECRET", "SECRETS", "TOKEN",
     "TOKENS",   "JWT",    "CREDENTIAL", "CREDS", "AUTH", "DSN",    "SALT",    "CREDENTIALS",
     "APIKEY",   "SID",    "CERT",       "KEY",   "KEYS", "COOKIE", "HOOK",    "WEBHOOK",
     "PEM",      "BEARER", "SIGNATURE",  "OTP",   "PIN",  "CONN",   "CONNSTR", "PASSPHRASE"});
// Also at the end of a word: PGPASSWORD, SESSIONKEY.
constexpr auto kSecretEnds = std::to_array<std::string_view>(
    {"PASSWORD", "PASSWD", "PASS", "SECRET", "TOKEN", "KEY", "WEBHOOK", "PASSPHRASE"});
// A KEY with one of these before it opens nothing.
constexpr auto kOpenKeys = std::to_array<std::string_view>({"PUBLIC", "PUB", "PRIMARY", "FOREIGN"});
constexpr auto kDatabaseWords = std::to_array<std::string_view>(
    {"DB", "DATABASE", "POSTGRES", "POSTGRESQL", "PG", "PGADMIN", "MYSQL", "MONGO", "MONGODB",
     "REDIS", "MSSQL", "SQLITE", "MARIADB", "JDBC"});
// Before PORT: of something that the program connects to, or that is beside what it is for.
constexpr auto kReachedWords = std::to_array<std::string_view>(
    {"SMTP",       "IMAP",      "POP3",     "MAIL",         "EMAIL",     "FTP",        "SFTP",
     "SSH",        "LDAP",      "DNS",      "SERVICE",      "PROXY",     "REMOTE",     "UPSTREAM",
     "TARGET",     "CLIENT",    "PEER",     "BROKER",       "QUEUE",     "CACHE",      "KAFKA",
     "RABBIT",     "RABBITMQ",  "AMQP",     "NATS",         "MQTT",      "MEMCACHE",   "MEMCACHED",
     "ES",         "ELASTIC",   "SOLR",     "OPENSEARCH",   "CASSANDRA", "CLICKHOUSE", "NEO4J",
     "COUCHDB",    "CONSUL",    "VAULT",    "ETCD",         "ZOOKEEPER", "INFLUX",     "INFLUXDB",
     "ORACLE",     "MINIO",     "QDRANT",   "MILVUS",       "WEAVIATE",  "CHROMA",     "OLLAMA",
     "STATSD",     "SYSLOG",    "GRAPHITE", "JAEGER",       "ZIPKIN",    "OTEL",       "OTLP",
     "PROMETHEUS", "METRICS",   "DEBUG",    "HMR",          "TEST",      "SELENIUM",   "TEMPORAL",
     "LIVERELOAD", "INSPECTOR", "VALKEY",   "ELASTICSEARCH"});
constexpr auto kAddressWords = std::to_array<std::string_view>(
    {"HOST", "HOSTNAME", "HOSTS", "ADDR", "ADDRESS", "DOMAIN", "SERVER", "URL", "URI", "ENDPOINT",
     "BIND", "LISTEN", "ORIGIN", "ORIGINS"});

// Words that many programs take for an answer. A word outside of them may be anybody's password.
constexpr auto kKnownWords = std::to_array<std::string_view>(
    {"active",     "all",         "any",        "array",     "async",      "auto",     "bigquery",
     "bunyan",     "cassandra",   "cli",        "cloud",     "cluster",    "cookie",   "critical",
     "daily",      "database",    "debug",      "default",   "demo",       "dev",      "develop",
     "developer",  "development", "disable",    "disabled",  "docker",     "dynamodb", "enable",
     "enabled",    "error",       "errorlog",   "example",   "false",      "fatal",    "file",
     "gcs",        "gzip",        "host",       "http",      "https",      "info",     "inmemory",
     "json",       "kafka",       "kubernetes", "lax",       "live",       "local",    "log",
     "mailgun",    "mailhog",     "mailpit",    "main",      "mariadb",    "master",   "memcached",
     "memory",     "minio",       "mongo",      "mongodb",   "mssql",      "mysql",    "mysql2",
     "nats",       "never",       "no",         "node",      "none",       "notice",   "null",
     "off",        "on",          "oracle",     "pgsql",     "plain",      "postgres", "postgresql",
     "postmark",   "preview",     "private",    "prod",      "production", "public",   "rabbitmq",
     "redis",      "reject",      "release",    "require",   "required",   "s3",       "sandbox",
     "sendgrid",   "sendmail",    "ses",        "session",   "silent",     "single",   "smtp",
     "sqlite",     "sqlite3",     "sqlserver",  "ssl",       "stack",      "stage",    "staging",
     "standalone", "stderr",      "stdout",     "strict",    "string",     "sync",     "syslog",
     "tcp",        "test",        "testing",    "text",      "tls",        "trace",    "true",
     "tsv",        "udp",         "unset",      "us-east-1", "utc",        "utf-8",    "utf8",
     "verbose",    "verify-full", "warn",       "warning",   "web",        "worker",   "yaml",
     "yes"});
static_assert(std::ranges::is_sorted(kKnownWords));

template <class List>
bool is_among(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

// "DbConn" and "db-conn" as DB_CONN.
std::string in_words(std::string_view name) {
  std::string words;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool begins = is_upper(c) && i > 0 &&
                        (is_lower(name[i - 1]) ||
                         (i + 1 < name.size() && is_upper(name[i - 1]) && is_lower(name[i + 1])));
    if (begins) words.push_back('_');
    const bool apart = c == '-' || c == '.' || c == ':' || c == '/';
    words.push_back(apart ? '_' : is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return words;
}

bool is_secret_word(std::string_view word) {
  if (is_among(kSecretWords, word)) return true;
  while (!word.empty() && manifest::is_digit(word.back())) word.remove_suffix(1);  // KEY2
  return is_among(kSecretWords, word) ||
         std::ranges::any_of(kSecretEnds,
                             [&](std::string_view end) { return word.ends_with(end); });
}

// "5432", "1.5", "30s", "10mb", "1.2.3", "50%".
bool is_number_value(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  std::size_t digits = 0;
  std::size_t i = 0;
  for (; i < text.size() && (manifest::is_digit(text[i]) || text[i] == '.'); ++i) {
    digits += manifest::is_digit(text[i]) ? 1 : 0;
  }
  const std::string_view unit = text.substr(i);
  return digits > 0 && digits <= 10 && unit.size() <= 3 &&
         std::ranges::all_of(unit, [](char c) { return is_lower(c) || is_upper(c) || c == '%'; });
}

// A part of a path or a host that somebody wrote to be read: letters, and digits only at its end.
bool is_readable(std::string_view part) {
  if (part.size() > 32) return false;
  int turns = 0;
  for (std::size_t i = 1; i < part.size(); ++i) {
    const auto kind = [](char c) { return manifest::is_digit(c) ? 2 : is_upper(c) ? 1 : 0; };
    const bool joins = part[i] == '-' || part[i] == '_' || part[i - 1] == '-' || part[i - 1] == '_';
    if (!joins && kind(part[i]) != kind(part[i - 1])) ++turns;
  }
  return turns <= 3 &&
         std::ranges::all_of(part, [](char c) { return manifest::is_word(c) || c == '-'; });
}

bool are_readable(std::string_view text, char mark) {
  for (const std::string_view part : manifest::split(text, mark)) {
    const std::size_t dot = part.rfind('.');
    const bool extended = mark == '/' && dot != std::string_view::npos;
    if (!is_readable(extended ? part.substr(dot + 1) : part)) return false;
    if (extended && !is_readable(part.substr(0, dot)) && !are_readable(part.substr(0, dot), '.')) {
      return false;
    }
  }
  return true;
}

// "/var/lib/app", "./data", "src/app.py".
bool is_path_value(std::string_view text) {
  for (const std::string_view begin : {"./", "../", "~/", "/"}) {
    if (!text.starts_with(begin)) continue;
    text.remove_prefix(begin.size());
    return text.empty() || are_readable(text, '/');
  }
  return text.find('/') != std::string_view::npos && text.find('.') != std::string_view::npos &&
         are_readable(text, '/');
}

// "localhost:80", "0.0.0.0", "db.example.com"; a bare name only where the variable's name says so.
bool is_host_value(std::string_view text, bool named) {
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    if (manifest::leading_port(text.substr(colon + 1)) == 0) return false;
    text = text.substr(0, colon);
    if (text.empty()) return true;
    named = true;  // "cache:6379"
  }
  if (text == "localhost" || text == "*" || text == "[::]" || text == "::") return true;
  const bool dotted = text.find('.') != std::string_view::npos && !text.ends_with('.');
  return (named || (dotted && std::ranges::none_of(text, is_upper))) && text.size() <= 80 &&
         are_readable(text, '.');
}

// "http://localhost:8080/api": without a user and without a query.
bool is_url_value(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0 || end > 20) return false;
  if (text.find_first_of("@?#") != std::string_view::npos) return false;
  std::string_view rest = text.substr(end + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view path = rest.substr(std::min(slash + 1, rest.size()));
  return is_host_value(rest.substr(0, slash), /*named=*/true) && path.size() <= 40 &&
         std::ranges::none_of(path, is_upper) && are_readable(path, '/');
}

}  // namespace

std::string_view name_of(VariableKind kind) {
  static constexpr std::array<std::string_view, 3> kNames = {"secret", "database", "config"};
  return kNames[static_cast<std::size_t>(kind)];
}

VariableKind kind_of_variable(std::string_view name) {
  const std::string upper = in_words(name);
  const auto words = manifest::split(upper, '_');
  bool database = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool open = i > 0 && words[i].starts_with("KEY") && is_among(kOpenKeys, words[i - 1]);
    if (is_secret_word(words[i]) && !open) return VariableKind::kSecret;
    const bool place = words[i] == "URL" || words[i] == "URI";
    if (i + 1 == words.size() && place && database) return VariableKind::kSecret;
    if (i + 1 < words.size() && words[i] == "CONNECTION" && words[i + 1].starts_with("STRING")) {
      return VariableKind::kSecret;
    }
    database |= is_among(kDatabaseWords, words[i]) || words[i].starts_with("PG");
  }
  if (upper.starts_with("TF_VAR_")) return VariableKind::kConfig;
  return database ? VariableKind::kDatabase : VariableKind::kConfig;
}

bool is_own_port(std::string_view name) {
  std::vector<std::string_view> words = manifest::split(name, '_');
  if (words.empty() || words.back() != "PORT") return false;
  words.pop_back();
  return kind_of_variable(name) == VariableKind::kConfig &&
         std::ranges::none_of(words, [](std::string_view word) {
           return is_among(kReachedWords, word) || is_among(kDatabaseWords, word);
         });
}

bool is_variable_name(std::string_view name) {
  if (name.empty() || name.size() > 80 || manifest::is_digit(name.front())) return false;
  // A line of a key's text may have the form of a name: "MIIEowIBAAKCAQEA0x=".
  if (looks_random(name)) return false;
  return std::ranges::all_of(name,
                             [](char c) { return manifest::is_word(c) || c == '.' || c == '-'; });
}

bool may_show(std::string_view name, std::string_view value) {
  if (value.empty()) return true;
  // What is longer is none of what is shown; and a value may hold a value, and so on.
  constexpr std::size_t kLongest = 200;
  if (value.size() > kLongest) return false;
  if (kind_of_variable(name) == VariableKind::kSecret || looks_secret(value)) return false;
  if (is_among(kKnownWords, manifest::lower(value)) || is_number_value(value)) return true;
  const std::string words = in_words(name);
  const bool address =
      is_among(kAddressWords, std::string_view(words).substr(words.rfind('_') + 1));
  return is_path_value(value) || is_host_value(value, address) || is_url_value(value);
}

}  // namespace quarry::analysis::project
