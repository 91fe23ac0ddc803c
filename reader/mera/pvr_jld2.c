/* pvr_jld2.c - opening JLD2 files, and finding what has a name. */
#include "pvr_jld2_header.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TITLE_BYTES = 512, SUPERBLOCK_BYTES = 48 };

static const char title_begin[] = "HDF5-based Julia Data Format";
static const uint8_t signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

bool pvr_jld2_pread_all(int descriptor, uint64_t offset, void *data, uint64_t bytes) {
    char *at = data;
    while (bytes > 0) {
        ssize_t got = pread(descriptor, at, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        at += got;
        offset += (uint64_t)got;
        bytes -= (uint64_t)got;
    }
    return true;
}

bool pvr_jld2_pread(const struct pvr_jld2 *file, uint64_t offset, void *data, uint64_t bytes) {
    return offset <= file->identity.size && bytes <= file->identity.size - offset &&
           pvr_jld2_pread_all(file->fd, offset, data, bytes);
}

bool pvr_jld2_is_header(const struct pvr_jld2 *file, uint64_t address) {
    uint8_t begin[5];
    return address < file->identity.size &&
           pvr_jld2_pread(file, file->base + address, begin, sizeof begin) &&
           memcmp(begin, "OHDR\2", 5) == 0;
}

static bool is_title(const uint8_t *head) {
    return memcmp(head, title_begin, sizeof title_begin - 1) == 0;
}

bool pvr_jld2_recognized(const char *path) {
    uint8_t head[TITLE_BYTES + sizeof signature];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    bool right = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
                 pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head && is_title(head) &&
                 memcmp(head + TITLE_BYTES, signature, sizeof signature) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return right;
}

/* The text has a zero byte before its bracket. */
static void note_title(struct pvr_jld2 *file, const uint8_t *head) {
    size_t n = 0;
    for (size_t i = 0; i < TITLE_BYTES && n + 1 < sizeof file->title; i++) {
        if (head[i] >= ' ' && head[i] < 127) {
            file->title[n++] = (char)head[i];
        }
        if (head[i] == ')') {
            break;
        }
    }
    file->title[n] = '\0';
}

/* Looks at what stands at the beginning before libhdf5 does. */
static enum pvr_status check_head(struct pvr_jld2 *file, struct pvr_error *error) {
    uint8_t head[TITLE_BYTES + SUPERBLOCK_BYTES];
    uint64_t begin = sizeof head < file->identity.size ? sizeof head : file->identity.size;
    if (!pvr_jld2_pread(file, 0, head, begin)) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: cannot be read", file->path);
    }
    if (begin < sizeof head || !is_title(head) ||
        memcmp(head + TITLE_BYTES, signature, sizeof signature) != 0) {
        bool titled = begin >= sizeof title_begin && is_title(head);
        bool hdf5 = begin >= sizeof signature && memcmp(head, signature, sizeof signature) == 0;
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        titled ? "%s: begins as a JLD2 file, but is cut or spoilt after that"
                        : hdf5 ? "%s: is an HDF5 file, but not one of JLD2: no Mera file"
                               : "%s: is neither HDF5 nor JLD2: no Mera file",
                        file->path);
    }
    note_title(file, head);
    const uint8_t *block = head + TITLE_BYTES;
    uint64_t base = pvr_jld2_little(block + 12, 8), end = pvr_jld2_little(block + 28, 8);
    bool sealed = pvr_hdf5_checksum(block, SUPERBLOCK_BYTES - 4) ==
                  (uint32_t)pvr_jld2_little(block + SUPERBLOCK_BYTES - 4, 4);
    if (!sealed || (block[8] != 2 && block[8] != 3) || block[9] != 8 || block[10] != 8 ||
        base != TITLE_BYTES) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: its superblock is not as JLD2 writes it",
                        file->path);
    }
    file->base = base;
    if (end > file->identity.size) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: ends after %llu bytes where it says %llu: truncated", file->path,
                        (unsigned long long)file->identity.size, (unsigned long long)end);
    }
    file->root = pvr_jld2_little(block + 36, 8);
    if (!pvr_jld2_is_header(file, file->root)) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: has no root group", file->path);
    }
    return PVR_OK;
}

hid_t pvr_jld2_hdf5(struct pvr_jld2 *file) {
    if (file->called) {
        return file->hdf5;
    }
    file->called = true;
    pvr_hdf5_begin(&file->call);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, 0, 1); /* some file systems have no locks; the file may change */
#endif
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    file->hdf5 = H5Fopen(file->path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    struct stat status;
    if (file->hdf5 >= 0 &&
        (stat(file->path, &status) != 0 || (uint64_t)status.st_ino != file->identity.inode ||
         (uint64_t)status.st_dev != file->identity.device)) { /* another file by now */
        H5Fclose(file->hdf5);
        file->hdf5 = -1;
    }
    return file->hdf5;
}

enum pvr_status pvr_jld2_open(const char *path, struct pvr_jld2 **result, struct pvr_error *error) {
    *result = NULL;
    struct pvr_jld2 *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an open file");
    }
    file->hdf5 = -1;
    file->path = strdup(path);
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    enum pvr_status result_status = PVR_OK;
    if (file->path == NULL) {
        result_status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    } else if (file->fd < 0 || fstat(file->fd, &status) != 0) {
        result_status = pvr_fail(error, PVR_ERROR_IO, "%s: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        result_status = pvr_fail(error, PVR_ERROR_FORMAT, "%s: is not a file", path);
    } else {
        file->identity = (struct pvr_jld2_identity){.device = (uint64_t)status.st_dev,
                                                    .inode = (uint64_t)status.st_ino,
                                                    .size = (uint64_t)status.st_size,
                                                    .changed = status.st_mtim};
        result_status = check_head(file, error);
    }
    if (result_status != PVR_OK) {
        pvr_jld2_close(file);
        return result_status;
    }
    *result = file;
    return PVR_OK;
}

void pvr_jld2_close(struct pvr_jld2 *file) {
    if (file == NULL) {
        return;
    }
    if (file->hdf5 >= 0) {
        H5Fclose(file->hdf5);
    }
    if (file->called) {
        pvr_hdf5_end(&file->call);
    }
    if (file->fd >= 0) {
        close(file->fd);
    }
    free(file->path);
    free(file);
}

const char *pvr_jld2_path(const struct pvr_jld2 *file) {
    return file->path;
}

struct pvr_jld2_identity pvr_jld2_identity(const struct pvr_jld2 *file) {
    return file->identity;
}

const char *pvr_jld2_title(const struct pvr_jld2 *file) {
    return file->title;
}
