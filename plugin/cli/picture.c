/* picture.c - a map as a picture, drawn with cairo. */
#include "picture.h"

#include "picture_scale.h"
#include "pvr_output_file.h"

#ifdef PVRAMSES_CAIRO

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Measures follow from the size of the text. */
struct layout {
    int zoom;             /* points of the picture per pixel, along a side */
    double text;          /* size of letters */
    double left, top;     /* corner of the map */
    double width, height; /* of the map */
    double bar;           /* left edge of the colour bar */
    double bar_width;
    bool below; /* the length bar stands below a map that is too small for it */
    int nticks; /* of the colour bar */
    struct picture_tick tick[PICTURE_MOST_TICKS];
    int all_width, all_height;
};

static struct layout make_layout(const struct picture *picture) {
    uint32_t longest =
        picture->pixels[0] > picture->pixels[1] ? picture->pixels[0] : picture->pixels[1];
    struct layout layout = {.zoom = longest >= 600 ? 1 : (int)ceil(600.0 / longest)};
    layout.width = (double)picture->pixels[0] * layout.zoom;
    layout.height = (double)picture->pixels[1] * layout.zoom;
    layout.text = fmax(14, fmax(layout.width, layout.height) / 42);
    layout.left = layout.text;
    layout.top = 2.2 * layout.text;
    layout.bar = layout.left + layout.width + layout.text;
    layout.bar_width = 1.3 * layout.text;
    layout.below = layout.width < 12 * layout.text || layout.height < 5 * layout.text;
    layout.nticks = picture_ticks(picture, layout.tick);
    size_t longest_text = 7;
    for (int i = 0; i < layout.nticks; i++) {
        const size_t length = strlen(layout.tick[i].text);
        longest_text = length > longest_text ? length : longest_text;
    }
    const double beside = 2.16 + 0.62 * (double)longest_text; /* the bar: numbers and label */
    layout.all_width = (int)ceil(fmax(layout.bar + layout.bar_width + beside * layout.text,
                                      (0.62 * (double)strlen(picture->note) + 2) * layout.text));
    const double label = 0.62 * (double)(strlen(picture->title) + strlen(picture->unit) + 5);
    const double least = layout.below ? 14 : 12; /* in letters: for the colour bar */
    layout.all_height =
        (int)ceil(fmax(layout.top + layout.height + (layout.below ? 3.5 : 1) * layout.text,
                       fmax(least, label) * layout.text));
    return layout;
}

static void draw_map(cairo_surface_t *surface, const struct picture *picture,
                     const struct layout *layout) {
    cairo_surface_flush(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    const int left = (int)layout->left, top = (int)layout->top;
    for (uint32_t y = 0; y < picture->pixels[1]; y++) {
        const double *row =
            picture->image + (uint64_t)(picture->pixels[1] - 1 - y) * picture->pixels[0];
        for (uint32_t x = 0; x < picture->pixels[0]; x++) {
            uint32_t rgb = isnan(row[x])
                               ? 0xe8e8e8
                               : colours_at(picture->colours, picture_place(picture, row[x]));
            for (int i = 0; i < layout->zoom * layout->zoom; i++) {
                int px = left + (int)x * layout->zoom + i % layout->zoom;
                int py = top + (int)y * layout->zoom + i / layout->zoom;
                memcpy(data + (size_t)py * (size_t)stride + 4 * (size_t)px, &rgb, 4);
            }
        }
    }
    cairo_surface_mark_dirty(surface);
}

static void draw_tick(cairo_t *cairo, double x, double y, const struct picture_tick *tick,
                      double size) {
    cairo_move_to(cairo, x, y);
    cairo_show_text(cairo, tick->text);
    cairo_set_font_size(cairo, 0.7 * size);
    cairo_rel_move_to(cairo, 0, -0.45 * size);
    cairo_show_text(cairo, tick->raised);
    cairo_set_font_size(cairo, size);
}

static void draw_bar(cairo_t *cairo, const struct picture *picture, const struct layout *layout) {
    const double height = fmax(layout->height, 8 * layout->text);
    for (int i = 0; i < (int)height; i++) {
        uint32_t rgb = colours_at(picture->colours, 1 - (i + 0.5) / height);
        cairo_set_source_rgb(cairo, (rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0,
                             (rgb & 255) / 255.0);
        cairo_rectangle(cairo, layout->bar, layout->top + i, layout->bar_width, 1.5);
        cairo_fill(cairo);
    }
    cairo_set_source_rgb(cairo, 0, 0, 0);
    for (int i = 0; i < layout->nticks; i++) {
        double y = layout->top + height * (1 - picture_place(picture, layout->tick[i].value));
        cairo_rectangle(cairo, layout->bar + layout->bar_width, y - 0.5, 0.4 * layout->text, 1);
        cairo_fill(cairo);
        draw_tick(cairo, layout->bar + layout->bar_width + 0.6 * layout->text,
                  y + 0.35 * layout->text, &layout->tick[i], layout->text);
    }
    char label[256];
    bool unit = picture->unit[0] != '\0';
    snprintf(label, sizeof label, unit ? "%s [%s]" : "%s", picture->title, picture->unit);
    cairo_save(cairo);
    cairo_text_extents_t extents;
    cairo_text_extents(cairo, label, &extents);
    cairo_translate(cairo, layout->all_width - 0.6 * layout->text,
                    fmax(layout->top + height / 2, (extents.width + layout->text) / 2));
    cairo_rotate(cairo, -1.5707963267948966);
    cairo_move_to(cairo, -extents.width / 2, 0);
    cairo_show_text(cairo, label);
    cairo_restore(cairo);
}

/* A bar of a round length, about a quarter of the map wide, in white with a dark border; in black
 * below a small map. */
static void draw_length(cairo_t *cairo, const struct picture *picture,
                        const struct layout *layout) {
    double width = picture->pixel * picture->pixels[0], most = width / 3;
    if (layout->below) {
        most = fmax(most, 6 * layout->text / layout->width * width);
    }
    double length = pow(10, floor(log10(most)));
    length *= 5 * length <= most ? 5 : 2 * length <= most ? 2 : 1;
    double points = length / width * layout->width;
    double x = layout->left + (layout->below ? 0 : 0.8 * layout->text);
    double y = layout->top + layout->height + (layout->below ? 2.2 : -1.2) * layout->text;
    char text[64];
    snprintf(text, sizeof text, "%g %s", length, picture->length_unit);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    for (int pass = 0; pass < (layout->below ? 1 : 2); pass++) { /* the border, then the bar */
        double border = pass == 0 && !layout->below ? 0.12 * layout->text : 0, shade = pass;
        cairo_set_source_rgb(cairo, shade, shade, shade);
        cairo_rectangle(cairo, x - border, y - border, points + 2 * border,
                        0.25 * layout->text + 2 * border);
        cairo_fill(cairo);
        cairo_move_to(cairo, x, y - 0.5 * layout->text);
        cairo_text_path(cairo, text);
        cairo_set_line_width(cairo, 2 * border);
        if (border > 0) {
            cairo_stroke(cairo);
        } else {
            cairo_fill(cairo);
        }
    }
}

struct sink {
    struct pvr_output_file file;
    uint64_t offset;
    struct pvr_error *error;
};

static cairo_status_t write_bytes(void *closure, const unsigned char *data, unsigned length) {
    struct sink *sink = closure;
    if (pvr_output_write(&sink->file, sink->offset, data, length, sink->error) != PVR_OK) {
        return CAIRO_STATUS_WRITE_ERROR;
    }
    sink->offset += length;
    return CAIRO_STATUS_SUCCESS;
}

static enum pvr_status write_surface(const char *path, cairo_surface_t *surface,
                                     struct pvr_error *error) {
    struct sink sink = {.error = error};
    enum pvr_status status = pvr_output_begin(&sink.file, path, error);
    if (status == PVR_OK) {
        cairo_status_t drawn = cairo_surface_write_to_png_stream(surface, write_bytes, &sink);
        status = drawn == CAIRO_STATUS_SUCCESS ? pvr_output_commit(&sink.file, error)
                 : drawn == CAIRO_STATUS_WRITE_ERROR
                     ? PVR_ERROR_IO
                     : pvr_fail(error, PVR_ERROR_IO, "%s: %s", path, cairo_status_to_string(drawn));
    }
    pvr_output_end(&sink.file);
    return status;
}

bool picture_possible(void) {
    return true;
}

enum pvr_status picture_write(const char *path, const struct picture *picture,
                              struct pvr_error *error) {
    const struct layout layout = make_layout(picture);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, layout.all_width, layout.all_height);
    cairo_t *cairo = cairo_create(surface);
    enum pvr_status status = PVR_OK;
    if (cairo_status(cairo) != CAIRO_STATUS_SUCCESS) { /* larger than a picture can be, memory */
        status = pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: no picture of %d x %d points: %s",
                          path, layout.all_width, layout.all_height,
                          cairo_status_to_string(cairo_status(cairo)));
    } else {
        cairo_set_source_rgb(cairo, 1, 1, 1);
        cairo_paint(cairo);
        draw_map(surface, picture, &layout);
        cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                               CAIRO_FONT_WEIGHT_NORMAL);
        cairo_set_font_size(cairo, layout.text);
        draw_bar(cairo, picture, &layout);
        draw_length(cairo, picture, &layout);
        cairo_set_source_rgb(cairo, 0, 0, 0);
        cairo_move_to(cairo, layout.left, layout.top - 0.7 * layout.text);
        cairo_show_text(cairo, picture->note);
        status = write_surface(path, surface, error);
    }
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return status;
}

#else

bool picture_possible(void) {
    return false;
}

enum pvr_status picture_write(const char *path, const struct picture *picture,
                              struct pvr_error *error) {
    (void)picture;
    return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                    "%s: this pvramses was built without cairo, it draws no pictures", path);
}

#endif
