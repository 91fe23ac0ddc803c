/*
 * pvr_gen_file.c - a file of Fortran records, written through a window of memory.
 */
#include "pvr_gen_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 4 << 20, MARKER = 4 };

int gen_file_open(gen_file *file, const char *path) {
    memset(file, 0, sizeof *file);
    file->window = calloc(1, WINDOW);
    file->fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
    if (file->window && file->fd >= 0)
        return 0;
    if (file->fd >= 0)
        close(file->fd);
    free(file->window);
    file->window = NULL;
    return -1;
}

static void write_at(gen_file *file, uint64_t place, const unsigned char *data, size_t bytes) {
    while (bytes > 0 && !file->failed) {
        ssize_t written = pwrite(file->fd, data, bytes, (off_t)place);
        if (written <= 0) {
            file->failed = 1;
            return;
        }
        data += written;
        place += (uint64_t)written;
        bytes -= (size_t)written;
    }
}

/* Writes the window and starts a new one at the end. */
static void flush_window(gen_file *file) {
    write_at(file, file->window_from, file->window, file->used);
    memset(file->window, 0, file->used);
    file->window_from = file->end;
    file->used = 0;
}

uint64_t gen_file_skip(gen_file *file, uint64_t bytes) {
    uint64_t place = file->end;
    flush_window(file);
    file->end += bytes;
    file->window_from = file->end;
    return place;
}

uint64_t gen_file_reserve(gen_file *file, uint64_t bytes) {
    if (bytes > WINDOW)
        return gen_file_skip(file, bytes);
    if (file->used + bytes > WINDOW)
        flush_window(file);
    uint64_t place = file->end;
    file->end += bytes;
    file->used += (size_t)bytes;
    return place;
}

void gen_file_put(gen_file *file, uint64_t place, const void *data, size_t bytes) {
    if (place >= file->window_from && place + bytes <= file->window_from + file->used)
        memcpy(file->window + (place - file->window_from), data, bytes);
    else
        write_at(file, place, data, bytes);
}

void gen_file_markers(gen_file *file, uint64_t place, uint64_t bytes) {
    uint32_t length = (uint32_t)bytes;
    gen_file_put(file, place, &length, MARKER);
    gen_file_put(file, place + MARKER + bytes, &length, MARKER);
}

void gen_file_record(gen_file *file, const void *data, size_t bytes) {
    uint64_t place = gen_file_reserve(file, bytes + 2 * (uint64_t)MARKER);
    gen_file_markers(file, place, bytes);
    gen_file_put(file, place + MARKER, data, bytes);
}

int gen_file_close(gen_file *file) {
    flush_window(file);
    if (ftruncate(file->fd, (off_t)file->end) != 0)
        file->failed = 1;
    if (close(file->fd) != 0)
        file->failed = 1;
    free(file->window);
    file->window = NULL;
    return file->failed ? -1 : 0;
}
