#include "server/analysis/project/facts_text.h"

namespace quarry::analysis::project {
namespace {

class Lines {
 public:
  // The parts that are not empty, apart by blanks.
  template <class... Parts>
  void add(const Parts&... parts) {
    std::string line;
    (append(line, parts), ...);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  static void append(std::string& line, std::string_view part) {
    if (part.empty()) return;
    if (!line.empty()) line.push_back(' ');
    line.append(part);
  }
  std::vector<std::string> lines_;
};

void add_module(Lines& lines, const Module& module) {
  const std::string& path = module.path;
  lines.add(path, "module", module.name, module.version);
  lines.add(path, "language", module.language, module.at.text());
  if (!module.runtime.version.empty()) {
    lines.add(path, "version", module.runtime.name, module.runtime.version,
              module.runtime.at.text());
  }
  if (!module.manager.name.empty()) {
    lines.add(path, "manager", module.manager.name, module.manager.version,
              module.manager.at.text());
  }
  if (!module.lock.path.empty()) lines.add(path, "lock", module.lock.text());
  for (const Named& one : module.build_systems) lines.add(path, "system", one.name, one.at.text());
  if (const FrameworkFact* one = module.primary_framework()) lines.add(path, "primary", one->name);
  for (const FrameworkFact& one : module.frameworks) {
    lines.add(path, "framework", one.name, one.version, name_of(one.kind), one.at.text());
  }
  for (const DependencyFact& one : module.dependencies) {
    lines.add(path, "dependency", one.name, one.version, ecosystem::name_of(one.use), one.ecosystem,
              one.at.text());
    if (!one.locked.empty()) lines.add(path, "locked", one.name, one.version, one.locked);
  }
  for (const EntryFact& one : module.entries)
    lines.add(path, "entry", one.path, one.how, one.at.text());
  for (const CommandFact& one : module.commands) {
    lines.add(path, name_of(one.role), one.text, one.at.text());
  }
  if (const PortFact* one = module.port()) lines.add(path, "listens", std::to_string(one->number));
  for (const PortFact& one : module.ports) {
    lines.add(path, one.own ? "port" : "port-of " + one.service, std::to_string(one.number),
              ecosystem::name_of(one.source), one.at.text());
  }
  for (const ServiceFact& one : module.services) {
    lines.add(path, "service", one.name, one.kind, one.how, one.at.text());
  }
  for (const VariableFact& one : module.variables) {
    lines.add(path, "variable", one.name, name_of(one.kind), one.value, one.at.text());
  }
  for (const std::string& one : module.containers) lines.add(path, "container", one);
  if (!module.licence.name.empty()) {
    lines.add(path, "licence", module.licence.name, module.licence.at.text());
  }
  for (const std::string& one : module.members) lines.add(path, "member", one);
  if (!module.member_of.path.empty()) lines.add(path, "member-of", module.member_of.text());
  if (!module.aside.empty()) lines.add(path, "aside", module.aside);
}

}  // namespace

std::vector<std::string> fact_lines(const Project& project) {
  Lines lines;
  if (const Module* main = project.main_module()) lines.add("main", main->path);
  for (const auto& module : project.modules) add_module(lines, *module);
  for (const Named& one : project.ci) lines.add("ci", one.name, one.at.text());
  for (const Finding& one : project.findings) lines.add("finding", one.at.text(), one.message);
  lines.add("readiness", std::to_string(project.readiness.score));
  for (const Reason& one : project.readiness.reasons) {
    lines.add("reason", std::to_string(one.points), one.text);
  }
  return lines.take();
}

}  // namespace quarry::analysis::project
