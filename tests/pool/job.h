// A job of whatever can be called.

#pragma once

#include "server/pool/pool.h"

namespace quarry::pool {

// `body` must outlive the job's run.
template <class Body>
Job job(Body& body) {
  return Job{[](void* what) { (*static_cast<Body*>(what))(); }, &body};
}

}  // namespace quarry::pool
