// The same values in another order.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// set->layout
typedef struct CourseLayoutKernels {
  // out[c * rows + r] = x[r * leading + c], r < rows, c < columns. out never overlaps x.
  void (*transpose)(const float *x, size_t rows, size_t columns, size_t leading, float *out);
} CourseLayoutKernels;

/// out[i0, i1, ...] = x[i0 * strides[0] + i1 * strides[1] + ...], out contiguous with `shape`.
/// Strides are in elements, may be 0 (broadcast) or negative.
void kernels_copy_strided(const float *x, size_t rank, const ptrdiff_t *shape,
                          const ptrdiff_t *strides, float *out);
