/* mera.c - what `pvramses info` says of a Mera file. */
#include "mera.h"

#include "format.h"

#include <stdio.h>
#include <string.h>

/* Is it a part of the box? */
static bool is_part(const struct pvr_mera_table *table) {
    bool part = false;
    for (int i = 0; i < 6; i++) {
        part = part || table->ranges[i] != i % 2;
    }
    return table->has_ranges && part;
}

/* The compression of a table's columns: small ones may have none. */
static const char *compression(const struct pvr_mera_table *table) {
    const char *text = "none";
    for (int i = 0; i < table->ncolumns && strcmp(text, "none") == 0; i++) {
        text = pvr_jld2_compression(&table->column[i].object);
    }
    return text;
}

static uint64_t expanded_bytes(const struct pvr_mera_table *table) {
    uint64_t bytes = 0;
    for (int i = 0; i < table->ncolumns; i++) {
        bytes += pvr_jld2_bytes(&table->column[i].object);
    }
    return bytes;
}

/* What Mera noted of the output's own files. */
static void print_storage(const struct pvr_mera_table *table) {
    char text[FORMAT_SIZE];
    int parts = 0;
    for (int i = 0; i < table->nstorage; i++) {
        if (table->storage[i].bytes > 0) {
            printf("%s%s %s", parts++ == 0 ? "             on disk before: " : ", ",
                   table->storage[i].name, format_bytes(text, table->storage[i].bytes));
        }
    }
    printf("%s", parts > 0 ? "\n" : "");
}

static void print_table(const struct pvr_mera *mera, enum pvr_mera_kind kind) {
    const struct pvr_mera_table *table = &mera->table[kind];
    char rows[FORMAT_SIZE], stored[FORMAT_SIZE], bytes[FORMAT_SIZE];
    printf("\n  %-10s %s rows of %d columns, %s in the file (%s), %s expanded\n",
           pvr_mera_kind_name(kind), format_count(rows, table->nrows), table->ncolumns,
           format_bytes(stored, (double)table->stored), compression(table),
           format_bytes(bytes, (double)expanded_bytes(table)));
    int at = printf("             ");
    for (int i = 0; i < table->ncolumns; i++) {
        if (at + strlen(table->column[i].name) > 90) {
            at = printf("\n             ") - 1;
        }
        at += printf("%s%s", table->column[i].name, i + 1 < table->ncolumns ? " " : "");
    }
    printf("\n");
    if (table->lmax > 0) {
        printf("             levels %lld to %lld of the run\n", (long long)table->lmin,
               (long long)table->lmax);
    }
    if (is_part(table)) {
        const double *r = table->ranges;
        printf("             a part of the box: x %.6g to %.6g, y %.6g to %.6g, z %.6g to %.6g\n",
               r[0], r[1], r[2], r[3], r[4], r[5]);
    }
    for (int i = 0; i < table->nfacts; i++) {
        printf("%s%s %s", i > 0 ? ", " : "             ", table->fact[i].name, table->fact[i].text);
    }
    printf("%s", table->nfacts > 0 ? "\n" : "");
    if (table->memory > 0 && table->memory_unit != NULL) {
        printf("             %.4g %s in memory in Julia\n", table->memory, table->memory_unit);
    }
    print_storage(table);
    if (table->comments != NULL && table->comments[0] != '\0') {
        printf("             \"%s\"\n", table->comments);
    }
}

void mera_print(const struct pvr_mera *mera) {
    printf("\n  Mera file  %s\n", mera->title);
    if (mera->simulation != NULL) {
        printf("  saved from %s%s%s%s\n", mera->simulation, mera->code != NULL ? " (" : "",
               mera->code != NULL ? mera->code : "", mera->code != NULL ? ")" : "");
    }
    for (int kind = 0; kind < PVR_MERA_KINDS; kind++) {
        if (mera->table[kind].present) {
            print_table(mera, (enum pvr_mera_kind)kind);
        }
    }
}

static void write_table(const struct pvr_mera_table *table, const char *name, struct json *json) {
    json_begin_object(json, name);
    json_uint(json, "rows", table->nrows);
    json_begin_array(json, "columns");
    for (int i = 0; i < table->ncolumns; i++) {
        json_string(json, NULL, table->column[i].name);
    }
    json_end_array(json);
    json_string(json, "compression", compression(table));
    json_uint(json, "stored_bytes", table->stored);
    json_uint(json, "expanded_bytes", expanded_bytes(table));
    json_int(json, "lmin", table->lmin);
    json_int(json, "lmax", table->lmax);
    json_double(json, "boxlen", table->boxlen);
    json_double(json, "smallr", table->smallr);
    json_double(json, "smallc", table->smallc);
    json_begin_array(json, "ranges");
    for (int i = 0; table->has_ranges && i < 6; i++) {
        json_double(json, NULL, table->ranges[i]);
    }
    json_end_array(json);
    json_begin_object(json, "versions");
    for (int i = 0; i < table->nfacts; i++) {
        json_string(json, table->fact[i].name, table->fact[i].text);
    }
    json_end_object(json);
    json_begin_object(json, "storage");
    for (int i = 0; i < table->nstorage; i++) {
        json_double(json, table->storage[i].name, table->storage[i].bytes);
    }
    json_end_object(json);
    json_double(json, "memory", table->memory);
    json_string(json, "memory_unit", table->memory_unit);
    json_string(json, "comments", table->comments);
    json_end_object(json);
}

void mera_write(const struct pvr_mera *mera, struct json *json) {
    json_begin_object(json, "mera");
    json_string(json, "container", mera->title);
    json_string(json, "simulation", mera->simulation);
    json_string(json, "code", mera->code);
    json_begin_object(json, "kinds");
    for (int kind = 0; kind < PVR_MERA_KINDS; kind++) {
        if (mera->table[kind].present) {
            write_table(&mera->table[kind], pvr_mera_kind_name((enum pvr_mera_kind)kind), json);
        }
    }
    json_end_object(json);
    json_end_object(json);
}
