#include "tools/files/read_one.h"

#include "server/files/continuation.h"
#include "server/files/read_text.h"
#include "server/git/client.h"
#include "server/sandbox/workspace.h"
#include "tools/files/notebook.h"
#include "tools/files/received.h"

namespace quarry::tools {
namespace {

// The cells of the notebook `raw`; else why it has none, and it is shown as the text that it is.
Result<void> append_cells(const files::Job& job, std::string_view raw) {
  const files::ReadRequest& request = job.request;
  std::string title;
  files::append_title({.path = job.path, .request = request, .out = title});
  title.erase(title.rfind(": "));
  std::string place;
  files::append_place(place, job.path, request);
  return append_notebook(job.out, raw,
                         {.title = title,
                          .place = place,
                          .first = request.offset,
                          .count = request.limit,
                          .tail = request.tail,
                          .max_bytes = request.max_bytes});
}

Result<std::optional<files::Picture>> read_tree(const ToolContext& context,
                                                const sandbox::Path& path,
                                                const files::ReadRequest& request, bool cells,
                                                std::string& out) {
  std::string problem;
  if (cells) {
    TRY_ASSIGN(const sandbox::File file, context.files.open_file(path));
    std::string raw;
    Result<void> shown = file.read_all(raw, files::kMaxWholeBytes);
    if (shown) shown = append_cells({.path = path, .request = request, .out = out}, raw);
    if (shown) return std::optional<files::Picture>();
    problem = std::move(shown).error().message;
  }
  auto picture =
      files::read_file({context.files, context.line_indexes}, path, request, context.cancel, out);
  if (picture && cells) out.append("not shown as a notebook: ").append(problem).push_back('\n');
  return picture;
}

Result<std::optional<files::Picture>> read_revision(const ToolContext& context,
                                                    const sandbox::Path& path,
                                                    files::ReadRequest& request, bool cells,
                                                    std::string& commit, std::string& out) {
  TRY(context.files.check_shown(path, {}));
  TRY_ASSIGN(
      git::FileAt file,
      context.git.file_at({std::string(request.ref), std::string(path.display())}, context.cancel));
  TRY(context.files.check_shown(path, file.content));
  commit = std::move(file.commit);
  request.commit = commit;
  if (!cells) return files::read_bytes(path, file.content, request, out);
  const auto shown = append_cells({.path = path, .request = request, .out = out}, file.content);
  if (shown) return std::optional<files::Picture>();
  auto picture = files::read_bytes(path, file.content, request, out);
  if (picture) {
    out.append("not shown as a notebook: ").append(shown.error().message).push_back('\n');
  }
  return picture;
}

}  // namespace

Result<void> read_one(const ToolContext& context, std::string_view text,
                      const files::ReadRequest& asked, bool force, ToolOutput& output) {
  TRY_ASSIGN(const sandbox::Path path,
             context.files.parse(text, asked.name_path ? "paths" : "path"));
  files::ReadRequest request = asked;
  files::ReadReport report{.max_text_bytes = kComparedBytes};
  if (context.ledger != nullptr) request.report = &report;
  const std::size_t begin = output.text.size();
  const bool cells =
      request.mode == files::ReadMode::kAuto && !request.encoding && names_notebook(path.text());
  std::string commit;
  auto picture = request.ref.empty()
                     ? read_tree(context, path, request, cells, output.text)
                     : read_revision(context, path, request, cells, commit, output.text);
  TRY(picture);
  if (*picture) output.images.push_back({std::move((*picture)->bytes), (*picture)->mime_type});
  account_for(context, path, request, report, force, begin, output);
  return {};
}

}  // namespace quarry::tools
