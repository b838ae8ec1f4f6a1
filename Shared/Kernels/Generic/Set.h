// The generic kernels, compiled once for each instruction set: the file that includes this defines
// SET (the table's C name), SET_NAME, LANES, HAS_FMA and ROW_TILE, and perhaps WIDE_ROW_TILE.

#include "Vectors.h"
#include "VectorMath.h"
#include "Elementwise.h"
#include "OptimizerSteps.h"
#include "Reductions.h"
#include "Softmax.h"
#include "Packing.h"
#include "Random.h"
#include "Images.h"
#include "Tile.h"
#include "Convolution.h"
#include "Winograd.h"
#include "Pooling.h"
#include "Recurrent.h"
#include "Normalization.h"

const CourseKernelTable SET = {
  .set = {
    .name = SET_NAME,
    .vectorWidth = LANES,
    .rowTile = ROW_TILE,
    .columnTile = columnTile,
    .wideRowTile = wideRowTile,
    .elementwise = {
      .binary = binary,
      .unary = unary,
      .gelu = gelu,
      .clip = clip,
      .addScaled = addScaled,
      .activationGradient = activationGradient,
    },
    .reductions = {
      .reduce = reduce,
      .reduceRows = reduceRows,
      .sumSquaredDeviations = sumSquaredDeviations,
      .addDeviations = addDeviations,
      .dot = dot,
      .argmax = argmax,
      .firstNonFinite = firstNonFinite,
    },
    .layout = {.transpose = transpose},
    .optimizerSteps = {
      .momentumStep = momentumStep,
      .adamStep = adamStep,
      .rootMeanSquareStep = rootMeanSquareStep,
    },
    .crossEntropy = {
      .forwardRows = crossEntropyRows,
      .gradientRows = crossEntropyGradientRows,
    },
    .multiplyAddRounds = multiplyAddRounds,
  },
  .product = {
    .packRows = packRows,
    .packColumns = packColumns,
    .tile = tileOf,
  },
  .convolution = {
    .packPatches = packPatches,
    .copyBox = copyBox,
    .joinColumns = joinColumns,
    .tapTile = TAP_TILE,
    .multiplyTaps = multiplyTaps,
    .winograd = winogradKernels,
  },
  .pooling = {
    .maxPoolRow = maxPoolRow,
    .averagePoolRow = averagePoolRow,
  },
  .recurrent = {
    .stepForward = stepForward,
    .stepBackward = stepBackward,
  },
  .attention = {
    .softmaxRow = softmaxRow,
    .gradientRow = attentionGradientRow,
  },
  .normalization = {
    .normalizeRow = normalizeRow,
    .normalizeGradientRow = normalizeGradientRow,
    .normalizePlaneSums = normalizePlaneSums,
    .normalizeRowSums = normalizeRowSums,
    .addRow = addRow,
    .layerNormRow = layerNormRow,
    .layerNormGradientRow = layerNormGradientRow,
  },
  .random = {
    .philoxBlocks = philoxBlocks,
    .normalNumbers = normalNumbers,
  },
  .images = {
    .splitBytes = splitBytes,
    .scalePixels = scalePixels,
    .greyRow = greyRow,
    .blendRow = blendRow,
    .shiftHue = shiftHue,
    .weighRows = weighRows,
    .sampleLinear = sampleLinear,
  },
};
