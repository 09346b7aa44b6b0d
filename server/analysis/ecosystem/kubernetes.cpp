// Kubernetes: what the objects of a cluster run, and on which ports. A file is taken for one of
// them by its place and by what it says of itself.

#include "server/analysis/ecosystem/reading.h"
#include "server/analysis/project/services.h"
#include "server/base/newlines.h"

namespace quarry::analysis::ecosystem {
namespace {

constexpr int kMaxObjects = 200;  // of a file

void read_container(const Value& container, std::uint32_t before, Facts& facts) {
  const Value& image = container["image"];
  const auto* known = project::find_service_by_image(image.text);
  if (known != nullptr) {
    facts.services.push_back({std::string(known->name), "Kubernetes image", image.line + before});
  }
  if (image) facts.images.push_back(image.text);
  const bool own = known == nullptr;
  for (const Value& one : container["ports"].items) {
    const Value& port = one["containerPort"];
    const std::uint32_t number = manifest::leading_port(port.text);
    if (number == 0) continue;
    facts.ports.push_back(
        {number, PortSource::kConfig, own, own ? "" : container["name"].text, port.line + before});
  }
  for (const Value& one : container["env"].items) {
    if (own) facts.variables.push_back({one["name"].text, one["value"].text, one.line + before});
  }
}

// Deployments, jobs and their like hold a pod's template; a cron job a job's.
void read_object(const Value& object, std::uint32_t before, Facts& facts) {
  if (!object.has("apiVersion") || !object.has("kind")) return;
  facts.no_module = false;
  for (const Value& one : object["items"].items) read_object(one, before, facts);
  const Value* spec = &object["spec"];
  if (const Value& job = (*spec)["jobTemplate"]["spec"]) spec = &job;
  if (const Value& pod = (*spec)["template"]["spec"]) spec = &pod;
  for (const Value& one : (*spec)["containers"].items) read_container(one, before, facts);
}

void read_objects(const Source& source, Facts& facts) {
  facts.no_module = true;
  std::string_view rest = source.text;
  std::uint32_t before = 0;  // lines
  for (int i = 0; i < kMaxObjects && !rest.empty(); ++i) {
    const std::size_t end = std::min(rest.find("\n---"), rest.size());
    const std::string_view document = rest.substr(0, end);
    read_object(manifest::parse_yaml(document).root, before, facts);
    const std::size_t next = std::min(end + 1, rest.size());
    before += static_cast<std::uint32_t>(count_newlines(rest.substr(0, next)));
    rest.remove_prefix(next);
  }
}

constexpr Reader kKubernetesReaders[] = {
    {"k8s/*.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"k8s/*.yml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"k8s/*/*.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"kubernetes/*.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"kubernetes/*.yml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"kubernetes/*/*.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"deploy/*.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"deployment/*.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"manifests/*.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"deployment.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"deployment.yml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"kube/*.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"overlays/*/*.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"*deployment.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"*deployment.yml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"*statefulset.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"*daemonset.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"*cronjob.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"*-pod.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
    {"pod.yaml", "kubernetes", "", "Kubernetes", Role::kContainer, read_objects},
};

}  // namespace

std::span<const Reader> kubernetes_readers() {
  return kKubernetesReaders;
}

}  // namespace quarry::analysis::ecosystem
