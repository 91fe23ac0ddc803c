/* pvr_summary_join.c - what several processes found in their parts of a mesh, put together. */
#include "pvr_pack.h"
#include "pvr_sum.h"
#include "pvr_summary.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char mark[] = "summary";

enum { MOST_COLUMNS = 1 << 16, MOST_ROWS = 1 << 10 };

enum pvr_status pvr_summary_pack(const struct pvr_summary *summary, struct pvr_bytes *bytes,
                                 struct pvr_error *error) {
    struct pvr_packing packing;
    int32_t counts[2] = {summary->ncolumns, summary->nrows};
    pvr_pack_begin(&packing, mark);
    pvr_pack(&packing, counts, sizeof counts);
    pvr_pack(&packing, summary->about, sizeof summary->about);
    pvr_pack(&packing, summary->column, (size_t)summary->ncolumns * sizeof *summary->column);
    for (int r = 0; r < summary->nrows; r++) {
        pvr_pack(&packing, &summary->row[r], sizeof summary->row[r]); /* but its pointer */
        pvr_pack(&packing, summary->row[r].value,
                 (size_t)summary->ncolumns * sizeof *summary->row[r].value);
    }
    return pvr_pack_end(&packing, bytes, error);
}

static enum pvr_status unpack(const struct pvr_bytes *bytes, struct pvr_summary *summary,
                              struct pvr_error *error) {
    struct pvr_unpacking unpacking;
    memset(summary, 0, sizeof *summary);
    enum pvr_status status = pvr_unpack_begin(&unpacking, bytes->data, bytes->size, mark, error);
    if (status != PVR_OK) {
        return status;
    }
    int32_t counts[2];
    pvr_unpack(&unpacking, counts, sizeof counts);
    pvr_unpack(&unpacking, summary->about, sizeof summary->about);
    if (counts[0] < 0 || counts[0] > MOST_COLUMNS || counts[1] < 0 || counts[1] > MOST_ROWS) {
        unpacking.failed = true;
        counts[0] = counts[1] = 0;
    }
    summary->ncolumns = counts[0];
    summary->column =
        pvr_unpack_array(&unpacking, (uint64_t)summary->ncolumns, sizeof *summary->column);
    for (int c = 0; !unpacking.failed && c < summary->ncolumns; c++) {
        summary->column[c].name[PVR_NAME_SIZE - 1] = '\0';
        summary->column[c].unit[PVR_NAME_SIZE - 1] = '\0';
    }
    summary->row = calloc((size_t)counts[1] + 1, sizeof *summary->row);
    for (; summary->row != NULL && !unpacking.failed && summary->nrows < counts[1];
         summary->nrows++) {
        struct pvr_summary_row *row = &summary->row[summary->nrows];
        pvr_unpack(&unpacking, row, sizeof *row);
        row->value = pvr_unpack_array(&unpacking, (uint64_t)summary->ncolumns, sizeof *row->value);
    }
    status = summary->row == NULL ? pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a summary")
                                  : pvr_unpack_end(&unpacking, mark, error);
    if (status != PVR_OK) {
        pvr_summary_free(summary);
    }
    return status;
}

/* ---- putting together */

struct joining {
    const struct pvr_summary *part;
    int nparts;
    struct pvr_summary *all;
    int **column; /* [part][column of all]: that of the part, or -1 */
};

static int find_column(const struct pvr_summary *summary, const char *name) {
    for (int c = 0; c < summary->ncolumns; c++) {
        if (strcmp(summary->column[c].name, name) == 0) {
            return c;
        }
    }
    return -1;
}

static enum pvr_status list_columns(struct joining *joining, struct pvr_error *error) {
    struct pvr_summary *all = joining->all;
    size_t most = 1;
    for (int p = 0; p < joining->nparts; p++) {
        most += (size_t)joining->part[p].ncolumns;
    }
    all->column = calloc(most, sizeof *all->column);
    joining->column = calloc((size_t)joining->nparts + 1, sizeof *joining->column);
    bool enough = all->column != NULL && joining->column != NULL;
    for (int p = 0; enough && p < joining->nparts; p++) {
        const struct pvr_summary *part = &joining->part[p];
        for (int c = 0; c < part->ncolumns; c++) {
            if (find_column(all, part->column[c].name) < 0) {
                all->column[all->ncolumns++] = part->column[c];
            }
        }
    }
    for (int p = 0; enough && p < joining->nparts; p++) {
        joining->column[p] = malloc(((size_t)all->ncolumns + 1) * sizeof **joining->column);
        enough = joining->column[p] != NULL;
        for (int c = 0; enough && c < all->ncolumns; c++) {
            joining->column[p][c] = find_column(&joining->part[p], all->column[c].name);
        }
    }
    return enough ? PVR_OK : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of columns");
}

static const struct pvr_summary_row *find_row(const struct pvr_summary *summary, int group) {
    for (int r = 0; r < summary->nrows; r++) {
        if (summary->row[r].group == group && summary->row[r].count > 0) {
            return &summary->row[r];
        }
    }
    return NULL;
}

/* Rows of all: the total, then the groups that any part has, rising. */
static enum pvr_status list_rows(struct joining *joining, struct pvr_error *error) {
    struct pvr_summary *all = joining->all;
    size_t most = 1;
    for (int p = 0; p < joining->nparts; p++) {
        most += (size_t)joining->part[p].nrows;
    }
    all->row = calloc(most, sizeof *all->row);
    int group = INT_MIN;
    bool enough = all->row != NULL, more = true;
    while (enough && more) {
        struct pvr_summary_row *row = &all->row[all->nrows++];
        row->group = group;
        row->value = calloc((size_t)all->ncolumns + 1, sizeof *row->value);
        enough = row->value != NULL;
        int next = INT_MAX;
        more = false;
        for (int p = 0; p < joining->nparts; p++) {
            for (int r = 1; r < joining->part[p].nrows; r++) {
                int has = joining->part[p].row[r].group;
                if (has > group && has <= next && joining->part[p].row[r].count > 0) {
                    next = has;
                    more = true;
                }
            }
        }
        group = next;
    }
    return enough ? PVR_OK : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for sums");
}

/* Of a group without mass the centre and the velocity are no numbers, and count for nothing. */
static double times(double mass, double value) {
    return mass != 0 && !isnan(value) ? mass * value : 0;
}

static double mean_of(const struct pvr_sum *sum, const struct pvr_sum *by) {
    double divisor = pvr_sum_total(by);
    return divisor != 0 ? pvr_sum_total(sum) / divisor : (double)NAN;
}

static void join_values(const struct joining *joining, struct pvr_summary_row *row, int c) {
    struct pvr_summary_value *value = &row->value[c];
    struct pvr_sum volume = {0, 0}, mass = {0, 0}, by_volume = {0, 0}, by_mass = {0, 0};
    *value = (struct pvr_summary_value){.min = (double)NAN, .max = (double)NAN};
    for (int p = 0; p < joining->nparts; p++) {
        const struct pvr_summary_row *from = find_row(&joining->part[p], row->group);
        if (from == NULL || joining->column[p][c] < 0) {
            continue;
        }
        const struct pvr_summary_value *part = &from->value[joining->column[p][c]];
        value->min = fmin(value->min, part->min); /* the number, where the other is none */
        value->max = fmax(value->max, part->max);
        value->not_finite += part->not_finite;
        pvr_sum_add(&volume, part->volume);
        pvr_sum_add(&by_volume, times(part->volume, part->mean));
        pvr_sum_add(&mass, part->mass);
        pvr_sum_add(&by_mass, times(part->mass, part->mass_mean));
    }
    value->mean = mean_of(&by_volume, &volume);
    value->mass_mean = mean_of(&by_mass, &mass);
    value->volume = pvr_sum_total(&volume);
    value->mass = pvr_sum_total(&mass);
}

/* All but the angular momentum. */
static void join_row(const struct joining *joining, struct pvr_summary_row *row) {
    struct pvr_sum volume = {0, 0}, mass = {0, 0}, centre[3] = {{0, 0}}, velocity[3] = {{0, 0}};
    bool has_volume = false, has_mass = false, moves = false;
    for (int p = 0; p < joining->nparts; p++) {
        const struct pvr_summary_row *from = find_row(&joining->part[p], row->group);
        if (from == NULL) {
            continue;
        }
        row->count += from->count;
        has_volume = has_volume || !isnan(from->volume);
        has_mass = has_mass || !isnan(from->mass);
        moves = moves || !isnan(from->angular_momentum[0]);
        pvr_sum_add(&volume, from->volume);
        pvr_sum_add(&mass, times(1, from->mass));
        for (int i = 0; i < 3; i++) {
            pvr_sum_add(&centre[i], times(from->mass, from->centre[i]));
            pvr_sum_add(&velocity[i], times(from->mass, from->velocity[i]));
        }
    }
    row->volume = has_volume ? pvr_sum_total(&volume) : (double)NAN;
    row->mass = has_mass ? pvr_sum_total(&mass) : (double)NAN;
    for (int i = 0; i < 3; i++) {
        row->centre[i] = has_mass ? mean_of(&centre[i], &mass) : (double)NAN;
        row->velocity[i] = moves ? mean_of(&velocity[i], &mass) : (double)NAN;
    }
    for (int c = 0; c < joining->all->ncolumns; c++) {
        join_values(joining, row, c);
    }
}

/* Each part's is about a point of its own. */
static void join_momentum(const struct joining *joining, struct pvr_summary_row *row) {
    struct pvr_sum momentum[3] = {{0, 0}};
    for (int p = 0; p < joining->nparts; p++) {
        const struct pvr_summary_row *from = find_row(&joining->part[p], row->group);
        if (from == NULL || isnan(from->angular_momentum[0])) {
            continue;
        }
        const double *about = joining->part[p].about;
        for (int i = 0; i < 3; i++) {
            int j = (i + 1) % 3, k = (i + 2) % 3;
            pvr_sum_add(&momentum[i], from->angular_momentum[i]);
            pvr_sum_add(&momentum[i],
                        times(from->mass, (about[j] - joining->all->about[j]) * from->velocity[k]));
            pvr_sum_add(&momentum[i], -times(from->mass, (about[k] - joining->all->about[k]) *
                                                             from->velocity[j]));
        }
    }
    for (int i = 0; i < 3; i++) {
        bool moves = !isnan(row->velocity[0]);
        row->angular_momentum[i] = moves ? pvr_sum_total(&momentum[i]) : (double)NAN;
    }
}

enum pvr_status pvr_summary_join(const struct pvr_bytes *parts, int nparts,
                                 const struct pvr_summary_request *request,
                                 struct pvr_summary *summary, struct pvr_error *error) {
    memset(summary, 0, sizeof *summary);
    struct pvr_summary *part = calloc((size_t)nparts + 1, sizeof *part);
    struct joining joining = {.part = part, .all = summary};
    enum pvr_status status =
        part != NULL ? PVR_OK : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %d parts", nparts);
    for (; status == PVR_OK && joining.nparts < nparts; joining.nparts++) {
        status = unpack(&parts[joining.nparts], &part[joining.nparts], error);
    }
    if (status == PVR_OK) {
        status = list_columns(&joining, error);
    }
    if (status == PVR_OK) {
        status = list_rows(&joining, error);
    }
    for (int r = 0; status == PVR_OK && r < summary->nrows; r++) {
        join_row(&joining, &summary->row[r]);
    }
    for (int i = 0; status == PVR_OK && i < 3; i++) {
        summary->about[i] = request->has_about ? request->about[i] : summary->row[0].centre[i];
    }
    for (int r = 0; status == PVR_OK && r < summary->nrows; r++) {
        join_momentum(&joining, &summary->row[r]);
    }
    for (int p = 0; p < joining.nparts; p++) {
        pvr_summary_free(&part[p]);
        if (joining.column != NULL) {
            free(joining.column[p]);
        }
    }
    free(joining.column);
    free(part);
    if (status != PVR_OK) {
        pvr_summary_free(summary);
    }
    return status;
}
