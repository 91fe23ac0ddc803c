/* pvr_jld2_private.h - an open JLD2 file from inside (internal to pvr_jld2*.c). */
#ifndef PVR_JLD2_PRIVATE_H
#define PVR_JLD2_PRIVATE_H

#include "pvr_hdf5.h"
#include "pvr_jld2.h"

#include <hdf5.h>

struct pvr_jld2 {
    char *path;
    char title[128];
    int fd;
    uint64_t base; /* offset of address 0 */
    uint64_t root; /* address of the root group */
    struct pvr_jld2_identity identity;
    bool called; /* libhdf5 was; then the lock is held until the file is closed */
    hid_t hdf5;
    struct pvr_hdf5_call call;
};

/* The file as libhdf5 has it open, below 0 if it cannot: for the few things that JLD2 does not
 * write itself. */
hid_t pvr_jld2_hdf5(struct pvr_jld2 *file);
/* Reads `bytes` at an offset from the beginning of the file; false if they are not there. */
bool pvr_jld2_pread_all(int descriptor, uint64_t offset, void *data, uint64_t bytes);
bool pvr_jld2_pread(const struct pvr_jld2 *file, uint64_t offset, void *data, uint64_t bytes);
/* Does an object header of version 2 begin at this address? */
bool pvr_jld2_is_header(const struct pvr_jld2 *file, uint64_t address);

static inline uint64_t pvr_jld2_little(const uint8_t *data, int bytes) {
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | data[i];
    }
    return value;
}

#endif
