#include "server/store/open_environment.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/store/covered.h"
#include "server/store/doubt.h"
#include "server/store/inspect.h"
#include "server/store/record.h"

namespace quarry::store {
namespace {

// A file up to this size is inspected page by page at every opening (about 5 ms at most); a larger
// one when it is short or suspect.
constexpr off_t kThoroughBytes = off_t{16} << 20U;
// So is any file of a map up to this size: most of its pages are free and not looked at.
constexpr std::size_t kThoroughMapBytes = std::size_t{64} << 20U;

std::string mark_of(const std::string& name) {
  return name + ".suspect";
}

// In the file that marks an environment as suspect: this one is, and is to be set aside. Where
// another has its name, it was.
std::string note_of(const StateDirectory& directory, const std::string& name) {
  struct stat status {};
  if (fstatat(directory.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return "";
  return fmt::format("set aside {}", status.st_ino);
}

bool exists(int at, const std::string& name) {
  struct stat status {};
  return fstatat(at, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// Whether there is no environment: none at all, or one without data that nobody has open.
bool is_missing(const StateDirectory& directory, const std::string& name) {
  struct stat folder {};
  if (fstatat(directory.fd(), name.c_str(), &folder, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT;
  }
  if (!S_ISDIR(folder.st_mode) || !directory.alone()) return false;
  return !exists(directory.fd(), name + "/data.mdb") && errno == ENOENT;
}

// What is not there is fine.
Result<void> require_regular_or_absent(int at, const char* name) {
  struct stat status {};
  if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return fail(Code::kUnavailable, "the state directory cannot be examined");
  }
  if (!S_ISREG(status.st_mode)) return fail(Code::kInternal, "a file of it is not a regular file");
  return {};
}

[[gnu::cold]] Failure not_writable(int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return fail(Code::kUnavailable, "no space left for the state directory");
  }
  return fail(Code::kUnavailable, "the state directory cannot be written to");
}

// Made under another name and renamed when it is whole: a process that is killed meanwhile leaves
// nothing that looks like a damaged one.
Result<void> make_files(const StateDirectory& directory, const std::string& name,
                        const Environment::Options& options) {
  const std::string fresh = name + ".new";
  TRY(remove_tree(directory, fresh));
  if (mkdirat(directory.fd(), fresh.c_str(), 0700) != 0) return not_writable(errno);
  const auto made = Environment::open(directory.path() + "/" + fresh, options);
  if (!made) {
    (void)remove_tree(directory, fresh);
    return Failure(made.error());
  }
  if (options.synchronous) {
    const Fd file(openat(directory.fd(), (fresh + "/data.mdb").c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || fsync(file.get()) != 0) return not_writable(errno);
  }
  TRY(remove_tree(directory, name));  // it has no data
  if (renameat(directory.fd(), fresh.c_str(), directory.fd(), name.c_str()) != 0) {
    return not_writable(errno);
  }
  fsync(directory.fd());
  return {};
}

Result<void> inspect_files(const StateDirectory& directory, const std::string& name,
                           std::size_t map_bytes) {
  const Fd folder(openat(directory.fd(), name.c_str(),
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!folder) return fail(Code::kInternal, "it is not a directory that can be read");
  TRY(require_regular_or_absent(folder.get(), "data.mdb"));
  TRY(require_regular_or_absent(folder.get(), "lock.mdb"));
  if (!exists(folder.get(), "data.mdb")) return {};
  const Fd file(openat(folder.get(), "data.mdb", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && (errno == EACCES || errno == EPERM)) {
    return fail(Code::kInternal, "its file may not be read and written");
  }
  if (!file) return fail(Code::kUnavailable, "the state directory cannot be read");
  // Another process that has it open inspected it, and writes to it meanwhile.
  if (!directory.alone()) return {};
  struct stat status {};
  const bool small = map_bytes <= kThoroughMapBytes ||
                     (fstat(file.get(), &status) == 0 && status.st_size <= kThoroughBytes);
  return inspect_data_file(file.get(), small || exists(directory.fd(), mark_of(name)));
}

Result<std::unique_ptr<Environment>> open_sound(const StateDirectory& directory,
                                                const std::string& name,
                                                const Environment::Options& options) {
  TRY(is_missing(directory, name) ? make_files(directory, name, options)
                                  : inspect_files(directory, name, options.map_bytes));
  return Environment::open(directory.path() + "/" + name, options);
}

// A whole record of a durable table, in its place; or what the state covers (covered.h).
bool worth_keeping(std::string_view key, std::string_view value) {
  if (key == kOwnKey) return decode_covered(value).epoch != 0;
  const auto table = static_cast<Table>(key.front());
  if (!durable(table)) return false;
  const std::optional<Record> record = decode_record(table, value);
  return record && record_key(table, record->key).view() == key;
}

std::string boot_id() {
  const Fd file(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::string id(36, '\0');
  if (!file || read(file.get(), id.data(), id.size()) != static_cast<ssize_t>(id.size())) return "";
  return id;
}

}  // namespace

Result<void> remove_tree(const StateDirectory& directory, const std::string& name) {
  std::error_code error;
  std::filesystem::remove_all(directory.path() + "/" + name, error);  // follows no link
  if (error) return fail(Code::kUnavailable, "'{}' in the state directory cannot be removed", name);
  return {};
}

Result<void> set_aside(const StateDirectory& directory, const std::string& name) {
  const std::string aside = name + ".damaged";
  TRY(remove_tree(directory, aside));
  if (renameat(directory.fd(), name.c_str(), directory.fd(), aside.c_str()) != 0) {
    return fail(Code::kUnavailable, "the damaged '{}' in the state directory cannot be set aside",
                name);
  }
  return {};
}

Result<OpenedEnvironment> open_environment(const StateDirectory& directory, const std::string& name,
                                           const Environment::Options& options) {
  const bool suspected = directory.alone() && exists(directory.fd(), mark_of(name));
  Result<std::unique_ptr<Environment>> first = open_sound(directory, name, options);
  if (first) {
    const std::string note = suspected ? directory.read_note(mark_of(name)) : "";
    return OpenedEnvironment{.environment = std::move(*first),
                             .begun_anew = !note.empty() && note != note_of(directory, name),
                             .suspected = suspected};
  }
  if (first.error().code != Code::kInternal) return Failure(std::move(first).error());
  if (!directory.alone()) {
    // Others would go on writing into what is set aside.
    return fail(Code::kUnavailable,
                "'{}' in the state directory is damaged ({}), and other quarry processes have it "
                "open: it is set aside when they have ended",
                name, first.error().message);
  }
  TRY(directory.write_note(mark_of(name), note_of(directory, name)));
  TRY(set_aside(directory, name));
  log::warning(
      "'{0}' in the state directory was damaged ({1}); it is kept as '{0}.damaged' and a "
      "new one begun",
      name, first.error().message);
  TRY_ASSIGN(std::unique_ptr<Environment> second, open_sound(directory, name, options));
  return OpenedEnvironment{.environment = std::move(second), .begun_anew = true, .suspected = true};
}

Result<TakenOver> take_over_damaged(const StateDirectory& directory, const std::string& name,
                                    Environment& state) {
  TakenOver taken;
  const Fd file(openat(directory.fd(), (name + ".damaged/data.mdb").c_str(),
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    TRY(state.change(doubt_everything));
    return taken;
  }
  Salvaged salvaged;
  std::optional<LostKeys> doubted;  // by whoever took it over before, and was not done with it
  TRY(state.change([&](Environment::Change& change) -> Result<void> {
    Result<void> stored;
    std::string present;
    salvaged = salvage_records(file.get(), [&](std::string_view key, std::string_view value) {
      if (!stored) return true;
      if (key == kDoubtKey) {
        doubted = decode_doubt(value);
        return true;
      }
      if (!worth_keeping(key, value)) return false;
      const Result<bool> found = change.find(key, present);
      if (found && *found) return true;  // a newer one
      stored = change.put(key, value);
      if (stored) ++taken.records;
      return true;
    });
    TRY(std::move(stored));
    if (doubted) {
      salvaged.lost.insert(salvaged.lost.end(), doubted->begin(), doubted->end());
    }
    return change.put(kDoubtKey, encode_doubt(salvaged.lost));
  }));
  const std::uint64_t seen = taken.records + (doubted ? 1 : 0);
  if (salvaged.records) taken.lost = *salvaged.records - std::min(*salvaged.records, seen);
  taken.said = fmt::format("{} of its records were recovered, {}", taken.records,
                           !taken.lost        ? "how many were lost is not known"
                           : *taken.lost == 0 ? "none is known to be lost"
                                              : fmt::format("at least {} lost", *taken.lost));
  log::warning("of the damaged '{}' {}", name, taken.said);
  return taken;
}

Result<bool> discard_after_restart(const StateDirectory& directory, const std::string& name,
                                   const std::function<void()>& before) {
  const std::string mark = name + ".boot";
  const std::string now = boot_id();
  if (!directory.alone()) return !now.empty();  // whoever has it open saw to it
  if (!now.empty() && directory.read_note(mark) == now) return true;
  if (before) before();
  TRY(remove_tree(directory, name));
  if (now.empty()) return false;
  TRY(directory.write_note(mark, now));
  return true;
}

void suspect(const StateDirectory& directory, const std::string& name) {
  const Fd mark(openat(directory.fd(), mark_of(name).c_str(),
                       O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
}

void trust(const StateDirectory& directory, const std::string& name) {
  // For good: it would have the next one take over again what was erased since.
  if (unlinkat(directory.fd(), mark_of(name).c_str(), 0) == 0) fsync(directory.fd());
}

}  // namespace quarry::store
