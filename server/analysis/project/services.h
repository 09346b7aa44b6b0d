// Services: databases, queues and other programs that a project talks to, by the names of client
// libraries, images, URL schemes and providers. An ORM says nothing about which database it speaks
// to: ORMs are frameworks, not services.
//
// Constant data; safe from any thread.

#pragma once

#include <span>
#include <string_view>

namespace quarry::analysis::project {

struct ServiceRow {
  std::string_view name;
  std::string_view kind;            // "database", "cache", "queue", "search"
  std::string_view dependencies;    // as in dependency_names.h
  std::string_view images = {};     // without tag; a last component alone, or "owner/name"
  std::string_view schemes = {};    // of URLs: "postgres jdbc:postgresql"
  std::string_view providers = {};  // of ORMs' configuration
};

std::span<const ServiceRow> services();
const ServiceRow* find_service(std::string_view name);
// "docker.io/library/postgres:16" is PostgreSQL.
const ServiceRow* find_service_by_image(std::string_view image);
// "postgres://user@host/db", "jdbc:mysql://host", "mongodb+srv://host".
const ServiceRow* find_service_by_url(std::string_view url);
// "postgresql", "sqlite3", "django.db.backends.mysql".
const ServiceRow* find_service_by_provider(std::string_view provider);

}  // namespace quarry::analysis::project
