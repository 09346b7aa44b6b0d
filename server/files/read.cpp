#include "server/files/read.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "server/base/figures.h"
#include "server/base/hash.h"
#include "server/base/utf8.h"
#include "server/files/content_type.h"
#include "server/files/continuation.h"
#include "server/files/detect.h"
#include "server/files/hex.h"
#include "server/files/large.h"
#include "server/files/read_text.h"
#include "server/files/text.h"

namespace quarry::files {
namespace {

using Answer = Result<std::optional<Picture>>;

constexpr std::int64_t kStackBytes = 16 << 10;
// A smaller file is read again as fast as its index is found.
constexpr std::int64_t kMinIndexedBytes = 64 << 10;

std::string shown_path(const sandbox::Path& path) {
  std::string text;
  utf8::append_escaped_name(text, path.display());
  return text;
}

std::string shown_size(std::uint64_t bytes) {
  std::string text;
  append_size(text, bytes);
  return text;
}

[[gnu::cold, gnu::noinline]] Failure refuse_binary(const Job& job, const ContentType* type,
                                                   std::uint64_t bytes) {
  const bool image = type != nullptr && type->image();
  const std::string_view advice =
      job.request.mode == ReadMode::kImage
          ? "mode=image shows png, jpeg, gif and webp; leave mode out to read text"
      : image ? "leave mode out, or give mode=image, to see it"
              : "mode=hex shows its bytes";
  return fail(Code::kInvalidArgs, "'{}' is binary: {}, {}; {}", shown_path(job.path),
              type == nullptr ? "unknown type" : type->name, shown_size(bytes), advice);
}

Answer append_image(const Job& job, const ContentType& type, std::string_view raw) {
  const std::optional<ImageSize> size = find_image_size(type.mime_type, raw);
  if (!size) {
    return fail(Code::kInvalidArgs, "'{}' is a damaged {} ({}) and is not shown as an image",
                shown_path(job.path), type.name, shown_size(raw.size()));
  }
  if (size->width > kMaxImagePixels || size->height > kMaxImagePixels) {
    return fail(Code::kTooLarge,
                "'{}' is a {} of {} x {} pixels; images up to {} x {} can be shown",
                shown_path(job.path), type.name, size->width, size->height, kMaxImagePixels,
                kMaxImagePixels);
  }
  if (raw.size() > job.request.max_image_bytes) {
    return fail(Code::kTooLarge, "'{}' is a {} of {}; {}", shown_path(job.path), type.name,
                shown_size(raw.size()),
                raw.size() > kMaxImageBytes
                    ? "images up to 3.75 MB can be shown"
                    : "with the other images of this call it is over 3.75 MB: read it alone");
  }
  append_title(job);
  job.out.append(type.name).append(", ");
  append_integer(job.out, size->width);
  job.out.append(" x ");
  append_integer(job.out, size->height);
  job.out.append(" pixels, ");
  append_size(job.out, raw.size());
  job.out.append(", hash ");
  append_hash(job.out, hash64(raw));
  job.out.push_back('\n');
  return Picture{std::string(raw), type.mime_type};
}

// The bytes that a request for hex shows of a file of `size` bytes.
struct HexRange {
  std::int64_t offset = 0;
  std::size_t bytes = 0;
};

Result<HexRange> find_hex_range(const Job& job, std::int64_t size) {
  const ReadRequest& request = job.request;
  std::int64_t first = request.offset;
  std::int64_t count = request.limit;
  if (request.tail > 0) {
    count = std::min(request.tail, size);
    first = size - count;
  }
  if (first > size || (first == size && size > 0)) {
    return fail(Code::kInvalidArgs, "offset {} is past the end of '{}', which has {} bytes", first,
                shown_path(job.path), size);
  }
  const auto left = static_cast<std::size_t>(std::min(count, size - first));
  return HexRange{first, std::min(left, fitting_hex(request.max_bytes))};
}

// `shown`: the bytes of `range`; `head`: the file's first ones.
void append_hex_answer(const Job& job, const HexRange& range, std::int64_t size,
                       std::string_view head, std::string_view shown) {
  std::string& out = job.out;
  append_title(job);
  append_size(out, static_cast<std::uint64_t>(size));
  if (const ContentType* type = find_content_type(head)) out.append(", ").append(type->name);
  out.append(", hex\n");
  append_hex(out, range.offset, shown);
  const std::int64_t end = range.offset + static_cast<std::int64_t>(shown.size());
  if (end >= size) return;
  out.append("bytes ");
  append_count(out, static_cast<std::uint64_t>(range.offset));
  out.append(" to before ");
  append_count(out, static_cast<std::uint64_t>(end));
  out.append(" of ");
  append_count(out, static_cast<std::uint64_t>(size));
  out.append("; continue with ");
  append_place(out, job.path, job.request);
  out.append("mode=hex, offset=");
  append_integer(out, end);
  if (job.request.limit != kDefaultLines) {
    out.append(", limit=");
    append_integer(out, job.request.limit);
  }
  out.push_back('\n');
}

Answer append_hex_of(const Job& job, const sandbox::File& file) {
  const std::int64_t size = file.stamp().size;
  TRY_ASSIGN(const HexRange range, find_hex_range(job, size));
  std::array<char, 512> head;
  TRY_ASSIGN(const std::size_t seen, file.read_at(0, head));
  std::string shown(range.bytes, '\0');
  TRY_ASSIGN(const std::size_t got, file.read_at(range.offset, shown));
  shown.resize(got);
  append_hex_answer(job, range, size, std::string_view(head.data(), seen), shown);
  return std::nullopt;
}

// `index`: as append_text.
Answer append_whole(const Job& job, std::string_view raw, std::optional<LineIndex>* index) {
  const ReadMode mode = job.request.mode;
  const ContentType* type = find_content_type(raw);
  if (type != nullptr && type->image() && mode != ReadMode::kText) {
    return append_image(job, *type, raw);
  }
  if (mode == ReadMode::kImage && type == nullptr && !holds_nul(raw)) {
    return fail(Code::kInvalidArgs, "'{}' is not an image; leave mode out to read it as text",
                shown_path(job.path));
  }
  const bool nul = holds_nul(raw);
  std::optional<Charset> charset = job.request.encoding;
  if (!charset && (nul || raw.starts_with("\xFF\xFE") || raw.starts_with("\xFE\xFF"))) {
    charset = find_utf16(raw);
  }
  const bool utf16 = charset && charset->utf16();
  const bool binary = (type != nullptr && type->certain) || (nul && !utf16);
  if (binary || mode == ReadMode::kImage) return refuse_binary(job, type, raw.size());
  TRY(append_text(job, raw, charset, index));
  return std::nullopt;
}

Answer append_large(const Job& job, const sandbox::File& file, const Sources& sources,
                    const CancelToken& cancel) {
  std::array<char, 8192> head;
  TRY_ASSIGN(const std::size_t got, file.read_at(0, head));
  const std::string_view seen(head.data(), got);
  const ContentType* type = find_content_type(seen);
  const auto size = static_cast<std::uint64_t>(file.stamp().size);
  if (type != nullptr && type->image() && job.request.mode != ReadMode::kText) {
    return fail(Code::kTooLarge, "'{}' is a {} of {}; images up to 3.75 MB can be shown",
                shown_path(job.path), type->name, shown_size(size));
  }
  const std::optional<Charset> charset =
      job.request.encoding ? job.request.encoding : find_utf16(seen);
  const bool utf16 = charset && charset->utf16();
  if ((holds_nul(seen) && !utf16) || (type != nullptr && type->certain) ||
      job.request.mode == ReadMode::kImage) {
    return refuse_binary(job, type, size);
  }
  TRY(append_large_text(job, {.file = file, .charset = charset, .start = seen}, sources.indexes,
                        cancel));
  return std::nullopt;
}

[[gnu::cold, gnu::noinline]] Failure explain(const sandbox::Workspace& workspace,
                                             const sandbox::Path& path, Error error) {
  const auto what = workspace.target_metadata(path);
  if (what && what->kind == sandbox::Kind::kDirectory) {
    return fail(Code::kInvalidArgs, "'{}' is a directory; list_directory shows its entries",
                shown_path(path));
  }
  return Failure(std::move(error));
}

}  // namespace

Answer read_file(const Sources& sources, const sandbox::Path& path, const ReadRequest& request,
                 const CancelToken& cancel, std::string& out) {
  auto opened = sources.workspace.open_file(path);
  if (!opened) return explain(sources.workspace, path, std::move(opened).error());
  const sandbox::File& file = *opened;
  const Job job{path, request, out};
  const std::int64_t size = file.stamp().size;
  if (size == 0) {
    // Which may be no answer: what is made up while it is read (/proc, FUSE) has no other size.
    std::string raw;
    TRY(file.read_all(raw, kMaxWholeBytes));
    return read_bytes(path, raw, request, out);
  }
  if (request.mode == ReadMode::kHex) return append_hex_of(job, file);
  if (size > kMaxWholeBytes) return append_large(job, file, sources, cancel);

  // Exactly as long as it was when opened: a file that grows meanwhile is shown as it was, one
  // that shrinks as far as it goes.
  const auto length = static_cast<std::size_t>(size);
  if (size <= kStackBytes) {
    std::array<char, kStackBytes> buffer;
    TRY_ASSIGN(const std::size_t got, file.read_at(0, std::span(buffer.data(), length)));
    return append_whole(job, std::string_view(buffer.data(), got), nullptr);
  }
  const bool text_wanted = request.report != nullptr && length <= request.report->max_text_bytes;
  const bool indexed = size >= kMinIndexedBytes && request.mode != ReadMode::kImage && !text_wanted;
  if (indexed) {
    const auto known = sources.indexes.find(file.stamp());
    if (known && append_indexed_text(job, file, *known)) return std::nullopt;
  }
  const auto buffer = std::make_unique_for_overwrite<char[]>(length);
  TRY_ASSIGN(const std::size_t got, file.read_at(0, std::span(buffer.get(), length)));
  TRY(cancel.check());
  std::optional<LineIndex> index;
  Answer answer =
      append_whole(job, std::string_view(buffer.get(), got), indexed ? &index : nullptr);
  if (index) sources.indexes.keep(file, std::move(*index));
  return answer;
}

Answer read_bytes(const sandbox::Path& path, std::string_view raw, const ReadRequest& request,
                  std::string& out) {
  const Job job{path, request, out};
  if (request.mode != ReadMode::kHex) return append_whole(job, raw, nullptr);
  const auto size = static_cast<std::int64_t>(raw.size());
  TRY_ASSIGN(const HexRange range, find_hex_range(job, size));
  const auto first = static_cast<std::size_t>(range.offset);
  append_hex_answer(job, range, size, raw, raw.substr(first, range.bytes));
  return std::nullopt;
}

}  // namespace quarry::files
