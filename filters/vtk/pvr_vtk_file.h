/* pvr_vtk_file.h - VTK's XML files with appended data, compressed and written by all threads.
 *
 * A file is put together as a document: elements are opened and closed, arrays added where they
 * belong; nothing of an array is touched then. Writing takes the arrays block by block (1 MiB, or
 * the whole array where it is smaller): a block is asked for, compressed and handed on by whichever
 * thread is free, and goes into the file in the order of the document. The queue between is
 * bounded: memory is a few blocks per thread, whatever the size of the file. The bytes of a file
 * are the same for any number of threads.
 *
 *     struct pvr_vtk_file *file = pvr_vtk_file_new("ImageData", "1.0");
 *     pvr_vtk_open_with(file, "ImageData", "WholeExtent=\"0 3 0 3 0 0\" ...");
 *     ...
 *     pvr_vtk_add_array(file, &(struct pvr_vtk_array){.name = "density", .type = PVR_VTK_FLOAT64,
 * ...});
 *     ...
 *     pvr_vtk_close(file);
 *     status = pvr_vtk_file_write(file, "map.vti", &options, &threads, NULL, NULL, &stats, &error);
 *     pvr_vtk_file_free(file);
 *
 * Kinds of files have functions of their own: pvr_vtk_image.h, pvr_vtk_mesh.h, pvr_vtk_points.h.
 *
 * Layout: headers are UInt64, blocks are raw LZ4 blocks (vtkLZ4DataCompressor) or zlib streams
 * (vtkZLibDataCompressor). The word `<AppendedData` ends at a multiple of 4096 bytes and its tag
 * has 46 characters: VTK up to 9.3 with an expat of 2023 and later (Debian 12 has both) can read no
 * other files with appended data.
 */
#ifndef PVR_VTK_FILE_H
#define PVR_VTK_FILE_H

#include "pvr_info.h"
#include "pvr_memory.h"
#include "pvr_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pvr_vtk_compressor { PVR_VTK_LZ4 = 0, PVR_VTK_ZLIB, PVR_VTK_NONE };

/* "lz4", "zlib", "none"; false if `name` is none of these. */
bool pvr_vtk_compressor_find(const char *name, enum pvr_vtk_compressor *compressor);
const char *pvr_vtk_compressor_name(enum pvr_vtk_compressor compressor);

enum { PVR_VTK_LEVEL_DEFAULT = 5, PVR_VTK_LEVEL_MOST = 9 };

/* All zero: LZ4 at its default level. */
struct pvr_vtk_options {
    enum pvr_vtk_compressor compressor;
    int level;          /* 1 (fast) to 9 (small), as VTK's compressors; 0: 5 */
    size_t block_bytes; /* most bytes of a block before compression; 0: 1 MiB */
    /* Asked by the caller's thread once all is written, before the file gets its name: false leaves
     * things as they were (PVR_CANCELLED). Null: nobody is asked. */
    bool (*may_commit)(void *context);
    void *context;
};

/* The types of VTK's arrays, in words of a file: Bit, Int8, ... */
enum pvr_vtk_type {
    PVR_VTK_BIT, /* eight to a byte, the first in the highest place */
    PVR_VTK_INT8,
    PVR_VTK_UINT8,
    PVR_VTK_INT16,
    PVR_VTK_UINT16,
    PVR_VTK_INT32,
    PVR_VTK_UINT32,
    PVR_VTK_INT64,
    PVR_VTK_UINT64,
    PVR_VTK_FLOAT32,
    PVR_VTK_FLOAT64
};
enum pvr_vtk_type pvr_vtk_type_of(enum pvr_type type);
/* Bytes of a value; 1 for PVR_VTK_BIT, though eight stand in it. */
size_t pvr_vtk_type_bytes(enum pvr_vtk_type type);

/* Where the values of an array repeat themselves: LZ4 blocks are then made several times as fast
 * (up to level 5; above they are searched for what is small). It is no condition that they do. */
enum pvr_vtk_pattern {
    PVR_VTK_ANY = 0,
    PVR_VTK_VOXELS, /* 8 corners of voxels, cells of an oct one after another; int32 */
    PVR_VTK_PLACES  /* x, y, z; float64 */
};

/* Gives tuples first .. first + count - 1 of an array: writes them to `values`. Called by any
 * thread, for several blocks at the same time, each block once. Of bits, `first` is a multiple of 8
 * and unused bits of the last byte are to be 0. */
typedef enum pvr_status (*pvr_vtk_fill_fn)(void *context, uint64_t first, uint64_t count,
                                           void *values, struct pvr_error *error);

struct pvr_vtk_array {
    const char *name; /* any UTF-8; must live until the file is written */
    const char *unit; /* becomes the array's UNITS_LABEL; null or empty: none */
    enum pvr_vtk_type type;
    int ncomponents; /* 0 means 1; bits have one */
    uint64_t ntuples;
    const char *const *component_names; /* of each component, or null: none have names */
    enum pvr_vtk_pattern pattern;
    bool flat;            /* told in the file as ntuples * ncomponents single values */
    const void *data;     /* all tuples, interleaved; or null, and then: */
    pvr_vtk_fill_fn fill; /* called block by block */
    void *context;
};

/* What writing did. Writing a file adds to the counters; files that are written at the same time
 * take one each, which pvr_vtk_statistics_add puts together. */
struct pvr_vtk_statistics {
    uint64_t operations; /* blocks */
    uint64_t bytes_in;   /* of all arrays before compression */
    uint64_t bytes_out;  /* of the files, headers included */
    /* Nanoseconds of all threads together: */
    uint64_t fill_ns; /* in the fill functions */
    uint64_t compress_ns;
    uint64_t write_ns;        /* in system calls that write */
    uint64_t commit_ns;       /* until the file is on the disk and in its place */
    uint64_t wall_ns;         /* begin to end, of each file */
    struct pvr_report report; /* of the last file; to be freed */
};
/* bytes_in / bytes_out; 0 if nothing was written. */
double pvr_vtk_ratio(const struct pvr_vtk_statistics *statistics);
/* Adds all counters of `more` to `total`, whatever other threads add; reports are left alone. */
void pvr_vtk_statistics_add(struct pvr_vtk_statistics *total,
                            const struct pvr_vtk_statistics *more);

/* ---- the document ------------------------------------------------------------------------------
 * What fails on the way (memory) is said by pvr_vtk_file_write. Not thread-safe. */

struct pvr_vtk_file;

/* `type` is VTKFile's attribute (ImageData), `version` that of its format. Null without memory. */
struct pvr_vtk_file *pvr_vtk_file_new(const char *type, const char *version);
void pvr_vtk_file_free(struct pvr_vtk_file *file);

/* Opens an element. */
void pvr_vtk_open(struct pvr_vtk_file *file, const char *element);
/* The same with attributes made printf-like: what comes from users must be escaped
 * (pvr_vtk_escape) before. */
void pvr_vtk_open_with(struct pvr_vtk_file *file, const char *element, const char *attributes, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
/* Closes the last element that is open. */
void pvr_vtk_close(struct pvr_vtk_file *file);
/* Adds an array to the element that is open. */
void pvr_vtk_add_array(struct pvr_vtk_file *file, const struct pvr_vtk_array *array);

/* Facts, inside of an element FieldData. Nothing is added for a text that is null and a number that
 * is not finite. */
void pvr_vtk_text(struct pvr_vtk_file *file, const char *name, const char *text);
void pvr_vtk_number(struct pvr_vtk_file *file, const char *name, double value);
void pvr_vtk_integer(struct pvr_vtk_file *file, const char *name, int64_t value);
/* Several texts under one name. */
void pvr_vtk_texts(struct pvr_vtk_file *file, const char *name, const char *const *texts,
                   size_t count);
/* A few whole numbers as an array that stands in the text, in any element. */
void pvr_vtk_integers(struct pvr_vtk_file *file, const char *name, const int64_t *values,
                      int count);

/* What every file says about where it comes from; what is zero or null is left out. */
struct pvr_vtk_facts {
    const struct pvr_info *info; /* of the output: its time, box and units */
    int output;                  /* its number; 0: none */
    const double *time;          /* TimeValue, which ParaView takes as the time of the file; null:
                                    Myr of `info` */
    const char *source;          /* path of the output */
    const char *command;         /* that made the file */
    const char *version;         /* of the program */
    const char *length_unit;     /* of coordinates: "kpc" */
    void (*more)(struct pvr_vtk_file *file, void *context); /* adds facts and arrays to the same */
    void *context;                                          /* element; null: there are no more */
};
/* Adds an element FieldData; nothing if `facts` is null. */
void pvr_vtk_add_facts(struct pvr_vtk_file *file, const struct pvr_vtk_facts *facts);

/* `text` with what XML reserves, control characters and bytes that are no UTF-8 made harmless; to
 * be freed; null without memory. */
char *pvr_vtk_escape(const char *text);

enum { PVR_VTK_REAL_SIZE = 32 };
/* A number as it stands in XML, whatever the locale; fills `text` and returns it. */
char *pvr_vtk_real(char text[PVR_VTK_REAL_SIZE], double value);

/* Writes the document to `path`, which is replaced at the very end (pvr_output_file.h). Fails
 * early if the disk has not enough space left. `options`, `threads`, `progress` and `statistics`
 * may be null. A file can be written once. */
enum pvr_status pvr_vtk_file_write(struct pvr_vtk_file *file, const char *path,
                                   const struct pvr_vtk_options *options,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_vtk_statistics *statistics,
                                   struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
