// The one include of {fmt}: messages and small text. The hot path appends with to_chars instead.
//
// {fmt}'s own code is compiled once, in format.cpp: header-only it took two thirds of the compile
// time of a usual file (2.4 s against 0.8 s), and its shared library would be one more to load.

#pragma once

#include <fmt/core.h>
