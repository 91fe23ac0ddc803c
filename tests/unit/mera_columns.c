/* mera_columns.c - the columns of Mera files. */
#include "mera_columns.h"

#include "support.h"

#include "pvr_jld2_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *columns_fixture(const char *name) {
    const char *folder = getenv("PVRAMSES_FIXTURES");
    const char *path = folder != NULL ? unit_path("%s/%s", folder, name)
                                      : unit_path(PVR_TEST_DATA "/../../shared/fixtures/%s", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

void columns_free(struct columns *columns) {
    for (size_t i = 0; i < columns->count; i++) {
        free((void *)(uintptr_t)columns->column[i].data);
    }
}

void columns_read(const char *schema, const char *values, struct columns *columns) {
    static const char *const types[] = {"Int8", "Int32", "Int64", "Float32", "Float64"};
    char type[16];
    unsigned long rows;
    memset(columns, 0, sizeof *columns);
    FILE *lines = fopen(schema, "r"), *numbers = fopen(values, "rb");
    assert_non_null(lines);
    assert_non_null(numbers);
    while (fscanf(lines, "%63s %15s %lu", columns->name[columns->count], type, &rows) == 3) {
        struct pvr_mera_out_column *column = &columns->column[columns->count];
        column->name = columns->name[columns->count++];
        while (strcmp(types[column->type], type) != 0) {
            column->type++;
            assert_true(column->type <= PVR_MERA_OUT_FLOAT64);
        }
        columns->rows = rows;
        void *data = malloc(rows * pvr_mera_out_type_bytes(column->type) + 1);
        assert_int_equal(fread(data, pvr_mera_out_type_bytes(column->type), rows, numbers), rows);
        column->data = data;
    }
    fclose(lines);
    fclose(numbers);
}

void columns_same(const char *path, enum pvr_mera_kind kind, const struct columns *columns) {
    struct pvr_mera *mera;
    struct pvr_error error;
    unit_ok(pvr_mera_open(path, &mera, &error), &error);
    const struct pvr_mera_table *table = &mera->table[kind];
    assert_true(table->present);
    assert_int_equal(table->nrows, columns->rows);
    assert_int_equal(table->ncolumns, columns->count);
    struct pvr_jld2_source source;
    struct pvr_job job;
    unit_ok(pvr_jld2_source_open(path, &mera->identity, &source, &error), &error);
    unit_ok(pvr_job_begin(&job, NULL, NULL, NULL, &error), &error);
    for (int i = 0; i < table->ncolumns; i++) {
        const struct pvr_jld2_object *object = &table->column[i].object;
        const uint64_t bytes = pvr_jld2_bytes(object);
        const struct pvr_jld2_column column = {object, "column", malloc(bytes + 1)};
        assert_string_equal(table->column[i].name, columns->column[i].name);
        assert_int_equal(bytes, columns->rows * pvr_mera_out_type_bytes(columns->column[i].type));
        unit_ok(pvr_jld2_columns_read(&source, &column, 1, &job, &error), &error);
        assert_memory_equal(column.out, columns->column[i].data, bytes);
        free(column.out);
    }
    pvr_job_end(&job, NULL);
    pvr_jld2_source_close(&source);
    pvr_mera_free(mera);
}
