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
    hid_t hdf5;
    uint64_t base; /* offset of address 0 */
    struct pvr_jld2_identity identity;
    struct pvr_hdf5_call call;
};

/* Reads `bytes` at an offset from the beginning of the file; false if they are not there. */
bool pvr_jld2_pread(const struct pvr_jld2 *file, uint64_t offset, void *data, uint64_t bytes);
/* Does an object header of version 2 begin at this address? Nothing else is shown to libhdf5: such
 * headers have a checksum. */
bool pvr_jld2_is_header(const struct pvr_jld2 *file, uint64_t address);

/* Where the layout message of the object header at `address` stands, and its bytes. */
struct pvr_jld2_message {
    uint64_t offset; /* from the beginning of the file */
    uint32_t bytes;
};
bool pvr_jld2_layout_message(const struct pvr_jld2 *file, uint64_t address,
                             struct pvr_jld2_message *message);

/* A type of libhdf5 as a tree, to be freed; null when memory is out or it is beyond reason. */
struct pvr_jld2_type *pvr_jld2_type_make(hid_t type);
void pvr_jld2_type_free(struct pvr_jld2_type *type);

static inline uint64_t pvr_jld2_little(const uint8_t *data, int bytes) {
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | data[i];
    }
    return value;
}

#endif
