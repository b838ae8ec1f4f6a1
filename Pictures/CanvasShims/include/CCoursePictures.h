// CCoursePictures - the calls of Cairo, fontconfig and giflib that the Pictures library makes.
//
// No header of theirs is included here, so that an importer of this module needs none. Without the package
// trait ImageCodecs, and on systems other than Linux, every function is there and reports pictureUnavailable.

#ifndef C_COURSE_PICTURES_H
#define C_COURSE_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum CoursePictureStatus {
  pictureOK,
  pictureUnavailable,  // built without the libraries
  pictureNoMemory,     // the system has no more memory
  pictureNoFont,       // the font that all text is set in is not installed
  pictureFailed,       // a library refused, with a message
} CoursePictureStatus;

// MARK: - A canvas: Cairo on an image of 24-bit colours

typedef struct CourseCanvas CourseCanvas;

/// A white canvas of width * scale by height * scale pixels, drawn on in units of which there are width by
/// height; NULL where `*status` says why.
CourseCanvas *course_canvas_create(int width, int height, double scale, CoursePictureStatus *status);
void course_canvas_destroy(CourseCanvas *canvas);

/// The colour and opacity of everything that follows, from 0 to 1.
void course_canvas_color(CourseCanvas *canvas, double red, double green, double blue, double alpha);
void course_canvas_rectangle(CourseCanvas *canvas, double x, double y, double width, double height,
                             double radius);
void course_canvas_circle(CourseCanvas *canvas, double x, double y, double radius);
/// `count` points, x and y in turn.
void course_canvas_polygon(CourseCanvas *canvas, const double *points, int count);
/// A line through the points; `dash` 0 for a solid one, else the length of dashes and gaps.
void course_canvas_polyline(CourseCanvas *canvas, const double *points, int count, double width,
                            double dash);
/// An image of `columns` by `rows` RGB pixels over a rectangle, its pixels with sharp edges or blended.
CoursePictureStatus course_canvas_image(CourseCanvas *canvas, const uint8_t *rgb, int columns, int rows,
                                        double x, double y, double width, double height, bool blends);
/// UTF-8 text with its baseline at y; `anchor` 0 begins, 0.5 is centred, 1 ends at x. `turn` in radians,
/// clockwise. Nothing is drawn unless the status is pictureOK.
CoursePictureStatus course_canvas_text(CourseCanvas *canvas, const char *text, double x, double y,
                                       double size, bool bold, double anchor, double turn);
/// The width of a text, in units.
double course_canvas_text_width(CourseCanvas *canvas, const char *text, double size, bool bold);

/// The pixels so far, width * scale * height * scale times red, green and blue.
void course_canvas_pixels(CourseCanvas *canvas, uint8_t *rgb);
/// Encodes the canvas as PNG; `*file` is to be released with course_picture_free.
CoursePictureStatus course_canvas_png(CourseCanvas *canvas, uint8_t **file, size_t *count);

void course_picture_free(void *memory);

// MARK: - A GIF with several frames

typedef struct CourseGIF CourseGIF;

/// An animation that repeats for ever, of frames of width by height pixels in at most 256 colours.
CourseGIF *course_gif_create(int width, int height, const uint8_t *rgb, int colors,
                             CoursePictureStatus *status);
/// Adds a frame: a rectangle of palette indices over the frame before it. Pixels of the index
/// `transparent` (-1 for none) stay as they were.
CoursePictureStatus course_gif_add(CourseGIF *gif, const uint8_t *indices, int x, int y, int width,
                                   int height, int hundredths, int transparent);
/// Ends and releases the animation; its bytes are to be released with course_picture_free.
CoursePictureStatus course_gif_finish(CourseGIF *gif, uint8_t **file, size_t *count);

#ifdef __cplusplus
}
#endif

#endif
