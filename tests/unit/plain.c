/* plain.c - an output read in the plainest way, record by record. */
#include "plain.h"

#include "records.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT(folder, n, large)                                                                   \
    { folder, n, PVR_TEST_DATA "/" folder "/output_0000" #n, large }
const struct plain_output plain_outputs[PLAIN_OUTPUTS] = {
    OUTPUT("sedov1d", 2, false), OUTPUT("sedov2d", 2, false), OUTPUT("sedov2d", 3, false),
    OUTPUT("sedov3d", 2, false), OUTPUT("sedov3d", 3, false), OUTPUT("legacy3d", 2, false),
    OUTPUT("web3d", 2, true),    OUTPUT("web3d", 3, true)};

/* The values of the last `noct` octs' cells from a hydro or gravity file, whose block begins with
 * record `next`; they go behind the first `before`. */
static void read_values(struct plain *plain, const struct records *records, size_t next, int noct,
                        int nvar, int before) {
    int ncells = 1 << plain->ndim;
    struct plain_cell *cell = &plain->cell[plain->count - (size_t)(noct * ncells)];
    for (int i = 0; i < noct; i++) {
        for (int c = 0; c < ncells; c++, cell++) {
            for (int v = 0; v < nvar; v++) {
                size_t record = next + 2 + (size_t)(c * nvar + v);
                assert_in_range(before + v, 0, PLAIN_VARIABLES - 1);
                memcpy(&cell->value[before + v], record_data(records, record) + 8 * i, 8);
            }
        }
    }
}

/* The own octs of one block of records of an amr file, which begins with record amr_next. */
static void read_block(struct plain *plain, const struct records *amr, size_t amr_next, int level,
                       int domain, int noct) {
    int ndim = plain->ndim, ncells = 1 << ndim;
    size_t more = (size_t)noct * (size_t)ncells;
    plain->cell = realloc(plain->cell, (plain->count + more) * sizeof *plain->cell);
    assert_non_null(plain->cell);
    for (int i = 0; i < noct; i++) {
        for (int c = 0; c < ncells; c++) {
            struct plain_cell *cell = &plain->cell[plain->count++];
            memset(cell, 0, sizeof *cell);
            cell->level = level;
            cell->domain = domain;
            for (int axis = 0; axis < ndim; axis++) {
                double centre;
                memcpy(&centre, record_data(amr, amr_next + 3 + (size_t)axis) + 8 * i, 8);
                centre += ((c >> axis & 1) - 0.5) * ldexp(1, -level);
                /* the corner of the box is taken off later */
                cell->at[axis] = (uint32_t)floor(ldexp(centre, level));
            }
            size_t son = amr_next + 3 + (size_t)ndim + 1 + 2 * (size_t)ndim + (size_t)c;
            cell->refined = record_int(amr, son, (size_t)i) != 0;
        }
    }
}

static void read_domain(struct plain *plain, const char *path, int number, int domain) {
    struct records amr, hydro, gravity = {.count = 0};
    const char *gravity_path = unit_path("%s/grav_%05d.out%05d", path, number, domain);
    records_read(unit_path("%s/amr_%05d.out%05d", path, number, domain), &amr);
    records_read(unit_path("%s/hydro_%05d.out%05d", path, number, domain), &hydro);
    plain->ncpu = record_int(&amr, 0, 0);
    plain->ndim = record_int(&amr, 1, 0);
    plain->nlevelmax = record_int(&amr, 3, 0);
    plain->nboundary = record_int(&amr, 5, 0);
    plain->nvar = record_int(&hydro, 1, 0);
    if (access(gravity_path, F_OK) == 0) {
        records_read(gravity_path, &gravity);
        plain->ngravity = record_int(&gravity, 1, 0);
    }
    size_t numbb = plain->nboundary > 0 ? 25 : 0;
    size_t amr_next = 23 + (plain->nboundary > 0 ? 3 : 0) + 6, hydro_next = 6;
    size_t gravity_next = 4;
    for (int level = 1; level <= plain->nlevelmax; level++) {
        for (int d = 1; d <= plain->ncpu + plain->nboundary; d++) {
            int noct =
                d <= plain->ncpu
                    ? record_int(&amr, 21, (size_t)((level - 1) * plain->ncpu + d - 1))
                    : record_int(&amr, numbb,
                                 (size_t)((level - 1) * plain->nboundary + d - plain->ncpu - 1));
            assert_int_equal(record_int(&hydro, hydro_next, 0), level);
            assert_int_equal(record_int(&hydro, hydro_next + 1, 0), noct);
            if (d == domain && noct > 0) {
                read_block(plain, &amr, amr_next, level, domain, noct);
                read_values(plain, &hydro, hydro_next, noct, plain->nvar, 0);
                read_values(plain, &gravity, gravity_next, noct, plain->ngravity, plain->nvar);
            }
            size_t cells = (size_t)1 << plain->ndim, ndim = (size_t)plain->ndim;
            amr_next += noct > 0 ? 3 + ndim + 1 + 2 * ndim + 3 * cells : 0;
            hydro_next += 2 + (noct > 0 ? cells * (size_t)plain->nvar : 0);
            gravity_next += 2 + (noct > 0 ? cells * (size_t)plain->ngravity : 0);
        }
    }
    assert_int_equal(amr_next, amr.count);
    assert_int_equal(hydro_next, hydro.count);
    records_free(&amr);
    assert_true(gravity.count == 0 || gravity_next == gravity.count);
    records_free(&hydro);
    records_free(&gravity);
}

struct plain plain_read(const char *path, int number) {
    struct plain plain = {.ncpu = 1};
    for (int domain = 1; domain <= plain.ncpu; domain++) {
        read_domain(&plain, path, number, domain);
    }
    uint32_t corner[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    for (size_t i = 0; i < plain.count; i++) {
        for (int axis = 0; plain.cell[i].level == 1 && axis < plain.ndim; axis++) {
            uint32_t coarse = plain.cell[i].at[axis] / 2;
            corner[axis] = coarse < corner[axis] ? coarse : corner[axis];
        }
    }
    for (size_t i = 0; i < plain.count; i++) {
        for (int axis = 0; axis < plain.ndim; axis++) {
            plain.cell[i].at[axis] -= corner[axis] << plain.cell[i].level;
        }
    }
    return plain;
}

void plain_free(struct plain *plain) {
    free(plain->cell);
    memset(plain, 0, sizeof *plain);
}
