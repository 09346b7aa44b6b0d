// Two files of one program with the same names in their unnamed namespaces, as all tools are, keep
// to their own members. The other file is fields_test.cpp; gcc 12 once merged their functions.

#include <catch2/catch.hpp>

#include "server/json/document.h"
#include "server/json/fields.h"

namespace quarry::json {
namespace {

struct Args {
  std::int64_t limit = 0;
  std::string_view path;
  std::optional<bool> deep;
  std::int64_t offset = 0;
};

constexpr auto kFields = fields(field<&Args::offset>("offset"), field<&Args::deep>("deep"),
                                field<&Args::path>("path"), field<&Args::limit>("limit"));

TEST_CASE("fields of two files with the same names stay apart") {
  Parser parser;
  Document document;
  REQUIRE(document.parse_copy(parser, R"({"limit":1,"path":"p","deep":true,"offset":2})"));
  Args args{};
  REQUIRE(bind(kFields, document.root(), args));
  CHECK(args.limit == 1);
  CHECK(args.path == "p");
  CHECK(args.deep == true);
  CHECK(args.offset == 2);
}

}  // namespace
}  // namespace quarry::json
