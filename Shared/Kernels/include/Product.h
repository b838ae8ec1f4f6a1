// Matrix products.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Elementwise.h"

typedef struct CourseKernelSet CourseKernelSet;

/// One operand of a matrix product, seen as panels of the packed layout that the micro-kernel
/// reads.
///
/// `pack` writes rows `first ..< first + count` of the operand (rows of op(A), or columns of
/// op(B)), restricted to `k0 ..< k0 + depth`, into `panels`: groups of `width` rows, each group
/// stored depth-major (`panel[k * width + row]`), the last group padded with zeros. A convolution
/// supplies its own `pack`, which reads image patches, and no patch matrix ever exists. `first` is
/// a multiple of `width`, k0 is any number; calls come from several threads at once. `pack` NULL
/// means a matrix stored row-major (kernels_matrix makes one): kernels_product packs it, or reads
/// it in place.
typedef struct CourseOperand {
  void (*pack)(const struct CourseOperand *operand, const CourseKernelSet *set, size_t first,
               size_t count, size_t k0, size_t depth, size_t width, float *panels);
  const float *data;
  size_t leading;           // elements from one stored row to the next
  bool transposed;
  const void *context;      // for a packer of the caller
} CourseOperand;

/// C = activation(op(A) . op(B) + bias), or C += op(A) . op(B) when `accumulate`.
typedef struct CourseProduct {
  size_t m, n, k;           // op(A) is [m, k], op(B) is [k, n], C is [m, n]
  CourseOperand a, b;
  float *c;
  size_t leadingC;
  bool accumulate;          // bias and activation must be absent then
  const float *columnBias;  // [n] or NULL: one value a column (dense layers)
  const float *rowBias;     // [m] or NULL: one value a row (convolutions)
  CourseActivation activation;
} CourseProduct;

/// A matrix stored row-major as operand of a product.
CourseOperand kernels_matrix(const float *data, size_t leading, bool transposed);

/// Runs a product on the threads of the pool. `set` NULL means the default set.
void kernels_product(const CourseKernelSet *set, const CourseProduct *product);
