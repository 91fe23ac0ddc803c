/* pvr_particle_chunk.h - reading the columns of one chunk of particles (internal). */
#ifndef PVR_PARTICLE_CHUNK_H
#define PVR_PARTICLE_CHUNK_H

#include "pvr_particle_fill.h"

enum {
    PVR_CHUNK_STEP = 1 << 14,                 /* values that are computed at a time */
    PVR_CHUNK_WORDS = PVR_PARTICLE_CHUNK / 64 /* of the mask */
};

/* A chunk with its open file and the parts of the worker's buffer. */
struct pvr_chunk_reading {
    struct pvr_particle_work *work;
    const struct pvr_particle_chunk *chunk;
    struct pvr_file file;
    char *path;
    struct pvr_worker *worker;
    uint32_t *index; /* of the kept ones in the chunk; null: all */
    double *number;  /* PVR_CHUNK_STEP */
    double *place;   /* 3 PVR_CHUNK_STEP */
    int64_t *whole;  /* PVR_CHUNK_STEP */
    int8_t *family;  /* of all of the chunk */
    char *raw;
    size_t raw_bytes;
};

/* Opens the file of chunk `task`; pvr_chunk_end in any case. */
enum pvr_status pvr_chunk_begin(struct pvr_chunk_reading *reading, struct pvr_particle_work *work,
                                size_t task, struct pvr_worker *worker, struct pvr_error *error);
void pvr_chunk_end(struct pvr_chunk_reading *reading);

/* Bytes of a column's values. */
uint32_t pvr_chunk_width(const struct pvr_chunk_reading *reading, int column);

/* Values first .. first + count - 1 of the chunk, as they stand in the file. */
enum pvr_status pvr_chunk_column(struct pvr_chunk_reading *reading, int column, uint64_t first,
                                 uint64_t count, void *to, struct pvr_error *error);
/* At most PVR_CHUNK_STEP of them, into reading->number or reading->whole, by way of raw. */
enum pvr_status pvr_chunk_reals(struct pvr_chunk_reading *reading, int column, uint64_t first,
                                uint64_t count, struct pvr_error *error);
enum pvr_status pvr_chunk_whole(struct pvr_chunk_reading *reading, int column, uint64_t first,
                                uint64_t count, struct pvr_error *error);
/* The family of all of the chunk, from their column or by the older rules, into reading->family. */
enum pvr_status pvr_chunk_family(struct pvr_chunk_reading *reading, struct pvr_error *error);

/* Bytes that this reads of each particle. */
uint64_t pvr_chunk_family_bytes(const struct pvr_particle_work *work);

/* True for what has a time of birth. */
bool pvr_is_born(int family, double birth);

#endif
