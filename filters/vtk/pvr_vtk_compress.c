/* pvr_vtk_compress.c - one block of VTK's appended data. */
#include "pvr_vtk_compress.h"

#include "pvr_vtk_lz4.h"

#include <lz4.h>
#include <string.h>
#include <zlib.h>

static const struct {
    const char *name, *class_name;
} compressors[] = {
    [PVR_VTK_LZ4] = {"lz4", "vtkLZ4DataCompressor"},
    [PVR_VTK_ZLIB] = {"zlib", "vtkZLibDataCompressor"},
    [PVR_VTK_NONE] = {"none", NULL},
};
enum { NCOMPRESSORS = sizeof compressors / sizeof compressors[0] };

bool pvr_vtk_compressor_find(const char *name, enum pvr_vtk_compressor *compressor) {
    for (int i = 0; i < NCOMPRESSORS; i++) {
        if (strcmp(compressors[i].name, name) == 0) {
            *compressor = (enum pvr_vtk_compressor)i;
            return true;
        }
    }
    return false;
}

const char *pvr_vtk_compressor_name(enum pvr_vtk_compressor compressor) {
    return compressors[compressor].name;
}

const char *pvr_vtk_compressor_class(enum pvr_vtk_compressor compressor) {
    return compressors[compressor].class_name;
}

size_t pvr_vtk_compress_bound(enum pvr_vtk_compressor compressor, size_t bytes) {
    switch (compressor) {
    case PVR_VTK_LZ4:
        return (size_t)LZ4_COMPRESSBOUND(bytes);
    case PVR_VTK_ZLIB:
        return (size_t)compressBound((uLong)bytes);
    case PVR_VTK_NONE:
        break;
    }
    return bytes;
}

enum pvr_status pvr_vtk_compress(enum pvr_vtk_compressor compressor, int level,
                                 enum pvr_vtk_pattern pattern, const void *data, size_t bytes,
                                 void *out, size_t *size, struct pvr_error *error) {
    const size_t room = pvr_vtk_compress_bound(compressor, bytes);
    *size = 0;
    switch (compressor) {
    case PVR_VTK_LZ4: /* VTK's meaning of a level: 9 is LZ4's acceleration 1 */
        if (level <= PVR_VTK_LEVEL_DEFAULT && pattern != PVR_VTK_ANY) {
            *size = (pattern == PVR_VTK_VOXELS ? pvr_vtk_lz4_voxels
                                               : pvr_vtk_lz4_points)(data, bytes, out);
        }
        if (*size == 0) {
            *size = (size_t)LZ4_compress_fast(data, out, (int)bytes, (int)room,
                                              1 + PVR_VTK_LEVEL_MOST - level);
        }
        break;
    case PVR_VTK_ZLIB: {
        uLongf length = (uLongf)room;
        if (compress2(out, &length, data, (uLong)bytes, level) == Z_OK) {
            *size = (size_t)length;
        }
        break;
    }
    case PVR_VTK_NONE:
        memcpy(out, data, bytes);
        *size = bytes;
        break;
    }
    return *size > 0 || bytes == 0
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "%s cannot compress a block of %zu bytes",
                          pvr_vtk_compressor_name(compressor), bytes);
}
