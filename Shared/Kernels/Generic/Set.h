// The generic kernels, compiled once for each instruction set: the file that includes this defines
// SET (the table's C name), SET_NAME, LANES, HAS_FMA and ROW_TILE.

#include "Vectors.h"
#include "VectorMath.h"
#include "GELU.h"
#include "Elementwise.h"
#include "OptimizerSteps.h"
#include "Reductions.h"
#include "RowReductions.h"
#include "CrossEntropy.h"
#include "Packing.h"
#include "PhiloxBlocks.h"
#include "NormalNumbers.h"
#include "Image.h"
#include "ImageSampling.h"
#include "Tile.h"
#include "Convolution.h"
#include "Winograd.h"
#include "Pooling.h"
#include "Recurrent.h"
#include "Normalization.h"
#include "Peak.h"

const KernelSet SET = {
  .name = SET_NAME,
  .vectorWidth = LANES,
  .rowTile = ROW_TILE,
  .columnTile = columnTile,
  .binary = binary,
  .unary = unary,
  .clip = clip,
  .addScaled = addScaled,
  .activationGradient = activationGradient,
  .momentumStep = momentumStep,
  .adamStep = adamStep,
  .rootMeanSquareStep = rootMeanSquareStep,
  .reduce = reduce,
  .reduceRows = reduceRows,
  .sumSquaredDeviations = sumSquaredDeviations,
  .addDeviations = addDeviations,
  .dot = dot,
  .argmax = argmax,
  .firstNonFinite = firstNonFinite,
  .transpose = transpose,
  .multiplyAddRounds = multiplyAddRounds,
  .tile = tilePacked,
  .packRows = packRows,
  .packColumns = packColumns,
  .tileOf = tileOf,
  .packPatches = packPatches,
  .splitPairs = splitPairs,
  .tapTile = TAP_TILE,
  .multiplyTaps = multiplyTaps,
  .winograd = winogradKernels,
  .maxPoolRow = maxPoolRow,
  .averagePoolRow = averagePoolRow,
  .stepForward = stepForward,
  .stepBackward = stepBackward,
  .philoxBlocks = philoxBlocks,
  .normalNumbers = normalNumbers,
  .splitBytes = splitBytes,
  .scalePixels = scalePixels,
  .greyRow = greyRow,
  .blendRow = blendRow,
  .shiftHue = shiftHue,
  .weighRows = weighRows,
  .sampleLinear = sampleLinear,
  .crossEntropyRows = crossEntropyRows,
  .crossEntropyGradientRows = crossEntropyGradientRows,
  .normalizeRow = normalizeRow,
  .normalizeGradientRow = normalizeGradientRow,
  .normalizePlaneSums = normalizePlaneSums,
  .normalizeRowSums = normalizeRowSums,
  .addRow = addRow,
};
