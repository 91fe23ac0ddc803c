/* series_table.h - what `pvramses series` finds, as a table: CSV or JSON. */
#ifndef PVRAMSES_SERIES_TABLE_H
#define PVRAMSES_SERIES_TABLE_H

#include "json.h"
#include "pvr_error.h"
#include "pvr_info.h"
#include "pvr_output_file.h"
#include "quantities.h"

#include <stddef.h>

struct series_row {
    int output;
    const struct pvr_info *info; /* null: the output could not be opened */
    const char *region;          /* as it was asked for; "" for the whole box */
    int max_level;               /* no cells deeper than this counted; 0: all levels did */
    int level;                   /* of these the cells of this one; 0: all */
    const double *value;         /* of each quantity; null: all NaN */
    const char *message;         /* why there are no values, or null */
};

struct series_table {
    size_t nrows;
    struct series_row *row;
    const struct quantities *quantities; /* its columns */
};

/* Writes the table as CSV into a file that was begun, and puts it in its place: a line of names,
 * then a line a row. Numbers read back as the same double; what is not there is `nan`. */
enum pvr_status series_write_csv(const struct series_table *table, struct pvr_output_file *file,
                                 struct pvr_error *error);
/* The same to standard output. */
enum pvr_status series_print_csv(const struct series_table *table, struct pvr_error *error);
/* The members "columns" and "rows" of an object. */
void series_write_json(const struct series_table *table, struct json *json);

#endif
