#include "perf/load/search_cases.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "perf/load/cases.h"

namespace quarry::perf {
namespace {

using Json = nlohmann::json;
using Answer = SearchCase::Answer;

SearchCase grep(const char* name, const char* pattern, const std::string& options, Json more,
                Answer answer = Answer::kCounts) {
  Json arguments = {{"pattern", pattern}};
  arguments.update(more);
  const std::string command =
      "rg --no-config --hidden --no-require-git --no-ignore-parent --no-messages -j2 ";
  const std::string what = std::string(" -e '") + pattern + "' .";
  // The first of the options says what is printed.
  const std::size_t rest = std::min(options.find(' '), options.size());
  return {.name = name,
          .request = tool_call("grep", arguments.dump()),
          .peer = command + options + what,
          .answer = answer,
          .peer_counts = command + "-c --null" + options.substr(rest) + what,
          .peer_lines = command + "-n --null --no-heading" + options.substr(rest) + what};
}

SearchCase names(const char* name, const char* tool, const Json& arguments,
                 const std::string& options, Answer answer) {
  return {.name = name,
          .request = tool_call(tool, arguments.dump()),
          .peer = "\"$(command -v fdfind || command -v fd)\" --hidden --no-ignore-parent -j2 " +
                  options,
          .answer = answer};
}

}  // namespace

std::vector<SearchCase> search_cases() {
  const Json count = {{"output_mode", "count"}, {"head_limit", 1}};
  const auto with = [&](const char* option) {
    Json more = count;
    more[option] = true;
    return more;
  };
  return {
      grep("absent word", "zqxjkvqqw", "-c", count),
      grep("rare literal", "raid6_datap_recov", "-c", count),
      grep("common literal", "return", "-c", count),
      grep("regex, strong literal", R"(kmalloc\(.*GFP_ATOMIC)", "-c", count),
      grep("regex, weak literal", R"(\w+\s+\w+\s*=\s*NULL;)", "-c", count),
      grep("regex, alternation", "(foo|bar|qux)_init", "-c", count),
      grep("regex, no literal", "[A-Z]{3,}_[0-9]{4,}", "-c", count),
      grep("ignore case", "mutex_lock", "-c -i", with("ignore_case")),
      grep("word", "lock", "-c -w", with("word")),
      grep("look-ahead", R"(kmalloc\((?!.*GFP_KERNEL))", "-c -P", count),
      grep("files only", "EXPORT_SYMBOL_GPL", "-l",
           {{"output_mode", "files_with_matches"}, {"head_limit", 1}}, Answer::kEntries),
      grep("content, first 100", "mutex_lock", "-n", Json::object(), Answer::kFirstFew),
      // fd asks no file for its time, so it is the second of these that asks what fd does.
      names("glob **/*.h, newest first", "glob", {{"pattern", "**/*.h"}}, "--type f --glob '*.h'",
            Answer::kFirstFew),
      names("glob **/*.h, by path", "glob", {{"pattern", "**/*.h"}, {"sort", "path"}},
            "--type f --glob '*.h'", Answer::kFirstFew),
      names("list, two levels", "list_directory", {{"depth", 2}}, "--max-depth 2",
            Answer::kFirstFew),
  };
}

std::size_t count_said(const std::string& text) {
  if (text.find("incomplete") != std::string::npos) {
    throw std::runtime_error("cut by time: " + text);
  }
  const std::size_t line = text.rfind('\n', text.find(" of ")) + 1;
  const std::size_t digit = text.find_first_of("0123456789", line);
  if (digit == std::string::npos) throw std::runtime_error("no number in: " + text);
  return std::strtoull(text.c_str() + digit, nullptr, 10);
}

std::size_t count_printed(const std::string& output, Answer answer) {
  if (answer != Answer::kCounts) {
    return static_cast<std::size_t>(std::ranges::count(output, '\n'));
  }
  std::size_t sum = 0;
  for (std::size_t at = 0, end = 0; at < output.size(); at = end + 1) {
    end = std::min(output.find('\n', at), output.size());
    sum += std::strtoull(output.c_str() + output.rfind(':', end) + 1, nullptr, 10);
  }
  return sum;
}

}  // namespace quarry::perf
