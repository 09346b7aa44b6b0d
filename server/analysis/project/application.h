// Applications: whether a module is a program that runs, or a library. A library has no start
// command and listens nowhere, whatever it depends on: a default of a framework holds only for what
// is built on it to be run.
//
// Pure functions; safe from any thread.

#pragma once

#include <string>

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

// What starts a program at an entry point, by the language; "" where nothing proves that one
// begins there, or nothing is known to start it.
std::string start_of(const Module& module, const Draft& draft, const EntryFact& entry);

// Whether Gradle may have bootRun: Spring Boot's plugin brings it, which a build above may apply to
// the projects below it.
bool may_have_boot_run(const Module& module, const Draft& draft);

// What starts a Flask application by the file that holds it; "" where none is found.
std::string start_of_flask(const Module& module);

// The project file of .NET that makes a program; null when there is none. Its only script says so.
const Manifest* run_of_dotnet(const Draft& draft);

// Whether the module's project of .NET names its SDK, as the ones that `dotnet` builds do.
bool names_sdk(const Module& module, const Draft& draft);

// By what it has for running: an image, a script, a program among its entry points, a file that
// only applications of its framework have.
// REQUIRES: frameworks, entries, ports of scripts and sources.
bool is_application(const Module& module, const Draft& draft);

// By what it is made for being used by others, where nothing says that it runs.
bool is_library(const Module& module, const Draft& draft);

// Whether the port that a framework takes by default says something of the module: not of a
// library.
bool may_listen(const Module& module, const Draft& draft, const FrameworkFact& framework);

}  // namespace quarry::analysis::project
