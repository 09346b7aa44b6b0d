// The marks by which languages that share an extension are told apart, as data.
//
// Rules of one extension are tried in their order: the first with a pattern (line_pattern.h, one a
// line) that some line of the file begins with. A rule without patterns holds when no other does.
// Where there is none, contested.cpp asks the neighbours.

#pragma once

#include <array>
#include <string_view>

namespace quarry::analysis {

struct ContentRule {
  std::string_view extensions;  // apart by blanks, in lower case
  std::string_view language;
  std::string_view patterns = {};
};

inline constexpr auto kContentRules = std::to_array<ContentRule>({
    {".h", "Objective-C",
     "@interface %w\n@protocol %w\n@end%$\n@class %w%_;\n@class %w,\n@property%_(\n@property %w\n"
     "@import %n\n#%_import%_%*.h"},
    {".h", "C++",
     "#%_include%_<%w>\ntemplate%_<\nnamespace %n%_{\nnamespace %n%$\nnamespace%_{\n"
     "inline namespace\nusing namespace \nusing %w%_=\nusing %n;\nclass %w%_{\nclass %w%_;\n"
     "class %w%_:\nclass %w %w%_{\nclass %w %w%_:\nclass %w%$\nclass %w final\nclass %w(%*\n"
     "public%_:\nprivate%_:\nprotected%_:\nenum class \nvirtual \nexplicit %w%_(\nfriend \n"
     "constexpr \nstatic constexpr \nstatic inline constexpr \ninline constexpr \n%*std::%w\n"
     "%*_cast<\n%*operator%_=\n%*~%w()%*\n"
     "%*unique_ptr<\n%*noexcept%b\n[[nodiscard]]\nextern template"},
    {".m", "Objective-C",
     "#%_import\n@interface \n@implementation \n@end%$\n@property\n@protocol \n@class \n"
     "@autoreleasepool\n#%_include%_<\n#%_include%_\"\n#%_define \n%*[[%w alloc]"},
    {".m", "Mercury", ":- module \n:- interface\n:- pred \n:- import_module "},
    {".m", "Limbo", "implement %w%_;\ninclude%_\"%*.m\""},
    {".m", "Wolfram",
     "(*\nBeginPackage[\nBegin[\nNeeds[\n%w[%*_%*]%_:=\n%w[%*]%_=\nSetOptions[\n%w::usage"},
    {".m", "MATLAB",
     "function%b\nend%$\n%%\nclc%b\nclear%b\nclose all\nfigure%b\nclassdef \nfor %w%_=\nif \n"
     "%w%_=%*;%$\ndisp(\nfprintf("},
    {".pl", "Raku", "use v6\nunit module\nsub MAIN"},
    {".pl", "Perl",
     "use strict\nuse warnings\nuse %n\npackage %n%_;\nmy%_$\nmy%_@\nmy%_%%\nmy%_(\nour%_$\nsub "
     "%w\n"
     "=head1\n=pod\n$%w%_=\n@%w%_=\nrequire %n\nforeach \nprint "},
    {".pl", "Prolog", ":-\n?-\n%w(%*)%_:-\n%w(%*).%$\n%w%_:-\n%w%_-->\n%%"},
    {".pm", "X PixMap", "/* XPM */"},
    {".pm", "Raku", "use v6\nunit module\nunit class\ngrammar %n"},
    {".pm", "Perl"},
    {".t", "Raku", "use v6"},
    {".t", "Perl",
     "use Test%*\nuse strict\nuse warnings\nuse %n\nuse lib\npackage %n%_;\nmy%_$\nmy%_(\n"
     "#!%*perl\n__DATA__\n__END__\nrequire %*;"},
    {".t", "Terra", "terra %w\nlocal %w%_=\nrequire%_(\nrequire%_\""},
    {".t", "Turing", "put%_\"\nvar %w%_:\nprocedure %w\nend for%$\nprocess %w"},
    {".ts", "XML", "<?xml\n<!DOCTYPE TS\n<TS%b"},
    {".ts", "TypeScript"},
    {".tsx", "XML", "<?xml\n<tileset"},
    {".tsx", "TypeScript"},
    {".v", "Coq",
     "Require \nFrom %n%*Require\nTheorem %w\nLemma %w\nProof%b\nDefinition %w\nInductive %w\n"
     "Fixpoint %w\nQed.\nImport %n.%$\nExport %n.%$\nNotation%b\nLtac %w\nSection %w%_.\n"
     "Module %w%_.%$\nRecord %w\nClass %w\nInstance %w\nSet %w\nUnset %w\nPolymorphic \n"
     "Global %w\nLocal %w\nParameter %w\nVariable %w\nHint %w\nEnd %w%_."},
    {".v", "V",
     "fn %w%_(\nfn (%*\npub fn \nmodule %w%$\nimport %n%$\nstruct %w%_{\nmut %w\n__global%b"},
    {".v", "Verilog",
     "module %w%_(\nmodule %w%_;\nmodule %w%_#\nmodule %w%$\nendmodule%b\nalways%b\nreg%b\nwire%b\n"
     "assign \n`%w\ninitial%b\nparameter %w%_=\nlocalparam \ninput%b\noutput%b"},
    {".cls", "LaTeX",
     "\\NeedsTeXFormat\n\\ProvidesClass\n\\documentclass\n\\LoadClass\n\\RequirePackage\n"
     "\\newcommand\n\\def\\"},
    {".cls", "VBA", "VERSION 1.0 CLASS\nAttribute VB_%*\n%iOption Explicit"},
    {".cls", "ObjectScript", "Class %n Extends\nClass %n%_[\nClassMethod \nClass %n%_{"},
    {".cls", "OpenEdge ABL",
     "%iUSING %n%*FROM\n%iBLOCK-LEVEL\n%iROUTINE-LEVEL\n%iCLASS %n%*:%$\n%iMETHOD PUBLIC"},
    {".cls", "Apex",
     "%ipublic %*class %w\n%iglobal %*class %w\n%iprivate %*class %w\n%i@isTest\n"
     "%iwith sharing\n%ipublic %*interface %w\n%ipublic %*enum %w"},
    {".inc", "PHP", "<?php\n<?=\n<?%$"},
    {".inc", "POV-Ray", "#declare %w\n#macro %w\n#local %w"},
    {".inc", "SourcePawn",
     "#pragma semicolon\nnative %*(\nstock %w\nforward %*(\n#include <%w>%$\nmethodmap %w"},
    {".inc", "Pascal",
     "{$\n%iprocedure %n\n%ifunction %n%*:%*;%$\n%iconst%$\n%iuses %w\n%iresourcestring%$"},
    {".inc", "BitBake",
     "SRC_URI%*=\nSUMMARY%_=\nDESCRIPTION%_=\nDEPENDS%*=\nLICENSE%_=\ninherit %w\n"
     "do_%w%_()%_{\nrequire %*.inc%$\nPV%_=\nPACKAGES%*="},
    {".inc", "C++", "template%_<\nnamespace %*{\nclass %w%_{\nclass %w%_:\n%*std::%w\npublic:%$"},
    {".inc", "Assembly",
     "%w%_MACRO%b\n.macro %w\n%i%w equ \n%%macro \n%%define \n.equ%b\n.set%b\n%imov \n.section%b"},
    {".inc", "C",
     "#%_include\n#%_define\n#%_if\n#%_undef\nstatic %w\ntypedef %w\nextern %w\n/*\n{%_%*},%$"},
    {".inc", "HTML", "<div\n<table\n<p>\n<!--\n<a \n<h1\n<script"},
    {".fs", "F#",
     "module %n\nnamespace %n\nopen %n\nlet %w\ntype %w\n#r \"\n[<%*>]\n#light\nprintfn "},
    {".fs", "GLSL",
     "#version\nprecision %w float\nuniform %w\nvarying %w\nvoid main%_(\nin %w %w\nout %w %w"},
    {".fs", "Forth", ": %*\n\\ %*\n( %*)"},
    {".d", "DTrace",
     "#!%*dtrace\n#pragma D option\nprovider %w%_{\nBEGIN%$\nEND%$\n%w:%w:%*\nsyscall:%*"},
    {".d", "D",
     "module %n%_;\nimport %n%*;\nvoid main%_(\nint main%_(\nunittest%b\nversion%_(\n@safe\n@nogc\n"
     "struct %w\nclass %w\nalias %w\nenum %w\npublic import\nauto %w%_="},
    {".d", "Makefile", "%*.o%_:\n%*:%*\\%$\n%*.h%_:%$\n%*.rlib%_:\n%*.d%_:"},
    {".r", "Rebol", "%irebol%_[\n%ired%_["},
    {".r", "R"},
    {".sql", "PL/pgSQL",
     "%i%*language%_'plpgsql'\n%i%*language plpgsql\n%i%*as $$%$\n%i%*$body$\n%ido $$"},
    {".sql", "PL/SQL",
     "%icreate%*package \n%i%*dbms_%w\n%icreate or replace procedure %*\n"
     "%icreate or replace trigger\n%i%*varchar2\n%ipragma %w\n%iexception%$\n%i%w %*%%type"},
    {".sql", "TSQL",
     "%igo%$\n%ideclare @\n%i%*[dbo].\n%iset nocount on\n%i%*nvarchar%_(\n%ibegin try\n"
     "%iexec%*sp_\n%iset ansi_nulls"},
    {".sql", "SQL"},
    {".l", "Lex", "%%%%%$\n%%{%$\n%%option\n%%x \n%%s "},
    {".l", "Common Lisp", "(def%w\n(in-package\n(setq \n;;;"},
    {".l", "PicoLisp", "(de %*\n(class %*\n(load %*"},
    {".l", "Roff", ".TH \n.SH \n.\\\""},
    {".cl", "Common Lisp", "(def%w\n(in-package\n(setq \n(declaim\n(eval-when"},
    {".cl", "OpenCL",
     "__kernel%b\nkernel%b\n#pragma OPENCL\n%*__global%b\n%*get_global_id\n#%_define\n#%_if\n"
     "%w %w(%*"},
    {".pro", "QMake",
     "%w%_+=\nTEMPLATE%_=\nCONFIG%b\nTARGET%_=\nSOURCES%b\nQT%b\ninclude%_(\nSUBDIRS"},
    {".pro", "Prolog", ":-\n?-\n%w(%*)%_:-\n%w(%*).%$"},
    {".pp", "Pascal", "%iprogram %w%_;\n%iunit %n%_;\n%iinterface%$\n%iuses %n\n%ibegin%$\n{$%w"},
    {".pp", "Puppet"},
    {".bas", "FreeBASIC", "#include once\n#lang \n%iDim As \n%iDim Shared"},
    {".bas", "VBA"},
    {".bb", "BlitzBasic", "%iEnd Function%$\n%iGraphics \n%iGlobal %w\n%iType %w%$\n%iGraphics3D"},
    {".bb", "Clojure", "(ns \n(defn \n(require "},
    {".bb", "BitBake"},
    {".ecl", "ECLiPSe", ":- \n%w(%*)%_:-"},
    {".ecl", "ECL"},
    {".f .for", "Forth", ": %*;%$\n\\ "},
    {".f .for", "Fortran"},
    {".g", "ANTLR",
     "grammar %w\nlexer grammar\nparser grammar\ntree grammar\nheader%_{\nclass %w "},
    {".g", "GAP", "%w%_:=\nDeclare%w(\nInstall%w(\nRead(\nReadPackage("},
    {".g", "G-code", "G%w \nM%w%$\nN%w G"},
    {".gd", "GAP", "Declare%w(\n##"},
    {".gd", "GDScript"},
    {".gml", "XML", "<?xml\n<gml:\n<%w:"},
    {".gml", "Game Maker Language"},
    {".gs", "Genie", "[indent%*]\ninit%$\nuses%$"},
    {".gs", "Gosu", "uses %n\npackage %n%$\nenhancement %w"},
    {".gs", "JavaScript"},
    {".hh", "Hack", "<?hh"},
    {".hh", "C++"},
    {".php", "Hack", "<?hh"},
    {".php", "PHP"},
    {".i", "SWIG", "%%module\n%%include\n%%{\n%%inline\n%%import\n%%template\n%%extend"},
    {".ml", "OCaml",
     "let %*=\nlet rec \nmodule %w\nopen %n%$\nopen! \ntype %*=\nexception %w of\n[@@@%*\n(**"},
    {".ml", "Standard ML", "structure %w\nfunctor %w\nsignature %w\nfun %*=\nval %w"},
    {".ml", "OCaml"},
    {".mod", "Modula-2",
     "%iMODULE %w%_;\n%iDEFINITION MODULE\n%iIMPLEMENTATION MODULE\n%iFROM %w IMPORT"},
    {".mod", "AMPL", "param %w\nset %w\nsubject to\nminimize \nmaximize "},
    {".mod", "XML", "<!ENTITY\n<!ELEMENT\n<!--"},
    {".n", "Roff", ".TH \n.SH \n.\\\"\n'\\\""},
    {".n", "Nemerle", "using %n%_;\nmodule %w\nnamespace %n"},
    {".plt", "Gnuplot",
     "set terminal\nset term \nset output\nplot \nsplot \nset title\nset xlabel"},
    {".plt", "Prolog", ":-\n%w(%*)%_:-"},
    {".pkl", "Pkl", "module %n\namends \"\nextends \"\nimport \"\n@ModuleInfo\n%w%_{%$"},
    {".q", "HiveQL", "%iselect \n%iinsert overwrite\n%icreate table\n%iuse %w;\n%iset hive"},
    {".q", "q", "\\%w\n/%*\n%n:%*"},
    {".qs", "Q#", "namespace %n%_{\noperation %w\nopen Microsoft"},
    {".qs", "JavaScript", "function %w\nvar %w"},
    {".re", "C++", "#%_include\n/*!re2c\n/*!%w:re2c"},
    {".re", "ReasonML"},
    {".res", "XML", "<?xml"},
    {".res", "ReScript", "let %*\nmodule %w\ntype %w\nopen %n\n@module\n@react%*\nexternal %w\n//"},
    {".rs", "RenderScript", "#pragma version\n#pragma rs"},
    {".rs", "XML", "<?xml"},
    {".rs", "Rust"},
    {".sc", "SuperCollider", "SynthDef%_(\n%w : %w%_{\n+ %w%_{\n%*.ar(\n%*.kr("},
    {".sc", "Scala"},
    {".sls", "Scheme", "(library\n(import \n#!r6rs\n(define"},
    {".sls", "SaltStack"},
    {".spec", "RPM spec", "Name:\nVersion:\nSummary:\n%%prep\n%%build\n%%define \n%%global "},
    {".spec", "Python", "%w%_=%_Analysis(\n%w%_=%_EXE("},
    {".spec", "Ruby", "require \ndescribe "},
    {".st", "Structured Text",
     "%iPROGRAM %w%$\n%iFUNCTION_BLOCK \n%iEND_VAR\n%iVAR_INPUT\n%iVAR%$\n%iEND_IF"},
    {".st", "StringTemplate", "%w(%*)%_::=\ngroup %w\n<if(%*\n%*$%w$%*\n%*$if("},
    {".st", "Smalltalk"},
    {".tpl", "Go template",
     "%*{{-%*\n%*{{%_.\n%*{{%_if \n%*{{%_range \n%*{{%_define \n%*{{%_template "},
    {".tpl", "Smarty", "%*{$%w\n%*{if \n%*{foreach \n%*{include \n{*%*\n%*{/if}"},
    {".w", "OpenEdge ABL", "&ANALYZE-SUSPEND\n%iDEFINE \n&Scoped-define"},
    {".w", "CWeb", "@*%*\n@ %*\n@c%$\n@p%$\n\\input"},
    {".x", "Logos", "%%hook\n%%ctor\n%%orig\n%%group\n%%new\n#import"},
    {".x", "Linker script", "SECTIONS%b\nENTRY%_(\nOUTPUT_FORMAT%_(\nMEMORY%b\nINCLUDE %*.x"},
    {".x", "RPC",
     "program %w%_{\nstruct %w%_{\n%%#include\nversion %w%_{\nunion %w switch\nconst %w%_="},
    {".yy", "JSON", "{%$\n\"%w\"%_:"},
    {".yy", "Bison and Yacc"},
    {".csl", "XML", "<?xml\n<style"},
    {".csl", "Kusto"},
    {".com", "DIGITAL Command Language", "$ %*\n$! %*"},
    {".def", "Modula-2", "%iDEFINITION MODULE"},
    {".def", "C", "#%_define\n#%_if\n#%_undef\n#%_include\n%w%_(%*)%_%$\n%w%_(%*,%$"},
    {".e", "Eiffel", "class%$\nfeature%b\nnote%$\nindexing%$\nclass %w%$\ndeferred class"},
    {".ftl", "FreeMarker", "%*<#%w\n%*${%w\n%*<@%w\n%*</#"},
    {".ftl", "Fluent", "%w-%w%_=\n%w%_=\n-%w%_="},
    {".nr", "Roff", ".%w \n.\\\""},
    {".nr", "Noir"},
    {".mc", "Monkey C", "using Toybox\nimport Toybox\nclass %w extends\nfunction %w("},
    {".asy", "Asymptote", "import %w%_;\nsize(\ndraw(\nunitsize("},
    {".uc", "UnrealScript", "class %w extends\nClass %w Extends\n%ivar%_(%*)\n%idefaultproperties"},
    {".1 .2 .3 .4 .5 .6 .7 .8 .9 .man", "Roff",
     ".TH%b\n.SH%b\n.Sh%b\n.Dd%b\n.so \n.\\\"\n'\\\"\n.de \n.TP"},
    {".obj .mtl", "Wavefront", "v %*\nnewmtl %*\nmtllib %*\nusemtl %*"},
    {".service .socket .timer .mount .automount", "Systemd unit", "[Unit]\n[Service]\n[Install]"},
    {".vm", "Velocity", "#if%_(\n#set%_(\n#foreach%_(\n%*$!{%w\n%*${%w\n##"},
    {".bf", "Beef", "using System\nnamespace %n%_;\nclass %w%$"},
    {".asset .mat .anim .meta .prefab .unity", "Unity asset", "%%YAML\nfileFormatVersion:\n---"},
    {".dsl", "ASL", "DefinitionBlock\n/*%$"},
    {".p", "Gnuplot", "set terminal\nset term \nset output\nplot \nsplot "},
    {".p", "OpenEdge ABL", "%idefine %w\n%ifor each \n%irun %w"},
    {".a", "Assembly", ";%*\n%w:%*"},
});

}  // namespace quarry::analysis
