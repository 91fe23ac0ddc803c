/* records.h - the Fortran records of a file, read and written one by one without the library. */
#ifndef PVR_TEST_RECORDS_H
#define PVR_TEST_RECORDS_H

#include <stddef.h>
#include <stdint.h>

/* A file with 4-byte markers in this machine's byte order. */
struct records {
    char *bytes;
    size_t size;
    size_t count;
    size_t *at;     /* of each record's leading marker */
    size_t *length; /* of its data */
};

void records_read(const char *path, struct records *records);
void records_free(struct records *records);
/* The data of a record. */
char *record_data(const struct records *records, size_t number);
int32_t record_int(const struct records *records, size_t number, size_t item);

/* A file in the making. */
struct record_writer {
    char *bytes;
    size_t size, room;
    int swap;         /* write the other byte order */
    size_t marker;    /* 4 or 8 */
    int single_reals; /* write reals of 8 bytes as 4 */
    int bisection;    /* convert_amr: as with that ordering, which has five records of bounds */
    int wide_keys;    /* convert_amr: bound keys of 16 bytes (QUADHILBERT) */
};
/* Appends a record of items of `item` bytes (1: text; 4; 8), in the writer's ways; `real` items of
 * 8 bytes are written as 4 with single_reals. */
void record_write(struct record_writer *writer, const void *data, size_t length, size_t item,
                  int real);

/* Writes the amr, hydro or gravity file `from` (with 4-byte markers and 8-byte reals) to `to` in
 * the ways of `way`, whose bytes and sizes are not looked at. */
void convert_amr(const char *from, const char *to, const struct record_writer *way);
void convert_hydro(const char *from, const char *to, const struct record_writer *way);
void convert_gravity(const char *from, const char *to, const struct record_writer *way);
/* A whole output folder: amr, hydro and gravity files converted, the rest copied. */
void convert_output(const char *from, const char *to, const struct record_writer *way);

#endif
