/* pvr_jld2_object.c - what an object of a JLD2 file holds, and where its bytes stand. */
#include "pvr_jld2_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

/* The messages of a dataset, as they are read one after the other. */
struct dataset {
    const struct pvr_jld2 *file;
    struct pvr_jld2_object *object;
    bool has_space, has_layout;
    int rank;
    uint64_t first_dimension;
    uint8_t layout[256]; /* the layout message; what is longer is compact data */
    struct pvr_jld2_message layout_message;
    const char *wrong; /* what makes no sense; static */
};

static void read_space(struct dataset *dataset, const uint8_t *body, uint32_t bytes) {
    struct pvr_jld2_object *object = dataset->object;
    int version = bytes >= 4 ? body[0] : 0, rank = bytes >= 4 ? body[1] : 0;
    uint32_t at = version == 1 ? 8 : 4;
    if ((version != 1 && version != 2) || rank > 32 || bytes < at + 8 * (uint32_t)rank) {
        dataset->wrong = "its size makes no sense";
        return;
    }
    bool null = version == 2 && body[3] == 2;
    object->scalar = rank == 0 && !null;
    object->count = null ? 0 : 1;
    dataset->rank = rank;
    dataset->first_dimension = rank > 0 ? pvr_jld2_little(body + at, 8) : 1;
    for (int axis = 0; axis < rank; axis++) {
        uint64_t dimension = pvr_jld2_little(body + at + 8 * axis, 8);
        if (dimension != 0 && object->count > (UINT64_MAX >> 20) / dimension) {
            dataset->wrong = "its size makes no sense";
            return;
        }
        object->count *= dimension;
    }
    dataset->has_space = true;
}

static bool take_type(void *context, const struct pvr_jld2_message *message) {
    struct pvr_jld2_type **type = context;
    if (message->type == PVR_MESSAGE_DATATYPE && !message->shared) {
        pvr_jld2_type_free(*type);
        *type = pvr_jld2_type_parse(message->body, message->bytes);
        return false;
    }
    return true;
}

/* The type, which may be an object of its own. */
static void read_type(struct dataset *dataset, const struct pvr_jld2_message *message) {
    struct pvr_jld2_type **type = &dataset->object->type;
    if (!message->shared) {
        take_type(type, message);
    } else if (message->bytes >= 10 && message->body[0] >= 2 && message->body[0] <= 3 &&
               message->body[1] != 1) {
        pvr_jld2_messages(dataset->file, pvr_jld2_little(message->body + 2, 8), take_type, type);
    }
    if (*type == NULL) {
        dataset->wrong = "its type makes no sense";
    }
}

static void read_filters(struct dataset *dataset, const uint8_t *body, uint32_t bytes) {
    struct pvr_jld2_object *object = dataset->object;
    int version = bytes >= 2 ? body[0] : 0, count = bytes >= 2 ? body[1] : 0;
    uint64_t at = version == 1 ? 8 : 2;
    bool right = (version == 1 || version == 2) && count <= PVR_JLD2_MOST_FILTERS;
    for (int i = 0; right && i < count; i++) {
        struct pvr_jld2_filter *filter = &object->filter[i];
        bool named = version == 1 || (bytes >= at + 2 && pvr_jld2_little(body + at, 2) >= 256);
        uint64_t head = named ? 8 : 6;
        right = bytes >= at + head;
        if (!right) {
            break;
        }
        uint64_t length = named ? pvr_jld2_little(body + at + 2, 2) : 0;
        uint64_t values = pvr_jld2_little(body + at + head - 2, 2);
        uint64_t padded = version == 1 ? (length + 7) / 8 * 8 : length;
        uint64_t after = at + head + padded + 4 * (values + (version == 1 && values % 2 == 1));
        right = after <= bytes;
        if (right) {
            size_t room = sizeof filter->name - 1;
            filter->id = (int)pvr_jld2_little(body + at, 2);
            memcpy(filter->name, body + at + head, length < room ? length : room);
            filter->parameters = (uint32_t)values;
            filter->parameter =
                values > 0 ? (uint32_t)pvr_jld2_little(body + at + head + padded, 4) : 0;
            object->nfilters = i + 1;
        }
        at = after;
    }
    if (!right) {
        dataset->wrong = "its filters make no sense";
    }
}

static bool read_message(void *context, const struct pvr_jld2_message *message) {
    struct dataset *dataset = context;
    switch (message->shared && message->type != PVR_MESSAGE_DATATYPE ? 0 : message->type) {
    case PVR_MESSAGE_DATASPACE:
        read_space(dataset, message->body, message->bytes);
        break;
    case PVR_MESSAGE_DATATYPE:
        read_type(dataset, message);
        break;
    case PVR_MESSAGE_FILTERS:
        read_filters(dataset, message->body, message->bytes);
        break;
    case PVR_MESSAGE_LAYOUT: {
        uint32_t room = sizeof dataset->layout;
        memcpy(dataset->layout, message->body, message->bytes < room ? message->bytes : room);
        dataset->layout_message = *message;
        dataset->has_layout = true;
        break;
    }
    default:
        break;
    }
    return dataset->wrong == NULL;
}

/* ---- where the bytes stand --------------------------------------------------------------------
 */

static const char misplaced[] = "its bytes are not where its header says: truncated or spoilt";

static bool stands_in_file(const struct pvr_jld2 *file, uint64_t offset, uint64_t bytes) {
    return offset <= file->identity.size && bytes <= file->identity.size - offset;
}

/* Several chunks, as other programs may have written: libhdf5 knows where. Its versions differ in
 * whether the text before the superblock counts: told by the chunk's bytes. */
static const char *many_chunks(struct pvr_jld2 *file, struct pvr_jld2_object *object) {
    static const char missing[] = "a chunk is missing";
    hid_t id =
        pvr_jld2_hdf5(file) >= 0 ? H5Oopen_by_addr(pvr_jld2_hdf5(file), object->address) : -1;
    uint64_t base = 0;
    const char *problem = id >= 0 && H5Iget_type(id) == H5I_DATASET ? NULL : missing;
    for (uint64_t i = 0; problem == NULL && i < object->nchunks; i++) {
        hsize_t first = i * object->chunk_rows, bytes = 0;
        haddr_t address = HADDR_UNDEF;
        unsigned mask = 0;
        if (H5Dget_chunk_info_by_coord(id, &first, &mask, &address, &bytes) < 0 ||
            address == HADDR_UNDEF || !stands_in_file(file, address, bytes)) {
            problem = missing;
            break;
        }
        if (i == 0) {
            uint8_t *right = malloc(bytes + 1), *here = malloc(bytes + 1);
            uint32_t filters = 0;
            bool told = right != NULL && here != NULL &&
                        H5Dread_chunk(id, H5P_DEFAULT, &first, &filters, right) >= 0;
            bool plain = told && pvr_jld2_pread(file, address, here, bytes) &&
                         memcmp(right, here, bytes) == 0;
            told = told && (plain || (pvr_jld2_pread(file, file->base + address, here, bytes) &&
                                      memcmp(right, here, bytes) == 0));
            free(right);
            free(here);
            problem = told ? NULL : misplaced;
            base = plain ? 0 : file->base;
        }
        object->chunk[i] = (struct pvr_jld2_chunk){base + address, bytes, mask};
    }
    if (id >= 0) {
        H5Oclose(id);
    }
    return problem;
}

/* Columns have one dimension; the last of the layout's is the size of a value. */
static const char *find_chunks(struct pvr_jld2 *file, const struct dataset *dataset) {
    struct pvr_jld2_object *object = dataset->object;
    const uint8_t *body = dataset->layout;
    uint32_t bytes = dataset->layout_message.bytes;
    bool new = body[0] == 4;
    int width = new &&bytes >= 5 ? body[4] : 4; /* of a dimension */
    uint32_t at = new ? 5 : 11, dimensions = at <= bytes ? body[new ? 3 : 2] : 0;
    if (dimensions != 2 || dataset->rank != 1) {
        return "its chunks have more dimensions than a column";
    }
    if (width < 1 || width > 8 || bytes < at + 2 * (uint32_t)width + (new ? 1 : 0)) {
        return misplaced;
    }
    uint64_t rows = pvr_jld2_little(body + at, width);
    if (rows == 0 || pvr_jld2_little(body + at + width, width) != object->type->size) {
        return "its chunks make no sense";
    }
    object->chunk_rows = rows;
    object->nchunks = object->count / rows + (object->count % rows != 0);
    /* every chunk has a byte of its own */
    object->chunk = object->nchunks < file->identity.size
                        ? calloc(object->nchunks + 1, sizeof *object->chunk)
                        : NULL;
    if (object->chunk == NULL) {
        return "its chunks do not fit into the file";
    }
    at += 2 * (uint32_t)width;
    bool filtered = new && (body[2] & 2) != 0;
    const char *problem = NULL;
    if (new &&body[at] == 1 && rows == object->count) { /* one for all */
        struct pvr_jld2_chunk *chunk = object->chunk;
        at++;
        if (bytes < at + (filtered ? 20 : 8)) {
            return misplaced;
        }
        chunk->bytes = filtered ? pvr_jld2_little(body + at, 8) : pvr_jld2_bytes(object);
        chunk->skipped = filtered ? (uint32_t)pvr_jld2_little(body + at + 8, 4) : 0;
        uint64_t address = pvr_jld2_little(body + at + (filtered ? 12 : 0), 8);
        chunk->offset = address <= file->identity.size ? file->base + address : UINT64_MAX;
    } else if (rows > UINT32_MAX / object->type->size) {
        problem = "its chunks are larger than HDF5 allows";
    } else {
        problem = many_chunks(file, object);
    }
    for (uint64_t i = 0; problem == NULL && i < object->nchunks; i++) {
        if (!stands_in_file(file, object->chunk[i].offset, object->chunk[i].bytes)) {
            problem = misplaced;
        }
    }
    return problem;
}

static const char *find_bytes(struct pvr_jld2 *file, const struct dataset *dataset) {
    struct pvr_jld2_object *object = dataset->object;
    const uint8_t *body = dataset->layout;
    uint32_t length = dataset->layout_message.bytes;
    uint64_t bytes = pvr_jld2_bytes(object);
    if (length < 4 || (body[0] != 3 && body[0] != 4) || body[1] > 2 ||
        (body[1] == 1 && length < 18)) {
        return misplaced;
    }
    if (body[1] == 2) {
        object->layout = PVR_JLD2_CHUNKED;
        return find_chunks(file, dataset);
    }
    if (body[1] == 0) {
        object->layout = PVR_JLD2_COMPACT;
        object->offset = dataset->layout_message.offset + 4;
        bool right = pvr_jld2_little(body + 2, 2) >= bytes && length - 4 >= bytes;
        return right ? NULL : misplaced;
    }
    uint64_t address = pvr_jld2_little(body + 2, 8);
    object->layout = PVR_JLD2_CONTIGUOUS;
    object->offset = address <= file->identity.size ? file->base + address : UINT64_MAX;
    bool right = bytes == 0 || (pvr_jld2_little(body + 10, 8) >= bytes &&
                                stands_in_file(file, object->offset, bytes));
    return right ? NULL : misplaced;
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
    struct dataset dataset = {.file = file, .object = object};
    const char *wrong = NULL;
    if (!pvr_jld2_messages(file, address, read_message, &dataset)) {
        wrong = "its header is spoilt: the checksum is wrong";
    } else if (dataset.wrong != NULL) {
        wrong = dataset.wrong;
    } else if (object->type == NULL || !dataset.has_space ||
               (object->count > 0 && !dataset.has_layout)) {
        wrong = "is no dataset";
    } else if (object->count > 0) {
        wrong = find_bytes(file, &dataset);
    }
    return wrong == NULL ? PVR_OK
                         : pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s: %s", file->path, what, wrong);
}

void pvr_jld2_object_free(struct pvr_jld2_object *object) {
    pvr_jld2_type_free(object->type);
    free(object->chunk);
    memset(object, 0, sizeof *object);
}

uint64_t pvr_jld2_bytes(const struct pvr_jld2_object *object) {
    /* (a count is below 2^44) */
    return object->type->size > 0 && object->count > UINT64_MAX / object->type->size
               ? UINT64_MAX
               : object->count * object->type->size;
}
