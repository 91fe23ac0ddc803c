/* count_files.c - what a process opens and reads, for tests: to be loaded before the C library.
 *
 * Counted are files and folders whose path contains PVR_COUNT_PATH. When the process ends it writes
 * into PVR_COUNT_LOG.RANK (Open MPI's rank, or 0): how many such files were open at once at most,
 * as "most N"; then of each path "OPENS REQUESTS BYTES LOOKS PATH", where a look asks for a file
 * without opening it (stat, access), or lists a folder. */
#undef _FILE_OFFSET_BITS /* else the two names of pread are one */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SLOTS = 1 << 16, FILES = 1 << 16 };

struct counted {
    char *path;
    unsigned long opens, requests, bytes, looks;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct counted table[SLOTS];
static struct counted *of_file[FILES]; /* by descriptor, while it is open */
static int open_now, open_most;

static const char *concerned(const char *path) {
    const char *part = getenv("PVR_COUNT_PATH");
    return path != NULL && part != NULL && part[0] != '\0' && strstr(path, part) != NULL ? path
                                                                                         : NULL;
}

/* With the lock. */
static struct counted *find(const char *path) {
    uint32_t hash = 2166136261u;
    for (const char *at = path; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct counted *slot = &table[(hash + i) % SLOTS];
        if (slot->path == NULL) {
            slot->path = strdup(path);
        }
        if (slot->path != NULL && strcmp(slot->path, path) == 0) {
            return slot;
        }
    }
    abort();
}

static int note_open(const char *path, int fd) {
    if (fd >= 0 && fd < FILES && concerned(path) != NULL) {
        pthread_mutex_lock(&lock);
        of_file[fd] = find(path);
        of_file[fd]->opens++;
        open_now++;
        open_most = open_now > open_most ? open_now : open_most;
        pthread_mutex_unlock(&lock);
    }
    return fd;
}

static ssize_t note_read(int fd, ssize_t bytes) {
    if (bytes > 0 && fd < FILES && __atomic_load_n(&of_file[fd], __ATOMIC_RELAXED) != NULL) {
        pthread_mutex_lock(&lock);
        of_file[fd]->requests++;
        of_file[fd]->bytes += (unsigned long)bytes;
        pthread_mutex_unlock(&lock);
    }
    return bytes;
}

static void note_look(const char *path) {
    if (concerned(path) != NULL) {
        pthread_mutex_lock(&lock);
        find(path)->looks++;
        pthread_mutex_unlock(&lock);
    }
}

__attribute__((destructor)) static void write_log(void) {
    const char *log = getenv("PVR_COUNT_LOG"), *rank = getenv("OMPI_COMM_WORLD_RANK");
    char name[4200];
    if (log == NULL || open_most == 0) {
        return;
    }
    snprintf(name, sizeof name, "%s.%s", log, rank != NULL ? rank : "0");
    FILE *file = fopen(name, "w");
    if (file != NULL) {
        fprintf(file, "most %d\n", open_most);
        for (int i = 0; i < SLOTS; i++) {
            if (table[i].path != NULL) {
                fprintf(file, "%lu %lu %lu %lu %s\n", table[i].opens, table[i].requests,
                        table[i].bytes, table[i].looks, table[i].path);
            }
        }
        fclose(file);
    }
}

/* ---- in the place of the C library's ----------------------------------------------------------
 */

static int open_file(int folder, const char *path, int flags, va_list more) {
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    return note_open(path, (int)syscall(SYS_openat, folder, path, flags, mode));
}
#define OPENS(name)                                                                                \
    int name(const char *path, int flags, ...) {                                                   \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        int fd = open_file(AT_FDCWD, path, flags, more);                                           \
        va_end(more);                                                                              \
        return fd;                                                                                 \
    }
OPENS(open)
OPENS(open64)

DIR *opendir(const char *path) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    note_look(path); /* the C library closes it out of sight: not among those that are open */
    return fd >= 0 ? fdopendir(fd) : NULL;
}

int close(int fd) {
    if (fd >= 0 && fd < FILES && __atomic_load_n(&of_file[fd], __ATOMIC_RELAXED) != NULL) {
        pthread_mutex_lock(&lock);
        of_file[fd] = NULL;
        open_now--;
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_close, fd);
}

ssize_t read(int fd, void *data, size_t bytes) {
    return note_read(fd, syscall(SYS_read, fd, data, bytes));
}
ssize_t pread(int fd, void *data, size_t bytes, off_t offset) {
    return note_read(fd, syscall(SYS_pread64, fd, data, bytes, offset));
}
ssize_t pread64(int fd, void *data, size_t bytes, off_t offset) {
    return note_read(fd, syscall(SYS_pread64, fd, data, bytes, offset));
}
ssize_t preadv(int fd, const struct iovec *parts, int count, off_t offset) {
    return note_read(fd, syscall(SYS_preadv, fd, parts, count, offset, 0L));
}
ssize_t preadv64(int fd, const struct iovec *parts, int count, off_t offset) {
    return note_read(fd, syscall(SYS_preadv, fd, parts, count, offset, 0L));
}

int access(const char *path, int mode) {
    note_look(path);
    return (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
}
int stat(const char *restrict path, struct stat *restrict status) {
    note_look(path);
    return fstatat(AT_FDCWD, path, status, 0);
}
int stat64(const char *restrict path, struct stat64 *restrict status) {
    note_look(path);
    return fstatat64(AT_FDCWD, path, status, 0);
}
