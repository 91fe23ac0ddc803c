/* jld2_edit.h - spoiling JLD2 files on purpose, with checksums that are right. */
#ifndef PVR_TEST_JLD2_EDIT_H
#define PVR_TEST_JLD2_EDIT_H

#include "support.h"

#include "pvr_jld2.h"

/* A file in memory; written to `path` by edit_write. */
struct edit {
    char *path;
    uint8_t *bytes;
    size_t size;
};

struct edit edit_begin(const char *from, const char *path);
void edit_write(const struct edit *edit);
void edit_end(struct edit *edit);

/* The object at a path of links, and those that members of its compound refer to, one after the
 * other ("data columns.fieldarrays.rho"; fieldarrays or components); as the file on disk has it. */
struct pvr_jld2_object edit_object(const struct edit *edit, const char *name, const char *members);
/* Place in the file of the reference of the last member. */
uint64_t edit_reference(const struct edit *edit, const char *name, const char *members);

void edit_put(struct edit *edit, uint64_t offset, uint64_t value, int bytes);
uint64_t edit_get(const struct edit *edit, uint64_t offset, int bytes);
/* Replaces each `bytes` little-endian bytes of value `from` in an object's header; how many. */
int edit_replace(struct edit *edit, const struct pvr_jld2_object *object, uint64_t from,
                 uint64_t to, int bytes);
/* Puts the checksum of the object's header right. */
void edit_seal(struct edit *edit, const struct pvr_jld2_object *object);

#endif
