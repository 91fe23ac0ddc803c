/* region.h - the region that --region names, as the library wants it. */
#ifndef PVRAMSES_REGION_OPTION_H
#define PVRAMSES_REGION_OPTION_H

#include "pvr_region.h"

/* What --region says, before it is known how long its unit is. */
struct region_option {
    struct pvr_region region; /* lengths in `unit` */
    bool of_box;              /* lengths are shares of the box along x */
    enum pvr_length_unit unit;
};

/* Reads box,X,Y,Z,SX,SY,SZ or sphere,X,Y,Z,R or cylinder,X,Y,Z,R,H[,AX,AY,AZ], each with an
 * optional unit behind it. False if it is none of these. */
bool region_parse(const char *text, struct region_option *option);
/* The same in code length; none gives none. */
struct pvr_region region_in_code(const struct region_option *option,
                                 const struct pvr_snapshot *snapshot);

/* For help texts and usage. */
#define REGION_USAGE "[--region SHAPE,X,Y,Z,...] [--by-centre]"
#define REGION_HELP                                                                                \
    "  --region REGION   of the box only this part: box,X,Y,Z,SX,SY,SZ (centre and sides),\n"      \
    "                    sphere,X,Y,Z,R or cylinder,X,Y,Z,R,H[,AX,AY,AZ] (along z, or A); then\n"  \
    "                    maybe a unit: ,code (default) ,pc ,kpc ,Mpc ,AU ,cm, or ,box for "        \
    "shares\n"                                                                                     \
    "                    of the box. It goes on across periodic borders. Files of domains that\n"  \
    "                    have no part in it are not opened\n"                                      \
    "  --by-centre       cells count if their centre lies in the region; else if any of their\n"   \
    "                    volume does\n"

#endif
