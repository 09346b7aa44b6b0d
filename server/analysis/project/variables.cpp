#include "server/analysis/project/variables.h"

#include <algorithm>
#include <array>

#include "server/analysis/manifest/text.h"

namespace quarry::analysis::project {
namespace {

constexpr std::array<std::string_view, 16> kSecretWords = {
    "PASSWORD",    "PASSWD", "PASS", "PWD",        "SECRET", "SECRETS", "TOKEN", "CREDENTIAL",
    "CREDENTIALS", "AUTH",   "DSN",  "PASSPHRASE", "SALT",   "APIKEY",  "SID",   "CERT"};
// A KEY is a secret with one of these before it.
constexpr std::array<std::string_view, 9> kKeys = {
    "API", "PRIVATE", "ACCESS", "SECRET", "SIGNING", "MASTER", "APP", "ENCRYPTION", "LICENSE"};
constexpr std::array<std::string_view, 14> kDatabaseWords = {
    "DB",    "DATABASE", "POSTGRES", "POSTGRESQL", "PG",     "PGADMIN", "MYSQL",
    "MONGO", "MONGODB",  "REDIS",    "MSSQL",      "SQLITE", "MARIADB", "JDBC"};

template <class List>
bool holds(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

}  // namespace

std::string_view name_of(VariableKind kind) {
  static constexpr std::array<std::string_view, 3> kNames = {"secret", "database", "config"};
  return kNames[static_cast<std::size_t>(kind)];
}

VariableKind kind_of_variable(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const auto words = manifest::split(upper, '_');
  bool database = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (holds(kSecretWords, words[i])) return VariableKind::kSecret;
    if (words[i] == "KEY" && i > 0 && holds(kKeys, words[i - 1])) return VariableKind::kSecret;
    const bool place = words[i] == "URL" || words[i] == "URI";
    if (i + 1 == words.size() && place && database) return VariableKind::kSecret;
    if (i + 2 == words.size() && words[i] == "CONNECTION" && words[i + 1] == "STRING") {
      return VariableKind::kSecret;
    }
    database |= holds(kDatabaseWords, words[i]) || words[i].starts_with("PG");
  }
  if (upper.starts_with("TF_VAR_")) return VariableKind::kConfig;
  return database ? VariableKind::kDatabase : VariableKind::kConfig;
}

bool may_show(std::string_view name, std::string_view value) {
  if (kind_of_variable(name) == VariableKind::kSecret) return false;
  const std::size_t at = value.find('@');
  return value.find("://") == std::string_view::npos || at == std::string_view::npos;
}

}  // namespace quarry::analysis::project
