#include "server/cli/options.h"

#include <cstdio>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <unistd.h>

namespace quarry::cli {
namespace {

constexpr const char* kDescription =
    "quarry gives coding assistants a local repository over the Model Context Protocol.\n"
    "A client starts `quarry serve`; the other commands are for people and scripts.";

// Where the user's own configuration lies; empty when there is no home directory.
std::string default_config_file() {
  if (const char* base = std::getenv("XDG_CONFIG_HOME"); base != nullptr && *base == '/') {
    return std::string(base) + "/quarry/config.toml";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return std::string(home) + "/.config/quarry/config.toml";
  }
  return {};
}

std::string absolute(const char* path) {
  char* resolved = realpath(path, nullptr);
  if (resolved == nullptr) return {};
  std::string text = resolved;
  std::free(resolved);
  return text;
}

// CLI11 takes what the file says before it looks at the variables, which are stronger here: what a
// variable says, the file does not.
class WeakerFile final : public CLI::ConfigTOML {
 public:
  explicit WeakerFile(const CLI::App& app) : app_(app) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& file) const override {
    std::vector<CLI::ConfigItem> said = CLI::ConfigTOML::from_config(file);
    std::erase_if(said, [&](const CLI::ConfigItem& item) {
      const CLI::Option* const option = app_.get_option_no_throw("--" + item.name);
      const char* const variable =
          option == nullptr ? nullptr : std::getenv(option->get_envname().c_str());
      return variable != nullptr && *variable != '\0';
    });
    return said;
  }

 private:
  const CLI::App& app_;
};

// What is not yet an option's value when the command line is taken apart.
struct Texts {
  std::vector<std::string> groups;
  std::vector<std::string> limits;
  std::size_t max_line_bytes = 0;  // not given
  // As they are called: CLI11 turns a "!--no-..." flag round on the command line, but takes its
  // variable for the value itself.
  bool no_landlock = false;
  bool no_fsync = false;
  bool no_cache = false;
  bool no_watch = false;
};

// An option whose value is one of a few words. CLI11's own transformer shows the values behind
// them, in the help and in its errors.
template <class Value>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Value& value,
                        std::vector<std::pair<std::string, Value>> choices,
                        const std::string& what) {
  std::string words;
  for (const auto& choice : choices) words += (words.empty() ? "" : "|") + choice.first;
  const auto choose = [&value, name, words,
                       choices = std::move(choices)](const std::string& given) {
    for (const auto& [word, meant] : choices) {
      if (word != given) continue;
      value = meant;
      return;
    }
    throw CLI::ValidationError(name, fmt::format("no '{}'; give {}", given, words));
  };
  return app.add_option_function<std::string>(name, choose, what)->type_name(words);
}

void add_options(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--root", options.roots, "A directory to serve; may be repeated. Default: here")
      ->type_name("DIR")
      ->envname("QUARRY_ROOT")
      ->take_all();
  app.add_flag("--read-only", options.read_only, "Offer no tool that changes the repository")
      ->envname("QUARRY_READ_ONLY");
  app.add_option("--tools", texts.groups,
                 "Groups to offer: files,search,git-read,git-write,analysis,containers,sessions. "
                 "Default: all")
      ->type_name("GROUP,...")
      ->delimiter(',')
      ->envname("QUARRY_TOOLS");
  app.add_option("--state-dir", options.state_dir, "Where sessions and caches are kept")
      ->type_name("DIR")
      ->envname("QUARRY_STATE_DIR");
  using store::Durability;
  add_choice<Durability>(
      app, "--durability", options.durability,
      {{"normal", Durability::kNormal}, {"full", Durability::kFull}},
      "normal: a session's change is answered at once, survives the end of quarry, and is "
      "on disk milliseconds later; full: it is answered when it is on disk")
      ->envname("QUARRY_DURABILITY");
  app.add_option("--workers", options.workers, "Worker threads; 0 runs every call in turn")
      ->check(CLI::Range(0, 256))
      ->envname("QUARRY_WORKERS");
  add_choice<log::Level>(app, "--log-level", options.log_level,
                         {{"debug", log::Level::kDebug},
                          {"info", log::Level::kInfo},
                          {"warning", log::Level::kWarning},
                          {"error", log::Level::kError}},
                         "The least that is said on stderr")
      ->envname("QUARRY_LOG_LEVEL");
  add_choice<log::Style>(app, "--log-format", options.log_style,
                         {{"text", log::Style::kText}, {"json", log::Style::kJson}},
                         "How it is said")
      ->envname("QUARRY_LOG_FORMAT");
  using Resolver = sandbox::Workspace::Resolver;
  add_choice<Resolver>(app, "--resolver", options.resolver,
                       {{"auto", Resolver::kAuto},
                        {"openat2", Resolver::kOpenat2},
                        {"walk", Resolver::kComponentWalk}},
                       "How paths are kept beneath a root")
      ->envname("QUARRY_RESOLVER");
  app.add_flag("--no-landlock", texts.no_landlock, "Do without the kernel's second fence");
  app.add_flag("--require-sandbox", options.require_sandbox,
               "Refuse to start where a protection is missing")
      ->envname("QUARRY_REQUIRE_SANDBOX");
  app.add_flag("--force-root", options.force_root, "Accept / and kernel trees as a root");
  app.add_flag("--allow-secrets", options.allow_secrets,
               "Show files whose names say that they hold secrets (.env, private keys)")
      ->envname("QUARRY_ALLOW_SECRETS");
  app.add_flag("--no-fsync", texts.no_fsync,
               "Do not wait for the disk after changing files; a power cut may then take changes")
      ->envname("QUARRY_NO_FSYNC");
  app.add_option("--protect", options.protect,
                 "A pattern of files that tools must not change; may be repeated")
      ->type_name("PATTERN")
      ->envname("QUARRY_PROTECT");
  app.add_option("--unprotect", options.unprotect,
                 "A pattern that is protected by default, and shall not be; may be repeated")
      ->type_name("PATTERN")
      ->envname("QUARRY_UNPROTECT");
  app.add_flag("--no-cache", texts.no_cache, "Run the tool for every call; keep no answers")
      ->envname("QUARRY_NO_CACHE");
  app.add_flag("--no-watch", texts.no_watch,
               "Set no watches: for file systems that change without telling this machine")
      ->envname("QUARRY_NO_WATCH");
  app.add_option("--limit", texts.limits,
                 "One of the limits, within its hard maximum; may be repeated. "
                 "`quarry call server_status '{\"detail\":\"limits\"}'` lists them")
      ->type_name("NAME=VALUE")
      ->delimiter(',')
      ->take_all()
      ->envname("QUARRY_LIMIT");
  app.add_option("--max-line-bytes", texts.max_line_bytes, "The same as --limit line_bytes=N")
      ->check(CLI::Range(std::size_t{1024}, std::size_t{64} << 20U))
      ->envname("QUARRY_MAX_LINE_BYTES");
  app.add_option(
         "--drain-ms", options.drain_ms,
         "How long, after the end of input, calls may still run and the client read nothing")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{3'600'000}))
      ->envname("QUARRY_DRAIN_MS");
  app.add_option("--memory-soft-mb", options.memory_soft_mb,
                 "MiB held beyond which free memory goes back to the system at once")
      ->check(CLI::Range(1, 1 << 20))
      ->envname("QUARRY_MEMORY_SOFT_MB");
  app.add_option("--memory-hard-mb", options.memory_hard_mb,
                 "MiB at four fifths of which heavy work is declined")
      ->check(CLI::Range(1, 1 << 20))
      ->envname("QUARRY_MEMORY_HARD_MB");
}

}  // namespace

int parse_options(int argc, char** argv, Options& options) {
  CLI::App app(kDescription, "quarry");
  Texts texts;
  app.set_version_flag("--version", "quarry " QUARRY_VERSION);
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.set_config("--config", default_config_file(), "The user's configuration file (TOML)");
  app.config_formatter(std::make_shared<WeakerFile>(app));
  app.allow_config_extras(CLI::config_extras_mode::error);
  add_options(app, options, texts);
  // An option that may be repeated takes one value each time, and leaves the words behind alone.
  for (CLI::Option* option : app.get_options()) option->allow_extra_args(false);

  CLI::App* serve = app.add_subcommand("serve", "Serve the protocol on stdin and stdout");
  CLI::App* call = app.add_subcommand("call", "Run one tool and print its text");
  call->add_option("tool", options.tool, "Its name")->required();
  call->add_option("arguments", options.arguments, "A JSON object");
  CLI::App* list = app.add_subcommand("tools", "List the tools");
  list->add_flag("--json", options.json, "As clients receive them");
  CLI::App* doctor = app.add_subcommand("doctor", "Say what works on this machine");
  CLI::App* config = app.add_subcommand("config", "Print the configuration for a client");
  config
      ->add_option("client", options.client,
                   "claude-code, claude-desktop, vscode, cursor, codex or zed")
      ->required();
  for (CLI::App* command : {serve, call, list, doctor, config}) {
    command->fallthrough();
    command->footer("It takes the options that `quarry --help` lists as well.");
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? kDone : kUsage;
  }
  options.landlock = !texts.no_landlock;
  options.sync_files = !texts.no_fsync;
  options.cache = !texts.no_cache;
  options.watch = !texts.no_watch;
  if (texts.max_line_bytes != 0) {
    texts.limits.push_back(fmt::format("line_bytes={}", texts.max_line_bytes));
  }
  for (const std::string& text : texts.limits) {
    if (const auto set = options.limits.set(text); !set) {
      std::fprintf(stderr, "quarry: --limit: %s\n", set.error().message.c_str());
      return kUsage;
    }
  }
  for (const std::string& text : texts.groups) {
    tools::Group group{};
    if (!mcp::parse_group(text, group)) {
      std::fprintf(stderr, "quarry: --tools: no group '%s'\n", text.c_str());
      return kUsage;
    }
    options.groups.push_back(group);
  }
  if (const CLI::Option* file = app.get_config_ptr(); file != nullptr) {
    const auto name = file->as<std::string>();
    if (!name.empty() && access(name.c_str(), R_OK) == 0) {
      options.config_file = absolute(name.c_str());
    }
  }
  if (call->parsed()) options.command = Command::kCall;
  if (list->parsed()) options.command = Command::kTools;
  if (doctor->parsed()) options.command = Command::kDoctor;
  if (config->parsed()) options.command = Command::kConfig;
  const bool nothing_named = app.get_subcommands().empty();
  if (nothing_named && isatty(STDIN_FILENO) == 1) {
    std::fputs(app.help().c_str(), stderr);
    return kDone;
  }
  return -1;
}

}  // namespace quarry::cli
