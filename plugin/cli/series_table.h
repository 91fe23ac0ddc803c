/* series_table.h - what `pvramses series` finds, as a table: CSV or JSON. */
#ifndef PVRAMSES_SERIES_TABLE_H
#define PVRAMSES_SERIES_TABLE_H

#include "json.h"
#include "pvr_error.h"
#include "pvr_info.h"

#include <stddef.h>

struct series_row {
    int output;
    const struct pvr_info *info; /* null: the output could not be opened */
    const char *region;          /* as it was asked for; "" for the whole box */
    int level;                   /* 0: all */
    const double *value;         /* of each quantity; null: all NaN */
    const char *message;         /* why there are no values, or null */
};

struct series_table {
    size_t nrows;
    struct series_row *row;
    int ncolumns;
    const char *const *column; /* names of the quantities */
    const char *const *unit;   /* of each, "" for code units */
};

/* Writes the table as CSV: a line of names, then a line a row. Numbers read back as the same
 * double; what is not there is `nan`. The file appears whole or not at all. */
enum pvr_status series_write_csv(const struct series_table *table, const char *path,
                                 struct pvr_error *error);
/* The same to standard output. */
enum pvr_status series_print_csv(const struct series_table *table, struct pvr_error *error);
/* The members "columns" and "rows" of an object. */
void series_write_json(const struct series_table *table, struct json *json);

#endif
