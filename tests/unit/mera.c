/* mera.c - see mera.h. */
#include "mera.h"

#include "pvr_jld2_columns.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *mera_path(const char *name) {
    return unit_path("%s/mera/%s.jld2", PVR_TEST_DATA, name);
}

const char *mera_fixtures(void) {
    const char *path = unit_path("%s/../../shared/fixtures/mera", PVR_TEST_DATA);
    return access(path, R_OK) == 0 ? path : NULL;
}

struct pvr_mera *mera_open(const char *path) {
    struct pvr_mera *mera;
    struct pvr_error error;
    unit_ok(pvr_mera_open(path, &mera, &error), &error);
    return mera;
}

struct mera_columns mera_read(const struct pvr_mera *mera, enum pvr_mera_kind kind, int threads) {
    struct mera_columns columns = {.table = &mera->table[kind]};
    const struct pvr_mera_table *table = columns.table;
    struct pvr_error error;
    struct pvr_job job;
    struct pvr_jld2_source source;
    const struct pvr_threads settings = {.max = threads, .prefetch = true};
    columns.data = calloc((size_t)table->ncolumns + 1, sizeof *columns.data);
    struct pvr_jld2_column *wanted = calloc((size_t)table->ncolumns + 1, sizeof *wanted);
    for (int i = 0; i < table->ncolumns; i++) {
        const struct pvr_mera_column *column = &table->column[i];
        columns.data[i] = malloc(pvr_jld2_bytes(&column->object) + 1);
        wanted[i] = (struct pvr_jld2_column){&column->object, column->name, columns.data[i]};
    }
    unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, &error), &error);
    unit_ok(pvr_jld2_source_open(mera->path, &mera->identity, &source, &error), &error);
    unit_ok(pvr_jld2_columns_read(&source, wanted, table->ncolumns, &job, &error), &error);
    unit_ok(pvr_jld2_source_check(&source, &error), &error);
    pvr_jld2_source_close(&source);
    pvr_job_end(&job, NULL);
    free(wanted);
    return columns;
}

void mera_columns_free(struct mera_columns *columns) {
    for (int i = 0; i < columns->table->ncolumns; i++) {
        free(columns->data[i]);
    }
    free(columns->data);
}

bool mera_has(const struct mera_columns *columns, const char *name) {
    return pvr_mera_column_find(columns->table, name) >= 0;
}

double mera_value(const struct mera_columns *columns, const char *name, uint64_t row) {
    int i = pvr_mera_column_find(columns->table, name);
    assert_true(i >= 0 && row < columns->table->nrows);
    const struct pvr_jld2_type *type = columns->table->column[i].object.type;
    const char *at = (const char *)columns->data[i] + row * type->size;
    int64_t wide;
    int32_t narrow;
    int8_t byte;
    double real;
    memcpy(&byte, at, 1);
    if (type->kind == PVR_JLD2_FLOAT) {
        assert_int_equal(type->size, 8);
        memcpy(&real, at, 8);
        return real;
    }
    if (type->size == 8) {
        memcpy(&wide, at, 8);
        return (double)wide;
    }
    if (type->size == 4) {
        memcpy(&narrow, at, 4);
        return narrow;
    }
    return byte;
}
