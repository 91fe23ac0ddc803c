/* pvr_vtk_document.c - the XML text before the appended data. */
#include "pvr_vtk_document.h"

#include "pvr_vtk_compress.h"

#include "pvr_info.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An offset, its closing quotation mark and the blanks behind it take as many characters. */
enum { OFFSET_WIDTH = 16, ALIGNMENT = 4096 };

static const struct {
    const char *name;
    size_t bytes;
} types[] = {
    [PVR_VTK_BIT] = {"Bit", 1},         [PVR_VTK_INT8] = {"Int8", 1},
    [PVR_VTK_UINT8] = {"UInt8", 1},     [PVR_VTK_INT16] = {"Int16", 2},
    [PVR_VTK_UINT16] = {"UInt16", 2},   [PVR_VTK_INT32] = {"Int32", 4},
    [PVR_VTK_UINT32] = {"UInt32", 4},   [PVR_VTK_INT64] = {"Int64", 8},
    [PVR_VTK_UINT64] = {"UInt64", 8},   [PVR_VTK_FLOAT32] = {"Float32", 4},
    [PVR_VTK_FLOAT64] = {"Float64", 8},
};

size_t pvr_vtk_type_bytes(enum pvr_vtk_type type) {
    return types[type].bytes;
}

enum pvr_vtk_type pvr_vtk_type_of(enum pvr_type type) {
    switch (type) {
    case PVR_FLOAT32:
        return PVR_VTK_FLOAT32;
    case PVR_FLOAT64:
        return PVR_VTK_FLOAT64;
    case PVR_UINT8:
        return PVR_VTK_UINT8;
    case PVR_INT32:
        return PVR_VTK_INT32;
    case PVR_INT64:
        break;
    }
    return PVR_VTK_INT64;
}

struct pvr_vtk_file *pvr_vtk_file_new(const char *type, const char *version) {
    struct pvr_vtk_file *file = calloc(1, sizeof *file);
    if (file != NULL) {
        snprintf(file->type, sizeof file->type, "%s", type);
        snprintf(file->version, sizeof file->version, "%s", version);
    }
    return file;
}

void pvr_vtk_file_free(struct pvr_vtk_file *file) {
    if (file != NULL) {
        free(file->text);
        free(file->arrays);
        free(file->places);
        free(file);
    }
}

static void put_list(struct pvr_vtk_file *file, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    const int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0) {
        file->failed = true;
    }
    if (!file->failed && file->length + (size_t)n + 1 > file->room) {
        const size_t room = 2 * (file->length + (size_t)n) + 4096;
        char *text = realloc(file->text, room);
        file->failed = text == NULL;
        if (text != NULL) {
            file->text = text;
            file->room = room;
        }
    }
    if (!file->failed) {
        vsnprintf(file->text + file->length, (size_t)n + 1, format, arguments);
        file->length += (size_t)n;
    }
}

static void put(struct pvr_vtk_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct pvr_vtk_file *file, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    put_list(file, format, arguments);
    va_end(arguments);
}

static void indent(struct pvr_vtk_file *file) {
    put(file, "%*s", file->depth + 1, "");
}

static void push(struct pvr_vtk_file *file, const char *element) {
    if (file->depth == PVR_VTK_DEPTH) {
        file->failed = true;
        return;
    }
    snprintf(file->open[file->depth++], sizeof file->open[0], "%s", element);
}

void pvr_vtk_open(struct pvr_vtk_file *file, const char *element) {
    indent(file);
    put(file, "<%s>\n", element);
    push(file, element);
}

void pvr_vtk_open_with(struct pvr_vtk_file *file, const char *element, const char *attributes,
                       ...) {
    indent(file);
    put(file, "<%s ", element);
    va_list arguments;
    va_start(arguments, attributes);
    put_list(file, attributes, arguments);
    va_end(arguments);
    put(file, ">\n");
    push(file, element);
}

void pvr_vtk_close(struct pvr_vtk_file *file) {
    if (file->depth > 0) {
        file->depth--;
        indent(file);
        put(file, "</%s>\n", file->open[file->depth]);
    }
}

/* Bytes of a character of UTF-8 at `s`, or 0 if there is none that XML may hold. */
static size_t character(const unsigned char *s) {
    const size_t length = s[0] < 0x80   ? 1
                          : s[0] < 0xC2 ? 0
                          : s[0] < 0xE0 ? 2
                          : s[0] < 0xF0 ? 3
                          : s[0] < 0xF5 ? 4
                                        : 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F) ||
        (s[0] == 0xEF && s[1] == 0xBF && s[2] >= 0xBE)) {
        return 0;
    }
    return length;
}

char *pvr_vtk_escape(const char *text) {
    char *escaped = malloc(6 * strlen(text) + 1);
    char *to = escaped;
    for (const unsigned char *s = (const unsigned char *)text; to != NULL && *s != '\0';) {
        const size_t length = character(s);
        const char *word = NULL;
        switch (*s) {
        case '&':
            word = "&amp;";
            break;
        case '<':
            word = "&lt;";
            break;
        case '>':
            word = "&gt;";
            break;
        case '"':
            word = "&quot;";
            break;
        case '\'':
            word = "&apos;";
            break;
        case '\t':
            word = "&#9;";
            break;
        case '\n':
            word = "&#10;";
            break;
        case '\r':
            word = "&#13;";
            break;
        default:
            word = length == 0 ? "\xEF\xBF\xBD" : *s < 0x20 ? "?" : NULL;
            break;
        }
        if (word != NULL) {
            to = stpcpy(to, word);
            s++;
        } else {
            memcpy(to, s, length);
            to += length;
            s += length;
        }
    }
    if (to != NULL) {
        *to = '\0';
    }
    return escaped;
}

/* Makes room for one more array. */
static bool grow(struct pvr_vtk_file *file) {
    if (file->narrays < file->arrays_room) {
        return true;
    }
    const size_t room = 2 * file->arrays_room + 32;
    struct pvr_vtk_stored *arrays = realloc(file->arrays, room * sizeof *arrays);
    file->arrays = arrays != NULL ? arrays : file->arrays;
    size_t *places = realloc(file->places, room * sizeof *places);
    file->places = places != NULL ? places : file->places;
    if (arrays == NULL || places == NULL) {
        return false;
    }
    file->arrays_room = room;
    return true;
}

void pvr_vtk_add_array(struct pvr_vtk_file *file, const struct pvr_vtk_array *array) {
    char *name = pvr_vtk_escape(array->name);
    char *unit = array->unit != NULL && array->unit[0] != '\0' ? pvr_vtk_escape(array->unit) : NULL;
    if (name == NULL || !grow(file)) {
        file->failed = true;
        free(name);
        free(unit);
        return;
    }
    struct pvr_vtk_stored *stored = &file->arrays[file->narrays];
    *stored = (struct pvr_vtk_stored){.array = *array};
    stored->array.ncomponents = array->ncomponents != 0 ? array->ncomponents : 1;
    indent(file);
    put(file, "<DataArray type=\"%s\" Name=\"%s\"", types[array->type].name, name);
    const bool vectors = stored->array.ncomponents != 1 && !array->flat;
    if (vectors) {
        put(file, " NumberOfComponents=\"%d\"", stored->array.ncomponents);
    }
    for (int c = 0; array->component_names != NULL && c < stored->array.ncomponents; c++) {
        char *component = pvr_vtk_escape(array->component_names[c]);
        put(file, " ComponentName%d=\"%s\"", c, component != NULL ? component : "");
        file->failed = file->failed || component == NULL;
        free(component);
    }
    put(file, " NumberOfTuples=\"%" PRIu64 "\" format=\"appended\" offset=\"",
        vectors ? array->ntuples : array->ntuples * (uint64_t)stored->array.ncomponents);
    file->places[file->narrays++] = file->length;
    put(file, "%*s", OFFSET_WIDTH, "");
    if (unit != NULL) {
        put(file,
            "><InformationKey name=\"UNITS_LABEL\" location=\"vtkDataArray\">%s</InformationKey>"
            "</DataArray>\n",
            unit);
    } else {
        put(file, "/>\n");
    }
    free(name);
    free(unit);
}

void pvr_vtk_text(struct pvr_vtk_file *file, const char *name, const char *text) {
    if (text != NULL) {
        pvr_vtk_texts(file, name, &text, 1);
    }
}

void pvr_vtk_texts(struct pvr_vtk_file *file, const char *name, const char *const *texts,
                   size_t count) {
    char *escaped = pvr_vtk_escape(name);
    file->failed = file->failed || escaped == NULL;
    indent(file);
    put(file, "<Array type=\"String\" Name=\"%s\" NumberOfTuples=\"%zu\" format=\"ascii\">",
        escaped != NULL ? escaped : "", count);
    for (size_t t = 0; t < count; t++) {
        for (const unsigned char *s = (const unsigned char *)texts[t]; *s != '\0'; s++) {
            put(file, "%d ", *s < 0x80 ? *s : *s - 0x100); /* as VTK's char reads them */
        }
        put(file, "0 ");
    }
    put(file, "</Array>\n");
    free(escaped);
}

char *pvr_vtk_real(char text[PVR_VTK_REAL_SIZE], double value) {
    snprintf(text, PVR_VTK_REAL_SIZE, "%.17g", value);
    for (char *c = text; *c != '\0'; c++) {
        *c = strchr("+-.0123456789einfa", *c) != NULL ? *c : '.'; /* the locale's decimal sign */
    }
    return text;
}

static void open_array(struct pvr_vtk_file *file, const char *type, const char *name, int count) {
    char *escaped = pvr_vtk_escape(name);
    file->failed = file->failed || escaped == NULL;
    indent(file);
    put(file, "<DataArray type=\"%s\" Name=\"%s\" NumberOfTuples=\"%d\" format=\"ascii\">", type,
        escaped != NULL ? escaped : "", count);
    free(escaped);
}

void pvr_vtk_number(struct pvr_vtk_file *file, const char *name, double value) {
    if (isfinite(value)) {
        char text[PVR_VTK_REAL_SIZE];
        open_array(file, "Float64", name, 1);
        put(file, "%s</DataArray>\n", pvr_vtk_real(text, value));
    }
}

void pvr_vtk_integer(struct pvr_vtk_file *file, const char *name, int64_t value) {
    pvr_vtk_integers(file, name, &value, 1);
}

void pvr_vtk_integers(struct pvr_vtk_file *file, const char *name, const int64_t *values,
                      int count) {
    open_array(file, "Int64", name, count);
    for (int i = 0; i < count; i++) {
        put(file, "%s%" PRId64, i > 0 ? " " : "", values[i]);
    }
    put(file, "</DataArray>\n");
}

void pvr_vtk_add_facts(struct pvr_vtk_file *file, const struct pvr_vtk_facts *facts) {
    if (facts == NULL) {
        return;
    }
    const struct pvr_info *info = facts->info;
    pvr_vtk_open(file, "FieldData");
    if (facts->time != NULL || info != NULL) {
        pvr_vtk_number(file, "TimeValue",
                       facts->time != NULL ? *facts->time : pvr_info_time_myr(info));
    }
    if (info != NULL) {
        pvr_vtk_number(file, "time_code", info->time);
        pvr_vtk_number(file, "time_myr", pvr_info_time_myr(info));
        pvr_vtk_number(file, "aexp", info->aexp);
        pvr_vtk_number(file, "redshift", info->aexp > 0 ? 1 / info->aexp - 1 : NAN);
        pvr_vtk_number(file, "boxlen", info->boxlen);
        pvr_vtk_number(file, "unit_l", info->unit_l);
        pvr_vtk_number(file, "unit_d", info->unit_d);
        pvr_vtk_number(file, "unit_t", info->unit_t);
    }
    if (facts->output > 0) {
        pvr_vtk_integer(file, "output_number", facts->output);
    }
    pvr_vtk_text(file, "length_unit", facts->length_unit);
    pvr_vtk_text(file, "source", facts->source);
    pvr_vtk_text(file, "command", facts->command);
    pvr_vtk_text(file, "pvramses_version", facts->version);
    if (facts->more != NULL) {
        facts->more(file, facts->context);
    }
    pvr_vtk_close(file);
}

char *pvr_vtk_document_text(const struct pvr_vtk_file *file, enum pvr_vtk_compressor compressor,
                            size_t *length) {
    static const char tag[] = "<AppendedData";
    static const char attributes[] = " encoding=\"raw\"                  >\n_";
    const char *class_name = pvr_vtk_compressor_class(compressor);
    char *text = malloc(file->length + 2 * ALIGNMENT);
    if (text == NULL || file->failed) {
        free(text);
        return NULL;
    }
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    const char *order = "BigEndian";
#else
    const char *order = "LittleEndian";
#endif
    size_t n = (size_t)snprintf(
        text, ALIGNMENT,
        "<?xml version=\"1.0\"?>\n<VTKFile type=\"%s\" version=\"%s\" byte_order=\"%s\" "
        "header_type=\"UInt64\"%s%s%s>\n",
        file->type, file->version, order, class_name != NULL ? " compressor=\"" : "",
        class_name != NULL ? class_name : "", class_name != NULL ? "\"" : "");
    memcpy(text + n, file->text != NULL ? file->text : "", file->length);
    n += file->length;
    const size_t end = (n + sizeof tag - 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(text + n, ' ', end - n);
    memcpy(text + end - (sizeof tag - 1), tag, sizeof tag - 1);
    memcpy(text + end, attributes, sizeof attributes - 1);
    *length = end + sizeof attributes - 1;
    return text;
}

void pvr_vtk_document_patch(const struct pvr_vtk_file *file, char *text) {
    /* The document begins behind the second line. */
    char *document = strchr(strchr(text, '\n') + 1, '\n') + 1;
    for (size_t a = 0; a < file->narrays; a++) {
        char offset[OFFSET_WIDTH + 2];
        const int n = snprintf(offset, sizeof offset, "%" PRIu64 "\"", file->arrays[a].offset);
        memcpy(document + file->places[a], offset, (size_t)n);
    }
}

const char *pvr_vtk_document_end(void) {
    return "\n </AppendedData>\n</VTKFile>\n";
}
