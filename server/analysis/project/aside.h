// Aside: modules that are not what a project is for: its tests, examples and templates, which may
// be hundreds, and the tools that it is made with. Pure functions; safe from any thread.

#pragma once

#include <string>
#include <string_view>

namespace quarry::analysis::project {

// What groups a module with others of its sort: "playground" of "playground/css", "a/template-*" of
// "a/template-vue"; "" of a module that stands for itself.
std::string aside_place(std::string_view path);

// Whether a module is not to be the main one: aside, or a tool of the project.
bool is_secondary(std::string_view path);

}  // namespace quarry::analysis::project
