// The part of a table that image kernels are made of.

#pragma once

/// An image of 1 or 3 planes, sampled as kernels_sample_affine says.
typedef struct CourseSampling {
  const float *pixels;      // pixel (0, 0); four floats a pixel, with a border of one pixel of zeros
  size_t planes, height, width;
  const float *matrix;
  size_t outputHeight, outputWidth;
  float *y;
} CourseSampling;

/// table->images, see Generic/Images.h. The same on every instruction set.
typedef struct CourseImageKernels {
  void (*splitBytes)(const uint8_t *x, bool mirrored, size_t count, float *y, size_t plane);
  void (*scalePixels)(const float *mean, const float *deviation, float *y, size_t count);
  void (*greyRow)(const float *x, size_t area, float *y);
  void (*blendRow)(float factor, const float *x, float rest, const float *shift, size_t stride,
                   float *y, size_t count);
  void (*shiftHue)(const float *x, size_t area, float shift, float *y);
  void (*weighRows)(const float *x, size_t leading, const float *weights, size_t taps, float *y,
                    size_t count);
  void (*sampleLinear)(const CourseSampling *sampling);
} CourseImageKernels;
