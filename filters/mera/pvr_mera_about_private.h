/* pvr_mera_about_private.h - what is known of a simulation, from inside (internal). */
#ifndef PVR_MERA_ABOUT_PRIVATE_H
#define PVR_MERA_ABOUT_PRIVATE_H

#include "pvr_mera_types.h"
#include "pvr_mera_write.h"

struct pvr_mera_about {
    struct pvr_jl_arena arena;
    const struct pvr_jl_value *value; /* an InfoType */
    double boxlen;
    /* Of the table beside which it stood in a file: what was chosen, and under which names; null
     * where it came from elsewhere. */
    enum pvr_mera_out_kind kind;
    const struct pvr_jl_value *selected, *used_descriptors;
};

/* A text file as lines, without their ends; what is missing or no text has none. */
struct pvr_mera_lines {
    bool found;
    size_t count;
    char **line;
    char *text;
};
void pvr_mera_lines_read(struct pvr_mera_lines *lines, const char *path);
void pvr_mera_lines_free(struct pvr_mera_lines *lines);
/* The part of a line behind the `n`-th separator (from 1), without blanks around it; to be freed,
 * null if there is none. */
char *pvr_mera_part(const char *line, char separator, int n);

/* A dictionary that is being made: a key that comes again replaces its value. */
struct pvr_mera_dict {
    size_t count, room;
    const struct pvr_jl_value **key, **value;
};
void pvr_mera_dict_set(struct pvr_mera_dict *dict, const struct pvr_jl_value *key,
                       const struct pvr_jl_value *value);
/* The value of it; what it held is freed. */
const struct pvr_jl_value *pvr_mera_dict_end(struct pvr_jl_arena *arena,
                                             struct pvr_mera_dict *dict);

/* A list of names or texts that is being made. */
struct pvr_mera_list {
    size_t count, room;
    const struct pvr_jl_value **name;
};
void pvr_mera_list_add(struct pvr_mera_list *names, const struct pvr_jl_value *name);
bool pvr_mera_list_have(const struct pvr_mera_list *names, const char *name);
const struct pvr_jl_value *pvr_mera_list_end(struct pvr_jl_arena *arena,
                                             const struct pvr_jl_type *element,
                                             struct pvr_mera_list *names);

/* pvr_mera_about_radiation.c: info_rt_NNNNN.txt as the dictionaries `rt` and `rtPhotonGroups`. */
void pvr_mera_radiation(struct pvr_jl_arena *arena, const struct pvr_mera_lines *lines,
                        const struct pvr_jl_value **rt, const struct pvr_jl_value **groups);

/* pvr_mera_about_particles.c: header_NNNNN.txt and part_file_descriptor.txt. Fills the fields of
 * part_info, the descriptor and the info that tell of particles; `namelist`: the blocks'
 * dictionary. */
void pvr_mera_particles(struct pvr_jl_arena *arena, const struct pvr_mera_lines *header,
                        const struct pvr_mera_lines *descriptor, bool present, double myr,
                        const struct pvr_mera_lines *namelist, const struct pvr_jl_value **part,
                        const struct pvr_jl_value **description, const struct pvr_jl_value **info);

#endif
