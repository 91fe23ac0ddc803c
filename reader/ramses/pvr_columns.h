/* pvr_columns.h - the files with values for the cells: hydro_, grav_, rt_ and
 * clump_field_NNNNN.outCCCCC (internal).
 *
 * After a header, for each level and each domain (copies and boundaries too): records `ilevel` and
 * `ncache`, and if ncache > 0, for each of the 2^ndim cells of an oct and each variable one record
 * of ncache reals. Offsets follow from the counts of the amr file of the same domain.
 * Source: RAMSES, hydro/output_hydro.f90 (subroutine backup_hydro).
 */
#ifndef PVR_COLUMNS_H
#define PVR_COLUMNS_H

#include "pvr_amr.h"
#include "pvr_fields.h"
#include "pvr_threads.h"

struct pvr_columns_header {
    int32_t nvar;
    double gamma;         /* adiabatic index; 0 where the kind has none */
    uint32_t value_bytes; /* of a real(dp), 8 or 4; of an integer, 4 */
    uint64_t body;        /* offset of the first level's records */
};

/* The beginning of a kind's file names: "hydro", "grav", "rt", "clump_field". */
const char *pvr_file_kind_name(enum pvr_file_kind kind);

/* Reads and checks the header against the amr file's; file->encoding must be set. `nvar` is what
 * the descriptor says, for the kind that has no header of its own (clump_field). */
enum pvr_status pvr_columns_read_header(const struct pvr_file *file, enum pvr_file_kind kind,
                                        const struct pvr_amr_header *amr, int nvar,
                                        struct pvr_columns_header *header, struct pvr_error *error);

/* Checks that the file is as long as the amr file's counts ask; `place` has the nlevelmax + 1
 * entries of pvr_amr_read_places. */
enum pvr_status pvr_columns_check_size(const struct pvr_file *file,
                                       const struct pvr_amr_header *amr,
                                       const struct pvr_columns_header *header,
                                       const struct pvr_place *place, struct pvr_error *error);

/* A run of octs of a file's own block. */
struct pvr_columns_piece {
    int domain; /* from 1 */
    int level;
    struct pvr_place place;
    uint64_t first, count;
};

/* Checks the records ilevel and ncache of the piece's block. */
enum pvr_status pvr_columns_check_block(const struct pvr_file *file,
                                        const struct pvr_amr_header *amr,
                                        const struct pvr_columns_header *header,
                                        const struct pvr_columns_piece *piece, uint64_t *bytes_read,
                                        struct pvr_error *error);

/* Reads `ncolumns` columns of the piece for all cells of its octs. data[v * 2^ndim + c] gets a
 * pointer into `scratch` to piece->count values of value_bytes each in this machine's byte order,
 * for column[v] and cell c; they are not aligned. Markers are checked. What is read counts as the
 * worker's; PVR_CANCELLED where its job is to end early. */
enum pvr_status pvr_columns_read(const struct pvr_file *file, const struct pvr_amr_header *amr,
                                 const struct pvr_columns_header *header,
                                 const struct pvr_columns_piece *piece, const int *column,
                                 int ncolumns, void *scratch, const char **data,
                                 struct pvr_worker *worker, struct pvr_error *error);
/* Scratch memory that pvr_columns_read needs. */
size_t pvr_columns_scratch_bytes(const struct pvr_amr_header *amr,
                                 const struct pvr_columns_header *header, uint64_t count,
                                 int ncolumns);

/* Reads all columns of a whole block in one go: as pvr_columns_read, with ncolumns = nvar and
 * column[v] = v. Fewer, larger requests; the scratch memory holds the whole block. */
enum pvr_status pvr_columns_read_block(const struct pvr_file *file,
                                       const struct pvr_amr_header *amr,
                                       const struct pvr_columns_header *header,
                                       const struct pvr_columns_piece *piece, void *scratch,
                                       const char **data, uint64_t *bytes_read,
                                       struct pvr_error *error);
size_t pvr_columns_block_bytes(const struct pvr_amr_header *amr, uint32_t marker,
                               const struct pvr_columns_header *header, uint64_t noct);

/* Asks the system for the bytes that pvr_columns_read will read. */
void pvr_columns_prefetch(const struct pvr_file *file, const struct pvr_amr_header *amr,
                          const struct pvr_columns_header *header,
                          const struct pvr_columns_piece *piece, const int *column, int ncolumns);

/* Offset of the record of column `column` and cell `cell` of the piece's block, and the bytes of
 * each of its records, markers included. */
uint64_t pvr_columns_record(const struct pvr_encoding *encoding, const struct pvr_amr_header *amr,
                            const struct pvr_columns_header *header,
                            const struct pvr_columns_piece *piece, int column, int cell,
                            uint64_t *bytes);

#endif
