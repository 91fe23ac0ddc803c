/* pvr_mera_output.c - a file that is there whole or not at all. */
#include "pvr_mera_output.h"

#include "pvr_text.h"
#include "pvr_threads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 1000 };

static enum pvr_status copy_all(int from, int to, const char *path, struct pvr_error *error) {
    enum { PIECE = 1 << 20 };
    char *piece = malloc(PIECE);
    ssize_t n = piece != NULL ? 0 : -1;
    while (piece != NULL && (n = read(from, piece, PIECE)) > 0) {
        for (ssize_t done = 0, written; done < n; done += written) {
            written = write(to, piece + done, (size_t)(n - done));
            if (written <= 0) {
                n = -1;
                break;
            }
        }
        if (n < 0) {
            break;
        }
    }
    free(piece);
    return n == 0
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_IO, "%s: cannot be copied: %s", path, strerror(errno));
}

enum pvr_status pvr_mera_output_begin(struct pvr_mera_output *output, const char *path, bool copy,
                                      struct pvr_error *error) {
    *output = (struct pvr_mera_output){.path = path, .descriptor = -1};
    struct stat about;
    const bool there = stat(path, &about) == 0;
    if (there && !S_ISREG(about.st_mode)) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: is not a file", path);
    }
    for (int attempt = 0; output->descriptor < 0; attempt++) {
        free(output->temporary);
        output->temporary = pvr_text_format("%s.%ld-%d.part", path, (long)getpid(), attempt);
        if (output->temporary == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory", path);
        }
        output->descriptor = open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (output->descriptor < 0 && (errno != EEXIST || attempt == ATTEMPTS)) {
            const enum pvr_status status =
                pvr_fail(error, PVR_ERROR_IO, "%s: cannot be made: %s", path, strerror(errno));
            free(output->temporary);
            output->temporary = NULL;
            return status;
        }
    }
    enum pvr_status status = PVR_OK;
    if (there && fchmod(output->descriptor, about.st_mode & 0777) != 0) {
        status = pvr_fail(error, PVR_ERROR_IO, "%s: its permissions cannot be kept: %s", path,
                          strerror(errno));
    }
    if (status == PVR_OK && copy) {
        const int from = open(path, O_RDONLY | O_CLOEXEC);
        status = from < 0 ? pvr_fail(error, PVR_ERROR_IO, "%s: %s", path, strerror(errno))
                          : copy_all(from, output->descriptor, path, error);
        if (from >= 0) {
            close(from);
        }
    }
    if (status != PVR_OK) {
        pvr_mera_output_end(output);
    }
    return status;
}

/* The folder's entry for a new name is on the disk only when the folder is. */
static void sync_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    const int descriptor = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    free(folder);
}

enum pvr_status pvr_mera_output_finish(struct pvr_mera_output *output, bool sync,
                                       double *sync_seconds, uint64_t *bytes,
                                       struct pvr_error *error) {
    struct stat about;
    const double begin = pvr_seconds();
    if (fstat(output->descriptor, &about) != 0 || (sync && fsync(output->descriptor) != 0)) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: cannot be written to the disk: %s", output->path,
                        strerror(errno));
    }
    if (rename(output->temporary, output->path) != 0) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: cannot be given its name: %s", output->path,
                        strerror(errno));
    }
    output->renamed = true;
    if (sync) {
        sync_folder(output->path);
    }
    *sync_seconds = pvr_seconds() - begin;
    *bytes = (uint64_t)about.st_size;
    return PVR_OK;
}

void pvr_mera_output_end(struct pvr_mera_output *output) {
    if (output->descriptor >= 0) {
        close(output->descriptor);
        output->descriptor = -1;
    }
    if (output->temporary != NULL && !output->renamed) {
        unlink(output->temporary);
    }
    free(output->temporary);
    output->temporary = NULL;
}
