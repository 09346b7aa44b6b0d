#include "tools/files/notebook.h"

#include <algorithm>

#include "server/base/figures.h"
#include "server/base/format.h"
#include "server/base/hash.h"
#include "server/base/utf8.h"
#include "server/files/read.h"
#include "server/json/document.h"

namespace quarry::tools {
namespace {

using json::Type;
using json::Value;

constexpr std::size_t kMostOutputBytes = 2000;  // shown of one output

// A text of a notebook: a string, or its lines in an array.
std::string text_of(Value value) {
  if (value.is(Type::kString)) return std::string(value.string());
  std::string text;
  if (!value.is(Type::kArray)) return text;
  for (Value line = value.first(); line; line = value.after(line)) {
    if (line.is(Type::kString)) text.append(line.string());
  }
  return text;
}

std::string_view name_of(Value object, std::string_view member) {
  const Value value = object.find(member);
  return value.is(Type::kString) ? value.string() : std::string_view();
}

// Without the escape sequences that colour a terminal.
std::string without_colours(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\x1b' || at + 1 == text.size() || text[at + 1] != '[') {
      out.push_back(text[at]);
      continue;
    }
    at += 2;
    while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
  }
  return out;
}

void append_block(std::string& out, std::string_view text) {
  out.append(text);
  if (!text.empty() && text.back() != '\n') out.push_back('\n');
}

void append_output_text(std::string& out, std::string_view kind, std::string_view text) {
  out.append("-- output (").append(kind).append(")\n");
  const std::string_view shown = utf8::clip(text, kMostOutputBytes);
  append_block(out, shown);
  if (shown.size() < text.size()) {
    out.append(fmt::format("... [clipped: {} bytes in this output]\n", text.size()));
  }
}

// What a program showed: its plain text, and by name what else there is.
void append_rich(std::string& out, Value data) {
  const Value plain = data.find("text/plain");
  if (plain) append_output_text(out, "result", without_colours(text_of(plain)));
  if (!data.is(Type::kObject)) return;
  for (Value part = data.first(); part; part = data.after(part)) {
    if (part.key() == "text/plain") continue;
    const std::size_t bytes = part.is(Type::kObject) ? part.raw().size() : text_of(part).size();
    const bool encoded = part.key().starts_with("image/") && part.key() != "image/svg+xml";
    std::string kind;
    utf8::append_escaped_name(kind, part.key());
    out.append("-- output (").append(kind).append(", ");
    append_size(out, encoded ? bytes / 4 * 3 : bytes);
    out.append(", not shown)\n");
  }
}

void append_output(std::string& out, Value output) {
  const std::string_view type = name_of(output, "output_type");
  if (type == "stream") {
    const std::string_view name = name_of(output, "name");
    append_output_text(out, name == "stderr" ? "stderr" : "stdout",
                       without_colours(text_of(output.find("text"))));
  } else if (type == "error" || type == "pyerr") {
    const Value trace = output.find("traceback");
    std::string text;
    for (Value line = trace.is(Type::kArray) ? trace.first() : Value(); line;
         line = trace.after(line)) {
      if (line.is(Type::kString)) append_block(text, without_colours(line.string()));
    }
    if (text.empty()) {
      text = fmt::format("{}: {}", name_of(output, "ename"), name_of(output, "evalue"));
    }
    append_output_text(out, "error", text);
  } else if (const Value data = output.find("data")) {
    append_rich(out, data);
  } else if (const Value text = output.find("text")) {
    append_output_text(out, "result", text_of(text));  // nbformat 3
  }
}

bool is_code(Value cell) {
  return name_of(cell, "cell_type") == "code";
}

void append_cell(std::string& out, Value cell, std::int64_t number) {
  const std::string_view type = name_of(cell, "cell_type");
  const bool known = type == "code" || type == "markdown" || type == "raw" || type == "heading";
  out.append(fmt::format("-- cell {} ({}", number, known ? type : "unknown kind"));
  const Value run = cell.find(cell.find("execution_count") ? "execution_count" : "prompt_number");
  if (const auto count = run.integer()) out.append(fmt::format(" [{}]", *count));
  out.append(")\n");
  append_block(out, text_of(cell.find(cell.find("source") ? "source" : "input")));
  const Value outputs = cell.find("outputs");
  for (Value output = outputs.is(Type::kArray) ? outputs.first() : Value(); output;
       output = outputs.after(output)) {
    append_output(out, output);
  }
}

// nbformat 4 has cells; 3 has worksheets that have them.
Result<std::vector<Value>> cells_of(Value root) {
  std::vector<Value> cells;
  const auto add = [&](Value list) {
    for (Value cell = list.is(Type::kArray) ? list.first() : Value(); cell;
         cell = list.after(cell)) {
      if (cell.is(Type::kObject)) cells.push_back(cell);
    }
  };
  if (root.find("cells").is(Type::kArray)) {
    add(root.find("cells"));
    return cells;
  }
  const Value sheets = root.find("worksheets");
  if (!sheets.is(Type::kArray)) return fail(Code::kInvalidArgs, "it has no cells");
  for (Value sheet = sheets.first(); sheet; sheet = sheets.after(sheet)) add(sheet.find("cells"));
  return cells;
}

void append_head(std::string& out, const NotebookRequest& request, Value root,
                 const std::vector<Value>& cells, std::string_view raw) {
  const auto code = std::count_if(cells.begin(), cells.end(), is_code);
  out.append(request.title).append(": notebook, ");
  append_count(out, cells.size());
  out.append(cells.size() == 1 ? " cell (" : " cells (");
  append_count(out, static_cast<std::uint64_t>(code));
  out.append(" code), ");
  const Value metadata = root.find("metadata");
  std::string_view kernel = name_of(metadata.find("kernelspec"), "name");
  if (kernel.empty()) kernel = name_of(metadata.find("language_info"), "name");
  if (!kernel.empty()) {
    utf8::append_escaped_name(out, utf8::clip(kernel, 60));
    out.append(", ");
  }
  append_size(out, raw.size());
  out.append(", hash ").append(content_hash(raw));
  out.append("; mode=text shows the JSON, which is what edits change\n");
}

}  // namespace

bool names_notebook(std::string_view path) {
  return path.ends_with(".ipynb");
}

Result<void> append_notebook(std::string& out, std::string_view raw,
                             const NotebookRequest& request) {
  json::Parser parser;
  json::Document document;
  TRY(document.parse_copy(parser, raw.starts_with("\xEF\xBB\xBF") ? raw.substr(3) : raw));
  const Value root = document.root();
  if (!root.is(Type::kObject)) return fail(Code::kInvalidArgs, "its JSON is no object");
  TRY_ASSIGN(const std::vector<Value> cells, cells_of(root));
  const auto total = static_cast<std::int64_t>(cells.size());
  const std::size_t limit = out.size() + request.max_bytes;
  append_head(out, request, root, cells, raw);
  std::int64_t first = request.first;
  if (request.tail > 0) first = std::max<std::int64_t>(total - request.tail + 1, 1);
  if (first > total && total > 0) {
    out.append(fmt::format("offset {} is past the end: the last cell is {}\n", first, total));
    return {};
  }
  const std::int64_t count = request.tail > 0 ? request.tail : request.count;
  std::int64_t next = first;
  for (; next <= total && next - first < count; ++next) {
    const std::size_t begin = out.size();
    append_cell(out, cells[static_cast<std::size_t>(next - 1)], next);
    if (out.size() <= limit) continue;
    const std::size_t size = out.size() - begin;
    if (next > first) {
      out.resize(begin);
      break;
    }
    // One cell that is over the budget alone.
    const std::size_t room = limit > begin + 200 ? limit - begin : 200;
    const std::string shown(utf8::clip(std::string_view(out).substr(begin), room));
    out.resize(begin);
    append_block(out, shown);
    out.append(
        fmt::format("... [clipped: {} bytes in this cell; mode=text reads it by lines]\n", size));
    ++next;
    break;
  }
  if (next <= total) {
    out.append(fmt::format("cells {}-{} of {}; continue with {}offset={}", first, next - 1, total,
                           request.place, next));
    const bool chosen = request.tail == 0 && request.count != files::kDefaultLines;
    out.append(chosen ? fmt::format(", limit={}\n", request.count) : "\n");
  }
  return {};
}

}  // namespace quarry::tools
