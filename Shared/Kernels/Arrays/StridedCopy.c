// Gathering a view with any strides into contiguous memory.

#include <string.h>

#include "Internal.h"

/// One dimension.
static void copyRow(const float *x, ptrdiff_t count, ptrdiff_t stride, float *out) {
  if (stride == 1) {
    memcpy(out, x, (size_t)count * sizeof(float));
  } else {
    for (ptrdiff_t i = 0; i < count; i++) out[i] = x[i * stride];
  }
}

/// All dimensions, outermost first; `suffix` values from dimension `rank` on are contiguous.
static float *copyDimensions(const float *x, size_t rank, const ptrdiff_t *shape,
                             const ptrdiff_t *strides, size_t suffix, float *out) {
  if (rank == 0) {
    memcpy(out, x, suffix * sizeof(float));
    return out + suffix;
  }
  if (suffix == 1 && rank == 1) {
    copyRow(x, shape[0], strides[0], out);
    return out + shape[0];
  }
  // A transposed matrix: the vector transpose reads and writes whole lines.
  if (suffix == 1 && rank == 2 && strides[0] == 1 && strides[1] > 1) {
    kernels_default()->layout.transpose(x, (size_t)shape[1], (size_t)shape[0], (size_t)strides[1],
                                        out);
    return out + shape[0] * shape[1];
  }
  for (ptrdiff_t i = 0; i < shape[0]; i++) {
    out = copyDimensions(x + i * strides[0], rank - 1, shape + 1, strides + 1, suffix, out);
  }
  return out;
}

void kernels_copy_strided(const float *x, size_t rank, const ptrdiff_t *shape,
                          const ptrdiff_t *strides, float *out) {
  for (size_t d = 0; d < rank; d++) {
    if (shape[d] == 0) return;
  }
  // Dimensions at the end that lie as the output does are copied as one run.
  size_t suffix = 1;
  while (rank > 0 && (shape[rank - 1] == 1 || strides[rank - 1] == (ptrdiff_t)suffix)) {
    suffix *= (size_t)shape[rank - 1];
    rank--;
  }
  copyDimensions(x, rank, shape, strides, suffix, out);
}
