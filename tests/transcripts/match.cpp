#include "tests/transcripts/match.h"

#include <nlohmann/json.hpp>

namespace quarry::transcripts {
namespace {

// Keeps the order of members, so that a rewritten line reads as the server wrote it.
using Json = nlohmann::ordered_json;

constexpr std::string_view kAny = "{{any}}";

std::string brief(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 300) text = text.substr(0, 300) + "...";
  return text;
}

bool is_any(const Json& value) {
  return value.is_string() && value == std::string(kAny);
}

std::string compare(const Json& expected, const Json& actual, const std::string& where) {
  if (is_any(expected)) return {};
  if (expected.is_string() && actual.is_string()) {
    if (matches_text(expected.get<std::string>(), actual.get<std::string>())) return {};
  } else if (expected.is_object() && actual.is_object()) {
    for (const auto& [name, value] : expected.items()) {
      if (!actual.contains(name)) return where + ": '" + name + "' is missing";
      if (auto found = compare(value, actual[name], where + "/" + name); !found.empty()) {
        return found;
      }
    }
    for (const auto& [name, value] : actual.items()) {
      if (!expected.contains(name)) return where + ": unexpected '" + name + "': " + brief(value);
    }
    return {};
  } else if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      auto found = compare(expected[i], actual[i], where + "/" + std::to_string(i));
      if (!found.empty()) return found;
    }
    return {};
  } else if (expected.type() == actual.type() && expected == actual) {
    return {};
  } else if (expected.is_number_integer() && actual.is_number_integer() && expected == actual) {
    return {};  // signed and unsigned are one type to JSON
  }
  return where + ": expected " + brief(expected) + ", got " + brief(actual);
}

void keep_wildcards(const Json& old, Json& fresh) {
  if (is_any(old)) {
    fresh = old;
  } else if (old.is_string() && fresh.is_string()) {
    if (matches_text(old.get<std::string>(), fresh.get<std::string>())) fresh = old;
  } else if (old.is_object() && fresh.is_object()) {
    for (auto& [name, value] : fresh.items()) {
      if (old.contains(name)) keep_wildcards(old[name], value);
    }
  } else if (old.is_array() && fresh.is_array()) {
    for (std::size_t i = 0; i < std::min(old.size(), fresh.size()); ++i) {
      keep_wildcards(old[i], fresh[i]);
    }
  }
}

}  // namespace

std::string difference(std::string_view expected, std::string_view actual) {
  const Json want = Json::parse(expected, nullptr, false);
  const Json got = Json::parse(actual, nullptr, false);
  if (want.is_discarded()) return "the expected line is not JSON";
  if (got.is_discarded()) return "not JSON: " + std::string(actual.substr(0, 300));
  return compare(want, got, "");
}

bool matches_text(std::string_view pattern, std::string_view text) {
  const std::size_t wild = pattern.find(kAny);
  if (wild == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, wild))) return false;
  text.remove_prefix(wild);
  pattern.remove_prefix(wild + kAny.size());
  if (pattern.empty()) return true;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (matches_text(pattern, text.substr(at))) return true;
  }
  return false;
}

std::string golden_line(std::string_view old, std::string_view actual) {
  const Json was = Json::parse(old, nullptr, false);
  Json now = Json::parse(actual, nullptr, false);
  if (was.is_discarded() || now.is_discarded()) return std::string(actual);
  const Json before = now;
  keep_wildcards(was, now);
  return now == before ? std::string(actual) : now.dump();
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0; (at = text.find(from)) != std::string_view::npos;) {
    out += text.substr(0, at);
    out += to;
    text.remove_prefix(at + from.size());
  }
  out += text;
  return out;
}

}  // namespace quarry::transcripts
