#include "perf/load/search_report.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

namespace quarry::perf {
namespace {

// Three digits that matter.
std::string figure(double ms) {
  if (ms >= 100) return fmt::format("{:.0f}", ms);
  if (ms >= 10) return fmt::format("{:.1f}", ms);
  return fmt::format("{:.2f}", ms);
}

std::string ratio(double ms, double peer_ms) {
  const double times = ms / peer_ms;
  return fmt::format("{}x", times >= 0.1    ? fmt::format("{:.2f}", times)
                            : times >= 0.01 ? fmt::format("{:.3f}", times)
                                            : fmt::format("{:.4f}", times));
}

std::string beside(const SearchCost& cost, const SearchCost& peer) {
  return fmt::format("{} ({})", figure(cost.ms), ratio(cost.ms, peer.ms));
}

}  // namespace

void print_heading() {
  fmt::print("{:<22} | {:>7} {:>7} | {:>7} {:>7} {:>8} | {:>7} {:>7} {:>8} | {:>7} {:>7} {:>8}\n",
             "", "peer ms", "cpu", "first", "cpu", "", "scanned", "cpu", "", "indexed", "p95", "");
}

void print_row(const SearchRow& row) {
  fmt::print("{:<22} | {:>7} {:>7} | {:>7} {:>7} {:>8} | {:>7} {:>7} {:>8} | {:>7} {:>7} {:>8}\n",
             row.name, figure(row.peer.ms), figure(row.peer.cpu_ms), figure(row.first.ms),
             figure(row.first.cpu_ms), ratio(row.first.ms, row.peer.ms), figure(row.scanned.ms),
             figure(row.scanned.cpu_ms), ratio(row.scanned.ms, row.peer.ms), figure(row.indexed.ms),
             figure(row.indexed.p95_ms), ratio(row.indexed.ms, row.peer.ms));
  std::fflush(stdout);
}

void print_index(const IndexCost& index) {
  fmt::print("index: {} files, {:.1f} MB, made in {:.1f} s with {:.1f} s of processor\n",
             index.files, static_cast<double>(index.bytes) / 1e6, index.seconds, index.cpu_seconds);
}

std::string markdown(const SearchReport& report) {
  std::string out = fmt::format(
      "The tree `{}`, {} files, milliseconds on two cores (and times what rg or fd takes):\n\n"
      "| question | rg, fd | first call, with start | later, nothing kept | later, names and index "
      "kept "
      "|\n"
      "|---|---|---|---|---|\n",
      report.tree, report.files);
  for (const SearchRow& row : report.rows) {
    out += fmt::format("| {} | {} | {} | {} | {} |\n", row.name, figure(row.peer.ms),
                       beside(row.first, row.peer), beside(row.scanned, row.peer),
                       beside(row.indexed, row.peer));
  }
  out += fmt::format(
      "\nThe index: {:.1f} MB of memory, made in the background in {:.1f} s with {:.1f} s of "
      "processor.\n",
      static_cast<double>(report.index.bytes) / 1e6, report.index.seconds,
      report.index.cpu_seconds);
  return out;
}

void replace_table(const std::string& file, const SearchReport& report) {
  std::ifstream in(file);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  in.close();
  const std::string begin = fmt::format("<!-- begin searches {} -->\n", report.tree);
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find(fmt::format("<!-- end searches {} -->", report.tree));
  if (from == std::string::npos || to == std::string::npos || to < from) {
    throw std::runtime_error(fmt::format("{} has no place for the searches of {}: no line {}", file,
                                         report.tree, begin));
  }
  text.replace(from + begin.size(), to - from - begin.size(), markdown(report));
  std::ofstream out(file, std::ios::trunc);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file);
}

}  // namespace quarry::perf
