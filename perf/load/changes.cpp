#include "perf/load/changes.h"

#include <nlohmann/json.hpp>

#include "perf/corpora/tree.h"

namespace quarry::perf {
namespace {

using Json = nlohmann::json;

std::string call(std::string_view tool, const Json& arguments) {
  return tool_call(tool, arguments.dump());
}

std::string write(const std::string& path, const std::string& content) {
  return call("write_file", {{"path", path}, {"content", content}});
}

// Its first line has no equal in the file, whatever the size.
Round edits(const std::string& path, std::size_t bytes, unsigned seed) {
  const std::string text = make_text(bytes, seed);
  const std::string line = text.substr(0, text.find('\n'));
  const std::string other = "changed " + line.substr(8);
  return {call("edit_file", {{"path", path}, {"old_string", line}, {"new_string", other}}),
          call("edit_file", {{"path", path}, {"old_string", other}, {"new_string", line}})};
}

}  // namespace

std::vector<Case> change_cases() {
  constexpr std::size_t kKib = 1024;
  const Round moves = {
      call("move_path", {{"source", "one_kib.txt"}, {"destination", "moved.txt"}}),
      call("move_path", {{"source", "moved.txt"}, {"destination", "one_kib.txt"}})};
  Round undone = {edits("one_kib.txt", kKib, 1).front(), call("undo", Json::object())};
  const std::vector<std::pair<Case, std::string>> rows = {
      {{.name = "2 writes of 1 KiB",
        .turns = {{write("written.txt", make_text(kKib, 5)),
                   write("written.txt", make_text(kKib, 6))}},
        .must_hold = "written.txt",
        .weight = 5},
       "one_kib.txt"},
      {{.name = "2 edits of 1 KiB",
        .turns = {edits("one_kib.txt", kKib, 1)},
        .must_hold = "one_kib.txt",
        .weight = 5},
       "one_kib.txt"},
      {{.name = "2 edits of 10 KiB",
        .turns = {edits("ten_kib.txt", 10 * kKib, 4)},
        .must_hold = "ten_kib.txt",
        .weight = 5},
       "ten_kib.txt"},
      {{.name = "2 edits of 1 MiB",
        .turns = {edits("one_mib.txt", kKib * kKib, 3)},
        .must_hold = "one_mib.txt",
        .weight = 50},
       "one_mib.txt"},
      {{.name = "write 1 KiB and delete it",
        .turns = {{write("fresh.txt", make_text(kKib, 5)),
                   call("delete_path", {{"path", "fresh.txt"}})}},
        .must_hold = "fresh.txt",
        .weight = 5},
       "one_kib.txt"},
      {{.name = "2 moves", .turns = {moves}, .must_hold = "one_kib.txt", .weight = 5},
       "one_kib.txt"},
      // What the journal holds by then is read by each undo.
      {{.name = "edit 1 KiB and undo it", .turns = {undone}, .must_hold = "undone", .weight = 500},
       "one_kib.txt"},
  };
  std::vector<Case> cases;
  for (const auto& [row, replaced] : rows) {
    Case one = row;
    cases.push_back(one);
    one.floor = Floor::kReplaceFile;
    const std::string floor = call("replace", {{"path", replaced}});
    one.floor_round = {floor, floor};
    cases.push_back(one);
  }
  return cases;
}

}  // namespace quarry::perf
