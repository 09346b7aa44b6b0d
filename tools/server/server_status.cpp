#include "tools/tool.h"

namespace quarry::tools {
namespace {

enum class Detail : std::uint8_t { kSummary, kLimits, kMetrics, kMemory, kDiagnose };

struct Args {
  Detail detail = Detail::kSummary;
};

}  // namespace
}  // namespace quarry::tools

template <>
inline constexpr std::array quarry::json::enum_names<quarry::tools::Detail> =
    std::to_array<std::string_view>({"summary", "limits", "metrics", "memory", "diagnose"});

namespace quarry::tools {
namespace {

constexpr auto kFields = json::fields(json::field<&Args::detail>("detail").optional());

Result<void> run(const Args& args, ToolContext& context, ToolOutput& output) {
  json::Writer out(output.structured);
  out.begin_object();
  switch (args.detail) {
    case Detail::kSummary:
      context.server.append_summary(out);
      break;
    case Detail::kLimits:
      context.server.append_limits(out);
      break;
    case Detail::kMetrics:
      context.server.append_metrics(out);
      break;
    case Detail::kMemory:
      context.server.append_memory(out);
      break;
    case Detail::kDiagnose:
      context.server.append_diagnosis(out);
      break;
  }
  out.end_object();
  output.text = output.structured;
  return {};
}

}  // namespace

extern const Tool server_status;
constinit const Tool server_status =
    make_tool<Args, kFields, run>({.name = "server_status", .group = Group::kServer});

}  // namespace quarry::tools
