/* pvr_jld2_object.c - what an object of a JLD2 file holds, and where its bytes stand. */
#include "pvr_jld2_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

/* ---- types ------------------------------------------------------------------------------------
 */

enum { MOST_MEMBERS = 1 << 16, DEEPEST_TYPE = 16, HEAP_ID_BYTES = 16 };

void pvr_jld2_type_free(struct pvr_jld2_type *type) {
    if (type == NULL) {
        return;
    }
    for (int i = 0; i < type->nmembers; i++) {
        free(type->member[i].name);
        pvr_jld2_type_free(type->member[i].type);
    }
    free(type->member);
    free(type);
}

static struct pvr_jld2_type *make_type(hid_t id, int depth, int *members);

/* Members as they stand in the file: libhdf5 gives the offsets of memory, where a text takes the
 * bytes of a pointer; in the file it has HEAP_ID_BYTES. */
static bool make_members(hid_t id, int depth, int *members, struct pvr_jld2_type *type) {
    int count = H5Tget_nmembers(id);
    if (count < 0 || count > MOST_MEMBERS - *members) {
        return false;
    }
    *members += count;
    type->member = calloc((size_t)count + 1, sizeof *type->member);
    if (type->member == NULL) {
        return false;
    }
    size_t shift = 0;
    for (int i = 0; i < count; i++) {
        struct pvr_jld2_member *member = &type->member[type->nmembers++];
        hid_t of = H5Tget_member_type(id, (unsigned)i);
        char *name = H5Tget_member_name(id, (unsigned)i);
        member->name = name != NULL ? strdup(name) : NULL;
        H5free_memory(name);
        member->type = of >= 0 ? make_type(of, depth + 1, members) : NULL;
        size_t memory = of >= 0 ? H5Tget_size(of) : 0;
        if (of >= 0) {
            H5Tclose(of);
        }
        if (member->name == NULL || member->type == NULL) {
            return false;
        }
        size_t offset = H5Tget_member_offset(id, (unsigned)i) + shift;
        member->offset = (uint32_t)offset;
        if (offset > UINT32_MAX ||
            (i > 0 && offset < member[-1].offset + (size_t)member[-1].type->size)) {
            return false; /* members follow each other */
        }
        shift += member->type->size - memory;
    }
    size_t size = H5Tget_size(id) + shift;
    type->size = (uint32_t)size;
    const struct pvr_jld2_member *last = count > 0 ? &type->member[count - 1] : NULL;
    return size <= UINT32_MAX && (last == NULL || last->offset + (size_t)last->type->size <= size);
}

static struct pvr_jld2_type *make_type(hid_t id, int depth, int *members) {
    struct pvr_jld2_type *type = depth < DEEPEST_TYPE ? calloc(1, sizeof *type) : NULL;
    if (type == NULL) {
        return NULL;
    }
    size_t size = H5Tget_size(id); /* 0 for an empty string */
    type->size = (uint32_t)size;
    type->kind = PVR_JLD2_OTHER;
    bool right = size <= UINT32_MAX;
    switch (H5Tget_class(id)) {
    case H5T_INTEGER:
        type->kind = size <= 8 ? PVR_JLD2_INTEGER : PVR_JLD2_OTHER;
        type->is_signed = H5Tget_sign(id) == H5T_SGN_2;
        type->big_endian = H5Tget_order(id) == H5T_ORDER_BE;
        break;
    case H5T_FLOAT:
        type->kind = H5Tequal(id, H5T_IEEE_F64LE) > 0 || H5Tequal(id, H5T_IEEE_F64BE) > 0 ||
                             H5Tequal(id, H5T_IEEE_F32LE) > 0 || H5Tequal(id, H5T_IEEE_F32BE) > 0
                         ? PVR_JLD2_FLOAT
                         : PVR_JLD2_OTHER;
        type->big_endian = H5Tget_order(id) == H5T_ORDER_BE;
        break;
    case H5T_BITFIELD:
        type->kind = size == 1 ? PVR_JLD2_BITFIELD : PVR_JLD2_OTHER;
        break;
    case H5T_STRING:
        type->kind = H5Tis_variable_str(id) > 0 ? PVR_JLD2_TEXT : PVR_JLD2_STRING;
        type->size = type->kind == PVR_JLD2_TEXT ? HEAP_ID_BYTES : type->size;
        break;
    case H5T_VLEN:
        type->size = HEAP_ID_BYTES;
        break;
    case H5T_REFERENCE:
        type->kind = H5Tequal(id, H5T_STD_REF_OBJ) > 0 ? PVR_JLD2_REFERENCE : PVR_JLD2_OTHER;
        break;
    case H5T_COMPOUND:
        type->kind = PVR_JLD2_COMPOUND;
        right = right && make_members(id, depth, members, type);
        break;
    default:
        break;
    }
    if (!right) {
        pvr_jld2_type_free(type);
        return NULL;
    }
    return type;
}

struct pvr_jld2_type *pvr_jld2_type_make(hid_t id) {
    int members = 0;
    return make_type(id, 0, &members);
}

/* ---- layout -----------------------------------------------------------------------------------
 */

/* One block of messages: looks for the layout, notes continuations. */
struct block {
    uint64_t offset, bytes; /* of messages alone, from the beginning of the file */
};

enum { MOST_BLOCKS = 64, LAYOUT = 8, CONTINUATION = 16 };

/* Goes through the messages of object headers as HDF5 has them (File Format Specification, IV.A.1.b
 * and IV.A.2.i), because libhdf5 does not say where compact bytes stand. */
static bool search_block(const struct pvr_jld2 *file, struct block block, bool ordered,
                         struct block *blocks, int *nblocks, struct pvr_jld2_message *found) {
    unsigned head = ordered ? 6 : 4;
    uint64_t at = block.offset, end = block.offset + block.bytes;
    while (end - at >= head) {
        uint8_t message[6], where[16];
        if (!pvr_jld2_pread(file, at, message, head)) {
            return false;
        }
        uint64_t bytes = pvr_jld2_little(message + 1, 2);
        at += head;
        if (bytes > end - at) {
            return false;
        }
        if (message[0] == LAYOUT) {
            *found = (struct pvr_jld2_message){at, (uint32_t)bytes};
            return true;
        }
        if (message[0] == CONTINUATION && bytes >= 16 && *nblocks < MOST_BLOCKS) {
            if (!pvr_jld2_pread(file, at, where, 16)) {
                return false;
            }
            uint64_t offset = pvr_jld2_little(where, 8), length = pvr_jld2_little(where + 8, 8);
            if (length < 8 || length > file->identity.size || offset > file->identity.size) {
                return false;
            }
            blocks[(*nblocks)++] = /* without "OCHK" and checksum */
                (struct block){file->base + offset + 4, length - 8};
        }
        at += bytes;
    }
    return false;
}

bool pvr_jld2_layout_message(const struct pvr_jld2 *file, uint64_t address,
                             struct pvr_jld2_message *message) {
    uint8_t head[6], size[8] = {0};
    uint64_t at = file->base + address;
    if (!pvr_jld2_is_header(file, address) || !pvr_jld2_pread(file, at, head, sizeof head)) {
        return false;
    }
    int flags = head[5], size_bytes = 1 << (flags & 3);
    at += sizeof head + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
    if (!pvr_jld2_pread(file, at, size, (uint64_t)size_bytes)) {
        return false;
    }
    struct block blocks[MOST_BLOCKS];
    int nblocks = 1;
    blocks[0] = (struct block){at + (uint64_t)size_bytes, pvr_jld2_little(size, size_bytes)};
    if (blocks[0].bytes > file->identity.size) {
        return false;
    }
    for (int i = 0; i < nblocks; i++) {
        if (search_block(file, blocks[i], flags & 4, blocks, &nblocks, message)) {
            return true;
        }
    }
    return false;
}

/* ---- datasets ---------------------------------------------------------------------------------
 */

static enum pvr_status misplaced(const struct pvr_jld2 *file, const char *what,
                                 struct pvr_error *error) {
    return pvr_fail(error, PVR_ERROR_FORMAT,
                    "%s: %s: its bytes are not where its header says: truncated or spoilt",
                    file->path, what);
}

static bool stands_in_file(const struct pvr_jld2 *file, uint64_t offset, uint64_t bytes) {
    return offset <= file->identity.size && bytes <= file->identity.size - offset;
}

/* One chunk for all: where it is stands in the layout message itself. */
static bool single_chunk(const struct pvr_jld2 *file, const struct pvr_jld2_message *message,
                         struct pvr_jld2_object *object) {
    uint8_t data[128];
    uint64_t length = message->bytes < sizeof data ? message->bytes : sizeof data;
    if (!pvr_jld2_pread(file, message->offset, data, length) || length < 6 || data[0] != 4 ||
        data[1] != 2) {
        return false;
    }
    uint64_t at = 5 + (uint64_t)data[3] * data[4]; /* behind the chunk's dimensions */
    uint64_t bytes = pvr_jld2_bytes(object);
    bool filtered = data[2] & 2;
    if (length < at + 1 + (filtered ? 20 : 8) || data[at] != 1) {
        return false;
    }
    at++;
    struct pvr_jld2_chunk *chunk = object->chunk;
    chunk->bytes = filtered ? pvr_jld2_little(data + at, 8) : bytes;
    chunk->skipped = filtered ? (uint32_t)pvr_jld2_little(data + at + 8, 4) : 0;
    chunk->offset = file->base + pvr_jld2_little(data + at + (filtered ? 12 : 0), 8);
    return true;
}

/* Several chunks, as other programs may have written: libhdf5 knows where. Its versions differ in
 * whether the text before the superblock counts: told by the chunk's bytes. */
static enum pvr_status many_chunks(const struct pvr_jld2 *file, hid_t dataset, const char *what,
                                   struct pvr_jld2_object *object, struct pvr_error *error) {
    uint64_t base = 0;
    for (uint64_t i = 0; i < object->nchunks; i++) {
        hsize_t first = i * object->chunk_rows, bytes = 0;
        haddr_t address = HADDR_UNDEF;
        unsigned mask = 0;
        if (H5Dget_chunk_info_by_coord(dataset, &first, &mask, &address, &bytes) < 0 ||
            address == HADDR_UNDEF || !stands_in_file(file, address, bytes)) {
            return pvr_hdf5_fail(error, file->path, "a chunk is missing");
        }
        if (i == 0) {
            uint8_t *right = malloc(bytes + 1), *here = malloc(bytes + 1);
            uint32_t filters = 0;
            bool told = right != NULL && here != NULL &&
                        H5Dread_chunk(dataset, H5P_DEFAULT, &first, &filters, right) >= 0;
            bool plain = told && pvr_jld2_pread(file, address, here, bytes) &&
                         memcmp(right, here, bytes) == 0;
            told = told && (plain || (pvr_jld2_pread(file, file->base + address, here, bytes) &&
                                      memcmp(right, here, bytes) == 0));
            free(right);
            free(here);
            if (!told) {
                return misplaced(file, what, error);
            }
            base = plain ? 0 : file->base;
        }
        object->chunk[i] = (struct pvr_jld2_chunk){base + address, bytes, mask};
    }
    return PVR_OK;
}

static enum pvr_status find_chunks(const struct pvr_jld2 *file, hid_t dataset, hid_t plist,
                                   const struct pvr_jld2_message *message, int rank,
                                   const char *what, struct pvr_jld2_object *object,
                                   struct pvr_error *error) {
    hsize_t rows = 0;
    if (rank != 1 || H5Pget_chunk(plist, 1, &rows) != 1 || rows == 0) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                        "%s: %s: is in chunks of %d dimensions where columns have one", file->path,
                        what, rank);
    }
    object->chunk_rows = rows;
    object->nchunks = object->count / rows + (object->count % rows != 0);
    /* every chunk has a byte of its own */
    object->chunk = object->nchunks < file->identity.size
                        ? calloc(object->nchunks + 1, sizeof *object->chunk)
                        : NULL;
    if (object->chunk == NULL) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s: %llu chunks do not fit into the file",
                        file->path, what, (ull)object->nchunks);
    }
    enum pvr_status status = PVR_OK;
    if (object->nchunks > 0 && !(rows == object->count && single_chunk(file, message, object))) {
        status = many_chunks(file, dataset, what, object, error);
    }
    for (uint64_t i = 0; status == PVR_OK && i < object->nchunks; i++) {
        if (!stands_in_file(file, object->chunk[i].offset, object->chunk[i].bytes)) {
            status = misplaced(file, what, error);
        }
    }
    int nfilters = H5Pget_nfilters(plist);
    if (status == PVR_OK && (nfilters < 0 || nfilters > PVR_JLD2_MOST_FILTERS)) {
        status = pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: %s: has %d filters", file->path, what,
                          nfilters);
    }
    for (int i = 0; status == PVR_OK && i < nfilters; i++) {
        struct pvr_jld2_filter *filter = &object->filter[object->nfilters++];
        unsigned flags, values[16] = {0}, config;
        size_t count = 16;
        filter->id = (int)H5Pget_filter2(plist, (unsigned)i, &flags, &count, values,
                                         sizeof filter->name, filter->name, &config);
        filter->name[sizeof filter->name - 1] = '\0';
        filter->parameters = (uint32_t)count;
        filter->parameter = values[0];
        if (filter->id < 0) {
            status = pvr_hdf5_fail(error, file->path, "a filter cannot be told");
        }
    }
    return status;
}

static enum pvr_status find_bytes(const struct pvr_jld2 *file, hid_t dataset, int rank,
                                  const char *what, struct pvr_jld2_object *object,
                                  struct pvr_error *error) {
    struct pvr_jld2_message message;
    uint8_t head[18];
    hid_t plist = H5Dget_create_plist(dataset);
    enum pvr_status status = PVR_OK;
    uint64_t bytes = pvr_jld2_bytes(object);
    if (plist < 0 || !pvr_jld2_layout_message(file, object->address, &message)) {
        status = misplaced(file, what, error);
    } else if (H5Pget_layout(plist) == H5D_CHUNKED) {
        object->layout = PVR_JLD2_CHUNKED;
        status = find_chunks(file, dataset, plist, &message, rank, what, object, error);
    } else {
        bool compact = H5Pget_layout(plist) == H5D_COMPACT;
        uint64_t length = compact ? 4 : sizeof head;
        bool right = message.bytes >= length &&
                     pvr_jld2_pread(file, message.offset, head, length) &&
                     (head[0] == 3 || head[0] == 4) && head[1] == (compact ? 0 : 1);
        object->layout = compact ? PVR_JLD2_COMPACT : PVR_JLD2_CONTIGUOUS;
        if (right && compact) {
            object->offset = message.offset + 4;
            right = pvr_jld2_little(head + 2, 2) >= bytes && message.bytes - 4 >= bytes;
        } else if (right) {
            object->offset = file->base + pvr_jld2_little(head + 2, 8);
            right = bytes == 0 || (pvr_jld2_little(head + 2, 8) != UINT64_MAX &&
                                   pvr_jld2_little(head + 10, 8) >= bytes);
        }
        if (!right || (bytes > 0 && !stands_in_file(file, object->offset, bytes))) {
            status = misplaced(file, what, error);
        }
    }
    if (plist >= 0) {
        H5Pclose(plist);
    }
    return status;
}

/* Number of values; false if the product is beyond any file. */
static bool count_values(hid_t space, struct pvr_jld2_object *object, int *rank) {
    H5S_class_t class = H5Sget_simple_extent_type(space);
    hsize_t dims[H5S_MAX_RANK];
    object->scalar = class == H5S_SCALAR;
    object->count = class == H5S_NULL ? 0 : 1;
    *rank = class == H5S_SIMPLE ? H5Sget_simple_extent_dims(space, dims, NULL) : 0;
    for (int axis = 0; axis < *rank; axis++) {
        if (dims[axis] != 0 && object->count > (UINT64_MAX >> 20) / dims[axis]) {
            return false;
        }
        object->count *= dims[axis];
    }
    return *rank >= 0 && class != H5S_NO_CLASS;
}

enum pvr_status pvr_jld2_follow(struct pvr_jld2 *file, uint64_t address, const char *what,
                                struct pvr_jld2_object *object, struct pvr_error *error) {
    memset(object, 0, sizeof *object);
    object->address = address;
    if (!pvr_jld2_is_header(file, address)) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: %s: the reference to address %llu dangles: no object is there",
                        file->path, what, (ull)address);
    }
    hid_t id = H5Oopen_by_addr(file->hdf5, address);
    if (id < 0) {
        return pvr_hdf5_fail(error, file->path, what);
    }
    enum pvr_status status = PVR_OK;
    int rank = 0;
    hid_t type = -1, space = -1;
    if (H5Iget_type(id) != H5I_DATASET) {
        status = pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s: is no dataset", file->path, what);
    } else if ((type = H5Dget_type(id)) < 0 || (space = H5Dget_space(id)) < 0) {
        status = pvr_hdf5_fail(error, file->path, what);
    } else {
        object->type = pvr_jld2_type_make(type);
        if (object->type == NULL || !count_values(space, object, &rank)) {
            status = pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s: its type or size makes no sense",
                              file->path, what);
        }
    }
    if (status == PVR_OK && object->count > 0) {
        status = find_bytes(file, id, rank, what, object, error);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    H5Oclose(id);
    return status;
}

void pvr_jld2_object_free(struct pvr_jld2_object *object) {
    pvr_jld2_type_free(object->type);
    free(object->chunk);
    memset(object, 0, sizeof *object);
}

uint64_t pvr_jld2_bytes(const struct pvr_jld2_object *object) {
    /* (a size is below 2^32, a count below 2^44) */
    return object->type->size > 0 && object->count > UINT64_MAX / object->type->size
               ? UINT64_MAX
               : object->count * object->type->size;
}
