/* pvr_pack.c - putting values into a row of bytes and taking them out, checked. */
#include "pvr_pack.h"

#include <stdlib.h>
#include <string.h>

void pvr_bytes_free(struct pvr_bytes *bytes) {
    free(bytes->data);
    memset(bytes, 0, sizeof *bytes);
}

struct mark {
    uint64_t order; /* tells the byte order */
    char version[24], what[8];
};

static struct mark make_mark(const char *what) {
    struct mark mark = {.order = UINT64_C(0x0102030405060708)};
    strncpy(mark.version, PVRAMSES_VERSION, sizeof mark.version - 1);
    memcpy(mark.what, what, strnlen(what, sizeof mark.what));
    return mark;
}

void pvr_pack_begin(struct pvr_packing *packing, const char *what) {
    const struct mark mark = make_mark(what);
    memset(packing, 0, sizeof *packing);
    pvr_pack(packing, &mark, sizeof mark);
}

void pvr_pack(struct pvr_packing *packing, const void *data, size_t size) {
    if (!packing->failed && packing->room - packing->bytes.size < size) {
        size_t room = packing->room + packing->room / 2 + size + 256;
        unsigned char *grown = realloc(packing->bytes.data, room);
        packing->failed = grown == NULL;
        packing->bytes.data = grown != NULL ? grown : packing->bytes.data;
        packing->room = grown != NULL ? room : packing->room;
    }
    if (!packing->failed && size > 0) {
        memcpy(packing->bytes.data + packing->bytes.size, data, size);
        packing->bytes.size += size;
    }
}

void pvr_pack_text(struct pvr_packing *packing, const char *text) {
    uint64_t length = text != NULL ? strlen(text) + 1 : 0;
    pvr_pack(packing, &length, sizeof length);
    pvr_pack(packing, text, (size_t)length);
}

enum pvr_status pvr_pack_end(struct pvr_packing *packing, struct pvr_bytes *bytes,
                             struct pvr_error *error) {
    *bytes = packing->bytes;
    if (packing->failed) {
        pvr_bytes_free(bytes);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for what another process is to know");
    }
    return PVR_OK;
}

enum pvr_status pvr_unpack_begin(struct pvr_unpacking *unpacking, const void *data, size_t size,
                                 const char *what, struct pvr_error *error) {
    const struct mark mine = make_mark(what);
    struct mark mark;
    *unpacking = (struct pvr_unpacking){.data = data, .size = size};
    pvr_unpack(unpacking, &mark, sizeof mark);
    mark.version[sizeof mark.version - 1] = '\0';
    if (unpacking->failed || mark.order != mine.order ||
        memcmp(mark.what, mine.what, sizeof mine.what) != 0) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "what another process sent is not what was waited for (%s)", what);
    }
    if (strcmp(mark.version, mine.version) != 0) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                        "another process runs version %s of pvramses, this one %s: they must be "
                        "the same",
                        mark.version, mine.version);
    }
    return PVR_OK;
}

void pvr_unpack(struct pvr_unpacking *unpacking, void *data, size_t size) {
    unpacking->failed = unpacking->failed || unpacking->size - unpacking->at < size;
    if (unpacking->failed) {
        memset(data, 0, size);
    } else {
        memcpy(data, unpacking->data + unpacking->at, size);
        unpacking->at += size;
    }
}

void *pvr_unpack_array(struct pvr_unpacking *unpacking, uint64_t count, size_t size) {
    unpacking->failed =
        unpacking->failed || count > (unpacking->size - unpacking->at) / (size > 0 ? size : 1);
    void *data = unpacking->failed ? NULL : malloc((size_t)count * size + 1);
    unpacking->failed = data == NULL;
    if (data != NULL) {
        pvr_unpack(unpacking, data, (size_t)count * size);
    }
    return data;
}

char *pvr_unpack_text(struct pvr_unpacking *unpacking) {
    uint64_t length;
    pvr_unpack(unpacking, &length, sizeof length);
    char *text = length > 0 ? pvr_unpack_array(unpacking, length, 1) : NULL;
    if (text != NULL && text[length - 1] != '\0') {
        unpacking->failed = true;
        text[length - 1] = '\0';
    }
    return text;
}

enum pvr_status pvr_unpack_end(const struct pvr_unpacking *unpacking, const char *what,
                               struct pvr_error *error) {
    return !unpacking->failed && unpacking->at == unpacking->size
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_FORMAT,
                          "what another process sent (%s) is not what was waited for", what);
}
