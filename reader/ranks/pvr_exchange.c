/* pvr_exchange.c - what one process knows of a run, as bytes for another. */
#include "pvr_exchange.h"

#include "pvr_pack.h"
#include "pvr_particle_columns.h"
#include "pvr_snapshot_private.h"

#include <stdlib.h>
#include <string.h>

/* Another byte than 0 or 1 is no bool, and not to be looked at as one. */
static bool is_bool(const bool *value) {
    unsigned char byte;
    memcpy(&byte, value, 1);
    return byte <= 1;
}

/* ---- outputs of a run -------------------------------------------------------------------------
 */

static const char series_mark[] = "series";

enum pvr_status pvr_series_pack(const struct pvr_series *series, struct pvr_bytes *bytes,
                                struct pvr_error *error) {
    struct pvr_packing packing;
    uint64_t count = series->count;
    pvr_pack_begin(&packing, series_mark);
    pvr_pack(&packing, &count, sizeof count);
    for (size_t i = 0; i < series->count; i++) {
        const struct pvr_output *output = &series->output[i];
        int32_t numbers[2] = {output->number, output->finished};
        pvr_pack(&packing, numbers, sizeof numbers);
        pvr_pack(&packing, &output->info, sizeof output->info);
        pvr_pack_text(&packing, output->folder);
        pvr_pack_text(&packing, output->info_path);
        pvr_pack_text(&packing, output->problem);
    }
    pvr_pack_text(&packing, series->warnings);
    return pvr_pack_end(&packing, bytes, error);
}

enum pvr_status pvr_series_unpack(const void *data, size_t size, struct pvr_series *series,
                                  struct pvr_error *error) {
    struct pvr_unpacking unpacking;
    memset(series, 0, sizeof *series);
    enum pvr_status status = pvr_unpack_begin(&unpacking, data, size, series_mark, error);
    if (status != PVR_OK) {
        return status;
    }
    uint64_t count;
    pvr_unpack(&unpacking, &count, sizeof count);
    if (count > size / sizeof(struct pvr_info)) { /* each output has one */
        unpacking.failed = true;
        count = 0;
    }
    series->output = calloc((size_t)count + 1, sizeof *series->output);
    if (series->output == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the list of outputs");
    }
    for (series->count = 0; series->count < count; series->count++) {
        struct pvr_output *output = &series->output[series->count];
        int32_t numbers[2];
        pvr_unpack(&unpacking, numbers, sizeof numbers);
        pvr_unpack(&unpacking, &output->info, sizeof output->info);
        output->number = numbers[0];
        output->finished = numbers[1] != 0;
        unpacking.failed = unpacking.failed || !is_bool(&output->info.cosmological);
        output->info.ordering[sizeof output->info.ordering - 1] = '\0';
        output->folder = pvr_unpack_text(&unpacking);
        output->info_path = pvr_unpack_text(&unpacking);
        output->problem = pvr_unpack_text(&unpacking);
        unpacking.failed = unpacking.failed || (output->finished && output->info_path == NULL);
    }
    series->warnings = pvr_unpack_text(&unpacking);
    status = pvr_unpack_end(&unpacking, series_mark, error);
    if (status != PVR_OK) {
        pvr_series_free(series);
        memset(series, 0, sizeof *series);
    }
    return status;
}

/* ---- an open output ---------------------------------------------------------------------------
 */

static const char snapshot_mark[] = "snapshot";

/* Where the columns cannot be told, who asks for particles hears why. */
static void pack_particles(struct pvr_packing *packing, const struct pvr_snapshot *snapshot) {
    const struct pvr_particle_columns *columns;
    const uint8_t known = pvr_particle_columns_known(snapshot, &columns, NULL) == PVR_OK;
    pvr_pack(packing, &known, sizeof known);
    if (known) {
        pvr_pack(packing, columns, sizeof *columns); /* its pointers are not looked at */
        pvr_pack(packing, columns->column, (size_t)columns->count * sizeof *columns->column);
        pvr_pack_text(packing, columns->warnings);
    }
}

enum pvr_status pvr_snapshot_pack(const struct pvr_snapshot *snapshot, struct pvr_bytes *bytes,
                                  struct pvr_error *error) {
    memset(bytes, 0, sizeof *bytes);
    if (snapshot->mera != NULL) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: a Mera file is opened by each process",
                        snapshot->path);
    }
    const struct pvr_layout *layout = &snapshot->layout;
    const struct pvr_field_table *fields = &snapshot->fields;
    struct pvr_packing packing;
    pvr_pack_begin(&packing, snapshot_mark);
    pvr_pack_text(&packing, snapshot->path);
    pvr_pack(&packing, &snapshot->stamp, sizeof snapshot->stamp);
    pvr_pack(&packing, &snapshot->info, sizeof snapshot->info);
    pvr_pack(&packing, &snapshot->gamma, sizeof snapshot->gamma);
    pvr_pack(&packing, snapshot->nvar, sizeof snapshot->nvar);
    pvr_pack_text(&packing, snapshot->warnings);
    pvr_pack_text(&packing, snapshot->spoilt);
    pvr_pack_text(&packing, layout->folder);
    pvr_pack_text(&packing, layout->text_folder);
    pvr_pack(&packing, layout, sizeof *layout); /* its pointers are not looked at */
    pvr_pack(&packing, layout->bounds.bound,
             layout->bounds.bound != NULL
                 ? ((size_t)layout->bounds.nparts + 1) * sizeof *layout->bounds.bound
                 : 0);
    pvr_pack(&packing, &fields->nvariables, sizeof fields->nvariables);
    pvr_pack(&packing, &fields->nfields, sizeof fields->nfields);
    pvr_pack(&packing, fields->variable, (size_t)fields->nvariables * sizeof *fields->variable);
    pvr_pack(&packing, fields->field, (size_t)fields->nfields * sizeof *fields->field);
    pvr_pack_text(&packing, fields->warnings);
    pack_particles(&packing, snapshot);
    return pvr_pack_end(&packing, bytes, error);
}

static bool in_range(int64_t value, int64_t low, int64_t high) {
    return low <= value && value <= high;
}

/* Numbers that sizes and indices follow from. */
static bool makes_sense(const struct pvr_snapshot *snapshot) {
    const struct pvr_layout *layout = &snapshot->layout;
    const struct pvr_bounds *bounds = &layout->bounds;
    bool sense = in_range(layout->amr.ncpu, 1, 10000000) && in_range(layout->amr.ndim, 1, 3) &&
                 layout->amr.ndim == snapshot->info.ndim &&
                 in_range(layout->amr.nlevelmax, 1, 63) &&
                 in_range(layout->amr.nboundary, 0, 1024) &&
                 (layout->amr.real_bytes == 4 || layout->amr.real_bytes == 8) &&
                 (layout->encoding.marker == 4 || layout->encoding.marker == 8) &&
                 layout->group_size >= 0 && bounds->ndomains == layout->amr.ncpu &&
                 bounds->ndim == layout->amr.ndim && bounds->nlevelmax == layout->amr.nlevelmax &&
                 (!bounds->known ||
                  (bounds->nparts >= bounds->ndomains && bounds->nparts % bounds->ndomains == 0));
    for (int axis = 0; axis < 3; axis++) {
        sense = sense && in_range(layout->amr.ncoarse[axis], 1, 1024) &&
                in_range(layout->box.count[axis], 1, layout->amr.ncoarse[axis]) &&
                in_range(bounds->ncoarse[axis], 1, layout->amr.ncoarse[axis]);
    }
    for (int kind = 0; kind < PVR_FILE_KINDS; kind++) {
        sense = sense && in_range(snapshot->nvar[kind], 0, PVR_MAX_VARIABLES);
    }
    return sense && snapshot->path != NULL && layout->folder != NULL && layout->text_folder != NULL;
}

static bool fields_make_sense(struct pvr_snapshot *snapshot) {
    struct pvr_field_table *fields = &snapshot->fields;
    bool sense = true;
    for (int i = 0; i < fields->nvariables; i++) {
        struct pvr_variable *variable = &fields->variable[i];
        variable->name[sizeof variable->name - 1] = '\0';
        sense = sense && in_range((int64_t)variable->kind, 0, PVR_FILE_KINDS - 1) &&
                in_range(variable->column, 0, snapshot->nvar[variable->kind] - 1);
    }
    for (int i = 0; i < fields->nfields; i++) {
        struct pvr_field *field = &fields->field[i];
        field->name[sizeof field->name - 1] = '\0';
        sense = sense && (field->ncomponents == 1 || field->ncomponents == 3) &&
                is_bool(&field->whole_numbers) && is_bool(&field->by_default);
        for (int c = 0; c < 3; c++) {
            sense = sense && in_range(field->variable[c], -1, fields->nvariables - 1) &&
                    in_range(field->mean_with[c], -1, fields->nvariables - 1);
        }
    }
    return sense;
}

static bool columns_make_sense(struct pvr_particle_columns *columns) {
    bool sense = true;
    for (int i = 0; i < columns->count; i++) {
        struct pvr_particle_column *column = &columns->column[i];
        column->name[sizeof column->name - 1] = '\0';
        column->width = 0; /* until a file was looked at */
        sense = sense && in_range((int64_t)column->class, PVR_COLUMN_REAL, PVR_COLUMN_SKIPPED);
    }
    return sense;
}

static void take_particles(struct pvr_unpacking *unpacking, struct pvr_snapshot *snapshot) {
    uint8_t known;
    pvr_unpack(unpacking, &known, sizeof known);
    unpacking->failed = unpacking->failed || known > 1;
    if (unpacking->failed || known == 0) {
        return;
    }
    struct pvr_particle_columns *columns = calloc(1, sizeof *columns);
    snapshot->particles = columns;
    if (columns == NULL) {
        unpacking->failed = true;
        return;
    }
    pvr_unpack(unpacking, columns, sizeof *columns);
    columns->column = NULL;
    columns->warnings = NULL;
    if (!is_bool(&columns->present) || !is_bool(&columns->described) ||
        !is_bool(&columns->counted) || !in_range(columns->count, 0, PVR_MAX_PARTICLE_COLUMNS)) {
        memset(columns, 0, sizeof *columns);
        unpacking->failed = true;
    }
    columns->column =
        pvr_unpack_array(unpacking, (uint64_t)columns->count, sizeof *columns->column);
    columns->warnings = pvr_unpack_text(unpacking);
    if (columns->column == NULL) {
        columns->count = 0;
    }
    unpacking->failed = unpacking->failed || !columns_make_sense(columns);
}

static void take_snapshot(struct pvr_unpacking *unpacking, struct pvr_snapshot *snapshot) {
    struct pvr_layout *layout = &snapshot->layout;
    struct pvr_field_table *fields = &snapshot->fields;
    snapshot->path = pvr_unpack_text(unpacking);
    pvr_unpack(unpacking, &snapshot->stamp, sizeof snapshot->stamp);
    pvr_unpack(unpacking, &snapshot->info, sizeof snapshot->info);
    snapshot->info.ordering[sizeof snapshot->info.ordering - 1] = '\0';
    pvr_unpack(unpacking, &snapshot->gamma, sizeof snapshot->gamma);
    pvr_unpack(unpacking, snapshot->nvar, sizeof snapshot->nvar);
    snapshot->warnings = pvr_unpack_text(unpacking);
    snapshot->spoilt = pvr_unpack_text(unpacking);
    char *folder = pvr_unpack_text(unpacking), *text_folder = pvr_unpack_text(unpacking);
    pvr_unpack(unpacking, layout, sizeof *layout);
    bool has_bounds = layout->bounds.bound != NULL;
    if (!is_bool(&layout->bounds.known) || !is_bool(&layout->bounds.exact) ||
        !is_bool(&layout->encoding.swap) || !is_bool(&snapshot->info.cosmological)) {
        memset(layout, 0, sizeof *layout);
        snapshot->info.cosmological = false;
        unpacking->failed = true;
    }
    layout->folder = folder;
    layout->text_folder = text_folder;
    layout->bounds.bound = NULL;
    if (has_bounds) {
        unpacking->failed = unpacking->failed || layout->bounds.nparts < 0;
        layout->bounds.bound =
            pvr_unpack_array(unpacking, (uint64_t)layout->bounds.nparts + 1, sizeof(double));
    }
    unpacking->failed = unpacking->failed || (layout->bounds.known && !has_bounds);
    pvr_unpack(unpacking, &fields->nvariables, sizeof fields->nvariables);
    pvr_unpack(unpacking, &fields->nfields, sizeof fields->nfields);
    if (unpacking->failed || fields->nvariables < 0 || fields->nfields < 0 ||
        !makes_sense(snapshot)) {
        fields->nvariables = fields->nfields = 0;
        unpacking->failed = true;
    }
    fields->variable =
        pvr_unpack_array(unpacking, (uint64_t)fields->nvariables, sizeof *fields->variable);
    fields->field = pvr_unpack_array(unpacking, (uint64_t)fields->nfields, sizeof *fields->field);
    fields->warnings = pvr_unpack_text(unpacking);
    if (unpacking->failed) {
        fields->nvariables = fields->nfields = 0;
    }
    unpacking->failed = unpacking->failed || !fields_make_sense(snapshot);
    take_particles(unpacking, snapshot);
}

enum pvr_status pvr_snapshot_unpack(const void *data, size_t size, struct pvr_snapshot **result,
                                    struct pvr_error *error) {
    struct pvr_unpacking unpacking;
    *result = NULL;
    enum pvr_status status = pvr_unpack_begin(&unpacking, data, size, snapshot_mark, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an output");
    }
    snapshot->references = 1;
    pthread_mutex_init(&snapshot->lock, NULL);
    take_snapshot(&unpacking, snapshot);
    status = pvr_unpack_end(&unpacking, snapshot_mark, error);
    if (status != PVR_OK) {
        pvr_snapshot_release(snapshot);
        return status;
    }
    *result = snapshot;
    return PVR_OK;
}

/* ---- tables -----------------------------------------------------------------------------------
 */

static const char tables_mark[] = "tables";

enum pvr_status pvr_tables_pack(struct pvr_snapshot *snapshot, int first, int last,
                                const struct pvr_threads *threads, struct pvr_bytes *bytes,
                                struct pvr_error *error) {
    memset(bytes, 0, sizeof *bytes);
    int ndomains = snapshot->layout.amr.ncpu;
    if (first < 1 || last > ndomains) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "tables of domains %d to %d of %d", first, last,
                        ndomains);
    }
    uint64_t *levels = calloc((size_t)ndomains, sizeof *levels);
    if (levels == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %d domains", ndomains);
    }
    for (int domain = first; domain <= last; domain++) {
        levels[domain - 1] = UINT64_MAX;
    }
    const struct pvr_domains *domains;
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status == PVR_OK) {
        status = pvr_snapshot_some_domains(snapshot, levels, &job, &domains, error);
        pvr_job_end(&job, NULL);
    }
    free(levels);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_packing packing;
    pvr_pack_begin(&packing, tables_mark);
    int32_t head[3] = {domains->nlevels, first, last};
    pvr_pack(&packing, head, sizeof head);
    for (int domain = first; domain <= last; domain++) {
        pvr_pack(&packing, &domains->stamp[domain - 1], sizeof *domains->stamp);
        pvr_pack(&packing, &domains->amr_body[domain - 1], sizeof *domains->amr_body);
        pvr_pack(&packing, pvr_domains_place(domains, domain, 1),
                 ((size_t)domains->nlevels + 1) * sizeof *domains->place);
    }
    return pvr_pack_end(&packing, bytes, error);
}

/* Takes the tables of one domain. */
static void take_domain(struct pvr_unpacking *unpacking, struct pvr_domains *domains, int domain) {
    size_t n = (size_t)domains->nlevels + 1;
    uint64_t stamp, body;
    pvr_unpack(unpacking, &stamp, sizeof stamp);
    pvr_unpack(unpacking, &body, sizeof body);
    struct pvr_place *place = pvr_unpack_array(unpacking, n, sizeof *place);
    for (size_t l = 0; place != NULL && l < n; l++) {
        unpacking->failed = unpacking->failed || place[l].noct > INT32_MAX;
    }
    if (!unpacking->failed && !domains->known[domain - 1]) {
        memcpy(&domains->place[(size_t)(domain - 1) * n], place, n * sizeof *place);
        domains->stamp[domain - 1] = stamp;
        domains->amr_body[domain - 1] = body;
        __atomic_store_n(&domains->known[domain - 1], 1, __ATOMIC_RELEASE);
    }
    free(place);
}

enum pvr_status pvr_tables_unpack(struct pvr_snapshot *snapshot, const void *data, size_t size,
                                  struct pvr_error *error) {
    struct pvr_unpacking unpacking;
    enum pvr_status status = pvr_unpack_begin(&unpacking, data, size, tables_mark, error);
    if (status != PVR_OK) {
        return status;
    }
    int32_t head[3];
    pvr_unpack(&unpacking, head, sizeof head);
    if (head[0] != snapshot->layout.amr.nlevelmax || head[1] < 1 ||
        head[2] > snapshot->layout.amr.ncpu) {
        unpacking.failed = true;
        head[2] = 0;
    }
    pthread_mutex_lock(&snapshot->lock);
    if (snapshot->domains == NULL) {
        struct pvr_domains *made;
        status = pvr_domains_new(&snapshot->layout, &made, error);
        __atomic_store_n(&snapshot->domains, made, __ATOMIC_RELEASE);
    }
    for (int domain = head[1]; status == PVR_OK && !unpacking.failed && domain <= head[2];
         domain++) {
        take_domain(&unpacking, snapshot->domains, domain);
    }
    pthread_mutex_unlock(&snapshot->lock);
    return status == PVR_OK ? pvr_unpack_end(&unpacking, tables_mark, error) : status;
}

/* ---- splits -----------------------------------------------------------------------------------
 */

static const char split_mark[] = "split";

enum { MOST_RANKS = 1 << 22 };

enum pvr_status pvr_split_pack(const struct pvr_split *split, struct pvr_bytes *bytes,
                               struct pvr_error *error) {
    uint64_t ntrees = (uint64_t)split->root_dims[0] * split->root_dims[1] * split->root_dims[2];
    struct pvr_packing packing;
    pvr_pack_begin(&packing, split_mark);
    pvr_pack(&packing, split, sizeof *split); /* its pointers are not looked at */
    pvr_pack(&packing, split->domain_rank, (size_t)split->ndomains * sizeof *split->domain_rank);
    pvr_pack(&packing, split->octs, (size_t)split->nranks * sizeof *split->octs);
    if (split->kind == PVR_SPLIT_TREES) {
        pvr_pack(&packing, split->tree_rank, (size_t)ntrees * sizeof *split->tree_rank);
    }
    return pvr_pack_end(&packing, bytes, error);
}

static bool are_ranks(const int32_t *rank, uint64_t count, int nranks) {
    bool are = rank != NULL;
    for (uint64_t i = 0; are && i < count; i++) {
        are = in_range(rank[i], 0, nranks - 1);
    }
    return are;
}

enum pvr_status pvr_split_unpack(const void *data, size_t size, struct pvr_split **result,
                                 struct pvr_error *error) {
    struct pvr_unpacking unpacking;
    *result = NULL;
    enum pvr_status status = pvr_unpack_begin(&unpacking, data, size, split_mark, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_split *split = calloc(1, sizeof *split);
    if (split == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a split");
    }
    pvr_unpack(&unpacking, split, sizeof *split);
    split->tree_rank = split->domain_rank = NULL;
    split->octs = NULL;
    uint64_t ntrees = 1;
    bool sense = in_range(split->nranks, 1, MOST_RANKS) && in_range(split->ndomains, 1, 10000000) &&
                 in_range(split->root_level, 1, 63) &&
                 (split->kind == PVR_SPLIT_TREES || split->kind == PVR_SPLIT_DOMAINS);
    for (int axis = 0; sense && axis < 3; axis++) {
        sense = in_range(split->root_dims[axis], 1, INT32_MAX) && ntrees <= INT32_MAX;
        ntrees *= split->root_dims[axis];
    }
    unpacking.failed = unpacking.failed || !sense;
    if (!unpacking.failed) {
        split->domain_rank =
            pvr_unpack_array(&unpacking, (uint64_t)split->ndomains, sizeof *split->domain_rank);
        split->octs = pvr_unpack_array(&unpacking, (uint64_t)split->nranks, sizeof *split->octs);
        unpacking.failed = unpacking.failed ||
                           !are_ranks(split->domain_rank, (uint64_t)split->ndomains, split->nranks);
    }
    if (!unpacking.failed && split->kind == PVR_SPLIT_TREES) {
        split->tree_rank = pvr_unpack_array(&unpacking, ntrees, sizeof *split->tree_rank);
        unpacking.failed = unpacking.failed || !are_ranks(split->tree_rank, ntrees, split->nranks);
    }
    status = pvr_unpack_end(&unpacking, split_mark, error);
    if (status != PVR_OK) {
        pvr_split_free(split);
        return status;
    }
    *result = split;
    return PVR_OK;
}
