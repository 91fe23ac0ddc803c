/* json.h - numbers of an EXPECT.json by the way that leads to them. */
#ifndef PVR_TEST_JSON_H
#define PVR_TEST_JSON_H

#include <stdbool.h>

/* The number at keys "a/b/c" below the outermost object; false if there is none. */
bool json_number(const char *text, const char *way, double *value);

#endif
