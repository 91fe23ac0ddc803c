/* pvr_convert_mera.c - the two ways to a Mera file of today. */
#include "pvr_convert_mera.h"

#include "pvr_jld2_columns.h"
#include "pvr_memory.h"
#include "pvr_mera.h"
#include "pvr_mera_export.h"
#include "pvr_mera_write_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a run takes beside its tables: libraries, and buffers of the writer and of each thread. */
enum { BASE_BYTES = 32 << 20, THREAD_BYTES = 12 << 20, STRANGER_SIZE = 128 };

static const char written_as[] = "Mera 1.9.0, JLD2 0.6.5";

/* What is known when a target is whole is handed on before it gets its name. */
struct whole {
    const struct pvr_convert_call *call;
    struct pvr_convert_facts *facts;
    const struct pvr_mera_out_written *written;
};

static enum pvr_status when_whole(void *context, int file, struct pvr_error *error) {
    const struct whole *whole = context;
    whole->facts->values = whole->written->values;
    whole->facts->verify_seconds = whole->written->verify_seconds;
    return whole->call->whole(whole->call->whole_context, file, error);
}

/* ---- from Mera files --------------------------------------------------------------------------
 */

/* The kinds in the order in which Mera's users save them, and as the reader knows them. */
static const struct kind {
    enum pvr_mera_kind in;
    enum pvr_mera_out_kind out;
} kinds[] = {
    {PVR_MERA_HYDRO, PVR_MERA_OUT_HYDRO},
    {PVR_MERA_GRAVITY, PVR_MERA_OUT_GRAVITY},
    {PVR_MERA_PARTICLES, PVR_MERA_OUT_PARTICLES},
    {PVR_MERA_CLUMPS, PVR_MERA_OUT_CLUMPS},
    {PVR_MERA_RT, PVR_MERA_OUT_RT},
};
enum { NKINDS = sizeof kinds / sizeof kinds[0] };

struct upgrade {
    const struct pvr_mera *mera;
    struct pvr_jld2_source source;
    struct pvr_job *job;
    size_t ntables;
    struct table {
        const struct pvr_mera_table *in;
        struct pvr_mera_out_table out;
        struct pvr_mera_about *about;
        char *comments;
    } table[NKINDS];
};

static uint64_t table_bytes(const struct pvr_mera_table *table) {
    uint64_t bytes = 0;
    for (int i = 0; i < table->ncolumns; i++) {
        bytes += pvr_jld2_bytes(&table->column[i].object);
    }
    return bytes;
}

static enum pvr_status need_of_file(void *context, const char *source, int threads, uint64_t *need,
                                    uint64_t *thread_need, struct pvr_error *error) {
    (void)context;
    (void)threads;
    struct pvr_mera *mera;
    enum pvr_status status = pvr_mera_open(source, &mera, error);
    if (status != PVR_OK) {
        return status;
    }
    uint64_t most = 0, buffer = 0; /* a table; what a thread takes to expand a column */
    for (int k = 0; k < PVR_MERA_KINDS; k++) {
        const struct pvr_mera_table *table = &mera->table[k];
        const uint64_t bytes = table->present ? table_bytes(table) : 0;
        most = bytes > most ? bytes : most;
        for (int i = 0; table->present && i < table->ncolumns; i++) {
            const uint64_t own = pvr_jld2_column_buffer(&table->column[i].object);
            buffer = own > buffer ? own : buffer;
        }
    }
    pvr_mera_free(mera);
    *need = most + BASE_BYTES;
    *thread_need = buffer + THREAD_BYTES;
    return PVR_OK;
}

/* The type that a column is written with: the one that it has. */
static bool type_of(const struct pvr_jld2_type *type, enum pvr_mera_out_type *out) {
    if (type == NULL || type->big_endian) {
        return false;
    }
    if (type->kind == PVR_JLD2_FLOAT && (type->size == 4 || type->size == 8)) {
        *out = type->size == 4 ? PVR_MERA_OUT_FLOAT32 : PVR_MERA_OUT_FLOAT64;
        return true;
    }
    if (type->kind == PVR_JLD2_INTEGER && type->is_signed) {
        *out = type->size == 1   ? PVR_MERA_OUT_INT8
               : type->size == 4 ? PVR_MERA_OUT_INT32
                                 : PVR_MERA_OUT_INT64;
        return type->size == 1 || type->size == 4 || type->size == 8;
    }
    return false;
}

static enum pvr_status no_memory(const struct upgrade *upgrade, struct pvr_error *error) {
    return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory for its columns", upgrade->mera->path);
}

static void release_table(void *context, size_t number) {
    struct upgrade *upgrade = context;
    struct table *table = &upgrade->table[number];
    struct pvr_mera_out_column *column = (void *)(uintptr_t)table->out.column;
    for (size_t i = 0; column != NULL && i < table->out.ncolumns; i++) {
        pvr_large_free((void *)(uintptr_t)column[i].data,
                       table->out.nrows * pvr_mera_out_type_bytes(column[i].type));
    }
    free(column);
    table->out.column = NULL;
}

/* Reads all columns of a table. */
static enum pvr_status get_table(void *context, size_t number, struct pvr_mera_out_table *out,
                                 struct pvr_error *error) {
    struct upgrade *upgrade = context;
    struct table *table = &upgrade->table[number];
    const struct pvr_mera_table *in = table->in;
    size_t ncolumns = (size_t)in->ncolumns;
    struct pvr_mera_out_column *column = calloc(ncolumns + 1, sizeof *column);
    struct pvr_jld2_column *wanted = calloc(ncolumns + 1, sizeof *wanted);
    enum pvr_status status = column != NULL && wanted != NULL ? PVR_OK : no_memory(upgrade, error);
    table->out.column = column;
    table->out.ncolumns = ncolumns;
    table->out.nrows = in->nrows;
    for (size_t i = 0; status == PVR_OK && i < ncolumns; i++) {
        const struct pvr_mera_column *from = &in->column[i];
        column[i].name = from->name;
        if (!type_of(from->object.type, &column[i].type)) {
            status =
                pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                         "%s: column %s of %s is neither of whole numbers (1, 4 or 8 bytes, "
                         "signed) nor of reals",
                         upgrade->mera->path, from->name, pvr_mera_out_kind_name(table->out.kind));
            break;
        }
        void *data = pvr_large_alloc(in->nrows * pvr_mera_out_type_bytes(column[i].type));
        column[i].data = data;
        status = data != NULL || in->nrows == 0 ? PVR_OK : no_memory(upgrade, error);
        wanted[i] = (struct pvr_jld2_column){&from->object, from->name, data};
    }
    if (status == PVR_OK) {
        status = pvr_jld2_columns_read(&upgrade->source, wanted, in->ncolumns, upgrade->job, error);
    }
    free(wanted);
    if (status != PVR_OK) {
        release_table(upgrade, number);
        return status;
    }
    *out = table->out;
    return PVR_OK;
}

/* Lists the tables, with what the file knows of each. */
static enum pvr_status list_tables(struct upgrade *upgrade, struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    for (int k = 0; status == PVR_OK && k < NKINDS; k++) {
        const struct pvr_mera_table *in = &upgrade->mera->table[kinds[k].in];
        if (!in->present) {
            continue;
        }
        struct table *table = &upgrade->table[upgrade->ntables++];
        table->in = in;
        status = pvr_mera_about_file(upgrade->mera->path, kinds[k].out, &table->about, &table->out,
                                     &table->comments, error);
        table->out.about = table->about;
        table->out.comments = table->comments;
        pvr_job_expect(upgrade->job, 2 * table_bytes(in));
    }
    return status;
}

/* Keeps the first name that is no kind of Mera's; JLD2's own begin with "_". */
static bool is_known(void *context, const char *name) {
    char *stranger = context;
    bool known = name[0] == '_';
    for (int k = 0; k < NKINDS; k++) {
        known = known || strcmp(name, pvr_mera_out_kind_name(kinds[k].out)) == 0;
    }
    if (!known) {
        snprintf(stranger, STRANGER_SIZE, "%s", name);
    }
    return known;
}

/* What somebody else put into a file is not converted: better to fail than to lose it. */
static enum pvr_status check_groups(const char *path, struct pvr_error *error) {
    char stranger[STRANGER_SIZE] = "";
    struct pvr_jld2 *file;
    enum pvr_status status = pvr_jld2_open(path, &file, error);
    if (status != PVR_OK) {
        return status;
    }
    status = pvr_jld2_list(file, "/", is_known, stranger, error);
    pvr_jld2_close(file);
    if (status == PVR_OK && stranger[0] != '\0') {
        status = pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                          "%s: holds '%s' beside Mera's data, which would be lost", path, stranger);
    }
    return status;
}

/* "Mera 1.4.4, JLD2 0.4.46" of what the file says of its making. */
static void tell_version(const struct pvr_mera *mera, char *text, size_t size) {
    static const char *const names[] = {"Mera", "JLD2"};
    size_t length = 0;
    for (int k = 0; k < PVR_MERA_KINDS && length == 0; k++) {
        const struct pvr_mera_table *table = &mera->table[k];
        for (int n = 0; n < 2; n++) {
            for (int i = 0; table->present && i < table->nfacts; i++) {
                if (strcmp(table->fact[i].name, names[n]) == 0 && length < size) {
                    length +=
                        (size_t)snprintf(text + length, size - length, "%s%s %s",
                                         length > 0 ? ", " : "", names[n], table->fact[i].text);
                }
            }
        }
    }
    if (length == 0) {
        snprintf(text, size, "%.*s", (int)size - 1, mera->title);
    }
}

static enum pvr_status upgrade_file(void *context, const struct pvr_convert_call *call,
                                    struct pvr_convert_facts *facts, struct pvr_error *error) {
    const struct pvr_convert_mera *settings = context;
    const char *source = call->source;
    struct pvr_mera *mera;
    enum pvr_status status = pvr_mera_open(source, &mera, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_job job;
    status = pvr_job_begin(&job, call->threads, call->progress, call->progress_context, error);
    if (status != PVR_OK) {
        pvr_mera_free(mera);
        return status;
    }
    struct upgrade upgrade = {.mera = mera, .source = {.fd = -1}, .job = &job};
    tell_version(mera, facts->source_version, sizeof facts->source_version);
    snprintf(facts->target_version, sizeof facts->target_version, "%s", written_as);
    status = pvr_jld2_source_open(source, &mera->identity, &upgrade.source, error);
    bool open = status == PVR_OK;
    if (status == PVR_OK) {
        status = check_groups(source, error);
    }
    if (status == PVR_OK) {
        status = list_tables(&upgrade, error);
    }
    if (status == PVR_OK) {
        const struct pvr_mera_out_source tables = {upgrade.ntables, get_table, release_table,
                                                   &upgrade};
        struct pvr_mera_out_written written = {0};
        struct whole whole = {call, facts, &written};
        const struct pvr_mera_out_request request = {
            .compressor = settings->compressor, .whole = when_whole, .whole_context = &whole};
        status = pvr_mera_write_source(call->target, upgrade.table[0].about, &tables, &request,
                                       &job, &written, error);
        facts->sync_seconds = written.sync_seconds;
    }
    for (size_t t = 0; t < upgrade.ntables; t++) {
        release_table(&upgrade, t);
        pvr_mera_about_free(upgrade.table[t].about);
        free(upgrade.table[t].comments);
    }
    if (open) {
        pvr_jld2_source_close(&upgrade.source);
    }
    pvr_job_end(&job, NULL);
    pvr_mera_free(mera);
    return status;
}

struct pvr_convert_engine pvr_convert_from_mera(struct pvr_convert_mera *settings) {
    return (struct pvr_convert_engine){need_of_file, upgrade_file, settings};
}

/* ---- from RAMSES outputs ----------------------------------------------------------------------
 */

/* An output, and what is wanted of it. */
struct order {
    struct pvr_snapshot *snapshot;
    struct pvr_region region;
    struct pvr_mera_export_request request;
};

static enum pvr_status open_order(const struct pvr_convert_mera *settings, const char *source,
                                  struct order *order, struct pvr_error *error) {
    enum pvr_status status = pvr_snapshot_open(source, &order->snapshot, error);
    if (status != PVR_OK) {
        return status;
    }
    order->request = (struct pvr_mera_export_request){.kinds = settings->kinds,
                                                      .max_level = settings->max_level,
                                                      .out = {.compressor = settings->compressor}};
    if (settings->region != NULL) {
        order->region = settings->region(settings->region_context, order->snapshot);
        order->request.region = order->region.type != PVR_REGION_NONE ? &order->region : NULL;
    }
    return PVR_OK;
}

static enum pvr_status need_of_output(void *context, const char *source, int threads,
                                      uint64_t *need, uint64_t *thread_need,
                                      struct pvr_error *error) {
    struct order order;
    enum pvr_status status = open_order(context, source, &order, error);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_threads team = {.max = threads};
    order.request.out.threads = &team;
    status = pvr_mera_export_need(order.snapshot, &order.request, need, error);
    *need += BASE_BYTES;
    *thread_need = THREAD_BYTES;
    pvr_snapshot_release(order.snapshot);
    return status;
}

static enum pvr_status export_output(void *context, const struct pvr_convert_call *call,
                                     struct pvr_convert_facts *facts, struct pvr_error *error) {
    struct order order;
    enum pvr_status status = open_order(context, call->source, &order, error);
    if (status != PVR_OK) {
        return status;
    }
    snprintf(facts->source_version, sizeof facts->source_version, "RAMSES");
    snprintf(facts->target_version, sizeof facts->target_version, "%s", written_as);
    struct pvr_mera_out_request *out = &order.request.out;
    out->threads = call->threads;
    out->progress = call->progress;
    out->progress_context = call->progress_context;
    struct pvr_mera_out_written written = {0};
    struct whole whole = {call, facts, &written};
    out->whole = when_whole;
    out->whole_context = &whole;
    status = pvr_mera_export(order.snapshot, call->target, &order.request, &written, error);
    facts->sync_seconds = written.sync_seconds;
    pvr_report_free(&written.report);
    pvr_snapshot_release(order.snapshot);
    return status;
}

struct pvr_convert_engine pvr_convert_from_ramses(struct pvr_convert_mera *settings) {
    return (struct pvr_convert_engine){need_of_output, export_output, settings};
}
