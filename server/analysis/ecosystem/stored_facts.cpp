#include "server/analysis/ecosystem/stored_facts.h"

#include <type_traits>

#include "server/analysis/project/redact.h"
#include "server/base/utf8.h"

namespace quarry::analysis::ecosystem {
namespace {

template <class T>
constexpr bool kPlain = std::is_integral_v<T> || std::is_enum_v<T>;

// Writes or reads the same fields in the same order: fields() below are the one description.
class Writer {
 public:
  std::string take() { return std::move(out_); }

  template <class T>
  void operator()(T& value) {
    if constexpr (kPlain<T>) {
      auto number = static_cast<std::uint64_t>(value);
      for (int i = 0; i < 4; ++i, number >>= 8U) out_.push_back(static_cast<char>(number & 0xFFU));
    } else if constexpr (std::is_same_v<T, std::string>) {
      auto size = static_cast<std::uint32_t>(value.size());
      (*this)(size);
      out_.append(value);
    } else {
      fields(*this, value);
    }
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    auto size = static_cast<std::uint32_t>(list.size());
    (*this)(size);
    for (T& one : list) (*this)(one);
  }

 private:
  std::string out_;
};

class Reading {
 public:
  explicit Reading(std::string_view in) : in_(in) {}
  bool whole() const { return good_ && in_.empty(); }

  template <class T>
  void operator()(T& value) {
    if constexpr (kPlain<T>) {
      std::uint32_t number = 0;
      good_ = good_ && in_.size() >= 4;
      for (std::uint32_t i = 0; good_ && i < 4; ++i) {
        number |= static_cast<std::uint32_t>(static_cast<unsigned char>(in_[i])) << (8 * i);
      }
      if (good_) in_.remove_prefix(4);
      value = static_cast<T>(number);
    } else if constexpr (std::is_same_v<T, std::string>) {
      std::uint32_t size = 0;
      (*this)(size);
      good_ = good_ && size <= in_.size();
      if (!good_) return;
      value = in_.substr(0, size);
      in_.remove_prefix(size);
    } else {
      fields(*this, value);
    }
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    std::uint32_t size = 0;
    (*this)(size);
    good_ = good_ && size <= in_.size();  // each takes four bytes at least
    for (std::uint32_t i = 0; good_ && i < size; ++i) (*this)(list.emplace_back());
  }

 private:
  std::string_view in_;
  bool good_ = true;
};

class Redacting {
 public:
  template <class T>
  void operator()(T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      // What is longer is no fact, and takes long to look through.
      constexpr std::size_t kLongest = 4096;
      if (value.size() > kLongest) value.resize(utf8::clip(value, kLongest).size());
      value = project::redacted(value);
    } else if constexpr (!kPlain<T>) {
      fields(*this, value);
    }
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    for (T& one : list) (*this)(one);
  }
};

template <class Archive, class... Parts>
void all(Archive& archive, Parts&... parts) {
  (archive(parts), ...);
}

template <class Archive>
void fields(Archive& to, Dependency& one) {
  all(to, one.name, one.version, one.use, one.line);
}
template <class Archive>
void fields(Archive& to, Locked& one) {
  all(to, one.name, one.version);
}
template <class Archive>
void fields(Archive& to, Script& one) {
  all(to, one.name, one.command, one.line, one.runner);
}
template <class Archive>
void fields(Archive& to, Member& one) {
  all(to, one.pattern, one.line, one.excluded, one.optional);
}
template <class Archive>
void fields(Archive& to, Version& one) {
  all(to, one.of, one.text, one.line, one.rank);
}
template <class Archive>
void fields(Archive& to, Entry& one) {
  all(to, one.path, one.how, one.line);
}
template <class Archive>
void fields(Archive& to, Port& one) {
  all(to, one.number, one.source, one.own, one.service, one.line, one.udp);
}
template <class Archive>
void fields(Archive& to, Variable& one) {
  all(to, one.name, one.value, one.line);
}
template <class Archive>
void fields(Archive& to, Service& one) {
  all(to, one.name, one.how, one.line);
}
template <class Archive>
void fields(Archive& to, Built& one) {
  all(to, one.directory, one.file, one.name, one.image, one.ports, one.variables, one.services);
}
template <class Archive>
void fields(Archive& to, manifest::Problem& one) {
  all(to, one.line, one.message);
}
template <class Archive>
void fields(Archive& to, Facts& one) {
  all(to, one.path, one.name, one.version, one.licence, one.licence_line, one.dependencies,
      one.scripts, one.members, one.versions, one.managers, one.entries, one.ports, one.variables,
      one.services, one.built, one.shared, one.locked, one.images, one.problems, one.no_module,
      one.languages);
}
template <class Archive>
void fields(Archive& to, project::SourceFacts& one) {
  all(to, one.ports, one.variables, one.services, one.main_line, one.application,
      one.application_line);
}

template <class T>
std::string encoded(T facts) {
  Writer writer;
  writer(facts);
  return writer.take();
}

template <class T>
std::optional<T> decoded(std::string_view bytes) {
  Reading reading(bytes);
  T facts;
  reading(facts);
  if (!reading.whole()) return std::nullopt;
  return facts;
}

}  // namespace

std::string encode(const Facts& facts) {
  return encoded(facts);
}
std::optional<Facts> decode_facts(std::string_view bytes) {
  return decoded<Facts>(bytes);
}
void redact(Facts& facts) {
  std::string path = std::move(facts.path);
  Redacting redacting;
  fields(redacting, facts);
  facts.path = std::move(path);
}
std::string encode(const project::SourceFacts& facts) {
  return encoded(facts);
}
std::optional<project::SourceFacts> decode_source_facts(std::string_view bytes) {
  return decoded<project::SourceFacts>(bytes);
}

}  // namespace quarry::analysis::ecosystem
