/* pvr_mera_verify_private.h - the parts of verifying (internal). */
#ifndef PVR_MERA_VERIFY_PRIVATE_H
#define PVR_MERA_VERIFY_PRIVATE_H

#include "pvr_mera_verify.h"

/* pvr_mera_verify_walk.c: all objects, references and texts. */
enum pvr_status pvr_mera_verify_walk(const char *path, struct pvr_mera_verified *verified,
                                     struct pvr_error *error);

#endif
