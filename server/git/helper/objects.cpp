#include "server/git/helper/objects.h"

#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <git2/sys/odb_backend.h>

#include "server/git/helper/files.h"
#include "server/git/helper/loose_object.h"

namespace quarry::git::helper {
namespace {

// Of a loose object's file: enough to inflate its header from, at any compression.
constexpr std::size_t kHeaderBytes = 4096;

struct LooseBackend {
  git_odb_backend base{};  // first: libgit2 hands this member's address back
  Fd directory;            // objects/
};

LooseBackend& self(git_odb_backend* backend) {
  return *reinterpret_cast<LooseBackend*>(backend);
}

// "ab/cdef..."
std::string relative_path(const git_oid& id) {
  const std::string name = hex(id);
  return name.substr(0, 2) + "/" + name.substr(2);
}

int report(const Error& error) {
  if (error.code == Code::kNotFound) return GIT_ENOTFOUND;
  git_error_set_str(GIT_ERROR_ODB, error.message.c_str());
  return GIT_ERROR;
}

git_object_t type_of(std::string_view name) {
  return name == "commit" ? GIT_OBJECT_COMMIT
         : name == "tree" ? GIT_OBJECT_TREE
         : name == "blob" ? GIT_OBJECT_BLOB
                          : GIT_OBJECT_TAG;
}

int read_header(std::size_t* size, git_object_t* type, git_odb_backend* backend,
                const git_oid* id) {
  const auto file = read_start(self(backend).directory.get(), relative_path(*id), kHeaderBytes);
  if (!file) return report(file.error());
  const auto header = parse_loose_header(*file);
  if (!header) return report(header.error());
  *size = header->size;
  *type = type_of(header->type);
  return 0;
}

int read(void** out, std::size_t* size, git_object_t* type, git_odb_backend* backend,
         const git_oid* id) {
  const auto file = read_regular(self(backend).directory.get(), relative_path(*id),
                                 static_cast<std::int64_t>(kMaxObjectBytes));
  if (!file) return report(file.error());
  const auto header = parse_loose_header(*file);
  if (!header) return report(header.error());
  if (header->size > kMaxObjectBytes) {
    return report({Code::kTooLarge, "a loose object is over the limit of 64 MiB"});
  }
  char* bytes = static_cast<char*>(git_odb_backend_data_alloc(backend, header->size + 1));
  if (bytes == nullptr) return GIT_ERROR;
  if (const auto filled = inflate_loose(*file, *header, bytes); !filled) {
    git_odb_backend_data_free(backend, bytes);
    return report(filled.error());
  }
  bytes[header->size] = '\0';  // libgit2's parsers expect it behind an object
  *out = bytes;
  *size = header->size;
  *type = type_of(header->type);
  return 0;
}

int exists(git_odb_backend* backend, const git_oid* id) {
  return stamp_of(self(backend).directory.get(), relative_path(*id).c_str()).kind == Kind::kFile
             ? 1
             : 0;
}

int exists_prefix(git_oid* found, git_odb_backend* backend, const git_oid* prefix,
                  std::size_t length) {
  if (length < 2) return GIT_EAMBIGUOUS;
  const std::string wanted = hex(*prefix).substr(0, std::min<std::size_t>(length, GIT_OID_HEXSZ));
  const std::string folder = wanted.substr(0, 2);
  if (stamp_of(self(backend).directory.get(), folder.c_str()).kind != Kind::kDirectory) {
    return GIT_ENOTFOUND;
  }
  const int fd = openat(self(backend).directory.get(), folder.c_str(),
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return GIT_ENOTFOUND;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(fd), closedir);
  if (entries == nullptr) return GIT_ENOTFOUND;
  int matches = 0;
  while (const dirent* entry = readdir(entries.get())) {
    const std::string name = folder + entry->d_name;
    if (name.size() != GIT_OID_HEXSZ || !name.starts_with(wanted)) continue;
    if (git_oid_fromstr(found, name.c_str()) == 0) ++matches;
  }
  return matches == 0 ? GIT_ENOTFOUND : matches == 1 ? 0 : GIT_EAMBIGUOUS;
}

int read_prefix(git_oid* found, void** out, std::size_t* size, git_object_t* type,
                git_odb_backend* backend, const git_oid* prefix, std::size_t length) {
  const int status = exists_prefix(found, backend, prefix, length);
  return status < 0 ? status : read(out, size, type, backend, found);
}

void free_backend(git_odb_backend* backend) {
  delete &self(backend);
}

std::uint32_t big_endian(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// How many objects it lists. libgit2 uses the fan-out table to index the mapped file without a
// check.
Result<std::uint64_t> check_pack_index(int directory, const std::string& name) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::kInternal, "the pack index '{}' is damaged: {}; 'git fsck' tells more", name,
                why);
  };
  auto fd = open_regular(directory, name);
  if (!fd) return refuse("it is not a regular file");
  const std::int64_t size = stamp_of(directory, name.c_str()).size;
  std::array<char, 8 + 1024> head{};
  if (pread(fd->get(), head.data(), head.size(), 0) != static_cast<ssize_t>(head.size())) {
    return refuse("it is too short");
  }
  const bool second = std::string_view(head.data(), 4) == "\377tOc";
  if (second && big_endian(head.data() + 4) != 2) return refuse("its version is unknown");
  const char* fanout = head.data() + (second ? 8 : 0);
  std::uint32_t last = 0;
  for (int i = 0; i < 256; ++i) {
    const std::uint32_t count = big_endian(fanout + 4 * i);
    if (count < last) return refuse("its fan-out decreases");
    last = count;
  }
  const std::int64_t objects = last;
  const std::int64_t least = second ? 8 + 1024 + objects * 28 + 40 : 1024 + objects * 24 + 40;
  const std::int64_t most = second ? least + (objects > 0 ? objects - 1 : 0) * 8 : least;
  if (size < least || size > most) return refuse("its size does not fit its fan-out");
  return std::uint64_t{last};
}

// How many objects all packs list.
Result<std::uint64_t> check_packs(int objects_fd) {
  const int fd = openat(objects_fd, "pack", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  std::uint64_t packed = 0;
  if (fd < 0) return packed;  // no packs
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(fd), closedir);
  if (entries == nullptr) return fail(Code::kUnavailable, "the packs cannot be listed");
  while (const dirent* entry = readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (!name.ends_with(".idx")) continue;
    TRY_ASSIGN(const std::uint64_t objects, check_pack_index(fd, name));
    packed += objects;
  }
  return packed;
}

}  // namespace

Result<Objects> open_objects(const std::string& objects_directory) {
  TRY_ASSIGN(Fd directory, open_directory(objects_directory));
  Objects objects;
  TRY_ASSIGN(objects.packed, check_packs(directory.get()));

  git_odb* raw = nullptr;
  if (const int status = git_odb_new(&raw); status < 0) {
    return library_failure(status, "opening the objects");
  }
  objects.odb.reset(raw);

  git_odb_backend* packs = nullptr;
  if (const int status = git_odb_backend_pack(&packs, objects_directory.c_str()); status < 0) {
    return library_failure(status, "opening the packs");
  }
  if (const int status = git_odb_add_backend(raw, packs, 2); status < 0) {
    packs->free(packs);
    return library_failure(status, "opening the packs");
  }

  auto loose = std::make_unique<LooseBackend>();
  git_odb_init_backend(&loose->base, GIT_ODB_BACKEND_VERSION);
  loose->base.read = read;
  loose->base.read_prefix = read_prefix;
  loose->base.read_header = read_header;
  loose->base.exists = exists;
  loose->base.exists_prefix = exists_prefix;
  loose->base.free = free_backend;
  loose->directory = std::move(directory);
  if (const int status = git_odb_add_backend(raw, &loose->base, 1); status < 0) {
    return library_failure(status, "opening the objects");
  }
  (void)loose.release();  // the database frees it through free_backend
  return objects;
}

}  // namespace quarry::git::helper
