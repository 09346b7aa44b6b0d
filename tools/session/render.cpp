#include "tools/session/render.h"

#include "server/base/figures.h"
#include "server/base/utf8.h"

namespace quarry::tools {
namespace {

void append_time(json::Writer& out, json::Name name, std::int64_t milliseconds) {
  const UtcText text = utc_text(milliseconds / 1000);
  out.field(name, std::string_view(text.data(), text.size()));
}

}  // namespace

void append_session(json::Writer& out, const session::Record& record) {
  std::string root;
  utf8::append_escaped_name(root, record.root);
  out.field("session", record.handle);
  out.field("root", root);
  if (!record.label.empty()) out.field("label", record.label);
  out.field("read_only", record.read_only);
  if (record.ledger) out.field("ledger", true);
  append_time(out, "created", record.created_ms);
  append_time(out, "used", record.used_ms);
  if (record.ttl_s > 0) append_time(out, "expires", record.expires_ms());
  out.field("version", record.version);
}

}  // namespace quarry::tools
