// The part of this target that its own files share.

#pragma once

#include "include/Kernels.h"

#include "Arrays/RandomTable.h"
#include "Attention/AttentionTable.h"
#include "Convolution/ConvolutionTable.h"
#include "Images/ImageTable.h"
#include "Normalization/NormalizationTable.h"
#include "Product/ProductTable.h"
#include "Recurrent/RecurrentTable.h"

/// Small helpers must be part of their caller even at -O0, or a debug build spends its time in
/// calls.
#define INLINE static inline __attribute__((always_inline))

INLINE size_t minimum(size_t a, size_t b) { return a < b ? a : b; }
INLINE size_t maximum(size_t a, size_t b) { return a > b ? a : b; }
INLINE size_t roundUp(size_t value, size_t step) { return (value + step - 1) / step * step; }

/// The whole table of an instruction set.
typedef struct CourseKernelTable {
  CourseKernelSet set;            // first, so that a pointer to a set is one to its table
  CourseProductKernels product;
  CourseConvolutionKernels convolution;
  CoursePoolingKernels pooling;
  CourseRecurrentKernels recurrent;
  CourseAttentionKernels attention;
  CourseNormalizationKernels normalization;
  CourseRandomKernels random;
  CourseImageKernels images;
} CourseKernelTable;

INLINE const CourseKernelTable *tableOf(const CourseKernelSet *set) {
  return (const CourseKernelTable *)set;
}

#if defined(__x86_64__)
extern const CourseKernelTable kernelsAvx512, kernelsAvx2;
#endif
#if defined(__aarch64__)
extern const CourseKernelTable kernelsNeon;
#endif
extern const CourseKernelTable kernelsPortable;

/// The uses of a thread's scratch memory, each with a buffer of its own.
typedef enum CourseScratchPurpose {
  scratchShared, scratchPrivate, scratchPurposes
} CourseScratchPurpose;

/// At least `count` floats of this thread, 64-byte aligned, contents undefined. Valid until the
/// next call with the same purpose on the same thread.
float *kernelsScratch(CourseScratchPurpose purpose, size_t count);
