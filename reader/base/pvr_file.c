/* pvr_file.c - Fortran unformatted sequential files, read at computed offsets. */
#include "pvr_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

typedef unsigned long long ull;

/* The time of the last change of any kind counts too: it cannot be set back. */
static uint64_t stamp_of(const struct stat *status) {
    uint64_t stamp = pvr_mix((uint64_t)status->st_dev, (uint64_t)status->st_ino);
    stamp = pvr_mix(stamp, (uint64_t)status->st_size);
    const struct timespec *times[2] = {&status->st_mtim, &status->st_ctim};
    for (int i = 0; i < 2; i++) {
        stamp = pvr_mix(stamp, (uint64_t)times[i]->tv_sec);
        stamp = pvr_mix(stamp, (uint64_t)times[i]->tv_nsec);
    }
    return stamp;
}

enum pvr_status pvr_file_open(struct pvr_file *file, const char *path, struct pvr_error *error) {
    file->path = path;
    file->size = 0;
    file->encoding = (struct pvr_encoding){false, 4};
    file->window = NULL;
    /* O_NONBLOCK: a named pipe in the place of a file must not hang us. */
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    struct stat status;
    if (fstat(file->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        pvr_file_close(file);
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: is not a regular file", path);
    }
    file->size = (uint64_t)status.st_size;
    file->stamp = stamp_of(&status);
    return PVR_OK;
}

void pvr_file_close(struct pvr_file *file) {
    if (file->fd >= 0) {
        close(file->fd);
        file->fd = -1;
    }
}

void pvr_swap(void *data, size_t item, size_t count) {
    char *at = data; /* records are not aligned in memory */
    for (size_t i = 0; i < count; i++, at += item) {
        if (item == 4) {
            uint32_t value;
            memcpy(&value, at, sizeof value);
            value = __builtin_bswap32(value);
            memcpy(at, &value, sizeof value);
        } else if (item == 8) {
            uint64_t value;
            memcpy(&value, at, sizeof value);
            value = __builtin_bswap64(value);
            memcpy(at, &value, sizeof value);
        }
    }
}

uint64_t pvr_marker_value(const struct pvr_encoding *encoding, const void *marker) {
    if (encoding->marker == 8) {
        uint64_t value;
        memcpy(&value, marker, sizeof value);
        return encoding->swap ? __builtin_bswap64(value) : value;
    }
    uint32_t value;
    memcpy(&value, marker, sizeof value);
    return encoding->swap ? __builtin_bswap32(value) : value;
}

static enum pvr_status read_whole(const struct pvr_file *file, uint64_t offset, void *data,
                                  size_t bytes, const char *what, struct pvr_error *error) {
    char *at = data;
    size_t left = bytes;
    while (left > 0) {
        ssize_t got = pread(file->fd, at, left, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return pvr_fail(error, PVR_ERROR_IO, "%s: %s cannot be read at byte %llu: %s",
                            file->path, what, (ull)offset, strerror(errno));
        }
        if (got == 0) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: the file was cut while it was read: it ends at byte %llu, in %s",
                            file->path, (ull)offset, what);
        }
        at += got;
        offset += (uint64_t)got;
        left -= (size_t)got;
    }
    return PVR_OK;
}

enum pvr_status pvr_file_read(const struct pvr_file *file, uint64_t offset, void *data,
                              size_t bytes, const char *what, struct pvr_error *error) {
    if (offset > file->size || bytes > file->size - offset) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: the file ends at byte %llu, within or before %s (bytes %llu to %llu)",
                        file->path, (ull)file->size, what, (ull)offset, (ull)(offset + bytes));
    }
    struct pvr_window *window = file->window;
    if (window == NULL || bytes > sizeof window->data / 2) {
        return read_whole(file, offset, data, bytes, what, error);
    }
    if (offset < window->offset || offset + bytes > window->offset + window->bytes) {
        uint64_t left = file->size - offset;
        size_t size = left < sizeof window->data ? (size_t)left : sizeof window->data;
        window->bytes = 0;
        enum pvr_status status = read_whole(file, offset, window->data, size, what, error);
        if (status != PVR_OK) {
            return status;
        }
        window->offset = offset;
        window->bytes = size;
    }
    memcpy(data, window->data + (offset - window->offset), bytes);
    return PVR_OK;
}

enum pvr_status pvr_file_detect(struct pvr_file *file, uint64_t length, const char *what,
                                struct pvr_error *error) {
    /* The wide ones first: with markers of 8 bytes, a first record that holds its own length (4
     * domains) looks like one with markers of 4 bytes that holds 0. */
    const struct pvr_encoding candidates[] = {{false, 8}, {true, 8}, {true, 4}, {false, 4}};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        uint64_t found, next;
        file->encoding = candidates[i];
        if (pvr_record_next(file, 0, &found, &next, what, NULL) == PVR_OK && found == length) {
            return PVR_OK;
        }
    }
    uint64_t found, next; /* as in the usual encoding, which was tried last */
    enum pvr_status status = pvr_record_next(file, 0, &found, &next, what, error);
    if (status != PVR_OK) {
        return status;
    }
    return pvr_fail(error, PVR_ERROR_FORMAT,
                    "%s: record %s has %llu bytes where %llu are expected: not a file of RAMSES",
                    file->path, what, (ull)found, (ull)length);
}

enum pvr_status pvr_record_next(const struct pvr_file *file, uint64_t offset, uint64_t *length,
                                uint64_t *next, const char *what, struct pvr_error *error) {
    unsigned char marker[8];
    uint32_t m = file->encoding.marker;
    enum pvr_status status = pvr_file_read(file, offset, marker, m, what, error);
    if (status != PVR_OK) {
        return status;
    }
    *length = pvr_marker_value(&file->encoding, marker);
    uint64_t left = file->size - offset - m;
    if (*length > left || left - *length < m) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record %s at byte %llu claims %llu bytes, but the file ends at byte "
                        "%llu",
                        file->path, what, (ull)offset, (ull)*length, (ull)file->size);
    }
    status = pvr_file_read(file, offset + m + *length, marker, m, what, error);
    if (status != PVR_OK) {
        return status;
    }
    uint64_t trailing = pvr_marker_value(&file->encoding, marker);
    if (trailing != *length) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record %s at byte %llu begins with length %llu and ends with %llu",
                        file->path, what, (ull)offset, (ull)*length, (ull)trailing);
    }
    *next = offset + 2 * (uint64_t)m + *length;
    return PVR_OK;
}

enum pvr_status pvr_record_read(const struct pvr_file *file, uint64_t *offset, void *data,
                                size_t item, size_t count, const char *what,
                                struct pvr_error *error) {
    uint64_t length, next;
    enum pvr_status status = pvr_record_next(file, *offset, &length, &next, what, error);
    if (status != PVR_OK) {
        return status;
    }
    if (length != (uint64_t)item * count) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record %s at byte %llu has %llu bytes where %llu are expected",
                        file->path, what, (ull)*offset, (ull)length, (ull)item * count);
    }
    status =
        pvr_file_read(file, *offset + file->encoding.marker, data, (size_t)length, what, error);
    if (status == PVR_OK && file->encoding.swap) {
        pvr_swap(data, item, count);
    }
    *offset = next;
    return status;
}

/* Is this byte in memory? Where the system cannot tell: no. */
static bool in_memory(const struct pvr_file *file, uint64_t offset) {
#ifdef RWF_NOWAIT
    char byte;
    const struct iovec one = {&byte, 1};
    return preadv2(file->fd, &one, 1, (off_t)offset, RWF_NOWAIT) == 1;
#else
    (void)file;
    (void)offset;
    return false;
#endif
}

static void advise(const struct pvr_file *file, uint64_t offset, uint64_t bytes) {
    posix_fadvise(file->fd, (off_t)offset, (off_t)bytes, POSIX_FADV_WILLNEED);
}

void pvr_file_prefetch(const struct pvr_file *file, uint64_t offset, uint64_t bytes) {
    /* Storage wants large requests; but Linux reads no more for one advice than the device's
     * read-ahead, which may be as little. For what is in memory at both ends nothing is asked: an
     * advice looks at every page. */
    const uint64_t little = (uint64_t)1 << 17, large = (uint64_t)1 << 21;
    for (uint64_t end = offset + bytes; offset < end; offset += large) {
        const uint64_t part = end - offset < large ? end - offset : large;
        if (in_memory(file, offset) && in_memory(file, offset + part - 1)) {
            continue;
        }
        advise(file, offset, part);
        for (uint64_t done = little; done < part; done += little) {
            advise(file, offset + done, part - done < little ? part - done : little);
        }
    }
}
