// ToolList: which tools this server offers, and their published descriptions.
//
// Chosen once from the command line, the same for every client and call, sorted by name. The
// `tools/list` result of each revision is assembled when it is first asked for and then kept: an
// older revision is sent only the members that it defines.
//
// find() is safe from any thread; published() belongs to the reader thread.

#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/mcp/revision.h"
#include "tools/all.h"

namespace quarry::mcp {

struct ToolChoice {
  std::vector<tools::Group> groups;  // empty = all
  bool read_only = false;            // leaves out what changes the workspace
};

class ToolList {
 public:
  // `entries` is sorted by name and outlives the list.
  ToolList(std::span<const tools::Entry> entries, const ToolChoice& choice);

  std::size_t size() const { return offered_.size(); }
  const tools::Tool& tool(std::size_t index) const { return *offered_[index].tool; }
  std::span<const tools::Entry> offered() const { return offered_; }
  // The index of the tool, or size() when it is not offered.
  std::size_t find(std::string_view name) const;
  // Why `name` is not offered and what to do: for the error's text.
  std::string explain_absence(std::string_view name) const;

  // `"tools":[...]`, members of the result of tools/list.
  const std::string& published(Revision revision);

 private:
  std::span<const tools::Entry> entries_;
  ToolChoice choice_;
  std::vector<tools::Entry> offered_;
  std::array<std::string, kRevisionNames.size()> published_;
};

// The group's name on the command line, and back. parse: false when there is no such group.
std::string_view group_name(tools::Group group);
bool parse_group(std::string_view text, tools::Group& group);

}  // namespace quarry::mcp
