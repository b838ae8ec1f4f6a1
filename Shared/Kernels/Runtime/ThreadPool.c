// One pool of threads for the whole process.
//
// A loop is a job: body, context, mode, count, and a ticket that holds the job's number and the next
// index. A free thread claims an index by a compare-and-swap on the ticket. A claim that succeeds
// proves that the job is still the one whose body was read before: no job ends, and no later one
// begins, while an index is unclaimed. So no thread signs in or out.

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "Internal.h"

typedef void LoopBody(size_t index, void *context);

enum { maximumThreads = 256 };

// The job. The upper half of `ticket` is the job's number, the lower half the next index.
static _Atomic uint64_t ticket;
static _Atomic(LoopBody *) jobBody;
static _Atomic(void *) jobContext;
static _Atomic uint64_t jobMode;        // of the caller's floating-point arithmetic
static _Atomic uint32_t jobCount;
static _Atomic uint32_t jobDone;

static atomic_bool busy;                // a caller's loop is running
static _Atomic size_t requestedThreads; // 0 until it is first read or set
static _Atomic size_t runningWorkers;

static pthread_mutex_t sleepLock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wakeUp = PTHREAD_COND_INITIALIZER;
static atomic_uint sleepers;

/// Set while this thread runs bodies: a loop inside a loop runs where it is.
static _Thread_local bool insideLoop;

INLINE void pauseBriefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// MARK: - Subnormal numbers

// An operation that meets or makes one takes some hundred cycles on many processors, and gradients
// that vanish are full of them.
#if defined(__x86_64__)
enum { flushBits = 0x8040 };            // results, and operands
#elif defined(__aarch64__)
enum { flushBits = 1 << 24 };           // both
#else
enum { flushBits = 0 };
#endif

/// How this thread computes, without the flags of past exceptions.
INLINE uint64_t floatingPointMode(void) {
#if defined(__x86_64__)
  return __builtin_ia32_stmxcsr() & ~0x3fu;
#elif defined(__aarch64__)
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
#else
  return 0;
#endif
}

INLINE void setFloatingPointMode(uint64_t mode) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr((uint32_t)mode);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
  (void)mode;
#endif
}

uint64_t kernels_flush_subnormals(void) {
  const uint64_t before = floatingPointMode();
  setFloatingPointMode(before | flushBits);
  return before;
}

void kernels_restore_subnormals(uint64_t before) { setFloatingPointMode(before); }

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// MARK: - How many

size_t kernels_available_cores(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
    return (size_t)CPU_COUNT(&set);
  }
#endif
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? (size_t)cores : 1;
}

size_t kernels_thread_count(void) {
  size_t count = atomic_load_explicit(&requestedThreads, memory_order_relaxed);
  if (count == 0) {
    size_t unset = 0;
    count = minimum(kernels_available_cores(), maximumThreads);
    if (!atomic_compare_exchange_strong(&requestedThreads, &unset, count)) count = unset;
  }
  return count;
}

void kernels_set_thread_count(size_t count) {
  atomic_store(&requestedThreads, minimum(maximum(count, 1), maximumThreads));
}

// MARK: - Working

/// Runs bodies of the job that is open, until no index is left.
static void work(void) {
  for (;;) {
    uint64_t seen = atomic_load(&ticket);
    const uint32_t index = (uint32_t)seen;
    LoopBody *body = atomic_load(&jobBody);
    void *context = atomic_load(&jobContext);
    const uint64_t mode = atomic_load(&jobMode);
    if (index >= atomic_load(&jobCount)) return;
    if (!atomic_compare_exchange_weak(&ticket, &seen, seen + 1)) continue;
    if (mode != floatingPointMode()) setFloatingPointMode(mode);
    body(index, context);
    atomic_fetch_add_explicit(&jobDone, 1, memory_order_release);
  }
}

INLINE bool workIsOpen(void) {
  return (uint32_t)atomic_load(&ticket) < atomic_load(&jobCount);
}

/// Waits actively, but not for long: the next loop of a training step usually comes within
/// microseconds, and to be woken up takes longer than that.
static bool spinForWork(void) {
  const uint64_t end = nanoseconds() + 50000;
  do {
    for (int i = 0; i < 64; i++) {
      if (workIsOpen()) return true;
      pauseBriefly();
    }
  } while (nanoseconds() < end);
  return false;
}

/// Workers are numbered from 1; those beyond the thread count only sleep.
static void *workerMain(void *argument) {
  const size_t number = (size_t)argument;
  insideLoop = true;
  for (;;) {
    if (number >= kernels_thread_count() || !spinForWork()) {
      pthread_mutex_lock(&sleepLock);
      atomic_fetch_add(&sleepers, 1);
      // Looked at after `sleepers` was raised: either we see the job, or its caller sees us.
      while (number >= kernels_thread_count() || !workIsOpen()) {
        pthread_cond_wait(&wakeUp, &sleepLock);
      }
      atomic_fetch_sub(&sleepers, 1);
      pthread_mutex_unlock(&sleepLock);
    }
    work();
  }
  return NULL;
}

/// Only the caller that holds `busy` starts workers.
static void startWorkers(size_t wanted) {
  size_t running = atomic_load(&runningWorkers);
  while (running < wanted) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, workerMain, (void *)(running + 1)) != 0) return;
    pthread_detach(thread);
    atomic_store(&runningWorkers, ++running);
  }
}

void kernels_keep_on_this_thread(void) { insideLoop = true; }

void kernels_parallel_for(size_t count, void (*body)(size_t index, void *context), void *context) {
  const size_t threads = kernels_thread_count();
  if (count <= 1 || threads <= 1 || insideLoop || count > UINT32_MAX ||
      atomic_exchange(&busy, true)) {
    for (size_t i = 0; i < count; i++) body(i, context);
    return;
  }
  startWorkers(minimum(threads, count) - 1);

  // Closed while it changes: with jobCount 0 no index can be claimed. The job's number keeps a
  // claim prepared for the old job from succeeding in the new one.
  const uint64_t number = (atomic_load(&ticket) >> 32) + 1;
  atomic_store(&jobCount, 0);
  atomic_store(&jobDone, 0);
  atomic_store(&jobBody, body);
  atomic_store(&jobContext, context);
  atomic_store(&jobMode, floatingPointMode());
  atomic_store(&ticket, number << 32);
  atomic_store(&jobCount, (uint32_t)count);
  if (atomic_load(&sleepers) > 0) {
    pthread_mutex_lock(&sleepLock);
    pthread_cond_broadcast(&wakeUp);
    pthread_mutex_unlock(&sleepLock);
  }

  insideLoop = true;
  work();
  insideLoop = false;
  for (unsigned spins = 0; atomic_load_explicit(&jobDone, memory_order_acquire) < count; spins++) {
    // The core that the last body needs may be the one we are spinning on.
    if (spins < 4096) {
      pauseBriefly();
    } else {
      sched_yield();
    }
  }
  atomic_store(&busy, false);
}
