/* pvr_pack.h - putting values into a row of bytes and taking them out, checked (internal). */
#ifndef PVR_PACK_H
#define PVR_PACK_H

#include "pvr_exchange.h"

#include <stdbool.h>
#include <stdint.h>

/* Grows as values are put in; `failed` stays set after want of memory. */
struct pvr_packing {
    struct pvr_bytes bytes;
    size_t room;
    bool failed;
};
/* Begins with a mark of what it is (8 characters at most) and of the library's version. */
void pvr_pack_begin(struct pvr_packing *packing, const char *what);
void pvr_pack(struct pvr_packing *packing, const void *data, size_t size);
void pvr_pack_text(struct pvr_packing *packing, const char *text); /* may be null */
/* Gives the bytes over, or fails. */
enum pvr_status pvr_pack_end(struct pvr_packing *packing, struct pvr_bytes *bytes,
                             struct pvr_error *error);

/* `failed` is set, and stays, when bytes are missing or make no sense; what is taken then is 0. */
struct pvr_unpacking {
    const unsigned char *data;
    size_t size, at;
    bool failed;
};
enum pvr_status pvr_unpack_begin(struct pvr_unpacking *unpacking, const void *data, size_t size,
                                 const char *what, struct pvr_error *error);
void pvr_unpack(struct pvr_unpacking *unpacking, void *data, size_t size);
/* New memory for `count` items of `size` bytes, which there must be, and their values; or null. */
void *pvr_unpack_array(struct pvr_unpacking *unpacking, uint64_t count, size_t size);
char *pvr_unpack_text(struct pvr_unpacking *unpacking); /* to be freed; null for null */
/* All was taken and made sense? */
enum pvr_status pvr_unpack_end(const struct pvr_unpacking *unpacking, const char *what,
                               struct pvr_error *error);

#endif
