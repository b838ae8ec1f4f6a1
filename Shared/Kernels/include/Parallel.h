// Threads, and their treatment of subnormal numbers.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Threads used from now on, the caller included; at least 1. Never changes a result.
void kernels_set_thread_count(size_t count);
size_t kernels_thread_count(void);
/// Cores this process may run on.
size_t kernels_available_cores(void);

/// Calls body(i, context) once for each i < count, on the threads of the pool; returns when all are
/// done. Nested calls run on the calling thread. Small counts of short bodies are cheap (~1 us).
void kernels_parallel_for(size_t count, void (*body)(size_t index, void *context), void *context);
/// From now on the loops of the calling thread run where they are: for threads that work beside the
/// pool and must not take it away from the threads that wait for it.
void kernels_keep_on_this_thread(void);

/// From now on subnormal numbers (those nearer to 0 than 1.2e-38) are zeros to the calling thread and
/// to the loops it runs; returns the mode before, for the next function.
uint64_t kernels_flush_subnormals(void);
void kernels_restore_subnormals(uint64_t before);
