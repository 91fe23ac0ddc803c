/* pvr_output_file.c - a new file that appears whole or not at all. */
#include "pvr_output_file.h"

#include "pvr_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE /* of Linux 5.14; older ones refuse it */
#define MADV_POPULATE_WRITE 23
#endif

enum { NAMES_TO_TRY = 100 };

static enum pvr_status fail_at(const char *path, const char *what, struct pvr_error *error) {
    return pvr_fail(error, errno == ENOMEM ? PVR_ERROR_MEMORY : PVR_ERROR_IO, "%s: %s: %s", path,
                    what, strerror(errno));
}

/* The path with links followed, and its folder. */
static enum pvr_status find_place(struct pvr_output_file *file, const char *path,
                                  struct pvr_error *error) {
    struct stat status;
    if (path[0] == '\0' || path[strlen(path) - 1] == '/') {
        return pvr_fail(error, PVR_ERROR_IO, "'%s' is no name of a file", path);
    }
    if (stat(path, &status) == 0) {
        if (!S_ISREG(status.st_mode)) {
            return pvr_fail(error, PVR_ERROR_IO, "%s: is there, and no regular file", path);
        }
        file->path = realpath(path, NULL);
    } else {
        file->path = strdup(path);
    }
    file->folder = file->path != NULL ? strdup(file->path) : NULL;
    if (file->folder == NULL) {
        return fail_at(path, "cannot be written", error);
    }
    char *slash = strrchr(file->folder, '/');
    if (slash == NULL) {
        strcpy(file->folder, ".");
    } else {
        slash[slash == file->folder] = '\0'; /* the root keeps its slash */
    }
    return PVR_OK;
}

/* A name beside the wanted one that nothing has; `number` tells tries apart. */
static char *name_beside(const struct pvr_output_file *file, int number) {
    return pvr_text_format("%s.%ld-%d.part", file->path, (long)getpid(), number);
}

static enum pvr_status open_named(struct pvr_output_file *file, struct pvr_error *error) {
    for (int number = 0; number < NAMES_TO_TRY; number++) {
        char *name = name_beside(file, number);
        if (name == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
        }
        file->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file->fd >= 0) {
            file->temporary = name;
            return PVR_OK;
        }
        free(name);
        if (errno != EEXIST) {
            break;
        }
    }
    return fail_at(file->path, "cannot be written", error);
}

enum pvr_status pvr_output_begin(struct pvr_output_file *file, const char *path,
                                 struct pvr_error *error) {
    *file = (struct pvr_output_file){.fd = -1};
    enum pvr_status status = find_place(file, path, error);
    if (status != PVR_OK) {
        return status;
    }
#ifdef O_TMPFILE
    /* A file without a name gets one through /proc. */
    if (access("/proc/self/fd", X_OK) == 0) {
        file->fd = open(file->folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
    }
#endif
    return file->fd >= 0 ? PVR_OK : open_named(file, error);
}

enum pvr_status pvr_output_write(const struct pvr_output_file *file, uint64_t offset,
                                 const void *data, size_t bytes, struct pvr_error *error) {
    const char *from = data;
    while (bytes > 0) {
        ssize_t written = pwrite(file->fd, from, bytes, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            errno = written == 0 ? ENOSPC : errno;
            return fail_at(file->path, "cannot be written", error);
        }
        from += written;
        offset += (uint64_t)written;
        bytes -= (size_t)written;
    }
    return PVR_OK;
}

/* Gives a file without a name one: its own where nothing has that yet (in one step: there is no
 * moment at which a kill leaves something behind), else one beside it. */
static enum pvr_status link_name(struct pvr_output_file *file, bool *there,
                                 struct pvr_error *error) {
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", file->fd);
    *there = linkat(AT_FDCWD, self, AT_FDCWD, file->path, AT_SYMLINK_FOLLOW) == 0;
    for (int number = 0; !*there && number < NAMES_TO_TRY; number++) {
        char *name = name_beside(file, number);
        if (name == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
        }
        if (linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0) {
            file->temporary = name;
            return PVR_OK;
        }
        free(name);
        if (errno != EEXIST) {
            break;
        }
    }
    return *there ? PVR_OK : fail_at(file->path, "cannot be put in its place", error);
}

void pvr_output_spread(struct pvr_output_file *file, uint64_t most) {
    struct statfs system;
    struct rlimit limit;
    if (fstatfs(file->fd, &system) == 0 && system.f_type == TMPFS_MAGIC &&
        getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY &&
        most <= INT64_MAX && ftruncate(file->fd, (off_t)most) == 0) {
        file->spread = most;
    }
}

bool pvr_output_write_beside(const struct pvr_output_file *file, uint64_t offset, const void *data,
                             size_t bytes) {
    const size_t before = (size_t)(offset % (uint64_t)sysconf(_SC_PAGESIZE));
    if (bytes == 0 || offset + bytes > file->spread) {
        return false;
    }
    char *pages = mmap(NULL, before + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd,
                       (off_t)(offset - before));
    if (pages == MAP_FAILED) {
        return false;
    }
    /* Pages that cannot be had are told here, and would end the process below. */
    const bool there = madvise(pages, before + bytes, MADV_POPULATE_WRITE) == 0;
    if (there) {
        memcpy(pages + before, data, bytes);
    }
    munmap(pages, before + bytes);
    return there;
}

enum pvr_status pvr_output_cut(struct pvr_output_file *file, uint64_t bytes,
                               struct pvr_error *error) {
    if (file->spread > 0 && ftruncate(file->fd, (off_t)bytes) != 0) {
        return fail_at(file->path, "cannot be written", error);
    }
    file->spread = 0;
    return PVR_OK;
}

enum pvr_status pvr_output_commit(struct pvr_output_file *file, struct pvr_error *error) {
    if (fsync(file->fd) != 0 && errno != EINVAL) {
        return fail_at(file->path, "cannot be written", error);
    }
    bool there = false;
    if (file->temporary == NULL) {
        enum pvr_status status = link_name(file, &there, error);
        if (status != PVR_OK) {
            return status;
        }
    }
    if (!there && rename(file->temporary, file->path) != 0) {
        return fail_at(file->path, "cannot be put in its place", error);
    }
    free(file->temporary);
    file->temporary = NULL;
    int folder = open(file->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder); /* so that the name lasts too; some file systems cannot */
        close(folder);
    }
    return PVR_OK;
}

void pvr_output_end(struct pvr_output_file *file) {
    if (file->temporary != NULL) {
        unlink(file->temporary);
    }
    if (file->fd >= 0) {
        close(file->fd);
    }
    free(file->path);
    free(file->folder);
    free(file->temporary);
    *file = (struct pvr_output_file){.fd = -1};
}

enum pvr_status pvr_output_write_whole(const char *path, const void *data, size_t bytes,
                                       struct pvr_error *error) {
    struct pvr_output_file file;
    enum pvr_status status = pvr_output_begin(&file, path, error);
    if (status == PVR_OK) {
        status = pvr_output_write(&file, 0, data, bytes, error);
    }
    if (status == PVR_OK) {
        status = pvr_output_commit(&file, error);
    }
    pvr_output_end(&file);
    return status;
}

uint64_t pvr_output_free_bytes(const struct pvr_output_file *file) {
    struct statvfs space;
    if (fstatvfs(file->fd, &space) != 0) {
        return UINT64_MAX;
    }
    return (uint64_t)space.f_bavail * space.f_frsize;
}
