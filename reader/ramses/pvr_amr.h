/* pvr_amr.h - the amr files of an output (internal).
 *
 * amr_NNNNN.outCCCCC: a header, the counts of octs per level and domain (numbl, numbb), the coarse
 * level, then for each level and each domain with octs there a block of records: index, next,
 * prev, ndim centres, father, 2 ndim neighbours, 2^ndim sons, 2^ndim cpu_map, 2^ndim flags. All
 * sizes follow from the counts, so every record's offset is known before it is read. A file's own
 * octs are those of domain == file number; the others are copies.
 * Source: RAMSES, amr/output_amr.f90 (subroutine backup_amr).
 */
#ifndef PVR_AMR_H
#define PVR_AMR_H

#include "pvr_file.h"

struct pvr_amr_header {
    int32_t ncpu, ndim, ncoarse[3] /* nx, ny, nz */, nlevelmax, ngridmax, nboundary;
    double boxlen, time;
    int32_t nstep, nstep_coarse;
    uint32_t real_bytes; /* of real(dp): 8, or 4 in single precision builds */
    uint64_t counts;     /* offset of record numbl */
};

/* The physical box among the coarse cells: what boundary conditions add around it is left out. */
struct pvr_coarse_box {
    uint32_t corner[3]; /* first physical coarse cell on each axis */
    uint32_t count[3];  /* physical coarse cells on each axis */
};

/* Reads the records up to numbl. `first` is null for the first file of an output (its encoding is
 * then found out), else that file's header: what must be equal is compared. */
enum pvr_status pvr_amr_read_header(struct pvr_file *file, const struct pvr_amr_header *first,
                                    struct pvr_amr_header *header, struct pvr_error *error);

enum { PVR_ORDERING_LENGTH = 128 };

/* Reads how the box is cut into domains: the name of the ordering, the bounds of the domains along
 * it (*nkeys numbers in *keys, to be freed; none for bisection), and the octs of all domains on
 * each level as this file counts them (total[level - 1]; 0 where it holds no count). */
enum pvr_status pvr_amr_read_cuts(const struct pvr_file *file, const struct pvr_amr_header *header,
                                  uint64_t total[64], char ordering[PVR_ORDERING_LENGTH + 1],
                                  double **keys, uint64_t *nkeys, struct pvr_error *error);

/* Sizes in a block of `noct` octs: of a record of integers and of reals with their markers, the
 * offsets of the centres and sons from the block's start, and the whole. */
struct pvr_amr_block {
    uint64_t integer, real;
    uint64_t centres, sons, all;
};
struct pvr_amr_block pvr_amr_block(const struct pvr_amr_header *header, uint32_t marker,
                                   uint64_t noct);

/* Where a file's own octs of a level stand. */
struct pvr_place {
    uint32_t noct;          /* own octs */
    uint32_t blocks_before; /* blocks that have octs before this one, all levels and domains */
    uint64_t octs_before;   /* octs in these */
};

/* Reads the counts and gives the places of the own octs of domain `domain` (from 1) on all levels
 * in place[level - 1] (place[nlevelmax] says what stands before the file's end: all blocks and octs
 * of the file, copies included), the offset of the first block, and (if `box` is not null) the
 * physical box as the coarse cells' domains tell it. Checks that the file is as long as the counts
 * ask. */
enum pvr_status pvr_amr_read_places(const struct pvr_file *file,
                                    const struct pvr_amr_header *header, int domain,
                                    struct pvr_place *place, uint64_t *body,
                                    struct pvr_coarse_box *box, struct pvr_error *error);

/* Reads octs first .. first + count - 1 of the own block of `level`: their place on the grid of
 * level - 1, counted from `box`'s corner (if `coordinate` is not null), and (if `refined` is not
 * null) a byte with bit c set if cell c has a son. `scratch` has pvr_amr_scratch_bytes(); what was
 * read is added to *bytes_read.
 */
enum pvr_status pvr_amr_read_octs(const struct pvr_file *file, const struct pvr_amr_header *header,
                                  uint64_t body, const struct pvr_place *place, int level,
                                  const struct pvr_coarse_box *box, uint64_t first, uint64_t count,
                                  void *scratch, uint32_t (*coordinate)[3], uint8_t *refined,
                                  uint64_t *bytes_read, struct pvr_error *error);
size_t pvr_amr_scratch_bytes(uint64_t count);

/* Asks the system for the bytes that pvr_amr_read_octs will read. */
void pvr_amr_prefetch(const struct pvr_file *file, const struct pvr_amr_header *header,
                      uint64_t body, const struct pvr_place *place, uint64_t first, uint64_t count,
                      bool centres, bool sons);

/* Offset of the own block of `place`. */
uint64_t pvr_amr_block_offset(const struct pvr_amr_header *header, uint32_t marker, uint64_t body,
                              const struct pvr_place *place);

#endif
