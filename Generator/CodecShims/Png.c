// PNG through libpng's simplified interface, which reports errors by return values.

#include "CodecShims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Apple's systems have no libpng; there Generator asks ImageIO.
#if defined(COURSE_IMAGE_CODECS) && !defined(__APPLE__)

#if !__has_include(<png.h>)
#error "install libpng-dev, or build with --disable-default-traits (as a dependency: traits: [])"
#else
#include <png.h>

static png_uint_32 formatFor(uint32_t channels) {
  return channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
}

static CourseCodecStatus fail(png_image *image, char message[64]) {
  snprintf(message, 64, "%s", image->message);
  png_image_free(image);
  return codecDamaged;
}

CourseCodecStatus codec_png_read(const uint8_t *file, size_t fileBytes, uint32_t channels,
                                 uint8_t *pixels, size_t pixelBytes, char message[64]) {
  message[0] = 0;
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&image, file, fileBytes)) return fail(&image, message);
  // Without this, 16-bit samples would be taken for linear light and every value would change.
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  image.format = formatFor(channels);
  if ((uint64_t)image.width * image.height * channels != pixelBytes) {
    snprintf(image.message, sizeof image.message, "another size than its header says");
    return fail(&image, message);
  }
  if (!png_image_finish_read(&image, NULL, pixels, 0, NULL)) return fail(&image, message);
  png_image_free(&image);
  return codecOK;
}

CourseCodecStatus codec_png_write(const uint8_t *pixels, uint32_t width, uint32_t height,
                                  uint32_t channels, uint8_t **file, size_t *fileBytes,
                                  char message[64]) {
  message[0] = 0;
  *file = NULL;
  *fileBytes = 0;
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = formatFor(channels);
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  uint8_t *memory = malloc(size);
  if (!memory) return codecNoMemory;
  if (!png_image_write_to_memory(&image, memory, &size, 0, pixels, 0, NULL)) {
    free(memory);
    return fail(&image, message);
  }
  *file = memory;
  *fileBytes = size;
  return codecOK;
}

void codec_free(void *memory) { free(memory); }

#endif
#else

CourseCodecStatus codec_png_read(const uint8_t *file, size_t fileBytes, uint32_t channels,
                                 uint8_t *pixels, size_t pixelBytes, char message[64]) {
  (void)file, (void)fileBytes, (void)channels, (void)pixels, (void)pixelBytes;
  message[0] = 0;
  return codecUnavailable;
}

CourseCodecStatus codec_png_write(const uint8_t *pixels, uint32_t width, uint32_t height,
                                  uint32_t channels, uint8_t **file, size_t *fileBytes,
                                  char message[64]) {
  (void)pixels, (void)width, (void)height, (void)channels;
  *file = NULL;
  *fileBytes = 0;
  message[0] = 0;
  return codecUnavailable;
}

void codec_free(void *memory) { free(memory); }

#endif
