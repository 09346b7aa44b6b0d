#include "tools/tool.h"

namespace quarry::tools {
namespace {

struct Args {
  std::string_view name;
  std::int64_t times = 1;
};

constexpr auto kFields = json::fields(json::field<&Args::name>("name"),
                                      json::field<&Args::times>("times").optional().range(1, 10));

Result<void> run(const Args& args, ToolContext&, ToolOutput& out) {
  if (args.name.empty()) {
    return fail(Code::kInvalidArgs, "argument 'name' is empty; pass whom to greet");
  }
  for (std::int64_t i = 0; i < args.times; ++i) {
    out.text += "hello, ";
    out.text += args.name;
    out.text += '\n';
  }
  return {};
}

}  // namespace

extern const Tool hello_tool;
constinit const Tool hello_tool = make_tool<Args, kFields, run>({.name = "hello_tool"});

}  // namespace quarry::tools
