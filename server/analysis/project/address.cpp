#include "server/analysis/project/address.h"

#include <algorithm>

#include "server/analysis/manifest/text.h"

namespace quarry::analysis::project {
namespace {

// ":6060" of "http://*:6060/;https://*:6061": only a server's own host is one to listen on.
std::string_view address_of_url(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find_first_of("/;"));
  const std::string_view host = url.substr(0, url.rfind(':'));
  for (const std::string_view own : {"*", "+", "0.0.0.0", "localhost", "127.0.0.1", "[::]"}) {
    if (host == own) return url.substr(host.size());
  }
  return {};
}

}  // namespace

std::uint32_t port_of_address(std::string_view text) {
  if (text.starts_with("http://") || text.starts_with("https://")) text = address_of_url(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return manifest::leading_port(text);
  for (const char c : text.substr(0, colon)) {
    if (!manifest::is_word(c) && c != '.' && c != '[' && c != ']' && c != ':' && c != '*') return 0;
  }
  const std::string_view digits = text.substr(colon + 1);
  if (!std::ranges::all_of(digits, manifest::is_digit)) return 0;
  return manifest::leading_port(digits);
}

}  // namespace quarry::analysis::project
