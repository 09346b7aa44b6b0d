#include "server/mcp/tool_list.h"

#include <algorithm>

#include "server/base/log.h"
#include "server/json/document.h"
#include "server/json/writer.h"

namespace quarry::mcp {
namespace {

using tools::Effect;
using tools::Entry;
using tools::Group;

constexpr std::array<std::string_view, 8> kGroupNames = {
    "server", "files", "search", "git-read", "git-write", "analysis", "containers", "sessions"};

bool offers(const ToolChoice& choice, const tools::Traits& traits) {
  if (choice.read_only && traits.effect == Effect::kWrites) return false;
  return traits.group == Group::kServer || choice.groups.empty() ||
         std::find(choice.groups.begin(), choice.groups.end(), traits.group) != choice.groups.end();
}

// The members of a tool's description that came with each revision.
bool defines(Revision revision, std::string_view member) {
  if (member == "name" || member == "description" || member == "inputSchema") return true;
  if (member == "annotations") return revision >= Revision::k2025_03_26;
  if (member == "title" || member == "outputSchema" || member == "_meta") {
    return revision >= Revision::k2025_06_18;
  }
  if (member == "icons") return revision >= Revision::k2025_11_25;
  return false;
}

// Schema files are laid out for readers; a message has no newlines.
void append_compact(json::Writer& out, json::Value value) {
  switch (value.type()) {
    case json::Type::kObject:
      out.begin_object();
      for (json::Value member = value.first(); member; member = value.after(member)) {
        out.key(member.key());
        append_compact(out, member);
      }
      out.end_object();
      break;
    case json::Type::kArray:
      out.begin_array();
      for (json::Value item = value.first(); item; item = value.after(item)) {
        append_compact(out, item);
      }
      out.end_array();
      break;
    case json::Type::kString:
      out.string(value.string());
      break;
    case json::Type::kBool:
      out.boolean(value.boolean());
      break;
    case json::Type::kNumber:
      out.raw(value.number_token());
      break;
    case json::Type::kNull:
      out.null();
      break;
  }
}

}  // namespace

std::string_view group_name(Group group) {
  return kGroupNames[static_cast<std::size_t>(group)];
}

bool parse_group(std::string_view text, Group& group) {
  const auto found = std::find(kGroupNames.begin(), kGroupNames.end(), text);
  if (found == kGroupNames.end()) return false;
  group = static_cast<Group>(found - kGroupNames.begin());
  return true;
}

ToolList::ToolList(std::span<const Entry> entries, const ToolChoice& choice)
    : entries_(entries), choice_(choice) {
  for (const Entry& entry : entries_) {
    if (offers(choice_, entry.tool->traits)) offered_.push_back(entry);
  }
}

std::size_t ToolList::find(std::string_view name) const {
  const auto found = std::lower_bound(
      offered_.begin(), offered_.end(), name,
      [](const Entry& entry, std::string_view wanted) { return entry.tool->traits.name < wanted; });
  if (found == offered_.end() || found->tool->traits.name != name) return offered_.size();
  return static_cast<std::size_t>(found - offered_.begin());
}

std::string ToolList::explain_absence(std::string_view name) const {
  for (const Entry& entry : entries_) {
    const tools::Traits& traits = entry.tool->traits;
    if (traits.name != name) continue;
    if (choice_.read_only && traits.effect == Effect::kWrites) {
      return fmt::format("tool '{}' is off because the server was started with --read-only", name);
    }
    return fmt::format("tool '{}' is off; start the server with --tools including '{}'", name,
                       group_name(traits.group));
  }
  return fmt::format("unknown tool '{}'; tools/list names the tools", name.substr(0, 100));
}

const std::string& ToolList::published(Revision revision) {
  std::string& bytes = published_[static_cast<std::size_t>(revision)];
  if (!bytes.empty()) return bytes;
  json::Parser parser;
  json::Document document;
  bytes = "\"tools\":";
  json::Writer out(bytes);
  out.begin_array();
  for (const Entry& entry : offered_) {
    if (const auto parsed = document.parse_copy(parser, entry.schema); !parsed) {
      log::error("schema of {}: {}", entry.tool->traits.name, parsed.error().message);
      continue;
    }
    const json::Value description = document.root();
    out.begin_object();
    for (json::Value member = description.first(); member; member = description.after(member)) {
      if (!defines(revision, member.key())) continue;
      out.key(member.key());
      append_compact(out, member);
    }
    out.end_object();
  }
  out.end_array();
  return bytes;
}

}  // namespace quarry::mcp
