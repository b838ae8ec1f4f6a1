// Memory.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Memory for `count` floats, uninitialised, aligned to 64 bytes (one AVX-512 vector, one cache line);
/// NULL where there is not enough.
float *kernels_allocate(size_t count);
/// Gives back what `kernels_allocate` returned for as many floats; nothing for NULL.
void kernels_free(float *memory, size_t count);
/// Lets the system have what the C library keeps of freed memory, where that can be asked for.
void kernels_trim(void);
