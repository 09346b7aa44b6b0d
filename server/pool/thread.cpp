#include "server/pool/thread.h"

#include <csignal>
#include <utility>

namespace quarry::pool {
namespace {

constexpr std::size_t kStackBytes = 1U << 20U;

sigset_t signals_of_the_main_thread() {
  sigset_t set;
  sigfillset(&set);
  // Raised by the thread's own instructions: blocked, they would end the process without the
  // report of a sanitizer or of a core handler.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) {
    sigdelset(&set, fault);
  }
  return set;
}

}  // namespace

Thread::Thread(std::string name, std::function<void()> body)
    : name_(std::move(name)), body_(std::move(body)) {}

Thread::~Thread() {
  join();
}

void Thread::join() {
  if (std::exchange(started_, false)) pthread_join(id_, nullptr);
}

bool Thread::start() {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kStackBytes);
  // The new thread inherits the mask: set here, there is no moment in which it takes a signal.
  const sigset_t blocked = signals_of_the_main_thread();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  started_ = pthread_create(&id_, &attributes, &Thread::run, this) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return started_;
}

void* Thread::run(void* thread) {
  auto& self = *static_cast<Thread*>(thread);
  pthread_setname_np(pthread_self(), self.name_.substr(0, 15).c_str());
  self.body_();
  return nullptr;
}

}  // namespace quarry::pool
