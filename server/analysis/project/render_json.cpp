#include <algorithm>

#include "server/analysis/project/render.h"
#include "server/base/utf8.h"

namespace quarry::analysis::project {
namespace {

std::string escaped(std::string_view text) {
  std::string shown;
  utf8::append_escaped_name(shown, utf8::clip(text, 300));
  return shown;
}

class Answer {
 public:
  Answer(json::Writer& out, const Project& project, const Show& show)
      : out_(out), project_(project), show_(show) {}

  void write() {
    if (const Module* main = project_.main_module(); main != nullptr && show_.modules) {
      summary(*main);
      out_.key("readiness").begin_object().field("score", project_.readiness.score);
      out_.key("reasons").begin_array();
      for (const Reason& one : project_.readiness.reasons) {
        out_.string((one.points > 0 ? "+" + std::to_string(one.points) + " " : "0 ") + one.text);
      }
      out_.end_array().end_object();
    }
    if (show_.modules) modules();
    sections();
    if (show_.ci) {
      list("ci", project_.ci, [&](const Named& one) { text("name", one.name).at(one.at); });
    }
    if (show_.config) {
      list("findings", project_.findings,
           [&](const Finding& one) { text("message", one.message).at(one.at); });
    }
  }

 private:
  Answer& text(std::string_view name, std::string_view value) {
    if (!value.empty()) out_.field(name, escaped(value));
    return *this;
  }
  Answer& at(const Evidence& evidence) { return text("evidence", evidence.text()); }
  void text_or_null(std::string_view name, std::string_view value) {
    out_.key(name);
    value.empty() ? out_.null() : out_.string(escaped(value));
  }

  template <class List, class Each>
  void list(std::string_view name, const List& items, Each each) {
    out_.key(name).begin_array();
    const std::size_t most = std::min(items.size(), show_.most_items);
    for (std::size_t i = 0; i < most; ++i) {
      out_.begin_object();
      each(items[i]);
      out_.end_object();
    }
    out_.end_array();
    if (most < items.size()) out_.field(std::string(name) + "_left_out", items.size() - most);
  }

  void command_or_null(std::string_view name, const CommandFact* command) {
    out_.key(name);
    command == nullptr ? out_.null() : out_.string(shown_command(command->text));
  }

  // What most callers want to know, at the top level.
  void summary(const Module& main) {
    const FrameworkFact* framework = main.primary_framework();
    const CommandFact* build = main.command(CommandRole::kBuild);
    const CommandFact* start = main.command(CommandRole::kStart);
    const PortFact* port = main.port();
    out_.field("main_module", escaped(main.path));
    text_or_null("language", main.language);
    text_or_null("language_version", main.runtime.version);
    text_or_null("framework", framework == nullptr ? "" : framework->name);
    text_or_null("package_manager", main.manager.name);
    command_or_null("build_command", build);
    command_or_null("start_command", start);
    out_.key("port");
    port == nullptr ? out_.null() : out_.number(static_cast<std::uint64_t>(port->number));
    text_or_null("entry_point", main.entries.empty() ? "" : main.entries.front().path);
  }

  void modules() {
    const std::vector<AsideGroup> aside = aside_groups(project_);
    std::vector<const Module*> listed = project_.by_weight();
    std::uint64_t rest = 0;
    for (const AsideGroup& one : aside) rest += one.modules;
    listed.resize(listed.size() - rest);
    out_.key("modules").begin_array();
    const std::size_t most = std::min(listed.size(), show_.most_modules);
    for (std::size_t i = 0; i < most; ++i) {
      const Module& one = *listed[i];
      const FrameworkFact* framework = one.primary_framework();
      out_.begin_object().field("path", escaped(one.path));
      text("name", one.name).text("version", one.version).text("language", one.language);
      text("runtime",
           one.runtime.version.empty() ? "" : one.runtime.name + " " + one.runtime.version);
      text("runtime_evidence", one.runtime.at.text());
      text("package_manager", one.manager.name);
      if (!one.manager.version.empty()) text("package_manager_version", one.manager.version);
      text("package_manager_evidence", one.manager.at.text());
      text("framework", framework == nullptr ? "" : framework->name).at(one.at);
      if (!one.build_systems.empty()) {
        out_.key("build_systems").begin_array();
        for (const Named& system : one.build_systems) out_.string(escaped(system.name));
        out_.end_array();
      }
      text("licence", one.licence.name).text("licence_evidence", one.licence.at.text());
      text("member_of", one.member_of.text());
      if (!one.members.empty()) out_.field("members", one.members.size());
      out_.end_object();
    }
    out_.end_array();
    if (most < listed.size()) out_.field("modules_left_out", listed.size() - most);
    if (aside.empty()) return;
    out_.field("modules_aside", rest);
    list("aside", aside, [&](const AsideGroup& one) {
      text("place", one.place);
      out_.field("modules", one.modules);
    });
  }

  // One list over all modules: the main one's facts first, those aside last.
  template <class Fact>
  struct Of {
    const Module* module;
    const Fact* fact;
  };
  template <class Fact, class Members, class Keep>
  std::vector<Of<Fact>> all(Members members, Keep keep) const {
    std::vector<Of<Fact>> found;
    const auto take = [&](const Module& module) {
      for (const Fact& fact : module.*members) {
        if (keep(fact)) found.push_back({&module, &fact});
      }
    };
    if (const Module* main = project_.main_module()) take(*main);
    for (const Module* module : project_.by_weight()) {
      if (module != project_.main_module()) take(*module);
    }
    return found;
  }
  Answer& of(const Module& module) {
    if (project_.modules.size() > 1) text("module", module.path);
    return *this;
  }

  void sections() {
    const auto any = [](const auto&) { return true; };
    const auto tests = [](const FrameworkFact& one) { return one.kind == FrameworkKind::kTest; };
    if (show_.frameworks) {
      list("frameworks",
           all<FrameworkFact>(&Module::frameworks, [&](const auto& one) { return !tests(one); }),
           [&](const Of<FrameworkFact>& one) {
             of(*one.module).text("name", one.fact->name).text("version", one.fact->version);
             text("locked", one.fact->locked);
             text("kind", name_of(one.fact->kind)).at(one.fact->at);
           });
    }
    if (show_.tests) {
      list("tests", all<FrameworkFact>(&Module::frameworks, tests),
           [&](const Of<FrameworkFact>& one) {
             of(*one.module).text("name", one.fact->name).text("version", one.fact->version);
             text("locked", one.fact->locked);
             at(one.fact->at);
           });
    }
    if (show_.commands) {
      list("commands", all<CommandFact>(&Module::commands, any), [&](const Of<CommandFact>& one) {
        of(*one.module).text("role", name_of(one.fact->role));
        out_.field("command", shown_command(one.fact->text));
        text("runs", one.fact->runs).at(one.fact->at);
      });
    }
    if (show_.entry_points) {
      list("entry_points", all<EntryFact>(&Module::entries, any), [&](const Of<EntryFact>& one) {
        of(*one.module).text("path", one.fact->path).text("how", one.fact->how).at(one.fact->at);
      });
    }
    if (show_.ports) {
      list("ports", all<PortFact>(&Module::ports, any), [&](const Of<PortFact>& one) {
        of(*one.module);
        out_.field("port", static_cast<std::uint64_t>(one.fact->number));
        out_.field("own", one.fact->own);
        text("service", one.fact->service).text("source", ecosystem::name_of(one.fact->source));
        at(one.fact->at);
      });
    }
    if (show_.databases) {
      list("databases", all<ServiceFact>(&Module::services, any), [&](const Of<ServiceFact>& one) {
        of(*one.module).text("name", one.fact->name).text("kind", one.fact->kind);
        text("how", one.fact->how).at(one.fact->at);
      });
    }
    if (show_.environment) {
      list("environment", all<VariableFact>(&Module::variables, any),
           [&](const Of<VariableFact>& one) {
             of(*one.module).text("name", one.fact->name).text("kind", name_of(one.fact->kind));
             text("default", one.fact->value).at(one.fact->at);
           });
    }
    if (show_.containers) {
      list("containers", all<std::string>(&Module::containers, any),
           [&](const Of<std::string>& one) { of(*one.module).text("path", *one.fact); });
    }
    if (show_.config) {
      list("config", all<std::string>(&Module::settings, any),
           [&](const Of<std::string>& one) { of(*one.module).text("path", *one.fact); });
      if (const Module* main = project_.main_module(); main && !main->licence.name.empty()) {
        out_.key("licence").begin_object();
        text("name", main->licence.name).at(main->licence.at);
        out_.end_object();
      }
    }
    if (show_.dependencies) {
      list("dependencies", all<DependencyFact>(&Module::dependencies, any),
           [&](const Of<DependencyFact>& one) {
             of(*one.module).text("name", one.fact->name).text("version", one.fact->version);
             text("locked", one.fact->locked);
             text("use", ecosystem::name_of(one.fact->use)).text("manager", one.fact->ecosystem);
             at(one.fact->at);
           });
    }
  }

  json::Writer& out_;
  const Project& project_;
  const Show& show_;
};

}  // namespace

void append_json(json::Writer& out, const Project& project, const Show& show) {
  Answer(out, project, show).write();
}

}  // namespace quarry::analysis::project
