/* pvr_pieces.c - cutting an output's octs into tasks. */
#include "pvr_pieces.h"

#include <stdlib.h>
#include <string.h>

/* Counts the pieces and tasks (with null arrays), or fills them. */
static void cut(const struct pvr_domains *domains, int low, int high, const uint64_t *levels,
                struct pvr_pieces *pieces, uint64_t *level_base) {
    pieces->npieces = pieces->ntasks = 0;
    uint64_t in_task = 0; /* octs of the task that is being filled */
    memset(level_base, 0, 64 * sizeof *level_base);
    for (int domain = 1; domain <= domains->ndomains; domain++) {
        bool open = false;
        for (int level = low; level <= high; level++) {
            bool wanted = levels == NULL || (levels[domain - 1] >> level & 1) != 0;
            uint64_t noct = wanted ? pvr_domains_place(domains, domain, level)->noct : 0;
            for (uint64_t first = 0; first < noct; first += PVR_PIECE_OCTS) {
                uint64_t count = noct - first < PVR_PIECE_OCTS ? noct - first : PVR_PIECE_OCTS;
                if (!open || in_task + count > PVR_PIECE_OCTS) {
                    open = true;
                    in_task = 0;
                    if (pieces->task != NULL) {
                        pieces->task[pieces->ntasks].first = pieces->npieces;
                    }
                    pieces->ntasks++;
                }
                if (pieces->piece != NULL) {
                    pieces->piece[pieces->npieces] = (struct pvr_piece){
                        domain, level, first, count, level_base[level] + first, count, 0};
                    pieces->task[pieces->ntasks - 1].count++;
                    pieces->cost[pieces->ntasks - 1] += count;
                }
                in_task += count;
                pieces->npieces++;
            }
            level_base[level] += noct;
        }
    }
}

static enum pvr_status fail_memory(struct pvr_pieces *pieces, struct pvr_error *error) {
    size_t npieces = pieces->npieces;
    pvr_pieces_free(pieces);
    return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %zu pieces", npieces);
}

enum pvr_status pvr_pieces_cut(const struct pvr_domains *domains, int low, int high,
                               const uint64_t *levels, struct pvr_pieces *pieces,
                               struct pvr_error *error) {
    uint64_t level_base[64];
    memset(pieces, 0, sizeof *pieces);
    cut(domains, low, high, levels, pieces, level_base);
    pieces->piece = calloc(pieces->npieces + 1, sizeof *pieces->piece);
    pieces->task = calloc(pieces->ntasks + 1, sizeof *pieces->task);
    pieces->cost = calloc(pieces->ntasks + 1, sizeof *pieces->cost);
    if (pieces->piece == NULL || pieces->task == NULL || pieces->cost == NULL) {
        return fail_memory(pieces, error);
    }
    cut(domains, low, high, levels, pieces, level_base);
    return PVR_OK;
}

enum pvr_status pvr_pieces_copy(const struct pvr_pieces *from, int high, struct pvr_pieces *pieces,
                                struct pvr_error *error) {
    *pieces = (struct pvr_pieces){
        .npieces = from->npieces, .ntasks = from->ntasks, .npicks = from->npicks};
    pieces->piece = calloc(from->npieces + 1, sizeof *pieces->piece);
    pieces->task = calloc(from->ntasks + 1, sizeof *pieces->task);
    pieces->cost = calloc(from->ntasks + 1, sizeof *pieces->cost);
    if (from->pick != NULL) {
        pieces->pick = malloc((from->npicks + 1) * sizeof *pieces->pick);
    }
    if (pieces->piece == NULL || pieces->task == NULL || pieces->cost == NULL ||
        (from->pick != NULL && pieces->pick == NULL)) {
        return fail_memory(pieces, error);
    }
    if (from->pick != NULL) {
        memcpy(pieces->pick, from->pick, from->npicks * sizeof *pieces->pick);
    }
    pieces->npieces = pieces->ntasks = 0;
    for (size_t t = 0; t < from->ntasks; t++) {
        struct pvr_piece_task task = {pieces->npieces, 0};
        uint64_t cost = 0;
        for (size_t i = from->task[t].first; i < from->task[t].first + from->task[t].count; i++) {
            if (from->piece[i].level <= high) {
                pieces->piece[pieces->npieces++] = from->piece[i];
                cost += from->piece[i].count;
                task.count++;
            }
        }
        if (task.count > 0) {
            pieces->cost[pieces->ntasks] = cost;
            pieces->task[pieces->ntasks++] = task;
        }
    }
    return PVR_OK;
}

void pvr_piece_crop(struct pvr_pieces *pieces, struct pvr_piece *piece) {
    uint16_t *pick = pieces->pick + pieces->npicks;
    uint16_t before = pick[0];
    piece->pick = pieces->npicks;
    pieces->npicks += (size_t)piece->kept;
    piece->first += before;
    piece->count = (uint64_t)(pick[piece->kept - 1] - before) + 1;
    for (uint64_t i = 0; i < piece->kept; i++) {
        pick[i] = (uint16_t)(pick[i] - before);
    }
}

void pvr_pieces_drop_empty(struct pvr_pieces *pieces) {
    size_t npieces = 0, ntasks = 0;
    for (size_t t = 0; t < pieces->ntasks; t++) {
        struct pvr_piece_task from = pieces->task[t], task = {npieces, 0};
        uint64_t cost = 0;
        for (size_t i = from.first; i < from.first + from.count; i++) {
            if (pieces->piece[i].kept > 0) {
                pieces->piece[npieces++] = pieces->piece[i];
                cost += pieces->piece[i].count;
                task.count++;
            }
        }
        if (task.count > 0) {
            pieces->cost[ntasks] = cost;
            pieces->task[ntasks++] = task;
        }
    }
    pieces->npieces = npieces;
    pieces->ntasks = ntasks;
}

void pvr_pieces_free(struct pvr_pieces *pieces) {
    free(pieces->piece);
    free(pieces->task);
    free(pieces->cost);
    free(pieces->pick);
    memset(pieces, 0, sizeof *pieces);
}

enum pvr_status pvr_pieces_open(const struct pvr_layout *layout, const char *kind, int domain,
                                struct pvr_file *file, char **path, struct pvr_error *error) {
    file->fd = -1;
    *path = pvr_layout_path(layout, kind, domain);
    if (*path == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    enum pvr_status status = pvr_file_open(file, *path, error);
    file->encoding = layout->encoding;
    return status;
}

enum pvr_status pvr_piece_read_octs(const struct pvr_layout *layout,
                                    const struct pvr_domains *domains, const struct pvr_file *file,
                                    const struct pvr_piece *piece, struct pvr_worker *worker,
                                    uint32_t (*coordinate)[3], uint8_t *refined,
                                    struct pvr_error *error) {
    void *scratch = pvr_worker_buffer(worker, pvr_amr_scratch_bytes(piece->count));
    if (scratch == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a read buffer");
    }
    uint64_t bytes = 0;
    enum pvr_status status = pvr_amr_read_octs(
        file, &layout->amr, domains->amr_body[piece->domain - 1],
        pvr_domains_place(domains, piece->domain, piece->level), piece->level, &layout->box,
        piece->first, piece->count, scratch, coordinate, refined, &bytes, error);
    pvr_job_add_read(worker, bytes);
    return status;
}

struct pvr_piece pvr_piece_ahead(const struct pvr_pieces *pieces, const struct pvr_domains *domains,
                                 const struct pvr_piece *piece) {
    struct pvr_piece ahead = *piece;
    if (pieces->pick == NULL) {
        uint64_t left =
            pvr_domains_place(domains, piece->domain, piece->level)->noct - piece->first;
        ahead.count = piece->first % PVR_AHEAD_OCTS != 0 ? 0
                      : left < PVR_AHEAD_OCTS            ? left
                                                         : PVR_AHEAD_OCTS;
    }
    return ahead;
}

void pvr_piece_prefetch_octs(const struct pvr_layout *layout, const struct pvr_domains *domains,
                             const struct pvr_file *file, const struct pvr_piece *piece,
                             bool centres, bool sons) {
    pvr_amr_prefetch(file, &layout->amr, domains->amr_body[piece->domain - 1],
                     pvr_domains_place(domains, piece->domain, piece->level), piece->first,
                     piece->count, centres, sons);
}

struct pvr_columns_piece pvr_piece_columns(const struct pvr_domains *domains,
                                           const struct pvr_piece *piece) {
    return (struct pvr_columns_piece){piece->domain, piece->level,
                                      *pvr_domains_place(domains, piece->domain, piece->level),
                                      piece->first, piece->count};
}
