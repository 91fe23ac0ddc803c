/* series_table.c - what `pvramses series` finds, as a table: CSV or JSON. */
#include "series_table.h"

#include "pvr_clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void put_number(FILE *out, double value) {
    if (isnan(value)) {
        fputs(",nan", out);
    } else {
        fprintf(out, ",%.17g", value);
    }
}

/* In quotes where a comma, a quote or a line break asks for it. */
static void put_text(FILE *out, const char *text) {
    bool quoted = false;
    for (const char *c = text; *c != '\0'; c++) {
        quoted = quoted || *c == ',' || *c == '"' || *c == '\n' || *c == '\r';
    }
    fputc(',', out);
    if (!quoted) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') {
            fputc('"', out);
        }
        fputc(*c == '\n' || *c == '\r' ? ' ' : *c, out);
    }
    fputc('"', out);
}

static double redshift(const struct pvr_info *info) {
    return info->cosmological && info->aexp > 0 ? 1 / info->aexp - 1 : (double)NAN;
}

static void put_level(FILE *out, int level) {
    if (level == 0) {
        fputs(",all", out);
    } else {
        fprintf(out, ",%d", level);
    }
}

static double value_of(const struct series_row *row, int column) {
    return row->value != NULL ? row->value[column] : (double)NAN;
}

static void put_table(const struct series_table *table, FILE *out) {
    const struct quantities *quantities = table->quantities;
    fputs("output,time_myr,time,aexp,redshift,region,max_level,level", out);
    for (int q = 0; q < quantities->count; q++) {
        put_text(out, quantities->quantity[q].name);
    }
    fputs(",message\n", out);
    for (size_t r = 0; r < table->nrows; r++) {
        const struct series_row *row = &table->row[r];
        const struct pvr_info *info = row->info;
        fprintf(out, "%d", row->output);
        put_number(out, info != NULL ? pvr_info_time_myr(info) : (double)NAN);
        put_number(out, info != NULL ? info->time : (double)NAN);
        put_number(out, info != NULL ? info->aexp : (double)NAN);
        put_number(out, info != NULL ? redshift(info) : (double)NAN);
        put_text(out, row->region);
        put_level(out, row->max_level);
        put_level(out, row->level);
        for (int q = 0; q < quantities->count; q++) {
            put_number(out, value_of(row, q));
        }
        put_text(out, row->message != NULL ? row->message : "");
        fputc('\n', out);
    }
}

enum pvr_status series_write_csv(const struct series_table *table, struct pvr_output_file *file,
                                 struct pvr_error *error) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    put_table(table, out);
    bool well = ferror(out) == 0;
    well = fclose(out) == 0 && well;
    enum pvr_status status = well ? pvr_output_write(file, 0, text, size, error)
                                  : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    free(text);
    return status == PVR_OK ? pvr_output_commit(file, error) : status;
}

enum pvr_status series_print_csv(const struct series_table *table, struct pvr_error *error) {
    put_table(table, stdout);
    return ferror(stdout) == 0 ? PVR_OK : pvr_fail(error, PVR_ERROR_IO, "standard output: failed");
}

static void write_level(struct json *json, const char *key, int level) {
    if (level == 0) {
        json_null(json, key);
    } else {
        json_int(json, key, level);
    }
}

void series_write_json(const struct series_table *table, struct json *json) {
    const struct quantities *quantities = table->quantities;
    json_begin_array(json, "columns");
    for (int q = 0; q < quantities->count; q++) {
        json_begin_object(json, NULL);
        json_string(json, "name", quantities->quantity[q].name);
        json_string(json, "unit", quantities->quantity[q].unit);
        json_end_object(json);
    }
    json_end_array(json);
    json_begin_array(json, "rows");
    for (size_t r = 0; r < table->nrows; r++) {
        const struct series_row *row = &table->row[r];
        const struct pvr_info *info = row->info;
        json_begin_object(json, NULL);
        json_int(json, "output", row->output);
        json_double(json, "time_myr", info != NULL ? pvr_info_time_myr(info) : (double)NAN);
        json_double(json, "time", info != NULL ? info->time : (double)NAN);
        json_double(json, "aexp", info != NULL ? info->aexp : (double)NAN);
        json_double(json, "redshift", info != NULL ? redshift(info) : (double)NAN);
        json_string(json, "region", row->region[0] != '\0' ? row->region : NULL);
        write_level(json, "max_level", row->max_level);
        write_level(json, "level", row->level);
        for (int q = 0; q < quantities->count; q++) {
            json_double(json, quantities->quantity[q].name, value_of(row, q));
        }
        json_string(json, "message", row->message);
        json_end_object(json);
    }
    json_end_array(json);
}
