/* pvr_stream.c - read a snapshot block by block without keeping it. */
#include "pvr_stream.h"

#include "pvr_pieces.h"
#include "pvr_selection.h"
#include "pvr_snapshot_private.h"

#include <stdlib.h>
#include <string.h>

struct pvr_stream {
    struct pvr_snapshot *snapshot;
    const struct pvr_stream_request *request;
    const struct pvr_domains *domains;
    bool has_region;
    struct pvr_selection selection; /* of the region */
    struct pvr_pieces pieces;
    int max_level;
    bool sons_of_last;
    const struct pvr_domain_columns *columns[PVR_FILE_KINDS];
    int *column[PVR_FILE_KINDS]; /* wanted columns of each kind */
    int *place[PVR_FILE_KINDS];  /* their places in the request */
    int ncolumns[PVR_FILE_KINDS];
    pvr_block_fn function;
    void *context;
    size_t first; /* piece of pvr_stream_deliver */
    struct pvr_job *job;
    struct block_memory *memory; /* one for each thread */
};

/* What a thread needs for a block; pieces have at most PVR_PIECE_OCTS octs. */
struct block_memory {
    uint32_t (*coordinate)[3];
    uint8_t *refined;
    uint8_t *outside;
    uint64_t kept;  /* octs of the piece that have a part in the region */
    uint16_t *pick; /* which */
    double *values; /* [variable][cell][oct] */
    const double **value;
    const char **data;
};

/* Settles which levels of which domains are read. */
static enum pvr_status plan_octs(struct pvr_stream *streaming, struct pvr_job *job,
                                 struct pvr_error *error) {
    struct pvr_snapshot *snapshot = streaming->snapshot;
    const struct pvr_region *region = streaming->request->region;
    int asked = streaming->request->max_level, deepest = 0;
    streaming->has_region = region != NULL && region->type != PVR_REGION_NONE;
    enum pvr_status status = PVR_OK;
    if (!streaming->has_region) {
        status = pvr_snapshot_domains(snapshot, job, &streaming->domains, error);
        deepest = status == PVR_OK ? streaming->domains->deepest : 0;
    } else {
        uint64_t octs;
        status = pvr_region_check(region, error);
        if (status == PVR_OK) {
            status = pvr_selection_make(&snapshot->layout, region, &streaming->selection, error);
        }
        if (status == PVR_OK) {
            status = pvr_snapshot_some_domains(snapshot, streaming->selection.levels, job,
                                               &streaming->domains, error);
        }
        if (status == PVR_OK) {
            deepest = pvr_domains_deepest(streaming->domains, streaming->selection.levels, 1,
                                          snapshot->layout.amr.nlevelmax, &octs);
            status = pvr_snapshot_check_depth(snapshot, deepest, error);
        }
    }
    streaming->sons_of_last = asked <= 0 || asked >= deepest;
    streaming->max_level = streaming->sons_of_last ? deepest : asked;
    return status;
}

static enum pvr_status plan(struct pvr_stream *streaming, struct pvr_job *job,
                            struct pvr_error *error) {
    const struct pvr_stream_request *request = streaming->request;
    const struct pvr_field_table *table = &streaming->snapshot->fields;
    for (int kind = 0; kind < PVR_FILE_KINDS; kind++) {
        streaming->column[kind] = calloc((size_t)request->nvariables + 1, sizeof(int));
        streaming->place[kind] = calloc((size_t)request->nvariables + 1, sizeof(int));
        if (streaming->column[kind] == NULL || streaming->place[kind] == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %d variables",
                            request->nvariables);
        }
    }
    for (int i = 0; i < request->nvariables; i++) {
        int variable = request->variables[i];
        if (variable < 0 || variable >= table->nvariables) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: has no variable number %d",
                            streaming->snapshot->path, variable);
        }
        enum pvr_file_kind kind = table->variable[variable].kind;
        streaming->column[kind][streaming->ncolumns[kind]] = table->variable[variable].column;
        streaming->place[kind][streaming->ncolumns[kind]++] = i;
    }
    enum pvr_status status = plan_octs(streaming, job, error);
    const uint64_t *levels = streaming->has_region ? streaming->selection.levels : NULL;
    for (int kind = 0; status == PVR_OK && kind < PVR_FILE_KINDS; kind++) {
        if (streaming->ncolumns[kind] > 0) {
            status = pvr_snapshot_some_columns(streaming->snapshot, (enum pvr_file_kind)kind,
                                               levels, job, &streaming->columns[kind], error);
        }
    }
    if (status != PVR_OK) {
        return status;
    }
    return pvr_pieces_cut(streaming->domains, 1, streaming->max_level, levels, &streaming->pieces,
                          error);
}

static void free_streaming(struct pvr_stream *streaming, int nthreads) {
    for (int t = 0; streaming->memory != NULL && t < nthreads; t++) {
        struct block_memory *memory = &streaming->memory[t];
        free(memory->coordinate);
        free(memory->refined);
        free(memory->outside);
        free(memory->pick);
        free(memory->values);
        free(memory->value);
        free(memory->data);
    }
    free(streaming->memory);
    for (int kind = 0; kind < PVR_FILE_KINDS; kind++) {
        free(streaming->column[kind]);
        free(streaming->place[kind]);
    }
    pvr_pieces_free(&streaming->pieces);
    pvr_selection_free(&streaming->selection);
}

static enum pvr_status allocate_block(const struct pvr_stream *streaming,
                                      struct block_memory *memory, struct pvr_error *error) {
    if (memory->coordinate != NULL) {
        return PVR_OK;
    }
    size_t nvariables = (size_t)streaming->request->nvariables;
    size_t cells = (size_t)1 << streaming->snapshot->info.ndim;
    memory->refined = malloc(PVR_PIECE_OCTS);
    memory->outside = malloc(PVR_PIECE_OCTS);
    memory->pick = malloc(PVR_PIECE_OCTS * sizeof *memory->pick);
    memory->values = malloc((nvariables * cells * PVR_PIECE_OCTS + 1) * sizeof(double));
    memory->value = calloc(nvariables + 1, sizeof *memory->value);
    memory->data = calloc(nvariables * cells + 1, sizeof *memory->data);
    memory->coordinate = malloc(PVR_PIECE_OCTS * sizeof *memory->coordinate);
    if (memory->refined == NULL || memory->outside == NULL || memory->pick == NULL ||
        memory->values == NULL || memory->value == NULL || memory->data == NULL ||
        memory->coordinate == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a block of %zu variables",
                        nvariables);
    }
    return PVR_OK;
}

/* `pick` null: all. */
static void copy_values(double *to, const char *from, const uint16_t *pick, uint64_t count,
                        uint32_t value_bytes, bool whole_numbers) {
    if (value_bytes == 8 && pick == NULL) {
        memcpy(to, from, (size_t)count * 8);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = pick != NULL ? pick[i] : i;
        float value;
        int32_t whole;
        if (value_bytes == 8) {
            memcpy(&to[i], from + 8 * at, 8);
            continue;
        }
        memcpy(&value, from + 4 * at, 4);
        memcpy(&whole, from + 4 * at, 4);
        to[i] = whole_numbers ? (double)whole : (double)value;
    }
}

/* Reads the wanted columns of one kind into memory->values. */
static enum pvr_status read_values(const struct pvr_stream *streaming, enum pvr_file_kind kind,
                                   const struct pvr_file *file, const struct pvr_piece *piece,
                                   struct block_memory *memory, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    const struct pvr_amr_header *amr = &streaming->snapshot->layout.amr;
    const struct pvr_columns_header *header = &streaming->columns[kind]->header[piece->domain - 1];
    struct pvr_columns_piece columns = pvr_piece_columns(streaming->domains, piece);
    int ncolumns = streaming->ncolumns[kind], ncells = 1 << amr->ndim;
    uint64_t bytes = 0;
    void *scratch =
        pvr_worker_buffer(worker, pvr_columns_scratch_bytes(amr, header, piece->count, ncolumns));
    if (scratch == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a read buffer");
    }
    enum pvr_status status = PVR_OK;
    if (piece->first == 0) {
        status = pvr_columns_check_block(file, amr, header, &columns, &bytes, error);
        pvr_job_add_read(worker, bytes);
    }
    if (status == PVR_OK) {
        status = pvr_columns_read(file, amr, header, &columns, streaming->column[kind], ncolumns,
                                  scratch, memory->data, worker, error);
    }
    for (int v = 0; status == PVR_OK && v < ncolumns; v++) {
        double *to =
            memory->values + (uint64_t)streaming->place[kind][v] * (uint64_t)ncells * memory->kept;
        for (int c = 0; c < ncells; c++, to += memory->kept) {
            copy_values(to, memory->data[v * ncells + c],
                        streaming->has_region ? memory->pick : NULL, memory->kept,
                        header->value_bytes, kind == PVR_CLUMP_FIELD);
        }
    }
    return status;
}

/* Leaves the octs of the piece that have a part in the region. */
static void keep_region(const struct pvr_stream *streaming, const struct pvr_piece *piece,
                        struct block_memory *memory) {
    const struct pvr_selection *selection = &streaming->selection;
    memory->kept = 0;
    for (uint64_t i = 0; i < piece->count; i++) {
        const uint32_t *at = memory->coordinate[i];
        if (pvr_selection_has_cell(selection, piece->level - 1, at)) {
            uint64_t to = memory->kept++;
            memory->pick[to] = (uint16_t)i;
            memory->refined[to] = pvr_selection_cut_oct(selection, piece->level, at,
                                                        memory->refined[i], &memory->outside[to]);
            memmove(memory->coordinate[to], at, sizeof memory->coordinate[to]);
        }
    }
}

static enum pvr_status deliver(const struct pvr_stream *streaming, size_t number,
                               const struct pvr_file *files, struct pvr_worker *worker,
                               struct pvr_error *error) {
    const struct pvr_piece *piece = &streaming->pieces.piece[number];
    struct block_memory *memory = &streaming->memory[worker->thread];
    bool sons = piece->level < streaming->max_level || streaming->sons_of_last;
    enum pvr_status status = pvr_piece_read_octs(
        &streaming->snapshot->layout, streaming->domains, &files[PVR_FILE_KINDS], piece, worker,
        memory->coordinate, sons ? memory->refined : NULL, error);
    if (!sons) {
        memset(memory->refined, 0, (size_t)piece->count);
    }
    memory->kept = piece->count;
    if (status == PVR_OK && streaming->has_region) {
        keep_region(streaming, piece, memory);
        if (memory->kept == 0) {
            return PVR_OK;
        }
    }
    for (int kind = 0; status == PVR_OK && kind < PVR_FILE_KINDS; kind++) {
        if (streaming->ncolumns[kind] > 0) {
            status = read_values(streaming, (enum pvr_file_kind)kind, &files[kind], piece, memory,
                                 worker, error);
        }
    }
    if (status != PVR_OK) {
        return status;
    }
    int ndim = streaming->snapshot->info.ndim;
    for (int v = 0; v < streaming->request->nvariables; v++) {
        memory->value[v] = memory->values + ((uint64_t)v << ndim) * memory->kept;
    }
    const struct pvr_block block = {.number = number,
                                    .thread = worker->thread,
                                    .domain = piece->domain,
                                    .level = piece->level,
                                    .ndim = ndim,
                                    .max_level = streaming->max_level,
                                    .noct = memory->kept,
                                    .coordinate = (const uint32_t(*)[3])memory->coordinate,
                                    .refined = memory->refined,
                                    .outside = streaming->has_region ? memory->outside : NULL,
                                    .nvariables = streaming->request->nvariables,
                                    .values = memory->value};
    return streaming->function(streaming->context, &block, error);
}

/* Delivers pieces of one domain. */
static enum pvr_status deliver_pieces(struct pvr_stream *streaming, size_t first, size_t count,
                                      struct pvr_worker *worker, struct pvr_error *error) {
    int domain = streaming->pieces.piece[first].domain;
    struct pvr_file files[PVR_FILE_KINDS + 1]; /* the last: amr */
    char *paths[PVR_FILE_KINDS + 1] = {NULL};
    for (int kind = 0; kind <= PVR_FILE_KINDS; kind++) {
        files[kind].fd = -1;
    }
    enum pvr_status status = allocate_block(streaming, &streaming->memory[worker->thread], error);
    for (int kind = 0; status == PVR_OK && kind <= PVR_FILE_KINDS; kind++) {
        bool amr = kind == PVR_FILE_KINDS;
        if (amr || streaming->ncolumns[kind] > 0) {
            status = pvr_pieces_open(&streaming->snapshot->layout,
                                     amr ? "amr" : pvr_file_kind_name((enum pvr_file_kind)kind),
                                     domain, &files[kind], &paths[kind], error);
        }
    }
    for (size_t i = 0; status == PVR_OK && i < count; i++) {
        status = pvr_job_stopped(worker->job) ? PVR_CANCELLED
                                              : deliver(streaming, first + i, files, worker, error);
    }
    for (int kind = 0; kind <= PVR_FILE_KINDS; kind++) {
        pvr_file_close(&files[kind]);
        free(paths[kind]);
    }
    return status;
}

static enum pvr_status stream_task(void *context, size_t number, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct pvr_stream *streaming = context;
    const struct pvr_piece_task *task = &streaming->pieces.task[number];
    return deliver_pieces(streaming, task->first, task->count, worker, error);
}

static enum pvr_status piece_task(void *context, size_t number, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    struct pvr_stream *streaming = context;
    return deliver_pieces(streaming, streaming->first + number, 1, worker, error);
}

static void prefetch_pieces(const struct pvr_stream *streaming, size_t first, size_t count) {
    const struct pvr_layout *layout = &streaming->snapshot->layout;
    const struct pvr_piece *piece = &streaming->pieces.piece[first];
    for (int kind = 0; kind <= PVR_FILE_KINDS; kind++) {
        bool amr = kind == PVR_FILE_KINDS;
        struct pvr_file file = {.fd = -1};
        char *path = NULL;
        if (!amr && streaming->ncolumns[kind] == 0) {
            continue;
        }
        if (pvr_pieces_open(layout, amr ? "amr" : pvr_file_kind_name((enum pvr_file_kind)kind),
                            piece->domain, &file, &path, NULL) == PVR_OK) {
            for (size_t i = 0; i < count; i++) {
                const struct pvr_piece ahead =
                    pvr_piece_ahead(&streaming->pieces, streaming->domains, &piece[i]);
                if (amr) {
                    bool sons = piece[i].level < streaming->max_level || streaming->sons_of_last;
                    pvr_piece_prefetch_octs(layout, streaming->domains, &file, &ahead, true, sons);
                    continue;
                }
                struct pvr_columns_piece columns = pvr_piece_columns(streaming->domains, &ahead);
                pvr_columns_prefetch(&file, &layout->amr,
                                     &streaming->columns[kind]->header[piece->domain - 1], &columns,
                                     streaming->column[kind], streaming->ncolumns[kind]);
            }
        }
        pvr_file_close(&file);
        free(path);
    }
}

static void prefetch_task(void *context, size_t number) {
    const struct pvr_stream *streaming = context;
    const struct pvr_piece_task *task = &streaming->pieces.task[number];
    prefetch_pieces(streaming, task->first, task->count);
}

static void prefetch_piece(void *context, size_t number) {
    const struct pvr_stream *streaming = context;
    prefetch_pieces(streaming, streaming->first + number, 1);
}

enum pvr_status pvr_stream_count(struct pvr_snapshot *snapshot,
                                 const struct pvr_stream_request *request,
                                 const struct pvr_threads *threads, size_t *nblocks,
                                 struct pvr_error *error) {
    *nblocks = 0;
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_stream streaming = {.snapshot = snapshot, .request = request};
    status = plan(&streaming, &job, error);
    *nblocks = status == PVR_OK ? streaming.pieces.npieces : 0;
    free_streaming(&streaming, 0);
    pvr_job_end(&job, NULL);
    return status;
}

enum pvr_status pvr_stream_open(struct pvr_snapshot *snapshot,
                                const struct pvr_stream_request *request, struct pvr_job *job,
                                struct pvr_stream **stream, struct pvr_error *error) {
    *stream = NULL;
    struct pvr_stream *opened = calloc(1, sizeof *opened);
    if (opened == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a stream");
    }
    opened->snapshot = snapshot;
    opened->request = request;
    opened->job = job;
    enum pvr_status status = plan(opened, job, error);
    if (status == PVR_OK) {
        opened->memory = calloc((size_t)job->threads, sizeof *opened->memory);
        if (opened->memory == NULL) {
            status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the team's blocks");
        }
    }
    for (size_t i = 0; status == PVR_OK && i < opened->pieces.ntasks; i++) {
        const struct pvr_amr_header *amr = &snapshot->layout.amr;
        uint64_t cell_bytes = 4 + (uint64_t)request->nvariables * amr->real_bytes;
        pvr_job_expect(job, opened->pieces.cost[i] * ((uint64_t)amr->ndim * amr->real_bytes +
                                                      (cell_bytes << amr->ndim)));
    }
    if (status != PVR_OK) {
        pvr_stream_close(opened);
        return status;
    }
    *stream = opened;
    return PVR_OK;
}

size_t pvr_stream_blocks(const struct pvr_stream *stream) {
    return stream->pieces.npieces;
}

uint32_t pvr_stream_most_octs(void) {
    return PVR_PIECE_OCTS;
}

enum pvr_status pvr_stream_deliver(struct pvr_stream *stream, size_t first, size_t count,
                                   pvr_block_fn function, void *context, struct pvr_error *error) {
    stream->function = function;
    stream->context = context;
    stream->first = first;
    return pvr_job_run(stream->job, count, NULL, piece_task, prefetch_piece, stream, error);
}

void pvr_stream_close(struct pvr_stream *stream) {
    if (stream != NULL) {
        free_streaming(stream, stream->job->threads);
        free(stream);
    }
}

enum pvr_status pvr_stream_run(struct pvr_snapshot *snapshot,
                               const struct pvr_stream_request *request,
                               const struct pvr_threads *threads, pvr_progress_fn progress,
                               void *progress_context, pvr_block_fn function, void *context,
                               struct pvr_report *report, struct pvr_error *error) {
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_stream *stream = NULL;
    status = pvr_stream_open(snapshot, request, &job, &stream, error);
    if (status == PVR_OK) {
        stream->function = function;
        stream->context = context;
        status = pvr_job_run(&job, stream->pieces.ntasks, stream->pieces.cost, stream_task,
                             prefetch_task, stream, error);
    }
    pvr_stream_close(stream);
    pvr_job_end(&job, status == PVR_OK ? report : NULL);
    if (status != PVR_OK && report != NULL) {
        memset(report, 0, sizeof *report);
    }
    return status;
}
