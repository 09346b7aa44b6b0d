#include <algorithm>
#include <map>

#include "server/analysis/project/render.h"
#include "server/base/utf8.h"

namespace quarry::analysis::project {
namespace {

class Text {
 public:
  Text(std::string& out, const Project& project, const Show& show)
      : out_(out), project_(project), show_(show) {}

  void write() {
    const Module* main = project_.main_module();
    if (main == nullptr) return;  // the languages say that there is no code
    if (show_.modules) {
      line("main module ").module(*main);
      readiness();
      modules(*main);
    }
    facts(*main);
    if (show_.ci && !project_.ci.empty()) {
      continuous_integration();
    }
    if (show_.config && !project_.findings.empty()) {
      line("findings: ");
      join(project_.findings, [&](const Finding& one) { add(one.message).at(one.at); });
    }
    if (project_.manifests_left_out > 0) {
      line("not read: ").add(std::to_string(project_.manifests_left_out)).add(" more manifests");
    }
  }

 private:
  Text& line(std::string_view text) {
    out_.push_back('\n');
    out_.append(text);
    return *this;
  }
  Text& add(std::string_view text) {
    utf8::append_escaped_name(out_, utf8::clip(text, 200));
    return *this;
  }
  Text& at(const Evidence& evidence) {
    if (!evidence.path.empty()) out_.append(" (");
    if (!evidence.path.empty()) add(evidence.text());
    if (!evidence.path.empty()) out_.push_back(')');
    return *this;
  }
  Text& named(const Named& one) {
    add(one.name);
    if (!one.version.empty()) add(" ").add(one.version);
    return at(one.at);
  }
  template <class List, class Each>
  void join(const List& list, Each each) {
    const std::size_t most = std::min(list.size(), show_.most_items);
    for (std::size_t i = 0; i < most; ++i) {
      if (i > 0) out_.append(", ");
      each(list[i]);
    }
    if (most < list.size())
      out_.append(", ").append(std::to_string(list.size() - most)).append(" more");
  }

  // Everything of a module that fits into a line.
  Text& module(const Module& one) {
    add(one.path);
    if (!one.name.empty()) add(" ").add(one.name);
    if (!one.version.empty()) add(" ").add(one.version);
    add(": ").add(one.language.empty() ? "no code" : one.language).at(one.at);
    if (!one.runtime.version.empty()) {
      add(", ");
      named(one.runtime);
    }
    if (!one.manager.name.empty()) {
      add(", ");
      named(one.manager);
    }
    if (const FrameworkFact* framework = one.primary_framework()) {
      add(", ").add(framework->name);
      if (!framework->version.empty()) add(" ").add(framework->version);
      at(framework->at);
    }
    if (const PortFact* port = one.port()) {
      add(", port ").add(std::to_string(port->number)).add(", ");
      add(ecosystem::name_of(port->source)).at(port->at);
    }
    if (!one.members.empty()) {
      add(", workspace of ").add(std::to_string(one.members.size()));
    }
    return *this;
  }

  void modules(const Module& main) {
    if (project_.modules.size() < 2) return;
    const std::vector<AsideGroup> aside = aside_groups(project_);
    std::size_t rest = project_.modules.size();
    for (const AsideGroup& one : aside) rest -= one.modules;
    line("modules: ").add(std::to_string(rest));
    std::size_t shown = 0;
    for (const Module* one : project_.by_weight()) {
      if (one == &main || (!aside.empty() && !one->aside.empty())) continue;
      if (++shown > show_.most_modules) {
        line("  ").add(std::to_string(rest - shown)).add(" more");
        break;
      }
      line("  ").module(*one);
      const std::string& licence = one->licence.name;
      if (!licence.empty() && licence != main.licence.name) add(", ").named(one->licence);
    }
    if (aside.empty()) return;
    line("aside, of tests, examples and templates: ");
    join(aside, [&](const AsideGroup& one) {
      add(one.place).add(" (").add(std::to_string(one.modules)).add(")");
    });
  }

  // Each system once, with its files.
  void continuous_integration() {
    std::vector<std::pair<std::string_view, std::vector<std::string_view>>> systems;
    for (const Named& one : project_.ci) {
      if (systems.empty() || systems.back().first != one.name) systems.push_back({one.name, {}});
      systems.back().second.push_back(one.at.path);
    }
    line("ci: ");
    join(systems, [&](const auto& one) {
      add(one.first).add(" (");
      join(one.second, [&](std::string_view path) { add(path); });
      add(")");
    });
  }

  void readiness() {
    line("readiness for a container: ").add(std::to_string(project_.readiness.score));
    add(" of 100; ");
    bool first = true;
    for (const Reason& one : project_.readiness.reasons) {
      if (!first) add(", ");
      first = false;
      add(one.text);
    }
  }

  void facts(const Module& main) {
    if (show_.frameworks || show_.tests) {
      frameworks("frameworks: ", main, false, show_.frameworks);
      frameworks("tests: ", main, true, show_.tests);
    }
    if (show_.commands && !main.commands.empty()) {
      line("commands: ");
      join(main.commands, [&](const CommandFact& one) {
        add(name_of(one.role)).add(" `");
        out_.append(shown_command(one.text));
        add("`").at(one.at);
      });
    }
    if (show_.entry_points && !main.entries.empty()) {
      line("entry points: ");
      join(main.entries,
           [&](const EntryFact& one) { add(one.path).add(", ").add(one.how).at(one.at); });
    }
    if (show_.ports && !main.ports.empty()) {
      line("ports: ");
      join(main.ports, [&](const PortFact& one) {
        add(std::to_string(one.number)).add(one.own ? " own, " : " of " + one.service + ", ");
        add(ecosystem::name_of(one.source)).at(one.at);
      });
    }
    if (show_.databases) services(main);
    if (show_.environment) {
      for (const VariableKind kind :
           {VariableKind::kSecret, VariableKind::kDatabase, VariableKind::kConfig}) {
        std::vector<VariableFact> of_kind;
        std::ranges::copy_if(main.variables, std::back_inserter(of_kind),
                             [&](const VariableFact& one) { return one.kind == kind; });
        if (of_kind.empty()) continue;
        line("environment, ").add(name_of(kind)).add(": ");
        join(of_kind, [&](const VariableFact& one) {
          add(one.name);
          if (!one.value.empty()) add("=").add(one.value);
          at(one.at);
        });
      }
    }
    if (show_.containers && !main.containers.empty()) {
      line("containers: ");
      join(main.containers, [&](const std::string& one) { add(one); });
    }
    if (show_.config) {
      if (!main.settings.empty()) {
        line("config: ");
        join(main.settings, [&](const std::string& one) { add(one); });
      }
      if (!main.licence.name.empty()) line("licence: ").named(main.licence);
    }
    if (show_.dependencies && !main.dependencies.empty()) {
      line("dependencies: ");
      join(main.dependencies, [&](const DependencyFact& one) {
        add(one.name);
        version(one);
        if (one.use != ecosystem::Use::kRuntime) add(" ").add(ecosystem::name_of(one.use));
        at(one.at);
      });
    }
  }

  // The main module's, then what only others have: the structure lists them all.
  void services(const Module& main) {
    std::vector<const ServiceFact*> all;
    const auto take = [&](const Module& module) {
      for (const ServiceFact& one : module.services) {
        const bool known = std::ranges::any_of(
            all, [&](const ServiceFact* other) { return other->name == one.name; });
        if (!known) all.push_back(&one);
      }
    };
    take(main);
    for (const Module* one : project_.by_weight()) {
      if (one->aside.empty() && !one->secondary) take(*one);
    }
    if (all.empty()) return;
    line("databases and services: ");
    join(all, [&](const ServiceFact* one) { add(one->name).add(", ").add(one->how).at(one->at); });
  }

  void frameworks(std::string_view title, const Module& main, bool tests, bool wanted) {
    std::vector<FrameworkFact> chosen;
    std::ranges::copy_if(
        main.frameworks, std::back_inserter(chosen),
        [&](const FrameworkFact& one) { return (one.kind == FrameworkKind::kTest) == tests; });
    if (!wanted || chosen.empty()) return;
    line(title);
    join(chosen, [&](const FrameworkFact& one) {
      add(one.name);
      version(one);
      at(one.at);
    });
  }

  // "^4.18.0 (4.18.2)": the range, and what is locked for it.
  template <class Fact>
  void version(const Fact& one) {
    if (!one.version.empty()) add(" ").add(one.version);
    if (!one.locked.empty()) add(" (").add(one.locked).add(")");
  }

  std::string& out_;
  const Project& project_;
  const Show& show_;
};

}  // namespace

std::vector<AsideGroup> aside_groups(const Project& project) {
  std::map<std::string_view, std::size_t> places;
  std::size_t all = 0;
  for (const auto& one : project.modules) {
    if (one->aside.empty()) continue;
    ++places[one->aside];
    ++all;
  }
  std::vector<AsideGroup> groups;
  if (all <= kFewAside) return groups;
  for (const auto& [place, modules] : places) groups.push_back({place, modules});
  std::ranges::stable_sort(groups, std::greater<>{}, &AsideGroup::modules);
  return groups;
}

std::string shown_command(std::string_view command) {
  constexpr std::size_t kMost = 300;
  const std::string_view clipped = utf8::clip(command, kMost);
  std::string shown;
  for (std::size_t at = 0; at <= clipped.size();) {
    const std::size_t end = std::min(clipped.find('\\', at), clipped.size());
    utf8::append_escaped_name(shown, clipped.substr(at, end - at));
    if (end < clipped.size()) shown.push_back('\\');
    at = end + 1;
  }
  return clipped.size() < command.size() ? shown + " ..." : shown;
}

void append_text(std::string& out, const Project& project, const Show& show) {
  Text(out, project, show).write();
}

}  // namespace quarry::analysis::project
