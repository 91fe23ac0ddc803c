/* mera_columns.h - the columns of Mera files, for the tests of what writes them. */
#ifndef PVR_TEST_MERA_COLUMNS_H
#define PVR_TEST_MERA_COLUMNS_H

#include "pvr_mera.h"
#include "pvr_mera_write.h"

enum { COLUMNS_MOST = 64 };

struct columns {
    struct pvr_mera_out_column column[COLUMNS_MOST];
    char name[COLUMNS_MOST][64];
    size_t count;
    uint64_t rows;
};

/* The path of a fixture, or null if it is not there. */
const char *columns_fixture(const char *name);
/* A table of the fixtures: names and types, and the columns one after another. */
void columns_read(const char *schema, const char *values, struct columns *columns);
void columns_free(struct columns *columns);
/* Reads all columns of a kind through the reader of Mera files: names, types and bits must be
 * these. */
void columns_same(const char *path, enum pvr_mera_kind kind, const struct columns *columns);

#endif
