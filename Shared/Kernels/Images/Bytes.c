// Bytes and floats. Loops that the compiler vectorises by itself; they wait for memory anyway.

#include "Internal.h"

#include <string.h>

void kernels_bytes_to_floats(const uint8_t *x, size_t count, float divisor, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = (float)x[i] / divisor;
}

void kernels_floats_to_bytes(const float *x, size_t count, float factor, uint8_t *y) {
  for (size_t i = 0; i < count; i++) {
    float value = x[i] * factor + 0.5f;
    // Written so that NaN ends up at 0.
    value = value > 0 ? value : 0;
    value = value < 255 ? value : 255;
    y[i] = (uint8_t)value;
  }
}

void kernels_interleave_bytes(const uint8_t *x, size_t area, size_t channels, uint8_t *y) {
  if (channels == 1) {
    memcpy(y, x, area);
  } else if (channels == 3) {
    for (size_t i = 0; i < area; i++) {
      y[3 * i] = x[i];
      y[3 * i + 1] = x[area + i];
      y[3 * i + 2] = x[2 * area + i];
    }
  } else {
    for (size_t c = 0; c < channels; c++) {
      for (size_t i = 0; i < area; i++) y[i * channels + c] = x[c * area + i];
    }
  }
}

void kernels_deinterleave_bytes(const uint8_t *x, size_t area, size_t channels, uint8_t *y) {
  if (channels == 1) {
    memcpy(y, x, area);
  } else if (channels == 3) {
    for (size_t i = 0; i < area; i++) {
      y[i] = x[3 * i];
      y[area + i] = x[3 * i + 1];
      y[2 * area + i] = x[3 * i + 2];
    }
  } else {
    for (size_t c = 0; c < channels; c++) {
      for (size_t i = 0; i < area; i++) y[c * area + i] = x[i * channels + c];
    }
  }
}
