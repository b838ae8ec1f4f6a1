// Batch norm: statistics of channels, the normalisation and its gradient.
//
// Images are taken plane by plane, in tasks of a fixed number of planes; the sums of a channel are those of its
// planes, added image by image. Sums over dense rows are tasks of a block of features. The terms of a sum, and
// their order, depend on the sizes only, so no result depends on the number of threads.

#include "Internal.h"

enum { featureBlock = 128, rowBlock = 64, valuesOfATask = 1 << 14 };

typedef struct Job {
  const CourseKernelSet *set;
  const CourseNormalization *n;
  const float *x, *dY;
  const float *slope, *offset;
  float *first, *second;    // mean and variance, or the two sums
  double *sums;             // two of each plane
  float *y;
  void (*body)(const struct Job *job, size_t row);
  size_t rows, rowsOfATask; // planes, or rows of features
} Job;

INLINE const CourseKernelSet *setOrDefault(const CourseKernelSet *set) {
  return set != NULL ? set : kernels_default();
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

/// Calls `body` for each plane, or each row of features.
static void rowsOfATask(size_t task, void *context) {
  const Job *job = context;
  const size_t end = minimum((task + 1) * job->rowsOfATask, job->rows);
  for (size_t row = task * job->rowsOfATask; row < end; row++) job->body(job, row);
}

static void forEachRow(Job job, void (*body)(const Job *job, size_t row)) {
  const CourseNormalization *n = job.n;
  const size_t size = n->area == 1 ? n->channels : n->area;
  job.body = body;
  job.rows = n->area == 1 ? n->batch : n->batch * n->channels;
  job.rowsOfATask = maximum(1, valuesOfATask / maximum(1, size));
  kernels_parallel_for((job.rows + job.rowsOfATask - 1) / job.rowsOfATask, rowsOfATask, &job);
}

static void forEachBlockOfFeatures(Job job, void (*body)(size_t block, void *context)) {
  kernels_parallel_for((job.n->channels + featureBlock - 1) / featureBlock, body, &job);
}

/// Two sums of each plane, job->sums, and behind those of the last image the totals of each channel. In the
/// order of memory: channel by channel, planes of 8 x 8 took up to half as long again.
static const double *sumPlanes(Job *job, void (*body)(const Job *job, size_t plane)) {
  const size_t pairs = 2 * job->n->channels, count = job->n->batch * pairs;
  const size_t floats = sizeof(double) / sizeof(float);
  job->sums = (double *)kernelsScratch(scratchShared, (count + pairs) * floats);
  forEachRow(*job, body);
  double *totals = job->sums + count;
  for (size_t i = 0; i < pairs; i++) totals[i] = 0;
  for (const double *image = job->sums; image < totals; image += pairs) {
    for (size_t i = 0; i < pairs; i++) totals[i] += image[i];
  }
  return totals;
}

// MARK: - Moments

/// Of equal values rounding can leave a little less than nothing.
INLINE double notBelowZero(double x) { return x < 0 ? 0 : x; }

/// A plane's mean and sum of squared deviations, while it lies in the cache. The deviations are taken from a
/// mean in single precision; its error, in double, corrects both: where the mean is a thousand times the
/// deviation, its rounding alone would show in the variance.
static void planeMoments(const Job *job, size_t index) {
  const size_t count = job->n->area;
  const double area = (double)count;
  const float *plane = job->x + index * count;
  const float center = job->set->reductions.reduce(kernelSum, plane, count) / (float)count;
  double sums[2] = {0, 0};
  job->set->reductions.addDeviations(plane, center, count, sums);
  const double off = sums[0] / area;
  job->sums[2 * index] = (double)center + off;
  job->sums[2 * index + 1] = notBelowZero(sums[1] - off * sums[0]);
}

/// The variance is the mean of the planes' own and the variance of their means.
static void imageMoments(Job job) {
  const CourseNormalization *n = job.n;
  const double *totals = sumPlanes(&job, planeMoments);
  for (size_t c = 0; c < n->channels; c++) {
    const double mean = totals[2 * c] / (double)n->batch;
    double squares = 0;
    for (size_t image = 0; image < n->batch; image++) {
      const double difference = job.sums[2 * (image * n->channels + c)] - mean;
      squares += difference * difference;
    }
    job.first[c] = (float)mean;
    job.second[c] = (float)((totals[2 * c + 1] / (double)n->area + squares) / (double)n->batch);
  }
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

void kernels_channel_moments(const CourseKernelSet *set, const CourseNormalization *sizes,
                             const float *x, float *mean, float *variance) {
  const Job job = {
    .set = setOrDefault(set), .n = sizes, .x = x, .first = mean, .second = variance};
  if (sizes->area == 1) forEachBlockOfFeatures(job, featureMoments); else imageMoments(job);
}

// MARK: - The normalisation and its gradient

static CourseNormalRow rowOf(const Job *job, size_t row) {
  return job->n->area == 1 ? featuresOf(job, row, 0, job->n->channels) : planeOf(job, row);
}

static void normalize(const Job *job, size_t row) {
  const CourseNormalRow values = rowOf(job, row);
  tableOf(job->set)->normalization.normalizeRow(&values);
}

void kernels_normalize(const CourseKernelSet *set, const CourseNormalization *normalization,
                       const float *x, float *y) {
  forEachRow((Job){.set = setOrDefault(set), .n = normalization, .x = x, .y = y}, normalize);
}

static void gradient(const Job *job, size_t row) {
  const CourseNormalRow values = rowOf(job, row);
  tableOf(job->set)->normalization.normalizeGradientRow(&values);
}

void kernels_normalization_gradient(const CourseKernelSet *set,
                                    const CourseNormalization *normalization, const float *slope,
                                    const float *offset, const float *x, const float *dY,
                                    float *dX) {
  forEachRow((Job){.set = setOrDefault(set), .n = normalization, .x = x, .dY = dY, .slope = slope,
                   .offset = offset, .y = dX},
             gradient);
}

// MARK: - Sums of the backward pass

static void planeGradients(const Job *job, size_t index) {
  const CourseNormalRow row = planeOf(job, index);
  double *sums = job->sums + 2 * index;
  sums[0] = sums[1] = 0;
  tableOf(job->set)->normalization.normalizePlaneSums(&row, sums);
}

static void imageGradients(Job job) {
  const double *totals = sumPlanes(&job, planeGradients);
  for (size_t c = 0; c < job.n->channels; c++) {
    job.first[c] = (float)totals[2 * c];
    job.second[c] = (float)totals[2 * c + 1];
  }
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
  if (job.n->area == 1) forEachBlockOfFeatures(job, featureGradients); else imageGradients(job);
}
