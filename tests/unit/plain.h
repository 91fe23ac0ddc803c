/* plain.h - an output read in the plainest way, record by record, to compare the library with. */
#ifndef PVR_TEST_PLAIN_H
#define PVR_TEST_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLAIN_VARIABLES = 12 };

struct plain_cell {
    int level, domain;
    uint32_t at[3]; /* on its level's grid */
    bool refined;
    double value[PLAIN_VARIABLES]; /* of the hydro file, in its order, then of the gravity file */
};

struct plain {
    int ncpu, ndim, nlevelmax, nboundary;
    int nvar, ngravity; /* variables of the hydro and of the gravity file; 0: none */
    size_t count;
    struct plain_cell *cell; /* all cells of all domains' own octs, coarse ones included */
};

/* Outputs in this machine's byte order, with 8-byte reals; `path` is the output folder. */
struct plain plain_read(const char *path, int number);
void plain_free(struct plain *plain);

/* The outputs in data/ and their numbers. */
struct plain_output {
    const char *name; /* of the folder in data/ */
    int number;
    const char *path;
    bool large; /* much more than a megabyte */
};
enum { PLAIN_OUTPUTS = 8 };
extern const struct plain_output plain_outputs[PLAIN_OUTPUTS];

#endif
