#include <cstdio>

#include "server/base/fd.h"
#include "server/cli/commands.h"
#include "server/cli/instance.h"
#include "server/rpc/descriptors.h"

namespace quarry::cli {
namespace {

void print(std::FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
  if (text.empty() || text.back() != '\n') std::fputc('\n', to);
}

int refuse(std::string_view text, int code) {
  print(stderr, text);
  return code;
}

}  // namespace

int call_tool(const Options& options) {
  auto ground = prepare_ground(options);
  if (!ground) return refuse(ground.error().message, kEnvironment);
  const Fd nowhere = rpc::open_null();
  Instance instance(options, *ground, nowhere.get());

  auto call = instance.calls().take();
  json::Parser parser;
  const std::string_view arguments =
      options.arguments.empty() ? std::string_view("{}") : std::string_view(options.arguments);
  if (const auto parsed = call->document.parse_copy(parser, arguments); !parsed) {
    return refuse("the arguments are no JSON object: " + parsed.error().message, kUsage);
  }
  call->arguments = call->document.root();
  call->tool_index = instance.tools().find(options.tool);
  if (call->tool_index == instance.tools().size()) {
    return refuse(instance.tools().explain_absence(options.tool), kUsage);
  }
  call->tool = &instance.tools().tool(call->tool_index);
  call->cancel.emplace(instance.clock());
  if (const auto ready = instance.runner().prepare(*call); !ready) {
    return refuse(ready.error().message, kToolFailed);
  }
  const auto result = instance.runner().invoke(*call);
  if (!result) return refuse(result.error().message, kToolFailed);
  if (!call->output.text.empty()) print(stdout, call->output.text);
  for (const tools::Image& image : call->output.images) {
    print(stdout, fmt::format("[image: {}, {} bytes]", image.mime_type, image.bytes.size()));
  }
  return kDone;
}

int list_tools(const Options& options) {
  mcp::ToolList list(tools::all(), {.groups = options.groups, .read_only = options.read_only});
  if (options.json) {
    print(stdout, "{" + list.published(mcp::Revision::k2026_07_28) + "}");
    return kDone;
  }
  for (const tools::Entry& entry : list.offered()) {
    json::Parser parser;
    json::Document schema;
    if (!schema.parse_copy(parser, entry.schema)) continue;
    print(stdout, fmt::format("{}\n    {}", entry.tool->traits.name,
                              schema.root().find("description").string()));
  }
  return kDone;
}

}  // namespace quarry::cli
