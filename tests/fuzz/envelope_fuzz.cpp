// Any bytes as a line: what we accept and how we understand it, against simdjson's DOM.
//
// We differ on purpose in what we refuse (depth over 64, keys twice, too many values) and in
// numbers that a DOM cannot hold; everything else must agree.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "server/base/utf8.h"
#include "server/rpc/envelope.h"
#include "tests/fuzz/check.h"

namespace quarry {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

void same(json::Value ours, element theirs);

void same_containers(json::Value ours, element theirs) {
  json::Value child = ours.first();
  std::uint32_t count = 0;
  if (theirs.type() == element_type::ARRAY) {
    const simdjson::dom::array items = theirs.get_array().value_unsafe();
    for (const element item : items) {
      FUZZ_CHECK(child);
      same(child, item);
      child = ours.after(child);
      ++count;
    }
  } else {
    const simdjson::dom::object members = theirs.get_object().value_unsafe();
    for (const auto member : members) {
      FUZZ_CHECK(child && child.key() == member.key);
      FUZZ_CHECK(ours.find(member.key).raw().data() == child.raw().data());
      same(child, member.value);
      child = ours.after(child);
      ++count;
    }
  }
  FUZZ_CHECK(!child && count == ours.size());
}

void same(json::Value ours, element theirs) {
  switch (theirs.type()) {
    case element_type::NULL_VALUE:
      return FUZZ_CHECK(ours.is(json::Type::kNull));
    case element_type::BOOL:
      return FUZZ_CHECK(ours.is(json::Type::kBool) &&
                        ours.boolean() == theirs.get_bool().value_unsafe());
    case element_type::INT64:
      return FUZZ_CHECK(ours.integer() == theirs.get_int64().value_unsafe());
    case element_type::UINT64:
      return FUZZ_CHECK(ours.is(json::Type::kNumber) && !ours.integer());
    case element_type::DOUBLE: {
      FUZZ_CHECK(ours.is(json::Type::kNumber));
      const double value = theirs.get_double().value_unsafe();
      if (const auto whole = ours.integer()) FUZZ_CHECK(static_cast<double>(*whole) == value);
      return;
    }
    case element_type::STRING:
      return FUZZ_CHECK(ours.is(json::Type::kString) &&
                        ours.string() == theirs.get_string().value_unsafe());
    case element_type::ARRAY:
      FUZZ_CHECK(ours.is(json::Type::kArray));
      return same_containers(ours, theirs);
    case element_type::OBJECT:
      FUZZ_CHECK(ours.is(json::Type::kObject));
      return same_containers(ours, theirs);
  }
}

void check_envelope(const rpc::Envelope& envelope, std::string_view line) {
  FUZZ_CHECK((envelope.kind == rpc::Kind::kMalformed) == (envelope.code != 0));
  if (envelope.kind == rpc::Kind::kRequest) FUZZ_CHECK(!envelope.id.empty());
  if (envelope.kind == rpc::Kind::kNotification) FUZZ_CHECK(envelope.id.empty());
  if (envelope.id.empty()) return;
  FUZZ_CHECK(envelope.id.data() >= line.data() &&
             envelope.id.data() + envelope.id.size() <= line.data() + line.size());
  std::string out;
  rpc::append_error(out, envelope.id, -1, envelope.method, {});
  simdjson::dom::parser parser;
  FUZZ_CHECK(parser.parse(out).error() == simdjson::SUCCESS);
  FUZZ_CHECK(out.find('\n') == std::string::npos && utf8::valid(out));
}

void check(std::string_view text) {
  std::string line(text);
  line.resize(text.size() + json::kPadding, '"');
  const std::string_view view = std::string_view(line).substr(0, text.size());

  json::Parser parser;
  json::Document document;
  const auto parsed = document.parse(parser, view);
  simdjson::dom::parser dom;
  const auto theirs = dom.parse(view.data(), view.size(), false);
  if (parsed) {
    FUZZ_CHECK(utf8::valid(view));
    if (theirs.error() == simdjson::SUCCESS)
      same(document.root(), theirs.value_unsafe());
    else
      FUZZ_CHECK(theirs.error() == simdjson::NUMBER_ERROR);
  } else {
    FUZZ_CHECK(!document.root());
    if (parsed.error().code == Code::kInvalidArgs) FUZZ_CHECK(theirs.error() != simdjson::SUCCESS);
  }
  check_envelope(rpc::read_envelope(document, parser, view), view);
}

}  // namespace
}  // namespace quarry

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  quarry::check({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
