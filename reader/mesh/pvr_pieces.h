/* pvr_pieces.h - cutting an output's octs into tasks (internal).
 *
 * A piece is a run of own octs of one level of one domain, at most PVR_PIECE_OCTS of them. Pieces
 * stand domain after domain and level after level; a task is a run of pieces of one domain, so that
 * its file is opened once. The cut does not depend on the number of threads.
 *
 * Of the octs of a piece a part may be kept: the others are read with it and dropped.
 */
#ifndef PVR_PIECES_H
#define PVR_PIECES_H

#include "pvr_domains.h"

enum {
    PVR_PIECE_OCTS = 1 << 14,
    PVR_AHEAD_OCTS = 1 << 17 /* that the system is asked for at a time: 1 MiB of a record */
};

struct pvr_piece {
    int domain; /* from 1 */
    int level;
    uint64_t first, count; /* octs of the domain's own block */
    uint64_t base;         /* place of its first oct (that is kept) among all octs of the level, in
                              the order of the domains */
    uint64_t kept;         /* octs that are kept */
    size_t pick;           /* where they stand in the pieces' `pick` */
};

struct pvr_pieces {
    size_t npieces;
    struct pvr_piece *piece;
    size_t ntasks;
    struct pvr_piece_task {
        size_t first, count; /* pieces */
    } * task;
    uint64_t *cost; /* octs of each task */
    size_t npicks;
    uint16_t *pick; /* for each piece, the octs of it that are kept, rising; null: all are */
};

/* Cuts levels low .. high; unless `levels` is null, of domain d only levels l with bit l in
 * levels[d - 1]. */
enum pvr_status pvr_pieces_cut(const struct pvr_domains *domains, int low, int high,
                               const uint64_t *levels, struct pvr_pieces *pieces,
                               struct pvr_error *error);
/* The octs of a piece that are kept: numbers from its `first`; null: all. */
static inline const uint16_t *pvr_piece_pick(const struct pvr_pieces *pieces,
                                             const struct pvr_piece *piece) {
    return pieces->pick != NULL ? pieces->pick + piece->pick : NULL;
}
/* Takes the next piece->kept > 0 picks for this piece, and leaves out its ends of which nothing is
 * kept. */
void pvr_piece_crop(struct pvr_pieces *pieces, struct pvr_piece *piece);
/* Takes pieces out of which nothing is kept. */
void pvr_pieces_drop_empty(struct pvr_pieces *pieces);
/* Those of levels to `high`. */
enum pvr_status pvr_pieces_copy(const struct pvr_pieces *from, int high, struct pvr_pieces *pieces,
                                struct pvr_error *error);
void pvr_pieces_free(struct pvr_pieces *pieces);

/* Opens the file of `kind` ("amr", "hydro") of a domain without reading it. */
enum pvr_status pvr_pieces_open(const struct pvr_layout *layout, const char *kind, int domain,
                                struct pvr_file *file, char **path, struct pvr_error *error);

/* Reads the octs of one piece from its open amr file (see pvr_amr_read_octs). */
enum pvr_status pvr_piece_read_octs(const struct pvr_layout *layout,
                                    const struct pvr_domains *domains, const struct pvr_file *file,
                                    const struct pvr_piece *piece, struct pvr_worker *worker,
                                    uint32_t (*coordinate)[3], uint8_t *refined,
                                    struct pvr_error *error);

/* What the system is to be asked for ahead of a piece. Storage wants larger requests than a
 * thread's cache: of the pieces that follow one another in a block the first of each PVR_AHEAD_OCTS
 * asks for all of these, the others for none (a count of 0). Where parts are left out each asks for
 * itself. */
struct pvr_piece pvr_piece_ahead(const struct pvr_pieces *pieces, const struct pvr_domains *domains,
                                 const struct pvr_piece *piece);
/* Asks the system for the bytes of one piece's octs: their centres, their sons. */
void pvr_piece_prefetch_octs(const struct pvr_layout *layout, const struct pvr_domains *domains,
                             const struct pvr_file *file, const struct pvr_piece *piece,
                             bool centres, bool sons);

/* The piece as the columns module wants it. */
struct pvr_columns_piece pvr_piece_columns(const struct pvr_domains *domains,
                                           const struct pvr_piece *piece);

#endif
