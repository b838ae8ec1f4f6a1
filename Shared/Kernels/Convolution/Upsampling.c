// Upsampling by whole numbers. Tasks are planes; both axes are done one after the other: rows are mixed
// whole, then stretched. Output place s j + r of an axis (a step j and a phase r < s) sees inputs j + first
// and j + first + 1, which depend on the phase only.

#include <string.h>

#include "Internal.h"

/// What the outputs of a phase see: (1 - weight) x[j + first] + weight x[j + first + 1]; x[j] alone where
/// the weight is 0.
typedef struct Phase {
  ptrdiff_t first;
  float weight;
} Phase;

INLINE Phase phaseAt(size_t r, size_t scale, bool bilinear) {
  if (!bilinear) return (Phase){0, 0};
  const float place = ((float)r + 0.5f) / (float)scale - 0.5f;
  return place < 0 ? (Phase){-1, place + 1} : (Phase){0, place};
}

INLINE size_t clamped(ptrdiff_t place, size_t size) {
  return place < 0 ? 0 : minimum((size_t)place, size - 1);
}

/// How much of input `i` is in output s j + r.
INLINE float share(size_t i, size_t j, Phase phase, size_t size) {
  const ptrdiff_t first = (ptrdiff_t)j + phase.first;
  float sum = clamped(first, size) == i ? 1 - phase.weight : 0;
  if (clamped(first + 1, size) == i) sum += phase.weight;
  return sum;
}

typedef struct Upsampling {
  const CourseUpsampling *u;
  const float *from;
  float *to;
} Upsampling;

/// y[s j + r] for j < width, from a row that is continued at both ends by its outermost values. `scale` is a
/// constant in the call that matters.
INLINE void stretch(const float *row, size_t width, size_t scale, bool bilinear, float *y) {
  for (size_t r = 0; r < scale; r++) {
    const Phase phase = phaseAt(r, scale, bilinear);
    const float *x = row + phase.first;
    if (phase.weight == 0) {
      for (size_t j = 0; j < width; j++) y[scale * j + r] = x[j];
    } else {
      const float rest = 1 - phase.weight;
      for (size_t j = 0; j < width; j++) {
        y[scale * j + r] = rest * x[j] + phase.weight * x[j + 1];
      }
    }
  }
}

/// As above, two outputs at once.
INLINE void stretchTwofold(const float *row, size_t width, bool bilinear, float *y) {
  if (!bilinear) {
    for (size_t j = 0; j < width; j++) y[2 * j] = y[2 * j + 1] = row[j];
    return;
  }
  const float *before = row - 1, *after = row + 1;
  for (size_t j = 0; j < width; j++) {
    const float own = 0.75f * row[j];
    y[2 * j] = 0.25f * before[j] + own;
    y[2 * j + 1] = own + 0.25f * after[j];
  }
}

static void upsamplePlane(size_t plane, void *context) {
  const Upsampling *upsampling = context;
  const CourseUpsampling *u = upsampling->u;
  const size_t outputWidth = u->width * u->scaleX;
  const float *x = upsampling->from + plane * u->height * u->width;
  float *y = upsampling->to + plane * u->height * u->scaleY * outputWidth;
  float *row = kernelsScratch(scratchPrivate, u->width + 2) + 1;
  for (size_t j = 0; j < u->height; j++) {
    for (size_t r = 0; r < u->scaleY; r++, y += outputWidth) {
      const Phase phase = phaseAt(r, u->scaleY, u->bilinear);
      if (!u->bilinear && r > 0) {
        memcpy(y, y - outputWidth, outputWidth * sizeof(float));
        continue;
      }
      const float *upper = x + clamped((ptrdiff_t)j + phase.first, u->height) * u->width;
      const float *lower = x + clamped((ptrdiff_t)j + phase.first + 1, u->height) * u->width;
      if (phase.weight == 0) {
        memcpy(row, upper, u->width * sizeof(float));
      } else {
        const float weight = phase.weight, rest = 1 - phase.weight;
        for (size_t k = 0; k < u->width; k++) row[k] = rest * upper[k] + weight * lower[k];
      }
      row[-1] = row[0];
      row[u->width] = row[u->width - 1];
      if (u->scaleX == 2) {
        stretchTwofold(row, u->width, u->bilinear, y);
      } else {
        stretch(row, u->width, u->scaleX, u->bilinear, y);
      }
    }
  }
}

void kernels_upsample(const CourseUpsampling *upsampling, const float *x, float *y) {
  if (upsampling->height == 0 || upsampling->width == 0) return;
  Upsampling context = {.u = upsampling, .from = x, .to = y};
  kernels_parallel_for(upsampling->planes, upsamplePlane, &context);
}

/// dX of a row: each input gathers from the outputs that see it, those of the steps beside its own included.
/// shares[k] is that of an input in output k of three steps; the outermost inputs have others, since they also
/// stand for the places beyond.
INLINE void shrink(const float *dY, size_t width, size_t scale, const float *shares, float *dX) {
  for (size_t i = 0; i < width; i++) {
    float sum = 0;
    if (i > 0 && i + 1 < width) {
      const float *seen = dY + scale * (i - 1);
      // The first half of the step before and the last half of the one behind do not see it.
      const size_t first = (scale + 1) / 2;
      for (size_t k = first; k < 3 * scale - first; k++) sum += shares[k] * seen[k];
    } else {
      for (size_t j = i > 0 ? i - 1 : 0; j < minimum(i + 2, width); j++) {
        for (size_t r = 0; r < scale; r++) {
          sum += share(i, j, phaseAt(r, scale, true), width) * dY[scale * j + r];
        }
      }
    }
    dX[i] = sum;
  }
}

/// The same where each input is in the outputs of its own step only.
INLINE void sumSteps(const float *dY, size_t width, size_t scale, float *dX) {
  for (size_t i = 0; i < width; i++) {
    float sum = 0;
    for (size_t r = 0; r < scale; r++) sum += dY[scale * i + r];
    dX[i] = sum;
  }
}

static void upsampleGradientPlane(size_t plane, void *context) {
  const Upsampling *upsampling = context;
  const CourseUpsampling *u = upsampling->u;
  const size_t outputWidth = u->width * u->scaleX;
  const float *dY = upsampling->from + plane * u->height * u->scaleY * outputWidth;
  float *dX = upsampling->to + plane * u->height * u->width;
  float *mixed = kernelsScratch(scratchPrivate, outputWidth + 3 * u->scaleX);
  float *shares = mixed + outputWidth;
  for (size_t k = 0; k < 3 * u->scaleX; k++) {
    shares[k] = share(1, k / u->scaleX, phaseAt(k % u->scaleX, u->scaleX, true), 3);
  }
  for (size_t i = 0; i < u->height; i++, dX += u->width) {
    memset(mixed, 0, outputWidth * sizeof(float));
    for (size_t j = i > 0 ? i - 1 : 0; j < minimum(i + 2, u->height); j++) {
      for (size_t r = 0; r < u->scaleY; r++) {
        const float part = share(i, j, phaseAt(r, u->scaleY, u->bilinear), u->height);
        if (part == 0) continue;
        const float *row = dY + (u->scaleY * j + r) * outputWidth;
        for (size_t k = 0; k < outputWidth; k++) mixed[k] += part * row[k];
      }
    }
    if (!u->bilinear) {
      sumSteps(mixed, u->width, u->scaleX, dX);
    } else if (u->scaleX == 2) {
      shrink(mixed, u->width, 2, shares, dX);
    } else {
      shrink(mixed, u->width, u->scaleX, shares, dX);
    }
  }
}

void kernels_upsample_gradient(const CourseUpsampling *upsampling, const float *dY, float *dX) {
  if (upsampling->height == 0 || upsampling->width == 0) return;
  Upsampling context = {.u = upsampling, .from = dY, .to = dX};
  kernels_parallel_for(upsampling->planes, upsampleGradientPlane, &context);
}
