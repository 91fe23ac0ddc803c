/* vtk_read.c - a small reader of VTK's appended data for tests. */
#include "vtk_read.h"

#include "support.h"

#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct vtk_read vtk_read_open(const char *path) {
    static const char word[] = "<AppendedData";
    struct vtk_read file;
    file.file = unit_read_file(path, &file.size);
    assert_memory_equal(file.file, "<?xml version=\"1.0\"?>\n<VTKFile ", 31);
    char *tag = memmem(file.file, file.size, word, sizeof word - 1);
    assert_non_null(tag);
    /* What Debian 12's ParaView needs: see the layout in pvr_vtk_file.h. */
    assert_int_equal((size_t)(tag - file.file + 13) % 4096, 0);
    char *end = strchr(tag, '>');
    assert_int_equal(end - tag, 46);
    assert_int_equal(end[1], '\n');
    assert_int_equal(end[2], '_');
    file.data = end + 3;
    static const char last[] = "\n </AppendedData>\n</VTKFile>\n";
    assert_true(file.size > sizeof last);
    assert_memory_equal(file.file + file.size - (sizeof last - 1), last, sizeof last - 1);
    return file;
}

void vtk_read_close(struct vtk_read *file) {
    free(file->file);
}

const char *vtk_read_tag(const struct vtk_read *file, const char *name, int n) {
    char wanted[512];
    snprintf(wanted, sizeof wanted, " Name=\"%s\"", name);
    const char *at = file->file;
    for (;;) {
        at = strstr(at, wanted);
        assert_non_null(at);
        if (n-- == 0) {
            break;
        }
        at++;
    }
    while (*at != '<') {
        at--;
    }
    return at;
}

char *vtk_read_attribute(const char *tag, const char *attribute) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, " %s=\"", attribute);
    const char *at = strstr(tag, wanted);
    if (at == NULL || at > strchr(tag, '>')) {
        return NULL;
    }
    at += strlen(wanted);
    return strndup(at, (size_t)(strchr(at, '"') - at));
}

/* The header of an array: 8-byte words, of which the first is given. */
static const char *header_of(const struct vtk_read *file, const char *tag, uint64_t *first) {
    char *offset = vtk_read_attribute(tag, "offset");
    assert_non_null(offset);
    const char *header = file->data + strtoull(offset, NULL, 10);
    free(offset);
    assert_true(header + 8 <= file->file + file->size);
    memcpy(first, header, 8);
    return header;
}

static uint64_t word_at(const char *header, uint64_t n) {
    uint64_t word;
    memcpy(&word, header + 8 * n, 8);
    return word;
}

void *vtk_read_block(const struct vtk_read *file, const char *tag, uint64_t block, uint64_t *bytes,
                     uint64_t *blocks) {
    char *compressor = vtk_read_attribute(file->file + 22, "compressor");
    const char *header = header_of(file, tag, blocks);
    if (compressor == NULL) {
        *bytes = *blocks;
        *blocks = 1;
        char *all = malloc((size_t)*bytes + 1);
        assert_true(header + 8 + *bytes <= file->file + file->size);
        memcpy(all, header + 8, (size_t)*bytes);
        return all;
    }
    if (*blocks == 0) {
        *bytes = 0;
        free(compressor);
        return malloc(1);
    }
    const uint64_t last = word_at(header, 2);
    *bytes = block + 1 == *blocks && last > 0 ? last : word_at(header, 1);
    const char *from = header + 8 * (3 + *blocks);
    for (uint64_t b = 0; b < block; b++) {
        from += word_at(header, 3 + b);
    }
    const size_t stored = (size_t)word_at(header, 3 + block);
    assert_true(from + stored <= file->file + file->size);
    char *all = malloc((size_t)*bytes + 1);
    if (strcmp(compressor, "vtkLZ4DataCompressor") == 0) {
        assert_int_equal(LZ4_decompress_safe(from, all, (int)stored, (int)*bytes), *bytes);
    } else {
        assert_string_equal(compressor, "vtkZLibDataCompressor");
        uLongf length = (uLongf)*bytes;
        assert_int_equal(uncompress((Bytef *)all, &length, (const Bytef *)from, (uLong)stored),
                         Z_OK);
        assert_int_equal(length, *bytes);
    }
    free(compressor);
    return all;
}

void *vtk_read_array(const struct vtk_read *file, const char *tag, uint64_t *bytes) {
    char *all = NULL;
    uint64_t blocks = 1;
    *bytes = 0;
    for (uint64_t block = 0; block < blocks || all == NULL; block++) {
        uint64_t more;
        char *one = vtk_read_block(file, tag, block, &more, &blocks);
        all = realloc(all, (size_t)(*bytes + more) + 1);
        assert_non_null(all);
        memcpy(all + *bytes, one, (size_t)more);
        *bytes += more;
        free(one);
    }
    return all;
}
