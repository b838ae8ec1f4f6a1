// A canvas on Cairo. All text is set in DejaVu Sans: pictures look alike on every machine. A font that is not
// there is an error; a character that it does not have, such as one of a file's Chinese name, is a box.

#include "CCoursePictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(COURSE_PICTURES)

#if !__has_include(<cairo/cairo.h>)
#error "install libcairo2-dev and libgif-dev, or build with --disable-default-traits (as a dependency: traits: [])"
#else
#include <cairo/cairo.h>
#include <fontconfig/fontconfig.h>

static const char *const family = "DejaVu Sans";
static const double pi = 3.14159265358979323846;

struct CourseCanvas {
  cairo_surface_t *surface;
  cairo_t *cairo;
};

/// Whether fontconfig finds the family itself and not a substitute.
static bool hasFont(void) {
  static int known = -1;
  if (known >= 0) return known;
  FcPattern *pattern = FcNameParse((const FcChar8 *)family);
  if (!pattern) return false;
  FcConfigSubstitute(NULL, pattern, FcMatchPattern);
  FcDefaultSubstitute(pattern);
  FcResult result;
  FcPattern *match = FcFontMatch(NULL, pattern, &result);
  FcChar8 *name = NULL;
  known = match && FcPatternGetString(match, FC_FAMILY, 0, &name) == FcResultMatch &&
          strcmp((const char *)name, family) == 0;
  if (match) FcPatternDestroy(match);
  FcPatternDestroy(pattern);
  return known;
}

CourseCanvas *course_canvas_create(int width, int height, double scale, CoursePictureStatus *status) {
  *status = pictureNoFont;
  if (!hasFont()) return NULL;
  *status = pictureNoMemory;
  CourseCanvas *canvas = calloc(1, sizeof *canvas);
  if (!canvas) return NULL;
  canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)lround(width * scale),
                                               (int)lround(height * scale));
  canvas->cairo = cairo_create(canvas->surface);
  if (cairo_status(canvas->cairo) != CAIRO_STATUS_SUCCESS) {
    course_canvas_destroy(canvas);
    return NULL;
  }
  cairo_scale(canvas->cairo, scale, scale);
  cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap(canvas->cairo, CAIRO_LINE_CAP_ROUND);
  // Hints and subpixel colours would depend on the settings of the desktop.
  cairo_font_options_t *options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(canvas->cairo, options);
  cairo_font_options_destroy(options);
  course_canvas_color(canvas, 1, 1, 1, 1);
  cairo_paint(canvas->cairo);
  *status = pictureOK;
  return canvas;
}

void course_canvas_destroy(CourseCanvas *canvas) {
  if (!canvas) return;
  cairo_destroy(canvas->cairo);
  cairo_surface_destroy(canvas->surface);
  free(canvas);
}

void course_canvas_color(CourseCanvas *canvas, double red, double green, double blue, double alpha) {
  cairo_set_source_rgba(canvas->cairo, red, green, blue, alpha);
}

void course_canvas_rectangle(CourseCanvas *canvas, double x, double y, double width, double height,
                             double radius) {
  cairo_t *cairo = canvas->cairo;
  if (radius <= 0) {
    cairo_rectangle(cairo, x, y, width, height);
  } else {
    cairo_new_sub_path(cairo);
    for (int corner = 0; corner < 4; corner++) {
      double centerX = corner == 0 || corner == 3 ? x + width - radius : x + radius;
      double centerY = corner < 2 ? y + height - radius : y + radius;
      cairo_arc(cairo, centerX, centerY, radius, corner * pi / 2, (corner + 1) * pi / 2);
    }
    cairo_close_path(cairo);
  }
  cairo_fill(cairo);
}

void course_canvas_circle(CourseCanvas *canvas, double x, double y, double radius) {
  cairo_new_sub_path(canvas->cairo);
  cairo_arc(canvas->cairo, x, y, radius, 0, 2 * pi);
  cairo_fill(canvas->cairo);
}

static void follow(cairo_t *cairo, const double *points, int count) {
  for (int i = 0; i < count; i++) cairo_line_to(cairo, points[2 * i], points[2 * i + 1]);
}

void course_canvas_polygon(CourseCanvas *canvas, const double *points, int count) {
  follow(canvas->cairo, points, count);
  cairo_close_path(canvas->cairo);
  cairo_fill(canvas->cairo);
}

void course_canvas_polyline(CourseCanvas *canvas, const double *points, int count, double width,
                            double dash) {
  cairo_set_line_width(canvas->cairo, width);
  cairo_set_dash(canvas->cairo, &dash, dash > 0 ? 1 : 0, 0);
  // A round cap would fill the gaps.
  cairo_set_line_cap(canvas->cairo, dash > 0 ? CAIRO_LINE_CAP_BUTT : CAIRO_LINE_CAP_ROUND);
  follow(canvas->cairo, points, count);
  cairo_stroke(canvas->cairo);
}

CoursePictureStatus course_canvas_image(CourseCanvas *canvas, const uint8_t *rgb, int columns, int rows,
                                        double x, double y, double width, double height, bool blends) {
  cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns, rows);
  if (cairo_surface_status(image) != CAIRO_STATUS_SUCCESS) {
    cairo_surface_destroy(image);
    return pictureNoMemory;
  }
  unsigned char *bytes = cairo_image_surface_get_data(image);
  int stride = cairo_image_surface_get_stride(image);
  for (int row = 0; row < rows; row++) {
    uint32_t *line = (uint32_t *)(void *)(bytes + (size_t)row * stride);
    for (int column = 0; column < columns; column++, rgb += 3) {
      line[column] = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    }
  }
  cairo_surface_mark_dirty(image);
  cairo_t *cairo = canvas->cairo;
  cairo_save(cairo);
  cairo_rectangle(cairo, x, y, width, height);
  cairo_clip(cairo);
  cairo_translate(cairo, x, y);
  cairo_scale(cairo, width / columns, height / rows);
  cairo_set_source_surface(cairo, image, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo), blends ? CAIRO_FILTER_BILINEAR : CAIRO_FILTER_NEAREST);
  // Without it, the outermost pixels would fade into nothing.
  cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
  cairo_paint(cairo);
  cairo_restore(cairo);
  cairo_surface_destroy(image);
  return pictureOK;
}

static void selectFont(cairo_t *cairo, double size, bool bold) {
  cairo_select_font_face(cairo, family, CAIRO_FONT_SLANT_NORMAL,
                         bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo, size);
}

double course_canvas_text_width(CourseCanvas *canvas, const char *text, double size, bool bold) {
  selectFont(canvas->cairo, size, bold);
  cairo_text_extents_t extents;
  cairo_text_extents(canvas->cairo, text, &extents);
  return extents.x_advance;
}

CoursePictureStatus course_canvas_text(CourseCanvas *canvas, const char *text, double x, double y,
                                       double size, bool bold, double anchor, double turn) {
  cairo_t *cairo = canvas->cairo;
  double width = course_canvas_text_width(canvas, text, size, bold);
  cairo_glyph_t *glyphs = NULL;
  int count = 0;
  cairo_status_t status = cairo_scaled_font_text_to_glyphs(cairo_get_scaled_font(cairo), 0, 0, text, -1,
                                                           &glyphs, &count, NULL, NULL, NULL);
  if (status != CAIRO_STATUS_SUCCESS) return pictureFailed;
  cairo_save(cairo);
  cairo_translate(cairo, x, y);
  cairo_rotate(cairo, turn);
  cairo_translate(cairo, -anchor * width, 0);
  cairo_show_glyphs(cairo, glyphs, count);
  cairo_restore(cairo);
  cairo_glyph_free(glyphs);
  return pictureOK;
}

void course_canvas_pixels(CourseCanvas *canvas, uint8_t *rgb) {
  cairo_surface_flush(canvas->surface);
  const unsigned char *bytes = cairo_image_surface_get_data(canvas->surface);
  int stride = cairo_image_surface_get_stride(canvas->surface);
  int width = cairo_image_surface_get_width(canvas->surface);
  int height = cairo_image_surface_get_height(canvas->surface);
  for (int row = 0; row < height; row++) {
    const uint32_t *line = (const uint32_t *)(const void *)(bytes + (size_t)row * stride);
    for (int column = 0; column < width; column++) {
      *rgb++ = line[column] >> 16 & 255;
      *rgb++ = line[column] >> 8 & 255;
      *rgb++ = line[column] & 255;
    }
  }
}

typedef struct Bytes {
  uint8_t *memory;
  size_t count, room;
} Bytes;

static cairo_status_t append(void *context, const unsigned char *data, unsigned int length) {
  Bytes *bytes = context;
  if (bytes->count + length > bytes->room) {
    size_t room = 2 * bytes->room + length;
    uint8_t *memory = realloc(bytes->memory, room);
    if (!memory) return CAIRO_STATUS_NO_MEMORY;
    bytes->memory = memory;
    bytes->room = room;
  }
  memcpy(bytes->memory + bytes->count, data, length);
  bytes->count += length;
  return CAIRO_STATUS_SUCCESS;
}

CoursePictureStatus course_canvas_png(CourseCanvas *canvas, uint8_t **file, size_t *count) {
  Bytes bytes = {0};
  if (cairo_surface_write_to_png_stream(canvas->surface, append, &bytes) != CAIRO_STATUS_SUCCESS) {
    free(bytes.memory);
    return pictureNoMemory;
  }
  *file = bytes.memory;
  *count = bytes.count;
  return pictureOK;
}

#endif
#else

CourseCanvas *course_canvas_create(int width, int height, double scale, CoursePictureStatus *status) {
  (void)width, (void)height, (void)scale;
  *status = pictureUnavailable;
  return NULL;
}

// There is no canvas to call the others with.
void course_canvas_destroy(CourseCanvas *canvas) { (void)canvas; }
void course_canvas_color(CourseCanvas *canvas, double red, double green, double blue, double alpha) {
  (void)canvas, (void)red, (void)green, (void)blue, (void)alpha;
}
void course_canvas_rectangle(CourseCanvas *canvas, double x, double y, double width, double height,
                             double radius) {
  (void)canvas, (void)x, (void)y, (void)width, (void)height, (void)radius;
}
void course_canvas_circle(CourseCanvas *canvas, double x, double y, double radius) {
  (void)canvas, (void)x, (void)y, (void)radius;
}
void course_canvas_polygon(CourseCanvas *canvas, const double *points, int count) {
  (void)canvas, (void)points, (void)count;
}
void course_canvas_polyline(CourseCanvas *canvas, const double *points, int count, double width,
                            double dash) {
  (void)canvas, (void)points, (void)count, (void)width, (void)dash;
}
CoursePictureStatus course_canvas_image(CourseCanvas *canvas, const uint8_t *rgb, int columns, int rows,
                                        double x, double y, double width, double height, bool blends) {
  (void)canvas, (void)rgb, (void)columns, (void)rows, (void)x, (void)y, (void)width, (void)height;
  (void)blends;
  return pictureUnavailable;
}
CoursePictureStatus course_canvas_text(CourseCanvas *canvas, const char *text, double x, double y,
                                       double size, bool bold, double anchor, double turn) {
  (void)canvas, (void)text, (void)x, (void)y, (void)size, (void)bold, (void)anchor, (void)turn;
  return pictureUnavailable;
}
double course_canvas_text_width(CourseCanvas *canvas, const char *text, double size, bool bold) {
  (void)canvas, (void)text, (void)size, (void)bold;
  return 0;
}
void course_canvas_pixels(CourseCanvas *canvas, uint8_t *rgb) { (void)canvas, (void)rgb; }
CoursePictureStatus course_canvas_png(CourseCanvas *canvas, uint8_t **file, size_t *count) {
  (void)canvas, (void)file, (void)count;
  return pictureUnavailable;
}

#endif

void course_picture_free(void *memory) { free(memory); }
