#include "server/analysis/verdict_sheets.h"

#include <algorithm>
#include <bit>

#include "server/base/hash.h"

namespace quarry::analysis {
namespace {

constexpr std::size_t kFilesOfSheet = 512;
constexpr std::size_t kMaxSheets = 256;
constexpr std::size_t kEntryBytes = 8 + 8 + 2 + 1;

void append_number(std::string& out, std::uint64_t number, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(number >> (8 * i))));
  }
}

std::uint64_t number_at(std::string_view bytes, std::size_t at, unsigned size) {
  std::uint64_t number = 0;
  for (unsigned i = 0; i < size; ++i) {
    number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return number;
}

std::string encode(const std::vector<VerdictSheets::Entry>& entries) {
  std::string bytes;
  bytes.reserve(entries.size() * kEntryBytes);
  for (const VerdictSheets::Entry& entry : entries) {
    append_number(bytes, entry.name, 8);
    append_number(bytes, entry.identity, 8);
    append_number(bytes, entry.verdict.language, 2);
    append_number(bytes, (entry.verdict.generated ? 1U : 0U) | (entry.verdict.undecided ? 2U : 0U),
                  1);
  }
  return bytes;
}

// Empty when the bytes are none of encode()'s.
std::vector<VerdictSheets::Entry> decode(std::string_view bytes) {
  std::vector<VerdictSheets::Entry> entries;
  if (bytes.size() % kEntryBytes != 0) return entries;
  entries.reserve(bytes.size() / kEntryBytes);
  for (std::size_t at = 0; at < bytes.size(); at += kEntryBytes) {
    VerdictSheets::Entry entry;
    entry.name = number_at(bytes, at, 8);
    entry.identity = number_at(bytes, at + 8, 8);
    entry.verdict.language = static_cast<LanguageId>(number_at(bytes, at + 16, 2));
    const std::uint64_t flags = number_at(bytes, at + 18, 1);
    const bool known =
        entry.verdict.language < language_count() || entry.verdict.language == Verdict::kNone;
    if (!known || flags > 3) return {};
    entry.verdict.generated = (flags & 1U) != 0;
    entry.verdict.undecided = (flags & 2U) != 0;
    entries.push_back(entry);
  }
  return entries;
}

std::size_t sheets_for(std::size_t files) {
  return std::min(std::bit_ceil(std::max<std::size_t>(files / kFilesOfSheet, 1)), kMaxSheets);
}

}  // namespace

VerdictSheets::VerdictSheets(FactCache& cache, std::string_view top, std::size_t files)
    : cache_(cache), top_(top), maker_{"verdicts", judgement_version()}, kept_(sheets_for(files)) {
  now_.lock()->resize(kept_.size());
}

std::uint64_t VerdictSheets::name_of(std::string_view path) {
  return hash64(path);
}

std::size_t VerdictSheets::sheet_of(std::string_view directory) const {
  return hash64(directory) & (kept_.size() - 1);
}

std::string VerdictSheets::key_of(std::size_t sheet) const {
  std::string key(top_);
  key.push_back('\0');
  return key.append(std::to_string(kept_.size())).append("/").append(std::to_string(sheet));
}

void VerdictSheets::load(pool::Pool& pool) {
  pool.fork_join(kept_.size(), [&](std::size_t i) {
    const auto bytes = cache_.record(maker_, key_of(i));
    if (bytes) kept_[i].kept = decode(*bytes);
  });
}

const VerdictSheets::Entry* VerdictSheets::find(std::string_view directory,
                                                std::uint64_t name) const {
  const std::vector<Entry>& kept = kept_[sheet_of(directory)].kept;
  const auto at = std::ranges::lower_bound(kept, name, {}, &Entry::name);
  return at == kept.end() || at->name != name ? nullptr : &*at;
}

void VerdictSheets::replace(std::string_view directory, std::span<const Entry> entries,
                            bool changed) {
  auto now = now_.lock();
  Sheet& sheet = (*now)[sheet_of(directory)];
  sheet.now.insert(sheet.now.end(), entries.begin(), entries.end());
  sheet.changed |= changed;
}

void VerdictSheets::save() {
  auto now = now_.lock();
  for (std::size_t i = 0; i < now->size(); ++i) {
    Sheet& sheet = (*now)[i];
    // A file that went away leaves nothing behind but a shorter sheet.
    if (!sheet.changed && sheet.now.size() == kept_[i].kept.size()) continue;
    std::ranges::sort(sheet.now, {}, &Entry::name);
    cache_.keep_record(maker_, key_of(i), encode(sheet.now));
  }
}

}  // namespace quarry::analysis
