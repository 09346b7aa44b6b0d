// Transcript: one golden conversation, parsed from an *.rpc file.
//
// Every line is one of
//   > text        sent as it stands, with a newline        >- text   sent without the newline
//   >\ text       sent after \n \t \r \\ \0 \xHH are replaced by their bytes
//   < {json}      the next line written, compared as JSON  <~ {json} the same, any order among
//                                                                    neighbouring <~ lines
//   =< text       the next line written, compared byte by byte
//   @file PATH    a file of the workspace; its lines follow, each after "| "
//   @bytes PATH TEXT   a file from text with the replacements of >\ and no newline added
//   @dir PATH   @link TARGET PATH   @run PROGRAM ARG...  ('...' holds an argument with blanks)
//   @args FLAG...      more arguments for the server       @env NAME=VALUE
//   @workers N         worker threads, 0 when not said
// and anything else is prose. {{workspace}} stands for the workspace's root on both sides,
// {{any}} in what is expected for any JSON value or, inside a string, for any text.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quarry::transcripts {

struct Setup {
  std::string verb;                // file, dir, link, run
  std::vector<std::string> words;  // what follows it
  std::string content;             // of a file
};

struct Sent {
  std::string bytes;  // with the newline when it has one
  bool whole = true;  // ends in a newline
};

enum class Order { kNext, kAny, kExact };

struct Expected {
  std::string text;
  Order order = Order::kNext;
  std::size_t line = 0;  // index into Transcript::lines
};

// What is sent together, and everything that is written before the next is sent.
struct Exchange {
  std::vector<Sent> sent;
  std::vector<Expected> expected;
  std::size_t last_line = 0;  // index of its last line, where further answers would stand
};

struct Transcript {
  std::vector<std::string> lines;  // of the file, for rewriting
  std::vector<Setup> setup;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // NAME=VALUE
  int workers = 0;
  std::vector<Exchange> exchanges;
};

// Throws std::runtime_error naming the line that cannot be understood.
Transcript parse_transcript(std::string_view text);

}  // namespace quarry::transcripts
