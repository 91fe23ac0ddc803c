/*
 * pvr_gen_file.h - a file of Fortran records, written through a window of memory.
 *
 * Space is reserved in order; inside the reserved space bytes may be put in any order. What fits in
 * the window is gathered there; larger pieces go straight to the file.
 */
#ifndef PVR_GEN_FILE_H
#define PVR_GEN_FILE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int fd;
    int failed;
    uint64_t end;         /* bytes reserved so far */
    uint64_t window_from; /* place of the window in the file */
    size_t used;          /* bytes of the window in use */
    unsigned char *window;
} gen_file;

int gen_file_open(gen_file *file, const char *path);

/* Reserves the next bytes (zeros until put) and returns their place. */
uint64_t gen_file_reserve(gen_file *file, uint64_t bytes);

/* The same beside the window: what is not put stays a hole in the file. */
uint64_t gen_file_skip(gen_file *file, uint64_t bytes);

void gen_file_put(gen_file *file, uint64_t place, const void *data, size_t bytes);

/* Appends one record. */
void gen_file_record(gen_file *file, const void *data, size_t bytes);

/* Puts the two length markers of a record that starts (with its marker) at `place`. */
void gen_file_markers(gen_file *file, uint64_t place, uint64_t bytes);

/* Writes out the rest; returns 0, or -1 if anything failed. */
int gen_file_close(gen_file *file);

#endif
