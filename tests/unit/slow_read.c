/* slow_read.c - a slow disk for tests: pread() of the whole process at a given speed. */
#undef _FILE_OFFSET_BITS /* else the two names of pread are one */
#include "slow_read.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *concerned; /* null: all files */
static double rate;           /* bytes per second */
static double free_at;        /* when the disk has done what was asked for */
static uint64_t bytes_read;

static void ask_environment(void) {
    const char *megabytes = getenv("PVR_SLOW_READ_MB");
    concerned = getenv("PVR_SLOW_READ_PATH");
    rate = megabytes != NULL ? 1e6 * strtod(megabytes, NULL) : 0.0;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool is_concerned(int fd) {
    char link[40], path[1000];
    if (concerned == NULL) {
        return true;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return strstr(path, concerned) != NULL;
}

void slow_read_set(double bytes_per_second) {
    pthread_once(&once, ask_environment);
    pthread_mutex_lock(&lock);
    rate = bytes_per_second;
    pthread_mutex_unlock(&lock);
}

uint64_t slow_read_bytes(void) {
    pthread_mutex_lock(&lock);
    uint64_t bytes = bytes_read;
    pthread_mutex_unlock(&lock);
    return bytes;
}

static ssize_t read_slowly(int fd, void *data, size_t bytes, off_t offset) {
    ssize_t got = syscall(SYS_pread64, fd, data, bytes, offset);
    pthread_once(&once, ask_environment);
    if (got <= 0 || !is_concerned(fd)) {
        return got;
    }
    pthread_mutex_lock(&lock);
    double wait = 0.0, time = now();
    bytes_read += (uint64_t)got;
    if (rate > 0.0) {
        free_at = (free_at > time ? free_at : time) + (double)got / rate;
        wait = free_at - time;
    }
    pthread_mutex_unlock(&lock);
    if (wait > 0.0) {
        struct timespec left = {(time_t)wait, (long)(1e9 * (wait - (double)(time_t)wait))};
        nanosleep(&left, NULL);
    }
    return got;
}

/* In the place of the C library's, under both of its names. */
ssize_t pread(int fd, void *data, size_t bytes, off_t offset) {
    return read_slowly(fd, data, bytes, offset);
}
ssize_t pread64(int fd, void *data, size_t bytes, off_t offset) {
    return read_slowly(fd, data, bytes, offset);
}
