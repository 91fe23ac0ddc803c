/* pvr_covering_parts.c - covering grids of meshes that lie on several processes. */
#include "pvr_covering_private.h"

#include <string.h>

void pvr_covering_rows(const struct pvr_covering_grid *grid, int ndim, uint32_t from,
                       uint32_t count, struct pvr_covering_grid *rows) {
    int axis = ndim - 1;
    *rows = *grid;
    rows->dims[axis] = count;
    rows->first[axis] += from;
    rows->origin[axis] += from * grid->spacing[axis];
    rows->ncells = (uint64_t)rows->dims[0] * rows->dims[1] * rows->dims[2];
}

void pvr_covering_add(struct pvr_array *sum, double *sum_share, const struct pvr_array *part,
                      const double *part_share, uint64_t ncells) {
    const int n = sum->ncomponents;
    const size_t tuple = (size_t)n * pvr_type_bytes(sum->type);
    for (uint64_t i = 0; i < ncells; i++) {
        double *a = sum_share + 2 * i;
        const double *b = part_share + 2 * i;
        if (!(b[0] > 0)) {
            continue;
        }
        if (!(a[0] > 0) || (!pvr_is_real(sum) && b[0] > a[0])) {
            memcpy((uint8_t *)sum->data + i * tuple, (const uint8_t *)part->data + i * tuple,
                   tuple);
        } else if (pvr_is_real(sum)) {
            const int by = a[1] + b[1] != 0; /* weight, where there is any */
            for (int c = 0; c < n; c++) {
                double left = a[by] != 0 ? a[by] * pvr_value(sum, i, c) : 0;
                double right = b[by] != 0 ? b[by] * pvr_value(part, i, c) : 0;
                pvr_put_real(sum, i, c, (left + right) / (a[by] + b[by]));
            }
        }
        a[0] += b[0];
        a[1] += b[1];
    }
}
