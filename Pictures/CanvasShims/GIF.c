// Animations through giflib.

#include "CCoursePictures.h"

#include <stdlib.h>
#include <string.h>

#if defined(COURSE_PICTURES)

#if !__has_include(<gif_lib.h>)
#error "install libcairo2-dev and libgif-dev, or build with --disable-default-traits (as a dependency: traits: [])"
#else
#include <gif_lib.h>

struct CourseGIF {
  GifFileType *file;
  uint8_t *memory;
  size_t count, room;
};

static int append(GifFileType *file, const GifByteType *data, int length) {
  CourseGIF *gif = file->UserData;
  if (gif->count + (size_t)length > gif->room) {
    size_t room = 2 * gif->room + (size_t)length;
    uint8_t *memory = realloc(gif->memory, room);
    if (!memory) return 0;
    gif->memory = memory;
    gif->room = room;
  }
  memcpy(gif->memory + gif->count, data, (size_t)length);
  gif->count += (size_t)length;
  return length;
}

CourseGIF *course_gif_create(int width, int height, const uint8_t *rgb, int colors,
                             CoursePictureStatus *status) {
  *status = pictureNoMemory;
  CourseGIF *gif = calloc(1, sizeof *gif);
  if (!gif) return NULL;
  int error = 0;
  gif->file = EGifOpen(gif, append, &error);
  // A palette has a power of two of colours.
  int bits = GifBitSize(colors);
  ColorMapObject *palette = GifMakeMapObject(1 << bits, NULL);
  if (gif->file && palette) {
    for (int i = 0; i < colors; i++) {
      palette->Colors[i] = (GifColorType){rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]};
    }
    EGifSetGifVersion(gif->file, true);
    // Netscape's block: repeat for ever.
    const unsigned char repeat[] = {1, 0, 0};
    if (EGifPutScreenDesc(gif->file, width, height, bits, 0, palette) == GIF_OK &&
        EGifPutExtensionLeader(gif->file, APPLICATION_EXT_FUNC_CODE) == GIF_OK &&
        EGifPutExtensionBlock(gif->file, 11, "NETSCAPE2.0") == GIF_OK &&
        EGifPutExtensionBlock(gif->file, sizeof repeat, repeat) == GIF_OK &&
        EGifPutExtensionTrailer(gif->file) == GIF_OK) {
      *status = pictureOK;
    }
  }
  if (palette) GifFreeMapObject(palette);
  if (*status == pictureOK) return gif;
  if (gif->file) EGifCloseFile(gif->file, &error);
  free(gif->memory);
  free(gif);
  return NULL;
}

CoursePictureStatus course_gif_add(CourseGIF *gif, const uint8_t *indices, int x, int y, int width,
                                   int height, int hundredths, int transparent) {
  GraphicsControlBlock control = {
      .DisposalMode = DISPOSE_DO_NOT, .DelayTime = hundredths, .TransparentColor = transparent};
  GifByteType block[4];
  size_t length = EGifGCBToExtension(&control, block);
  if (EGifPutExtension(gif->file, GRAPHICS_EXT_FUNC_CODE, (int)length, block) != GIF_OK ||
      EGifPutImageDesc(gif->file, x, y, width, height, false, NULL) != GIF_OK) {
    return pictureNoMemory;
  }
  for (int row = 0; row < height; row++) {
    // The interface takes bytes that it may change; it changes none.
    GifPixelType *line = (GifPixelType *)(uintptr_t)(indices + (size_t)row * width);
    if (EGifPutLine(gif->file, line, width) != GIF_OK) return pictureNoMemory;
  }
  return pictureOK;
}

CoursePictureStatus course_gif_finish(CourseGIF *gif, uint8_t **file, size_t *count) {
  int error = 0;
  bool isRight = EGifCloseFile(gif->file, &error) == GIF_OK;
  *file = gif->memory;
  *count = gif->count;
  if (!isRight) {
    free(gif->memory);
    *file = NULL;
  }
  free(gif);
  return isRight ? pictureOK : pictureNoMemory;
}

#endif
#else

CourseGIF *course_gif_create(int width, int height, const uint8_t *rgb, int colors,
                             CoursePictureStatus *status) {
  (void)width, (void)height, (void)rgb, (void)colors;
  *status = pictureUnavailable;
  return NULL;
}
CoursePictureStatus course_gif_add(CourseGIF *gif, const uint8_t *indices, int x, int y, int width,
                                   int height, int hundredths, int transparent) {
  (void)gif, (void)indices, (void)x, (void)y, (void)width, (void)height, (void)hundredths;
  (void)transparent;
  return pictureUnavailable;
}
CoursePictureStatus course_gif_finish(CourseGIF *gif, uint8_t **file, size_t *count) {
  (void)gif, (void)file, (void)count;
  return pictureUnavailable;
}

#endif
