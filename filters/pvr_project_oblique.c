#include "pvr_project_private.h"
enum pvr_status pvr_project_plan_oblique(struct pvr_projecting *projecting, int max_level,
                                         struct pvr_error *error) {
    (void)projecting;
    (void)max_level;
    return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "oblique");
}
