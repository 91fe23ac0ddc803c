/* pvr_derived_query.c - which derived fields an output allows and what they need; the page of
 * documentation. */
#include "pvr_derived_cells.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pvr_input_info inputs[PVR_INPUTS] = {
    [PVR_IN_DENSITY] = {"density", 1},     [PVR_IN_PRESSURE] = {"pressure", 1},
    [PVR_IN_VELOCITY] = {"velocity", 3},   [PVR_IN_METALLICITY] = {"metallicity", 1},
    [PVR_IN_POTENTIAL] = {"potential", 1}, [PVR_IN_ACCELERATION] = {"acceleration", 3},
    [PVR_IN_B_LEFT] = {"B_left", 3},       [PVR_IN_B_RIGHT] = {"B_right", 3},
    [PVR_IN_B_FIELD] = {"B_field", 3},
};

const struct pvr_input_info *pvr_input_info(enum pvr_input input) {
    return &inputs[input];
}

unsigned pvr_inputs_of(unsigned uses, unsigned has) {
    const unsigned faces = 1u << PVR_IN_B_LEFT | 1u << PVR_IN_B_RIGHT;
    const unsigned centred = 1u << PVR_IN_B_FIELD;
    static const struct {
        unsigned use;
        enum pvr_input input;
    } of[] = {{PVR_USES_DENSITY, PVR_IN_DENSITY},     {PVR_USES_PRESSURE, PVR_IN_PRESSURE},
              {PVR_USES_VELOCITY, PVR_IN_VELOCITY},   {PVR_USES_METALLICITY, PVR_IN_METALLICITY},
              {PVR_USES_POTENTIAL, PVR_IN_POTENTIAL}, {PVR_USES_ACCELERATION, PVR_IN_ACCELERATION}};
    unsigned wanted = 0;
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        wanted |= (uses & of[i].use) != 0 ? 1u << of[i].input : 0;
    }
    bool only_centred = (has & faces) != faces && (has & centred) != 0;
    if ((uses & PVR_USES_FACES) != 0 || ((uses & PVR_USES_FIELD) != 0 && !only_centred)) {
        wanted |= faces;
    } else if ((uses & PVR_USES_FIELD) != 0) {
        wanted |= centred;
    }
    return wanted;
}

/* The inputs that a table has, as bits. */
static unsigned table_inputs(const struct pvr_field_table *table) {
    unsigned has = 0;
    for (int i = 0; i < PVR_INPUTS; i++) {
        int field = pvr_field_find(table, inputs[i].name);
        if (field >= 0 && table->field[field].ncomponents == inputs[i].ncomponents) {
            has |= 1u << i;
        }
    }
    return has;
}

bool pvr_derived_available(const struct pvr_derived_info *derived, const struct pvr_info *info,
                           const struct pvr_field_table *table, char *reason, size_t size) {
    char unused[1];
    reason = reason != NULL && size > 0 ? reason : unused;
    size = reason != unused ? size : sizeof unused;
    const struct pvr_derived_entry *entry = pvr_derived_entry(derived->name);
    reason[0] = '\0';
    if (entry == NULL) {
        snprintf(reason, size, "there is no derived field %s", derived->name);
        return false;
    }
    if (pvr_field_find(table, derived->name) >= 0 || pvr_variable_find(table, derived->name) >= 0) {
        snprintf(reason, size, "the output has a field %s of its own", derived->name);
        return false;
    }
    unsigned has = table_inputs(table), uses = pvr_derived_all_uses(entry->uses);
    unsigned missing = pvr_inputs_of(uses, has) & ~has;
    for (int i = 0; i < PVR_INPUTS; i++) {
        if (missing >> i & 1) {
            snprintf(reason, size, "the output has no field %s", inputs[i].name);
            return false;
        }
    }
    if ((uses & PVR_USES_BARYON_MEAN) != 0 &&
        !(info->cosmological && info->omega_b > 0 && info->omega_m > 0)) {
        snprintf(reason, size, "the output is not of a cosmological run with baryons");
        return false;
    }
    return true;
}

int pvr_derived_needs(const char *const *names, int count,
                      const struct pvr_derived_options *options,
                      const struct pvr_field_table *table,
                      const char *needs[PVR_DERIVED_MOST_NEEDS]) {
    unsigned uses = 0, has = table_inputs(table);
    int found = 0;
    for (int i = 0; i < count; i++) {
        const struct pvr_derived_entry *entry = pvr_derived_entry(names[i]);
        uses |= entry != NULL ? pvr_derived_all_uses(entry->uses) : 0;
    }
    if ((uses & PVR_USES_VELOCITY) != 0 && options != NULL && options->bulk == PVR_BULK_MEAN) {
        uses |= PVR_USES_DENSITY;
    }
    unsigned wanted = pvr_inputs_of(uses, has) & has;
    for (int i = 0; i < PVR_INPUTS; i++) {
        if (wanted >> i & 1) {
            needs[found++] = inputs[i].name;
        }
    }
    return found;
}

/* ---- documentation ----------------------------------------------------------------------------
 */

struct page {
    char *text;
    size_t length, room;
    bool failed;
};

static void add(struct page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char line[1024];
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line) {
        page->failed = true;
        return;
    }
    if (page->length + (size_t)length + 1 > page->room) {
        size_t room = 2 * page->room + sizeof line;
        char *text = realloc(page->text, room);
        if (text == NULL) {
            page->failed = true;
            return;
        }
        page->text = text;
        page->room = room;
    }
    memcpy(page->text + page->length, line, (size_t)length + 1);
    page->length += (size_t)length;
}

static void add_needs(struct page *page, const struct pvr_derived_entry *entry) {
    unsigned wanted = pvr_inputs_of(pvr_derived_all_uses(entry->uses), 0);
    const char *between = "";
    for (int i = 0; i < PVR_INPUTS; i++) {
        if (wanted >> i & 1) {
            add(page, "%s%s", between, inputs[i].name);
            between = ", ";
        }
    }
}

char *pvr_derived_markdown(void) {
    struct page page = {0};
    static const char *const introduction[] = {
        "# Derived fields",
        "",
        "What `pvr_derived.h` computes from the fields of an output (this page is made from its "
        "registry: `bin/derived_markdown > filters/DERIVED.md`).",
        "",
        "`rho` density, `p` thermal pressure, `v` velocity less the bulk velocity, `B` magnetic "
        "field, `phi` potential, `a` acceleration, `Z` metal mass fraction; `r` position from the "
        "centre, `n` the axis, `dx` cell size, `V` cell volume. `gamma` is the output's; `mu` = "
        "1/0.76, `X` = 0.76 and `Z_sun` = 0.0127 unless set; `m_H` = 1.66e-24 g, `k_B` = "
        "1.380649e-16 erg/K, `G` = 6.6743e-8 cm^3/g/s^2.",
        "",
        "Code units are the formula in code units with `m_H` = `k_B` = `mu` = `X` = 1 (and `G` in "
        "code units), so that a value in another unit is that times a factor. Labels are those of "
        "3-D outputs; in 1-D and 2-D, cells have a length or an area for a volume. *Leaves*: NaN "
        "in "
        "refined (coarse) cells, where the others follow from RAMSES' restricted values.",
        "",
        "Where the output has a field of the same name, that name means the output's.",
        "",
        "| name | what | formula | needs | cgs | astro | cells |",
        "|---|---|---|---|---|---|---|",
    };
    for (size_t i = 0; i < sizeof introduction / sizeof *introduction; i++) {
        add(&page, "%s\n", introduction[i]);
    }
    const struct pvr_info info = {.ndim = 3, .unit_l = 1, .unit_d = 1, .unit_t = 1};
    const struct pvr_derived_options options = {.gamma = 5.0 / 3.0};
    for (int i = 0; i < pvr_derived_count(); i++) {
        const struct pvr_derived_info *derived = pvr_derived_at(i);
        struct pvr_unit cgs = pvr_derived_unit(derived, &info, &options, PVR_UNITS_CGS);
        struct pvr_unit astro = pvr_derived_unit(derived, &info, &options, PVR_UNITS_ASTRO);
        add(&page, "| `%s` | %s%s | `%s` | ", derived->name, derived->label,
            derived->ncomponents == 3 ? " (vector)" : "", derived->formula);
        add_needs(&page, pvr_derived_entry(derived->name));
        add(&page, " | %s | %s | %s |\n", cgs.label[0] != '\0' ? cgs.label : "-",
            astro.label[0] != '\0' ? astro.label : "-", derived->of_leaves ? "leaves" : "all");
    }
    if (page.failed) {
        free(page.text);
        return NULL;
    }
    return page.text;
}
