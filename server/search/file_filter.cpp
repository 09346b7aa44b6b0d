#include "server/search/file_filter.h"

#include <algorithm>

#include "server/search/file_types.h"

namespace quarry::search {

Result<std::string> normal_glob(std::string_view glob, std::string_view argument) {
  const std::string_view given = glob.substr(0, 100);
  while (glob.starts_with("./")) glob.remove_prefix(2);
  if (glob.empty()) {
    return fail(Code::kInvalidArgs, "{} is empty; use a pattern such as **/*.h", argument);
  }
  if (glob.front() == '/') {
    return fail(Code::kInvalidArgs, "{} '{}' is absolute; use one relative to the root", argument,
                given);
  }
  for (std::size_t at = 0; at <= glob.size();) {
    const std::size_t end = std::min(glob.find_first_of("/{},", at), glob.size());
    if (glob.substr(at, end - at) == "..") {
      return fail(Code::kInvalidArgs, "{} '{}' leaves the root; use one without '..'", argument,
                  given);
    }
    at = end + 1;
  }
  std::string normal(glob);
  if (normal.ends_with('/')) normal += "**";
  return normal;
}

std::string listed_globs(std::string_view glob) {
  std::string out = "{";
  std::size_t parts = 0;
  std::string part;
  int braces = 0;
  const auto end_part = [&] {
    if (part.empty()) return;
    out += parts++ == 0 ? part : "," + part;
    part.clear();
  };
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (c == '{') ++braces;
    if (c == '}') --braces;
    if (braces == 0 && (c == ',' || c == ' ' || c == ';' || c == '|')) {
      end_part();
      continue;
    }
    part.push_back(c);
    if (c == '\\' && i + 1 < glob.size()) part.push_back(glob[++i]);
  }
  end_part();
  return parts > 1 ? out + "}" : std::string();
}

Result<FileFilter> FileFilter::make(std::string_view glob, std::string_view type,
                                    const sandbox::Path& start) {
  FileFilter filter;
  if (!start.is_root()) filter.start_ = start.text() + "/";
  if (!glob.empty()) {
    filter.negated_ = glob.starts_with('!');
    if (filter.negated_) glob.remove_prefix(1);
    // "!build/": a directory of that name, wherever it lies.
    filter.of_directories_ = filter.negated_ && glob.size() > 1 && glob.ends_with('/');
    if (filter.of_directories_) glob.remove_suffix(1);
    TRY_ASSIGN(const std::string normal, normal_glob(glob, "glob"));
    TRY_ASSIGN(filter.glob_, Glob::compile(normal, Glob::Flavour::kTool));
  }
  if (!type.empty()) {
    TRY_ASSIGN(filter.type_, find_file_type(type));
    filter.typed_ = true;
  }
  if (filter.glob_) filter.work_ += 2 * filter.glob_->steps(1);
  for (const Glob& one : filter.type_) filter.work_ += one.steps(1);
  return filter;
}

bool FileFilter::names(std::string_view path) const {
  if (glob_->matches_name_or_path(path)) return true;
  return glob_->has_slash() && !start_.empty() && path.starts_with(start_) &&
         glob_->matches_name_or_path(path.substr(start_.size()));
}

bool FileFilter::takes(std::string_view path) const {
  if (glob_) {
    bool matches = !of_directories_ && names(path);
    // What leaves a directory out leaves out all that lies in it.
    for (std::size_t slash = path.find('/'); negated_ && !matches && slash != path.npos;
         slash = path.find('/', slash + 1)) {
      matches = slash + 1 > start_.size() && names(path.substr(0, slash));
    }
    if (matches == negated_) return false;
  }
  return !typed_ || std::ranges::any_of(
                        type_, [&](const Glob& glob) { return glob.matches_name_or_path(path); });
}

}  // namespace quarry::search
