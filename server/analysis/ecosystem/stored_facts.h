// Facts as bytes, for a cache, and back. Bytes that are not whole give nothing. Pure functions.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/analysis/ecosystem/facts.h"
#include "server/analysis/project/source_facts.h"

namespace quarry::analysis::ecosystem {

// To be raised when the same content gives other facts, or their form changes.
inline constexpr std::uint32_t kFactsVersion = 24;

std::string encode(const Facts& facts);
std::optional<Facts> decode_facts(std::string_view bytes);

// Leaves no secret in any text of `facts` (project/redact.h); their path is as it was.
void redact(Facts& facts);

std::string encode(const project::SourceFacts& facts);
std::optional<project::SourceFacts> decode_source_facts(std::string_view bytes);

}  // namespace quarry::analysis::ecosystem
