// The part of a table that attention is made of.

#pragma once

/// table->attention, see Generic/Softmax.h. Rows are read and written up to a whole vector.
typedef struct CourseAttentionKernels {
  // scores[i] = e^(scale scores[i] - largest) / sum for i < count, then zeros up to `end`.
  void (*softmaxRow)(float *scores, size_t count, size_t end, float scale, float *largest,
                     float *sum);
  // weights[i] = e^(scale weights[i] - logSum), which were scores until then, and gradients[i] =
  // scale weights[i] (gradients[i] - product) for i < count; zeros up to `end` in both.
  void (*gradientRow)(float *weights, float *gradients, size_t count, size_t end, float scale,
                      float logSum, float product);
} CourseAttentionKernels;
