/* mera.h - Mera files for tests, and their columns as the file has them. */
#ifndef PVR_TEST_MERA_H
#define PVR_TEST_MERA_H

#include "support.h"

#include "pvr_mera.h"

/* Path of data/mera/NAME.jld2. */
const char *mera_path(const char *name);
/* The folder with more Mera files, laid out as mera144/, mera190/ with a ref/ each; null if it is
 * not there. */
const char *mera_fixtures(void);

struct mera_columns {
    const struct pvr_mera_table *table;
    void **data; /* [column] */
};

struct pvr_mera *mera_open(const char *path);
/* Reads all columns of a kind. */
struct mera_columns mera_read(const struct pvr_mera *mera, enum pvr_mera_kind kind, int threads);
void mera_columns_free(struct mera_columns *columns);

/* Value of a column by its name; whole numbers as such. */
double mera_value(const struct mera_columns *columns, const char *name, uint64_t row);
/* Does it have the column? */
bool mera_has(const struct mera_columns *columns, const char *name);

#endif
