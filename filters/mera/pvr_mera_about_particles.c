/* pvr_mera_about_particles.c - what Mera knows of an output's particles.
 *
 * Rules: readparticlesfile1! in src/read_data/RAMSES/getinfo.jl of Mera.jl 1.9.
 */
#include "pvr_mera_about_private.h"

#include "pvr_text.h"

#include <stdlib.h>
#include <string.h>

/* What the words of the header's line of particle fields stand for. */
static void add_header_field(struct pvr_jl_arena *arena, struct pvr_mera_list *names,
                             const char *word) {
    static const struct {
        const char *word, *names[3];
    } known[] = {{"pos", {"position_x", "position_y", "position_z"}},
                 {"vel", {"velocity_x", "velocity_y", "velocity_z"}},
                 {"iord", {"identity"}},
                 {"id", {"identity"}},
                 {"level", {"levelp"}},
                 {"tform", {"birth_time"}},
                 {"birth", {"birth_time"}},
                 {"metal", {"metallicity"}},
                 {"metals", {"metallicity"}}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        if (strcmp(word, known[k].word) == 0) {
            for (int i = 0; i < 3 && known[k].names[i] != NULL; i++) {
                pvr_mera_list_add(names, pvr_jl_symbol_value(arena, known[k].names[i]));
            }
            return;
        }
    }
    pvr_mera_list_add(names, pvr_jl_symbol_value(arena, word));
}

static int64_t second_number(const char *line) {
    line += strspn(line, " \t");
    line += strcspn(line, " \t");
    return strtoll(line, NULL, 10);
}

/* Counts of the header, and the words of its line of fields as names. Returns its version: 1 with
 * families, 0 the older form, -1 neither. */
static int read_header(struct pvr_jl_arena *arena, const struct pvr_mera_lines *header,
                       int64_t *count, struct pvr_mera_list *names) {
    static const int families[] = {
        PVR_MERA_P_OTHER_TRACER1, PVR_MERA_P_DEBRIS_TRACER, PVR_MERA_P_CLOUD_TRACER,
        PVR_MERA_P_STAR_TRACER,   PVR_MERA_P_OTHER_TRACER2, PVR_MERA_P_GAS_TRACER,
        PVR_MERA_P_NDM,           PVR_MERA_P_NSTARS,        PVR_MERA_P_NCLOUD,
        PVR_MERA_P_NDEBRIS,       PVR_MERA_P_NOTHER,        PVR_MERA_P_NUNDEFINED};
    static const int older[] = {PVR_MERA_P_NPART, PVR_MERA_P_NDM, PVR_MERA_P_NSTARS,
                                PVR_MERA_P_NSINKS};
    const size_t nfamilies = sizeof families / sizeof *families;
    if (header->count == 0) {
        return 0;
    }
    if (strstr(header->line[0], "Total") != NULL) {
        for (size_t i = 0; i < 4 && 2 * i + 1 < header->count; i++) {
            count[older[i]] = strtoll(header->line[2 * i + 1], NULL, 10);
        }
        return 0;
    }
    if (strstr(header->line[0], "Family") == NULL) {
        return -1;
    }
    for (size_t i = 0; i < nfamilies && i + 1 < header->count; i++) {
        count[families[i]] = second_number(header->line[i + 1]);
    }
    for (size_t i = nfamilies + 1; i < header->count; i++) {
        if (header->line[i][strspn(header->line[i], " \t")] == '\0') {
            continue;
        }
        if (strstr(header->line[i], "ield") != NULL && i + 1 < header->count) {
            i++;
        }
        char *line = strdup(header->line[i]), *rest = NULL;
        for (char *word = line != NULL ? strtok_r(line, " \t", &rest) : NULL; word != NULL;
             word = strtok_r(NULL, " \t", &rest)) {
            add_header_field(arena, names, word);
        }
        free(line);
        break;
    }
    return 1;
}

/* A number of the namelist, in whichever block. */
static void namelist_number(const struct pvr_mera_lines *namelist, const char *key,
                            double *number) {
    for (size_t i = 0; i < namelist->count; i++) {
        char *name = strchr(namelist->line[i], '=') != NULL
                         ? pvr_mera_part(namelist->line[i], '=', 0)
                         : NULL;
        char *value = name != NULL ? pvr_mera_part(namelist->line[i], '=', 1) : NULL;
        if (name != NULL && value != NULL && strcmp(name, key) == 0) {
            pvr_text_real(value, strlen(value), number, NULL);
        }
        free(name);
        free(value);
    }
}

static bool is_one_of(const char *name, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

void pvr_mera_particles(struct pvr_jl_arena *arena, const struct pvr_mera_lines *header,
                        const struct pvr_mera_lines *descriptor, bool present, double myr,
                        const struct pvr_mera_lines *namelist, const struct pvr_jl_value **part,
                        const struct pvr_jl_value **description, const struct pvr_jl_value **info) {
    static const char *const usual[] = {
        "position_x", "position_y", "position_z", "velocity_x",  "velocity_y", "velocity_z", "mass",
        "identity",   "levelp",     "birth_time", "metallicity", "family",     "tag"};
    static const char *const old[] = {"vx", "vy", "vz", "mass", "birth"};
    static const char *const now[] = {"vx", "vy", "vz", "mass", "family", "tag", "birth", "metals"};
    int64_t count[PVR_MERA_PART_FIELDS] = {0};
    struct pvr_mera_list columns = {0}, names = {0}, types = {0}, variables = {0};
    const int header_version =
        present && header->found ? read_header(arena, header, count, &columns) : 0;
    double eta_sn = 0, age_sn = 10 / myr, f_w = 0;
    namelist_number(namelist, "eta_sn", &eta_sn);
    namelist_number(namelist, "age_sn", &age_sn);
    namelist_number(namelist, "f_w", &f_w);
    int64_t version = header_version == 1 ? 1 : 0;
    if (descriptor->found) {
        char *number = descriptor->count > 0 ? pvr_mera_part(descriptor->line[0], ':', 1) : NULL;
        version = number != NULL ? strtoll(number, NULL, 10) : 0;
        free(number);
        for (size_t i = 2; version == 1 && i < descriptor->count; i++) {
            char *name = pvr_mera_part(descriptor->line[i], ',', 1);
            char *type = pvr_mera_part(descriptor->line[i], ',', 2);
            if (name != NULL && type != NULL) {
                pvr_mera_list_add(&names, pvr_jl_symbol_value(arena, name));
                pvr_mera_list_add(&types, pvr_jl_text(arena, type));
            }
            free(name);
            free(type);
        }
    } else if (version == 1) {
        names = columns;
        columns = (struct pvr_mera_list){0};
    }
    free(columns.name);
    const bool metals = pvr_mera_list_have(&names, "metallicity");
    const char *const *list = version <= 0 ? old : now;
    const size_t n = version <= 0 ? 5 : metals ? 8 : 7;
    for (size_t i = 0; i < n; i++) {
        pvr_mera_list_add(&variables, pvr_jl_symbol_value(arena, list[i]));
    }
    for (size_t i = 0; version > 0 && metals && i < names.count; i++) {
        if (!is_one_of(names.name[i]->as.text.bytes, usual, sizeof usual / sizeof *usual)) {
            pvr_mera_list_add(&variables, names.name[i]);
        }
    }
    for (size_t i = 0; i < PVR_MERA_PART_FIELDS; i++) {
        part[i] = pvr_jl_int(arena, count[i]);
    }
    part[PVR_MERA_P_ETA_SN] = pvr_jl_real(arena, eta_sn);
    part[PVR_MERA_P_AGE_SN] = pvr_jl_real(arena, age_sn);
    part[PVR_MERA_P_F_W] = pvr_jl_real(arena, f_w);
    info[PVR_MERA_I_NVARP] = pvr_jl_int(arena, (int64_t)variables.count);
    info[PVR_MERA_I_PARTICLE_VARIABLES] = pvr_mera_list_end(arena, &pvr_jl_symbol, &variables);
    info[PVR_MERA_I_PARTICLES] = pvr_jl_truth(arena, present);
    info[PVR_MERA_I_HEADERFILE] = pvr_jl_truth(arena, present && header->found);
    const struct pvr_jl_value *described = pvr_mera_list_end(arena, &pvr_jl_symbol, &names);
    description[PVR_MERA_D_PVERSION] = pvr_jl_int(arena, version);
    description[PVR_MERA_D_PARTICLES] =
        version == 0 ? info[PVR_MERA_I_PARTICLE_VARIABLES] : described;
    description[PVR_MERA_D_PTYPES] = pvr_mera_list_end(arena, &pvr_jl_string, &types);
    description[PVR_MERA_D_USEPARTICLES] = pvr_jl_truth(arena, false);
    description[PVR_MERA_D_PARTICLESFILE] = pvr_jl_truth(arena, descriptor->found);
}
