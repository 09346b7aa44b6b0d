// Terraform, Helm, Kubernetes by kustomize, Ansible, Serverless, Pulumi.

#include <span>

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

using manifest::Statement;

// Name and version of `source = "a/b", version = "~> 5.0"`, in one line or in one of the lines of a
// block.
void read_source(std::span<const Token> tokens, Dependency& into) {
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i + 1].is("=") || !tokens[i + 2].is_string() || tokens[i + 2].text.empty())
      continue;
    if (tokens[i].text == "source") into.name = tokens[i + 2].text;
    if (tokens[i].text == "version") into.version = tokens[i + 2].text;
  }
}

// terraform { required_version = ">= 1.5" required_providers { aws = { version = "~> 5.0" } } }
// required_providers { google = "~> 4.0" }
// module "vpc" { source = "..." version = "..." }
void read_terraform(const Source& source, Facts& facts) {
  const std::vector<Token> tokens = manifest::tokens(source.text, manifest::kHcl);
  const std::vector<Statement> statements = manifest::statements(tokens);
  const auto first_of = [&](std::uint32_t index) { return tokens[statements[index].first].text; };
  for (const Statement& one : statements) {
    if (one.first == one.last) continue;  // a brace without a word before it
    const std::string_view key = tokens[one.first].text;
    const bool nested = &statements[one.parent] != &one;
    const Token& value = tokens[one.last - 1];
    if (key == "required_version" && value.is_string()) {
      add_version(facts, "Terraform", value.text, value.line, 50);
    }
    if (nested && first_of(one.parent) == "required_providers" && tokens[one.first].is_word()) {
      add_dependency(facts, key, value.is_string() ? value.text : "", Use::kRuntime,
                     tokens[one.first].line);
    }
    if (nested && !facts.dependencies.empty()) {
      const Statement& parent = statements[one.parent];
      const bool provider =
          &statements[parent.parent] != &parent && first_of(parent.parent) == "required_providers";
      if (provider || first_of(one.parent) == "module") {
        read_source(std::span(tokens).subspan(one.first, one.last - one.first),
                    facts.dependencies.back());
      }
    }
    if (key == "module" && !nested && one.last > one.first + 1) {
      add_dependency(facts, tokens[one.first + 1].text, "", Use::kRuntime, tokens[one.first].line);
    }
    // Only a configuration that is applied itself takes variables from the environment.
    if ((key == "provider" && !nested) || key == "backend" || key == "cloud") {
      facts.scripts.push_back({"apply", "", tokens[one.first].line});
    }
    if (key == "variable" && !nested && one.last > one.first + 1) {
      facts.variables.push_back(
          {"TF_VAR_" + std::string(tokens[one.first + 1].text), "", tokens[one.first].line});
    }
  }
}

void read_chart(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  facts.name = root["name"].text;
  facts.version = root["version"].text;
  for (const Value& one : root["dependencies"].items) {
    add_dependency(facts, one["name"].text, one["version"].text, Use::kRuntime, one.line);
  }
  const Value& api = root["apiVersion"];
  add_version(facts, "Helm chart API", api.text, api.line, 50);
}

// values.yaml of a chart: its service's port.
void read_chart_values(const Source& source, Facts& facts) {
  const Value root = manifest::parse_yaml(source.text).root;
  const Value& port = root["service"]["port"];
  if (const std::uint32_t number = manifest::leading_port(port.text); number > 0) {
    facts.ports.push_back({number, PortSource::kConfig, true, "", port.line});
  }
}

void read_galaxy(const Source& source, Facts& facts) {
  const Value root = taken(manifest::parse_yaml(source.text), facts);
  for (const std::string_view list : {"roles", "collections"}) {
    for (const Value& one : root[list].items) {
      add_dependency(facts, one["name"] ? one["name"].text : one.text, one["version"].text,
                     Use::kRuntime, one.line);
    }
  }
}

constexpr Reader kInfrastructureReaders[] = {
    {"*.tf", "terraform", "HCL", "Terraform", Role::kModule, read_terraform},
    {".terraform.lock.hcl", "terraform", "", "terraform", Role::kLock},
    {"terragrunt.hcl", "terraform", "", "Terragrunt", Role::kPart},
    {"Chart.yaml", "helm", "", "Helm", Role::kModule, read_chart},
    {"Chart.lock", "helm", "", "helm", Role::kLock},
    {"helmfile.yaml", "helm", "", "Helmfile", Role::kPart},
    {"values.yaml", "helm", "", "Helm", Role::kPart, read_chart_values},
    {"kustomization.yaml", "kustomize", "", "Kustomize", Role::kContainer},
    {"kustomization.yml", "kustomize", "", "Kustomize", Role::kContainer},
    {"skaffold.yaml", "skaffold", "", "Skaffold", Role::kContainer},
    {"ansible.cfg", "ansible", "", "Ansible", Role::kPart},
    {"requirements.yml", "ansible", "", "Ansible Galaxy", Role::kPart, read_galaxy},
    {"Pulumi.yaml", "pulumi", "", "Pulumi", Role::kPart},
    {"serverless.yml", "serverless", "", "Serverless", Role::kPart},
    {"cdk.json", "cdk", "", "AWS CDK", Role::kPart},
};

}  // namespace

std::span<const Reader> infrastructure_readers() {
  return kInfrastructureReaders;
}

}  // namespace quarry::analysis::ecosystem
