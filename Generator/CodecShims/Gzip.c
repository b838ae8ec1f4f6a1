// gzip and deflate through zlib.

#include "CodecShims.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef COURSE_IMAGE_CODECS

#if !__has_include(<zlib.h>)
#error "install zlib1g-dev, or build with --disable-default-traits (as a dependency: traits: [])"
#else
#include <zlib.h>

struct CourseCodecInflater {
  z_stream stream;
};

CourseCodecInflater *codec_inflater_create(void) {
  CourseCodecInflater *inflater = calloc(1, sizeof *inflater);
  if (!inflater) return NULL;
  // 15 bits is the largest window; 16 more ask for gzip's header and trailer instead of zlib's.
  if (inflateInit2(&inflater->stream, 15 + 16) != Z_OK) {
    free(inflater);
    return NULL;
  }
  return inflater;
}

void codec_inflater_destroy(CourseCodecInflater *inflater) {
  if (!inflater) return;
  inflateEnd(&inflater->stream);
  free(inflater);
}

void codec_inflater_reset(CourseCodecInflater *inflater) { inflateReset(&inflater->stream); }

CourseCodecStatus codec_inflate(CourseCodecInflater *inflater, const uint8_t *input,
                                size_t *inputCount, uint8_t *output, size_t *outputCount,
                                char message[64]) {
  z_stream *stream = &inflater->stream;
  // zlib counts in unsigned int.
  const size_t most = 1u << 30;
  uInt given = (uInt)(*inputCount < most ? *inputCount : most);
  uInt room = (uInt)(*outputCount < most ? *outputCount : most);
  stream->next_in = (Bytef *)input;
  stream->avail_in = given;
  stream->next_out = output;
  stream->avail_out = room;
  int status = inflate(stream, Z_NO_FLUSH);
  *inputCount = given - stream->avail_in;
  *outputCount = room - stream->avail_out;
  message[0] = 0;
  switch (status) {
    case Z_OK:
    case Z_BUF_ERROR:
      return codecOK;
    case Z_STREAM_END:
      return codecMemberEnd;
    case Z_MEM_ERROR:
      return codecNoMemory;
    default:
      snprintf(message, 64, "%s",
               status == Z_NEED_DICT ? "a preset dictionary" : stream->msg ? stream->msg : "damage");
      return codecDamaged;
  }
}

CourseCodecStatus codec_inflate_raw(const uint8_t *input, size_t inputCount, uint8_t *output,
                                    size_t outputCount, char message[64]) {
  message[0] = 0;
  z_stream stream = {0};
  // Negative: no header around the data.
  if (inflateInit2(&stream, -15) != Z_OK) return codecNoMemory;
  const size_t most = 1u << 30;
  int status = Z_OK;
  uint8_t spare;
  while (status == Z_OK) {
    if (stream.avail_in == 0) {
      stream.next_in = (Bytef *)input;
      stream.avail_in = (uInt)(inputCount < most ? inputCount : most);
      input += stream.avail_in;
      inputCount -= stream.avail_in;
    }
    if (stream.avail_out == 0 && outputCount > 0) {
      stream.next_out = output;
      stream.avail_out = (uInt)(outputCount < most ? outputCount : most);
      output += stream.avail_out;
      outputCount -= stream.avail_out;
    } else if (stream.avail_out == 0) {
      // The end of the data may still have to be read; a byte that comes out is one too many.
      stream.next_out = &spare;
      stream.avail_out = 1;
      status = inflate(&stream, Z_NO_FLUSH);
      if (stream.avail_out == 0) status = Z_DATA_ERROR;
      stream.avail_out = 0;
      continue;
    }
    status = inflate(&stream, Z_NO_FLUSH);
  }
  const bool isWhole =
      status == Z_STREAM_END && outputCount + stream.avail_out == 0 && inputCount + stream.avail_in == 0;
  if (!isWhole) {
    snprintf(message, 64, "%s",
             status == Z_DATA_ERROR && stream.msg ? stream.msg : "another length than the archive says");
  }
  inflateEnd(&stream);
  return isWhole ? codecOK : status == Z_MEM_ERROR ? codecNoMemory : codecDamaged;
}

CourseCodecStatus codec_crc32(const uint8_t *bytes, size_t count, uint32_t *sum) {
  *sum = (uint32_t)crc32_z(0, bytes, count);
  return codecOK;
}

#endif
#else

CourseCodecInflater *codec_inflater_create(void) { return NULL; }
void codec_inflater_destroy(CourseCodecInflater *inflater) { (void)inflater; }
void codec_inflater_reset(CourseCodecInflater *inflater) { (void)inflater; }

CourseCodecStatus codec_inflate(CourseCodecInflater *inflater, const uint8_t *input,
                                size_t *inputCount, uint8_t *output, size_t *outputCount,
                                char message[64]) {
  (void)inflater, (void)input, (void)output;
  *inputCount = *outputCount = 0;
  message[0] = 0;
  return codecUnavailable;
}

CourseCodecStatus codec_inflate_raw(const uint8_t *input, size_t inputCount, uint8_t *output,
                                    size_t outputCount, char message[64]) {
  (void)input, (void)inputCount, (void)output, (void)outputCount;
  message[0] = 0;
  return codecUnavailable;
}

CourseCodecStatus codec_crc32(const uint8_t *bytes, size_t count, uint32_t *sum) {
  (void)bytes, (void)count;
  *sum = 0;
  return codecUnavailable;
}

#endif
