#include "tools/files/notebook.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace quarry::tools {
namespace {

std::string shown(std::string_view raw, NotebookRequest request = {}) {
  if (request.title.empty()) request.title = "a.ipynb";
  if (request.count == 0) request.count = 2000;
  if (request.max_bytes == 0) request.max_bytes = 32'000;
  std::string out;
  const auto read = append_notebook(out, raw, request);
  return read ? out.substr(out.find('\n') + 1) : "error: " + read.error().message;
}

constexpr std::string_view kNotebook = R"({
 "cells": [
  {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "and text"]},
  {"cell_type": "code", "execution_count": 3, "metadata": {}, "source": "print(1)\nx",
   "outputs": [
    {"output_type": "stream", "name": "stdout", "text": ["1\n"]},
    {"output_type": "stream", "name": "stderr", "text": "oh\n"},
    {"output_type": "execute_result", "execution_count": 3,
     "data": {"text/plain": ["<Figure>"], "image/png": "AAAABBBBCCCC", "text/html": "<b>x</b>"}},
    {"output_type": "error", "ename": "E", "evalue": "v",
     "traceback": ["\u001b[0;31mE\u001b[0m", "line 2"]}]},
  {"cell_type": "raw", "metadata": {}, "source": []},
  {"cell_type": "code", "execution_count": null, "metadata": {}, "source": "y", "outputs": []}
 ],
 "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5})";

TEST_CASE("a notebook is shown as cells with number, kind, source and outputs") {
  CHECK(shown(kNotebook) ==
        "-- cell 1 (markdown)\n# Title\nand text\n"
        "-- cell 2 (code [3])\nprint(1)\nx\n"
        "-- output (stdout)\n1\n"
        "-- output (stderr)\noh\n"
        "-- output (result)\n<Figure>\n"
        "-- output (image/png, 9 B, not shown)\n"
        "-- output (text/html, 8 B, not shown)\n"
        "-- output (error)\nE\nline 2\n"
        "-- cell 3 (raw)\n"
        "-- cell 4 (code)\ny\n");
  std::string out;
  NotebookRequest request{.title = "a.ipynb", .place = {}, .count = 1, .max_bytes = 1000};
  REQUIRE(append_notebook(out, kNotebook, request));
  CHECK(out.starts_with("a.ipynb: notebook, 4 cells (2 code), python3, "));
}

TEST_CASE("cells are counted by offset, limit and tail, and the rest is named") {
  CHECK(shown(kNotebook, {.first = 3, .count = 1}) ==
        "-- cell 3 (raw)\ncells 3-3 of 4; continue with offset=4, limit=1\n");
  CHECK(shown(kNotebook, {.place = "path=a.ipynb, ", .first = 3, .count = 1})
            .ends_with("continue with path=a.ipynb, offset=4, limit=1\n"));
  CHECK(shown(kNotebook, {.tail = 2}) == "-- cell 3 (raw)\n-- cell 4 (code)\ny\n");
  CHECK(shown(kNotebook, {.tail = 9}).starts_with("-- cell 1 "));
  CHECK(shown(kNotebook, {.first = 5}) == "offset 5 is past the end: the last cell is 4\n");
}

TEST_CASE("long outputs and cells are clipped, and whole cells are shown as far as they fit") {
  const std::string text(5000, 'x');
  const std::string notebook = fmt::format(
      R"({{"cells":[{{"cell_type":"code","source":"a","outputs":[{{"output_type":"stream","name":"stdout","text":"{}"}}]}},{{"cell_type":"markdown","source":"{}"}}]}})",
      text, text);
  const std::string all = shown(notebook);
  CHECK(all.find(std::string(2000, 'x') + "\n... [clipped: 5000 bytes in this output]\n") !=
        std::string::npos);
  CHECK(all.ends_with(text + "\n"));
  CHECK(shown(notebook, {.max_bytes = 3000})
            .ends_with("in this output]\ncells 1-1 of 2; continue with offset=2\n"));
  const std::string cut = shown(notebook, {.first = 2, .max_bytes = 1000});
  CHECK(cut.size() < 1200);
  CHECK(cut.find("bytes in this cell; mode=text reads it by lines]") != std::string::npos);
}

TEST_CASE("an old notebook has its cells in worksheets") {
  CHECK(shown(R"({"worksheets":[{"cells":[{"cell_type":"code","input":["z\n"],"prompt_number":7,
      "outputs":[{"output_type":"pyout","text":["8"]}]}]}],"nbformat":3})") ==
        "-- cell 1 (code [7])\nz\n-- output (result)\n8\n");
}

TEST_CASE("what is no notebook says why, and nothing is shown of it") {
  for (const std::string_view raw : {"", "{", "[1]", "{}", "{\"cells\":3}", "{\"cells\":[}"}) {
    INFO(raw);
    CHECK(shown(raw).starts_with("error: "));
  }
  // Odd, but a notebook.
  CHECK(shown(R"({"cells":[1,null,{"cell_type":5},{}]})") ==
        "-- cell 1 (unknown kind)\n-- cell 2 (unknown kind)\n");
}

}  // namespace
}  // namespace quarry::tools
