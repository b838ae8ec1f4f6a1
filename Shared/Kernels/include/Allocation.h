// Memory.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Memory for `count` floats, uninitialised, aligned to 64 bytes (one AVX-512 vector, one cache line);
/// NULL where there is not enough.
float *kernels_allocate(size_t count);
/// Gives back memory that `kernels_allocate` returned for as many floats; does nothing for NULL.
void kernels_free(float *memory, size_t count);
/// Returns freed memory that the C library keeps to the system, where the library can do so.
void kernels_trim(void);
