/* pvr_vtk_series.c - files that list other files: time series (.pvd). */
#include "pvr_vtk_series.h"

#include "pvr_output_file.h"
#include "pvr_vtk_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `file` as it is told in a list at `path`: without the folder that both lie in. */
static const char *relative(const char *path, const char *file) {
    const char *slash = strrchr(path, '/');
    const size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    return strncmp(path, file, folder) == 0 ? file + folder : file;
}

/* The text of the list, to be freed. */
static char *make_text(const char *path, const struct pvr_vtk_step *steps, size_t count,
                       size_t *length) {
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (out == NULL) {
        return NULL;
    }
    bool whole = true;
    fprintf(out, "<?xml version=\"1.0\"?>\n<VTKFile type=\"Collection\" version=\"0.1\">\n"
                 "  <Collection>\n");
    for (size_t s = 0; s < count; s++) {
        char time[PVR_VTK_REAL_SIZE];
        char *file = pvr_vtk_escape(relative(path, steps[s].path));
        whole = whole && file != NULL;
        fprintf(out, "    <DataSet timestep=\"%s\" part=\"0\" file=\"%s\"/>\n",
                pvr_vtk_real(time, steps[s].time), file != NULL ? file : "");
        free(file);
    }
    fprintf(out, "  </Collection>\n</VTKFile>\n");
    if (fclose(out) != 0 || !whole) {
        free(text);
        return NULL;
    }
    return text;
}

enum pvr_status pvr_vtk_series_write(const char *path, const struct pvr_vtk_step *steps,
                                     size_t count, struct pvr_error *error) {
    size_t length = 0;
    char *text = make_text(path, steps, count, &length);
    if (text == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", path);
    }
    enum pvr_status status = pvr_output_write_whole(path, text, length, error);
    free(text);
    return status;
}
