// The parts of a table that convolutions and pooling are made of.

#pragma once

/// Where up to a vector of values of a patch lies, for the taps of one row, or of one column, of the
/// kernel. Value l is at row.from + column.from + l * stride of a plane, if bit l * stride is set in
/// both masks (of `maskAbove`, counted on from a vector's width); otherwise it is 0.
typedef struct CoursePiece {
  ptrdiff_t from;
  uint32_t mask, maskAbove;
} CoursePiece;

/// The patches of one panel of pixels. Pieces of row i of the kernel begin at rows[i * pieceCount],
/// those of column j at columns[j * pieceCount]; piece p goes to column to[p] of the panel. Where
/// `isWhole`, nothing is masked, and rows[i] and columns[j] serve all pieces: piece p is from[p] on.
typedef struct CoursePatches {
  const float *planes;
  size_t planeSize, stride; // from plane to plane; from value to value of a piece, 1 or 2
  size_t tapRows, tapColumns, pieceCount;
  CoursePiece *rows, *columns;
  bool isWhole;
  size_t *from, *to;
} CoursePatches;

/// A rectangle of an image's planes, copied with zeros around it, its columns sorted by their
/// remainder modulo `phases`: values that a convolution with stride `phases` reads together then lie
/// side by side. Layout [channel][row][phase][pitch].
typedef struct CourseBox {
  ptrdiff_t top, left;      // of the rectangle, may lie outside of the image
  size_t rows, columns, phases, pitch;
} CourseBox;

/// A tile of a weight gradient: c[t * leadingC + o] += sum over pixels p of source[t](p) * b[p][o].
///
/// Pixel (i, j) of tap t is base[offsets[t] + i * rowStep + j]; its row of b, the transposed output
/// gradient, is b[(i * columns + j) * leadingB ...], whole vectors.
typedef struct CourseTaps {
  const float *base;
  const size_t *offsets;
  size_t rows, columns, rowStep;
  const float *b;
  size_t leadingB;
  float *c;
  size_t leadingC;
} CourseTaps;

/// The steps of Winograd's algorithm for tiles of `outputs` x `outputs` and filters of `taps` x
/// `taps`, which add up to 7, see Generic/Winograd.h: transforms of a tile of 6 x 6 inputs, one of
/// output gradients, and filters (`columns` of them, tap t at taps[t * stride ...]); back to the
/// first rows x columns outputs of a tile, or to the gradients of taps, which are added.
typedef struct CourseWinograd {
  size_t outputs, taps;
  void (*input)(const float *pixels, size_t pitch, float *out, size_t step);
  void (*gradient)(const float *pixels, size_t pitch, float *out, size_t step);
  void (*filter)(const float *taps, size_t stride, bool flipped, size_t columns, float *out,
                 size_t step);
  void (*output)(const float *products, size_t step, const float *bias, CourseActivation activation,
                 float *pixels, size_t pitch, size_t rows, size_t columns);
  void (*addTaps)(const float *products, size_t step, float *sums, size_t stride);
  void (*scatter)(const float *pixels, size_t count, size_t channels, float *y, size_t plane);
  void (*tile)(size_t depth, const float *a, const float *b, float *c, size_t leadingC, size_t rows,
               size_t columns);
} CourseWinograd;

/// `count` neighbouring outputs of a pooling whose windows lie inside the plane, `rows` x `windowX`
/// values each, `stride` (1 or 2) apart.
typedef struct CoursePoolRow {
  const float *x;           // the first value of the first window
  size_t width;             // of the plane
  size_t index;             // of x[0] in the plane
  size_t rows, windowX, stride, count;
  float factor;             // multiplies each sum
  float *y;
  int32_t *winners;         // or NULL
} CoursePoolRow;

/// table->convolution, see Generic/Convolution.h
typedef struct CourseConvolutionKernels {
  // Steps k0 ..< k0 + depth of a panel of columnTile columns, k = (channel, row, column). Pieces are whole
  // vectors, which reach up to one beyond the last column; the next one overwrites what is too much.
  void (*packPatches)(const CoursePatches *patches, size_t k0, size_t depth, float *panel);
  // Copies `channels` planes of height x width from x.
  void (*copyBox)(const CourseBox *box, const float *x, size_t channels, size_t height,
                  size_t width, float *out);
  // Rows of x[2 i] = even[i], x[2 i + 1] = odd[i]; as many of `even` as of `odd`, or one more.
  void (*joinColumns)(const float *even, size_t evenCount, const float *odd, size_t oddCount,
                      size_t rows, float *x, size_t leading);
  size_t tapTile;           // most taps that `multiplyTaps` takes
  void (*multiplyTaps)(const CourseTaps *taps, size_t tapCount, size_t columns);
  const CourseWinograd *winograd;
} CourseConvolutionKernels;

/// table->pooling
typedef struct CoursePoolingKernels {
  void (*maxPoolRow)(const CoursePoolRow *row);
  void (*averagePoolRow)(const CoursePoolRow *row);
} CoursePoolingKernels;
