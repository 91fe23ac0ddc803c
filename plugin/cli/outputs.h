/* outputs.h - which outputs of a run --outputs names. */
#ifndef PVRAMSES_OUTPUTS_H
#define PVRAMSES_OUTPUTS_H

#include <stdbool.h>

struct outputs_range {
    int first, last, step;
};

/* Reads FIRST:LAST:STEP, FIRST:LAST or FIRST. False if it is none of these. */
bool outputs_parse(const char *text, struct outputs_range *range);
bool outputs_has(const struct outputs_range *range, int number);

#endif
