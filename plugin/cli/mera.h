/* mera.h - what `pvramses info` says of a Mera file: what Mera's viewdata and infodata show. */
#ifndef PVRAMSES_CLI_MERA_H
#define PVRAMSES_CLI_MERA_H

#include "json.h"
#include "pvr_mera.h"

/* A passage for a person, and the member "mera" of an object. */
void mera_print(const struct pvr_mera *mera);
void mera_write(const struct pvr_mera *mera, struct json *json);

#endif
