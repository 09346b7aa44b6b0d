// Thread: one named worker thread.
//
// 1 MiB of stack. Signals sent to the process are never delivered here but to the main thread;
// the faults of the thread itself (SIGSEGV and its kind) stay with it. Joined by destruction.
//
// Thread-compatible. Neither copied nor moved: the running thread points to it.

#pragma once

#include <functional>
#include <string>

#include <pthread.h>

namespace quarry::pool {

class Thread {
 public:
  // `name`: at most 15 bytes are shown by the system.
  Thread(std::string name, std::function<void()> body);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  // False when the system gives no thread. Once.
  bool start();
  // Waits for the body's end. Also when it was never started; not from inside the body.
  void join();

 private:
  static void* run(void* thread);

  std::string name_;
  std::function<void()> body_;
  pthread_t id_{};
  bool started_ = false;
};

}  // namespace quarry::pool
