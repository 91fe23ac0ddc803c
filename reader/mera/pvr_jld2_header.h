/* pvr_jld2_header.h - object headers of JLD2 files (internal).
 *
 * Source: HDF5 File Format Specification 3.0, IV.A. Headers have version 2: a block of messages
 * with a checksum, and more blocks where a message says so.
 */
#ifndef PVR_JLD2_HEADER_H
#define PVR_JLD2_HEADER_H

#include "pvr_jld2_private.h"

enum {
    PVR_MESSAGE_DATASPACE = 1,
    PVR_MESSAGE_LINK_INFO = 2,
    PVR_MESSAGE_DATATYPE = 3,
    PVR_MESSAGE_LINK = 6,
    PVR_MESSAGE_LAYOUT = 8,
    PVR_MESSAGE_FILTERS = 11,
    PVR_MESSAGE_CONTINUATION = 16
};

struct pvr_jld2_message {
    int type;
    bool shared;     /* `body` says where the message itself is */
    uint64_t offset; /* of the body, from the beginning of the file */
    uint32_t bytes;
    const uint8_t *body;
};

/* Bob Jenkins' lookup3 (public domain), which HDF5's metadata have for a checksum. */
uint32_t pvr_hdf5_checksum(const uint8_t *key, uint64_t length);

/* Calls `each` with every message of the header at `address` until it returns false. False if there
 * is no header, or it is cut or spoilt (its checksum is wrong). */
bool pvr_jld2_messages(const struct pvr_jld2 *file, uint64_t address,
                       bool (*each)(void *context, const struct pvr_jld2_message *message),
                       void *context);

/* A datatype message's type as a tree, to be freed; null when memory is out or it makes no sense.
 */
struct pvr_jld2_type *pvr_jld2_type_parse(const uint8_t *body, uint32_t bytes);
void pvr_jld2_type_free(struct pvr_jld2_type *type);

#endif
