/* pvr_mera_about_radiation.c - info_rt_NNNNN.txt as Mera's dictionaries.
 *
 * Which keys, and of what type: readrtfile1! in src/read_data/RAMSES/getinfo.jl of Mera.jl 1.9.
 */
#include "pvr_mera_about_private.h"

#include "pvr_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* All numbers behind the first equal sign of a line. */
static const struct pvr_jl_value *numbers_of(struct pvr_jl_arena *arena, const char *line,
                                             bool whole) {
    double number[64];
    int64_t integer[64];
    size_t n = 0;
    const char *at = strchr(line, '=');
    at = at != NULL ? at + 1 : line;
    while (n < 64 && *at != '\0') {
        const char *end;
        if (pvr_text_real(at, strlen(at), &number[n], &end)) {
            integer[n] = llround(number[n]);
            n++;
            at = end;
        } else {
            at++;
        }
    }
    return whole ? pvr_jl_vector_of_bits(arena, &pvr_jl_int64, n, 8, integer)
                 : pvr_jl_vector_of_bits(arena, &pvr_jl_float64, n, 8, number);
}

static const char *skip_blanks(const char *line) {
    return line + strspn(line, " \t");
}

static bool begins(const char *line, const char *word) {
    return strncmp(skip_blanks(line), word, strlen(word)) == 0;
}

/* The first number behind `key =`. */
static bool first_number(const struct pvr_mera_lines *lines, const char *key, double *number) {
    for (size_t i = 0; i < lines->count; i++) {
        const char *line = skip_blanks(lines->line[i]);
        const size_t length = strlen(key);
        if (strncmp(line, key, length) == 0 && *skip_blanks(line + length) == '=') {
            const char *value = skip_blanks(line + length) + 1;
            return pvr_text_real(value, strlen(value), number, NULL);
        }
    }
    return false;
}

/* The dictionary of one photon group; what it held is freed. */
static const struct pvr_jl_value *group_end(struct pvr_jl_arena *arena,
                                            struct pvr_mera_dict *group) {
    const struct pvr_jl_value *value =
        pvr_jl_symbol_dict_value(arena, group->count, group->key, group->value);
    free(group->key);
    free(group->value);
    *group = (struct pvr_mera_dict){0};
    return value;
}

void pvr_mera_radiation(struct pvr_jl_arena *arena, const struct pvr_mera_lines *lines,
                        const struct pvr_jl_value **rt, const struct pvr_jl_value **groups) {
    static const struct {
        const char *key;
        bool whole;
    } keys[] = {{"nRTvar", true},   {"nIons", true},       {"nGroups", true},
                {"iIons", true},    {"X_fraction", false}, {"Y_fraction", false},
                {"unit_np", false}, {"unit_pf", false},    {"rt_c_frac", false},
                {"n_star", false},  {"T2_star", false},    {"g_star", false}};
    struct pvr_mera_dict parameters = {0}, photons = {0}, group = {0};
    double energy[64];
    size_t nenergies = 0;
    int64_t current = 0;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        double number;
        if (first_number(lines, keys[k].key, &number)) {
            pvr_mera_dict_set(&parameters, pvr_jl_symbol_value(arena, keys[k].key),
                              keys[k].whole ? pvr_jl_int(arena, (int64_t)number)
                                            : pvr_jl_real(arena, number));
        }
    }
    for (size_t i = 0; i < lines->count; i++) {
        const char *line = lines->line[i];
        if (begins(line, "groupL0")) {
            pvr_mera_dict_set(&photons, pvr_jl_symbol_value(arena, "L0_eV"),
                              numbers_of(arena, line, false));
        } else if (begins(line, "groupL1")) {
            pvr_mera_dict_set(&photons, pvr_jl_symbol_value(arena, "L1_eV"),
                              numbers_of(arena, line, false));
        } else if (begins(line, "spec2group")) {
            pvr_mera_dict_set(&photons, pvr_jl_symbol_value(arena, "spec2group"),
                              numbers_of(arena, line, true));
        } else if (strstr(line, "---Group") != NULL) {
            if (current > 0) {
                pvr_mera_dict_set(&photons, pvr_jl_int(arena, current), group_end(arena, &group));
            }
            current = strtol(strstr(line, "---Group") + strlen("---Group"), NULL, 10);
        } else if (current > 0 && begins(line, "egy")) {
            const struct pvr_jl_value *values = numbers_of(arena, line, false);
            if (values != NULL && values->as.array.length > 0) {
                const double first = ((const double *)values->as.array.bits)[0];
                pvr_mera_dict_set(&group, pvr_jl_symbol_value(arena, "egy_eV"),
                                  pvr_jl_real(arena, first));
                if (nenergies < 64) {
                    energy[nenergies++] = first;
                }
            }
        } else if (current > 0 && begins(line, "csn")) {
            pvr_mera_dict_set(&group, pvr_jl_symbol_value(arena, "csn_cm2"),
                              numbers_of(arena, line, false));
        } else if (current > 0 && begins(line, "cse")) {
            pvr_mera_dict_set(&group, pvr_jl_symbol_value(arena, "cse_cm2"),
                              numbers_of(arena, line, false));
        }
    }
    if (current > 0) {
        pvr_mera_dict_set(&photons, pvr_jl_int(arena, current), group_end(arena, &group));
    }
    if (nenergies > 0) {
        pvr_mera_dict_set(&parameters, pvr_jl_symbol_value(arena, "group_egy"),
                          pvr_jl_vector_of_bits(arena, &pvr_jl_float64, nenergies, 8, energy));
    }
    *rt = pvr_mera_dict_end(arena, &parameters);
    *groups = pvr_mera_dict_end(arena, &photons);
}
