// Kernels - everything in this package that loops over floats.
//
// A `CourseKernelSet` is one table of functions for one instruction set. All tables compute the same
// functions; within one table results never depend on the number of threads. Each topic has a header.
//
// Shapes in comments are row-major. Lengths are in elements, not bytes. Unless a comment says
// otherwise, an output may be the same buffer as an input (exact overlap), never a shifted one.

#pragma once

#include "Allocation.h"
#include "Convolution.h"
#include "CrossEntropy.h"
#include "Elementwise.h"
#include "Images.h"
#include "Layout.h"
#include "Normalization.h"
#include "OptimizerSteps.h"
#include "Parallel.h"
#include "Pooling.h"
#include "Product.h"
#include "Random.h"
#include "Reductions.h"
#include "Sequences.h"
#include "Upsampling.h"

/// The functions of one instruction set that Swift calls. The ones that other kernels call follow in the
/// same table (Internal.h), so a pointer to a copy of this part is no set.
struct CourseKernelSet {
  const char *name;         // "avx512", "avx2", "neon", "portable"
  size_t vectorWidth;       // floats in a vector
  size_t rowTile;           // rows of the tile that a matrix product keeps in registers
  size_t columnTile;        // columns of that tile
  size_t wideRowTile;       // rows of a tile of twice as many columns, a divisor of rowTile; or 0

  CourseElementwiseKernels elementwise;
  CourseReductionsKernels reductions;
  CourseLayoutKernels layout;
  CourseOptimizerStepsKernels optimizerSteps;
  CourseCrossEntropyKernels crossEntropy;

  // Does `rounds` rounds of multiply-adds on registers only and returns how many floating-point
  // operations they were: timing it gives the peak rate that benchmarks are compared with.
  double (*multiplyAddRounds)(size_t rounds, float *sink);
};

/// The best set this processor runs, or the one that COURSE_INSTRUCTION_SET names.
const CourseKernelSet *kernels_default(void);

/// A set by name, NULL when this processor or this build does not have it.
const CourseKernelSet *kernels_named(const char *name);
