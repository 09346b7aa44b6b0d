#include "server/base/secret_names.h"

#include <algorithm>
#include <array>

namespace quarry {
namespace {

constexpr auto kNames = std::to_array<std::string_view>(
    {".env", ".envrc", ".netrc", "_netrc", ".pgpass", ".my.cnf", ".git-credentials", ".htpasswd",
     ".vault_pass", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"});
constexpr auto kEndings = std::to_array<std::string_view>(
    {".env", ".pem", ".key", ".p12", ".pfx", ".ppk", ".jks", ".keystore", ".kdbx", ".p8"});
// Of a name that begins with ".env" and a mark: what is made to be shared, behind its last mark.
constexpr auto kShared = std::to_array<std::string_view>(
    {"example", "sample", "template", "dist", "defaults", "tpl", "schema"});
constexpr std::string_view kMarks = ".-_";

template <class Row>
bool ends_with_any(std::string_view name, const Row& endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace

bool names_secret(std::string_view path) {
  const std::string_view given = path.substr(path.rfind('/') + 1);
  std::array<char, 256> folded;  // no file's name is longer
  if (given.empty() || given.size() > folded.size()) return false;
  std::transform(given.begin(), given.end(), folded.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string_view name(folded.data(), given.size());
  while (name.ends_with('~')) name.remove_suffix(1);  // an editor's copy
  if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) return true;
  constexpr std::string_view kEnvironment = ".env";
  if (name.starts_with(kEnvironment) && kMarks.find(name[kEnvironment.size()]) != kMarks.npos) {
    const std::string_view last = name.substr(name.find_last_of(kMarks) + 1);
    return std::find(kShared.begin(), kShared.end(), last) == kShared.end();
  }
  return ends_with_any(name, kEndings);
}

}  // namespace quarry
