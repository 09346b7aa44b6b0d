#include "server/mcp/lifecycle.h"

#include <algorithm>
#include <array>

#include "server/json/writer.h"
#include "server/mcp/answer.h"

namespace quarry::mcp {
namespace {

constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view kLogLevelKey = "io.modelcontextprotocol/logLevel";
constexpr std::array<std::string_view, 8> kLogLevels = {"debug", "info",     "notice", "warning",
                                                        "error", "critical", "alert",  "emergency"};

RpcError invalid_params(std::string message, std::string data = {}) {
  return {rpc::kInvalidParams, std::move(message), std::move(data)};
}

RpcError unsupported_version(std::string_view requested) {
  // A handshake revision in _meta is answered with the modern ones only: with the full list a
  // client could take its own wrong choice for confirmed and loop.
  std::string data = R"({"supported":)";
  data += find_revision(requested) ? kModernRevisions : kAllRevisions;
  data += R"(,"requested":)";
  json::append_string(data, requested.substr(0, 100));
  data += "}";
  return {kUnsupportedVersion, "Unsupported protocol version", std::move(data)};
}

// A request that claims no revision while no handshake has taken place.
RpcError no_session() {
  return invalid_params(
      "the request names no protocol version: send initialize first, or put "
      "io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities "
      "into params._meta",
      fmt::format(R"({{"missing":["{}","{}"],"supported":{}}})", kVersionKey, kCapabilitiesKey,
                  kAllRevisions));
}

}  // namespace

std::string_view progress_token(json::Value params) {
  const json::Value token = params.find("_meta").find("progressToken");
  if (token.is(json::Type::kString)) return token.raw();
  if (token.is(json::Type::kNumber) &&
      token.number_token().find_first_of(".eE") == std::string_view::npos) {
    return token.raw();
  }
  return {};
}

std::optional<RpcError> Lifecycle::read_scope(const rpc::Envelope& envelope,
                                              Request& request) const {
  request.id = envelope.id;
  request.id_value = envelope.id_value;
  request.method = envelope.method;
  request.params = envelope.params;
  const json::Value meta = envelope.params.find("_meta");
  const json::Value version = meta.find(kVersionKey);
  if (!version) {
    request.revision = negotiated_.value_or(kNewestHandshake);
    if (negotiated_ || request.method == "initialize" || request.method == "ping") return {};
    return no_session();
  }
  request.revision = Revision::k2026_07_28;
  if (!version.is(json::Type::kString)) {
    return invalid_params(fmt::format("params._meta[\"{}\"] must be a string", kVersionKey));
  }
  if (version.string() != name(Revision::k2026_07_28)) return unsupported_version(version.string());
  if (!meta.find(kCapabilitiesKey).is(json::Type::kObject)) {
    return invalid_params(fmt::format("params._meta[\"{}\"] must be an object", kCapabilitiesKey));
  }
  if (const json::Value level = meta.find(kLogLevelKey)) {
    const bool known =
        level.is(json::Type::kString) &&
        std::find(kLogLevels.begin(), kLogLevels.end(), level.string()) != kLogLevels.end();
    if (!known) {
      return invalid_params(fmt::format("params._meta[\"{}\"] is no log level", kLogLevelKey));
    }
  }
  return {};
}

const Lifecycle::Method* Lifecycle::find_method(const Request& request) {
  // Sorted by name.
  static constexpr std::array<Method, 5> kMethods = {{
      {"initialize", true, false, &Lifecycle::initialize},
      {"ping", true, false, &Lifecycle::ping},
      {"server/discover", false, true, &Lifecycle::discover},
      {"tools/call", true, true, nullptr},
      {"tools/list", true, true, &Lifecycle::list_tools},
  }};
  const auto found = std::lower_bound(
      kMethods.begin(), kMethods.end(), request.method,
      [](const Method& row, std::string_view wanted) { return row.name < wanted; });
  if (found == kMethods.end() || found->name != request.method) return nullptr;
  const bool exists = is_modern(request.revision) ? found->modern : found->handshake;
  return exists ? &*found : nullptr;
}

Lifecycle::Route Lifecycle::route(const Request& request) {
  const Method* method = find_method(request);
  if (method == nullptr) return Route::kUnknown;
  return method->handler == nullptr ? Route::kToolsCall : Route::kControl;
}

RpcError Lifecycle::unknown_method(const Request& request) {
  RpcError error{rpc::kMethodNotFound, "Method not found: ", {}};
  error.message += request.method.substr(0, 100);
  if (request.method == "initialize")
    error.data = fmt::format(R"({{"supported":{}}})", kAllRevisions);
  return error;
}

std::optional<RpcError> Lifecycle::control(const Request& request, std::string& members) {
  if (request.params && !request.params.is(json::Type::kObject)) {
    return invalid_params("params must be an object");
  }
  return (this->*find_method(request)->handler)(request, members);
}

std::optional<RpcError> Lifecycle::initialize(const Request& request, std::string& members) {
  const json::Value wanted = request.params.find("protocolVersion");
  if (!wanted.is(json::Type::kString)) {
    return invalid_params("params.protocolVersion must be a string",
                          fmt::format(R"({{"supported":{}}})", kAllRevisions));
  }
  // 2026-07-28 has no handshake; whatever is not one of the others is offered the newest of them.
  const auto known = find_revision(wanted.string());
  const Revision agreed = known && !is_modern(*known) ? *known : kNewestHandshake;
  negotiated_ = agreed;
  client_has_roots_ = request.params.find("capabilities").find("roots").is(json::Type::kObject);
  json::Writer out(members);
  out.field("protocolVersion", name(agreed));
  out.key("capabilities").raw(R"({"tools":{}})");
  out.key("serverInfo").raw(server_info(agreed));
  out.field("instructions", instructions());
  return {};
}

std::optional<RpcError> Lifecycle::discover(const Request& /*request*/, std::string& members) {
  json::Writer out(members);
  out.key("supportedVersions").raw(kAllRevisions);
  out.key("capabilities").raw(R"({"tools":{}})");
  out.field("instructions", instructions());
  out.field("ttlMs", 3'600'000);
  out.field("cacheScope", "private");
  return {};
}

std::optional<RpcError> Lifecycle::ping(const Request& /*request*/, std::string& /*members*/) {
  return {};
}

std::optional<RpcError> Lifecycle::list_tools(const Request& request, std::string& members) {
  if (const json::Value cursor = request.params.find("cursor");
      cursor && !cursor.is(json::Type::kNull)) {
    return invalid_params("unknown cursor: the tools come on one page, call without a cursor");
  }
  members.append(tools_.published(request.revision));
  if (is_modern(request.revision)) members.append(R"(,"ttlMs":3600000,"cacheScope":"private")");
  return {};
}

}  // namespace quarry::mcp
