// Static sites that are told by their configuration: Hugo, Zola, Jekyll, mdBook, MkDocs.

#include <array>

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// config.toml is many programs' file; a site's says where the site is.
void read_site(const Source& source, Facts& facts) {
  const Value root = manifest::parse_toml(source.text).root;
  const Value& zola = root["base_url"];
  const Value& hugo = root["baseURL"] ? root["baseURL"] : root["baseurl"];
  if (zola.is_string()) add_dependency(facts, "zola", "", Use::kBuild, zola.line);
  if (hugo.is_string()) add_dependency(facts, "hugo", "", Use::kBuild, hugo.line);
}

bool has_any(const Value& map, std::span<const std::string_view> keys) {
  return std::ranges::any_of(keys, [&](std::string_view key) { return map.has(key); });
}

// _config.yml of Jekyll; Hexo and Jupyter Book have a file of the same name.
void read_jekyll(const Source& source, Facts& facts) {
  constexpr auto kJekyll = std::to_array<std::string_view>(
      {"theme", "remote_theme", "plugins", "gems", "permalink", "baseurl", "url", "collections",
       "paginate", "kramdown", "markdown", "highlighter", "sass", "defaults"});
  constexpr auto kOthers = std::to_array<std::string_view>(
      {"source_dir", "public_dir", "new_post_name", "skip_render", "execute", "sphinx",
       "launch_buttons", "only_build_toc_files"});
  const Value root = manifest::parse_yaml(source.text).root;
  if (!root.is_map() || !has_any(root, kJekyll) || has_any(root, kOthers)) return;
  add_dependency(facts, "jekyll", "", Use::kBuild, root.line);
}

void read_mdbook(const Source& source, Facts& facts) {
  const Value root = manifest::parse_toml(source.text).root;
  const Value& book = root["book"];
  if (book.is_map()) add_dependency(facts, "mdbook", "", Use::kBuild, book.line);
}

constexpr Reader kSiteReaders[] = {
    {"hugo.toml", "hugo", "", "Hugo", Role::kPart},
    {"config.toml", "site", "", "", Role::kPart, read_site},
    {"_config.yml", "site", "", "", Role::kPart, read_jekyll},
    {"book.toml", "site", "", "", Role::kPart, read_mdbook},
    {"mkdocs.yml", "mkdocs", "", "MkDocs", Role::kPart},
};

}  // namespace

std::span<const Reader> site_readers() {
  return kSiteReaders;
}

}  // namespace quarry::analysis::ecosystem
