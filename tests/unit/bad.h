/* bad.h - a copy of a small real output to be spoilt, and what loading it then says. */
#ifndef PVR_TEST_BAD_H
#define PVR_TEST_BAD_H

#include "records.h"
#include "support.h"

struct bad {
    char *run;  /* folder around the output */
    char *path; /* of the output */
    int number;
    uint64_t leaves;                    /* of the output as it was */
    const char *only;                   /* the one field to ask for; null: all */
    uint64_t failed, loaded, by_folder; /* tries that failed, did not, named only the folder */
};

/* Copies data/`name`/output_NNNNN. */
struct bad bad_begin(const char *name, int number);
void bad_end(struct bad *bad);
/* Path of a file of the copy, made as unit_path does. */
const char *bad_path(const struct bad *bad, const char *name);

/* What a try must come to. */
enum bad_wanted {
    BAD_FAILS,  /* with a message that names the file */
    BAD_EITHER, /* that, or the mesh as it was; naming the output is enough where the fault shows
                   only between files */
    BAD_LOADS
};

/* Opens and loads all fields and checks what comes. `name` is of the file that was spoilt. */
void bad_try(struct bad *bad, const char *name, enum bad_wanted wanted);

/* Keeps the process from taking more than about 1 GiB (not under a sanitizer). */
void bad_limit_memory(void);

#endif
