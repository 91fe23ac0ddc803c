/* pvr_vtk_blocks.h - the appended data of a VTK file: blocks in order through a bounded queue
 * (internal).
 *
 * A *task* is one block of an array of several blocks, or a run of arrays that are one block each.
 * Tasks are begun in the order of the file, by any thread; what a task made waits in a slot until
 * all tasks before it have a place in the file. Whoever made the first one that is missing gives
 * places to all that wait behind it. One thread at a time writes what has a place, while the others
 * go on; one that finds no slot free helps to write.
 */
#ifndef PVR_VTK_BLOCKS_H
#define PVR_VTK_BLOCKS_H

#include "pvr_output_file.h"
#include "pvr_vtk_file.h"

struct pvr_vtk_stored {
    struct pvr_vtk_array array;
    uint64_t offset; /* of its header, from the beginning of the appended data; set by writing */
    /* Of the plan: */
    uint64_t bytes;        /* before compression */
    uint64_t block_tuples; /* of all blocks but the last */
    uint64_t block_bytes;
    uint64_t nblocks;
    uint64_t task;    /* of its first block */
    uint64_t *stored; /* bytes of each block in the file, where there are several */
};

struct pvr_vtk_blocks {
    const char *path; /* for messages */
    struct pvr_vtk_options options;
    size_t narrays;
    struct pvr_vtk_stored *arrays; /* the caller's, in the order of the file */
    uint64_t bytes;                /* of all arrays before compression */
    uint64_t most_bytes;           /* that the appended data can have */
    size_t ntasks;
    struct pvr_vtk_task {
        size_t array;    /* the first */
        uint64_t block;  /* of `array` */
        uint64_t offset; /* in the appended data; set by writing */
    } * tasks;
    size_t raw_bytes;  /* most that a block has before compression */
    size_t made_bytes; /* most that a task makes */
};

/* Divides the arrays into tasks. `options` has no zeros. Free the plan, whatever is returned. */
enum pvr_status pvr_vtk_blocks_plan(struct pvr_vtk_blocks *blocks, struct pvr_error *error);
void pvr_vtk_blocks_free(struct pvr_vtk_blocks *blocks);

/* Bytes that the appended data will have, by compressing a few of the blocks. */
enum pvr_status pvr_vtk_blocks_estimate(const struct pvr_vtk_blocks *blocks, uint64_t *bytes,
                                        struct pvr_error *error);

/* Writes the appended data at `begin` of the file with the team of `job`; *bytes is what it has. */
enum pvr_status pvr_vtk_blocks_write(struct pvr_vtk_blocks *blocks,
                                     const struct pvr_output_file *file, uint64_t begin,
                                     struct pvr_job *job, struct pvr_vtk_statistics *statistics,
                                     uint64_t *bytes, struct pvr_error *error);

/* Adds to a counter that many threads add to. */
static inline void pvr_vtk_count(uint64_t *counter, uint64_t more) {
    __atomic_fetch_add(counter, more, __ATOMIC_RELAXED);
}
/* Nanoseconds since `begin` of pvr_seconds(). */
static inline uint64_t pvr_vtk_nanoseconds(double begin) {
    return (uint64_t)(1e9 * (pvr_seconds() - begin));
}

#endif
