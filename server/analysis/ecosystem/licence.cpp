// Licences by their texts, as SPDX names them. "GPL-3.0" says nothing of later versions: the text
// does not tell.

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr std::size_t kTitleBytes = 400;  // licences mention others further down
constexpr std::size_t kTextBytes = 8192;
constexpr std::size_t kChoiceBytes = 3000;  // an overview comes first

// In lower case, blanks and line ends as one blank each.
struct Rule {
  std::string_view id;
  std::string_view phrase;
  std::string_view also = {};  // must be there too
  bool title = false;          // the phrase stands at the beginning
};
// The first that fits.
constexpr Rule kRules[] = {
    {"AGPL-3.0", "gnu affero general public license", "version 3", true},
    {"LGPL-3.0", "gnu lesser general public license", "version 3, 29 june", true},
    {"LGPL-2.1", "gnu lesser general public license", "version 2.1", true},
    {"LGPL-2.0", "gnu library general public license", "version 2", true},
    {"GPL-3.0", "gnu general public license version 3", "", true},
    {"GPL-2.0", "gnu general public license version 2", "", true},
    {"Apache-2.0", "apache license version 2.0", "", true},
    {"Apache-2.0", "licensed under the apache license, version 2.0", "", true},
    {"SSPL-1.0", "server side public license version 1", "", true},
    {"BUSL-1.1", "business source license 1.1", "", true},
    {"Elastic-2.0", "elastic license 2.0", "", true},
    {"EUPL-1.2", "european union public licence v. 1.2", "", true},
    {"Artistic-2.0", "the artistic license 2.0", "", true},
    {"OFL-1.1", "sil open font license version 1.1", "", true},
    {"CC-BY-SA-4.0", "attribution-sharealike 4.0 international", "", true},
    {"CC-BY-4.0", "attribution 4.0 international", "", true},
    {"MPL-2.0", "mozilla public license version 2.0"},
    {"MPL-2.0", "mozilla public license, version 2.0"},
    {"EPL-2.0", "eclipse public license - v 2.0"},
    {"EPL-1.0", "eclipse public license - v 1.0"},
    {"BSL-1.0", "boost software license - version 1.0"},
    {"BSL-1.0", "boost software license, version 1.0"},
    {"Unlicense", "this is free and unencumbered software released into the public domain"},
    {"CC0-1.0", "cc0 1.0 universal", "", true},
    {"WTFPL", "do what the fuck you want to public license", "", true},
    {"PostgreSQL",
     "permission to use, copy, modify, and distribute this software and its "
     "documentation for any purpose, without fee",
     "in no event shall"},
    {"curl", "permission to use, copy, modify, and distribute this software for any purpose",
     "except as contained in this notice"},
    {"Zlib", "altered source versions must be plainly marked as such"},
    {"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose",
     "provided that the above copyright notice"},
    {"ISC", "permission to use, copy, modify, and distribute this software for any purpose",
     "provided that the above copyright notice"},
    {"0BSD", "permission to use, copy, modify, and/or distribute this software for any purpose"},
    {"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy",
     "permission notice shall be included"},
    {"MIT-0", "permission is hereby granted, free of charge, to any person obtaining a copy"},
    {"BSD-4-Clause", "redistribution and use in source and binary forms",
     "all advertising materials"},
    {"BSD-3-Clause", "redistribution and use in source and binary forms", "neither the name"},
    {"BSD-2-Clause", "redistribution and use in source and binary forms"},
    // Below what somebody says of them first, as Linux and git do.
    {"LGPL-2.1", "gnu lesser general public license version 2.1, february 1999"},
    {"GPL-3.0", "gnu general public license version 3, 29 june 2007"},
    {"GPL-2.0", "gnu general public license version 2, june 1991"},
};

std::string flattened(std::string_view text) {
  std::string flat;
  const std::string lowered = manifest::lower(text.substr(0, kTextBytes));  // words point into it
  for (const std::string_view word : manifest::words(lowered)) {
    flat.append(flat.empty() ? 0 : 1, ' ').append(word);
  }
  return flat;
}

// "You may choose between A and B": an overview of several, whose texts follow or lie elsewhere.
void read_choice(std::string_view text, Facts& facts) {
  constexpr std::string_view kChoices[] = {"at your option", "your choice", "dual-licens",
                                           "dual licens",    "tri-licens",  "triple licens",
                                           "under either"};
  constexpr Rule kNames[] = {
      {"AGPL-3.0", "gnu affero general public license"},
      {"GPL-3.0", "gnu general public license v3"},
      {"GPL-2.0", "gnu general public license v2"},
      {"LGPL-3.0", "gnu lesser general public license v3"},
      {"Apache-2.0", "apache license"},
      {"MIT", "mit license"},
      {"MPL-2.0", "mozilla public license"},
      {"LicenseRef-RSALv2", "redis source available license 2"},
      {"LicenseRef-RSALv2", "redis source available license v2"},
      {"SSPL-1.0", "server side public license"},
  };
  const auto holds = [&](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  };
  if (std::ranges::none_of(kChoices, holds)) return;
  std::vector<std::pair<std::size_t, std::string_view>> named;  // as they come
  for (const Rule& one : kNames) {
    const std::size_t at = text.find(one.phrase);
    if (at != std::string_view::npos) named.emplace_back(at, one.id);
  }
  std::ranges::sort(named);
  for (const auto& [at, id] : named) {
    if (facts.licence.find(id) != std::string::npos) continue;
    facts.licence.append(facts.licence.empty() ? "" : " OR ").append(id);
  }
}

void read_licence(const Source& source, Facts& facts) {
  const std::string text = flattened(source.text);
  for (const Rule& rule : kRules) {
    const std::size_t at = text.find(rule.phrase);
    if (at == std::string::npos || (rule.title && at > kTitleBytes)) continue;
    if (text.find(rule.also) == std::string::npos) continue;
    facts.licence = rule.id;
    return;
  }
  read_choice(std::string_view(text).substr(0, kChoiceBytes), facts);
}

// How manifests write licences, in lower case and without "the", and their identifiers.
struct Spelling {
  std::string_view written;
  std::string_view id;
};
constexpr Spelling kSpellings[] = {
    {"apache license, version 2.0", "Apache-2.0"},
    {"apache license version 2.0", "Apache-2.0"},
    {"apache license 2.0", "Apache-2.0"},
    {"apache software license, version 2.0", "Apache-2.0"},
    {"apache software license", "Apache-2.0"},
    {"apache 2.0", "Apache-2.0"},
    {"apache-2", "Apache-2.0"},
    {"apache 2", "Apache-2.0"},
    {"apache_2_0", "Apache-2.0"},
    {"asl 2.0", "Apache-2.0"},
    {"mit license", "MIT"},
    {"mit", "MIT"},
    {"mit + file license", "MIT"},
    {"expat", "MIT"},
    {"bsd_3_clause + file license", "BSD-3-Clause"},
    {"bsd_2_clause + file license", "BSD-2-Clause"},
    {"bsd 3-clause", "BSD-3-Clause"},
    {"bsd-3", "BSD-3-Clause"},
    {"bsd3", "BSD-3-Clause"},
    {"new bsd license", "BSD-3-Clause"},
    {"bsd 3-clause license", "BSD-3-Clause"},
    {"bsd 2-clause license", "BSD-2-Clause"},
    {"gpl-2", "GPL-2.0"},
    {"gpl-3", "GPL-3.0"},
    {"gplv2", "GPL-2.0"},
    {"gplv3", "GPL-3.0"},
    {"gpl (>= 2)", "GPL-2.0-or-later"},
    {"gpl (>= 3)", "GPL-3.0-or-later"},
    {"gpl-2 | gpl-3", "GPL-2.0 OR GPL-3.0"},
    {"gpl-3 + file license", "GPL-3.0"},
    {"gnu general public license v3.0", "GPL-3.0"},
    {"gnu general public license v2.0", "GPL-2.0"},
    {"lgpl-2.1", "LGPL-2.1"},
    {"lgpl-3", "LGPL-3.0"},
    {"lgpl (>= 2)", "LGPL-2.0-or-later"},
    {"agpl-3", "AGPL-3.0"},
    {"artistic_2", "Artistic-2.0"},
    {"artistic2", "Artistic-2.0"},
    {"artistic-2.0", "Artistic-2.0"},
    {"perl_5", "Artistic-1.0-Perl OR GPL-1.0-or-later"},
    {"perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"},
    {"eclipse public license", "EPL-1.0"},
    {"eclipse public license 1.0", "EPL-1.0"},
    {"eclipse public license - v 1.0", "EPL-1.0"},
    {"eclipse public license - v 2.0", "EPL-2.0"},
    {"eclipse public license v2.0", "EPL-2.0"},
    {"mozilla public license 2.0", "MPL-2.0"},
    {"mozilla public license, version 2.0", "MPL-2.0"},
    {"mozilla_2_0", "MPL-2.0"},
    {"isc license", "ISC"},
    {"cc0", "CC0-1.0"},
    {"public domain", "LicenseRef-Public-Domain"},
    {"unlicense", "Unlicense"},
};

constexpr Reader kLicenceReaders[] = {
    {"LICENSE", kLicence, "", "", Role::kPart, read_licence},
    {"LICENSE.*", kLicence, "", "", Role::kPart, read_licence},
    {"LICENSE-*", kLicence, "", "", Role::kPart, read_licence},
    {"LICENCE", kLicence, "", "", Role::kPart, read_licence},
    {"LICENCE.*", kLicence, "", "", Role::kPart, read_licence},
    {"License.txt", kLicence, "", "", Role::kPart, read_licence},
    {"license", kLicence, "", "", Role::kPart, read_licence},
    {"license.*", kLicence, "", "", Role::kPart, read_licence},
    {"COPYING", kLicence, "", "", Role::kPart, read_licence},
    {"COPYING.*", kLicence, "", "", Role::kPart, read_licence},
    {"UNLICENSE", kLicence, "", "", Role::kPart, read_licence},
};

}  // namespace

std::string spdx_of(std::string_view licence) {
  std::string lowered = manifest::lower(manifest::trim(licence));
  if (lowered.starts_with("the ")) lowered.erase(0, 4);
  const auto known = std::ranges::find(kSpellings, lowered, &Spelling::written);
  return std::string(known == std::end(kSpellings) ? licence : known->id);
}

std::span<const Reader> licence_readers() {
  return kLicenceReaders;
}

}  // namespace quarry::analysis::ecosystem
