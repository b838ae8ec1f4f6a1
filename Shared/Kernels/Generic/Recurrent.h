// The gates of recurrent layers: everything of a step that is not a product, in one pass.
//
// Units side by side in vectors; for each vector of units, all sequences. Equations: CourseCell. A
// masked step keeps the state, shows 0 and sends no gradient to anything but the state before it.

/// A whole vector, or the `width` floats that exist. `whole` is a constant in each call.
INLINE Vector loadUnits(const float *p, size_t width, bool whole) {
  return whole ? load(p) : loadPartial(p, width);
}
INLINE void storeUnits(float *p, Vector v, size_t width, bool whole) {
  if (whole) {
    store(p, v);
  } else {
    storePartial(p, v, width);
  }
}
#define LOAD(p) loadUnits(p, width, whole)
#define STORE(p, v) storeUnits(p, v, width, whole)

INLINE void forwardUnits(const CourseStepForward *step, const CourseCell cell, size_t unit,
                         size_t width, const bool whole) {
  const size_t H = step->hiddenSize;
  const size_t G = step->gateStride;
  const size_t sumsStride = (cell == kernelCellElman ? 1 : 4) * columnTile;
  const float *bias = step->bias + unit;
  const Vector bias0 = LOAD(bias);
  const Vector bias1 = cell == kernelCellElman ? bias0 : LOAD(bias + H);
  const Vector bias2 = cell == kernelCellElman ? bias0 : LOAD(bias + 2 * H);
  const Vector bias3 = cell == kernelCellLSTM  ? LOAD(bias + 3 * H)
                       : cell == kernelCellGRU ? LOAD(step->candidateBias + unit)
                                               : bias0;
  for (size_t n = 0; n < step->rows; n++) {
    const size_t state = n * H + unit, hiddenState = n * step->hiddenStride + unit;
    const float *sums = step->sums + n * sumsStride + unit;
    float *gates = cell == kernelCellElman ? NULL : step->gates + n * columnTile + unit;
    float *y = step->y + n * step->outputStride + unit;
    if (step->mask != NULL && step->mask[n * step->maskStride] == 0) {
      STORE(step->hidden + hiddenState, LOAD(step->hiddenBefore + hiddenState));
      if (cell == kernelCellLSTM) STORE(step->extra + state, LOAD(step->cellBefore + state));
      STORE(y, (Vector){});
      continue;
    }
    Vector hidden;
    const Vector z0 = load(sums) + bias0;
    if (cell == kernelCellElman) {
      hidden = tanhVector(z0);
    } else if (cell == kernelCellLSTM) {
      const Vector input = sigmoidVector(z0);
      const Vector forget = sigmoidVector(load(sums + columnTile) + bias1);
      const Vector candidate = tanhVector(load(sums + 2 * columnTile) + bias2);
      const Vector output = sigmoidVector(load(sums + 3 * columnTile) + bias3);
      const Vector c = multiplyAdd(forget, LOAD(step->cellBefore + state), input * candidate);
      hidden = output * tanhVector(c);
      store(gates, input);
      store(gates + G, forget);
      store(gates + 2 * G, candidate);
      store(gates + 3 * G, output);
      STORE(step->extra + state, c);
    } else {
      const Vector reset = sigmoidVector(z0);
      const Vector update = sigmoidVector(load(sums + columnTile) + bias1);
      const Vector a = load(sums + 3 * columnTile) + bias3;
      const Vector candidate =
        tanhVector(multiplyAdd(reset, a, load(sums + 2 * columnTile) + bias2));
      const Vector before = LOAD(step->hiddenBefore + hiddenState);
      hidden = multiplyAdd(update, before - candidate, candidate);
      store(gates, reset);
      store(gates + G, update);
      store(gates + 2 * G, candidate);
      STORE(step->extra + state, a);
    }
    STORE(step->hidden + hiddenState, hidden);
    STORE(y, hidden);
  }
}

INLINE void backwardUnits(const CourseStepBackward *step, const CourseCell cell, size_t unit,
                          size_t width, const bool whole) {
  const size_t H = step->hiddenSize;
  const size_t G = step->gateStride, D = step->gradientStride;
  const size_t gradients = cell == kernelCellElman ? 1 : 4;
  for (size_t n = 0; n < step->rows; n++) {
    const size_t state = n * H + unit, hiddenState = n * step->hiddenStride + unit;
    const float *gates = cell == kernelCellElman ? NULL : step->gates + n * columnTile + unit;
    float *dZ = step->dZ + n * columnTile + unit;
    Vector dHidden = LOAD(step->dHidden + state);
    if (step->sums != NULL) dHidden += load(step->sums + n * columnTile + unit);
    if (step->mask != NULL && step->mask[n * step->maskStride] == 0) {
      STORE(step->dHidden + state, dHidden);
      for (size_t g = 0; g < gradients; g++) store(dZ + g * D, (Vector){});
      continue;
    }
    if (step->dY != NULL) dHidden += LOAD(step->dY + n * step->outputStride + unit);
    if (cell == kernelCellElman) {
      const Vector hidden = LOAD(step->hidden + hiddenState);
      const Vector dz = dHidden * (1 - hidden * hidden);
      store(dZ, dz);
      STORE(step->dHidden + state, (Vector){});
    } else if (cell == kernelCellLSTM) {
      const Vector input = load(gates), forget = load(gates + G);
      const Vector candidate = load(gates + 2 * G), output = load(gates + 3 * G);
      const Vector shown = tanhVector(LOAD(step->extra + state));
      const Vector dCell =
        multiplyAdd(dHidden * output, 1 - shown * shown, LOAD(step->dCell + state));
      const Vector dInput = dCell * candidate * input * (1 - input);
      const Vector dForget = dCell * LOAD(step->cellBefore + state) * forget * (1 - forget);
      const Vector dCandidate = dCell * input * (1 - candidate * candidate);
      const Vector dOutput = dHidden * shown * output * (1 - output);
      store(dZ, dInput);
      store(dZ + D, dForget);
      store(dZ + 2 * D, dCandidate);
      store(dZ + 3 * D, dOutput);
      STORE(step->dCell + state, dCell * forget);
      STORE(step->dHidden + state, (Vector){});
    } else {
      const Vector reset = load(gates), update = load(gates + G), candidate = load(gates + 2 * G);
      const Vector dUpdate = dHidden * (LOAD(step->hiddenBefore + hiddenState) - candidate);
      const Vector dz = dHidden * (1 - update) * (1 - candidate * candidate);
      const Vector dReset = dz * LOAD(step->extra + state) * reset * (1 - reset);
      const Vector dzUpdate = dUpdate * update * (1 - update);
      const Vector dA = dz * reset;
      store(dZ, dReset);
      store(dZ + D, dzUpdate);
      store(dZ + 2 * D, dA);
      store(dZ + 3 * D, dz);
      STORE(step->dHidden + state, dHidden * update);
    }
  }
}
#undef LOAD
#undef STORE

#define EACH_UNITS(name, cell)                                       \
  {                                                                  \
    size_t unit = 0;                                                 \
    for (; unit + LANES <= step->units; unit += LANES) {             \
      name(step, cell, unit, LANES, true);                           \
    }                                                                \
    if (unit < step->units) {                                        \
      name(step, cell, unit, step->units - unit, false);             \
    }                                                                \
  }                                                                  \
  break;

static void stepForward(const CourseStepForward *step) {
  switch (step->cell) {
    case kernelCellElman: EACH_UNITS(forwardUnits, kernelCellElman)
    case kernelCellLSTM: EACH_UNITS(forwardUnits, kernelCellLSTM)
    case kernelCellGRU: EACH_UNITS(forwardUnits, kernelCellGRU)
  }
}

static void stepBackward(const CourseStepBackward *step) {
  switch (step->cell) {
    case kernelCellElman: EACH_UNITS(backwardUnits, kernelCellElman)
    case kernelCellLSTM: EACH_UNITS(backwardUnits, kernelCellLSTM)
    case kernelCellGRU: EACH_UNITS(backwardUnits, kernelCellGRU)
  }
}
#undef EACH_UNITS
