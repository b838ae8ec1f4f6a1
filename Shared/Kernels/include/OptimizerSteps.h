// Steps of optimizers, in one pass over memory: g gradient, w weights; the other buffers are state. No two
// may overlap.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The numbers of one step of Adam, the same for every weight: see `adamStep`.
typedef struct CourseAdamStep {
  float beta1, beta2;
  float rate;               // eta / (1 - beta1^t)
  float rootScale;          // 1 / sqrt(1 - beta2^t)
  float epsilon;
  float keep;               // 1, or 1 - eta * decay for decoupled weight decay
} CourseAdamStep;

/// set->optimizerSteps
typedef struct CourseOptimizerStepsKernels {
  // v = momentum v - eta g; w += v, or with nesterov w += momentum v - eta g.
  void (*momentumStep)(float eta, float momentum, bool nesterov, const float *g, float *v,
                       float *w, size_t count);
  // m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
  // w = keep w - rate m / (rootScale sqrt(v) + epsilon).
  void (*adamStep)(const CourseAdamStep *step, const float *g, float *m, float *v, float *w,
                   size_t count);
  // s = decay s + rest g^2; w -= eta g / (sqrt(s) + epsilon). RMSProp: rest = 1 - decay; AdaGrad:
  // both 1.
  void (*rootMeanSquareStep)(float eta, float decay, float rest, float epsilon, const float *g,
                             float *s, float *w, size_t count);
} CourseOptimizerStepsKernels;
