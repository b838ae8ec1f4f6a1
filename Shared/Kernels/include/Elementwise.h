// Operations element by element.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// y = a OP b, element by element. Comparisons give 1 or 0; kernelZeroWhere gives 0 where b is not 0, else a.
typedef enum CourseBinary {
  kernelAdd, kernelSubtract, kernelMultiply, kernelDivide, kernelMaximum, kernelMinimum,
  kernelPower, kernelEqual, kernelNotEqual, kernelLess, kernelLessOrEqual, kernelGreater,
  kernelGreaterOrEqual, kernelZeroWhere
} CourseBinary;

/// y = OP(x), element by element.
typedef enum CourseUnary {
  kernelNegate, kernelAbsolute, kernelSquare, kernelSquareRoot, kernelReciprocal,
  kernelExp, kernelLog, kernelTanh, kernelSigmoid, kernelReLU,
  kernelGELU, kernelGELUTanh  // with the error function, and with tanh
} CourseUnary;

/// An activation function, which products and convolutions apply after the bias.
typedef enum CourseActivation {
  kernelActivationIdentity, kernelActivationReLU, kernelActivationSigmoid, kernelActivationTanh
} CourseActivation;

/// set->elementwise
typedef struct CourseElementwiseKernels {
  // out[i] = a[i * strideA] OP b[i * strideB]; a stride is 0 (a scalar) or 1.
  void (*binary)(CourseBinary operation, const float *a, size_t strideA, const float *b,
                 size_t strideB, float *out, size_t count);
  void (*unary)(CourseUnary operation, const float *x, float *y, size_t count);
  // y = GELU(x) and its derivative; `slope` lies in an array of its own, y may be x.
  void (*gelu)(bool byTanh, const float *x, float *y, float *slope, size_t count);
  void (*clip)(const float *x, float low, float high, float *y, size_t count);
  // y[i] += factor * x[i]
  void (*addScaled)(float factor, const float *x, float *y, size_t count);
  // dX = dY * f'(x), written in terms of the output y = f(x).
  void (*activationGradient)(CourseActivation activation, const float *y, const float *dY,
                             float *dX, size_t count);
} CourseElementwiseKernels;
