// Batch norm: statistics of channels, the normalisation and its gradient.
//
// Sums over a channel are tasks of a channel (of images) or of a block of features (of dense rows);
// the rest is cut into tasks of a fixed number of planes. The terms that a task adds, and their order,
// depends on the sizes only, so no result depends on the number of threads.

#include "Internal.h"

enum { featureBlock = 128, rowBlock = 64, valuesOfATask = 1 << 14 };

typedef struct Job {
  const CourseKernelSet *set;
  const CourseNormalization *n;
  const float *x, *dY;
  const float *slope, *offset;
  float *first, *second;    // mean and variance, or the two sums
  float *y;
} Job;

INLINE const CourseKernelSet *setOrDefault(const CourseKernelSet *set) {
  return set != NULL ? set : kernels_default();
}

// MARK: - Moments

/// Of equal values rounding can leave a little less than nothing.
INLINE double notBelowZero(double x) { return x < 0 ? 0 : x; }

/// A plane's mean and sum of squared deviations come while it lies in the cache; Chan, Golub and
/// LeVeque's formula (1979) puts the planes together. The deviations are taken from a mean in single
/// precision; its error, in double, corrects both: where the mean is a thousand times the
/// deviation, its rounding alone would show in the variance.
static void channelMoments(size_t channel, void *context) {
  const Job *job = context;
  const CourseNormalization *n = job->n;
  double count = 0, mean = 0, deviations = 0;
  for (size_t image = 0; image < n->batch; image++) {
    const float *plane = job->x + (image * n->channels + channel) * n->area;
    const double area = (double)n->area;
    const float center = job->set->reductions.reduce(kernelSum, plane, n->area) / (float)n->area;
    double sums[2] = {0, 0};
    job->set->reductions.addDeviations(plane, center, n->area, sums);
    const double off = sums[0] / area, squares = notBelowZero(sums[1] - off * sums[0]);
    const double difference = (double)center + off - mean, before = count;
    count += area;
    mean += difference * area / count;
    deviations += squares + difference * difference * before * area / count;
  }
  job->first[channel] = (float)mean;
  job->second[channel] = (float)(deviations / count);
}

/// means[i] = the mean over the rows of x, or of x - center, and squares[i] that of (x - center)^2, in
/// double precision over blocks of rows.
static void columnMeans(const Job *job, size_t first, size_t count, const float *center,
                        double *means, double *squares) {
  const CourseNormalization *n = job->n;
  for (size_t i = 0; i < count; i++) means[i] = squares[i] = 0;
  for (size_t row = 0; row < n->batch; row += rowBlock) {
    float sums[featureBlock] = {0}, sumsOfSquares[featureBlock] = {0};
    const size_t end = minimum(row + rowBlock, n->batch);
    for (size_t r = row; r < end; r++) {
      tableOf(job->set)->normalization.addRow(job->x + r * n->channels + first, center, sums,
                                              sumsOfSquares, count);
    }
    for (size_t i = 0; i < count; i++) {
      means[i] += (double)sums[i] / (double)n->batch;
      squares[i] += (double)sumsOfSquares[i] / (double)n->batch;
    }
  }
}

static void featureMoments(size_t block, void *context) {
  const Job *job = context;
  const size_t first = block * featureBlock;
  const size_t count = minimum(featureBlock, job->n->channels - first);
  double means[featureBlock], squares[featureBlock];
  float center[featureBlock];
  columnMeans(job, first, count, NULL, means, squares);
  for (size_t i = 0; i < count; i++) center[i] = (float)means[i];
  columnMeans(job, first, count, center, means, squares);
  for (size_t i = 0; i < count; i++) {
    job->first[first + i] = (float)((double)center[i] + means[i]);
    job->second[first + i] = (float)notBelowZero(squares[i] - means[i] * means[i]);
  }
}

/// Calls one of two bodies: with each channel of images, or with each block of features.
static void forEachChannel(const Job *job, void (*channel)(size_t, void *),
                           void (*features)(size_t, void *)) {
  const size_t channels = job->n->channels;
  if (job->n->area == 1) {
    kernels_parallel_for((channels + featureBlock - 1) / featureBlock, features, (void *)job);
  } else {
    kernels_parallel_for(channels, channel, (void *)job);
  }
}

void kernels_channel_moments(const CourseKernelSet *set, const CourseNormalization *sizes,
                             const float *x, float *mean, float *variance) {
  const Job job = {
    .set = setOrDefault(set), .n = sizes, .x = x, .first = mean, .second = variance};
  forEachChannel(&job, channelMoments, featureMoments);
}

// MARK: - Rows

/// A plane of a channel.
static CourseNormalRow planeOf(const Job *job, size_t plane) {
  const CourseNormalization *n = job->n;
  const size_t channel = plane % n->channels, at = plane * n->area;
  return (CourseNormalRow){
    .single = true, .relu = n->relu, .count = n->area, .x = job->x + at,
    .dY = job->dY != NULL ? job->dY + at : NULL, .center = n->center + channel,
    .factor = n->factor + channel, .shift = n->shift + channel,
    .slope = job->slope != NULL ? job->slope + channel : NULL,
    .offset = job->offset != NULL ? job->offset + channel : NULL,
    .y = job->y != NULL ? job->y + at : NULL,
  };
}

/// `count` features of a row, from `first` on.
static CourseNormalRow featuresOf(const Job *job, size_t row, size_t first, size_t count) {
  CourseNormalRow result = planeOf(job, row * job->n->channels + first);
  result.single = false;
  result.count = count;
  return result;
}

/// Elementwise work in tasks of whole planes, or of whole rows of features.
typedef struct Elementwise {
  Job job;
  void (*body)(const CourseNormalRow *row);
  size_t rows, rowsOfATask;
} Elementwise;

static void elementwiseTask(size_t task, void *context) {
  const Elementwise *e = context;
  const size_t end = minimum((task + 1) * e->rowsOfATask, e->rows);
  for (size_t row = task * e->rowsOfATask; row < end; row++) {
    const CourseNormalRow values = e->job.n->area == 1
      ? featuresOf(&e->job, row, 0, e->job.n->channels)
      : planeOf(&e->job, row);
    e->body(&values);
  }
}

static void forEachRow(Elementwise e) {
  const CourseNormalization *n = e.job.n;
  const size_t size = n->area == 1 ? n->channels : n->area;
  e.rows = n->area == 1 ? n->batch : n->batch * n->channels;
  e.rowsOfATask = maximum(1, valuesOfATask / maximum(1, size));
  kernels_parallel_for((e.rows + e.rowsOfATask - 1) / e.rowsOfATask, elementwiseTask, &e);
}

void kernels_normalize(const CourseKernelSet *set, const CourseNormalization *normalization,
                       const float *x, float *y) {
  const CourseKernelSet *chosen = setOrDefault(set);
  forEachRow((Elementwise){
    .job = {.set = chosen, .n = normalization, .x = x, .y = y},
    .body = tableOf(chosen)->normalization.normalizeRow});
}

void kernels_normalization_gradient(const CourseKernelSet *set,
                                    const CourseNormalization *normalization, const float *slope,
                                    const float *offset, const float *x, const float *dY,
                                    float *dX) {
  const CourseKernelSet *chosen = setOrDefault(set);
  forEachRow((Elementwise){
    .job = {.set = chosen, .n = normalization, .x = x, .dY = dY, .slope = slope, .offset = offset,
            .y = dX},
    .body = tableOf(chosen)->normalization.normalizeGradientRow});
}

// MARK: - Sums of the backward pass

static void channelGradients(size_t channel, void *context) {
  const Job *job = context;
  double sums[2] = {0, 0};
  for (size_t image = 0; image < job->n->batch; image++) {
    const CourseNormalRow row = planeOf(job, image * job->n->channels + channel);
    tableOf(job->set)->normalization.normalizePlaneSums(&row, sums);
  }
  job->first[channel] = (float)sums[0];
  job->second[channel] = (float)sums[1];
}

static void featureGradients(size_t block, void *context) {
  const Job *job = context;
  const size_t first = block * featureBlock, batch = job->n->batch;
  const size_t count = minimum(featureBlock, job->n->channels - first);
  double totals[2][featureBlock] = {{0}};
  for (size_t row = 0; row < batch; row += rowBlock) {
    float gradients[featureBlock] = {0}, products[featureBlock] = {0};
    for (size_t r = row; r < minimum(row + rowBlock, batch); r++) {
      const CourseNormalRow values = featuresOf(job, r, first, count);
      tableOf(job->set)->normalization.normalizeRowSums(&values, gradients, products);
    }
    for (size_t i = 0; i < count; i++) {
      totals[0][i] += (double)gradients[i];
      totals[1][i] += (double)products[i];
    }
  }
  for (size_t i = 0; i < count; i++) {
    job->first[first + i] = (float)totals[0][i];
    job->second[first + i] = (float)totals[1][i];
  }
}

void kernels_normalization_sums(const CourseKernelSet *set,
                                const CourseNormalization *normalization, const float *x,
                                const float *dY, float *gradients, float *products) {
  const Job job = {.set = setOrDefault(set), .n = normalization, .x = x, .dY = dY,
                   .first = gradients, .second = products};
  forEachChannel(&job, channelGradients, featureGradients);
}
