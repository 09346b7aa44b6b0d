#include <set>

#include <catch2/catch.hpp>

#include "server/analysis/content_rules.h"
#include "server/analysis/content_table.h"
#include "server/analysis/generated_marks.h"
#include "server/analysis/language_table.h"
#include "server/analysis/line_pattern.h"
#include "server/analysis/modeline.h"
#include "server/analysis/rare_language_table.h"
#include "server/analysis/verdict.h"

namespace quarry::analysis {
namespace {

// "" for none, "?" for what the neighbours decide.
std::string judged(std::string_view path, std::string_view content) {
  const Verdict verdict = judge(judge_path(path), {content, {}, content.size(), 1});
  if (verdict.generated) return "generated";
  if (verdict.language != Verdict::kNone) return std::string(language_name(verdict.language));
  return verdict.undecided ? "?" : "";
}

std::vector<std::string> words(std::string_view list) {
  std::vector<std::string> found;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (end > 0) found.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return found;
}

template <class Check>
void each_row(const Check& check) {
  for (const LanguageRow& row : kLanguageRows) check(row);
  for (const LanguageRow& row : kRareLanguageRows) check(row);
}

TEST_CASE("every language is told by each of its extensions, names, interpreters and aliases") {
  std::set<std::string_view> names;
  each_row([&](const LanguageRow& row) {
    INFO(row.name);
    CHECK(names.insert(row.name).second);
    const std::string want(row.name);
    for (const std::string& extension : words(row.extensions)) {
      INFO(extension);
      const std::string got = judged("src/some" + extension, "x\n");
      const bool shared = has_content_rules(extension) || got == "?";
      CHECK((shared || got == want));
      CHECK(language_by_path("src/some" + extension) == find_language(row.name));
    }
    for (const std::string& name : words(row.file_names)) {
      INFO(name);
      CHECK(judged("src/" + name, "x\n") == want);
    }
    for (const std::string& interpreter : words(row.interpreters)) {
      INFO(interpreter);
      CHECK(judged("bin/some", "#!/usr/bin/env " + interpreter + "\n") == want);
    }
    for (const std::string& alias : words(row.aliases)) {
      INFO(alias);
      CHECK(find_language_by_alias(alias) == find_language(row.name));
    }
    CHECK(find_language_by_alias(row.name) == find_language(row.name));
  });
  CHECK(language_count() >= 400);
}

TEST_CASE("the rules of shared extensions name languages that exist, and patterns that can match") {
  for (const ContentRule& rule : kContentRules) {
    INFO(rule.extensions << " " << rule.language << " " << rule.patterns);
    CHECK(find_language(rule.language));
    CHECK(rule.patterns.find("\n\n") == std::string_view::npos);
    CHECK(!rule.patterns.ends_with('\n'));
    for (const std::string& extension : words(rule.extensions)) CHECK(has_content_rules(extension));
  }
}

TEST_CASE("a line begins with a pattern") {
  struct Row {
    const char* line;
    const char* pattern;
    bool want;
  };
  const Row rows[] = {
      {"  class Foo {", "class %w%_{", true},
      {"class Foo{\r", "class %w%_{", true},
      {"classFoo {", "class %w%_{", false},
      {"end  ", "end%$", true},
      {"ending", "end%b", false},
      {"end;", "end%b", true},
      {"x = std::move(y)", "%*std::%w", true},
      {"50% off", "50%% ", true},
      {"PROGRAM x;", "%iprogram %w%_;", true},
      {"program x;", "PROGRAM %w", false},
      {"a.b.c: d", "%n", true},
      {"", "%*", true},
      {"", "x", false},
      {"import foo.h", "import %*.h", true},
  };
  for (const Row& row : rows) {
    INFO(row.line << " / " << row.pattern);
    CHECK(begins_with(row.line, row.pattern) == row.want);
  }
  const std::string long_line(100'000, 'a');
  CHECK(!begins_with(long_line, "%*a%*b"));
}

TEST_CASE("files of shared extensions are told by their content") {
  struct Row {
    const char* path;
    const char* content;
    const char* want;
  };
  const Row rows[] = {
      {"a.h", "#ifndef A\n#include <stdio.h>\nint f(void);\n", "?"},
      {"a.h", "#ifdef __cplusplus\nextern \"C\" {\n#endif\nstruct s { int class_id; };\n", "?"},
      {"a.h", "#if defined(__cplusplus)\n# include <cstdio>\n#if X\nclass A;\n#endif\n#endif\n",
       "?"},
      {"a.h", "#ifdef __cplusplus\n#else\n#endif\nclass A;\n", "C++"},
      {"a.h", "#ifndef __cplusplus\n#error C++\n#endif\nclass A;\n", "C++"},
      {"a.v", "(* nothing *)\n", "?"},
      {"a.v", "Set Implicit Arguments.\n", "Coq"},
      {"a.h", "/* a class of things\n * namespace x\n */\nint f(void);\n", "?"},
      {"a.h", "#include <vector>\n", "C++"},
      {"a.h", "namespace a::b {\n}\n", "C++"},
      {"a.h", "class EXPORT Foo : public Bar {\n", "C++"},
      {"a.h", "template <class T>\nT f(T);\n", "C++"},
      {"a.h", "struct A {\n ~A();\n std::string s;\n};\n", "C++"},
      {"a.h", "#import <Foundation/Foundation.h>\n@interface Foo : NSObject\n@end\n",
       "Objective-C"},
      {"a.h", "@class Foo;\nvoid f(void);\n", "Objective-C"},
      {"a.m", "#import \"Foo.h\"\n@implementation Foo\n@end\n", "Objective-C"},
      {"a.m", "#include <stdio.h>\nint main() {}\n", "Objective-C"},
      {"a.m", "function y = f(x)\n% doc\ny = x;\nend\n", "MATLAB"},
      {"a.m", "%% section\nx = linspace(0, 1);\n", "MATLAB"},
      {"a.m", ":- module hello.\n:- interface.\n", "Mercury"},
      {"a.m", "(* package *)\nBeginPackage[\"A`\"]\n", "Wolfram"},
      {"a.m", "implement Hello;\ninclude \"sys.m\";\n", "Limbo"},
      {"a.pl", "use strict;\nmy $x = 1;\n", "Perl"},
      {"a.pl", "#!/usr/bin/perl\nprint 1;\n", "Perl"},
      {"a.pl", ":- module(a, [b/1]).\nb(X) :- c(X).\n", "Prolog"},
      {"a.pl", "parent(tom, bob).\ngrand(X, Y) :- parent(X, Z), parent(Z, Y).\n", "Prolog"},
      {"a.pl", "use v6;\nsay 1;\n", "Raku"},
      {"a.pm", "package A;\n1;\n", "Perl"},
      {"a.pm", "use v6;\nunit class A;\n", "Raku"},
      {"a.t", "use Test::More;\nok(1);\n", "Perl"},
      {"a.t", "  $ echo hello\n  hello\n", "?"},
      {"a.ts", "export const x: number = 1;\n", "TypeScript"},
      {"a.ts", "<?xml version=\"1.0\"?>\n<!DOCTYPE TS>\n<TS version=\"2.0\">\n", "XML"},
      {"a.tsx", "export default () => <div/>;\n", "TypeScript"},
      {"a.tsx", "<?xml version=\"1.0\"?>\n<tileset name=\"x\">\n", "XML"},
      {"a.v", "module top(input clk);\nendmodule\n", "Verilog"},
      {"a.v", "Require Import List.\nTheorem t : True.\nProof. exact I. Qed.\n", "Coq"},
      {"a.v", "module main\n\nfn main() {\n\tprintln('x')\n}\n", "V"},
      {"a.cls", "\\NeedsTeXFormat{LaTeX2e}\n\\ProvidesClass{a}\n", "LaTeX"},
      {"a.cls", "public with sharing class A {\n}\n", "Apex"},
      {"a.cls", "VERSION 1.0 CLASS\nBEGIN\nEND\nAttribute VB_Name = \"A\"\n", "VBA"},
      {"a.cls", "Class My.App Extends %Persistent\n{\n}\n", "ObjectScript"},
      {"a.cls", "USING Progress.Lang.* FROM PROPATH.\nCLASS A:\n", "OpenEdge ABL"},
      {"a.inc", "<?php\n$x = 1;\n", "PHP"},
      {"a.inc", "#define X 1\nstatic int x;\n", "C"},
      {"a.inc", "template <class T> void f();\n", "C++"},
      {"a.inc", "SRC_URI = \"git://x\"\ninherit autotools\n", "BitBake"},
      {"a.inc", "{$IFDEF FPC}\nprocedure X;\n", "Pascal"},
      {"a.inc", "#pragma semicolon 1\nnative int X();\n", "SourcePawn"},
      {"a.inc", "plain words\n", "?"},
      {"a.fs", "module A\nlet x = 1\n", "F#"},
      {"a.fs", "#version 330\nuniform vec4 c;\nvoid main() {}\n", "GLSL"},
      {"a.fs", ": square dup * ;\n", "Forth"},
      {"a.d", "module a;\nimport std.stdio;\nvoid main() {}\n", "D"},
      {"a.d", "main.o: main.c \\\n  a.h\n", "Makefile"},
      {"a.d", "#!/usr/sbin/dtrace -s\nBEGIN\n{\n}\n", "DTrace"},
      {"a.d", "#pragma D option quiet\nsyscall:::entry\n", "DTrace"},
      {"a.r", "x <- c(1, 2)\n", "R"},
      {"a.R", "library(dplyr)\n", "R"},
      {"a.r", "REBOL [Title: \"x\"]\n", "Rebol"},
      {"a.sql", "SELECT 1;\n", "SQL"},
      {"a.sql", "CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\nEND $$ LANGUAGE plpgsql;\n",
       "PL/pgSQL"},
      {"a.sql", "CREATE OR REPLACE PACKAGE BODY p IS\nEND;\n/\n", "PL/SQL"},
      {"a.sql", "SET NOCOUNT ON\nGO\nDECLARE @x int\n", "TSQL"},
      {"a.l", "%{\n#include <stdio.h>\n%}\n%%\n", "Lex"},
      {"a.l", "(defun f (x) x)\n", "Common Lisp"},
      {"a.l", "(de f (X) X)\n", "PicoLisp"},
      {"a.cl", "__kernel void f(__global int *x) {}\n", "OpenCL"},
      {"a.cl", "(in-package :a)\n(defun f ())\n", "Common Lisp"},
      {"a.pro", "QT += core\nTARGET = a\n", "QMake"},
      {"a.pro", ":- dynamic a/1.\n", "Prolog"},
      {"a.pp", "class a {\n  package { 'x': }\n}\n", "Puppet"},
      {"a.pp", "unit A;\ninterface\n", "Pascal"},
      {"a.bas", "Attribute VB_Name = \"A\"\n", "VBA"},
      {"a.bas", "#include once \"a.bi\"\n", "FreeBASIC"},
      {"a.bb", "SUMMARY = \"x\"\ninherit cmake\n", "BitBake"},
      {"a.bb", "Graphics 640,480\nEnd Function\n", "BlitzBasic"},
      {"a.bb", "(ns a)\n", "Clojure"},
      {"a.f", "      PROGRAM X\n      END\n", "Fortran"},
      {"a.f", ": square dup * ;\n", "Forth"},
      {"a.g", "grammar Expr;\nexpr : INT ;\n", "ANTLR"},
      {"a.g", "DeclareOperation(\"X\", []);\n", "GAP"},
      {"a.gd", "extends Node\nfunc _ready():\n", "GDScript"},
      {"a.gd", "DeclareCategory(\"IsX\", IsObject);\n", "GAP"},
      {"a.gml", "<?xml version=\"1.0\"?>\n<gml:Point/>\n", "XML"},
      {"a.gml", "var x = 1;\nif (x) { instance_destroy(); }\n", "Game Maker Language"},
      {"a.gs", "function f() {}\n", "JavaScript"},
      {"a.gs", "[indent=4]\ninit\n    print \"x\"\n", "Genie"},
      {"a.hh", "<?hh // strict\n", "Hack"},
      {"a.hh", "class A {};\n", "C++"},
      {"a.php", "<?php echo 1;\n", "PHP"},
      {"a.php", "<?hh\n", "Hack"},
      {"a.i", "%module a\n%{\n%}\n", "SWIG"},
      {"a.ml", "let rec f x = x\n", "OCaml"},
      {"a.ml", "structure A = struct\nfun f x = x\nend\n", "Standard ML"},
      {"a.mod", "MODULE Hello;\nFROM InOut IMPORT WriteString;\n", "Modula-2"},
      {"a.mod", "param n;\nminimize cost: n;\n", "AMPL"},
      {"a.n", ".TH X n\n.SH NAME\n", "Roff"},
      {"a.plt", "set terminal png\nplot 'x'\n", "Gnuplot"},
      {"a.plt", ":- begin_tests(a).\n", "Prolog"},
      {"a.q", "SELECT * FROM t;\n", "HiveQL"},
      {"a.qs", "namespace A {\n operation X() : Unit {}\n}\n", "Q#"},
      {"a.qs", "function Controller() {}\n", "JavaScript"},
      {"a.re", "let x = 1;\nmodule A = {};\n", "ReasonML"},
      {"a.re", "#include <stdio.h>\n/*!re2c\n*/\n", "C++"},
      {"a.res", "let x = 1\n@react.component\n", "ReScript"},
      {"a.res", "<?xml version=\"1.0\"?>\n", "XML"},
      {"a.rs", "fn main() {}\n", "Rust"},
      {"a.rs", "#pragma version(1)\n#pragma rs java_package_name(a)\n", "RenderScript"},
      {"a.sc", "object A extends App\n", "Scala"},
      {"a.sc", "SynthDef(\\a, { Out.ar(0, SinOsc.ar) })\n", "SuperCollider"},
      {"a.sls", "nginx:\n  pkg.installed\n", "SaltStack"},
      {"a.sls", "(library (a) (export b))\n", "Scheme"},
      {"a.spec", "Name: a\nVersion: 1\n%prep\n", "RPM spec"},
      {"a.spec", "a = Analysis(['x.py'])\n", "Python"},
      {"a.st", "Object subclass: A [\n]\n", "Smalltalk"},
      {"a.st", "PROGRAM Main\nVAR\nEND_VAR\n", "Structured Text"},
      {"a.st", "method(name) ::= <<\n>>\n", "StringTemplate"},
      {"a.tpl", "{{- define \"x\" -}}\n", "Go template"},
      {"a.tpl", "<p>{$name}</p>\n{foreach $a as $b}\n", "Smarty"},
      {"a.tpl", "words\n", "?"},
      {"a.w", "@* Intro.\n@c\nint x;\n", "CWeb"},
      {"a.w", "&ANALYZE-SUSPEND _VERSION\nDEFINE VARIABLE x.\n", "OpenEdge ABL"},
      {"a.x", "struct s {\n int x;\n};\nprogram P {\n}\n", "RPC"},
      {"a.x", "SECTIONS\n{\n}\n", "Linker script"},
      {"a.x", "%hook Foo\n%orig;\n%end\n", "Logos"},
      {"a.yy", "%{\n%}\n%token A\n%%\n", "Bison and Yacc"},
      {"a.yy", "{\n  \"id\": 1\n}\n", "JSON"},
      {"a.def", "#define X 1\n", "C"},
      {"a.def", "DEFINITION MODULE X;\n", "Modula-2"},
      {"a.def", "EXPORTS\n  f\n", "?"},
      {"a.e", "class\n  HELLO\nfeature\n", "Eiffel"},
      {"a.ftl", "<#if x>${x}</#if>\n", "FreeMarker"},
      {"a.ftl", "hello = Hello\nlogin-input = Name\n", "Fluent"},
      {"a.nr", "fn main(x: Field) {}\n", "Noir"},
      {"a.nr", ".ds X y\n", "Roff"},
      {"ls.1", ".TH LS 1\n.SH NAME\n", "Roff"},
      {"libx.so.1", "words\n", "?"},
      {"a.com", "$ SET DEFAULT X\n", "DIGITAL Command Language"},
      {"a.ecl", "IMPORT Std;\n", "ECL"},
      {"a.ecl", ":- lib(ic).\n", "ECLiPSe"},
      {"a.csl", "T | where x > 1\n", "Kusto"},
      {"a.csl", "<?xml version=\"1.0\"?>\n<style>\n", "XML"},
      {"a.uc", "class A extends Actor;\n", "UnrealScript"},
      {"a.pkl", "module a\nname = 1\n", "Pkl"},
  };
  for (const Row& row : rows) {
    INFO(row.path << "\n" << row.content);
    CHECK(judged(row.path, row.content) == row.want);
  }
}

TEST_CASE("modelines of vim and emacs name the language, wherever they may stand") {
  const std::string body(3000, '\n');
  struct Row {
    std::string path, content;
    const char* want;
  };
  const Row rows[] = {
      {"a.h", "/* -*- C++ -*- */\nint x;\n", "C++"},
      {"a.h", "// -*- mode: c++; indent-tabs-mode: nil -*-\n", "C++"},
      {"a", "# -*- coding: utf-8; mode: ruby -*-\n", "Ruby"},
      {"a", "#!/bin/sh\n# -*- tcl -*-\n", "Tcl"},
      {"a", "# vim: set ft=perl sw=2:\n", "Perl"},
      {"a.txt", "/* vim: filetype=javascript */\n", "JavaScript"},
      {"a", "x\n" + body + "# vim:ft=python\n", "Python"},
      {"a", "x\n" + body + "; Local Variables:\n; mode: scheme\n; End:\n", "Scheme"},
      {"a.c", "int indent_mode;\n/* Local Variables:\n indent-tabs-mode: nil\n End: */\n", "C"},
      {"a.py", "x = 'vim: ft=perl'\n" + body + body, "Python"},
      {"a.c", "/* -*- mode: unheard-of -*- */\n", "C"},
      {"a.c", "int y;\n" + body + "# vim: ft=perl\n" + body, "C"},
  };
  for (const Row& row : rows) {
    INFO(row.path << "\n" << row.content.substr(0, 200));
    CHECK(judged(row.path, row.content) == row.want);
  }
}

TEST_CASE("a script of the shell that starts another interpreter keeps its extension's language") {
  CHECK(judged("a.tcl", "#!/bin/sh\n# \\\nexec tclsh \"$0\" \"$@\"\n") == "Tcl");
  CHECK(judged("a.py", "#!/bin/sh\n''':'\nexec python3 \"$0\"\n'''\n") == "Python");
  CHECK(judged("a", "#!/bin/sh\n") == "Shell");
  CHECK(judged("a.txt", "#!/usr/bin/perl\n") == "Perl");
  CHECK(judged("a.c", std::string_view("\0\0\0", 3)) == "");
}

TEST_CASE("generated files are known by what programs write into them") {
  const std::string code(2000, 'x');
  struct Row {
    std::string path, content;
    bool want;
  };
  const Row rows[] = {
      {"a.go", "// Code generated by mockgen. DO NOT EDIT.\npackage a\n", true},
      {"a.go", "package a\n\nconst s = `// Code generated by x. DO NOT EDIT.`\n", false},
      {"a.js", "/**\n * @generated\n */\n", true},
      {"a.cs", "// <auto-generated>\n", true},
      {"a.c", "/* A Bison parser, made by GNU Bison 3.8.  */\n", true},
      {"a.c", "/* Generated by Cython 3.0 */\n", true},
      {"a.py", "# This file was automatically generated by SWIG\n", true},
      {"a.py", "# Generated by the protocol buffer compiler.  DO NOT EDIT!\n", true},
      {"a.rb", "# Code that writes generated files\n", false},
      {"a.py", "\"\"\"This file is generated, do not edit\"\"\"\n", true},
      {"a.py", "x = 1\n" + std::string(5000, '\n') + "# @generated\n", false},
      {"a.java", "/*\n This file is automatically generated.\n*/\n", true},
      {"a.js", "function f(){" + code + "}\n", true},
      {"a.py", "x = '" + code + "'\n", false},
      {"a.css", "a{}\n/*# sourceMappingURL=a.css.map */\n", true},
      {"a.js", "f();\n//# sourceMappingURL=a.js.map\n", true},
      {"a.js", "const a = '//# sourceMappingURL=';\n", false},
  };
  for (const Row& row : rows) {
    INFO(row.path << "\n" << row.content.substr(0, 200));
    CHECK((judged(row.path, row.content) == "generated") == row.want);
  }
}

}  // namespace
}  // namespace quarry::analysis
